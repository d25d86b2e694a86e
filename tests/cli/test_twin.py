"""`ligrad twin`: kernels that people bring, and what they get wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from ligrad import twin
from ligrad.arrays import load_array, load_arrays, save_array, save_arrays
from ligrad.cli.app import main

EXAMPLES = Path(__file__).parents[2] / "examples" / "twin"
KERNELS = Path(__file__).parent / "kernels"
BF16 = ml_dtypes.bfloat16


def call(capfd: pytest.CaptureFixture[str], *args: object) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(["twin", *map(str, args)])
    out, err = capfd.readouterr()
    assert "Traceback" not in err
    return stop.value.code, out, " ".join(err.replace("│", " ").split())


def arguments(folder: Path, *entries: dict[str, Any], **more: object) -> Path:
    """An arguments file in the folder."""
    path = folder / "args.json"
    path.write_text(json.dumps({"arguments": entries, **more}), encoding="utf-8")
    return path


def test_the_example(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("vector_add.cpp", "vector_add.json"):
        (tmp_path / "a" / "b").mkdir(parents=True, exist_ok=True)
        shutil.copy(EXAMPLES / name, tmp_path / "a" / "b" / name)
    source, args = (tmp_path / "a/b/vector_add.cpp", tmp_path / "a/b/vector_add.json")
    report, trace = tmp_path / "report.json", tmp_path / "trace.json"
    options = ("--report", report, "--trace", trace)
    code, out, _ = call(
        capfd, source, "--entry", "vector_add", "--args", args, *options
    )
    assert code == 0
    assert (load_array(tmp_path / "out" / "z.npy") == np.float16(3.5)).all()
    assert "nothing was measured on a chip" in out
    assert f"outputs are in {tmp_path / 'out' / 'z.npy'}" in out
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found["hazards"] == []
    assert found["gm_write_bytes"] == 8192 * 2
    assert found["cycles"] == found["time"]["cycles"] > 0
    assert len(found["time"]["cores"]) == 8
    events = json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]
    assert {event["name"] for event in events} >= {"DataCopy", "Add", "thread_name"}
    capfd.readouterr()
    again = tmp_path / "again.json"
    options = ("--report", again, "--table", 0, "--blocks", 3)
    code, out, _ = call(
        capfd, source, "--entry", "vector_add", "--args", args, *options
    )
    assert code == 0
    assert "cycles" not in out
    assert len(json.loads(again.read_text(encoding="utf-8"))["time"]["cores"]) == 3


RACE = """
#include "kernel_operator.h"
using namespace AscendC;
extern "C" __global__ __aicore__ void race(GM_ADDR x, GM_ADDR y)
{
    GlobalTensor<float> x_gm, y_gm;
    x_gm.SetGlobalBuffer((__gm__ float*)x, 64);
    y_gm.SetGlobalBuffer((__gm__ float*)y, 64);
    LocalTensor<float> t(TPosition::VECCALC, 0, 64);
    DataCopy(t, x_gm, 64);
    DataCopy(y_gm, t, 64);
    PipeBarrier<PIPE_ALL>();
}
"""


def test_hazards_end_with_1_and_no_outputs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "race.cpp"
    source.write_text(RACE, encoding="utf-8")
    args = arguments(
        tmp_path,
        {"name": "x", "dtype": "float32", "shape": [64], "fill": 1},
        {"name": "y", "dtype": "float32", "shape": [64], "save": "y.npy"},
    )
    report = tmp_path / "report.json"
    options = ("--entry", "race", "--args", args, "--report", report)
    code, out, err = call(capfd, source, *options)
    assert code == 1
    assert "race.cpp:11: error[race] DataCopy" in err
    assert not (tmp_path / "y.npy").exists()
    assert "outputs" not in out
    [hazard] = json.loads(report.read_text(encoding="utf-8"))["hazards"]
    assert [place["line"] for place in hazard["places"]] == [11, 10]
    code, _, err = call(capfd, source, *options, "--no-check")
    assert (code, err) == (0, "")
    assert (load_array(tmp_path / "y.npy") == 1).all()


def test_structs_scalars_files_and_macros(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """kernels/fields.cpp writes out what it was given."""
    half = np.arange(16).astype(BF16)
    save_arrays(tmp_path / "in.npz", {"h": half, "other": half[:2]})
    save_array(tmp_path / "b.npy", half * BF16(2))
    fields = [
        ("a", "int8", -3),
        ("b", "int64", -(1 << 62)),
        ("c", "float32", 0.5),
        ("d", "uint16", [1, 2, 65535]),
        ("e", "float64", 2.5),
        ("f", "bool", True),
    ]
    args = arguments(
        tmp_path,
        {"name": "h", "load": "in.npz"},
        {"name": "b", "load": "b.npy"},
        {"name": "sum", "dtype": "bfloat16", "shape": [16], "save": "out.npz"},
        {"name": "seen", "dtype": "float32", "shape": [16], "save": "out.npz"},
        {"name": "count", "value": -7, "dtype": "int16"},
        {"name": "factor", "value": 1.25},
        {
            "name": "fields",
            "struct": [{"name": n, "dtype": d, "value": v} for n, d, v in fields],
        },
        tiling_key=5,
        workspace=64,
    )
    options = ("--entry", "fields<float>", "--args", args)
    source = KERNELS / "fields.cpp"
    macros = ("-D", "EXTRA=9", "-D", "FLAG", "-I", KERNELS / "headers")
    code, out, err = call(capfd, source, *options, *macros, "--warnings")
    assert (code, err) == (0, "")
    assert "printed by block 0" in out
    found = load_arrays(tmp_path / "out.npz")
    assert (found["sum"].astype(float) == 3 * np.arange(16)).all()
    expected = [-3, -1, 0.5, 1, 2, 65535, 2.5, 1, -7, 1.25, 9, 11, 5]
    assert found["seen"][:13].tolist() == expected
    assert np.isnan(found["seen"][13:]).all()


GOOD = {"name": "x", "dtype": "float32", "shape": [64]}
OTHER = {**GOOD, "name": "y"}
WRONG: list[tuple[list[Any], str]] = [
    ([{"name": "x"}], "'x' needs one of load, shape, value and struct, not none"),
    ([{**GOOD, "value": 1}], "not shape and value"),
    ([{"name": "x", "shape": [2]}], "'x': an array needs a dtype"),
    ([{**GOOD, "dtype": "float31"}], "there is no dtype 'float31'; there are: bool"),
    ([{**GOOD, "shape": [-1]}], "arguments[0].shape[0]: Input should be greater"),
    ([{**GOOD, "shape": "64"}], "arguments[0].shape: Input should be a valid array"),
    ([{**GOOD, "save": "x.bin"}], "save writes .npy or .npz, not x.bin"),
    ([{**GOOD, "size": 2}], "arguments[0].size: Extra inputs are not permitted"),
    ([{**GOOD, "dtype": "int8", "fill": 200}], "200 is no int8: -128 to 127"),
    ([{"name": "n", "value": 0.5, "dtype": "int32"}], "0.5 is no int32"),
    ([{"name": "n", "value": 1, "save": "n.npy"}], "save goes with load or shape"),
    ([{"name": "n", "value": 1, "array": "n"}], "array goes with load"),
    ([{"name": "n", "struct": [{"dtype": "int8", "value": [1, 128]}]}], "128 is no"),
    ([{"name": "x", "load": "none.npy"}], "none.npy: No such file or directory"),
    ([{"name": "x", "load": "args.json"}], "args.json: it is no .npy data"),
    ([{"name": "x", "load": "x.npz", "array": "q"}], "has no array 'q'; there are: x"),
    ([{**GOOD, "save": "a.npy"}, {**GOOD, "name": "y", "save": "a.npy"}], "saved as"),
    ([{**GOOD, "save": "x.npz/y.npy"}, OTHER], "cannot write"),
    ([{**GOOD, "shape": [1 << 50]}], "args.json: the arguments and the workspace take"),
    ([{**GOOD, "shape": [10**30, 0]}], "take 3.6e+15 PiB, more than the"),
    ([{**GOOD, "shape": [1] * 65}], "arguments[0].shape: List should have at most 64"),
    ([{**GOOD, "shape": [True]}], "shape[0]: Input should be a valid integer"),
    (
        [{**GOOD, "dtype": "float16", "fill": 1e5}],
        "100000.0 is no float16: -65504.0 to",
    ),
    ([{**GOOD, "fill": 10**400}], "is no float32: "),
    ([{**GOOD, "dtype": "int8", "fill": float("nan")}], "nan is no int8: -128 to 127"),
    ([{**GOOD, "load": "a\0.npy"}], "arguments[0].load: no file has such a name"),
    ([{**GOOD, "save": ""}], "arguments[0].save: no file has such a name"),
    ([GOOD, GOOD], "two arguments are called 'x'"),
    ([GOOD], "the kernel has 2 parameters, not 1"),
    ([GOOD, {"name": "n", "value": 3}], "n is a pointer: pass an array"),
    ([GOOD, {"name": "n", "value": 3, "dtype": "int8"}], "n is a pointer: pass"),
]


@pytest.mark.parametrize(("entries", "message"), WRONG)
def test_wrong_arguments(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    entries: list[Any],
    message: str,
) -> None:
    save_arrays(tmp_path / "x.npz", {"x": np.zeros(64, np.float32)})
    (tmp_path / "race.cpp").write_text(RACE, encoding="utf-8")
    args = arguments(tmp_path, *entries)
    code, _, err = call(capfd, tmp_path / "race.cpp", "--entry", "race", "--args", args)
    assert code == 2
    assert err.startswith("ligrad: ")
    assert message in err


def test_wrong_calls(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source, args = tmp_path / "race.cpp", arguments(tmp_path, GOOD, OTHER)
    source.write_text(RACE, encoding="utf-8")
    good = (source, "--entry", "race", "--args", args)
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    twice = tmp_path / "twice.json"
    twice.write_text('{"arguments": [], "blocks": 1, "blocks": 2}', encoding="utf-8")
    huge = tmp_path / "huge.json"
    huge.write_text(f'{{"arguments": [], "workspace": {10**15}}}', encoding="utf-8")
    for line, message in [
        ((tmp_path / "none.cpp", *good[1:]), "none.cpp: there is no such file"),
        ((source, "--entry", "run", "--args", args), "race.cpp does not compile"),
        ((*good, "--soc", "ascend310"), "there is no chip 'ascend310'"),
        ((*good, "--blocks", 49), "block_dim 49 is not in 1..48"),
        ((*good, "--kernel-type", "MIX"), "there is no kernel type 'MIX'; there are: "),
        ((*good, "-D", "1=2"), "-D 1=2: '1' is no name of a macro"),
        ((*good[:-1], tmp_path / "no.json"), "no.json: No such file or directory"),
        ((*good[:-1], broken), "broken.json: Invalid JSON"),
        ((*good[:-1], twice), "twice.json: 'blocks' is given twice"),
        ((*good[:-1], huge), "huge.json: the arguments and the workspace take 909 TiB"),
        ((*good, "--report", tmp_path), f"cannot write {tmp_path}: Is a directory"),
        ((*good, "--trace", args / "x"), "cannot write"),
    ]:
        code, _, err = call(capfd, *line)
        assert code == 2
        assert message in err


def test_the_python_face(tmp_path: Path) -> None:
    """What docs/twin.md shows."""
    library = twin.build([EXAMPLES / "vector_add.cpp"], "vector_add")
    loaded = twin.load_call(EXAMPLES / "vector_add.json")
    report = library.launch(loaded.arguments, 4, soc="ascend910b4", trace=100)
    assert not report.hazards
    assert report.cycles
    assert report.gm_bytes == twin.GmBytes(32768, 16384, 32768, 16384)
    assert report.trace
    with pytest.raises(ValueError, match="x is 300: more than 1 bytes hold"):
        library_of_numbers(tmp_path).launch([300], 1, names=["x"])
    library = library_of_numbers(tmp_path)
    for value, says in (
        (np.int32(3), "x is passed by value, in 1 bytes; it was given 4"),
        ("3", "x is passed by value: pass a number, bytes or a structure, not str"),
        (None, "not NoneType"),
        (np.ma.array(3, mask=True), "x is a masked array, whose mask no kernel sees"),
        (np.array(3, ">i2"), r"x is big-endian \(>i2\)"),
        (np.array({}), "x is an array of Python objects"),
    ):
        with pytest.raises(ValueError, match=says):
            library.launch([value], 1, names=["x"])
    with pytest.raises(ValueError, match="a workspace of -1 bytes is not in"):
        library.launch([3], 1, workspace=-1)
    with pytest.raises(ValueError, match="tiling_key -1 is no uint64"):
        library.launch([3], 1, tiling_key=-1)


def library_of_numbers(folder: Path) -> twin.Library:
    """A kernel that takes a byte."""
    source = folder / "number.cpp"
    kernel = "__global__ __aicore__ void n(int8_t x) { (void)x; }"
    source.write_text(f'#include "kernel_operator.h"\n{kernel}', encoding="utf-8")
    return twin.build([source], "n")
