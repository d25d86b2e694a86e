"""The same small kernel twice: interpreted as `npu`, and lowered, printed, compiled and
run on the twin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    IndexType,
    MemRefType,
    ModuleOp,
    StringAttr,
)
from xdsl.ir import BlockArgument, Operation

from backends.project.host import kernel_of
from backends.project.project import keep_project, lone_files, lone_sources
from backends.tiled.interpreter import run_npu
from backends.twin.build import build
from backends.twin.report import Report
from ligrad_ir.signature import entry_function
from passes.insert_sync import InsertSyncPass
from passes.pipelines import ASCENDC_PIPELINE, run_passes
from tests.tiled.support import EMPTY, kernel

Array = NDArray[Any]
WORKSPACE = 1 << 20
"""Bytes, where a test has no workspaces of its own."""


def on_first_core(vector: str) -> str:
    """A body that runs on vector core 0 of every block only."""
    return f"""%sub = npu.sub_block_index
    %is_first = arith.cmpi eq, %sub, %c0 : index
    scf.if %is_first {{
    {vector}
    }}"""


def describe(module: ModuleOp) -> None:
    """Give the arguments the attributes that `lower-to-ascendc` wants: every array an
    axis of its own, whose extent is an argument too, behind the others."""
    function = entry_function(module)
    block = function.body.block
    entries: list[DictionaryAttr] = []

    def say(name: str, kind: str, dims: Sequence[str] = ()) -> None:
        data: dict[str, Any] = {
            "npu.name": StringAttr(name),
            "npu.kind": StringAttr(kind),
        }
        if dims:
            data["npu.dims"] = ArrayAttr([StringAttr(dim) for dim in dims])
        entries.append(DictionaryAttr(data))

    arguments = list(block.args)
    for argument in arguments:
        name = str(argument.name_hint)
        if isinstance(argument.type, MemRefType):
            say(name, "output", [f"{name}_extent"])
        else:
            say(name, "blocks" if name == "blocks" else "attribute")
    for argument in arguments:
        if isinstance(argument.type, MemRefType):
            extent = block.insert_arg(IndexType(), len(block.args))
            extent.name_hint = f"{argument.name_hint}_extent"
            say(extent.name_hint, "extent")
    function.properties["arg_attrs"] = ArrayAttr(entries)
    function.update_function_type()


class Program:
    """A kernel of the tests' short spelling, with index arguments for its sizes.

    synchronise: let `insert-sync` put the flags between pipes; without it they are in the
    text. first_only: run the vector body on the first vector core only. units: of sizes
    that are multiples, as their operations must see.
    """

    def __init__(
        self,
        arguments: str,
        *,
        head: str = "",
        cube: str = EMPTY,
        vector: str = EMPTY,
        first_only: bool = True,
        synchronise: bool = True,
        units: Mapping[str, int] | None = None,
    ):
        self._units = dict(units or {})
        for name, unit in self._units.items():
            arguments = arguments.replace(f"%{name}: index", f"%{name}_units: index")
            head = f"%{name} = arith.muli %{name}_units, %c{unit} : index\n{head}"
        text = vector
        if first_only and vector != EMPTY:
            text = on_first_core(vector)
        self.npu = kernel(
            f"{arguments}, %blocks: index",
            head=head,
            cube=cube,
            vector=text,
            blocks="%blocks",
        )
        self.ascendc = self.npu.clone()
        describe(self.ascendc)
        if synchronise:
            run_passes(self.ascendc, (InsertSyncPass(),))
        run_passes(self.ascendc, ASCENDC_PIPELINE)
        check_scopes(self.ascendc)
        files = lone_files(self.ascendc)
        sources = lone_sources(keep_project(files), self.ascendc)
        self._library = build([sources.path], sources.entry)
        [self.text] = [t for name, t in files.items() if name.endswith(".cpp")]
        args = entry_function(self.npu).body.block.args
        self._names = [str(argument.name_hint) for argument in args]

    def interpreted(
        self, blocks: int, values: dict[str, Array | int]
    ) -> dict[str, Array]:
        """The arrays as the NumPy interpreter leaves them."""
        copies = {
            n: v.copy() if isinstance(v, np.ndarray) else v
            for n, v in self._counted(values).items()
        }
        run_npu(
            self.npu,
            [blocks if n == "blocks" else copies[n] for n in self._names],
            cores=blocks,
        )
        return {n: v for n, v in copies.items() if isinstance(v, np.ndarray)}

    def compiled(self, blocks: int, values: dict[str, Array | int]) -> dict[str, Array]:
        """The arrays as the twin leaves them; it has nothing to report."""
        arrays, report = self.launched(blocks, values)
        assert not report.hazards, "\n".join(map(str, report.hazards))
        return arrays

    def launched(
        self, blocks: int, values: dict[str, Array | int]
    ) -> tuple[dict[str, Array], Report]:
        """The arrays as the twin leaves them, and what it reports."""
        values = self._counted(values)
        arrays = {
            n: values[n].copy()
            for n in self._names
            if isinstance(values.get(n), np.ndarray)
        }
        numbers = {n: v for n, v in values.items() if isinstance(v, int)}
        numbers |= {f"{n}_extent": a.size for n, a in arrays.items()}
        found = kernel_of(self.ascendc)
        report = self._library.launch(
            [*arrays.values(), found.tiling_data(numbers)],
            blocks,
            workspace=max(WORKSPACE, found.workspace_bytes(numbers, blocks)),
            names=[*arrays, "workspace", "tiling"],
        )
        return arrays, report

    def _counted(self, values: dict[str, Array | int]) -> dict[str, Array | int]:
        """The values as the kernel takes them: sizes in their units."""
        counted = dict(values)
        for name, unit in self._units.items():
            size = counted.pop(name)
            assert isinstance(size, int)
            assert size % unit == 0, name
            counted[f"{name}_units"] = size // unit
        return counted

    def both(self, blocks: int = 1, **values: Array | int) -> dict[str, Array]:
        """Run both and compare them bit for bit, but for the spelling of NaN; the
        arrays."""
        assert set(self._counted(values)) == set(self._names) - {"blocks"}
        first, second = self.interpreted(blocks, values), self.compiled(blocks, values)
        for name, array in first.items():
            ours, theirs = bits(array), bits(second[name])
            same = (ours == theirs) | (is_nan(array) & is_nan(second[name]))
            wrong = np.flatnonzero(~same)
            sizes = {n: v for n, v in values.items() if isinstance(v, int)}
            assert wrong.size == 0, (
                f"{name}: {wrong.size} of {ours.size} differ, first at {wrong[0]}: "
                f"{array.reshape(-1)[wrong[0]]} interpreted, "
                f"{second[name].reshape(-1)[wrong[0]]} compiled; {sizes}"
            )
        return first


def check_scopes(module: ModuleOp) -> None:
    """Every operand is made in the block of its user or in one around it, before it."""
    for op in module.walk():
        for operand in op.operands:
            block = operand.owner if isinstance(operand, BlockArgument) else None
            user: Operation | None = op
            while user is not None and block is None:
                owner = operand.owner
                assert isinstance(owner, Operation)
                if user.parent is owner.parent:
                    assert owner.is_before_in_block(user), op
                    break
                user = user.parent_op()
            assert user is not None, f"{op.name} uses what is made elsewhere: {operand}"


def bits(array: Array) -> Array:
    """The elements as unsigned numbers."""
    return np.ascontiguousarray(array).reshape(-1).view(f"u{array.itemsize}")


def is_nan(array: Array) -> Array:
    """Where a NaN is; nowhere in an array of integers."""
    if array.dtype.kind in "iu":
        return np.zeros(array.size, bool)
    return np.isnan(array.reshape(-1).astype(np.float32))
