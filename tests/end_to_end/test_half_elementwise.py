"""Elementwise work and sums of half numbers, which no matrix product comes before, at the
levels `graph` and `tiled`."""

from __future__ import annotations

import pytest

from ligrad.check import check_outputs
from ligrad.compiler import PRECISIONS, SCHEDULES, Precision, compile
from ligrad.workload import generate
from ligrad_ir.errors import NoKernelError
from tests.end_to_end.test_tiled import check

DENSE = """operator Dense
axis M in 1..64
axis R in 1..64
axis C = 128
input a : half[M, R, C]
input b : half[M, R, C]
input v : half[M, C]
"""
PACKED = """operator Packed
axis B in 1..3
axis S in 1..40
axis T = B * S
axis C in 1..8
input ends : int32[B] ends T
input x    : half[C, T]
"""
SELECTED = """operator Selected
axis T in 1..8K
axis N in 1..64K
axis R in 1..64
axis D = 128
axis K in 1..2048
input query   : half[T, R, D]
input key     : half[N, D]
input dy      : half[T, K]
input w       : half[T, R]
input indices : int32[T, K] selects N
P = Matmul(query, Gather(key, indices))
"""
PROGRAMS = {
    "a relu": f"{DENSE}output y : half[M, R, C]\ny = Relu(a)\n",
    "a relu of a row": f"{DENSE}output y : half[M, C]\ny = Relu(v)\n",
    "a relu, wide": f"{DENSE}output y : float32[M, R, C]\ny = Relu(a)\n",
    "a relu as a factor": f"{DENSE}output y : half[M, R, C]\ny = Relu(a) * b\n",
    "a relu that is selected": (
        f"{DENSE}output y : half[M, R, C]\ny = ReluGrad(Relu(a), Relu(b))\n"
    ),
    "a sum of columns": f"{DENSE}output y : float32[M, R]\ny = Reduce(a)\n",
    "a sum of rows": f"{DENSE}output y : half[M, C]\ny = Reduce(a)\n",
    "rows as long as all runs": f"{PACKED}output y : half[C, T]\ny = Relu(x + x)\n",
    "a sum of a row": f"{DENSE}output y : float32[M]\ny = Reduce(v)\n",
    "a sum of a relu": f"{DENSE}output y : half[M, R]\ny = Reduce(Relu(a))\n",
    "a sum of what is selected": (
        f"{DENSE}output y : half[M, R]\ny = Reduce(ReluGrad(a, b))\n"
    ),
    "a sum of selected entries": (
        f"{SELECTED}output o : float32[T, R]\no = Reduce(ReluGrad(dy, P) over K)\n"
    ),
    "a sum of selected heads": (
        f"{SELECTED}output o : half[T, K]\no = Reduce(ReluGrad(dy, P) over R)\n"
    ),
    "a sum of entries": f"{SELECTED}output o : half[T]\no = Reduce(dy)\n",
    "a relu as an operand": (
        f"{SELECTED}output o : half[T, R, K]\n"
        "o = Matmul(Relu(query), Gather(key, indices))\n"
    ),
}
SHAPES = {
    PACKED: {"B": 2, "S": 33, "C": 5},
    DENSE: {"M": 5, "R": 19},
    SELECTED: {"T": 3, "N": 90, "R": 18, "K": 70},
}


def shape_of(text: str) -> dict[str, int]:
    return next(shape for head, shape in SHAPES.items() if text.startswith(head))


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_tiled(name: str, dtype: str, schedule: str) -> None:
    text = PROGRAMS[name]
    found = compile(text, dtype=dtype, schedule=schedule)
    values = generate(found.signature, shape_of(text))
    check(found, values, found.run(values, "tiled", 2))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_graph(name: str, precision: Precision) -> None:
    text = PROGRAMS[name]
    found = compile(text, precision=precision)
    values = generate(found.signature, shape_of(text))
    outputs = found.run(values)
    for output, one in check_outputs(found, values, outputs, precision).items():
        assert one.ok, f"{output}: {one}"


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_no_vector_core_reads_what_the_other_one_computes(schedule: str) -> None:
    """Nothing stores the sums, of which each core has those of its rows."""
    text = (
        f"{SELECTED}output o : half[T, R, D]\ns = Reduce(query over D)\nm = dy + s\n"
        "o = Matmul(Gather(key, indices), m over K)\n"
    )
    with pytest.raises(NoKernelError, match="needs s, which the two vector cores"):
        compile(text, schedule=schedule).module("npu")
