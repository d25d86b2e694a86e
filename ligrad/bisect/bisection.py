"""Names the first pass of a pipeline that changes what a program computes.

The program is interpreted as it is before the first pass and after every one, always on
the same inputs. A pass may change the rounding, within the bound that the oracle gives,
unless it is one of `EXACT`, which change no bit. What it does beyond that is a finding:
the pass, an element of an output, and the operation whose value goes wrong first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import Interpreter, PythonValues
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from backends.call.bound import Bound
from backends.call.dtypes import Array
from backends.graph.interpreter import run_graph
from backends.oracle import Reference
from backends.project.run import run_source
from backends.tiled.base import ProgramError
from backends.tiled.call import run_tiled
from ligrad.bisect.compare import (
    atomic_outputs,
    differs,
    far,
    guessed,
    outside,
)
from ligrad.bisect.graph import first_wrong_value, returned
from ligrad.bisect.report import Element, Finding, Report, Step
from ligrad.bisect.tiled import (
    first_wrong_landing,
    first_wrong_write,
    last_writer,
)
from ligrad_ir.dialects.lig.types import RealType, TensorType
from ligrad_ir.errors import LigradError
from ligrad_ir.soc import find_soc
from ligrad_ir.wellformed import first_wrong
from passes.pipelines import PRECISIONS, pass_context

Listeners = tuple[Interpreter.Listener, ...]
Runner = Callable[[ModuleOp, Bound, int, Listeners], tuple[Array, ...]]
Outputs = Mapping[str, Array]
References = Mapping[str, Mapping[str, Reference]]
"""By precision (`float32`, or `mixed` once the graph has machine types), then output."""

EXACT = frozenset(
    {
        "canonicalize",
        "cse",
        "dce",
        "form-expressions",
        "insert-cross-sync",
        "insert-sync",
        "licm",
        "place-buffers",
    }
)
"""Passes after which every bit is the same. Atomic additions take place in any order, so
what comes of them may differ in the rounding where a pass changes the schedule."""


def _run_graph(
    module: ModuleOp, bound: Bound, blocks: int, listeners: Listeners
) -> tuple[Array, ...]:
    return run_graph(module, bound.arguments, bound.extents, listeners)


def _run_source(
    module: ModuleOp, bound: Bound, blocks: int, listeners: Listeners
) -> tuple[Array, ...]:
    """The emitted kernel on the twin of a chip: all have the same memories.

    Raises:
        LigradError: with what the twin has found.
    """
    soc = find_soc("ascend910b1")
    done = run_source(module, bound, blocks, soc, strict=False)
    if done.report.hazards:
        raise LigradError(str(done.report.hazards[0]))
    return done.values


RUNNERS: Mapping[str, Runner] = {
    "lig": _run_graph,
    "npu": run_tiled,
    "ascendc": _run_source,
}
"""By dialect, from the highest: runs a module on so many groups of cores."""


def dialect_of(module: ModuleOp) -> str:
    """The lowest dialect with a runner that a module has operations of."""
    found = {op.name.partition(".")[0] for op in module.walk()}
    return [name for name in RUNNERS if name in found][-1]


class _Last(Interpreter.Listener):
    """Keeps the operation that began last."""

    op: Operation | None = None

    def will_interpret_op(self, op: Operation, args: PythonValues) -> None:
        self.op = op


@dataclass(frozen=True)
class _State:
    """A module and its outputs, in the layout of the caller."""

    module: ModuleOp
    outputs: Outputs = field(default_factory=dict[str, Array])

    @property
    def dialect(self) -> str:
        return dialect_of(self.module)


@dataclass(frozen=True)
class Bisection:
    """One program on one set of inputs.

    references: what the formulas mean, or None where only IR is known: then the module
    before all passes is taken to be right.
    """

    bound: Bound
    blocks: int
    references: References | None = None

    def run(
        self, module: ModuleOp, passes: Sequence[ModulePass], inputs: str = ""
    ) -> Report:
        """Run passes one by one, until one is found to be wrong.

        inputs: what the report calls them.
        """
        steps: list[Step] = []
        before: _State | None = None
        judge = self
        for change in (None, *passes):
            name = "parse" if change is None else change.name
            state = _State((before.module if before else module).clone())
            finding = None
            if change is not None:
                finding = _apply(change, state.module)
            if finding is None and before and _same(before, state):
                steps.append(Step(name, "changes nothing"))
                continue
            if finding is None:
                outcome = self._interpret(name, state)
                if isinstance(outcome, Finding):
                    finding = outcome
                else:
                    state = _State(state.module, outcome)
                    finding = judge._judge(name, before, state, steps)
                    if judge.references is None:
                        known = guessed(outcome)
                        judge = replace(
                            self, references=dict.fromkeys(PRECISIONS, known)
                        )
            if finding is not None:
                return Report(inputs, (*steps, Step(name)), len(passes) + 1, finding)
            before = state
        return Report(inputs, tuple(steps), len(passes) + 1)

    def _interpret(self, name: str, state: _State) -> Outputs | Finding:
        last = _Last()
        run = RUNNERS[state.dialect]
        try:
            values = run(state.module, self.bound, self.blocks, (last,))
        except ProgramError as error:
            return Finding(name, op=error.op, problem=str(error))
        except Exception as error:
            return Finding(name, op=last.op, problem=_spell(error))
        return self.bound.results(values)

    # ---- what is wrong

    def _judge(
        self, name: str, before: _State | None, after: _State, steps: list[Step]
    ) -> Finding | None:
        """A finding, or else a step that was right."""
        is_exact = (
            name in EXACT and before is not None and before.dialect == after.dialect
        )
        wrong: dict[str, Array] = {}
        element: Element | None = None
        for output in after.outputs:
            found = self._wrong(output, before, after, is_exact)
            if found.any():
                wrong[output] = found
                element = element or self._element(output, found, before, after)
        if element is None:
            steps.append(Step(name, self._note(before, after, is_exact)))
            return None
        op = self._locate(before, after, wrong, element)
        return Finding(name, element=element, op=op)

    def _note(self, before: _State | None, after: _State, is_exact: bool) -> str:
        if before is not None and is_exact:
            pairs = ((v, before.outputs[name]) for name, v in after.outputs.items())
            if any(differs(value, expected).any() for value, expected in pairs):
                return "the same but for the order of atomic sums"
            return "bit for bit the same"
        return "taken as right" if self.references is None else "within its bounds"

    def _wrong(
        self, output: str, before: _State | None, after: _State, is_exact: bool
    ) -> Array:
        """Which elements of an output a pass must not leave as they are."""
        value = after.outputs[output]
        wrong = np.zeros(value.shape, bool)
        expected = before.outputs[output] if before is not None else value
        if expected.dtype != value.dtype or expected.shape != value.shape:
            return ~wrong
        if (reference := self._reference(after.module, output)) is not None:
            wrong |= outside(value, reference)
        if is_exact:
            assert before is not None
            loose = before.dialect == "npu" and output in atomic_outputs(before.module)
            wrong |= far(value, expected) if loose else differs(value, expected)
        return wrong

    def _reference(self, module: ModuleOp, output: str) -> Reference | None:
        if self.references is None:
            return None
        precision = "float32" if _is_real(module) else "mixed"
        return self.references[precision][output]

    def _element(
        self, output: str, wrong: Array, before: _State | None, after: _State
    ) -> Element:
        """The wrong element that is off the most; of NaNs, the first."""
        value = after.outputs[output].astype(np.float64)
        reference = self._reference(after.module, output)
        if before is not None:
            expected = before.outputs[output].astype(np.float64)
        else:
            expected = reference.value if reference is not None else value
        with np.errstate(invalid="ignore"):
            off = np.abs(value - expected)
        off = np.where(wrong, np.where(np.isnan(off), np.inf, off), -1.0)
        at = tuple(int(i) for i in np.unravel_index(int(off.argmax()), off.shape))
        bound = None if reference is None else float(reference.bound[at])
        return Element(
            output, value.shape, at, float(value[at]), float(expected[at]), bound
        )

    # ---- where it went wrong

    def _locate(
        self,
        before: _State | None,
        after: _State,
        wrong: Mapping[str, Array],
        element: Element,
    ) -> Operation | None:
        """The operation whose value goes wrong first, as far as it can be told."""
        match (before.dialect if before else None, after.dialect):
            case (None, "lig"):
                return returned(after.module, element.output)
            case ("lig", "lig"):
                assert before is not None
                return first_wrong_value(
                    before.module, after.module, self.bound, list(wrong)
                )
            case ("lig", "npu"):
                assert before is not None
                return first_wrong_landing(
                    before.module, after.module, self.bound, self.blocks, element
                )
            case ("npu", "npu"):
                assert before is not None
                return first_wrong_write(
                    before.module, after.module, self.bound, self.blocks, element
                )
            case ("npu", "ascendc"):
                assert before is not None
                return last_writer(before.module, self.bound, self.blocks, element)
            case _:
                return None


def _apply(change: ModulePass, module: ModuleOp) -> Finding | None:
    """Run a pass; a finding if it raises, or leaves what breaks a rule."""
    try:
        change.apply(pass_context(), module)
    except Exception as error:
        op = getattr(error.__cause__ or error, "op", None)
        return Finding(change.name, op=op, problem=_spell(error))
    if (wrong := first_wrong(module)) is not None:
        op, problem = wrong
        return Finding(change.name, op=op, problem=problem)
    return None


def _spell(error: Exception) -> str:
    text = str(error).strip()
    return text if text else type(error).__name__


def _same(before: _State, after: _State) -> bool:
    return before.module.is_structurally_equivalent(after.module)


def _is_real(module: ModuleOp) -> bool:
    return any(
        isinstance(value.type, TensorType)
        and isinstance(value.type.element_type, RealType)
        for op in module.walk()
        for value in op.results
    )
