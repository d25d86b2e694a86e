"""Where the extent of every axis comes from before a program runs.

The shapes of the inputs give the extents of their dimensions. An axis that no input has
is declared with one extent, or an attribute gives it (`attribute rows : int64 = V`). The
extent of an axis that packs runs follows from its runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ligrad_ir.errors import LigradError
from ligrad_ir.signature import Axis, ScalarPort, Signature


def dimensions(axis: Axis) -> tuple[str, ...]:
    """The dimensions that carry an axis: two for a packed axis in BSND, else one."""
    if axis.uniform and axis.batch and axis.length:
        return (axis.batch, axis.length)
    return (axis.name,)


def equal_axis(axis: Axis) -> str | None:
    """The axis that has the same extent by declaration: K of `axis M = K`."""
    return axis.at_least if axis.at_least == axis.at_most else None


def declared_extents(
    axes: Mapping[str, Axis], known: Mapping[str, int]
) -> Iterator[tuple[str, int]]:
    """The extents of further axes that their declarations give: of `axis D = 128`, and
    of `axis M = K` where that of K is known."""
    found = dict(known)
    for _ in axes:  # an axis may stand before the one that it equals
        for axis in axes.values():
            if axis.name in found or axis.is_packed:
                continue
            if axis.minimum == axis.maximum:
                found[axis.name] = axis.minimum
            elif (other := equal_axis(axis)) in found:
                found[axis.name] = found[other]
            else:
                continue
            yield axis.name, found[axis.name]


def input_axes(signature: Signature) -> frozenset[str]:
    """The axes whose extents the shapes of the inputs give."""
    return frozenset(
        name
        for port in signature.arrays
        if not (port.ends and signature.axes[port.ends].uniform)
        for dim in port.dims
        for name in dimensions(signature.axes[dim.axis])
    )


def length_attributes(signature: Signature) -> tuple[ScalarPort, ...]:
    """The attributes that give an extent which no input and no declaration gives."""
    known = _known(signature, input_axes(signature))
    return tuple(p for p in signature.scalars if p.equals and p.equals not in known)


def missing_extents(signature: Signature) -> tuple[str, ...]:
    """The axes whose extents a run has to know, and nothing gives: among those of
    outputs, those that are selected from, and the parts of those with run ends."""
    told = {str(port.equals) for port in length_attributes(signature)}
    known = _known(signature, told | input_axes(signature))
    needed = [dim.axis for port in signature.outputs for dim in port.dims]
    needed += [port.selects for port in signature.arrays if port.selects]
    needed += [port.ends for port in signature.arrays if port.ends]
    names = (name for axis in needed for name in dimensions(signature.axes[axis]))
    return tuple(dict.fromkeys(name for name in names if name not in known))


def require_extents(signature: Signature) -> None:
    """Refuse a program that cannot know how long an axis is.

    Raises:
        LigradError: which axis, and what would give its extent.
    """
    for name in missing_extents(signature):
        raise LigradError(
            f"{no_extent(name)}: {{lig.equals = @{name}}} on an argument of type i64"
        )


def no_extent(name: str) -> str:
    """What is wrong with an axis whose extent nothing gives; ends where the cure begins."""
    return (
        f"no input has the axis {name}, so its extent is unknown; declare an attribute "
        "that gives it"
    )


def _known(signature: Signature, given: Collection[str]) -> set[str]:
    """The axes with an extent, where those given have one. Runs give the extent of the
    axis that packs them, and run ends their lengths."""
    axes = signature.axes
    known = {*given, *dict(declared_extents(axes, dict.fromkeys(given, 0)))}
    for axis in axes.values():
        if axis.is_packed:
            known.add(axis.name)
            if axis.length and not axis.uniform:
                known.add(axis.length)
    return known
