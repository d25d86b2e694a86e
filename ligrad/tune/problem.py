"""What is tuned for: a program, a chip, a shape; and the inputs that kernels are run on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from backends.call.shapes import parse_shape
from backends.oracle.evaluate import Reference
from ligrad.check import references
from ligrad.compiler import Operator, compile
from ligrad.workload import generate
from ligrad_ir.errors import LigradError
from ligrad_ir.signature import Axis, Signature
from passes.choices import DEFAULT_CHOICE, Choice

FEW, MANY = 3, 9
"""Tokens of the two runs whose difference is what a token costs."""


@dataclass(frozen=True)
class Problem:
    """shape: as `ligrad run --shape` takes it; its tokens are replaced by `few` and `many`
    of one sequence, on one group of cores. attributes: by name, those that are set."""

    program: Path
    shape: str = ""
    soc: str = "ascend910b1"
    dtype: str = "bf16"
    layout: str = "BSND"
    deterministic: bool = False
    attributes: tuple[tuple[str, int], ...] = ()
    seed: int = 0
    few: int = FEW
    many: int = MANY

    def operator(self, choice: Choice) -> Operator:
        """The program with a choice.

        Raises:
            DslError, LigradError: as `ligrad.compile`.
        """
        return compile(
            self.program,
            soc=self.soc,
            dtype=self.dtype,
            layout=self.layout,
            deterministic=self.deterministic,
            choice=str(choice),
        )

    def inputs(self, tokens: int) -> dict[str, Any]:
        """The first `tokens` tokens of `many`; all of the rows that they choose from.

        Raises:
            LigradError: the shape does not fit the program.
        """
        signature, values = _generated(self)
        return first_tokens(signature, values, tokens)

    def references(self) -> Mapping[str, Reference] | None:
        """What the outputs of the longer run should be; None where IR has no formulas."""
        return _references(self)

    def identity(self) -> dict[str, Any]:
        """All that decides what a choice costs, but for compiler and twin."""
        graph = str(self.operator(DEFAULT_CHOICE).source)
        rest = {k: v for k, v in asdict(self).items() if k != "program"}
        rest["shape"] = ",".join(f"{k}={v}" for k, v in sorted(self.extents().items()))
        rest["attributes"] = dict(self.attributes)
        return {"program": hashlib.sha256(graph.encode()).hexdigest()[:16], **rest}

    def check(self) -> None:
        """Refuse what cannot be run, before any work is done.

        Raises:
            LigradError: the shape or the attributes do not fit the program; says why.
        """
        operator = self.operator(DEFAULT_CHOICE)
        known = {scalar.name for scalar in operator.signature.scalars}
        for name, _ in self.attributes:
            if name not in known:
                raise LigradError(f"{operator.signature.name} has no attribute {name}")
        for tokens in (self.few, self.many):
            operator.bind(self.inputs(tokens))

    def extents(self) -> dict[str, int | tuple[int, ...]]:
        """What the shape says, by axis.

        Raises:
            LigradError: it is not of that form.
        """
        return parse_shape(self.shape)


def token_axis(signature: Signature) -> Axis:
    """The axis that is in front of the entries of a selection.

    Raises:
        LigradError: nothing is selected, so that nothing is done token by token.
    """
    for port in signature.arrays:
        if port.selects is not None:
            return signature.axes[signature.tensor_type(port).axes[0]]
    raise LigradError(f"{signature.name} selects no rows, so it has no tokens to time")


def first_tokens(
    signature: Signature, values: Mapping[str, Any], tokens: int
) -> dict[str, Any]:
    """The same values for the first tokens of a single sequence."""
    axis = token_axis(signature)
    found = dict(values)
    for port in signature.arrays:
        if port.ends == axis.name and port.name in found:
            found[port.name] = found[port.name].clip(max=tokens)
        elif port.ends is None and signature.tensor_type(port).axes[0] == axis.name:
            array = found[port.name]
            found[port.name] = array[:, :tokens] if axis.uniform else array[:tokens]
    return found


@cache
def _generated(problem: Problem) -> tuple[Signature, dict[str, Any]]:
    signature = problem.operator(DEFAULT_CHOICE).signature
    axis = token_axis(signature)
    given = problem.extents()
    for name, value in given.items():
        if isinstance(value, tuple):
            raise LigradError(
                f"--shape: {name} takes one number: one sequence is timed"
            )
    tokens = {axis.name: problem.many}
    if axis.batch is not None and axis.length is not None:
        tokens = {axis.batch: 1, axis.length: problem.many}
    ours = {name.casefold() for name in tokens}
    rest = {k: v for k, v in given.items() if k.casefold() not in ours}
    attributes = dict(problem.attributes)
    return signature, generate(
        signature, {**rest, **tokens}, seed=problem.seed, attributes=attributes
    )


@cache
def _references(problem: Problem) -> Mapping[str, Reference] | None:
    operator = problem.operator(DEFAULT_CHOICE)
    if operator.program is None:
        return None
    return references(operator, problem.inputs(problem.many), "mixed")
