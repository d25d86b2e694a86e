"""A signal ends the command line at once, and nothing is left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backends.twin.build import build, build_engine
from ligrad.cli.app import main

LATE = 10
"""Seconds that a busy machine may take for what takes milliseconds."""
ROOT = Path(__file__).parents[2]
BEGINNING = """\
import hashlib, sys, threading
from pathlib import Path
from backends.leftovers import finish, folder, replacing, temporary_directory, unfinished
from backends.programs import run_program
from ligrad.stopping import ended_by_signals, note

out = Path(sys.argv[1])

def ready():
    print("ready", flush=True)

with ended_by_signals("ligrad"):
"""


def started(folder: Path, body: str, **options: object) -> subprocess.Popen[str]:
    """A process that runs a body, and has said that it is ready."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-c", BEGINNING + lines, str(folder / "out")],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,  # pyright: ignore[reportCallIssue, reportArgumentType]
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def runs(word: str) -> bool:
    """Whether a process that is no zombie has the word in its arguments."""
    for arguments in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in arguments.read_bytes():
                return True
        except OSError:
            continue
    return False


FILE = """\
with replacing(out / "a" / "b.npz") as part:
    part.write_text("half")
    ready()
    threading.Event().wait()
"""
DIRECTORY = """\
with unfinished(out) as part:
    (part / "inside").mkdir(parents=True)
    ready()
    while True:
        pass
"""
BUSY = """\
with temporary_directory() as scratch:
    (scratch / "unit.cpp").write_text("half")
    ready()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 1 << 28)
"""
THREADS = """\
def work():
    with temporary_directory() as scratch:
        (scratch / "unit.cpp").write_text("half")
        ready()
        run_program(["sleep", "31.4159265"])
        print("went on", flush=True)
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""


@pytest.mark.parametrize(
    ("body", "number"),
    [
        (FILE, signal.SIGINT),
        (DIRECTORY, signal.SIGTERM),
        (BUSY, signal.SIGHUP),
        (BUSY, signal.SIGTERM),
        (THREADS, signal.SIGINT),
        (THREADS, signal.SIGTERM),
    ],
)
def test_nothing_is_left(tmp_path: Path, body: str, number: signal.Signals) -> None:
    process = started(tmp_path, body)
    begin = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - begin < LATE
    assert process.returncode == 128 + number
    assert err.startswith(f"ligrad: stopped by {number.name}")
    assert out == ""
    assert not list(tmp_path.iterdir())
    assert not runs("31.4159265")


STUBBORN = """\
with temporary_directory() as scratch, note("nothing is lost"):
    script = "trap '' TERM; echo ready >&9; sleep 27.1828 & wait; wait"
    run_program(["sh", "-c", script, "stubborn27"], files=[9])
"""


def test_programs_that_do_not_end_are_killed(tmp_path: Path) -> None:
    """With what they have started, too."""
    body = "import os\nos.dup2(1, 9)\n" + STUBBORN
    process = started(tmp_path, body)
    process.terminate()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 143
    assert err == "ligrad: stopped by SIGTERM; nothing is lost\n"
    assert not runs("27.1828")
    assert not runs("stubborn27")
    assert not list(tmp_path.iterdir())


SLOW = """\
ready()
try:
    run_program(["sh", "-c", "sleep 16.1803; true"], seconds=0.1)
except Exception as error:
    print(error, flush=True)
"""


def test_programs_may_have_little_time(tmp_path: Path) -> None:
    out, _ = started(tmp_path, SLOW).communicate(timeout=30)
    assert out == "sh took 0.1 s\n"
    assert not runs("16.1803")


def test_results_are_whole_or_not_at_all(tmp_path: Path) -> None:
    """A signal that comes while files are put into place waits."""
    body = """\
from backends.leftovers import whole
import time
with whole():
    ready()
    time.sleep(0.3)
    out.write_text("whole")
threading.Event().wait()
"""
    process = started(tmp_path, body)
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert (tmp_path / "out").read_text(encoding="utf-8") == "whole"


def test_ignored_signals_stay_ignored(tmp_path: Path) -> None:
    """As `nohup` wants it."""
    body = "ready()\nsys.stdin.readline()\nprint('went on')\n"
    options = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)}
    process = started(tmp_path, body, stdin=subprocess.PIPE, **options)
    process.send_signal(signal.SIGHUP)
    out, _ = process.communicate("\n", timeout=30)
    assert (process.returncode, out) == (0, "went on\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_while_modules_are_imported(tmp_path: Path, number: signal.Signals) -> None:
    """Half a second after the start, the command line is still at it."""
    command = [sys.executable, "-m", "ligrad", "doctor"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    maps = Path(f"/proc/{process.pid}/maps")
    while "multiarray" not in maps.read_text():
        time.sleep(0.01)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert (out, err.count("\n")) == ("", 1)


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command for a kernel without end, which is compiled; z.npy would be saved."""
    folder = tmp_path_factory.mktemp("endless")
    kernel = Path(__file__).parent / "kernels" / "endless.cpp"
    array = {"name": "z", "dtype": "float32", "shape": [64], "save": "z.npy"}
    args = folder / "args.json"
    args.write_text(json.dumps({"arguments": [array]}), encoding="utf-8")
    build([kernel], "endless", strict=False)
    command = [sys.executable, "-m", "ligrad", "twin", str(kernel)]
    return [*command, "--entry", "endless", "--args", str(args)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_kernel_without_end(
    endless: list[str], tmp_path: Path, number: signal.Signals
) -> None:
    """It ends with the command line, were that killed."""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        endless, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "ready\n"
        begin = time.monotonic()
        process.send_signal(number)
        err = process.stderr.read()
    assert time.monotonic() - begin < LATE
    if number != signal.SIGKILL:
        assert process.returncode == 128 + number
        assert err.startswith(f"ligrad: stopped by {number.name}")
    assert not runs(f"/runner\0{build_engine()}")
    assert not list(tmp_path.iterdir())
    assert not (Path(endless[-1]).parent / "z.npy").exists()


def test_a_kernel_has_a_bound(endless: list[str]) -> None:
    command = [*endless, "--timeout", "0.2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    ready, line = done.stderr.splitlines()
    assert ready == "ready"
    assert re.search(r"endless.cpp:12: error\[timeout\] (\S+) \(block 0 AIV0\)", line)
    assert line.endswith("the kernel has not ended after 0.2 s")
    assert not (Path(endless[-1]).parent / "z.npy").exists()


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf"])
def test_what_is_no_bound(
    endless: list[str], seconds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (endless[3:], ["run", "x.lig", "--level", "source"]):
        with pytest.raises(SystemExit) as exit:
            main([*words, f"--timeout={seconds}"])
        assert exit.value.code == 2
        assert f"the timeout is {seconds} s, must be" in capsys.readouterr().err
