"""Random scalar expressions: written one operation a line or in one, as C++ they are
what the operations mean."""

from __future__ import annotations

import random
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import IntegerType, ModuleOp, i64
from xdsl.ir import Block, Operation, Region, SSAValue

from backends.ascendc import expressions as printer_expressions
from backends.ascendc.expressions import Binding
from backends.ascendc.printer import print_tiling_header
from backends.project.host import Kernel
from ligrad_ir.dialects.ascendc.enums import Arithmetic, CmpMode
from ligrad_ir.dialects.ascendc.scalar import (
    ArithmeticOp,
    ChooseOp,
    CmpOp,
    ConstantOp,
    ExpressionOp,
    ScalarCastOp,
)
from ligrad_ir.dialects.ascendc.tiling import (
    HostFunctionOp,
    ReturnValueOp,
    TilingFieldOp,
    TilingMemberOp,
    TilingStructOp,
)
from ligrad_ir.dialects.ascendc.types import TilingType
from passes.form_expressions import FormExpressionsPass

FIELDS = ("a", "b", "c", "d")
LARGEST = 2**40
"""No value is larger, so that none overflows."""
OF_THE_HOST = ("ADD", "SUB", "MUL", "DIV", "MIN", "MAX")
OTHERS = ("REM", "AND", "OR", "XOR", "SHL", "SHR", "cmp", "cast")


@dataclass
class Term:
    """A value, and between which numbers it lies."""

    value: SSAValue
    low: int
    high: int


class Writer:
    """Writes random operations on int64 into a host function."""

    def __init__(self, seed: int, kinds: tuple[str, ...]):
        self._rng = random.Random(seed)
        self._kinds = kinds
        self.block = Block(arg_types=[TilingType("Numbers"), i64])
        tiling, blocks = self.block.args
        blocks.name_hint = "blocks"
        self._terms = [Term(blocks, 1, 24)]
        for name in FIELDS:
            member = self._put(TilingMemberOp(tiling, name, i64))
            self._terms.append(Term(member, 1, 1000))

    def _put(self, op: Operation) -> SSAValue:
        self.block.add_op(op)
        return op.results[0]

    def _number(self, value: int) -> Term:
        return Term(self._put(ConstantOp(value, i64)), value, value)

    def _pick(self) -> Term:
        """Most often a value that nothing uses, so that expressions become deep."""
        draw = self._rng.random()
        if draw < 0.15:
            return self._number(self._rng.randrange(1, 64))
        unused = [t for t in self._terms[5:] if not any(True for _ in t.value.uses)]
        return self._rng.choice(unused if unused and draw < 0.7 else self._terms)

    def add(self) -> None:
        """One operation more, if the one that is drawn fits its operands."""
        kind, a, b = self._rng.choice(self._kinds), self._pick(), self._pick()
        if kind == "cmp":
            predicate = self._rng.choice(list(CmpMode))
            is_so = self._put(CmpOp(predicate, a.value, b.value))
            chosen = self._put(ChooseOp(is_so, a.value, b.value))
            self._keep(chosen, min(a.low, b.low), max(a.high, b.high))
            return
        if kind == "cast":
            if -(2**31) <= a.low and a.high < 2**31:
                small = self._put(ScalarCastOp(a.value, IntegerType(32)))
                self._keep(self._put(ScalarCastOp(small, i64)), a.low, a.high)
            return
        if kind not in ("ADD", "SUB", "MUL", "MIN", "MAX"):
            if a.low < 0 or b.low < 0:
                return
        if kind in ("DIV", "REM") and b.low < 1:
            b = self._number(self._rng.randrange(1, 64))
        if kind in ("SHL", "SHR"):
            b = self._number(self._rng.randrange(0, 6))
        ends = [PYTHON[kind](x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
        if kind in ("AND", "OR", "XOR", "REM"):
            ends = [0, 2 * max(a.high, b.high)]
        if max(map(abs, ends)) < LARGEST:
            op = ArithmeticOp(Arithmetic[kind], a.value, b.value)
            self._keep(self._put(op), min(ends), max(ends))

    def _keep(self, value: SSAValue, low: int, high: int) -> None:
        value.name_hint = "v"
        self._terms.append(Term(value, low, high))

    def function(self, name: str) -> HostFunctionOp:
        """What has been written, ending in the last value."""
        self.block.add_op(ReturnValueOp(self._terms[-1].value))
        return HostFunctionOp(name, Region(self.block), "numbers.h")


PYTHON = {
    "ADD": lambda a, b: a + b,
    "SUB": lambda a, b: a - b,
    "MUL": lambda a, b: a * b,
    "DIV": lambda a, b: a // b,
    "REM": lambda a, b: a % b,
    "AND": lambda a, b: a & b,
    "OR": lambda a, b: a | b,
    "XOR": lambda a, b: a ^ b,
    "SHL": lambda a, b: a << b,
    "SHR": lambda a, b: a >> b,
    "MIN": min,
    "MAX": max,
}
COMPARE = {
    CmpMode.LT: lambda a, b: a < b,
    CmpMode.LE: lambda a, b: a <= b,
    CmpMode.GT: lambda a, b: a > b,
    CmpMode.GE: lambda a, b: a >= b,
    CmpMode.EQ: lambda a, b: a == b,
    CmpMode.NE: lambda a, b: a != b,
}


def meaning(function: HostFunctionOp, tiling: dict[str, int], blocks: int) -> int:
    """What the operations mean, one by one, in Python."""
    block = function.body.block
    values: dict[SSAValue, int] = {block.args[1]: blocks}
    for op in block.ops:
        match op:
            case TilingMemberOp():
                values[op.result] = tiling[op.member.data]
            case ConstantOp():
                values[op.result] = int(op.value.value.data)
            case ArithmeticOp():
                compute = PYTHON[op.operator.data.name]
                values[op.result] = compute(values[op.lhs], values[op.rhs])
            case CmpOp():
                compute = COMPARE[op.predicate.data]
                values[op.result] = compute(values[op.lhs], values[op.rhs])
            case ChooseOp():
                chosen = op.positive if values[op.condition] else op.negative
                values[op.result] = values[chosen]
            case ScalarCastOp():
                values[op.result] = values[op.input]
            case ReturnValueOp():
                return values[op.operands[0]]
            case _:
                raise AssertionError(op.name)
    raise AssertionError("a function returns")


def written(count: int, kinds: tuple[str, ...]) -> ModuleOp:
    functions: list[Operation] = []
    for seed in range(count):
        writer = Writer(seed, kinds)
        for _ in range(12 + seed % 12):
            writer.add()
        functions.append(writer.function(f"f{seed}"))
    fields = [TilingFieldOp(name, i64) for name in FIELDS]
    module = ModuleOp([TilingStructOp("Numbers", fields, "numbers.h"), *functions])
    module.verify()
    return module


def formed(module: ModuleOp) -> ModuleOp:
    module = module.clone()
    FormExpressionsPass().apply(Context(), module)
    module.verify()
    return module


def draws() -> list[tuple[dict[str, int], int]]:
    rng = random.Random(1)
    return [
        ({name: rng.randrange(1, 1001) for name in FIELDS}, rng.randrange(1, 25))
        for _ in range(6)
    ]


def answers(folder: Path, count: int, *headers: str) -> list[list[int]]:
    """For each header, what its functions f0, f1, .. give for every draw; nothing where
    the program stops for an overflow or a division by 0."""
    lines = ["#include <cstdint>", "#include <initializer_list>", "#include <cstdio>"]
    for i, header in enumerate(headers):
        body = header.replace("#pragma once", "").replace("#include <cstdint>", "")
        table = ", ".join(f"f{n}" for n in range(count))
        lines.append(f"""namespace n{i} {{ {body}
        void all(int64_t a, int64_t b, int64_t c, int64_t d, int64_t blocks) {{
        for (auto f : {{{table}}}) printf("%ld\\n", long(f({{a, b, c, d}}, blocks)));
        }} }}""")
    calls = [
        f"n{i}::all({', '.join(map(str, numbers.values()))}, {blocks});"
        for i in range(len(headers))
        for numbers, blocks in draws()
    ]
    lines.append("int main() { " + "\n".join(calls) + " }")
    source, program = folder / "all.cpp", folder / "all"
    source.write_text("\n".join(lines), encoding="utf-8")
    command = ["g++", "-std=c++17", "-O0", "-w", "-ftrapv", str(source)]
    subprocess.run([*command, "-o", str(program)], check=True)
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    if done.returncode:
        return [[] for _ in headers]
    found = [int(line) for line in done.stdout.splitlines()]
    each = len(found) // len(headers)
    return [found[i * each : (i + 1) * each] for i in range(len(headers))]


def functions_of(module: ModuleOp) -> list[HostFunctionOp]:
    return [op for op in module.body.block.ops if isinstance(op, HostFunctionOp)]


COUNT = 60


@pytest.mark.parametrize("kinds", [OF_THE_HOST, OF_THE_HOST + OTHERS], ids=len)
def test_expressions_mean_what_their_operations_mean(
    kinds: tuple[str, ...], tmp_path: Path
) -> None:
    plain = written(COUNT, kinds)
    short = formed(plain)
    made = [op for op in short.walk() if isinstance(op, ExpressionOp)]
    assert len(made) > COUNT
    texts = [print_tiling_header(module) for module in (plain, short)]
    assert texts[1].count("\n") < texts[0].count("\n")
    expected = [meaning(f, t, b) for t, b in draws() for f in functions_of(plain)]
    assert len(set(expected)) > COUNT
    assert answers(tmp_path, COUNT, *texts) == [expected, expected]


@pytest.mark.parametrize("is_formed", [False, True])
def test_the_host_computes_what_they_mean(is_formed: bool) -> None:
    plain = written(COUNT, OF_THE_HOST)
    module = formed(plain) if is_formed else plain
    for tiling, blocks in draws():
        for function, other in zip(functions_of(module), functions_of(plain)):
            functions = {"it": function}
            host = Kernel("k", (), "Numbers", "numbers.h", {}, functions, module)
            found = host.evaluate("it", tiling, blocks)
            assert found == meaning(other, tiling, blocks)


@pytest.mark.parametrize("name", ["ADD", "SUB", "MUL", "DIV", "REM", "AND", "SHL"])
def test_every_pair_of_parentheses_is_needed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without those that an operator needs inside another one, results are wrong."""
    plain = written(COUNT, (name, "ADD", "SUB", "MUL", "DIV"))
    looser = {**printer_expressions.BINDINGS, Arithmetic[name]: Binding.NAME}
    monkeypatch.setattr(printer_expressions, "BINDINGS", looser)
    text = print_tiling_header(formed(plain))
    expected = [meaning(f, t, b) for t, b in draws() for f in functions_of(plain)]
    assert answers(tmp_path, COUNT, text) != [expected]
