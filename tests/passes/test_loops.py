"""How many loops over tokens a graph takes, and what each does."""

from __future__ import annotations

from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import ReturnOp

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.npu.launch import CrossSetOp, LaunchOp
from ligrad_ir.dsl.lower import module_from_text
from ligrad_ir.signature import entry_function, signature_of
from passes.facts.extents import upper_bounds
from passes.lower_to_npu import LowerToNpuPass
from passes.pipelines import npu_pipeline, run_passes, run_pipeline
from passes.to_npu.loops import homes, loops
from passes.to_npu.parts import split
from passes.to_npu.reach import token_axis

EXAMPLES = Path(__file__).parents[2] / "examples"
HEADER = """operator Small
axis M in 1..99
axis N in 1..99
axis C = 128
axis One = 1
input x   : float32[M, C]
input z   : float32[M]
input key : float32[N, C]
input u   : float32[C]
input a   : float32[One]
"""


def graph(*lines: str) -> ModuleOp:
    text = HEADER + "\n".join(lines) + "\n"
    module = module_from_text(text, "small.lig", dtype="bf16", layout="BSND")
    run_pipeline(module, "graph-mixed")
    return module


def spelled(*lines: str) -> list[str]:
    """The token axis and the operations of each loop; sums with their axis."""
    found: list[str] = []
    for part in split(graph(*lines)):
        function = entry_function(part.module)
        names: list[str] = []
        for op in function.body.block.ops:
            if isinstance(op, lig.ReduceSumOp):
                names.append(f"reduce_sum({op.over.string_value()})")
            elif not isinstance(op, lig.ConstantOp | ReturnOp):
                names.append(op.name.removeprefix("lig."))
        found.append(f"{token_axis(function)}: {' '.join(names)}")
    return found


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.lig")), ids=lambda f: f.stem)
def test_an_example_is_one_loop(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    module = module_from_text(text, "example.lig", dtype="bf16", layout="BSND")
    run_pipeline(module, "graph-mixed")
    [loop] = loops(entry_function(module), upper_bounds(module))
    assert [*loop.ops, entry_function(module).body.block.last_op] == [
        *entry_function(module).body.block.ops
    ]


def test_what_is_made_of_a_sum_belongs_to_its_loop() -> None:
    assert spelled(
        "output y : float32[M, C]",
        "output loss : float32[One]",
        "y = x * 2 + u * a",
        "loss = 1 - a * Reduce(z * z over M)",
    ) == ["M: mul mul add mul reduce_sum(M) mul sub"]


def test_a_sum_that_tokens_need_is_the_work_of_a_loop_ahead() -> None:
    found = spelled(
        "output y : float32[M, C]",
        "s = Reduce(x * x over M)",
        "y = x * s - Relu(s)",
    )
    assert found == ["M: mul reduce_sum(M) relu", "M: mul sub"]


def test_values_of_a_token_are_made_again_and_sums_are_kept() -> None:
    found = spelled(
        "output y : float32[M, C]",
        "v = x * z + u",
        "n = Reduce(v * v over C)",
        "y = v * Reduce(n over M) + n",
    )
    assert found == [
        "M: mul add mul reduce_sum(C) reduce_sum(M)",
        "M: mul add mul reduce_sum(C) mul add",
    ]
    lines = "output y : float32[M]", "n = Reduce(x over C)", "y = n * Reduce(n over M)"
    for part in split(graph(*lines)):
        assert set(part.crossing) == {"y_sum_kept"}


def test_what_has_no_tokens_has_a_loop_of_its_own() -> None:
    found = spelled(
        "output y : float32[M, C]",
        "k = Reduce(key * 2 over N)",
        "y = x * k + Reduce(k over C)",
    )
    assert found == ["N: mul reduce_sum(N)", "C: reduce_sum(C)", "M: mul add"]


def test_what_follows_a_sum_may_be_a_loop_too() -> None:
    found = spelled(
        "output y : float32[N, C]",
        "output n : float32[N]",
        "output m : float32[M]",
        "y = key - Reduce(x over M)",
        "n = Reduce(y over C)",
        "m = z",
    )
    assert found[0].startswith("M: reduce_sum(M)")
    assert found[1].startswith("N: sub reduce_sum(C)")


def test_a_broadcast_of_inputs_that_leaves_is_a_loop() -> None:
    found = spelled(
        "output y : float32[M]", "output k : float32[N, C]", "y = z * 2", "k = key - u"
    )
    assert found == ["N: sub", "M: mul"]


def test_every_value_is_made_before_it_is_taken() -> None:
    module = graph(
        "output y : float32[M, C]",
        "output k : float32[N]",
        "s = Reduce(x * Reduce(key over N) over M)",
        "k = Reduce(key * s over C)",
        "y = x * Reduce(k over N) - s",
    )
    parts = loops(entry_function(module), upper_bounds(module))
    home = homes(parts)
    assert len(parts) > 2
    for number, loop in enumerate(parts):
        own = {result for op in loop.ops for result in op.results}
        for op in loop.ops:
            assert all(v in own or home.get(v, -1) < number for v in op.operands)
    made = {
        result for op in entry_function(module).body.block.ops for result in op.results
    }
    assert made == set(home)


def test_the_launch_has_the_parameters_of_the_graph() -> None:
    """Each once, in the order of the signature, as a graph of one loop has them."""
    lines = ("output y : float32[M, C]", "output s : float32[One]")
    two = graph(*lines, "s = Reduce(z over M)", "y = x * s")
    names = [port.name for port in signature_of(two).inputs]
    LowerToNpuPass().apply(Context(), two)
    function = entry_function(two)
    found = [str(entry.data["npu.name"]) for entry in function.arg_attrs or ()]
    expected = [*names, "y", "s", "M", "N", "C", "blocks"]
    assert found == [f'"{name}"' for name in expected]
    assert [op.name for op in function.body.block.ops].count("npu.launch") == 1
    two.verify()


def test_what_is_no_work_for_each_token_is_a_loop() -> None:
    """A long sum, and what a Matmul takes from memory."""
    lines = "output y : float32[M]", "y = z * Reduce(v over L)"
    short, long = (
        graph(f"axis L in 1..{bound}", "input v : float32[L]", *lines)
        for bound in (4096, 4097)
    )
    assert [len(split(module)) for module in (short, long)] == [1, 2]
    found = spelled(
        "input w : half[N, C]",
        "output y : float32[M, N]",
        "y = Matmul(x, Relu(w * u) over C)",
    )
    assert found[0].startswith("N: ")
    assert "matmul" in found[1]


def test_loops_use_flags_again_for_the_same_core_and_pipe() -> None:
    module = graph(
        "axis H = 16",
        "input q : half[M, H, C]",
        "output y : float32[M, H]",
        "v = Matmul(q, key over C)",
        "s = Reduce(Reduce(Reduce(v over N) over H) over M)",
        "y = s * Reduce(v over N)",
    )
    run_passes(module, npu_pipeline("ascend910b1"))
    [launch] = (op for op in module.walk() if isinstance(op, LaunchOp))
    found = [
        (region, op.flag.value.data, op.on.data)
        for region in (launch.cube, launch.vector)
        for op in region.walk()
        if isinstance(op, CrossSetOp)
    ]
    ids = {flag for _, flag, _ in found}
    assert len(set(found)) == len(ids)
    assert len(ids) < len(found)
