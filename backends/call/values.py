"""Single values of a caller: found by name, and of the type that the port wants."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard, cast

import numpy as np

from backends.call.dtypes import Array, DType, dtype_of
from ligrad_ir.errors import ArgumentError
from ligrad_ir.signature import ArrayPort, ScalarPort, Signature

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 80


def by_port_name(signature: Signature, values: object) -> dict[str, Any]:
    """Values by the names in the signature.

    Raises:
        ArgumentError: for what is no mapping, a name that means no input, or an input
            given twice.
    """
    if not isinstance(values, Mapping):
        raise ArgumentError(
            f"inputs are a mapping from names to values, not {type(values).__name__}"
        )
    known: dict[str, str] = {}
    for port in signature.inputs:
        aliases = port.aliases if isinstance(port, ArrayPort) else ()
        known |= {name.casefold(): port.name for name in (port.name, *aliases)}
    found: dict[str, Any] = {}
    for name, value in cast("Mapping[object, Any]", values).items():
        port_name = known.get(name.casefold()) if isinstance(name, str) else None
        if port_name is None:
            inputs = ", ".join(port.name for port in signature.inputs)
            raise ArgumentError(
                f"there is no input {spell(name)}; the inputs are: {inputs}",
                argument=name if isinstance(name, str) else None,
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
    if isinstance(value, np.ma.MaskedArray):
        raise ArgumentError(
            f"{port.name} is a masked array, and no operation looks at its mask: fill "
            "it first",
            argument=port.name,
        )
    try:
        array: Array = np.asarray(value)
    except Exception as error:  # an object that can make one raises whatever it likes
        raise ArgumentError(
            f"{port.name} is no array: {error}", argument=port.name
        ) from error
    if array.dtype != expected:
        raise ArgumentError(
            f"{port.name} has dtype {_spell_dtype(array.dtype)}, expected "
            f"{expected.name}",
            argument=port.name,
        )
    return array


def _spell_dtype(dtype: DType) -> str:
    return dtype.name if dtype.isnative else f"{dtype.name} in the other byte order"


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


def as_bool(name: str, value: object) -> bool:
    """A caller's value as a bool.

    Raises:
        ArgumentError: if it is none.
    """
    if type(value) not in (bool, np.bool_):
        raise ArgumentError(
            f"{name} must be True or False, not {spell(value)}", argument=name
        )
    return bool(value)


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
