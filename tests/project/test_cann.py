"""The host code for CANN, against stand-ins of its headers: it compiles, its prototype is
that of the signature, and its functions fill their contexts."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from backends.project.cann import aclnn_header
from ligrad_ir.soc import COMPUTE_UNITS
from tests.project.support import FLAGS, LIGHTNING, SCORES, family, files, write

STANDINS = Path(__file__).with_name("cann")
PROTOTYPES = """
aclnnStatus aclnnLightningIndexerGradGetWorkspaceSize(
  const aclTensor *query, const aclTensor *key, const aclTensor *dy,
  const aclTensor *spareIndices, const aclTensor *weights,
  const aclTensor *actualSeqLengthsQuery, const aclTensor *actualSeqLengthsKey,
  int64_t headNum, char *layout, int64_t sparseMode, int64_t preTokens,
  int64_t nextTokens, bool deterministic, const aclTensor *dQuery,
  const aclTensor *dKey, const aclTensor *dWeights, uint64_t *workspaceSize,
  aclOpExecutor **executor);
aclnnStatus aclnnLightningIndexerGrad(
  void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);
"""
"""Of the vendor's document, `spareIndices` as it prints it."""


class Operator:
    """The host code of a project, compiled with the stand-ins."""

    def __init__(self, file: Path, folder: Path):
        kernel = family(file).kernel
        write(folder, files(file))
        source = folder / "op_host" / f"{kernel}.cpp"
        self._binary = folder / "driver"
        command = ["g++", *FLAGS, f"-I{STANDINS}", f'-DOPERATOR="{source}"']
        command += [str(STANDINS / "driver.cpp"), "-o", str(self._binary)]
        subprocess.run(command, check=True)

    def drive(self, lines: list[str]) -> tuple[list[str], str]:
        done = subprocess.run(
            [str(self._binary)],
            input="\n".join(lines) + "\n",
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.splitlines(), done.stderr


@pytest.fixture(scope="module")
def lightning(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    return Operator(LIGHTNING, tmp_path_factory.mktemp("lightning"))


def test_the_prototype(lightning: Operator) -> None:
    lines, _ = lightning.drive([])
    both, ints = "27 1 formats 4", "3 3 formats 4"
    assert lines[: lines.index("unit ascend910_93") + 1] == [
        f"input query required {both}",
        f"input key required {both}",
        f"input dy required {both}",
        f"input sparse_indices required {ints}",
        f"input weights required {both}",
        f"input actual_seq_lengths_query optional {ints}",
        f"input actual_seq_lengths_key optional {ints}",
        f"output dq required {both}",
        f"output dk required {both}",
        f"output dweights required {both}",
        "attribute headNum required ",
        "attribute layout optional BSND",
        "attribute sparseMode optional 3",
        "attribute preTokens optional 65536",
        "attribute nextTokens optional 65536",
        "attribute determinstic optional false",
        *(f"unit {unit}" for unit in COMPUTE_UNITS),
    ]


BSND = [
    *(
        "number 0 8",
        "text 1 BSND",
        "number 2 0",
        "number 3 1",
        "number 4 1",
        "flag 5 0",
    ),
    "input 1 2 3 8 128",
    "input 1 2 40 1 128",
    "input 1 2 3 16",
    "input 3 2 3 16",
    "input 1 2 3 8",
    "output 1 2 3 8 128",
    "output 1 2 40 1 128",
    "output 1 2 3 8",
]
TND = [
    *("number 0 8", "text 1 TND", "number 2 3", "number 3 1", "number 4 1", "flag 5 1"),
    "input 27 6 8 128",
    "input 27 80 1 128",
    "input 27 6 16",
    "input 3 6 16",
    "input 27 6 8",
    "optional 3 2",
    "optional 3 2",
    "output 27 6 8 128",
    "output 27 80 1 128",
    "output 27 6 8",
]


def driven(lines: list[str]) -> dict[str, list[str]]:
    """By their first word: the lines behind the prototype."""
    start = next(i for i, line in enumerate(lines) if line.startswith("tiling"))
    found: dict[str, list[str]] = {}
    for line in lines[start:]:
        word, *rest = line.split()
        found.setdefault(word, []).append(" ".join(rest))
    return found


def test_a_call_is_tiled(lightning: Operator) -> None:
    lines, err = lightning.drive(BSND)
    found = driven(lines)
    assert err == ""
    [variant] = [v for v in family(LIGHTNING).variants if v.name == "fp16_bsnd"]
    numbers = {"B": 2, "S1": 3, "S2": 40, "T": 6, "N": 80, "N1": 8, "D": 128, "K": 16}
    workspace = variant.kernel.workspace_bytes(numbers, 24) + 16 * 1024 * 1024
    assert found["tiling"] == [
        f"0 key {variant.key} blocks 24 mode 1 workspace {workspace} bytes 72"
    ]
    assert found["fields"] == ["2 3 40 6 80 8 128 16 0"]
    assert found["shapes"] == ["0 types 0"]
    assert found["result"] == ["1 2 3 8 128", "1 2 40 1 128", "1 2 3 8"]


def test_run_ends_are_left_to_the_kernel(lightning: Operator) -> None:
    found = driven(lightning.drive(TND)[0])
    [variant] = [
        v for v in family(LIGHTNING).variants if v.name == "bf16_tnd_deterministic"
    ]
    assert found["tiling"][0].startswith(f"0 key {variant.key} blocks 24")
    assert found["fields"] == ["2 0 0 6 80 8 128 16 3"]
    assert found["result"] == ["27 6 8 128", "27 80 1 128", "27 6 8"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "number 0 8",
            "number 0 9",
            "head_num is 9, but the arrays have N1 = 8 [161002]",
        ),
        ("text 1 BSND", "text 1 SBH", "layout is 'SBH', must be BSND or TND"),
        (
            "input 3 2 3 16",
            "input 9 2 3 16",
            "sparse_indices has dtype int64, expected",
        ),
        ("output 1 2 3 8", "output 1 2 3 9", "N1 is 8 in query and 9 here"),
    ],
)
def test_a_wrong_call_fails(lightning: Operator, old: str, new: str, says: str) -> None:
    lines, err = lightning.drive([new if line == old else line for line in BSND])
    assert driven(lines)["tiling"][0].startswith(str(2**32 - 1))
    assert says in err


def test_another_program(tmp_path: Path) -> None:
    operator = Operator(SCORES, tmp_path)
    lines, _ = operator.drive([])
    assert [line.split()[1] for line in lines if line.startswith("output")] == [
        "scores"
    ]
    attributes = [line.split()[1] for line in lines if line.startswith("attribute")]
    assert attributes == ["layout", "sparse_mode", "deterministic"]
    given = [
        "text 0 BSND",
        *(line for line in BSND[6:11] if not line.endswith(" 3 16")),
    ]
    given.insert(3, "input 3 2 3 16")
    found = driven(operator.drive([*given, "output 1 2 3 16"])[0])
    assert found["tiling"][0].startswith("0 key 5 ")
    assert found["result"] == ["1 2 3 16"]


# ---- the other files


def words(text: str) -> list[str]:
    return re.findall(r"\w+|[*(),;]", text)


def test_the_prototypes_of_the_vendor() -> None:
    text = aclnn_header(family(LIGHTNING))
    body = text[text.index("aclnnStatus") : text.rindex("#ifdef")]
    assert words(body) == words(PROTOTYPES)


def test_the_c_header_is_c(tmp_path: Path) -> None:
    (tmp_path / "aclnn").mkdir()
    (tmp_path / "aclnn" / "acl_meta.h").write_text(
        "#include <stdbool.h>\n#include <stdint.h>\ntypedef int32_t aclnnStatus;\n"
        "typedef struct aclTensor aclTensor;\ntypedef void *aclrtStream;\n"
        "typedef struct aclOpExecutor aclOpExecutor;\n"
    )
    (tmp_path / "it.h").write_text(aclnn_header(family(SCORES)))
    for language in ("c", "c++"):
        command = [
            "g++",
            "-x",
            language,
            "-fsyntax-only",
            "-Wall",
            "-Wextra",
            "-Werror",
        ]
        command += [f"-I{tmp_path}", "-include", str(tmp_path / "it.h"), "-"]
        subprocess.run(command, input="", text=True, check=True)


def test_the_readme_explains_every_file() -> None:
    for file in (LIGHTNING, SCORES):
        written = files(file)
        table = written["README.md"].partition("## Arguments")[0]
        named = re.findall(r"^\| `(.+?)` \| .+ \|$", table, re.MULTILINE)
        assert sorted(named) == sorted(set(written) - {"README.md"})


def test_what_builds_it() -> None:
    written = files(LIGHTNING)
    [preset] = json.loads(written["CMakePresets.json"])["configurePresets"]
    units = preset["cacheVariables"]["ASCEND_COMPUTE_UNIT"]["value"]
    assert units.split(";") == list(COMPUTE_UNITS)
    subprocess.run(["sh", "-n"], input=written["build.sh"], text=True, check=True)
    for name, text in written.items():
        assert not re.search(r"@\w+@", text), name
        if name.endswith("CMakeLists.txt"):
            assert text.count("(") == text.count(")"), name


def test_the_host_names_no_kernel_that_is_not_there() -> None:
    for file in (LIGHTNING, SCORES):
        written = files(file)
        for source in re.findall(r'#include "([\w./]+)"', "\n".join(written.values())):
            name = Path(source).name
            theirs = ("kernel_operator.h", "acl.h", "acl_meta.h", "op_def_registry.h")
            assert name in {Path(n).name for n in written} | {
                *theirs,
                "platform_ascendc.h",
            }, source
