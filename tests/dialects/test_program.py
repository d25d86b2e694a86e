"""The rules of a program: what `ligrad run` and the lowering ask of IR beside that it is
well-formed. Each is told at the operation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ligrad.cli.app import main
from ligrad_ir.dsl.lower import module_from_text
from ligrad_ir.errors import IrError
from ligrad_ir.program import check_program
from ligrad_ir.signature import LAYOUTS, Layout, signature_of
from ligrad_ir.text import parse_module
from passes.pipelines import interpreter_pipeline, run_passes

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.lig"))
PROGRAM = """\
!counts = !lig.tensor<[T], i32>
!ends = !lig.tensor<[B], i32>
!picked = !lig.tensor<[T, K], bf16>
!rows = !lig.tensor<[T, K], !lig.row<N>>
lig.axis @B in 1 to 9
lig.axis @S in 1 to 9
lig.axis @R in 1 to 9
lig.axis @T packs @B of @S
lig.axis @N packs @B of @R
lig.axis @K in 1 to 9
lig.axis @U in 1 to 1
func.func @F(
  %a: !lig.tensor<[N], bf16> {lig.name = "a", lig.dims = ["N", "U?"]},
  %i: !lig.tensor<[T, K], i32> {lig.name = "i", lig.aliases = ["j"], lig.selects = @N},
  %t: !ends {lig.name = "t", lig.ends = @T},
  %n: !ends {lig.name = "n", lig.ends = @N},
  %m: i64 {lig.name = "m", lig.default = 3 : i64, lig.choices = [0 : i64, 3 : i64]},
  %k: i64 {lig.name = "k", lig.equals = @K}
) -> (!picked {lig.name = "y"}) {
  %c = lig.valid_count %m tokens @T ends %t rows %n entries @K
    : (i64, !ends, !ends) -> !counts
  %s, %l = lig.run tokens @T ends %t rows %n
    : (!ends, !ends) -> (!counts, !counts)
  %r = lig.rows %i first %c : !counts from %s : !counts length %l : !counts
    : !lig.tensor<[T, K], i32> to !rows
  %y = lig.gather %a[%r] : (!lig.tensor<[N], bf16>, !rows) -> !picked
  func.return %y : !picked
}
"""
COUNT, RUN, ROWS = 20, 22, 24
"""The lines of the operations; all that is wrong elsewhere names its own."""
FUNCTION = 12

WRONG = (
    # program_p1
    ("func.func", "func.func @G() { func.return }\nfunc.func", FUNCTION + 1, "2"),
    ("in 1 to 1", "in 1 to 1\nfunc.func @G() {}", 13, "2"),
    # program_p2
    ('"y"', "3 : i64", FUNCTION, 'result 0: lig.name is 3 : i64, must be a string'),
    ("lig.default = 3 : i64", 'lig.default = "x"', FUNCTION, "must be a number of"),
    ("lig.default = 3 : i64", "lig.ends = @T", FUNCTION, "lig.ends means nothing for i64"),
    ('lig.dims = ["N", "U?"]', "lig.dim = []", FUNCTION, "there is no attribute lig.dim"),
    ('lig.name = "a", ', "", FUNCTION, "argument 0 has no name"),
    ("%k: i64", "%k: index", FUNCTION, "argument 5 is index, no tensor"),
    # program_p3
    ("of @R", "of @X", 9, "there is no axis X; there are: B, S, R, T, N, K, U"),
    ("@R in 1 to 9", "@R in 1 to 9 at_most @X", 7, "there is no axis X"),
    ("of @R", "of @T", 9, "T packs runs itself"),
    ("lig.equals = @K", "lig.equals = @X", FUNCTION, "k: there is no axis X"),
    ("lig.ends = @N", "lig.ends = @X", FUNCTION, "n: there is no axis X"),
    ('["N", "U?"]', '["N", "X"]', FUNCTION, "have no lig.axis"),
    ("entries @K", "entries @X", COUNT, "there is no axis X"),
    # program_p4
    ('aliases = ["j"]', 'aliases = ["A"]', FUNCTION, "the name 'A' is taken"),
    ('name = "a"', 'name = "../a"', FUNCTION, "the name '../a' is no identifier"),
    ("@F", '@"F G"', FUNCTION, "the name 'F G' is no identifier"),
    ("lig.default = 3", "lig.default = 4", FUNCTION, "m: the default 4 is none of [0, 3]"),
    # program_p5
    ('["N", "U?"]', '["U?"]', FUNCTION, "a has the dimensions []"),
    ('["N", "U?"]', '["N", "N"]', FUNCTION, "a: an axis occurs twice in lig.dims"),
    ('["N", "U?"]', '["N?", "U?"]', FUNCTION, "a: only an axis of extent 1 can"),
    # program_p6
    (", lig.ends = @T", "", FUNCTION, "t is i32: it has lig.selects"),
    ("lig.selects = @N", "lig.selects = @N, lig.ends = @T", FUNCTION, "i is i32: it has"),
    ('"U?"]', '"U?"], lig.selects = @N', FUNCTION, "a is of bf16; row numbers and run"),
    ('name = "y"', 'name = "y", lig.ends = @T', FUNCTION, "y is a result; only arguments"),
    # program_p7
    ("lig.ends = @T", "lig.ends = @N", FUNCTION, "0 arguments hold the ends of T"),
    ("lig.ends = @T", "lig.ends = @K", FUNCTION, "t: K packs no runs, so it has no ends"),
    ("packs @B of @S", "packs @K of @S", FUNCTION, "t: the ends of T have the one axis K"),
    # program_p9
    ("ends %t rows %n entries", "ends %n rows %n entries", COUNT, "the token ends are the"),
    ("@T ends %t rows %n\n", "@T ends %n rows %n\n", RUN, "the token ends are"),
    # program_p10
    (", lig.choices = [0 : i64, 3 : i64]", "", COUNT, "m decides how many entries"),
    ("[0 : i64, 3 : i64]", "[3 : i64, 4 : i64]", COUNT, "among [0 : i64, 3 : i64]"),
    # program_p11
    ("lig.selects = @N", "lig.selects = @T", ROWS, "the indices are an argument with"),
    ("first %c", "first %s", ROWS, "the count is that of a lig.valid_count of entries @K"),
    ("entries @K", "entries @S", ROWS, "the count is that of a lig.valid_count of entries"),
    ("from %s", "from %l", ROWS, "start and length are those of one lig.run"),
    ("rows %n\n", "rows %t\n", ROWS, "whose row ends are the ends of N"),
)  # fmt: skip


def test_the_program_is_right() -> None:
    module = parse_module(PROGRAM)
    assert check_program(module) == signature_of(module)


@pytest.mark.parametrize(("old", "new", "line", "said"), WRONG)
def test_a_broken_rule_is_told_at_the_operation(
    old: str, new: str, line: int, said: str
) -> None:
    text = PROGRAM.replace(old, new, 1)
    assert text != PROGRAM
    with pytest.raises(IrError) as found:
        check_program(parse_module(text, "f.mlir"))
    place, name = re.match(
        r"(f\.mlir:\d+):\d+: error: ([\w.]+): ", str(found.value)
    ).groups()  # pyright: ignore
    assert place == f"f.mlir:{line}"
    assert said in str(found.value)
    assert name in text.splitlines()[line - 1]


def test_a_call_is_no_part_of_a_program() -> None:
    """Nor is what calls itself."""
    types = "!lig.tensor<[N], bf16>, !lig.tensor<[T, K], i32>, !ends, !ends, i64, i64"
    call = f"%z = func.call @F(%a, %i, %t, %n, %m, %k) : ({types}) -> !picked\n"
    text = PROGRAM.replace("  func.return", f"  {call}  func.return")
    with pytest.raises(
        IrError, match=r"^f\.mlir:27:3: error: func\.call: the body of a prog"
    ):
        check_program(parse_module(text, "f.mlir"))


def test_labels_agree() -> None:
    """Of the code, of the cases here and of the specification."""
    label = re.compile(r"# program_(p\d+)\b")
    code = {
        found
        for path in (ROOT / "ligrad_ir").glob("program*.py")
        for found in label.findall(path.read_text())
    }
    spec = (ROOT / "docs/spec.md").read_text()
    assert code == {found.lower() for found in re.findall(r"^- \((P\d+)\)", spec, re.M)}
    assert code - {"p8"} == set(label.findall(Path(__file__).read_text()))


def test_an_empty_module_is_no_program() -> None:
    with pytest.raises(IrError, match="a program has one function, this one has 0"):
        check_program(parse_module("builtin.module {}"))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_formulas_become_programs(path: Path, layout: Layout) -> None:
    """As they are, and with their work in loops over blocks."""
    module = module_from_text(path.read_text(), path.name, layout=layout)
    check_program(module)
    run_passes(module, interpreter_pipeline("float32"))
    assert "lig.blocks" in str(module)
    check_program(parse_module(str(module)))


def test_the_command_line_says_where(tmp_path: Path, capsys) -> None:
    """Not in a traceback, and at every level."""
    file = tmp_path / "f.mlir"
    file.write_text(PROGRAM.replace("of @R", "of @X"))
    for level in ("graph", "tiled", "source"):
        with pytest.raises(SystemExit) as stop:
            main(["run", str(file), "--level", level])
        assert stop.value.code == 2
        said = (
            f"{file}:9:1: error: lig.axis: there is no axis X; there are: B, S, R, T,"
        )
        assert capsys.readouterr().err.startswith(said)
