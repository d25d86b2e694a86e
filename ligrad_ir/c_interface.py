"""How the vendor's interfaces of a program are laid out, and what they call its parts.

Attributes that speak of shapes stand before the layout, those that speak of the
computation behind it.
"""

from __future__ import annotations

from ligrad_ir.signature import ArrayPort, ScalarPort, Signature
from ligrad_ir.spelling import Interface, Option, OptionName


def camel_case(name: str) -> str:
    """`some_name` as `someName`."""
    first, *others = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in others)


def c_name(port: ArrayPort | ScalarPort | Option) -> str:
    """The name of a parameter in the C interface."""
    return port.spelling.parameter or camel_case(port.name)


def prototype_name(port: ArrayPort | ScalarPort | Option) -> str:
    """The name in the operator's prototype, by which graphs look it up."""
    return port.spelling.prototype or port.name


def name_in(interface: Interface, port: ArrayPort | ScalarPort | Option) -> str:
    """The name in one of the two interfaces."""
    return c_name(port) if interface == "parameter" else prototype_name(port)


def c_attributes(signature: Signature) -> tuple[ScalarPort | Option, ...]:
    """The attributes in the order of the interface, with those that choose a kernel."""
    shapes = [port for port in signature.scalars if port.equals is not None]
    others = [port for port in signature.scalars if port.equals is None]
    packs = any(axis.is_packed for axis in signature.axes.values())
    layout = (_option(signature, "layout"),) if packs else ()
    return (*shapes, *layout, *others, _option(signature, "deterministic"))


def _option(signature: Signature, name: OptionName) -> Option:
    spelled = {each.name: each for each in signature.options}
    return spelled.get(name, Option(name))
