"""Every pipeline keeps modules right, and keeps what they compute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter
from xdsl.utils.exceptions import PassFailedException

from backends.call.binding import bind
from backends.call.dtypes import Array, dtype_of
from backends.graph.interpreter import run_graph
from backends.oracle import evaluate
from ligrad.workload import generate
from ligrad_ir.dialects.lig.ops import CastOp, ConstantOp, MaskOp
from ligrad_ir.dialects.lig.types import RealType, TensorType
from ligrad_ir.dsl.lower import module_from_text
from ligrad_ir.dsl.parse import parse
from ligrad_ir.signature import entry_function, signature_of
from ligrad_ir.text import parse_module
from passes import pipelines
from passes.assign_precision import AssignPrecisionPass
from passes.pipelines import PIPELINES, PRECISIONS, run_passes, run_pipeline
from passes.split_operands import SplitOperandsPass

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.lig"))

DENSE = """operator Dense
axis A in 0..9
axis B in 0..9
axis C in 0..9
input x : half[A, B]
input y : float32[B, C]
input bias : half[C]
output z : float32[A, C]
output total : half[C]
H = Relu(Matmul(x, y) + bias)
Z = 0.5 * H - ReluGrad(bias * H, H) * 1
Total = Reduce(H * H)
"""

SELECTED = """operator Selected
axis N in 1..9
axis M in 1..9
axis K in 1..9
axis E in 1..9
input source : half[E, N]
input weights : half[M, K]
input chosen : int32[M, K] selects N
output picked : half[K, M, E]
output back : float32[N, E]
output sums : float32[M]
G = Gather(source, chosen)
Picked = Relu(Relu(G * weights))
Back = ScatterAdd(ReluGrad(G, Picked) + G, chosen)
Sums = Reduce(Matmul(Gather(source, chosen), weights over K) over E)
"""

RAGGED = """operator Ragged
axis B in 1..9
axis S in 1..9
axis R in 1..9
axis T = B * S
axis N = B * R
axis G in 1..9
axis K in 1..9
input dy : half[T, K]
input w : half[T, G]
input value : half[N, G]
input chosen : int32[T, K] selects N by mode
input ends_t : int32[B] ends T
input ends_n : int32[B] ends N
attribute mode : int64 in {0, 3} = 3
output by_token : float32[T, G]
output by_head : float32[G]
output by_entry : half[K, G]
output scattered : half[N]
P = Gather(value, chosen) * w
By_token = Reduce(dy * P)
By_head = Reduce(dy * w)
By_entry = Matmul(dy, w over T)
Scattered = ScatterAdd(dy * Reduce(P over G), chosen)
"""

SHAPES: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "Dense": {"x": (3, 4), "y": (4, 5), "bias": (5,)},
    "Selected": {"source": (2, 5), "weights": (3, 4), "chosen": (3, 4)},
    "Ragged": {
        "dy": (2, 4, 4),
        "w": (2, 4, 3),
        "value": (2, 5, 3),
        "chosen": (2, 4, 4),
    },
}
"""Of the inputs, in the layout BSND; indices are into 5 rows."""
TEXTS = {
    "Dense": DENSE,
    "Selected": SELECTED,
    "Ragged": RAGGED,
    **{path.stem: path.read_text(encoding="utf-8") for path in EXAMPLES},
}
MODEL_SHAPE = {"B": 2, "S1": 4, "S2": 5, "N1": 3, "K": 5}


def fresh(name: str) -> ModuleOp:
    return module_from_text(TEXTS[name], f"{name}.lig", dtype="bf16", layout="BSND")


@cache
def inputs(name: str) -> dict[str, Any]:
    """Inputs with duplicate and absent indices; where one is absent, floats over the
    selection are NaN."""
    signature = signature_of(fresh(name))
    rng = np.random.default_rng(3)
    if name in SHAPES:
        values = {
            port.name: rng.integers(0, 5, SHAPES[name][port.name]).astype(np.int32)
            if port.selects
            else rng.normal(size=SHAPES[name][port.name]).astype(dtype_of(port.element))
            for port in signature.arrays
            if port.ends is None
        }
    else:
        values = generate(signature, MODEL_SHAPE, seed=3)
    for port in signature.arrays:
        if port.selects is not None:
            indices = values[port.name]
            indices[..., 1] = indices[..., 0]
            indices[..., 2] = -1
            for other in signature.arrays:
                if other.dims == port.dims and other is not port:
                    values[other.name][indices == -1] = np.nan
    return values


def interpret(name: str, module: ModuleOp) -> tuple[Array, ...]:
    bound = bind(signature_of(module), inputs(name))
    return run_graph(module, bound.arguments, bound.extents)


def unrounded(module: ModuleOp) -> ModuleOp:
    """A copy that returns exact reals where the program rounds them for an output."""
    module = module.clone()
    function = entry_function(module)
    last = function.get_return_op()
    assert last is not None
    for cast in {value.owner for value in last.arguments}:
        if isinstance(cast, CastOp) and is_real(cast.input.type):
            type = cast.result.type
            assert isinstance(type, TensorType)
            Rewriter.replace_op(
                cast,
                CastOp.create(
                    operands=[cast.input], result_types=[type.with_element(RealType())]
                ),
            )
    function.update_function_type()
    module.verify()
    return module


def is_real(type: object) -> bool:
    return isinstance(type, TensorType) and isinstance(type.element_type, RealType)


def prefixes(name: str, passes: Sequence[ModulePass]) -> Iterator[ModuleOp]:
    """The module after each pass, the same object every time; verified."""
    module = fresh(name)
    for one in passes:
        one.apply(Context(), module)
        module.verify()
        yield module


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("name", TEXTS)
def test_values_are_preserved(name: str, pipeline: str) -> None:
    before = interpret(name, unrounded(fresh(name)))
    assert all(np.isfinite(value).all() for value in before)
    typed: tuple[Array, ...] | None = None
    for one, module in zip(PIPELINES[pipeline], prefixes(name, PIPELINES[pipeline])):
        if typed is None and not isinstance(one, AssignPrecisionPass):
            for got, want in zip(interpret(name, unrounded(module)), before):
                if pipeline.startswith(
                    "optimized"
                ):  # other sums, exact but for float64
                    largest = np.abs(want).max()
                    np.testing.assert_allclose(got, want, atol=1e-12 * largest)
                else:
                    np.testing.assert_array_equal(got, want)
        elif typed is None or isinstance(one, SplitOperandsPass):
            typed = interpret(name, module)  # from here on, or rounded less than before
        else:
            for got, want in zip(interpret(name, module), typed):
                assert got.dtype == want.dtype
                assert got.tobytes() == want.tobytes()
    if typed is not None:
        for got, want in zip(typed, before):
            assert got.dtype != np.float64
            # One rounding to bfloat16 on the way out, a few more on the way if mixed.
            is_wide = pipeline.endswith("float32")
            units = 1.01 if is_wide else 4
            if got.dtype == np.float32 and is_wide:
                units = 2**-12
            error = np.abs(got.astype(np.float64) - want)
            assert error.max() <= units * 2**-8 * np.abs(want).max()


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("name", TEXTS)
def test_twice_is_once(name: str, pipeline: str) -> None:
    module = fresh(name)
    run_pipeline(module, pipeline)
    once = str(module)
    run_pipeline(module, pipeline)
    assert str(module) == once


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("name", TEXTS)
def test_result_can_be_written_and_read(name: str, pipeline: str) -> None:
    module = fresh(name)
    run_pipeline(module, pipeline)
    assert parse_module(str(module)).is_structurally_equivalent(module)
    assert signature_of(module) == signature_of(fresh(name))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", TEXTS)
def test_no_reals_are_left(name: str, precision: str) -> None:
    module = fresh(name)
    run_pipeline(module, f"graph-{precision}")
    assert "!lig.real" not in str(module)


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_is_left_to_simplify(name: str) -> None:
    module = fresh(name)
    run_pipeline(module, "simplify")
    ops = [op for op in module.walk() if not isinstance(op, ModuleOp | FuncOp)]
    keys = [(op.name, op.operands, str(op.properties)) for op in ops if op.results]
    assert len(keys) == len(set(keys))
    assert all(r.first_use is not None for op in ops for r in op.results)
    masks = [op for op in ops if isinstance(op, MaskOp)]
    assert not [op for op in masks if isinstance(op.input.owner, MaskOp)]


@pytest.mark.parametrize("name", TEXTS)
def test_values_are_those_of_the_formulas(name: str) -> None:
    """Against the oracle, which reads the text on its own: the lowering is right, and
    what stands at an absent entry reaches no output."""
    text = TEXTS[name]
    expected = evaluate(parse(text), inputs(name), dtype="bf16", layout="BSND")
    module = unrounded(fresh(name))
    bound = bind(signature_of(fresh(name)), inputs(name))
    got = bound.results(run_graph(module, bound.arguments, bound.extents))
    for output, reference in expected.items():
        np.testing.assert_allclose(
            got[output], reference.value, rtol=1e-12, atol=1e-12, err_msg=output
        )


class BreakPass(ModulePass):
    """Makes a constant a vector, which no verifier lets through."""

    name = "break"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for constant in op.walk():
            if isinstance(constant, ConstantOp):
                Rewriter.replace_value_with_new_type(
                    constant.result, TensorType(("A",), RealType())
                )


class NothingPass(ModulePass):
    """Leaves the module as it is."""

    name = "nothing"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        pass


class StumblePass(ModulePass):
    """Cannot do with a constant that is no scalar."""

    name = "stumble"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for constant in op.walk():
            if isinstance(constant, ConstantOp):
                assert constant.result.type == TensorType((), RealType())


@pytest.mark.parametrize("behind", [NothingPass(), StumblePass()])
def test_the_pass_that_leaves_wrong_ir_is_named(
    monkeypatch: pytest.MonkeyPatch, behind: ModulePass
) -> None:
    """Even where it shows only at the end, or in a pass behind it."""
    passes = {"all": (NothingPass(), BreakPass(), behind)}
    monkeypatch.setattr(pipelines, "PIPELINES", passes)
    message = r"break left wrong IR: Dense\.lig:.*the result has axes"
    with pytest.raises(PassFailedException, match=message):
        run_pipeline(fresh("Dense"), "all")


def test_no_passes_leave_the_module_alone() -> None:
    module = fresh("Dense")
    text = str(module)
    run_passes(module, ())
    assert str(module) == text


# ---- assign-precision where its assumptions do not hold

REAL_ARGUMENT = """
func.func @f(%x: !lig.tensor<[A], !lig.real>) -> !lig.tensor<[A], f32> {
  %r = lig.relu %x : !lig.tensor<[A], !lig.real>
  %y = lig.cast %r : !lig.tensor<[A], !lig.real> to !lig.tensor<[A], f32>
  func.return %y : !lig.tensor<[A], f32>
}"""


def test_a_real_argument_is_refused() -> None:
    """What the pass establishes holds, or it says that it cannot."""
    module = parse_module(REAL_ARGUMENT)
    with pytest.raises(PassFailedException, match="exact reals have no machine type"):
        AssignPrecisionPass().apply(Context(), module)


def test_a_declaration_without_a_body_is_passed_over() -> None:
    text = "func.func private @f(!lig.tensor<[A], f32>) -> ()"
    module = parse_module(text)
    AssignPrecisionPass().apply(Context(), module)
    assert module.is_structurally_equivalent(parse_module(text))


def test_a_wrong_option_is_refused() -> None:
    module = fresh("Dense")
    with pytest.raises(PassFailedException, match="is one of"):
        AssignPrecisionPass(matmul_operands="wide").apply(Context(), module)
