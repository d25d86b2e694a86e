"""All mutants of a kernel in one source: a number in the tiling data chooses which.

The statements of a module of the `ascendc` level are rewritten in place, so that the
printer has nothing to know: an argument becomes `mutant == 17 ? other : original`, a
statement one branch of `if (mutant == 17)`. Number 0 is the kernel as it was.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from xdsl.dialects.builtin import ModuleOp, i1, i64
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from backends.ascendc.printer import AscendCPrinter
from ligrad_ir.dialects.ascendc import core, scalar, sync, tiling
from ligrad_ir.dialects.ascendc.base import CallOp, core_of
from ligrad_ir.dialects.ascendc.enums import Arithmetic, CmpMode
from tests.mutations.changes import (
    Change,
    Delete,
    Instead,
    Negate,
    Other,
    Shift,
    changes,
    flags_of,
)

FIELD = "mutant"
"""The field of the tiling data that holds the number."""


@dataclass(frozen=True)
class Mutant:
    """One change: in which line of the kernel as it is emitted, in which statement.
    target: the next statement that does something but synchronise, if there is one."""

    number: int
    kind: str
    line: int
    core: str
    statement: str
    change: str
    target: str

    def __str__(self) -> str:
        return f"{self.core}:{self.line}: {self.statement} | {self.change}"


@dataclass(frozen=True)
class Schemata:
    """A module that is all mutants of another one."""

    module: ModuleOp
    mutants: tuple[Mutant, ...]


def schemata(module: ModuleOp) -> Schemata:
    """All mutants of the kernel of a module, which stays as it is."""
    module = module.clone()
    places = statements(module)
    [kernel] = [op for op in module.body.block.ops if isinstance(op, core.KernelOp)]
    number = _number(module, kernel)
    ids = flags_of(kernel)
    found: list[Mutant] = []
    common: dict[Operation, list[tuple[int, Change]]] = {}
    for op in [op for op in kernel.walk() if op in places]:
        line, text = places[op]
        target = _target(op, places)
        owner = core_of(op)
        where = "both" if owner is None else owner.value
        numbered = common.get(op, [])
        for change in changes(op, ids):
            if _changes_nothing(op, change):
                continue
            count = len(found) + 1
            mutant = Mutant(count, change.kind, line, where, text, str(change), target)
            found.append(mutant)
            numbered.append((count, change))
            if isinstance(change, Delete) and change.wait is not None:
                common.setdefault(change.wait, []).append((count, change))
        _Rewriter(op, number).run(numbered)
    # Not verified: mistakes may break the rules of operations.
    return Schemata(module, tuple(found))


def _target(op: Operation, places: Mapping[Operation, tuple[int, str]]) -> str:
    later = op.next_op
    while later is not None:
        is_order = isinstance(later, sync.OPS) and not isinstance(later, sync.SyncAllOp)
        if isinstance(later, CallOp) and not is_order and not later.results:
            return places[later][1]
        later = later.next_op
    return ""


def _changes_nothing(op: Operation, change: Change) -> bool:
    """A constant that cannot be less."""
    if not isinstance(change, Shift) or change.by > 0:
        return False
    owner = cast(SSAValue, getattr(op, change.name)).owner
    if not isinstance(owner, scalar.ConstantOp):
        return False
    value = owner.value.value.data
    return value == 0 if change.floor else value + change.by < 0


# ---- where statements stand


@dataclass(eq=False, repr=False)
class _Finder(AscendCPrinter):
    """Notes the line and the text of every statement."""

    found: dict[Operation, tuple[int, str]] = field(
        default_factory=dict[Operation, tuple[int, str]], init=False
    )
    lines: list[str] = field(default_factory=list[str], init=False)

    def line(self, text: str) -> None:
        self.lines.append(text)
        super().line(text)

    def print(self, op: Operation) -> None:
        before = len(self.lines)
        super().print(op)
        if len(self.lines) > before:
            text = self.lines[before].removesuffix(" {").replace("AscendC::", "")
            self.found[op] = (before + 1, text)


def statements(module: ModuleOp) -> dict[Operation, tuple[int, str]]:
    """The line of every operation in the source as it is printed, and what stands
    there."""
    finder = _Finder(io.StringIO())
    finder.print_op(module)
    leading = next(i for i, text in enumerate(finder.lines) if text)
    return {op: (line - leading, text) for op, (line, text) in finder.found.items()}


# ---- the rewriting


def _number(module: ModuleOp, kernel: core.KernelOp) -> SSAValue:
    """The number of the mutant, read from a further field of the tiling data."""
    [struct] = [
        o for o in module.body.block.ops if isinstance(o, tiling.TilingStructOp)
    ]
    comment = "which mistake is in the kernel; 0: none"
    struct.body.block.add_op(tiling.TilingFieldOp(FIELD, i64, comment))
    [data] = [o for o in kernel.walk() if isinstance(o, tiling.GetTilingDataOp)]
    member = tiling.TilingMemberOp(data.result, FIELD, i64)
    member.result.name_hint = FIELD
    Rewriter.insert_op(member, InsertPoint.after(data))
    return member.result


class _Rewriter:
    """Gives a statement its other forms."""

    def __init__(self, op: Operation, number: SSAValue):
        self._op = op
        self._number = number

    def run(self, numbered: Sequence[tuple[int, Change]]) -> None:
        """Arguments first, so that they are not repeated in the branches."""
        names = dict.fromkeys(
            change.name
            for _, change in numbered
            if isinstance(change, Shift | Instead | Negate)
        )
        for name in names:
            self._argument(
                name,
                [
                    (number, change)
                    for number, change in numbered
                    if isinstance(change, Shift | Instead | Negate)
                    and change.name == name
                ],
            )
        for number, change in numbered:
            if isinstance(change, Delete | Other):
                self._statement(number, change)

    # ---- arguments

    def _argument(
        self, name: str, numbered: list[tuple[int, Shift | Instead | Negate]]
    ) -> None:
        value = cast(SSAValue, getattr(self._op, name))
        index = list(self._op.operands).index(value)
        for i, (field_name, _) in enumerate(
            self._op.get_irdl_definition().operands  # pyright: ignore
        ):
            if field_name == name:
                index = i
        body = Block()
        chosen = value
        for number, change in reversed(numbered):
            other = self._other(body, value, change)
            chosen = self._choose(body, number, other, chosen)
        body.add_op(scalar.YieldOp(chosen))
        expression = scalar.ExpressionOp(Region(body), value.type)
        expression.result.name_hint = f"{name}_or_not"
        Rewriter.insert_op(expression, InsertPoint.before(self._op))
        self._op.operands[index] = expression.result

    def _choose(
        self, body: Block, number: int, positive: SSAValue, negative: SSAValue
    ) -> SSAValue:
        is_it = scalar.CmpOp(CmpMode.EQ, self._number, self._constant(number, i64))
        choose = scalar.ChooseOp(is_it, positive, negative)
        body.add_ops([is_it, choose])
        return choose.result

    def _other(
        self, body: Block, value: SSAValue, change: Shift | Instead | Negate
    ) -> SSAValue:
        type = value.type
        if isinstance(change, Instead):
            return self._constant(change.value, type)
        if isinstance(change, Negate):
            opposite = scalar.CmpOp(CmpMode.EQ, value, self._constant(0, i1))
            body.add_op(opposite)
            return opposite.result
        if isinstance(value.owner, scalar.ConstantOp):
            known = value.owner.value.value.data + change.by
            return self._constant(max(known, 0) if change.floor else known, type)
        by = self._constant(abs(change.by), type)
        operator = Arithmetic.ADD if change.by > 0 else Arithmetic.SUB
        moved = scalar.ArithmeticOp(operator, value, by)
        body.add_op(moved)
        if not change.floor or change.by > 0:
            return moved.result
        is_more = scalar.CmpOp(CmpMode.GT, value, by)
        floor = scalar.ChooseOp(is_more, moved, self._constant(0, type))
        body.add_ops([is_more, floor])
        return floor.result

    def _constant(self, value: float, type: Attribute) -> SSAValue:
        constant = scalar.ConstantOp(value, type)
        Rewriter.insert_op(constant, InsertPoint.before(self._op))
        return constant.result

    # ---- statements

    def _statement(self, number: int, change: Delete | Other) -> None:
        op = self._op
        test = CmpMode.NE if isinstance(change, Delete) else CmpMode.EQ
        is_it = scalar.CmpOp(test, self._number, self._constant(number, i64))
        is_it.result.name_hint = "is_chosen"
        body, otherwise = Block(), None
        if isinstance(change, Other):
            other = op.clone()
            other.properties[change.name] = change.attribute
            body.add_op(other)
            otherwise = Region(Block())
        branch = core.IfOp(is_it, Region(body), otherwise)
        Rewriter.insert_op([is_it, branch], InsertPoint.before(op))
        op.detach()
        (body if otherwise is None else otherwise.block).add_op(op)
