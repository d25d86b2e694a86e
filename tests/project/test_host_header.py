"""The host header says what the Python API says: the same errors in the same words, the
same tiling data, blocks and workspace, on random calls right and wrong."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import ligrad
from backends.call.binding import bind
from backends.project.project import operator_files
from backends.project.variants import Family
from ligrad_ir.errors import ArgumentError, MissingArgumentError
from ligrad_ir.lengths import dimensions, input_axes, length_attributes
from tests.project.support import (
    KEYS,
    LIGHTNING,
    SCORES,
    Answer,
    Call,
    HostProgram,
    Tensor,
    family,
    files,
)

COUNT = 3000
HALVES = ("bfloat16", "float16")
DTYPES = {"bfloat16": ml_dtypes.bfloat16}


@pytest.fixture(scope="module", params=[LIGHTNING, SCORES, KEYS], ids=lambda p: p.stem)
def program(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Family, HostProgram]:
    file: Path = request.param
    folder = tmp_path_factory.mktemp("host")
    return family(file), HostProgram(family(file), folder, files(file))


# ---- calls


def right_call(found: Family, rng: random.Random) -> Call:
    """A call that nothing is wrong with; small and large extents."""
    layout, half = rng.choice(("BSND", "TND")), rng.choice(HALVES)
    signature = next(
        v.signature
        for v in found.variants
        if v.layout == layout and v.signature.arrays[0].dtype_name == half
    )
    axes = signature.axes

    def extent(low: int, high: int) -> int:
        top = rng.choice((low, low + 3, low + 40, high))
        return rng.randint(low, max(low, min(high, top)))

    extents = {n: extent(a.minimum, a.maximum) for n, a in axes.items() if a.maximum}
    for name, axis in axes.items():
        if axis.at_least:
            extents[name] = extent(max(1, extents[axis.at_least]), axis.maximum)
    longest: dict[str, int] = {}
    tensors: dict[str, Tensor] = {}
    for port in signature.arrays:
        if port.ends is None or axes[port.ends].uniform:
            continue
        axis = axes[port.ends]
        assert axis.batch
        assert axis.length
        length = axes[axis.length]
        low = extents[length.at_least] if length.at_least else 1
        batch = extents[axis.batch] = min(extents[axis.batch], 6)
        runs = [rng.choice((0, 1, rng.randint(0, 300))) for _ in range(batch)]
        if axis.name not in input_axes(signature):
            runs[-1] += low
        ends = tuple(int(e) for e in np.cumsum(runs))
        longest[axis.length] = max(runs)
        extents[axis.name] = ends[-1]
        if axis.name in input_axes(signature):
            extents[axis.name] = max(ends[-1], low, 1) + rng.choice((0, 0, 5))
        tensors[port.name] = Tensor("int32", (batch,), ends)
    for port in (*signature.arrays, *signature.outputs):
        if port.ends is not None:
            continue
        short = port in signature.arrays and rng.random() < 0.7
        shape = [
            extents[name]
            for dim in port.dims
            if not (dim.optional and short)
            for name in dimensions(axes[dim.axis])
        ]
        tensors[port.name] = Tensor(port.dtype_name, tuple(shape))
    numbers: dict[str, int] = {}
    for port in signature.scalars:
        if rng.random() < 0.5 and port not in length_attributes(signature):
            continue
        if port.equals in longest:
            numbers[port.name] = longest[port.equals] + rng.choice((0, 9))
        elif port.equals is not None:
            numbers[port.name] = extents[port.equals]
        else:
            numbers[port.name] = rng.choice(port.choices or (0, 5, -7, 2**62))
    deterministic = rng.random() < 0.3
    cores = rng.choice((1, 7, 20, 24))
    return Call(tensors, numbers, layout, deterministic, cores)


def spoil(found: Family, call: Call, rng: random.Random) -> None:
    """Make something wrong, or at least odd."""
    inputs = [port for port in found.inputs if port.name in call.tensors]
    port = rng.choice(inputs)
    tensor = call.tensors[port.name]
    shape = list(tensor.shape)
    match rng.randrange(10):
        case 0:
            del call.tensors[port.name]
        case 1:
            tensor.dtype = rng.choice(
                ("float16", "bfloat16", "float32", "int32", "int64")
            )
        case 2 if shape:
            at = rng.randrange(len(shape))
            shape[at] = rng.choice((0, 1, 2, shape[at] + 1, 129, 2049, 131073, 2**31))
        case 3:
            shape.insert(rng.randrange(len(shape) + 1), rng.choice((1, 2)))
        case 4 if shape:
            del shape[rng.randrange(len(shape))]
        case 5 if found.scalars:
            scalar = rng.choice(found.scalars)
            number = rng.choice((-1, 0, 1, 2, 3, 64, None, 2**63 - 1))
            call.numbers.pop(scalar.name, None)
            if number is not None:
                call.numbers[scalar.name] = number
        case 6:
            call.layout = rng.choice(("BSND", "TND", "BNSD", "bsnd", "x"))
        case 7 if tensor.values:
            values = list(tensor.values)
            at = rng.randrange(len(values))
            values[at] = rng.choice((-1, 0, 1, values[at] + 1, 131073, 2**31 - 1))
            tensor.values = tuple(values)
        case 8:
            one = rng.choice([p for p in found.inputs if p.ends] or inputs)
            call.tensors[one.name] = Tensor("int32", (3,), (1, 2, 3))
        case _:
            other = call.tensors[rng.choice(inputs).name]
            shape = list(other.shape)
    if port.name in call.tensors and tuple(shape) != tensor.shape:
        tensor.shape = tuple(shape)
        if port.ends is not None:  # arrays hold as many values as they have room for
            count = int(np.prod(shape, dtype=object))
            if count > 50 or len(shape) != 1:
                tensor.values = ()
                tensor.shape = (0,) if len(shape) == 1 else tensor.shape
            else:
                tensor.values = (*tensor.values, *(10**6,) * count)[:count]


def calls(found: Family, count: int) -> list[Call]:
    rng = random.Random(f"{found.name} {count}")
    made: list[Call] = []
    for i in range(count):
        call = right_call(found, rng)
        for _ in range(i % 3):
            spoil(found, call, rng)
        made.append(call)
    return made


# ---- what Python says


def as_array(tensor: Tensor) -> np.ndarray[Any, Any]:
    """Without memory of its own, unless it has values."""
    dtype = np.dtype(DTYPES.get(tensor.dtype, tensor.dtype))
    if tensor.values:
        return np.array(tensor.values, dtype).reshape(tensor.shape)
    return np.broadcast_to(np.zeros((), dtype), tensor.shape)


def expected(found: Family, call: Call) -> Answer:
    """The checks of `ligrad.lightning_indexer_grad` before it binds, then the binding."""
    half_port = found.half_port
    assert half_port is not None
    first = call.tensors.get(half_port.name)
    try:
        if call.layout not in ("BSND", "TND"):
            raise ArgumentError(f"layout is {call.layout!r}, must be BSND or TND")
        if first is None:
            raise MissingArgumentError(f"{half_port.name} is required and missing")
        if first.dtype not in HALVES:
            raise ArgumentError(
                f"{half_port.name} has dtype {first.dtype}, must be float16 or bfloat16"
            )
        [variant] = [
            v
            for v in found.variants
            if v.layout == call.layout
            and v.signature.arrays[0].dtype_name == first.dtype
            and v.deterministic == call.deterministic
        ]
        arrays = {n: as_array(t) for n, t in call.tensors.items()}
        outputs = {port.name for port in found.outputs}
        given = {n: a for n, a in arrays.items() if n not in outputs}
        bound = bind(variant.signature, {**given, **call.numbers})
    except ArgumentError as error:
        return Answer(error.code, str(error))
    named = zip(variant.signature.inputs, bound.arguments)
    attributes = {p.name: v for p, v in named if isinstance(v, int)}
    numbers = {
        **dict.fromkeys(variant.signature.axes, 0),
        **bound.extents,
        **attributes,
    }
    blocks = max(1, min(call.cores, max(bound.extents.values())))
    assert blocks == variant.kernel.blocks(numbers, call.cores)
    for axis in variant.kernel.extents():
        assert numbers[axis] == variant.kernel.evaluate(f"Extent{axis}", numbers, 0)
    return Answer(
        0,
        "",
        blocks,
        variant.kernel.workspace_bytes(numbers, blocks),
        variant.name,
        variant.kernel.tiling_data({n: numbers[n] for n in variant.kernel.fields}),
    )


def test_the_header_says_what_python_says(program: tuple[Family, HostProgram]) -> None:
    found, host = program
    count = COUNT if found.name != "KeyGrad" else COUNT // 3
    asked = calls(found, count)
    answers = host.ask(asked)
    assert len(answers) == count
    wanted = [expected(found, call) for call in asked]
    for call, answer, right in zip(asked, answers, wanted):
        if right.code == 0 and answer.code != 0:  # the outputs do not fit spoilt inputs
            assert call.tensors.keys() & {p.name for p in found.outputs}
            assert answer.message.split()[0] in {p.name for p in found.outputs}, call
            continue
        assert answer == right, call
    codes = [right.code for right in wanted]
    assert codes.count(0) > count / 4
    assert codes.count(161002) > count / 4
    assert codes.count(161001) > count / 50
    assert len({right.message for right in wanted}) > count / 10
    assert len({right.variant for right in wanted}) == 9


def test_shapes_of_the_outputs(program: tuple[Family, HostProgram]) -> None:
    found, host = program
    rng = random.Random(5)
    asked = [right_call(found, rng) for _ in range(300)]
    for call, answer in zip(asked, host.ask(asked)):
        assert answer.code == 0, answer.message
        right = [list(call.tensors[port.name].shape) for port in found.outputs]
        for shape, wanted in zip(answer.shapes, right):
            assert shape == wanted


# ---- what Python has no say in


def sample() -> Call:
    """The vendor's sample: dy as its table prints it."""
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {
        "query": ("float16", (2, 3, 64, 128)),
        "key": ("float16", (2, 2048, 1, 128)),
        "dy": ("float16", (2, 3, 64, 128)),
        "sparse_indices": ("int32", (2, 3, 2048)),
        "weights": ("float16", (2, 3, 64)),
        "dq": ("float16", (2, 3, 64, 128)),
        "dk": ("float16", (2, 2048, 1, 128)),
        "dw": ("float16", (2, 3, 64)),
    }
    tensors = {name: Tensor(dtype, shape) for name, (dtype, shape) in shapes.items()}
    numbers = {"head_num": 64, "sparse_mode": 3, "pre_tokens": 65536}
    return Call(tensors, numbers, deterministic=True)


@pytest.fixture(scope="module")
def lightning(tmp_path_factory: pytest.TempPathFactory) -> HostProgram:
    folder = tmp_path_factory.mktemp("lightning")
    return HostProgram(family(LIGHTNING), folder, files(LIGHTNING))


def field(answer: Answer, name: str) -> int:
    kernel = family(LIGHTNING).variants[0].kernel
    at = list(kernel.fields).index(name)
    return int.from_bytes(answer.tiling[8 * at : 8 * at + 8], "little", signed=True)


def test_the_sample_of_the_vendor(lightning: HostProgram) -> None:
    call = sample()
    strict, call.as_vendor = Call(**call.__dict__), True
    [refused, taken] = lightning.ask([strict, call])
    assert refused.code == 161002
    assert "N2 is 1 in key and 64 here" in refused.message
    assert taken.code == 0
    assert "K = 128, its last extent" in taken.message
    assert (taken.variant, field(taken, "K")) == ("fp16_bsnd_deterministic", 128)
    assert field(taken, "S2") == 2048


def test_a_flat_array_is_long_enough(lightning: HostProgram) -> None:
    call = sample()
    call.as_vendor = True
    call.tensors["sparse_indices"] = Tensor("int32", (2, 3, 100))
    [answer] = lightning.ask([call])
    assert answer.code == 161002
    assert "it has 600 elements, [B, S1, K] are 768" in answer.message


def test_a_right_dy_is_no_vendors_dy(lightning: HostProgram) -> None:
    call = sample()
    call.tensors["dy"] = Tensor("float16", (2, 3, 2048))
    answers = lightning.ask([call, Call(**{**call.__dict__, "as_vendor": True})])
    assert [answer.message for answer in answers] == ["", ""]
    assert answers[0] == answers[1]


OUTPUTS = {
    "missing": ("dk", None, 161001, "dk is required and missing"),
    "dtype": (
        "dw",
        Tensor("bfloat16", (2, 3, 64)),
        161002,
        "dw has dtype bfloat16, exp",
    ),
    "rank": ("dq", Tensor("float16", (2, 3, 64)), 161002, "expected [B, S1, N1, D]"),
    "extent": (
        "dk",
        Tensor("float16", (2, 2047, 1, 128)),
        161002,
        "expected [B, S2, N2, D]: S2 is 2048 in key and 2047 here",
    ),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_are_checked(lightning: HostProgram, name: str) -> None:
    which, tensor, code, says = OUTPUTS[name]
    call = sample()
    call.as_vendor = True
    if tensor is None:
        del call.tensors[which]
    else:
        call.tensors[which] = tensor
    [answer] = lightning.ask([call])
    assert answer.code == code
    assert says in answer.message


def ragged() -> Call:
    """Two batches and two rows of padding."""
    call = sample()
    for name, shape in (
        ("query", (6, 64, 128)),
        ("key", (2100, 1, 128)),
        ("dy", (6, 2048)),
        ("sparse_indices", (6, 2048)),
        ("weights", (6, 64)),
        ("dq", (6, 64, 128)),
        ("dk", (2100, 1, 128)),
        ("dw", (6, 64)),
    ):
        call.tensors[name].shape = shape
    call.layout = "TND"
    query = Tensor("int32", (2,), (1, 4))
    call.tensors["actual_seq_lengths_query"] = query
    call.tensors["actual_seq_lengths_key"] = Tensor("int32", (2,), (2000, 2050))
    return call


def test_run_ends_may_stay_on_the_device(lightning: HostProgram) -> None:
    known, unknown, refused = ragged(), ragged(), ragged()
    for call in (unknown, refused):
        for name in ("actual_seq_lengths_query", "actual_seq_lengths_key"):
            call.tensors[name].values = ()
    unknown.ends_on_device = True
    here, there, neither = lightning.ask([known, unknown, refused])
    assert (here.code, there.code, neither.code) == (0, 0, 161002)
    assert [field(here, name) for name in "TNB"] == [4, 2050, 2]
    assert [field(there, name) for name in "TNB"] == [6, 2100, 2]
    assert "0 values are known on the host" in neither.message


def test_a_layout_must_be_named(lightning: HostProgram) -> None:
    call = sample()
    call.layout = ""
    [answer] = lightning.ask([call])
    assert (answer.code, answer.message) == (
        161001,
        "layout is required and missing [161001]",
    )


def test_one_kernel_says_what_it_is_for(tmp_path: Path) -> None:
    """A project of one variant: others are refused, an order of sums serves any."""
    only = ligrad.compile_family(SCORES, dtype="fp16", layout="TND", deterministic=True)
    host = HostProgram(only, tmp_path, operator_files(only))
    rng = random.Random(1)
    asked = [right_call(family(SCORES), rng) for _ in range(60)]
    for call, answer in zip(asked, host.ask(asked)):
        if call.tensors["query"].dtype != "float16" and call.layout == "TND":
            assert answer.message.startswith(
                "query has dtype bfloat16, expected float16"
            )
        elif call.layout != "TND":
            assert "there is no kernel for the layout BSND" in answer.message
            assert "fp16_tnd_deterministic" in answer.message
        else:
            assert (answer.code, answer.variant) == (0, "fp16_tnd_deterministic")
