"""The entry on the twin: it calls the kernel that the tiling key and the dtype choose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ligrad
from backends.ascendc.printer import print_kernel
from backends.project.entry import outlined
from backends.project.project import find_sources, lone_files
from backends.project.variants import Variant
from backends.tiled.call import call_values
from backends.twin.build import build
from backends.twin.launch import Library
from backends.twin.report import Report
from ligrad.check import check_outputs
from ligrad.compiler import Operator
from ligrad.workload import generate
from ligrad_ir.errors import LigradError
from tests.project.support import LIGHTNING, SCORES, family, files, write

CORES = 2


def operator_of(file: Path, variant: Variant) -> Operator:
    return ligrad.compile(
        file,
        dtype=variant.name.split("_")[0],
        layout=variant.layout,
        deterministic=variant.deterministic,
    )


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("scores"), files(SCORES))


@pytest.fixture(scope="module")
def dispatching(scores: Path) -> dict[str, Library]:
    """The entry for each dtype, with the tiling key left open."""
    libraries: dict[str, Library] = {}
    for half in ("BF16", "FLOAT16"):
        entry = scores / family(SCORES).source
        defines = {"ORIG_DTYPE_QUERY": f"DT_{half}"}
        libraries[half] = build([entry], family(SCORES).kernel, defines=defines)
    return libraries


def launch(
    library: Library,
    variant: Variant,
    operator: Operator,
    values: dict[str, Any],
    key: int,
) -> tuple[dict[str, Any], Report]:
    bound = operator.bind(values)
    call = call_values(bound)
    kernel = variant.kernel
    numbers = {name: call.numbers[name] for name in kernel.fields}
    ports = (*operator.signature.arrays, *operator.signature.outputs)
    taken = [
        call.array(p.name) if p.name in kernel.arrays else np.zeros(0, np.int32)
        for p in ports
    ]
    report = library.launch(
        [*taken, kernel.tiling_data(numbers)],
        CORES,
        workspace=max(512, kernel.workspace_bytes(numbers, CORES)),
        tiling_key=key,
        names=[*(p.name for p in ports), "workspace", "tiling"],
    )
    return bound.results(tuple(call.outputs.values())), report


def test_the_tiling_key_chooses(dispatching: dict[str, Library]) -> None:
    """The results of the entry are those of each kernel alone, bit for bit."""
    for variant in family(SCORES).variants:
        operator = operator_of(SCORES, variant)
        runs = {"S1": (3, 0, 2), "S2": (7, 4, 5)}
        lengths = runs if variant.layout == "TND" else {"S1": 3, "S2": 9}
        shape = {**lengths, "N1": 5, "K": 4}
        values = generate(operator.signature, shape, seed=variant.key)
        half = "BF16" if variant.name.startswith("bf16") else "FLOAT16"
        got, report = launch(dispatching[half], variant, operator, values, variant.key)
        assert not report.hazards
        for name, array in operator.run_source(values, CORES).outputs.items():
            assert got[name].tobytes() == array.tobytes(), variant.name
        assert all(c.ok for c in check_outputs(operator, values, got, "mixed").values())


def test_another_key_is_another_kernel(dispatching: dict[str, Library]) -> None:
    """Keys of the other dtype, or of none, call nothing."""
    variant = next(v for v in family(SCORES).variants if v.name == "bf16_bsnd")
    operator = operator_of(SCORES, variant)
    values = generate(operator.signature, {"S1": 3, "S2": 9, "N1": 5, "K": 4}, seed=1)
    got, _ = launch(dispatching["BF16"], variant, operator, values, variant.key)
    assert np.any(got["scores"])
    for key in (0, 5, 6, 7, 8, 99):
        got, report = launch(dispatching["BF16"], variant, operator, values, key)
        assert not np.any(got["scores"])
        assert not report.instructions.get("Mmad")


def test_every_project_has_the_same_keys(tmp_path: Path) -> None:
    keys = {v.name: v.key for v in family(SCORES).variants}
    assert len(set(keys.values())) == 8
    one = ligrad.compile(SCORES, dtype="fp16", layout="TND").variant()
    assert keys[one.name] == one.key


def test_a_project_runs_one_kernel_at_a_time(scores: Path) -> None:
    """What `ligrad run --project` builds; a macro chooses the kernel."""
    operator = ligrad.compile(SCORES, dtype="fp16", layout="TND", deterministic=True)
    values = generate(operator.signature, {"S1": (2, 1), "S2": (6, 3), "K": 3}, seed=3)
    done = operator.run_source(values, CORES, project=scores)
    assert not done.report.hazards
    alone = operator.run_source(values, CORES)
    assert done.outputs["scores"].tobytes() == alone.outputs["scores"].tobytes()
    sources = find_sources(scores, operator.variant())
    assert sources.defines["TILING_KEY_VAR"] == str(operator.variant().key)


def test_a_variant_that_is_not_there(tmp_path: Path) -> None:
    ligrad.compile(SCORES, dtype="fp16").emit(tmp_path)
    operator = ligrad.compile(SCORES, dtype="fp16", layout="TND", deterministic=True)
    with pytest.raises(LigradError) as caught:
        find_sources(tmp_path, operator.variant())
    assert "has no op_kernel/forward_scores_fp16_tnd_deterministic.cpp" in str(
        caught.value
    )


def test_the_function_is_the_kernel() -> None:
    """A variant's file has the statements of the kernel that is printed alone."""
    for variant in family(SCORES).variants[:3]:
        text = print_kernel(outlined(variant), locations=False)
        alone = print_kernel(variant.module, locations=False)
        body = alone[alone.index("const int64_t blocks") :]
        assert text[text.index("const int64_t blocks") :] == body
        assert lone_files(variant.module)


# ---- padding rows


def test_the_kernel_looks_up_run_ends_and_clears_padding(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """As a tiling function calls it that does not know what the run ends hold."""
    folder = write(tmp_path_factory.mktemp("lightning"), files(LIGHTNING))
    variant = next(v for v in family(LIGHTNING).variants if v.name == "bf16_tnd")
    operator = operator_of(LIGHTNING, variant)
    values = generate(
        operator.signature, {"S1": (2, 3), "S2": (9, 8), "N1": 3, "K": 5}, seed=2
    )
    rows, keys = 5, 17
    more = {"query": 4, "dy": 4, "sparse_indices": 4, "weights": 4, "key": 7}
    for name, count in more.items():
        values[name] = np.concatenate([values[name], values[name][:count]])
    right = operator.run(values, "source", cores=CORES)
    bound = operator.bind(values)
    kernel = variant.kernel
    numbers = {**call_values(bound).numbers, "T": rows + 4, "N": keys + 7}
    outputs = {name: np.full_like(array, 7) for name, array in right.items()}
    ports = (*operator.signature.arrays, *operator.signature.outputs)
    given = {**values, **outputs}
    sources = find_sources(folder, variant)
    library = build([sources.path], sources.entry, defines=sources.defines)
    report = library.launch(
        [
            *(np.ascontiguousarray(given[p.name]) for p in ports),
            kernel.tiling_data({n: numbers[n] for n in kernel.fields}),
        ],
        CORES,
        workspace=kernel.workspace_bytes(numbers, CORES),
        names=[p.name for p in ports],
    )
    assert not report.hazards, "\n".join(map(str, report.hazards))
    for name, array in right.items():
        assert not np.any(array[rows if name != "dk" else keys :])
        assert outputs[name].tobytes() == array.tobytes(), name


def test_direct_launch_kernels_compile_and_run(scores: Path) -> None:
    """Those of `<<<>>>`, with their tiling data by value."""
    variant = next(v for v in family(SCORES).variants if v.name == "bf16_tnd")
    operator = operator_of(SCORES, variant)
    values = generate(operator.signature, {"S1": (2, 2), "S2": (6, 5), "K": 3}, seed=9)
    bound = operator.bind(values)
    call = call_values(bound)
    kernel = variant.kernel
    library = build(
        [scores / "launch" / f"{family(SCORES).kernel}_launch.h"],
        f"{variant.function}_launch",
    )
    report = library.launch(
        [
            *map(call.array, kernel.arrays),
            np.zeros(kernel.workspace_bytes(call.numbers, CORES), np.uint8),
            kernel.tiling_data({n: call.numbers[n] for n in kernel.fields}),
        ],
        CORES,
    )
    right = operator.run(values, "source", cores=CORES)
    got = bound.results(tuple(call.outputs.values()))
    assert got["scores"].tobytes() == right["scores"].tobytes()
    assert {h.kind for h in report.hazards} <= {"undefined-read"}
