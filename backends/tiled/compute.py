"""The computation of `npu`: one implementation an operation."""

from __future__ import annotations

import numpy as np
from xdsl.interpreter import Interpreter, PythonValues, impl, register_impls

from backends.graph import ops as graph_ops
from backends.tiled import layout as npu_layout
from backends.tiled import ops as npu_ops
from backends.tiled.base import BLOCK
from backends.tiled.layout import whole
from backends.tiled.memory import poison
from backends.tiled.move import FIXPIPE_SOURCE, MoveFunctions
from ligrad_ir.dialects.npu import cube as npu_cube
from ligrad_ir.dialects.npu import vector as npu
from ligrad_ir.soc import Soc


@register_impls
class ComputeFunctions(MoveFunctions):
    """The cube unit, the vector unit, and scalars read from memory."""

    # ---- cube

    @impl(npu_cube.MmadOp)
    def mmad(
        self, i: Interpreter, op: npu_cube.MmadOp, args: PythonValues
    ) -> PythonValues:
        dst, dst_offset, lhs, lhs_offset, rhs, rhs_offset, m, n, k, start = args
        rows, depth, columns = whole(m), whole(k), whole(n)
        left = lhs.at(lhs_offset, rows * depth, Soc.l0_alignment)
        right = rhs.at(rhs_offset, depth * columns, Soc.l0_alignment)
        npu_layout.mmad(
            dst.blocks(dst_offset, rows, columns, rows, Soc.l0c_alignment),
            npu_layout.from_zz(left, rows, depth)[:m, :k],
            npu_layout.from_nz_fractals(right, depth, columns)[:k, :n],
            start=bool(start),
        )
        return ()

    @impl(npu_cube.FixpipeOp)
    def fixpipe(
        self, i: Interpreter, op: npu_cube.FixpipeOp, args: PythonValues
    ) -> PythonValues:
        dst, dst_offset, src, src_offset, m, n, pitch = args
        blocks = src.blocks(src_offset, m, n, whole(m), FIXPIPE_SOURCE)
        x = npu_layout.from_blocks(blocks)[:, :n]
        x = (graph_ops.relu(x) if op.relu else x).astype(dst.data.dtype)
        target = dst.rows(dst_offset, m, n, pitch)
        self.note_write(dst, dst_offset, m, n, pitch)
        target[...] = target + x if op.atomic else x
        return ()

    # ---- vector

    @impl(npu.BinaryOp)
    def binary(
        self, i: Interpreter, op: npu.BinaryOp, args: PythonValues
    ) -> PythonValues:
        lhs, lhs_offset, rhs, rhs_offset, dst, dst_offset, count = args
        x, y = lhs.at(lhs_offset, count, BLOCK), rhs.at(rhs_offset, count, BLOCK)
        dst.at(dst_offset, count, BLOCK)[...] = npu_ops.BINARY[op.kind.data](x, y)
        return ()

    @impl(npu.BinaryScalarOp)
    def binary_scalar(
        self, i: Interpreter, op: npu.BinaryScalarOp, args: PythonValues
    ) -> PythonValues:
        src, src_offset, scalar, dst, dst_offset, count = args
        x = src.at(src_offset, count, BLOCK)
        y = x.dtype.type(scalar)
        dst.at(dst_offset, count, BLOCK)[...] = npu_ops.BINARY[op.kind.data](x, y)
        return ()

    @impl(npu.ReluOp)
    def relu(self, i: Interpreter, op: npu.ReluOp, args: PythonValues) -> PythonValues:
        src, src_offset, dst, dst_offset, count = args
        x = src.at(src_offset, count, BLOCK)
        dst.at(dst_offset, count, BLOCK)[...] = graph_ops.relu(x)
        return ()

    @impl(npu.ConvertOp)
    def convert(
        self, i: Interpreter, op: npu.ConvertOp, args: PythonValues
    ) -> PythonValues:
        src, src_offset, dst, dst_offset, count = args
        x = src.at(src_offset, count, BLOCK)
        dst.at(dst_offset, count, BLOCK)[...] = x.astype(dst.data.dtype)
        return ()

    @impl(npu.FillOp)
    def fill(self, i: Interpreter, op: npu.FillOp, args: PythonValues) -> PythonValues:
        dst, dst_offset, count = args
        value = np.asarray(op.value.value.data).astype(dst.data.dtype)
        dst.at(dst_offset, count, BLOCK)[...] = value
        return ()

    @impl(npu.ComparePositiveOp)
    def compare_positive(
        self, i: Interpreter, op: npu.ComparePositiveOp, args: PythonValues
    ) -> PythonValues:
        src, src_offset, dst, dst_offset, count = args
        x = src.at(src_offset, count, BLOCK)
        dst.at(dst_offset, count // 8, BLOCK)[...] = npu_ops.pack_bits(x > 0)
        return ()

    @impl(npu.SelectOp)
    def select(
        self, i: Interpreter, op: npu.SelectOp, args: PythonValues
    ) -> PythonValues:
        bits, bits_offset, src, src_offset, dst, dst_offset, count = args
        chosen = bits.at(bits_offset, -(-count // 8), BLOCK)
        x = src.at(src_offset, count, BLOCK)
        dst.at(dst_offset, count, BLOCK)[...] = npu_ops.select(chosen, x)
        return ()

    @impl(npu.PresentOp)
    def present(
        self, i: Interpreter, op: npu.PresentOp, args: PythonValues
    ) -> PythonValues:
        indices, indices_offset, limit, scratch, dst, dst_offset, count = args
        bits = npu_ops.pack_bits(
            npu_ops.is_row(indices.at(indices_offset, count, BLOCK), limit)
        )
        poison(scratch.at(0, count, BLOCK))
        dst.at(dst_offset, count // 8, BLOCK)[...] = bits
        return ()

    @impl(npu.SumOp)
    def sum(self, i: Interpreter, op: npu.SumOp, args: PythonValues) -> PythonValues:
        src, src_offset, scratch, dst, dst_offset, count = args
        total = npu_ops.tree_sum(src.at(src_offset, count, BLOCK))
        poison(scratch.at(0, npu_ops.LANES, BLOCK))
        dst.at(dst_offset, 1)[...] = total
        return ()

    # ---- scalar

    @impl(npu.ReadOp)
    def read(self, i: Interpreter, op: npu.ReadOp, args: PythonValues) -> PythonValues:
        src, src_offset = args
        value = src.scalars(self.core.number, src_offset, 1)[0]
        return (value if value.dtype.kind == "f" else int(value),)
