"""What holds of IR of every dialect: each operation keeps its own rules, and every value
is defined before it is used."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.irdl.dominance import DominanceInfo
from xdsl.traits import NoTerminator
from xdsl.utils.exceptions import VerifyException

from ligrad_ir.dialects.npu.function import wrong_function
from ligrad_ir.places import complaint, place_of


def verify(module: ModuleOp) -> None:
    """Check every rule of every operation, and the order of definitions and uses.

    Raises:
        VerifyException: naming the first operation that breaks a rule, its place and
            the rule.
    """
    if (found := first_wrong(module)) is not None:
        op, reason = found
        raise VerifyException(complaint(op, reason))


def first_wrong(module: ModuleOp) -> tuple[Operation, str] | None:
    """The first operation, in the order of the text, that breaks a rule; and which."""
    order = _Order()
    for op in module.walk():
        try:
            op.verify(verify_nested_ops=False)
        except (VerifyException, ValueError) as error:  # the latter: an erased operand
            return op, str(error.__cause__ or error)
        reason = _empty_body(op) or _wrong_function(op) or _early_use(op, order)
        if reason is not None:
            return op, reason
    return None


def _wrong_function(op: Operation) -> str | None:
    """Functions are an operation of xDSL: the rules of ours are kept here."""
    return wrong_function(op) if isinstance(op, FuncOp) else None


def _empty_body(op: Operation) -> str | None:
    """A body of one block ends with a terminator, so it cannot be empty."""
    if op.has_trait(NoTerminator):
        return None
    for region in op.regions:
        if len(region.blocks) == 1 and region.block.is_empty:
            return "its body is empty; it ends with a terminator at least"
    return None


def _early_use(op: Operation, order: _Order) -> str | None:
    """What is wrong with where the operands are defined."""
    for operand in op.operands:
        if (misplaced := order.misplaced(operand, op)) is None:
            continue
        name = f"%{operand.name_hint}" if operand.name_hint else "an operand"
        owner = operand.owner
        place = place_of(owner) if isinstance(owner, Operation) else None
        return f"{name} is used {misplaced}{f', at {place}' if place else ''}"
    return None


class _Order:
    """Where operations stand, as far as it has been asked for."""

    def __init__(self) -> None:
        self._numbers: dict[Block, dict[Operation, int]] = {}
        self._dominance: dict[Region, DominanceInfo] = {}

    def misplaced(self, value: SSAValue, user: Operation) -> str | None:
        """How an operation stands to the definition of a value that it cannot use."""
        owner = value.owner
        home = owner.parent if isinstance(owner, Operation) else owner
        region = None if home is None else home.parent
        ancestor = None if region is None else _ancestor_in(region, user)
        if home is None or region is None or ancestor is None:
            return "outside the body that defines it"
        if ancestor.parent is home:
            if not isinstance(owner, Operation):
                return None
            numbers = self._numbered(home)
            return (
                None if numbers[owner] < numbers[ancestor] else "before it is defined"
            )
        if ancestor.parent is None or self._blocks(region).dominates(
            home, ancestor.parent
        ):
            return None
        return "where its definition may not have been reached"

    def _numbered(self, block: Block) -> dict[Operation, int]:
        if block not in self._numbers:
            self._numbers[block] = {op: i for i, op in enumerate(block.ops)}
        return self._numbers[block]

    def _blocks(self, region: Region) -> DominanceInfo:
        if region not in self._dominance:
            self._dominance[region] = DominanceInfo(region)
        return self._dominance[region]


def _ancestor_in(region: Region, op: Operation) -> Operation | None:
    """The operation of the region that `op` is, or is nested in."""
    current: Operation | None = op
    while current is not None and current.parent_region() is not region:
        current = current.parent_op()
    return current
