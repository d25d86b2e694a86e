"""Kernels for the tests, in a short spelling.

`ub<64xf32>` is `memref<64xf32, #npu<space ub>>`, likewise for the other memories; `%c64`
is the constant 64; and an operation on buffers gets their types from where they are made.
"""

from __future__ import annotations

import re

from xdsl.context import Context
from xdsl.dialects.arith import Arith
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import Func
from xdsl.dialects.scf import Scf
from xdsl.dialects.test import Test
from xdsl.parser import Parser

from ligrad_ir.dialects.npu.dialect import Npu

EMPTY = "^bb0:"
"""A body that does nothing."""
BUFFER = r"\b(?:gm|l1|l0a|l0b|l0c|ub)<[^<>]*>"


def context() -> Context:
    ctx = Context()
    for dialect in (Arith, Builtin, Func, Npu, Scf, Test):
        ctx.load_dialect(dialect)
    return ctx


def parsed(text: str) -> ModuleOp:
    module = Parser(context(), text).parse_module()
    module.verify()
    return module


def typed(text: str, around: str = "") -> str:
    """The lines of a body with the types of the buffers behind its operations."""
    made = re.findall(rf"(%\w+)(?: = npu\.[^\n]*|): ({BUFFER})", f"{around}\n{text}")
    types = dict(made)
    lines: list[str] = []
    for line in text.splitlines():
        used = [types[name] for name in re.findall(r"%\w+", line) if name in types]
        if "npu.scatter_add_rows" in line:
            used[1:] = used[:0:-1]
        if re.match(r"\s*(%[\w, %]+ = )?npu\.", line) and " : " not in line and used:
            line = f"{line} : {', '.join(used)}"
            if "npu.read" in line:
                element = used[0].rpartition("x")[2].removesuffix(">")
                line = f"{line} to {element}"
        lines.append(line)
    return "\n".join(lines)


def spelled_out(text: str) -> str:
    return re.sub(
        r"\b(gm|l1|l0a|l0b|l0c|ub)<([^<>]*)>", r"memref<\2, #npu<space \1>>", text
    )


def kernel(
    arguments: str,
    *,
    head: str = "",
    cube: str = EMPTY,
    vector: str = EMPTY,
    blocks: int | str = 1,
) -> ModuleOp:
    """A function that launches the two bodies; `head` stands before the launch."""
    count = f"%c{blocks}" if isinstance(blocks, int) else blocks
    around = f"{arguments}\n{head}"
    body = f"""{typed(head, arguments)}
    npu.launch "ascend910b1" blocks {count} cube {{
    {typed(cube, around)}
    }} vector {{
    {typed(vector, around)}
    }}
    func.return"""
    numbers = sorted(set(re.findall(r"%c(\d+)\b", body)), key=int)
    constants = "\n".join(f"%c{n} = arith.constant {n} : index" for n in numbers)
    text = f"func.func @kernel({arguments}) {{\n{constants}\n{body}\n}}"
    return parsed(spelled_out(text))
