"""Compares an output with its reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backends.oracle.bound import Array, spacing
from backends.oracle.evaluate import Reference

MOST_OUTLIERS = 1e-3
"""The largest part of an output's elements that may stand beside the root mean square."""


@dataclass(frozen=True)
class Comparison:
    """How far an output is from its reference.

    `rms_ulp` is the root mean square of the errors over that of the units in the last
    place of the reference values in the output's dtype, without the `outliers`: those few
    elements that are off by more than a unit, as their bounds explain; `max_error` the
    largest error; `worst` the largest ratio of an error to what rounding explains there,
    and `where` its index (None if no element is off). `ok`: shape and dtype are right,
    `rms_ulp` is at most the reference's `rms_limit`, `worst` at most 1. `problem` says
    in words what else is wrong.
    """

    rms_ulp: float
    max_error: float
    worst: float
    where: tuple[int, ...] | None
    ok: bool
    problem: str = ""
    outliers: int = 0

    def __str__(self) -> str:
        verdict = "ok" if self.ok else "WRONG"
        if self.problem:
            return f"{verdict}: {self.problem}"
        at = "" if self.where is None else f" at {list(self.where)}"
        return (
            f"{verdict}: rms error {self.rms_ulp:.3g} ulp, "
            f"largest error {self.max_error:.3g}, "
            f"worst {self.worst:.3g} of its bound{at}"
            + (
                f", outliers that rounding explains: {self.outliers}"
                * bool(self.outliers)
            )
        )


def compare(output: Array, reference: Reference) -> Comparison:
    """Judge an output.

    A NaN counts as infinitely wrong unless the reference is NaN; an infinity as well
    unless the bound is infinite and the reference has its sign.
    """
    if output.shape != reference.value.shape:
        message = f"shape {output.shape} instead of {reference.value.shape}"
        return Comparison(np.inf, np.inf, np.inf, None, ok=False, problem=message)
    problem = ""
    if output.dtype != reference.dtype:
        problem = f"dtype {output.dtype} instead of {reference.dtype}"
    error = _errors(output.astype(np.float64), reference)
    if not error.size:
        return Comparison(0.0, 0.0, 0.0, None, ok=not problem, problem=problem)
    ratio = _ratios(error, reference.bound)
    ulp = spacing(reference.dtype, np.nan_to_num(np.abs(reference.value)))
    outliers = _outliers(error, ratio, ulp)
    rms_ulp = _rms(error[~outliers]) / _rms(ulp[~outliers])
    flat = int(ratio.argmax())
    worst = float(ratio.flat[flat])
    at = tuple(int(i) for i in np.unravel_index(flat, ratio.shape))
    return Comparison(
        rms_ulp,
        float(error.max()),
        worst,
        at if worst > 0 else None,
        ok=not problem and rms_ulp <= reference.rms_limit and worst <= 1,
        problem=problem,
        outliers=int(outliers.sum()),
    )


def _outliers(error: Array, ratio: Array, ulp: Array) -> Array:
    """Elements off by more than a unit in the last place that their bounds explain:
    beside a score so close to 0 that float32 gives it the other sign, or sums that
    cancel. There are few of them, or they are no accident and count like the rest."""
    outliers = (error > ulp) & (ratio <= 1)
    return (
        outliers
        if outliers.sum() <= MOST_OUTLIERS * outliers.size
        else np.zeros_like(outliers)
    )


def _errors(output: Array, reference: Reference) -> Array:
    """The error of every element, never NaN."""
    value, allowed = reference.value, np.isinf(reference.bound)
    with np.errstate(invalid="ignore"):
        error = np.abs(output - value)
    overflow = np.isinf(output) & (np.sign(output) == np.sign(value))
    right = (overflow & (allowed | np.isinf(value))) | (
        np.isnan(output) & np.isnan(value)
    )
    return np.where(right, 0.0, np.where(np.isnan(error), np.inf, error))


def _ratios(error: Array, bound: Array) -> Array:
    """Each error over its bound: 0 / 0 is 0, and nothing explains an infinite error."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = error / bound
    return np.where(error == 0, 0.0, np.where(np.isinf(error), np.inf, ratio))


def _rms(values: Array) -> float:
    """The root mean square, without overflow or underflow on the way."""
    scale = float(values.max())
    if scale == 0 or np.isinf(scale):
        return scale
    return scale * float(np.sqrt(np.mean((values / scale) ** 2)))
