"""Files of arrays that are broken in any way: a message, and never a traceback."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from ligrad.arrays import load_array, load_arrays, open_arrays, save_array, save_arrays
from ligrad.cli.app import main
from ligrad_ir.errors import LigradError

ROOT = Path(__file__).parents[2]
FORMULAS = str(ROOT / "examples" / "lightning_indexer_grad.lig")
KERNEL = str(ROOT / "examples" / "twin" / "vector_add.cpp")


def npy(array: object, **options: object) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(array), **options)
    return stream.getvalue()


def with_header(text: str, data: bytes = b"") -> bytes:
    """An .npy with any header."""
    header = text.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


def described(descr: str, shape: str, data: bytes = b"") -> bytes:
    return with_header(
        f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}", data
    )


GOOD = npy(np.arange(4, dtype=np.float32))
NPY: list[tuple[bytes, str]] = [
    (b"", "it is no .npy data"),
    (b"\x93NUM", "it is no .npy data"),
    (b"not an array at all", "it is no .npy data"),
    (GOOD[:40], "it is no .npy data"),
    (GOOD[:-3], "its header speaks of 16 bytes, and 13 are there"),
    (GOOD + b"more", "its header speaks of 16 bytes, and 20 are there"),
    (GOOD.replace(b"\x01\x00", b"\x07\x00", 1), "its format (7, 0) is none"),
    (GOOD.replace(b"(4,)", b"(9,)"), "its header speaks of 36 bytes, and 16 are"),
    (GOOD.replace(b"(4,)", b"(-4)"), "it is no .npy data"),
    (described("'<f4'", f"({10**15},)"), "its header speaks of 4000000000000000 bytes"),
    (described("'<f4'", f"({10**30},)"), "its header speaks of 4000000"),
    (described("'<f4'", "(-1,)"), "an array cannot have the shape (-1,)"),
    (described("'<f4'", f"({'1,' * 65})"), "an array cannot have the shape (1, 1"),
    (described("'<f4'", "'4'"), "it is no .npy data"),
    (described("'nothing'", "(4,)"), "it is no .npy data"),
    (described("[(3, 4)]", "(4,)"), "it is no .npy data"),
    (described("__import__('os')", "(4,)"), "it is no .npy data"),
    (with_header("(" * 90), "it is no .npy data"),
    (with_header("{1: 2, 'a': 3}"), "it is no .npy data"),
    (with_header("  if x\n y"), "it is no .npy data"),
    (npy(np.array([{}, 1]), allow_pickle=True), "it holds Python objects"),
    (npy(np.zeros(2, "i4,f4")), "its elements are structures, not numbers"),
    (npy(np.zeros(2, "S3")), "its elements are no numbers, but |S3"),
    (npy(np.array(["a"])), "its elements are no numbers, but <U1"),
    (npy(np.zeros(2, "V4")), "its elements are no numbers, but |V4"),
    (npy(np.zeros(2, "M8[s]")), "its elements are no numbers, but datetime64[s]"),
    (npy(np.zeros(2, np.complex64)), "its elements are no numbers, but complex64"),
    (npy(np.zeros(2, ">i4")), "its elements are big-endian (>i4); save it as"),
]


@pytest.mark.parametrize(("data", "says"), NPY)
def test_broken_arrays(tmp_path: Path, data: bytes, says: str) -> None:
    """Alone, in an .npz, and in a directory whose arrays are mapped."""
    lone, packed, folder = (tmp_path / name for name in ("x.npy", "x.npz", "in"))
    folder.mkdir()
    for path in (lone, folder / "x.npy"):
        path.write_bytes(data)
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("x.npy", data)
    for load, path, where in (
        (load_array, lone, f"cannot read {lone}: "),
        (load_arrays, packed, f"cannot read {packed}: x: "),
        (open_arrays, folder, f"cannot read {folder / 'x.npy'}: "),
    ):
        with pytest.raises(LigradError) as raised:
            load(path)
        assert str(raised.value).startswith(where + says)


def test_an_array_that_no_memory_can_hold(tmp_path: Path, monkeypatch) -> None:
    from ligrad import npy as reader

    save_arrays(tmp_path / "x.npz", {"x": np.zeros(64, np.float32)})
    monkeypatch.setattr(reader, "memory_bytes", lambda: 100)
    with pytest.raises(LigradError, match="x: its 256 bytes do not fit into memory"):
        load_arrays(tmp_path / "x.npz")


# ---- files of several arrays


def packed(path: Path, kind: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as file:
        file.writestr("x.npy", GOOD)
    return path


def bad_crc(path: Path) -> None:
    packed(path)
    data = path.read_bytes()
    path.write_bytes(data.replace(GOOD[-8:], bytes(8), 1))


def bad_stream(path: Path) -> None:
    packed(path, zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    data[40:60] = bytes(range(20))
    path.write_bytes(data)


def encrypted(path: Path) -> None:
    packed(path)
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)


def unknown_compression(path: Path) -> None:
    packed(path)
    data = bytearray(path.read_bytes())
    data[8] = data[data.index(b"PK\x01\x02") + 10] = 99
    path.write_bytes(data)


def twice(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("x.npy", GOOD)
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr("x.npy", GOOD)


def text(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("readme.txt", "hello")


def cut(path: Path) -> None:
    data = packed(path).read_bytes()
    path.write_bytes(data[: len(data) // 2])


def lone(path: Path) -> None:
    path.write_bytes(GOOD)


def folder_in_it(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.mkdir("x.npy")


NPZ: list[tuple[Callable[[Path], object], str]] = [
    (bad_crc, "x: it is damaged: Bad CRC-32 for file 'x.npy'"),
    (bad_stream, "x: it is damaged: Error -3 while decompressing"),
    (encrypted, "x: it is encrypted"),
    (unknown_compression, "x: it is damaged: That compression method is not supported"),
    (twice, "it holds x twice"),
    (text, "readme.txt: it is no .npy data"),
    (folder_in_it, "x.npy/: it is no .npy data"),
    (cut, "not an .npz file"),
    (lone, "not an .npz file"),
    (lambda path: path.write_bytes(b""), "not an .npz file"),
    (lambda path: path.mkdir(), "it is no regular file"),
    (lambda path: None, "No such file or directory"),
]


@pytest.mark.parametrize(("make", "says"), NPZ)
def test_broken_npz(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    make: Callable[[Path], object],
    says: str,
) -> None:
    """From Python, as inputs of a program and of a kernel."""
    path = tmp_path / "in.npz"
    make(path)
    with pytest.raises(LigradError) as raised:
        load_arrays(path)
    assert str(raised.value).startswith(f"cannot read {path}: {says}")
    args = tmp_path / "args.json"
    entry = {"name": "x", "load": "in.npz"}
    args.write_text(json.dumps({"arguments": [entry]}), encoding="utf-8")
    calls = [["twin", KERNEL, "--entry", "vector_add", "--args", str(args)]]
    if not path.is_dir():
        calls.append(["run", FORMULAS, "--inputs", str(path)])
    for call in calls:
        with pytest.raises(SystemExit) as stop:
            main(call)
        assert stop.value.code == 2
        assert capfd.readouterr().err.startswith(f"ligrad: cannot read {path}: {says}")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_any_damage_is_told_or_harmless(tmp_path: Path, save: Callable) -> None:
    """A byte of a file is another one, or its end is missing: the arrays are the same, or
    it is refused."""
    path, rng = tmp_path / "damaged.npz", np.random.default_rng(0)
    arrays = {"x": np.arange(6.0, dtype=np.float32), "y": np.ones(3, np.int32)}
    save(path, **arrays)
    content, known = path.read_bytes(), {a.tobytes() for a in arrays.values()}
    refused = 0
    for at in rng.permutation(len(content))[:300]:
        damaged = bytearray(content)
        damaged[at] ^= rng.integers(1, 256)
        path.write_bytes(damaged if rng.random() < 0.8 else damaged[:at])
        try:
            found = load_arrays(path)
        except LigradError:
            refused += 1
        else:
            assert all(array.tobytes() in known for array in found.values())
    assert refused > 100


# ---- what is right


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.int32).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(6).reshape(2, 3).astype(ml_dtypes.bfloat16),
        np.array(3),
        np.zeros((0, 3), np.float16),
        np.array([True, False]),
    ],
)
def test_arrays_come_back_as_they_were(tmp_path: Path, array: np.ndarray) -> None:
    save_array(tmp_path / "x.npy", array)
    save_arrays(tmp_path / "x.npz", {"x": array})
    for found in (
        load_array(tmp_path / "x.npy"),
        load_arrays(tmp_path / "x.npz")["x"],
        open_arrays(tmp_path)["x"],
    ):
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)
