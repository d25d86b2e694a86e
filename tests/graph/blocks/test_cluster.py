"""Shards on a real local cluster of processes, one of which is killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ligrad
from backends.graph.blocks.function import Options
from backends.graph.blocks.shards import MappedFile, _packed
from ligrad.arrays import open_arrays, save_array
from ligrad.check import check_outputs
from ligrad.cluster import ClusterLoops, cluster
from ligrad.workload import generate
from ligrad_ir.errors import ArgumentError, LigradError

pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")

GRAD = Path(__file__).parents[3] / "examples" / "lightning_indexer_grad.lig"
SHAPE = {"S1": (70, 0, 31), "S2": (90, 4, 60), "N1": 4, "K": 24}
TWICE = """operator Twice
axis B in 1..8
axis S1 in 1..64
axis S2 in 1..64
axis T = B * S1
axis N = B * S2
axis K in 1..16
input x : float32[T, K]
input idx : int32[T, K] selects N
input ends_t : int32[B] ends T
input ends_n : int32[B] ends N
output y : float32[T, K]
y = Gather(ScatterAdd(x, idx), idx)
"""


@pytest.fixture(scope="module")
def client() -> Any:
    with cluster("local", 2) as found:
        yield found


@pytest.fixture(scope="module")
def operator() -> ligrad.Operator:
    return ligrad.compile(GRAD, layout="TND")


@pytest.fixture(scope="module")
def values(operator: ligrad.Operator) -> dict[str, Any]:
    found = generate(operator.signature, SHAPE)
    found["sparse_indices"][::3, 9:] = found["sparse_indices"][::3, :1]
    return found


def test_shards_are_right_and_survive_a_killed_process(
    client: Any, operator: ligrad.Operator, values: dict[str, Any]
) -> None:
    loops = ClusterLoops(client, shard_tokens=8)
    want = operator.interpret(values, Options(2, loops=loops))
    for name, comparison in check_outputs(operator, values, want).items():
        assert comparison.ok, f"{name}: {comparison}"
    killed: list[int] = []

    def kill(done: int, total: int) -> None:
        if not killed:
            killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    found = operator.interpret(values, Options(2, progress=kill, loops=loops))
    assert killed
    for name, array in want.items():
        assert array.tobytes() == found[name].tobytes()
    one_at_a_time = operator.interpret(values, Options(1, loops=loops))
    assert want["dk"].tobytes() == one_at_a_time["dk"].tobytes()


def test_one_loop_uses_the_sums_of_another(client: Any) -> None:
    operator = ligrad.compile(TWICE, layout="TND")
    values = generate(operator.signature, {"S1": (9, 4), "S2": (12, 9), "K": 5})
    want = operator.interpret(values, Options(1))
    found = operator.interpret(values, Options(2, loops=ClusterLoops(client, 3)))
    np.testing.assert_allclose(found["y"], want["y"], rtol=1e-6, atol=1e-6)


def test_a_wrong_index_is_told_with_its_place(
    client: Any, operator: ligrad.Operator, values: dict[str, Any]
) -> None:
    indices = values["sparse_indices"].copy()
    indices[75, 0] = 60
    options = Options(2, loops=ClusterLoops(client, 8))
    with pytest.raises(ArgumentError, match=r"token 75 \(batch 2, position 5 in it"):
        operator.interpret({**values, "sparse_indices": indices}, options)


def test_files_are_sent_by_name(
    client: Any, operator: ligrad.Operator, values: dict[str, Any], tmp_path: Path
) -> None:
    for name, array in values.items():
        save_array(tmp_path / f"{name}.npy", np.asarray(array))
    mapped = open_arrays(tmp_path)
    part = _packed(mapped["query"][3:9])
    assert isinstance(part, MappedFile)
    np.testing.assert_array_equal(part.open(), values["query"][3:9])
    options = Options(2, loops=ClusterLoops(client, 8))
    want = operator.interpret(values, options)
    for name, array in operator.interpret(mapped, options).items():
        assert array.tobytes() == want[name].tobytes()


def test_nobody_at_the_address() -> None:
    with (
        pytest.raises(LigradError, match="no Dask scheduler at"),
        cluster("nonsense", 1),
    ):
        pass
