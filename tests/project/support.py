"""Projects of the examples, and the host header as a program that answers on stdin."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import ligrad
from backends.project.project import operator_files
from backends.project.variants import Family
from ligrad_ir.signature import ArrayPort

EXAMPLES = Path(__file__).parents[2] / "examples"
LIGHTNING = EXAMPLES / "lightning_indexer_grad.lig"
SCORES = EXAMPLES / "forward_scores.lig"
KEYS = Path(__file__).with_name("key_grad.lig")
FLAGS = ["-std=c++17", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror"]
UNDEFINED = ["-fsanitize=undefined", "-fno-sanitize-recover=undefined"]


@cache
def family(file: Path) -> Family:
    return ligrad.compile_family(file)


@cache
def files(file: Path) -> dict[str, str]:
    return operator_files(family(file))


def write(folder: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@dataclass
class Tensor:
    """What a caller passes: a dtype by its NumPy name, a shape, values if they count."""

    dtype: str
    shape: tuple[int, ...]
    values: tuple[int, ...] = ()


@dataclass
class Call:
    """The arguments of Prepare; what is not in a mapping is not given."""

    tensors: dict[str, Tensor]
    numbers: dict[str, int]
    layout: str = "BSND"
    deterministic: bool = False
    cores: int = 24
    as_vendor: bool = False
    ends_on_device: bool = False


@dataclass(frozen=True)
class Answer:
    """What Prepare says."""

    code: int
    message: str
    blocks: int = 0
    workspace: int = 0
    variant: str = ""
    tiling: bytes = b""
    shapes: list[list[int]] = field(default_factory=list[Any], compare=False)


ELEMENTS = ("float16", "bfloat16", "float32", "int32", "int64", "other")


class HostProgram:
    """The host header of a program, compiled."""

    def __init__(self, family: Family, folder: Path, texts: dict[str, str]):
        self._family = family
        self._ports: list[ArrayPort] = [*family.inputs, *family.outputs]
        write(folder, texts)
        source, self._binary = folder / "driver.cpp", folder / "driver"
        source.write_text(self._driver(), encoding="utf-8")
        subprocess.run(
            ["g++", *FLAGS, *UNDEFINED, str(source), "-o", str(self._binary)],
            check=True,
        )

    def ask(self, calls: list[Call]) -> list[Answer]:
        lines = "\n".join(map(self._line, calls)) + "\n"
        done = subprocess.run(
            [str(self._binary)], input=lines, capture_output=True, text=True, check=True
        )
        return [_answer(line) for line in done.stdout.splitlines()]

    def _line(self, call: Call) -> str:
        words: list[object] = [call.layout or "-"]
        words += map(int, (call.deterministic, call.as_vendor, call.ends_on_device))
        words.append(call.cores)
        for port in self._ports:
            tensor = call.tensors.get(port.name)
            if tensor is None:
                words += [0, 0, 0, 0]
                continue
            words += [1, ELEMENTS.index(tensor.dtype), len(tensor.shape), *tensor.shape]
            words += [len(tensor.values), *tensor.values]
        words += [call.numbers.get(p.name, -(2**63)) for p in self._family.scalars]
        return " ".join(map(str, words))

    def _driver(self) -> str:
        reads = [
            f"read(a.{p.name}, "
            + (f"&a.{p.name}_values" if p.ends else "nullptr")
            + ");"
            for p in self._ports
        ]
        reads += [f"in >> a.{p.name};" for p in self._family.scalars]
        return DRIVER.replace("KERNEL", self._family.kernel).replace(
            "READS", "\n        ".join(reads)
        )


def _answer(line: str) -> Answer:
    code, blocks, workspace, variant, tiling, shapes, message = line.split("|", 6)
    return Answer(
        int(code),
        message,
        int(blocks),
        int(workspace),
        variant,
        bytes.fromhex(tiling),
        [list(map(int, each.split())) for each in shapes.split(";")[:-1]],
    )


DRIVER = """\
#include <cstdio>
#include <iostream>
#include <sstream>

#include "op_host/KERNEL_host.h"

using namespace KERNEL_host;

int main()
{
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream in(line);
        Arguments a;
        in >> a.layout >> a.deterministic >> a.as_vendor >> a.ends_on_device >> a.cores;
        if (a.layout == "-") a.layout.clear();
        const auto read = [&in](TensorArgument& t, std::vector<int64_t>* values) {
            int element = 0;
            size_t rank = 0, count = 0;
            in >> t.present >> element >> rank;
            t.element = static_cast<Element>(element);
            t.shape.resize(rank);
            for (int64_t& extent : t.shape) in >> extent;
            in >> count;
            std::vector<int64_t> scratch(count);
            for (int64_t& value : scratch) in >> value;
            if (values != nullptr) *values = scratch;
        };
        READS
        Launch launch;
        std::string message, shapes, tiling;
        const int code = Prepare(a, launch, message);
        for (unsigned char byte : launch.tiling) {
            char text[3];
            std::snprintf(text, sizeof(text), "%02x", byte);
            tiling += text;
        }
        for (const auto& shape : InferShapes(a)) shapes += checks::Spell(shape, " ") + ";";
        if (code != 0) launch = Launch();
        if (code != 0) tiling.clear();
        std::cout << code << "|" << launch.blocks << "|" << launch.workspace_bytes << "|"
                  << launch.variant_name << "|" << tiling << "|" << shapes << "|" << message
                  << "\\n";
    }
}
"""
