"""What is emitted depends on the program alone: not on the process, the seed of hashes,
the working directory, or what was compiled before."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import ligrad

ROOT = Path(__file__).parents[2]
FILE = ROOT / "examples" / "lightning_indexer_grad.lig"
OTHER = ROOT / "examples" / "forward_scores.lig"


def digest(folder: Path) -> str:
    """Of the names and contents of all files."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.update(str(path.relative_to(folder)).encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def emitted(file: Path, folder: Path) -> str:
    ligrad.compile(file).emit(folder)
    return digest(folder)


def test_twice_in_a_process(tmp_path: Path) -> None:
    first = emitted(FILE, tmp_path / "a")
    other = emitted(OTHER, tmp_path / "b")
    operator = ligrad.compile(FILE)
    operator.emit(tmp_path / "c")
    operator.emit(tmp_path / "d")
    operator.emit(tmp_path / "a")  # over what is there
    assert {digest(tmp_path / name) for name in "acd"} == {first}
    assert other != first


def test_in_two_processes(tmp_path: Path) -> None:
    """With other seeds of hashes, in other folders, the file named another way."""
    processes: list[subprocess.Popen[bytes]] = []
    for seed, where, file in (("1", ROOT, FILE.relative_to(ROOT)), ("77", "/", FILE)):
        code = f"import ligrad; ligrad.compile({str(file)!r}).emit({str(tmp_path)!r} + "
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", f"{code}{'/' + seed!r})"]
        processes.append(subprocess.Popen(command, cwd=where, env=environment))
    assert [process.wait() for process in processes] == [0, 0]
    here = emitted(FILE, tmp_path / "here")
    assert {digest(tmp_path / name) for name in ("1", "77")} == {here}
