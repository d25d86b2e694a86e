"""What printing a statement needs: names, arguments, declarations, comments."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePath

from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.base_printer import BasePrinter
from xdsl.utils.exceptions import DiagnosticException

from backends.ascendc.names import (
    Names,
    cpp_attribute,
    cpp_literal,
    cpp_type,
    is_value,
)
from ligrad_ir.dialects.ascendc.base import AscendCOp, CallOp
from ligrad_ir.dialects.ascendc.scalar import ConstantOp
from ligrad_ir.dialects.ascendc.types import GlobalType, LocalType, TilingType
from ligrad_ir.places import place_of


class EmitError(DiagnosticException):
    """The module holds what has no C++: a pass is missing, not a printer."""


@dataclass(eq=False, repr=False)
class StatementPrinter(BasePrinter):
    """Prints operations to a stream. `locations`: with comments that name the line of
    the source, wherever it changes."""

    indent_num_spaces: int = field(default=4, kw_only=True)
    locations: bool = field(default=True, kw_only=True)
    header: bool = field(default=False, kw_only=True)
    """Print the structs that belong to a header, and nothing else."""
    names: Names = field(default_factory=Names, init=False)
    last_place: str | None = field(default=None, init=False)

    def line(self, text: str) -> None:
        """Start a line with the text."""
        self.print_string("\n" + text if text else "\n", indent=None if text else 0)

    @contextmanager
    def braces(self, head: str, end: str = "}") -> Generator[None, None, None]:
        """A block behind its head."""
        self.line(head)
        with self.indented():
            yield
        self.line(end)

    def name(self, value: SSAValue) -> str:
        """How an operand is written: a literal, or the name of a variable."""
        if isinstance(value.owner, ConstantOp):
            return cpp_literal(value.owner.value)
        return self.names.of(value)

    def argument(self, argument: SSAValue | Attribute | int) -> str:
        """How an argument of a call is written."""
        if isinstance(argument, SSAValue):
            return self.name(argument)
        return str(argument) if isinstance(argument, int) else cpp_attribute(argument)

    def template(self, op: CallOp) -> str:
        """The template arguments of a call, `<..>` or nothing."""
        arguments: list[str] = []
        for name in op.CPP_TEMPLATE:
            argument: SSAValue | Attribute = getattr(op, name)
            if isinstance(argument, SSAValue):
                argument = argument.type
                if isinstance(argument, LocalType | GlobalType):
                    argument = argument.element
            arguments.append(cpp_attribute(argument))
        return f"<{', '.join(arguments)}>" if arguments else ""

    def declaration(self, value: SSAValue) -> str:
        """`type name`, const where the type is one of values."""
        const = "const " if is_value(value.type) else ""
        return f"{const}{cpp_type(value.type)} {self.name(value)}"

    def parameter(self, value: SSAValue) -> str:
        """An argument of a function; tiling data is passed by reference."""
        if isinstance(value.type, TilingType):
            return f"const {value.type.struct.data}& {self.name(value)}"
        return self.declaration(value)

    def define(self, op: Operation, expression: str) -> None:
        """A statement that gives the result of an operation a name, if it has one."""
        target = f"{self.declaration(op.results[0])} = " if op.results else ""
        self.line(f"{target}{expression};")

    def print_comments(self, op: AscendCOp) -> None:
        """Where the statement comes from, and what is said about it."""
        place = place_of(op, column=False)
        place = place and PurePath(place).name
        if self.locations and place is not None and place != self.last_place:
            self.line(f"// {place}")
            self.last_place = place
        if op.comment is not None:
            for text in op.comment.data.split("\n"):
                self.line(f"// {text}")
