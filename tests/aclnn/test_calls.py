"""The two phases: what they refuse, strides, executors, hazards."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ligrad
from backends.aclnn.host import build_host
from backends.project.project import operator_files
from ligrad.family import compile_family
from ligrad.workload import generate
from tests.aclnn.conftest import FILE, ROOT
from tests.aclnn.support import (
    BF16,
    AclError,
    Array,
    Library,
    Tensor,
    filled,
    lig_arguments,
)

FUNCTION = "aclnnLightningIndexerGrad"
B, S1, S2, N1, K = 2, 3, 20, 5, 9
Tensors = dict[str, Tensor | None]


@pytest.fixture
def operator() -> ligrad.Operator:
    return ligrad.compile(FILE)


@pytest.fixture
def inputs(operator: ligrad.Operator) -> dict[str, Any]:
    shape = {"B": B, "S1": S1, "S2": S2, "N1": N1, "K": K}
    return generate(operator.signature, shape, seed=5)


@pytest.fixture
def tensors(library: Library, inputs: dict[str, Any]) -> Iterator[Tensors]:
    """Valid arguments; tests may replace them."""
    made: Tensors = {
        name: library.tensor(value)
        for name, value in inputs.items()
        if isinstance(value, np.ndarray)
    }
    for name, like in (("dq", "query"), ("dk", "key"), ("dw", "weights")):
        made[name] = library.tensor(filled(inputs[like].shape, BF16))
    all_of_them = list(made.values())
    yield made
    for tensor in all_of_them:
        if tensor is not None:
            tensor.destroy()


def expected(operator: ligrad.Operator, inputs: dict[str, Any]) -> dict[str, Array]:
    return operator.run(inputs, level="source")


def test_a_repeatable_executor_runs_again(
    library: Library,
    tensors: Tensors,
    inputs: dict[str, Any],
    operator: ligrad.Operator,
) -> None:
    executor, size = library.plan(FUNCTION, *lig_arguments(tensors, heads=N1))
    library.call("aclSetAclOpExecutorRepeatable", executor)
    want = expected(operator, inputs)
    library.launch(FUNCTION, executor, size)
    other = library.tensor(filled(inputs["weights"].shape, BF16))
    library.call(
        "aclSetOutputTensorAddr",
        executor,
        ctypes.c_size_t(2),
        other.handle,
        other.device,
    )
    library.launch(FUNCTION, executor, size)
    first = tensors["dw"]
    assert first is not None
    assert first.array().tobytes() == other.array().tobytes() == want["dw"].tobytes()
    with pytest.raises(AclError, match="not one of index 3") as error:
        library.call(
            "aclSetOutputTensorAddr",
            *(executor, ctypes.c_size_t(3), other.handle, other.device),
        )
    assert error.value.code == 161002
    with pytest.raises(AclError, match="was not given in phase one"):
        library.call(
            "aclSetInputTensorAddr",
            *(executor, ctypes.c_size_t(5), other.handle, other.device),
        )
    library.call("aclDestroyAclOpExecutor", executor)
    with pytest.raises(AclError, match="used or destroyed before"):
        library.launch(FUNCTION, executor, size)
    other.destroy()


def test_an_executor_is_good_for_one_call(library: Library, tensors: Tensors) -> None:
    executor, size = library.plan(FUNCTION, *lig_arguments(tensors, heads=N1))
    library.launch(FUNCTION, executor, size)
    with pytest.raises(AclError, match="used or destroyed before") as error:
        library.launch(FUNCTION, executor, size)
    assert error.value.code == 161002


@pytest.mark.parametrize(
    ("workspace", "given", "code", "message"),
    [
        (False, 0, 161001, "workspace is null"),
        (True, -1, 161002, "are needed"),
        (True, -512, 161002, "are needed"),
    ],
)
def test_workspaces_that_will_not_do(
    library: Library,
    tensors: Tensors,
    workspace: bool,
    given: int,
    code: int,
    message: str,
) -> None:
    executor, size = library.plan(FUNCTION, *lig_arguments(tensors, heads=N1))
    memory = library.malloc(size) if workspace else None
    bytes_ = ctypes.c_uint64(size + given)
    with pytest.raises(AclError, match=message) as error:
        library.call(FUNCTION, memory, bytes_, executor, library.stream)
    assert error.value.code == code
    if memory is not None:
        library.call("aclrtFree", memory)


def test_a_workspace_must_have_the_bytes_it_claims(
    library: Library, tensors: Tensors
) -> None:
    executor, size = library.plan(FUNCTION, *lig_arguments(tensors, heads=N1))
    memory = library.malloc(size - 512)
    with pytest.raises(AclError, match="of them in device memory"):
        library.call(FUNCTION, memory, ctypes.c_uint64(size), executor, library.stream)
    library.call("aclrtFree", memory)
    assert library.code(FUNCTION, None, ctypes.c_uint64(0), None, None) == 161001
    assert "executor is null" in (library.message() or "")


@pytest.mark.parametrize(
    "name", ["query", "key", "dy", "sparse_indices", "weights", "dq", "dk", "dw"]
)
def test_what_is_missing(library: Library, tensors: Tensors, name: str) -> None:
    tensors[name] = None
    with pytest.raises(AclError, match=f"{name} is required and missing") as error:
        library.plan(FUNCTION, *lig_arguments(tensors, heads=N1))
    assert error.value.code == 161001


def test_other_things_that_are_missing(library: Library, tensors: Tensors) -> None:
    with pytest.raises(AclError, match="layout is required and missing") as error:
        library.plan(FUNCTION, *lig_arguments(tensors, heads=N1, layout=None))
    assert error.value.code == 161001
    arguments = lig_arguments(tensors, heads=N1)
    place = ctypes.c_uint64()
    name = f"{FUNCTION}GetWorkspaceSize"
    assert library.code(name, *arguments, None, ctypes.byref(place)) == 161001
    assert library.code(name, *arguments, ctypes.byref(place), None) == 161001
    assert library.message() is not None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layout": b"SBH"}, "layout is 'SBH'"),
        ({"mode": 1}, "sparse_mode is 1"),
        ({"heads": 6}, "head_num is 6"),
    ],
)
def test_wrong_values(
    library: Library, tensors: Tensors, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(AclError, match=message) as error:
        library.plan(FUNCTION, *lig_arguments(tensors, **{"heads": N1, **change}))
    assert error.value.code == 161002


def test_wrong_tensors(library: Library, tensors: Tensors) -> None:
    shapes: list[tuple[str, Tensor, str]] = [
        ("weights", library.tensor(filled((B, S1, N1), np.float16)), "weights"),
        ("dq", library.tensor(filled((B, S1, N1, 64), BF16)), "dq has shape"),
        ("key", library.tensor(filled((B, S2, 1, 128), BF16), fmt=29), "format 29"),
        ("key", library.tensor(filled((B, S2, 1), BF16), shape=(B, S2, 1, 128)), "far"),
    ]
    for name, tensor, message in shapes:
        with pytest.raises(AclError, match=message) as error:
            library.plan(FUNCTION, *lig_arguments({**tensors, name: tensor}, heads=N1))
        assert error.value.code == 161002
        tensor.destroy()


def test_outputs_that_overlap_are_refused(library: Library, tensors: Tensors) -> None:
    dq = tensors["dq"]
    assert dq is not None
    flat = filled((5000,), BF16)
    for strides in ((0, 640, 128, 1), (640, 640, 128, 1), (1920, 640, 127, 1)):
        tensor = library.tensor(flat, shape=dq.shape, strides=strides)
        with pytest.raises(AclError, match="lie in the same place"):
            library.plan(FUNCTION, *lig_arguments({**tensors, "dq": tensor}, heads=N1))
        tensor.destroy()
    shared = {**tensors, "dq": tensors["query"]}
    with pytest.raises(AclError, match="dq and query share memory"):
        library.plan(FUNCTION, *lig_arguments(shared, heads=N1))


def test_strides_are_followed(
    library: Library,
    tensors: Tensors,
    inputs: dict[str, Any],
    operator: ligrad.Operator,
) -> None:
    """Inputs turned, with gaps, or off their place; outputs between other data."""
    want = expected(operator, inputs)
    strided: Tensors = dict(tensors)
    shifted = np.concatenate([filled((3,), BF16), inputs["dy"].reshape(-1)])
    strided["dy"] = library.tensor(shifted, shape=inputs["dy"].shape, offset=3)
    for name in ("query", "key", "weights", "sparse_indices"):
        value = inputs[name]
        turned = np.ascontiguousarray(np.moveaxis(value, 0, -1))
        storage = np.repeat(turned, 2, axis=-1).reshape(-1)
        steps = [0] * value.ndim
        at = 2
        for axis in reversed([*range(1, value.ndim), 0]):
            steps[axis] = at if axis else 2
            at = 2 * B if axis == 0 else at * value.shape[axis]
        strided[name] = library.tensor(storage, shape=value.shape, strides=steps)
    for name, value in want.items():
        steps = [0] * value.ndim
        at = 1
        for axis in range(value.ndim):  # the first axis moves fastest
            steps[axis] = at
            at *= value.shape[axis] + 1
        storage = filled((at + 10,), BF16)
        strided[name] = library.tensor(
            storage, shape=value.shape, strides=steps, offset=7
        )
    executor, size = library.plan(FUNCTION, *lig_arguments(strided, heads=N1))
    library.launch(FUNCTION, executor, size)
    for name, value in want.items():
        tensor = strided[name]
        assert tensor is not None
        assert tensor.array().tobytes() == np.ascontiguousarray(value).tobytes(), name
        untouched = np.isnan(tensor.storage().astype(np.float32)).sum()
        assert untouched == tensor.host.size - value.size, name
    for name, tensor in strided.items():
        if tensor is not None and tensor is not tensors.get(name):
            tensor.destroy()


def test_another_operator_and_its_hazards(tmp_path: Path) -> None:
    """Any program gets its functions; a kernel that is wrong makes the call fail."""
    file = ROOT / "examples" / "forward_scores.lig"
    family = compile_family(file, dtype="fp16", layout="BSND", deterministic=False)
    files = operator_files(family)
    operator = ligrad.compile(file, dtype="fp16")
    values = generate(operator.signature, {"S1": 3, "S2": 20, "N1": 4, "K": 7}, seed=1)
    [source] = [variant.source for variant in family.variants]
    lost = "SetFlag<AscendC::HardEvent::V_MTE3>(0)"
    assert lost in files[source]
    broken = (
        files[source]
        .replace(f"AscendC::{lost};", ";")
        .replace(f"AscendC::{lost.replace('SetFlag', 'WaitFlag')};", ";")
    )
    for texts, is_right in ((files, True), ({**files, source: broken}, False)):
        build_host(family, texts).write(tmp_path / str(is_right))
        path = tmp_path / str(is_right) / "host" / "lib" / "libligrad_host.so"
        library = Library(path)
        arrays = ("query", "key", "sparse_indices", "weights")
        tensors = [library.tensor(values[name]) for name in arrays]
        scores = library.tensor(filled(values["sparse_indices"].shape, np.float16))
        executor, size = library.plan(
            "aclnnForwardScores",
            *(tensor.handle for tensor in tensors),
            *(None, None, b"BSND", ctypes.c_int64(3), ctypes.c_bool(False)),
            scores.handle,
        )
        if is_right:
            library.launch("aclnnForwardScores", executor, size)
            want = operator.run(values, level="source")["scores"]
            assert scores.array().tobytes() == want.tobytes()
        else:
            with pytest.raises(AclError, match=r"error\[race\]") as error:
                library.launch("aclnnForwardScores", executor, size)
            assert error.value.code == 507015
            assert "the kernel fp16_bsnd did what" in error.value.message
        library.call("aclFinalize")
