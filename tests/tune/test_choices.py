"""The space of choices: its words, its members, and the passes that they mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest
from typer.testing import CliRunner
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

import ligrad
from ligrad.cli.app import app
from ligrad.compiler import Operator
from ligrad_ir.errors import LigradError, NoKernelError
from passes import choices
from passes.choices import DEFAULT_CHOICE, REWRITES, Choice, parse_choice, space
from passes.lower_to_npu import LowerToNpuPass
from passes.pipelines import kernel_pipeline
from passes.stream_to_npu import DEPTH, StreamToNpuPass


def test_every_choice_is_what_its_words_say() -> None:
    found = space()
    assert found[0] == DEFAULT_CHOICE
    assert len(set(map(str, found))) == len(found) > 50
    for choice in found:
        assert parse_choice(str(choice)) == choice


def test_words_name_defaults_too() -> None:
    """So that they mean the same when the defaults have changed."""
    cores = "gather=cube scatter=vector"
    everything = f"stream-to-npu window=0 depth={DEPTH} {cores}"
    assert str(parse_choice("")) == everything
    assert str(parse_choice("depth=3")) == f"stream-to-npu window=0 depth=3 {cores}"
    assert str(parse_choice("lower-to-npu tokens=3")) == (
        "lower-to-npu tokens=3 outer_products=vector"
    )
    assert parse_choice("window=0") == DEFAULT_CHOICE


def test_who_gathers_and_adds_is_searched_and_tokens_at_once() -> None:
    found = set(space())
    for gather in ("cube", "vector", "shared"):
        for scatter in ("vector", "cube"):
            words = f"window=64 depth=3 gather={gather} scatter={scatter}"
            assert parse_choice(words) in found
    for tokens in (1, 2, 3):
        for unit in ("vector", "cube"):
            words = f"lower-to-npu tokens={tokens} outer_products={unit}"
            assert parse_choice(words) in found


def test_the_order_of_words_does_not_matter() -> None:
    words = "without=narrow-signs depth=1 without=fold-reduction window=64"
    assert parse_choice(words) == parse_choice(" ".join(reversed(words.split())))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("window", "a lowering is one of: stream-to-npu, lower-to-npu"),
        ("stream-to-npu lower-to-npu", "names stream-to-npu and lower-to-npu"),
        ("width=64", "must be one of: window, depth"),
        ("lower-to-npu window=64", "must be one of: tokens, outer_products"),
        ("gather=nobody", "gather is 'nobody', must be one of: cube, vector, shared"),
        ("scatter=shared", "must be one of: vector, cube"),
        ("window=wide", "window is 'wide', must be a number"),
        ("window=-64", "must be a number"),
        ("soc=ascend910b4", "an option of stream-to-npu is 'soc'"),
        ("without=split-operands", "must be one of: fold-reduction, narrow-signs"),
        ("window=100", "stream-to-npu: window is 100, must be a multiple of 64"),
        ("depth=0", "stream-to-npu: depth is 0, must be 1 to 8"),
        ("depth=99", "stream-to-npu: depth is 99, must be 1 to 8"),
        (f"depth={'9' * 5000}", "depth is 10000000000000000000, must be 1 to 8"),
        ("lower-to-npu tokens=9", "lower-to-npu: tokens is 9, must be 1 to 8"),
        ("window=64 window=128", "sets window twice"),
    ],
)
def test_other_words_are_refused(words: str, message: str) -> None:
    with pytest.raises(LigradError, match=message):
        parse_choice(words)


def test_the_pipeline_does_what_is_chosen() -> None:
    words = "window=192 depth=3 without=narrow-signs"
    passes = kernel_pipeline(
        "ascend910b4",
        deterministic=True,
        schedule="optimized",
        choice=parse_choice(words),
    )
    assert StreamToNpuPass("ascend910b4", True, 192, 3) in passes
    names = [each.name for each in passes]
    assert "narrow-signs" not in names
    assert "fold-reduction" in names
    assert "split-operands" in names


def test_nothing_chosen_is_the_default() -> None:
    chosen = kernel_pipeline("ascend910b1", schedule="optimized", choice=DEFAULT_CHOICE)
    assert chosen == kernel_pipeline("ascend910b1", schedule="optimized")
    assert StreamToNpuPass() in chosen
    assert set(REWRITES) <= {each.name for each in chosen}


def test_token_by_token_can_be_chosen() -> None:
    chosen = parse_choice("lower-to-npu")
    passes = kernel_pipeline("ascend910b1", schedule="optimized", choice=chosen)
    assert LowerToNpuPass() in passes
    assert not any(isinstance(each, StreamToNpuPass) for each in passes)


@pytest.mark.parametrize("words", ["window=1024", "window=4096", "window=6400000"])
def test_a_window_that_is_too_long_is_refused_at_its_formula(words: str) -> None:
    """Whether one buffer is larger than the memory or all of them together are."""
    operator = ligrad.compile(PROGRAM, choice=f"depth=3 {words}")
    with pytest.raises(NoKernelError) as caught:
        operator.module("npu")
    place, _, rest = str(caught.value).partition(": error: no kernel for this: ")
    line = rest.partition("\n")[0]
    assert place.startswith(PROGRAM)
    assert "bytes of L1 are in use together" in line
    assert " more than the 524032 of a core: gathered_rows (" in line
    assert line.endswith(f"; choose less than {words} depth=3")


def test_baseline_has_nothing_to_choose() -> None:
    formulas = "examples/forward_scores.lig"
    with pytest.raises(LigradError, match="baseline has nothing to choose"):
        ligrad.compile(formulas, schedule="baseline", choice="window=64")


PROGRAM = "examples/lightning_indexer_grad.lig"
CHOSEN = StreamToNpuPass(window=64, depth=3)


def test_the_api_takes_a_choice() -> None:
    assert CHOSEN in ligrad.compile(PROGRAM, choice="window=64 depth=3").pipeline()
    with pytest.raises(LigradError, match="must be one of: window, depth"):
        ligrad.compile_family(PROGRAM, choice="width=3")


@pytest.mark.parametrize("level", ["graph", "tiled", "source"])
def test_a_choice_is_checked_at_every_level(
    level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lowered(operator: Operator, level: str = "lig") -> ModuleOp:
        raise AssertionError("the choice is refused before any work")

    monkeypatch.setattr(Operator, "module", lowered)
    for words in ("window=100", "depth=99"):
        result = CliRunner().invoke(
            app, ["run", PROGRAM, "--level", level, "--choice", words]
        )
        assert isinstance(result.exception, LigradError)
        assert "must be" in str(result.exception)


@pytest.mark.parametrize(
    "arguments",
    [
        ["compile", PROGRAM, "--dtype", "bf16", "--layout", "BSND", "-o", "out"],
        ["run", PROGRAM, "--level", "tiled", "--shape", "N1=2,K=8"],
    ],
)
def test_the_commands_take_a_choice(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Operator] = []

    def lowered(operator: Operator, level: str = "lig") -> ModuleOp:
        seen.append(operator)
        raise LigradError("seen")

    monkeypatch.setattr(Operator, "module", lowered)
    CliRunner().invoke(app, [*arguments, "--choice", "window=64 depth=3"])
    assert CHOSEN in seen[0].pipeline()


@dataclass(frozen=True)
class _Other(ModulePass):
    name = "other"

    soc: str = "ascend910b1"
    deterministic: bool = False
    window: int = 128
    rows: int = 7
    gather: Literal["cube", "vector"] = "cube"
    twice: bool = False

    def check_options(self) -> None:
        pass

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        raise NotImplementedError


def test_an_option_that_a_pass_gains_is_searched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choices, "LOWERINGS", {"other": _Other})
    words = {
        str(each)
        for each in (
            parse_choice(f"other window={window} gather={gather} twice={twice}")
            for window in choices.GRID["window"]
            for gather in ("cube", "vector")
            for twice in ("false", "true")
        )
    }
    monkeypatch.setattr(choices, "DEFAULT_CHOICE", Choice("other"))
    found = {str(each) for each in space() if not each.without}
    assert found == words
    assert all("rows=7" in each for each in found)
    chosen = parse_choice("other gather=vector twice=true")
    assert chosen.lower("ascend910b4", True) == _Other(
        "ascend910b4", True, gather="vector", twice=True
    )
    with pytest.raises(LigradError, match="gather is 'none'"):
        parse_choice("other gather=none")
