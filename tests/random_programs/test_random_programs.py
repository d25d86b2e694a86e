"""Random programs of a fixed seed: every one is right, or refused where it may be."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

import ligrad
from ligrad_ir.errors import DslError
from tests.random_programs.case import Case, Settings
from tests.random_programs.judge import Verdict, judge
from tests.random_programs.modes import case_of
from tests.random_programs.program import (
    Array,
    Axis,
    InvalidError,
    Node,
    Program,
    named,
)
from tests.random_programs.shrink import candidates, is_valid, shrink

SEED = 1
KERNELS = 3
"""How many emitted kernels are run."""


@pytest.mark.parametrize(("mode", "first"), [("any", 0), ("any", 30), ("in-class", 0)])
def test_graphs_are_right(mode: str, first: int) -> None:
    for number in range(first, first + 35):
        case = case_of(mode, "graph", SEED, number)
        verdict = judge(case, "graph")
        assert verdict.kind == "right", explained(case, verdict)


@pytest.mark.parametrize(
    ("mode", "first"), [("in-class", 0), ("in-class", 10), ("loops", 0)]
)
def test_tiled_programs_are_right_or_refused(mode: str, first: int) -> None:
    found = Counter[str]()
    for number in range(first, first + 10):
        case = case_of(mode, "tiled", SEED, number)
        verdict = judge(case, "tiled")
        assert verdict.kind in ("right", "refused"), explained(case, verdict)
        found[verdict.kind] += 1
    assert found["right"]


def test_kernels_are_right() -> None:
    """The first programs that lower."""
    right = 0
    for number in range(30):
        case = case_of("in-class", "source", SEED, number)
        verdict = judge(case, "source")
        assert verdict.kind in ("right", "refused"), explained(case, verdict)
        right += verdict.kind == "right"
        if right == KERNELS:
            break
    assert right == KERNELS


def explained(case: Case, verdict: Verdict) -> str:
    """A case that fails, in full."""
    what = f"{case.settings}\n{case.extents} {case.runs} {case.padding}"
    return f"{what}\n{case.program.text()}\n{verdict.detail}"


# ---- the generator


@pytest.mark.parametrize("mode", ["any", "in-class", "loops"])
def test_a_number_means_the_same_case(mode: str) -> None:
    case = case_of(mode, "graph", 3, 7)
    assert case == case_of(mode, "graph", 3, 7)
    assert case != case_of(mode, "graph", 3, 8)


@pytest.mark.parametrize("mode", ["any", "in-class"])
def test_types_are_those_of_the_language(mode: str) -> None:
    """With a wrong axis in an output, generator and compiler both refuse."""
    for number in range(10):
        program = case_of(mode, "graph", 5, number).program
        first = program.outputs[0]
        wrong = replace(first, dims=(*first.dims, "More"))
        changed = replace(
            program,
            axes=(*program.axes, Axis("More", 5, 5)),
            outputs=(wrong, *program.outputs[1:]),
        )
        with pytest.raises(InvalidError):
            changed.values()
        text = program.text().replace(first.text("output"), wrong.text("output"))
        text += "axis More = 5\n"
        with pytest.raises(DslError, match="is declared with the axes"):
            ligrad.compile(text)


def test_all_operations_and_kinds_are_drawn() -> None:
    cases = [case_of("any", "graph", 0, number) for number in range(60)]
    ops = {n.op for c in cases for _, f in c.program.formulas for n in f.walk()}
    assert ops >= {
        *("add", "sub", "mul", "neg", "relu", "relu_grad", "matmul", "reduce"),
        *("gather", "scatter_add", "number"),
    }
    programs = [case.program for case in cases]
    values = [axes for program in programs for axes in program.values().values()]
    assert frozenset() in values
    assert any(sum(bool(a.selects) for a in p.inputs) > 1 for p in programs)
    assert any(case.padding.get("T") for case in cases)
    assert any(0 in runs for case in cases for runs in case.runs.values())
    assert {case.settings.dtype for case in cases} == {"bf16", "fp16"}


# ---- the shrinker


def example() -> Case:
    return case_of("in-class", "graph", 2, 1)


def test_shrinking_keeps_what_fails() -> None:
    """Here: a program that scatters."""

    def scatters(case: Case) -> bool:
        nodes = [n for _, node in case.program.formulas for n in node.walk()]
        return any(node.op == "scatter_add" for node in nodes)

    start = next(
        case
        for case in (case_of("in-class", "graph", 2, i) for i in range(20))
        if scatters(case) and len(case.program.formulas) > 5
    )
    smallest = shrink(start, scatters, 60)
    assert scatters(smallest)
    assert len(smallest.program.formulas) <= 2  # a gather may tell the rows
    assert len(smallest.program.outputs) == 1
    assert smallest.settings == Settings(seed=start.settings.seed)
    assert max(smallest.extents.values()) <= 2
    assert judge(smallest, "graph").kind == "right"


def test_shrinking_ends_when_the_time_is_up() -> None:
    assert shrink(example(), lambda case: True, 0) == example()


def test_what_is_smaller_is_still_a_case() -> None:
    kinds = Counter(
        judge(candidate, "graph").kind
        for candidate in candidates(example())
        if is_valid(candidate)
    )
    assert set(kinds) == {"right"}
    assert kinds.total() > 10


# ---- the judge


def small(formula: Node, **settings: object) -> Case:
    program = Program(
        (Axis("M", 1, 64),),
        (Array("x", "half", ("M",)),),
        (Array("y", "half", ("M",)),),
        (("y", formula),),
    )
    return Case(program, {"M": 3}, replace(Settings(), **settings))


def test_a_wrong_result_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    case = small(Node("add", (named("x"), named("x"))))
    assert judge(case, "graph").kind == "right"
    run = ligrad.Operator.run

    def off(*args: object, **more: object) -> object:
        return {name: array * 2 for name, array in run(*args, **more).items()}

    monkeypatch.setattr(ligrad.Operator, "run", off)
    assert judge(case, "graph").kind == "wrong"


def test_what_is_refused_and_what_breaks_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = small(named("x"))
    wrong = replace(wrong, settings=replace(wrong.settings, schedule="none"))
    verdict = judge(wrong, "graph")
    assert verdict.kind == "refused"
    assert "schedule" in verdict.detail
    monkeypatch.setattr(ligrad.Operator, "run", lambda *_, **__: 1 / 0)
    verdict = judge(small(named("x")), "graph")
    assert verdict.kind == "traceback"
    assert verdict.sort.startswith("ZeroDivisionError in tests/random_programs")
