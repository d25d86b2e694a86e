"""`ligrad doctor` and `ligrad compile --build`, with toolkits that are only folders."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ligrad.cli import doctor
from ligrad.cli.app import main
from ligrad.toolkit import NEEDED, PARTS, VARIABLES, find_toolkit, look_at
from ligrad_ir.errors import LigradError
from tests.project.support import SCORES

WHERE = {
    "bisheng": "compiler/ccec_compiler/bin/bisheng",
    "msopgen": "python/site-packages/bin/msopgen",
    "ASC": "compiler/tikcpp/ascendc_kernel_cmake/ASCConfig.cmake",
    "acl": "include/acl/acl.h",
    "opdef": "include/register/op_def_registry.h",
}
CMAKE = """\
#!/bin/sh
echo "$@" >> "$CMAKE_LOG"
echo "ASCEND_HOME_PATH=$ASCEND_HOME_PATH" >> "$CMAKE_LOG"
case "$*" in
*package*) mkdir -p build_out && touch build_out/custom_opp_linux.run ;;
esac
"""


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with no toolkit, and a folder for one."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    return tmp_path / "cann"


def toolkit(home: Path, *, without: tuple[str, ...] = ()) -> Path:
    for name, path in WHERE.items():
        if name not in without:
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / path).write_text("")
    (home / "compiler").mkdir(parents=True, exist_ok=True)
    (home / "compiler" / "version.info").write_text("Version=8.5.0\ntimestamp=1\n")
    return home


def cmake(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str = CMAKE) -> Path:
    """A cmake that writes down how it is called."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "cmake").write_text(text)
    (folder / "bin" / "cmake").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("CMAKE_LOG", str(folder / "log"))
    return folder / "log"


def compile_(capfd: pytest.CaptureFixture[str], *args: str) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(["compile", str(SCORES), "--dtype", "bf16", "--layout", "TND", *args])
    out, err = capfd.readouterr()
    assert "Traceback" not in err
    return stop.value.code, out, err


def findings() -> dict[str, doctor.Finding]:
    return {finding.what: finding for finding in doctor.examine()}


# ---- doctor


def test_no_toolkit(bare: Path) -> None:
    finding = findings()["CANN"]
    assert not finding.ok
    assert not finding.required
    assert "ASCEND_HOME_PATH and ASCEND_TOOLKIT_HOME are not set" in finding.detail


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_whole_toolkit(
    bare: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(toolkit(bare)))
    found = findings()
    assert found["CANN"].detail == f"8.5.0 at {bare} ({variable})"
    for name, path in WHERE.items():
        assert found[name].ok
        assert found[name].detail == str(bare / path)


def test_the_first_variable_counts(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLES[0], str(toolkit(bare)))
    monkeypatch.setenv(VARIABLES[1], "elsewhere")
    assert str(bare) in findings()["CANN"].detail


@pytest.mark.parametrize("name", PARTS)
def test_what_a_toolkit_lacks(
    bare: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(VARIABLES[0], str(toolkit(bare, without=(name,))))
    found = findings()
    assert found["CANN"].ok
    assert found[name].detail == f"missing: {PARTS[name][0]}"
    assert [n for n in WHERE if not found[n].ok] == [name]
    assert look_at(bare).missing == tuple(n for n in NEEDED if n == name)


def test_a_toolkit_that_is_gone(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLES[0], str(bare))
    assert "does not exist" in findings()["CANN"].detail


def test_no_version(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toolkit(bare)
    (bare / "compiler" / "version.info").unlink()
    monkeypatch.setenv(VARIABLES[0], str(bare))
    assert "unknown version" in findings()["CANN"].detail
    (bare / "version.cfg").write_text(
        "# x\nruntime_running_version=[7.6.0.1:8.1.RC1]\n"
    )
    assert look_at(bare).version == "7.6.0.1"


# ---- build


def test_build_without_a_toolkit_writes_nothing(
    bare: Path, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _, err = compile_(capfd, "-o", str(tmp_path / "p"), "--build")
    assert code == 2
    assert "--build needs a CANN toolkit, and none is named" in err
    assert "ASCEND_HOME_PATH" in err
    assert not (tmp_path / "p").exists()


def test_build_with_a_toolkit_in_pieces(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLES[0], str(bare))
    with pytest.raises(LigradError, match="which is no directory"):
        find_toolkit()
    toolkit(bare, without=("bisheng", "ASC", "msopgen"))
    with pytest.raises(LigradError) as caught:
        find_toolkit()
    assert str(caught.value) == (
        f"the CANN toolkit at {bare} lacks: bisheng, the compiler of kernels; ASC, the "
        "CMake package of operator projects"
    )


def test_build_without_cmake(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLES[0], str(toolkit(bare)))
    monkeypatch.setenv("PATH", str(bare))
    with pytest.raises(LigradError, match="needs cmake"):
        find_toolkit()


def test_build(
    bare: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    log = cmake(tmp_path / "fake", monkeypatch)
    monkeypatch.setenv(VARIABLES[1], str(toolkit(bare)))
    code, out, err = compile_(capfd, "-o", str(tmp_path / "p"), "--build")
    assert (code, err) == (0, "")
    package = tmp_path / "p" / "build_out" / "custom_opp_linux.run"
    assert out.splitlines()[-1] == f"built {package}"
    said = log.read_text()
    assert "--preset default" in said
    assert f"ASCEND_HOME_PATH={bare}" in said
    assert said.index("--target binary") < said.index("--target package")
    assert os.access(tmp_path / "p" / "build.sh", os.X_OK)
    json.loads((tmp_path / "p" / "CMakePresets.json").read_text())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "#!/bin/sh\necho kernel does not compile\nexit 3\n",
            "failed with 3:\nkernel does",
        ),
        ("#!/bin/sh\necho nothing to do\n", "left no package:\nnothing to do"),
    ],
)
def test_a_build_that_fails(
    bare: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    text: str,
    says: str,
) -> None:
    cmake(tmp_path / "fake", monkeypatch, text)
    monkeypatch.setenv(VARIABLES[0], str(toolkit(bare)))
    code, _, err = compile_(capfd, "-o", str(tmp_path / "p"), "--build")
    assert code == 2
    assert says in err
