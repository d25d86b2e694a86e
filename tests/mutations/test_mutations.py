"""The mutation test: its sources, its judge, and a sample of its mutants."""

from __future__ import annotations

import os
import re
import time
from functools import cache

import pytest

import ligrad
from backends.ascendc.printer import print_kernel
from benchmarks.accuracy import FILE
from passes.pipelines import Schedule
from tests.mutations import judge as judging
from tests.mutations.__main__ import outcome, table
from tests.mutations.changes import KINDS
from tests.mutations.equivalents import TABLE, Equivalents
from tests.mutations.inputs import cases, inputs
from tests.mutations.judge import Judge, Verdict, judge_of
from tests.mutations.order import superfluous
from tests.mutations.rules import RULES, rules
from tests.mutations.sample import sample
from tests.mutations.schemata import Mutant, schemata, statements

PART = 60
SCHEDULES = ("baseline", "optimized")
SYNC = re.compile(
    r"^(SetFlag|WaitFlag|PipeBarrier|CrossCoreSetFlag|CrossCoreWaitFlag|SyncAll)\b"
)


@cache
def operator(
    schedule: Schedule = "baseline", *, deterministic: bool = False
) -> ligrad.Operator:
    return ligrad.compile(
        FILE, schedule=schedule, precision="mixed", deterministic=deterministic
    )


@cache
def mutants(schedule: Schedule = "baseline") -> tuple[Mutant, ...]:
    return schemata(operator(schedule).module("ascendc")).mutants


@cache
def judge(schedule: Schedule = "baseline") -> Judge:
    return judge_of(operator(schedule))


@cache
def equivalents(schedule: Schedule = "baseline") -> Equivalents:
    return Equivalents(operator(schedule))


def lines() -> list[str]:
    text = print_kernel(operator().module("ascendc")).replace("AscendC::", "")
    return [line.strip().removesuffix(" {") for line in text.splitlines()]


# ---- the mutants


def test_mutants_name_lines_of_the_kernel() -> None:
    source = lines()
    for mutant in mutants():
        assert source[mutant.line - 1] == mutant.statement
    assert [mutant.number for mutant in mutants()] == [*range(1, len(mutants()) + 1)]
    assert len({str(mutant) for mutant in mutants()}) == len(mutants())


def test_every_synchronising_statement_is_deleted() -> None:
    deleted = [mutant.line for mutant in mutants() if mutant.kind == "sync"]
    assert deleted == [n for n, text in enumerate(lines(), 1) if SYNC.search(text)]
    assert len(deleted) > 100


def test_there_is_something_of_every_kind() -> None:
    assert {mutant.kind for mutant in mutants()} == set(KINDS)


@pytest.mark.parametrize(
    ("kind", "statement", "count"),
    [
        ("size", r"GetWithOffset|InitBuffer|SetGlobalBuffer", 1),
        ("offset", r"GetWithOffset.*, [1-9]\d*u\)", 2),
        ("transpose", r"LoadData2DParams", 1),
        ("atomic", r"^SetAtomic", 1),
        ("pair", r"^SetFlag", 1),
    ],
)
def test_no_statement_is_left_out(kind: str, statement: str, count: int) -> None:
    """So many mutants of a kind for every such line of the source."""
    wanted = [n for n, text in enumerate(lines(), 1) if re.search(statement, text)]
    found = [m.line for m in mutants() if m.kind == kind and m.line in wanted]
    assert wanted
    assert sorted(found) == sorted(wanted * count)


def test_the_module_stays_as_it_is() -> None:
    module = operator().module("ascendc")
    before = str(module)
    schemata(module)
    assert str(module) == before


def test_a_sample_is_the_same_whatever_stands_before() -> None:
    chosen = sample(mutants(), PART)
    assert 0 < len(chosen) < len(mutants()) / PART * 2
    assert sample(mutants()[100:], PART) == [m for m in chosen if m.number > 100]


# ---- the judge


def test_number_0_is_the_kernel_itself() -> None:
    """No report, and the same bits as of the source without mutants."""
    for trial in judge().trials[:3]:
        report, outputs = judge().launch(0, trial)
        assert not report.hazards
        usual = operator().run_source({**trial_inputs(trial.case)}, trial.case.cores)
        assert not usual.report.hazards
        for name, array in outputs.items():
            assert array.tobytes() == usual.outputs[name].tobytes()


def trial_inputs(case: judging.Case) -> dict[str, object]:
    return inputs(operator(), case).meant


def test_a_hang_and_a_crash_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def act(number: int) -> Verdict:
        if number == 2:
            time.sleep(60)
        if number == 3:
            os._exit(1)
        return Verdict("number", 0, "")

    monkeypatch.setattr(judging, "PATIENCE", 0.1)
    monkeypatch.setattr(judge(), "judge", act)
    found = {number: verdict.found for number, verdict in judge().run([1, 2, 3, 4])}
    assert found == {1: "number", 2: "hang", 3: "crash", 4: "number"}


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_sample_of_mutants_is_found(schedule: Schedule) -> None:
    known, chosen = equivalents(schedule), sample(mutants(schedule), PART)
    verdicts = dict(judge(schedule).run([mutant.number for mutant in chosen]))
    for mutant in chosen:
        verdict, name = verdicts[mutant.number], known.name(mutant)
        found = outcome(verdict, name)
        assert found in ("report", "number", "equivalent"), (mutant, verdict)
        assert (name is not None) == (found == "equivalent"), (mutant, name)
    assert "are found" in table(chosen, verdicts, dict.fromkeys(verdicts, None))[-1]


# ---- the table


def test_every_equivalence_is_of_some_mutant() -> None:
    packed = ligrad.compile(FILE, dtype="fp16", layout="TND")
    operators = (
        *map(operator, SCHEDULES),
        operator(deterministic=True),
        operator("optimized", deterministic=True),
        packed,
    )
    idle_entries, idle_rules = set(TABLE), set(RULES)
    for each in operators:
        module = each.module("ascendc")
        at = {line: op for op, (line, _) in statements(module).items()}
        for mutant in schemata(module).mutants:
            idle_entries -= {
                e for e in idle_entries if e.is_of(each) and e.covers(mutant)
            }
            idle_rules -= {*rules(at[mutant.line], mutant.kind, mutant.change)}
    assert not idle_entries
    assert not idle_rules


@pytest.mark.parametrize(
    ("kind", "statement", "change", "schedule"),
    [
        ("pair", r"^SetFlag<HardEvent::MTE2_MTE1>", "", "baseline"),
        ("statement", r"^(Mmad|Fixpipe|DataCopyPad|LoadData)", "deleted", "baseline"),
        ("statement", r"^(Mmad|Fixpipe|Cast)", "deleted", "optimized"),
        ("sync", r"^(SetFlag|WaitFlag|CrossCore|SyncAll)", "deleted", "optimized"),
        ("pipe", r"^CrossCoreSetFlag", "", "optimized"),
        ("id", "", "", "optimized"),
        ("transpose", "", "", "baseline"),
        ("atomic", "", "", "optimized"),
    ],
)
def test_nothing_excuses_them(
    kind: str, statement: str, change: str, schedule: Schedule
) -> None:
    """Mistakes that are none of those that do not matter, in all of a kernel."""
    known = equivalents(schedule)
    chosen = [
        m
        for m in mutants(schedule)
        if m.kind == kind and re.search(statement, m.statement) and change in m.change
    ]
    assert chosen
    assert not [str(m) for m in chosen if known.name(m) is not None]


def test_what_a_loop_without_a_turn_needs_is_not_needed() -> None:
    """A barrier ahead of a fill, between which and the last use there is a loop."""
    text = dict(enumerate(lines(), 1))
    idle = {text[line].split("(")[0] for line in superfluous(operator())}
    assert "PipeBarrier<PIPE_V>" in idle
    assert "SetFlag<HardEvent::MTE1_M>" not in idle
    assert "SetFlag<HardEvent::MTE2_MTE1>" not in idle


def test_an_equivalence_is_no_excuse() -> None:
    """What is found is found, in whatever table it stands."""
    assert outcome(Verdict("report", 0, ""), "one-burst") == "report"
    assert outcome(Verdict("survived", 0, ""), None) == "survived"
    assert outcome(Verdict("hang", 0, ""), "one-burst") == "hang"


def test_what_is_less_accurate_than_usual_is_found() -> None:
    """Without the lower half of an operand, which the oracle's bounds do not miss."""
    name = r"^Mmad\(product, lhs_l0, rhs_l0, product_size_2\)"
    [lost] = [
        m
        for m in mutants("optimized")
        if m.kind == "statement" and re.search(name, m.statement)
    ]
    verdict = judge("optimized").judge(lost.number)
    assert (verdict.found, verdict.detail[:6]) == ("number", "dk: ok")


def test_there_are_inputs_for_every_layout() -> None:
    for layout in ("BSND", "TND"):
        found = ligrad.compile(FILE, layout=layout, schedule="baseline")
        assert {case.mode for case in cases(found)} == {0, 3}
        assert {case.cores for case in cases(found)} == {1, 2, 3}
