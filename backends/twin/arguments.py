"""A kernel's arguments as the simulated chip sees them."""

import ctypes
from math import isinf
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from backends.call.values import spell

Array = npt.NDArray[Any]
Argument = Array | np.generic | int | float | bytes | ctypes.Structure


def _bytes_of(array: Array) -> npt.NDArray[np.uint8]:
    return np.frombuffer(array.tobytes(), np.uint8)


def _plain(array: Array, title: str) -> Array:
    """The array, if its bytes are its numbers."""
    if isinstance(array, np.ma.MaskedArray):
        raise ValueError(f"{title} is a masked array, whose mask no kernel sees")
    if array.dtype.hasobject:
        raise ValueError(f"{title} is an array of Python objects")
    if not array.dtype.isnative:
        raise ValueError(f"{title} is big-endian ({array.dtype.str})")
    return array


def packed(argument: object, size: int, title: str) -> bytes:
    """The value of a by-value argument of `size` bytes; integers and floats take the
    width that the kernel declares.

    Raises:
        ValueError: it is no value of so many bytes.
    """
    if isinstance(argument, bytes):
        data = argument
    elif isinstance(argument, ctypes.Structure):
        data = bytes(argument)
    elif isinstance(argument, np.generic):
        data = argument.tobytes()
    elif isinstance(argument, np.ndarray):
        data = _plain(cast("Array", argument), title).tobytes()
    elif isinstance(argument, int):
        try:
            return argument.to_bytes(size, "little", signed=argument < 0)
        except OverflowError as error:
            raise ValueError(
                f"{title} is {spell(argument)}: more than {size} bytes hold"
            ) from error
    elif isinstance(argument, float):
        with np.errstate(over="ignore"):
            number = (np.float32 if size == 4 else np.float64)(argument)
        if np.isinf(number) and not isinf(argument):
            raise ValueError(f"{title} is {argument}: more than a float32 holds")
        data = number.tobytes()
    else:
        raise ValueError(
            f"{title} is passed by value: pass a number, bytes or a structure, not "
            f"{type(argument).__name__}"
        )
    if len(data) != size:
        raise ValueError(
            f"{title} is passed by value, in {size} bytes; it was given {len(data)}"
        )
    return data


def pointed(argument: Argument, title: str) -> npt.NDArray[np.uint8]:
    """The bytes behind a pointer parameter.

    Raises:
        ValueError: it has none, or none that a kernel can make sense of.
    """
    if isinstance(argument, np.ndarray):
        return _bytes_of(_plain(argument, title))
    if isinstance(argument, bytes):
        return np.frombuffer(argument, np.uint8)
    if isinstance(argument, ctypes.Structure):
        return np.frombuffer(bytes(argument), np.uint8)
    raise ValueError(
        f"{title} is a pointer: pass an array, bytes or a structure, "
        f"not {type(argument).__name__}"
    )
