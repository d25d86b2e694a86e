"""What the signature of a `.lig` program declares, as plain tables.

All names in these tables are folded (`syntax.fold`), so that they compare without
regard to case; `spelled` keeps a name as its author wrote it, for outputs and messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ligrad_ir.dsl.syntax import (
    Array,
    Attribute,
    Axis,
    Ends,
    Input,
    Output,
    PackedAxis,
    Program,
    Selects,
    fold,
)
from ligrad_ir.errors import DslError


class Place(Protocol):
    """Anything that knows where in the text it stands, as tokens do."""

    @property
    def line(self) -> int | None: ...
    @property
    def column(self) -> int | None: ...


def mistake(program: Program, place: Place, message: str) -> DslError:
    """An error about the program."""
    where = f"{program.filename}:{place.line}:{place.column}"
    return DslError([f"{where}: error: {message}"])


@dataclass(frozen=True)
class Dim:
    """One declared dimension; `optional` means that an array may leave it out."""

    axis: str
    optional: bool


@dataclass(frozen=True)
class Variable:
    """An input or an output: `spelled` names it for people, `dtype` is as written."""

    name: str
    spelled: str
    dtype: str
    dims: tuple[Dim, ...]


@dataclass(frozen=True)
class Selection:
    """Input `index` holds, at every point of the axes `tokens`, rows of the axis
    `target` along its last axis `entries`; the attribute `mode` says how many."""

    index: str
    tokens: tuple[str, ...]
    entries: str
    target: str
    mode: str | None


@dataclass
class Declarations:
    """The signature. `order` has all axes as declared; `inputs` and `outputs` map a
    name to its variable, `aliases` map every name an array may be called by to that
    name."""

    program: Program
    order: list[str] = field(default_factory=list[str])
    units: set[str] = field(default_factory=set[str])
    extents: dict[str, int | str] = field(default_factory=dict[str, int | str])
    packed: dict[str, tuple[str, str]] = field(
        default_factory=dict[str, tuple[str, str]]
    )
    inputs: dict[str, Variable] = field(default_factory=dict[str, Variable])
    outputs: dict[str, Variable] = field(default_factory=dict[str, Variable])
    input_aliases: dict[str, str] = field(default_factory=dict[str, str])
    output_aliases: dict[str, str] = field(default_factory=dict[str, str])
    selections: dict[str, Selection] = field(default_factory=dict[str, Selection])
    ends: dict[str, str] = field(default_factory=dict[str, str])
    defaults: dict[str, int | str | None] = field(
        default_factory=dict[str, int | str | None]
    )

    def axes(self, variable: Variable) -> tuple[str, ...]:
        """The axes that formulas see: all but the unit axes."""
        return tuple(d.axis for d in variable.dims if d.axis not in self.units)

    @property
    def tokens(self) -> frozenset[str]:
        """Every axis that is a token axis of some selection."""
        return frozenset(a for s in self.selections.values() for a in s.tokens)


def declare(program: Program) -> Declarations:
    """Read the signature.

    Raises:
        DslError: where a selection is not one that the oracle can follow.
    """
    found = Declarations(program)
    for statement in program.statements:
        match statement:
            case Axis():
                _axis(found, statement)
            case PackedAxis(name=name, batch=batch, length=length):
                found.order.append(fold(name))
                found.packed[fold(name)] = (fold(batch), fold(length))
            case Attribute(name=name, default=default):
                value = None if default is None else default.value
                found.defaults[fold(name)] = value
            case Input():
                _array(statement, found.inputs, found.input_aliases)
            case Output():
                _array(statement, found.outputs, found.output_aliases)
            case _:
                pass
    axes = [each for each in program.statements if isinstance(each, Axis)]
    found.units.update(_units(axes))
    for statement in program.statements:  # roles need all the unit axes
        if isinstance(statement, Input):
            _role(found, statement)
    _no_nested_selections(found)
    return found


def _axis(found: Declarations, axis: Axis) -> None:
    found.order.append(fold(axis.name))
    if axis.high is None:
        value = axis.low.value
        found.extents[fold(axis.name)] = (
            fold(value) if isinstance(value, str) else value
        )


def _units(axes: Sequence[Axis]) -> Iterator[str]:
    """The axes whose extent is always 1: both bounds are, or those of the axes that they
    name."""
    named = {fold(axis.name): axis for axis in axes}

    def bound(axis: Axis, high: bool, seen: frozenset[str]) -> int | None:
        value = (axis.high if high and axis.high is not None else axis.low).value
        if isinstance(value, int):
            return value
        name = fold(value)
        if name in seen or name not in named:
            return None
        return bound(named[name], high, seen | {name})

    for name, axis in named.items():
        if all(bound(axis, high, frozenset({name})) == 1 for high in (False, True)):
            yield name


def _array(
    statement: Input | Output, table: dict[str, Variable], aliases: dict[str, str]
) -> None:
    name, array = fold(statement.name), statement.array
    table[name] = Variable(name, str(statement.name), fold(array.dtype), _dims(array))
    for alias in (statement.name, *statement.aliases.names):
        aliases[fold(alias)] = name


def _dims(array: Array) -> tuple[Dim, ...]:
    return tuple(Dim(fold(d.name), d.optional is not None) for d in array.dims.items)


def _role(found: Declarations, statement: Input) -> None:
    name = fold(statement.name)
    match statement.role:
        case Ends(axis=axis):
            found.ends[fold(axis)] = name
        case Selects(target=target, mode=mode):
            axes = found.axes(found.inputs[name])
            if not axes:
                raise mistake(
                    found.program, statement.name, "an index array needs axes"
                )
            attribute = None if mode is None else fold(mode)
            found.selections[name] = Selection(
                name, axes[:-1], axes[-1], fold(target), attribute
            )
        case None:
            pass


def _no_nested_selections(found: Declarations) -> None:
    for selection in found.selections.values():
        if selection.entries in found.tokens:
            message = (
                "the oracle cannot follow a selection whose token axis "
                f"'{selection.entries}' is itself selected"
            )
            raise DslError([f"{found.program.filename}: error: {message}"])
