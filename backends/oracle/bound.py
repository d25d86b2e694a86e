"""Numbers that carry the largest error a float32 computation of them may have.

Running error analysis. Every number is a pair: its float64 `value`, taken as the
truth, and an `error` such that the same number computed on the device lies within
`value - error .. value + error`. Each operation maps the pairs of its operands to the
pair of its result, and assumes the worst at every step:

- Inputs are exact: error 0. So is what only moves numbers (gather, negation).
- One float32 operation whose exact result is at most `reach` in magnitude adds
  `u * reach`, u = 2**-24. `reach` counts the errors of the operands too.
- A sum of n terms, or of n products, in any order: every term meets at most n
  roundings, so it adds `gamma(n) * sum of |term|`, gamma(n) = n u / (1 - n u).
  The errors of the terms themselves add up. For a product of x and y the errors give
  `(|x| + e_x) (|y| + e_y) - |x| |y|`, which is how it is computed here.
- Results below the normal float32 numbers may be flushed to zero: `min(reach, n *
  2**-126)`. Where the largest intermediate exceeds float32 the error is infinite.
- relu cannot move a number further than it moves its operand, and maps all of
  `value - error .. value + error` to zero if that interval has no positive number.
- relu_grad(y, s) is y or 0 as s is positive or not. Where the error of s leaves its
  sign open the device may take the other branch: the error is `|y| + e_y`.
- Rounding to a dtype adds half a unit in the last place at the largest magnitude the
  number may have. A number that is zero for sure stays zero, and one that may pass the
  largest finite number has an infinite error.

What float64 itself rounds is a 2**-29 part of what float32 does, and is covered by
gamma(n) being a little more than n u for every n >= 1 of practical size.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple, TypeAlias, cast

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
DType: TypeAlias = "np.dtype[Any]"

_UNIT = 2.0**-24
_TINY = 2.0**-126
_LARGEST = float(np.finfo(np.float32).max)


class _Format(NamedTuple):
    fraction_bits: int
    lowest_exponent: int  # of the spacing of the subnormal numbers
    largest: float


def _format(dtype: DType) -> _Format:
    info = cast(Any, ml_dtypes).finfo(dtype)
    lowest = int(np.log2(float(info.smallest_subnormal)))
    return _Format(int(info.nmant), lowest, float(info.max))


def spacing(dtype: DType, magnitude: Array) -> Array:
    """The unit in the last place: the distance of neighbouring numbers of `dtype` at
    each `magnitude` (>= 0, float64). At zero and among the subnormal numbers it is the
    smallest one, above the largest finite number that of the largest."""
    form = _format(dtype)
    _, exponent = np.frexp(np.minimum(magnitude, form.largest))
    last_bit = np.where(magnitude > 0, exponent - 1 - form.fraction_bits, -(10**6))
    return np.ldexp(1.0, np.maximum(last_bit, form.lowest_exponent))


def rounding_to(dtype: DType, reach: Array) -> Array:
    """The largest error of rounding to `dtype` a number of magnitude <= `reach`:
    half a unit in the last place; 0 for zero; infinite where it may overflow."""
    form = _format(dtype)
    half = 0.5 * spacing(dtype, reach)
    overflow = form.largest + 0.5 * spacing(dtype, np.asarray(form.largest))
    return np.where(reach == 0, 0.0, np.where(reach >= overflow, np.inf, half))


def gamma(count: Array | int) -> Array:
    """n u / (1 - n u) for n roundings; infinite where n u >= 1."""
    nu = np.asarray(count, np.float64) * _UNIT
    return np.where(nu < 1, nu / np.maximum(1.0 - nu, _UNIT), np.inf)


def rounding(reach: Array, count: Array | int) -> Array:
    """The largest error of `count` float32 roundings of each term of a sum, where
    `reach` is the sum of the terms' largest magnitudes. `count` broadcasts."""
    error = _flushing(reach, count)
    error += gamma(count) * reach
    return error


def _flushing(reach: Array, count: Array | int) -> Array:
    """What the ends of float32's range add: flushing to zero, and overflow."""
    error = np.minimum(reach, np.asarray(count, np.float64) * _TINY)
    if reach.size and not float(reach.max()) <= _LARGEST:
        error = np.where(reach <= _LARGEST, error, np.inf)
    return np.asarray(error)


@dataclass(frozen=True)
class Bounded:
    """Float64 arrays `value` and `error` (>= 0) of one shape; `exact` says that every
    error is known to be 0, which saves work."""

    value: Array
    error: Array
    exact: bool = False

    @property
    def reach(self) -> Array:
        """The largest magnitudes the numbers may have."""
        return np.abs(self.value) if self.exact else np.abs(self.value) + self.error

    def take(self, indices: Array, axis: int) -> Bounded:
        """The given entries along one axis."""
        return Bounded(
            self.value.take(indices, axis),
            np.zeros(()) if self.exact else self.error.take(indices, axis),
            self.exact,
        ).whole()

    def whole(self) -> Bounded:
        """The same with `error` brought to the shape of `value`."""
        return Bounded(
            self.value, np.broadcast_to(self.error, self.value.shape), self.exact
        )


def exactly(value: Array) -> Bounded:
    """Numbers without error, as float64."""
    return Bounded(np.asarray(value, np.float64), np.zeros(()), exact=True).whole()


def literal(number: float) -> Bounded:
    """A constant of the program, which the device holds in float32."""
    value = np.asarray(number, np.float64)
    return Bounded(value, np.abs(np.float64(np.float32(number)) - value))


def negative(x: Bounded) -> Bounded:
    """-x"""
    return Bounded(-x.value, x.error, x.exact)


def total(x: Bounded, y: Bounded) -> Bounded:
    """x + y; shapes broadcast."""
    value, error = x.value + y.value, x.error + y.error
    return Bounded(value, error + rounding(np.abs(value) + error, 1))


def product(x: Bounded, y: Bounded) -> Bounded:
    """x * y; shapes broadcast."""
    value = x.value * y.value
    if x.exact and y.exact:
        return Bounded(value, rounding(np.abs(value), 1))
    reach = x.reach * y.reach
    return Bounded(value, np.maximum(reach - np.abs(value), 0.0) + rounding(reach, 1))


def relu(x: Bounded) -> Bounded:
    """max(x, 0)"""
    error = np.minimum(x.error, np.maximum(x.value + x.error, 0.0))
    return Bounded(np.maximum(x.value, 0.0), error, x.exact)


def relu_grad(y: Bounded, s: Bounded) -> Bounded:
    """y where s > 0, else 0; shapes broadcast."""
    value = np.where(s.value > 0, y.value, 0.0)
    zero = s.value + s.error <= 0
    error = np.where(zero, 0.0, y.error)
    if s.exact:
        return Bounded(value, error, y.exact)
    unsure = ~(zero | (s.value - s.error > 0))
    return Bounded(value, np.where(unsure, y.reach, error))


def contraction(x: Bounded, y: Bounded, subscripts: str, count: int) -> Bounded:
    """Sums of `count` products each, as `numpy.einsum` understands `subscripts`.

    The error of a sum, `sum e_x (|y| + e_y) + |x| e_y + gamma(n) (|x| + e_x) (|y| +
    e_y)`, is one contraction of `e_x + gamma(n) (|x| + e_x)` if y is exact, else two.
    """
    value = _products(subscripts, x.value, y.value)
    if x.exact and not y.exact:
        operands, result = subscripts.split("->")
        left, right = operands.split(",")
        x, y, subscripts = y, x, f"{right},{left}->{result}"
    factor = float(gamma(max(count, 1)))
    error = _products(subscripts, x.error + factor * x.reach, y.reach)
    if not y.exact:
        error += _products(subscripts, np.abs(x.value), y.error)
    return Bounded(value, error + _flushing(error / factor, count))


def _products(subscripts: str, x: Array, y: Array) -> Array:
    """What `numpy.einsum` does, as one (batched) matrix product."""
    operands, result = subscripts.split("->")
    left, right = operands.split(",")
    batch = [axis for axis in left if axis in right and axis in result]
    over = [axis for axis in left if axis not in result]
    rows = [axis for axis in left if axis not in right]
    columns = [axis for axis in right if axis not in left]
    size = dict(zip(left + right, x.shape + y.shape, strict=True))

    def matrix(array: Array, axes: str, first: list[str], last: list[str]) -> Array:
        array = array.transpose([axes.index(axis) for axis in (*batch, *first, *last)])
        folded = (prod(size[axis] for axis in group) for group in (first, last))
        return array.reshape([*(size[axis] for axis in batch), *folded])

    found = matrix(x, left, rows, over) @ matrix(y, right, over, columns)
    axes = [*batch, *rows, *columns]
    found = found.reshape([size[axis] for axis in axes])
    return found.transpose([axes.index(axis) for axis in result])


def reduction(x: Bounded, axes: tuple[int, ...]) -> Bounded:
    """Sums along the given axes."""
    count = int(np.prod([x.value.shape[axis] for axis in axes], dtype=np.int64))
    error = x.error.sum(axis=axes)
    reach = np.abs(x.value).sum(axis=axes) + error
    return Bounded(np.asarray(x.value.sum(axis=axes)), error + rounding(reach, count))


def rounded(x: Bounded, dtype: DType) -> Bounded:
    """The true value, for a device that rounds it to `dtype` at this point."""
    return Bounded(x.value, x.error + rounding_to(dtype, x.reach))
