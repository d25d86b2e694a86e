"""The function of a launch: its parameters, and the workspaces that values cross."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, IndexType, StringAttr
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, SSAValue

from ligrad_ir.axes import Axes
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.names import label_of
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.npu.launch import WorkspaceOp
from ligrad_ir.dialects.npu.types import gm_type
from ligrad_ir.signature import ArrayPort, Signature
from passes.to_npu.builder import BodyBuilder, Index
from passes.to_npu.group import own_axes
from passes.to_npu.padding import Unpadded, entry_axes, unpadded
from passes.to_npu.reach import sums_tokens
from passes.to_npu.staging import Staging
from passes.to_npu.storage import (
    Storage,
    capacity,
    total_elements,
    total_extent,
    workspace_elements,
)
from passes.to_npu.unsupported import UnsupportedError, said


class ProgramMemory:
    """Declares the parameters at the top of `block`, then the workspaces.

    storages: where values lie in global memory; slots: where those lie that cross stages,
    of each of the tokens that are worked on at once; extents: the size parameters, `blocks`
    among them; ends: run ends in TND, uniform: their packed axis in BSND; modes:
    attributes that are used; attributes: what each parameter is, in order. zeros: a
    workspace of zeros, of zero_elements, if there is one. terms: of a deterministic
    program, where each block leaves what its token adds to a sum over the tokens.
    """

    def __init__(
        self,
        source: FuncOp,
        signature: Signature,
        staging: Staging,
        block: Block,
        tokens: int = 1,
        *,
        deterministic: bool = False,
    ):
        self._source = source
        self._signature = signature
        self._staging = staging
        self._deterministic = deterministic
        self.storages: dict[SSAValue, Storage] = {}
        self.slots: list[dict[SSAValue, Storage]] = [{} for _ in range(tokens)]
        self.terms: dict[SSAValue, Storage] = {}
        self.extents: dict[str, SSAValue] = {}
        self.ends: dict[SSAValue, SSAValue] = {}
        self.uniform: dict[SSAValue, str] = {}
        self.modes: dict[SSAValue, SSAValue] = {}
        self.attributes: list[DictionaryAttr] = []
        self.zeros: SSAValue | None = None
        self.zero_elements = 0
        self._labels: set[str] = set()
        self.unpadded = self._unpadded()
        self._declare_arguments(block)
        self._make_workspaces(BodyBuilder(block))

    def _declare_arguments(self, block: Block) -> None:
        """Arrays in, arrays out, then extents and attributes as sizes."""
        lig_arguments = self._source.body.block.args

        def argument(
            type: Attribute, name: str, kind: str, **names: Sequence[str]
        ) -> SSAValue:
            value = block.insert_arg(type, len(block.args))
            value.name_hint = name
            entry: dict[str, Attribute] = {
                "npu.name": StringAttr(name),
                "npu.kind": StringAttr(kind),
            }
            for key, listed in names.items():
                entry[f"npu.{key}"] = ArrayAttr(map(StringAttr, listed))
            self.attributes.append(DictionaryAttr(entry))
            return value

        for port, old in zip(self._signature.inputs, lig_arguments):
            if not isinstance(port, ArrayPort):
                continue
            if port.ends is not None and self._signature.axes[port.ends].uniform:
                self.uniform[old] = port.ends
                continue
            dims = self._dims(port)
            memref = argument(gm_type(port.element), port.name, "input", dims=dims)
            if port.ends is not None:
                self.ends[old] = memref
            else:
                self.storages[old] = self._array(memref, old)
        returned = self._source.body.block.last_op
        assert isinstance(returned, ReturnOp)
        for port, value in zip(self._signature.outputs, returned.arguments):
            dims = self._dims(port)
            memref = argument(gm_type(port.element), port.name, "output", dims=dims)
            if value in self.storages:
                raise UnsupportedError(
                    value,
                    f"the output {port.name} is the same as {self._twin(value, port)}",
                    "leave it out: the caller has it already",
                )
            self.storages[value] = self._array(memref, value)
        for axis in self._signature.axes.values():
            if axis.is_unit:
                continue
            runs = (axis.batch, axis.length) if axis.uniform else ()
            packs = {"packs": [name for name in runs if name]} if runs else {}
            self.extents[axis.name] = argument(
                IndexType(), axis.name, "extent", **packs
            )
        self.extents["blocks"] = argument(IndexType(), "blocks", "blocks")
        for port, old in zip(self._signature.inputs, lig_arguments):
            if not isinstance(port, ArrayPort) and any(True for _ in old.uses):
                self.modes[old] = argument(IndexType(), port.name, "attribute")

    def _dims(self, port: ArrayPort) -> list[str]:
        """The axes of an array, without those whose extent is always 1."""
        axes = self._signature.tensor_type(port).axes
        return [axis for axis in axes if not self._signature.axes[axis].is_unit]

    def _twin(self, value: SSAValue, port: ArrayPort) -> str:
        """The input or the earlier output that an output is the same as."""
        arguments = self._source.body.block.args
        for other, argument in zip(self._signature.inputs, arguments):
            if argument is value:
                return f"the input {other.name}"
        returned = self._source.body.block.last_op
        assert isinstance(returned, ReturnOp)
        outputs = zip(self._signature.outputs, returned.arguments)
        [first, *_] = (other for other, result in outputs if result is value)
        return f"the output {first.name}"

    def _array(self, memref: SSAValue, value: SSAValue) -> Storage:
        token = self._staging.token_axis
        per_token = token in tensor(value).axes
        own = own_axes(value, token)
        return Storage(memref, own, per_token=per_token, is_padded=False)

    def _make_workspaces(self, b: BodyBuilder) -> None:
        """Workspaces for every value that crosses stages, and the accumulators."""
        for value in self._crossing():
            if value in self.storages:
                self._require_unused(value)
                continue
            for slot in self._crossing_slots():
                slot[value] = self._workspace(b, value, {})
        for value in self._staging.accumulated:
            if self._deterministic and isinstance(value.owner, lig.ReduceSumOp):
                self.terms[value] = self._workspace(b, value, {})
            if value in self.storages:
                continue
            label = self.label(value)
            total = b.index(self.elements(b, value))
            memref = b.value(WorkspaceOp(label, total, tensor(value).element_type))
            memref.name_hint = label
            self.storages[value] = Storage(memref, tensor(value).axes)

    def at(self, slot: int) -> dict[SSAValue, Storage]:
        """Where all values lie for what is worked on in a slot, and what a token adds to
        sums goes."""
        return {**self.storages, **self.slots[slot], **self.terms}

    def _workspace(
        self, b: BodyBuilder, value: SSAValue, tiles: Mapping[str, int]
    ) -> Storage:
        """A workspace in which each block has a token's part of a value, or, of the axes
        in `tiles`, a window."""
        axes = own_axes(value, self._staging.token_axis)
        elements: Index = workspace_elements(self._signature, axes, tiles)
        if is_dense := self._is_dense(value, axes):
            elements = capacity(self._signature, axes[0], tiles)
            for axis in axes[1:]:
                elements = b.mul(elements, self._extent(axis))
        label = self.label(value)
        total = b.index(b.mul(self.extents["blocks"], elements))
        memref = b.value(WorkspaceOp(label, total, tensor(value).element_type))
        memref.name_hint = label
        return Storage(
            memref,
            axes,
            block_elements=elements,
            is_window=bool(tiles),
            is_padded=value not in self.unpadded.products | self.unpadded.added,
            is_dense=is_dense,
        )

    def _is_dense(self, value: SSAValue, axes: Axes) -> bool:
        """Whether rows lie behind each other, whatever their length: those that are
        gathered or added by index, unless they run along entries, which are padded."""
        if value in self.unpadded.added:
            return True
        users = self._staging.users(value)
        moved = isinstance(value.owner, lig.GatherOp) or any(
            isinstance(user, lig.ScatterAddOp) for user in users
        )
        return moved and not entry_axes(self._source).intersection(axes[1:])

    def _crossing_slots(self) -> list[dict[SSAValue, Storage]]:
        """Where what crosses the stages of a token is kept."""
        return self.slots

    def _require_unused(self, value: SSAValue) -> None:
        """Arrays have no room for the padding of rows that are computed with.

        Raises:
            UnsupportedError: if an output is gathered, or another stage needs it.
        """
        owner = value.owner
        assert isinstance(owner, Operation)
        users = [use.operation for use in value.uses]
        inner = [user for user in users if not isinstance(user, ReturnOp)]
        if inner or isinstance(owner, lig.GatherOp):
            name = said(value)
            if not inner:
                raise UnsupportedError(
                    owner,
                    f"the output {name} is rows that are only gathered",
                    "use Gather in the operator that computes with them",
                )
            raise UnsupportedError(
                owner,
                f"{name} is an output, and other cores compute with it too",
                f"leave the output {name} out, or compute it in an operator of its own",
            )

    def label(self, value: SSAValue) -> str:
        """A name for a value that no workspace has yet."""
        label, number = f"{label_of(value)}_workspace", 2
        while label in self._labels:
            label, number = f"{label_of(value)}_workspace_{number}", number + 1
        self._labels.add(label)
        return label

    def elements(self, b: BodyBuilder, value: SSAValue) -> Index:
        """The number of elements of a value over all tokens."""
        return total_elements(b, self._signature, self.extents, tensor(value).axes)

    def _extent(self, axis: str) -> Index:
        return total_extent(self._signature, self.extents, axis)

    def _unpadded(self) -> Unpadded:
        """What crosses without padding."""
        return unpadded(self._source, self._staging)

    def _crossing(self) -> list[SSAValue]:
        """Values made in one stage and used in another, in order."""
        found: dict[SSAValue, None] = {}
        for _, ops in sorted(self._staging.stages.items()):
            for op in ops:
                if sums_tokens(op, self._staging.token_axis):
                    continue
                value = self.out(op)
                own = self._staging.stages_of(op)
                users = [
                    self._staging.stages_of(op) for op in self._staging.users(value)
                ]
                if isinstance(op, lig.GatherOp) or self._staging.on_cube(op):
                    found[value] = None
                elif any(number not in own for at in users for number in at):
                    found[value] = None
                elif value in self.unpadded.added:
                    found[value] = None
        return list(found)

    def out(self, op: Operation) -> SSAValue:
        """What an operation leaves, with all that is fused to it."""
        last = [op, *self._staging.fused.get(op, ())][-1]
        return last.results[0]
