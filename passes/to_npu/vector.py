"""The vector unit's part: a group of elementwise work as a loop over rows."""

from __future__ import annotations

from xdsl.ir import SSAValue

from passes.to_npu.builder import Index
from passes.to_npu.elementwise import ElementwiseEmitter
from passes.to_npu.group import Extent, Phase


class VectorEmitter(ElementwiseEmitter):
    """Emits one group for one token, row by row."""

    def _inside(self, first: Index, last: Index, phase: Phase) -> None:
        b, group, ops = self._b, self._group, phase.inside

        def row(at: SSAValue) -> None:
            self._row = at
            needed = {v: op for op in reversed(ops) for v in reversed(op.operands)}
            for operand, op in reversed(needed.items()):
                if operand in self._loads and group.extent(operand) is Extent.MATRIX:
                    b.location = op.location
                    self._load(operand)
            for op in ops:
                self._compute(op, 0, self._extent(group.columns))
                [result] = op.results
                is_matrix = group.extent(result) is Extent.MATRIX
                if op in phase.fresh and result in self._stores and is_matrix:
                    self._store(result, b.mul(at, self._pitch(result)), 0, None)

        b.loop(first, last, 1, row, "row")
