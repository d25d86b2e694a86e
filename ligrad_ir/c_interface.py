"""How the vendor's C interface of a program is spelled.

Attributes that speak of shapes stand before the layout, those that speak of the
computation behind it.
"""

from __future__ import annotations

from typing import Literal

from ligrad_ir.signature import ArrayPort, ScalarPort, Signature

LAYOUT = "layout"
DETERMINISTIC = "deterministic"
"""The attributes that choose a kernel; no formula sees them."""
Option = Literal["layout", "deterministic"]


def camel_case(name: str) -> str:
    """`some_name` as `someName`."""
    first, *others = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in others)


def c_name(port: ArrayPort | ScalarPort) -> str:
    """The name of a parameter."""
    return port.parameter or camel_case(port.name)


def c_attributes(signature: Signature) -> tuple[ScalarPort | Option, ...]:
    """The attributes in the order of the interface, with those that choose a kernel."""
    shapes = [port for port in signature.scalars if port.equals is not None]
    others = [port for port in signature.scalars if port.equals is None]
    packs = any(axis.is_packed for axis in signature.axes.values())
    layout: tuple[Option, ...] = ("layout",) if packs else ()
    return (*shapes, *layout, *others, "deterministic")
