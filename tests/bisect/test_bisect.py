"""A pass that goes wrong is named, with an element of an output and the operation; a
pipeline that does not is left in peace. Each bug is planted in one pass."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.transforms import common_subexpression_elimination as cse_module
from xdsl.transforms.dead_code_elimination import DeadCodeElimination

import ligrad
from ligrad.bisect.bisection import EXACT, RUNNERS, dialect_of
from ligrad.bisect.compare import atomic_outputs
from ligrad.bisect.report import Element, Report
from ligrad.bisect.run import bisect, pipeline_of
from ligrad.bisect.tiled import first_wrong_landing, first_wrong_write
from ligrad.workload import generate
from ligrad_ir.dialects.lig import canonicalize as lig_canonicalize
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.types import RealType
from ligrad_ir.dialects.npu.launch import SetFlagOp
from ligrad_ir.dialects.npu.move import LoadL0Op
from ligrad_ir.dialects.npu.vector import BinaryKind
from ligrad_ir.errors import ArgumentError, LigradError
from passes import assign_precision, insert_cross_sync, insert_sync, place_buffers
from passes.pipelines import (
    PIPELINES,
    lowering,
    npu_pipeline,
    run_passes,
    run_pipeline,
)
from passes.to_npu import cube, elementwise, values
from passes.to_npu.builder import BodyBuilder

Monkeypatch = pytest.MonkeyPatch
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.lig"))
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in EXAMPLES}
LIGHTNING = TEXTS["lightning_indexer_grad"]
DIFFERENCE = LIGHTNING.replace("Dy * Weights", "Dy - Weights")
assert DIFFERENCE != LIGHTNING
SHAPE = {"B": 1, "S1": 3, "S2": 90, "N1": 18, "K": 70}
"""Heads for both vector cores, entries that are no whole unit."""
RAGGED = {"S1": (2, 0, 1), "S2": (70, 3, 35), "N1": 17, "K": 70}


@cache
def operator(text: str = LIGHTNING, layout: str = "BSND") -> ligrad.Operator:
    return ligrad.compile(text, dtype="fp16", layout=layout, schedule="baseline")


def found(text: str = LIGHTNING, cores: int = 1, mode: int = 0) -> Report:
    program = operator(text)
    inputs = generate(
        program.signature, SHAPE, seed=1, attributes={"sparse_mode": mode}
    )
    return bisect(program, inputs, cores)


def line_of(formula: str, text: str = LIGHTNING) -> int:
    [row] = [i for i, line in enumerate(text.splitlines(), 1) if formula in line]
    return row


def check(
    report: Report, name: str, op: str, formulas: set[str], text: str = LIGHTNING
) -> None:
    """The pass, an operation of that kind and of the line of one of the formulas, and
    an element that is not what it should be."""
    finding = report.finding
    assert finding is not None
    assert finding.name == name == report.steps[-1].name
    assert not report.ok
    element = finding.element
    assert element is not None, finding.problem
    assert finding.op is not None
    assert finding.op.name == op
    location = finding.op.location
    assert isinstance(location, FileLineColLoc)
    assert location.line.data in {line_of(formula, text) for formula in formulas}
    assert not abs(element.value - element.expected) <= 0
    if name not in EXACT:
        assert element.bound is not None
        assert not abs(element.value - element.expected) <= element.bound
    for part in (
        f"BAD  {name}",
        f"{element.output}[",
        f"first wrong: {op} at <string>:",
    ):
        assert part in str(report)


@pytest.fixture(autouse=True)
def down_to_the_tiled_program(monkeypatch: Monkeypatch) -> None:
    """What follows is compiled by g++; the command line's tests go all the way."""
    monkeypatch.setattr("ligrad.bisect.run.ASCENDC_PIPELINE", ())


# ---- nothing is wrong


@pytest.mark.parametrize("cores", [1, 3])
@pytest.mark.parametrize("layout", ["BSND", "TND"])
@pytest.mark.parametrize("name", TEXTS)
def test_an_unbroken_pipeline_is_clean(name: str, layout: str, cores: int) -> None:
    program = operator(TEXTS[name], layout)
    shape: Any = SHAPE if layout == "BSND" else RAGGED
    report = bisect(program, generate(program.signature, shape, seed=2), cores)
    assert report.ok, report
    assert report.total == len(report.steps) == 1 + len(pipeline_of(program))
    assert str(report).startswith(f"bisect: {report.total} steps, inputs ")
    assert "BAD" not in str(report)


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("lightning_indexer_grad", "TND"),
        ("linear_indexer_grad", "TND"),
        ("forward_scores", "BSND"),
        ("difference", "BSND"),
    ],
)
def test_no_operation_is_named_where_nothing_is_wrong(name: str, layout: str) -> None:
    """What only the element says is named then: what wrote it last."""
    program = operator(TEXTS.get(name, DIFFERENCE), layout)
    shape: Any = SHAPE if layout == "BSND" else RAGGED
    bound = program.bind(generate(program.signature, shape, seed=2))
    graph = program.source.clone()
    run_pipeline(graph, "graph-mixed")
    *rewrites, lower = lowering("ascend910b1")
    others = npu_pipeline("ascend910b1")[len(rewrites) + 1 :]
    run_passes(graph, (*rewrites,))
    module = graph.clone()
    run_passes(module, (lower,))
    output = program.signature.outputs[0]
    results = bound.results(RUNNERS["npu"](module, bound, 2, ()))
    shape_of = results[output.name].shape
    element = Element(output.name, shape_of, (0,) * len(shape_of), 0.0, 1.0)
    last = first_wrong_landing(graph, module, bound, 2, element)
    assert last is not None
    assert any(v.name_hint == output.name for v in last.operands)
    for change in others:
        before = module.clone()
        run_passes(module, (change,))
        op = first_wrong_write(before, module, bound, 2, element)
        assert op is not None
        assert op.name == last.name
        assert op.location == last.location


def test_the_runner_is_that_of_the_lowest_dialect() -> None:
    assert dialect_of(operator().source) == "lig"
    assert dialect_of(operator().module("npu")) == "npu"


# ---- bugs between graphs


def test_canonicalize(monkeypatch: Monkeypatch) -> None:
    """Every relu is dropped: what S was used for is wrong."""

    @op_type_rewrite_pattern
    def drop(self: object, op: lig.ReluOp, rewriter: PatternRewriter) -> None:
        rewriter.replace(op, (), (op.input,))

    monkeypatch.setattr(lig_canonicalize.DropRelu, "match_and_rewrite", drop)
    report = found()
    assert [step.name for step in report.steps] == ["parse", "canonicalize"]
    check(report, "canonicalize", "lig.mul", {"dW = "})


def test_cse(monkeypatch: Monkeypatch) -> None:
    """Products of the same axes are taken to be one."""
    info, same = cse_module.OperationInfo, cse_module.OperationInfo.__eq__
    number = info.__hash__

    def is_product(found: Any) -> bool:
        return found.name == "lig.mul"

    def equal(self: Any, other: Any) -> bool:
        if is_product(self) and is_product(other):
            return self.op.result_types == other.op.result_types
        return same(self, other)

    monkeypatch.setattr(info, "__eq__", equal)
    monkeypatch.setattr(info, "__hash__", lambda s: 7 if is_product(s) else number(s))
    report = found()
    check(report, "cse", "lig.mask", {"dW = "})
    assert len(report.steps) == 3


def test_dce(monkeypatch: Monkeypatch) -> None:
    """A mask is taken to be dead."""
    apply = DeadCodeElimination.apply

    def apply_and_more(self: Any, ctx: Context, op: ModuleOp) -> None:
        for mask in [o for o in op.walk() if isinstance(o, lig.MaskOp)]:
            mask.result.replace_all_uses_with(mask.input)
            Rewriter.erase_op(mask)
        apply(self, ctx, op)

    monkeypatch.setattr(DeadCodeElimination, "apply", apply_and_more)
    program = operator()
    inputs = generate(program.signature, SHAPE, seed=1)
    inputs["dy"][...] = np.nan
    inputs["sparse_indices"][...] = -1
    finding = bisect(program, inputs, 1).finding
    assert finding is not None
    assert finding.name == "dce"
    assert finding.element is not None
    assert np.isnan(finding.element.value)
    assert finding.element.expected == 0
    assert finding.op is not None
    assert finding.op.name in ("lig.matmul", "lig.reduce_sum")


def test_a_bit_is_a_change_where_none_may_be(monkeypatch: Monkeypatch) -> None:
    """A factor of 1 + 2^-22, which the oracle's bound allows."""
    apply = DeadCodeElimination.apply

    def apply_and_scale(self: Any, ctx: Context, op: ModuleOp) -> None:
        apply(self, ctx, op)
        for cast in [o for o in op.walk() if isinstance(o, lig.CastOp)]:
            if cast.result.name_hint == "dw":
                factor = lig.ConstantOp(1 + 2.0**-22, RealType())
                scaled = lig.MulOp(cast.input, factor.result, cast.result.type.axes)
                scaled.location = cast.location
                Rewriter.insert_op([factor, scaled], InsertPoint.before(cast))
                cast.operands[0] = scaled.result

    monkeypatch.setattr(DeadCodeElimination, "apply", apply_and_scale)
    finding = found(LIGHTNING.replace("dw : half", "dw : float32")).finding
    assert finding is not None
    assert finding.name == "dce"
    assert (element := finding.element) is not None
    assert element.output == "dw"
    assert element.bound is not None
    assert 0 < abs(element.value - element.expected) < element.bound
    assert finding.op is not None
    assert finding.op.name == "lig.mul"


def test_assign_precision_with_swapped_operands(monkeypatch: Monkeypatch) -> None:
    def swapped(self: Any, op: Operation) -> SSAValue:
        operands = [
            self._as(self._operand(v), assign_precision.F32) for v in op.operands
        ]
        return self._rebuild(op, operands[::-1], assign_precision.F32)

    monkeypatch.setattr(assign_precision._Assigner, "_arithmetic", swapped)
    report = found(DIFFERENCE)
    check(report, "assign-precision", "lig.sub", {"Y = Dy"}, DIFFERENCE)
    assert len(report.steps) == 5


def test_assign_precision_with_a_lost_cast(monkeypatch: Monkeypatch) -> None:
    """It leaves what breaks a rule."""
    monkeypatch.setattr(assign_precision._Assigner, "_as", lambda self, value, _: value)
    finding = found().finding
    assert finding is not None
    assert finding.name == "assign-precision"
    assert finding.element is None
    assert finding.op is not None
    assert isinstance(finding.op.location, FileLineColLoc)
    assert finding.op.location.line.data == line_of("Y = Dy")
    assert finding.problem


# ---- bugs on the way to the cores


def test_lower_to_npu_with_another_operation(monkeypatch: Monkeypatch) -> None:
    monkeypatch.setitem(elementwise.KINDS, lig.MulOp, BinaryKind.MAX)
    check(found(), "lower-to-npu", "npu.binary", {"dW = "})


def test_lower_to_npu_with_swapped_operands(monkeypatch: Monkeypatch) -> None:
    """dy - w becomes w - dy."""
    arithmetic = elementwise.ElementwiseEmitter._arithmetic

    def swapped(self: Any, op: Any, n: SSAValue) -> None:
        if isinstance(op, lig.SubOp):
            other = lig.SubOp(op.rhs, op.lhs, op.result.type.axes)
            self._group.ops.append(other)
            self._buffers[other.result] = self._buffer(op.result)
            arithmetic(self, other, n)
            self._group.ops.remove(other)
        else:
            arithmetic(self, op, n)

    monkeypatch.setattr(elementwise.ElementwiseEmitter, "_arithmetic", swapped)
    report = found(DIFFERENCE)
    check(report, "lower-to-npu", "npu.binary_scalar", {"Y = Dy"}, DIFFERENCE)


def test_lower_to_npu_with_a_lost_cast(monkeypatch: Monkeypatch) -> None:
    """What nobody has written is NaN."""
    emit = elementwise.ElementwiseEmitter._emit

    def lossy(self: Any, op: Operation, n: SSAValue) -> None:
        if not (isinstance(op, lig.CastOp) and op.input.name_hint == "dy"):
            emit(self, op, n)

    monkeypatch.setattr(elementwise.ElementwiseEmitter, "_emit", lossy)
    report = found()
    assert report.finding is not None
    check(report, "lower-to-npu", report.finding.op.name, {"Y = Dy", "dW = "})
    assert report.finding.element is not None
    assert np.isnan(report.finding.element.value)


def test_lower_to_npu_with_a_tile_that_is_transposed(monkeypatch: Monkeypatch) -> None:
    def other(*args: Any, transpose: bool) -> LoadL0Op:
        return LoadL0Op(*args, transpose=not transpose)

    monkeypatch.setattr(cube, "LoadL0Op", other)
    check(found(), "lower-to-npu", "npu.fixpipe", {"S = ", "Y = Dy"})


def test_lower_to_npu_with_a_tile_that_is_too_small(monkeypatch: Monkeypatch) -> None:
    monkeypatch.setattr(cube, "TILE", 127)
    finding = found().finding
    assert finding is not None
    assert finding.name == "lower-to-npu"
    assert "out of bounds" in finding.problem
    assert finding.op is not None
    assert finding.op.name == "npu.nd2nz"
    assert isinstance(finding.op.location, FileLineColLoc)
    assert finding.op.location.line.data == line_of("S = ")


def test_lower_to_npu_with_a_loop_off_by_one(monkeypatch: Monkeypatch) -> None:
    """Nobody writes the first row; who reads it is named."""
    loop = BodyBuilder.loop

    def late(self: Any, start: Any, stop: Any, step: Any, body: Any, name: str) -> None:
        first = self.add(start, 1) if name == "row" else start
        loop(self, first, stop, step, body, name)

    monkeypatch.setattr(BodyBuilder, "loop", late)
    report = found()
    check(report, "lower-to-npu", "npu.convert", {"dW = "})
    assert report.finding is not None
    assert report.finding.element is not None
    assert report.finding.element.index[2] == 0


def test_lower_to_npu_with_the_row_ahead(monkeypatch: Monkeypatch) -> None:
    """A row of a matrix is stored where the one before belongs."""
    store = values.GroupValues._store

    def ahead(self: Any, value: SSAValue, to: Any, at: Any, count: Any) -> None:
        if to != 0 and value.name_hint is None:
            to = self._b.max(self._b.sub(to, self._pitch(value)), 0)
        store(self, value, to, at, count)

    monkeypatch.setattr(values.GroupValues, "_store", ahead)
    check(found(), "lower-to-npu", "npu.store", {"dQ = ", "dK = "})


# ---- bugs between programs of the cores


def skipping(monkeypatch: Monkeypatch, number: int, half: bool = False) -> None:
    """Leave one flag out, or its waits alone."""
    insert = insert_cross_sync._insert

    def partly(edge: Any, flag: int) -> None:
        if flag != number:
            insert(edge, flag)
        elif half:
            at = insert_cross_sync.InsertPoint.after(edge.after)
            op = insert_cross_sync.CrossSetOp(flag, edge.pipe)
            op.location = edge.after.location
            Rewriter.insert_op(op, at)

    monkeypatch.setattr(insert_cross_sync, "_insert", partly)


def test_insert_cross_sync_without_a_flag(monkeypatch: Monkeypatch) -> None:
    """Of those whose loss changes something on this schedule, one reads too early."""
    named: list[str] = []
    for flag in range(6):
        with monkeypatch.context() as patch:
            skipping(patch, flag)
            report = found()
        if (finding := report.finding) is not None:
            assert finding.name == "insert-cross-sync"
            assert finding.element is not None
            assert finding.op is not None
            assert isinstance(finding.op.location, FileLineColLoc)
            named.append(finding.op.name)
    assert named
    assert set(named) <= {"npu.load", "npu.nd2nz"}


def test_insert_cross_sync_without_a_wait(monkeypatch: Monkeypatch) -> None:
    skipping(monkeypatch, 0, half=True)
    finding = found().finding
    assert finding is not None
    assert finding.name == "insert-cross-sync"
    assert finding.element is None
    assert "cross-core flag 0 still counts" in finding.problem
    assert finding.op is not None
    assert finding.op.name == "npu.cross_set"


def test_insert_cross_sync_without_a_set(monkeypatch: Monkeypatch) -> None:
    """The deadlock names the first core that waits, with what it waits for."""
    insert = insert_cross_sync._insert

    def partly(edge: Any, flag: int) -> None:
        insert(edge, flag)
        if flag == 0:
            sets = [edge.after.next_op, edge.after.parent_op().prev_op]
            for op in sets[: 1 + edge.carried]:
                Rewriter.erase_op(op)

    monkeypatch.setattr(insert_cross_sync, "_insert", partly)
    finding = found().finding
    assert finding is not None
    assert finding.name == "insert-cross-sync"
    assert finding.problem.startswith("deadlock: no core can go on")
    assert finding.op is not None
    assert finding.op.name == "npu.cross_wait"


def test_what_atomic_additions_may_reach() -> None:
    module = operator().module("npu")
    outputs = {port.name for port in operator().signature.outputs}
    assert atomic_outputs(module) & outputs == {"dk"}


def test_place_buffers_with_an_overlap(monkeypatch: Monkeypatch) -> None:
    """The rounded Y lies where S does: the first that reads what is not its own is
    wrong."""
    place = place_buffers.place

    def overlapping(requests: Any, memory: str, *rest: Any) -> list[int]:
        offsets = place(requests, memory, *rest)
        names = [request.name for request in requests]
        if "Y.f16" in names:
            offsets[names.index("Y.f16")] = offsets[names.index("S")]
        return offsets

    monkeypatch.setattr(place_buffers, "place", overlapping)
    report = found()
    check(report, "place-buffers", "npu.select", {"dQ = "})
    assert report.steps[-1].name == "place-buffers"


def test_insert_sync_that_loses_an_operation(monkeypatch: Monkeypatch) -> None:
    """Of the module ahead of the pass, since it is not in the one behind."""
    insert = insert_sync._insert

    def losing(op: Operation, source: Any, target: Any) -> None:
        insert(op, source, target)
        if op.name == "npu.sum":
            op.detach()

    monkeypatch.setattr(insert_sync, "_insert", losing)
    finding = found().finding
    assert finding is not None
    assert finding.name == "insert-sync"
    assert finding.element is not None
    assert finding.element.output == "dw"
    assert finding.op is not None
    assert finding.op.name == "npu.sum"
    assert isinstance(finding.op.location, FileLineColLoc)
    assert finding.op.location.line.data == line_of("dW = ")


def test_insert_sync_without_a_wait(monkeypatch: Monkeypatch) -> None:
    """The flag is set again before anybody has waited for it."""

    def setting(op: Operation, source: Any, target: Any) -> None:
        if source is not target:
            new = SetFlagOp(source, target, 0)
            new.location = op.location
            Rewriter.insert_op(new, insert_sync.InsertPoint.before(op))

    monkeypatch.setattr(insert_sync, "_insert", setting)
    finding = found().finding
    assert finding is not None
    assert finding.name == "insert-sync"
    assert "is set twice" in finding.problem
    assert finding.op is not None
    assert finding.op.name == "npu.set_flag"


# ---- passes that fail, and programs that cannot be checked


@pytest.mark.parametrize("index", range(11))
def test_a_pass_that_raises(index: int, monkeypatch: Monkeypatch) -> None:
    passes = [*PIPELINES["graph-mixed"], *npu_pipeline("ascend910b1")]

    class Broken(type(passes[index])):
        def apply(self, ctx: Context, op: ModuleOp) -> None:
            raise IndexError("tuple index out of range")

    passes[index] = Broken()
    monkeypatch.setattr(ligrad.Operator, "pipeline", lambda self: tuple(passes))
    report = found()
    assert report.finding is not None
    assert report.finding.name == passes[index].name
    assert report.finding.problem == "tuple index out of range"
    assert len(report.steps) == index + 2


def test_a_graph_that_cannot_be_lowered_names_its_operation() -> None:
    text = LIGHTNING.replace("output dw : half[T, N1]", "output dw : half[N1, K]")
    text = text.replace("Reduce(S * dy)", "Matmul(S, dy over T)")
    finding = found(text).finding
    assert finding is not None
    assert finding.name == "lower-to-npu"
    assert "Matmul sums over T" in finding.problem
    assert finding.op is not None
    assert finding.op.name == "lig.matmul"


def test_formulas_lowered_wrongly(monkeypatch: Monkeypatch) -> None:
    """The parse is the first step: the oracle knows what the formulas mean."""
    program = ligrad.compile(DIFFERENCE, dtype="fp16", schedule="baseline")
    program.program = operator(LIGHTNING).program
    inputs = generate(program.signature, SHAPE, seed=1)
    finding = bisect(program, inputs, 1).finding
    assert finding is not None
    assert finding.name == "parse"
    assert finding.element is not None
    assert finding.element.output == "dq"
    assert finding.op is not None
    assert finding.op.name == "lig.cast"


def test_ir_is_compared_with_itself(monkeypatch: Monkeypatch) -> None:
    program = ligrad.compile(operator(DIFFERENCE).source, schedule="baseline")
    assert program.program is None
    inputs = generate(program.signature, SHAPE, seed=1)
    assert bisect(program, inputs, 1).ok
    monkeypatch.setitem(elementwise.KINDS, lig.SubOp, BinaryKind.ADD)
    finding = bisect(program, inputs, 1).finding
    assert finding is not None
    assert finding.name == "lower-to-npu"
    assert finding.element is not None
    element = finding.element
    assert element.bound is not None
    assert abs(element.value - element.expected) > element.bound > 0
    assert finding.op is not None
    assert finding.op.name == "npu.binary_scalar"


@pytest.mark.parametrize("value", [90, -2])
def test_a_wrong_index_is_the_callers(value: int) -> None:
    program = operator()
    inputs = generate(program.signature, SHAPE, attributes={"sparse_mode": 0})
    inputs["sparse_indices"].reshape(3, 70)[1, 7] = value
    with pytest.raises(ArgumentError, match=f"{value}"):
        bisect(program, inputs, 1)


def test_there_are_no_more_cores_than_the_chip_has() -> None:
    with pytest.raises(LigradError, match="1 to 24 cores, not 25"):
        found(cores=25)
