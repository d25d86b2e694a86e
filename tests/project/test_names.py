"""Names that C++ keeps for itself, or that the files around a kernel use."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

import ligrad
from backends.aclnn.functions import operator_source
from backends.aclnn.library import HEADERS, HostKernel
from backends.ascendc.reserved import LIBRARY, local, member
from backends.project.cann import aclnn_path
from backends.project.project import operator_files
from backends.project.variants import Family
from ligrad_ir.errors import LigradError
from tests.project.support import FLAGS, write

TWIN = HEADERS.parents[1] / "twin"
STANDINS = Path(__file__).with_name("cann")
TEXT = """\
operator Awkward
axis int = 64
axis tiling in 1..64
axis for = tiling * used
axis used in 1..64
input double : half[for, int]
input workspace : half[for, int]
input do : int32[tiling] ends for
attribute cores : int64 = 3
attribute case : int64 = 1
output new : half[for, int]
output executor : half[for, int]
new = double + double
executor = double * workspace
parameter stream = new
parameter bytes = cores
"""
PLAIN = """\
operator {}
axis M in 1..64
axis C = 64
input a : half[M, C]
output y : half[M, C]
y = a + a
"""


@pytest.fixture(scope="module")
def operator() -> ligrad.Operator:
    return ligrad.compile(TEXT, layout="TND", dtype="fp16")


@pytest.fixture(scope="module")
def project(
    operator: ligrad.Operator, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    files = operator_files(Family((operator.variant(),)))
    return write(tmp_path_factory.mktemp("awkward"), files)


def test_the_entry_runs(operator: ligrad.Operator, project: Path) -> None:
    ones = np.ones((5, 64), np.float16)
    inputs = {"double": 2 * ones, "workspace": 3 * ones, "do": np.int32([2, 4])}
    done = operator.run_source(inputs, 1, project)
    assert not done.report.hazards
    rows = np.float16([1, 1, 1, 1, 0])[:, None]
    np.testing.assert_array_equal(done.outputs["new"], 4 * ones * rows)
    np.testing.assert_array_equal(done.outputs["executor"], 6 * ones * rows)


def compiles(source: Path, *flags: str) -> None:
    command = ["g++", *FLAGS, *flags, "-fsyntax-only", str(source)]
    subprocess.run(command, check=True)


def test_the_host_side_compiles(project: Path) -> None:
    compiles(project / "op_host" / "awkward.cpp", f"-I{STANDINS}")


def test_the_c_interface_compiles(operator: ligrad.Operator, project: Path) -> None:
    family = Family((operator.variant(),))
    kernel = HostKernel("awkward", project / family.source, family.kernel, {})
    header = Path(aclnn_path(family)).relative_to("include")
    host = "op_host/awkward_host.h"
    source = project / "functions.cpp"
    source.write_text(operator_source(family, [kernel], str(header), host))
    folders = [project, project / "include", HEADERS, HEADERS.parent]
    folders += [TWIN, TWIN / "include"]
    include = [f"-I{path}" for path in folders]
    command = ["g++", "-std=c++20", "-fsyntax-only", *include]
    for file in (source, project / "examples" / "awkward.cpp"):
        subprocess.run([*command, str(file)], check=True)


def test_names_stay_apart() -> None:
    assert member("query") == local("query") == "query"
    assert member("do") == local("do") == "do_"
    assert member("do_") == "do__"
    assert (member("cores"), local("cores")) == ("cores_", "cores")
    assert (member("executor"), local("executor")) == ("executor", "executor_")


@pytest.mark.parametrize(
    "name", ["Main", "Int", "Half", "Exp", "Index", "Round", "Std"]
)
def test_a_kernel_with_a_name_of_c_is_refused(name: str, tmp_path: Path) -> None:
    operator = ligrad.compile(PLAIN.format(name))
    with pytest.raises(LigradError, match=f"be called '{name.lower()}', which is a"):
        operator.emit(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_every_function_that_the_compiler_knows_is_listed() -> None:
    """A kernel of any other name of one word compiles beside C's headers."""
    words = "add mul gather relu scatter vector tensor axis kernel loss grad norm embed"
    source = (
        "#include <cmath>\n#include <cstdlib>\n#include <cstring>\n#include <cstdio>\n"
    )
    wrong = "".join(
        f'extern "C" void {name}(char*, char*);\n' for name in sorted(LIBRARY)
    )
    right = "".join(
        f'extern "C" void {name}(char*, char*);\n' for name in words.split()
    )
    command = ["g++", "-x", "c++", "-fsyntax-only", "-Wall", "-Werror", "-"]
    done = subprocess.run(
        command, input=source + right, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    done = subprocess.run(
        command, input=source + wrong, capture_output=True, text=True, check=False
    )
    assert len(re.findall("error:", done.stderr)) > 100
