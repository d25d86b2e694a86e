"""Single values of a caller: found by name, and of the type that the port wants."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard, cast

import numpy as np

from backends.numpy.dtypes import Array, dtype_of
from ligrad_ir.errors import ArgumentError
from ligrad_ir.signature import ArrayPort, ScalarPort, Signature

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 80


def by_port_name(signature: Signature, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by the names in the signature.

    Raises:
        ArgumentError: for a name that means no input, or an input given twice.
    """
    known: dict[str, str] = {}
    for port in signature.inputs:
        aliases = port.aliases if isinstance(port, ArrayPort) else ()
        known |= {name.casefold(): port.name for name in (port.name, *aliases)}
    found: dict[str, Any] = {}
    for name, value in values.items():
        if (port_name := known.get(name.casefold())) is None:
            inputs = ", ".join(port.name for port in signature.inputs)
            raise ArgumentError(
                f"there is no input {name!r}; the inputs are: {inputs}", argument=name
            )
        if port_name in found:
            raise ArgumentError(f"{port_name} is given twice", argument=port_name)
        found[port_name] = value
    return found


def as_array(port: ArrayPort, value: object) -> Array:
    """A caller's value as an array of the port's dtype; nothing is converted, but run
    ends may be a list of ints.

    Raises:
        ArgumentError: if it is none.
    """
    expected = dtype_of(port.element)
    if port.ends is not None and isinstance(value, list | tuple):
        value = _int32_list(port, cast("Sequence[object]", value))
    try:
        array: Array = np.asarray(value)
    except (TypeError, ValueError, BufferError) as error:
        raise ArgumentError(
            f"{port.name} is no array: {error}", argument=port.name
        ) from error
    if array.dtype != expected:
        raise ArgumentError(
            f"{port.name} has dtype {array.dtype.name}, expected {expected.name}",
            argument=port.name,
        )
    return array


def _int32_list(port: ArrayPort, value: Sequence[object]) -> Array:
    limit = np.iinfo(np.int32).max
    for item in value:
        if not is_int(item) or not -limit - 1 <= int(item) <= limit:
            raise ArgumentError(
                f"{port.name} holds int32 numbers, not {spell(item)}",
                argument=port.name,
            )
    return np.asarray(value, np.int32)


def is_int(value: object) -> TypeGuard[int]:
    """Whether a value is an integer of Python or NumPy; a bool is none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def as_int(port: ScalarPort, value: object) -> int:
    """A caller's value as an int64 that the attribute may take.

    Raises:
        ArgumentError: if it is none; a bool is none.
    """
    if not is_int(value):
        raise ArgumentError(
            f"{port.name} must be an integer, not {spell(value)}", argument=port.name
        )
    if not -(2**63) <= int(value) < 2**63:
        raise ArgumentError(
            f"{port.name} is {value}, which no int64 can hold", argument=port.name
        )
    if port.choices and value not in port.choices:
        allowed = " or ".join(map(str, port.choices))
        raise ArgumentError(
            f"{port.name} is {value}, must be {allowed}", argument=port.name
        )
    return int(value)


def positive(name: str, value: object) -> int:
    """A caller's value as an integer of at least 1; a bool is none.

    Raises:
        ArgumentError: if it is none.
    """
    if not is_int(value) or value < 1:
        raise ArgumentError(
            f"{name} must be a positive integer, not {spell(value)}", argument=name
        )
    return int(value)


def spell(value: object) -> str:
    """A caller's value as messages show it, cut where it is long."""
    return _SHORT.repr(value)


def spell_shape(shape: tuple[int, ...]) -> str:
    """How a shape is written in messages."""
    return f"[{', '.join(map(str, shape))}]"
