"""What a schedule cannot run."""

from __future__ import annotations

from xdsl.ir import Operation

from ligrad_ir.places import blame


class UnsupportedError(Exception):
    """A graph that this schedule cannot run; `op` is what it stumbles over."""

    def __init__(self, op: Operation, reason: str):
        self.op = op
        super().__init__(f"{blame(op)}: {reason}")
