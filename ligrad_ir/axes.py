"""Axis arithmetic: which named axes the result of an operation has, and in what order.

Pure functions on tuples of axis names. Order carries no meaning (an axis is found by its
name); it is fixed here so that the same formulas always give the same text.
"""

from __future__ import annotations

Axes = tuple[str, ...]


class AxesError(ValueError):
    """The axes of the operands do not fit the operation; the text says which."""


def spell(axes: Axes) -> str:
    """How axes are written in messages: `[T, N1, D]`."""
    return f"[{', '.join(axes)}]"


def broadcast(lhs: Axes, rhs: Axes) -> Axes:
    """The union of the axes of two elementwise operands, in the order of the operand
    that has them all, else of the left one followed by what the right one adds."""
    if set(lhs) <= set(rhs) and set(lhs) != set(rhs):
        return rhs
    return lhs + tuple(axis for axis in rhs if axis not in lhs)


def without(axes: Axes, *removed: str) -> Axes:
    """`axes` less the removed ones, each of which must be there."""
    for axis in removed:
        if axis not in axes:
            raise AxesError(f"there is no axis {axis} among {spell(axes)} to sum over")
    return tuple(axis for axis in axes if axis not in removed)


def matmul(lhs: Axes, rhs: Axes, contracted: str) -> Axes:
    """The axes of a product summed over `contracted`: the shared (batch) axes and the
    left operand's own in its order, then the right operand's own."""
    for side, axes in (("left", lhs), ("right", rhs)):
        if contracted not in axes:
            raise AxesError(
                f"the {side} operand {spell(axes)} has no axis {contracted} to contract"
            )
    kept = without(lhs, contracted)
    return kept + tuple(a for a in rhs if a != contracted and a not in lhs)


def contracted(lhs: Axes, rhs: Axes, batch: frozenset[str]) -> str:
    """The one axis that a product of `lhs` and `rhs` contracts: shared, and not one of
    the `batch` axes."""
    shared = tuple(a for a in lhs if a in rhs and a not in batch)
    if len(shared) != 1:
        found = f"these are {spell(shared)}" if shared else "there is none"
        raise AxesError(
            f"a product of {spell(lhs)} and {spell(rhs)} contracts the one axis that "
            f"both have and that is not a batch axis, but {found}; "
            "name it: Matmul(a, b over AXIS)"
        )
    return shared[0]


def gather(source: Axes, rows: Axes, target: str) -> Axes:
    """The axes of `source` with `target` replaced by those of the row numbers."""
    if target not in source:
        raise AxesError(
            f"the indices point into axis {target}, which {spell(source)} lacks"
        )
    if shared := [axis for axis in rows if axis in source]:
        raise AxesError(f"the source {spell(source)} has the index axes {shared} too")
    at = source.index(target)
    # The row axes lead, so that the remaining axes of a row stay together.
    return source[:at] + rows + source[at + 1 :]


def scatter(updates: Axes, rows: Axes, target: str) -> Axes:
    """The axes of `updates` with those of the row numbers replaced by `target`."""
    if missing := [axis for axis in rows if axis not in updates]:
        raise AxesError(f"the updates {spell(updates)} lack the index axes {missing}")
    if target in updates:
        raise AxesError(
            f"the updates {spell(updates)} have the target {target} already"
        )
    return (target, *without(updates, *rows))


def check_same(declared: Axes, expected: Axes) -> None:
    """Require that `declared` has exactly the axes `expected`, in any order."""
    if sorted(declared) != sorted(expected):
        raise AxesError(f"the result has axes {spell(declared)}, not {spell(expected)}")
