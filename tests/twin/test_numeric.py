"""Half and bfloat16 against NumPy and ml_dtypes, on every bit pattern."""

import ctypes

import ml_dtypes
import numpy as np
import pytest

from backends.twin.build import build_engine

PATTERNS = np.arange(65536, dtype=np.uint32).astype(np.uint16)
TYPES = {"half": np.dtype(np.float16), "bfloat": np.dtype(ml_dtypes.bfloat16)}


def convert(function: str, values: np.ndarray, to: type) -> np.ndarray:
    """Run one of the engine's conversions over an array."""
    source = np.ascontiguousarray(values)
    result = np.empty(source.shape, to)
    pointer = ctypes.c_void_p
    getattr(ctypes.CDLL(str(build_engine())), function)(
        pointer(source.ctypes.data),
        pointer(result.ctypes.data),
        ctypes.c_uint64(source.size),
    )
    return result


@pytest.mark.parametrize("name", TYPES)
def test_every_pattern_widens_exactly(name: str) -> None:
    ours = convert(f"twin_{name}_to_float", PATTERNS, np.float32)
    theirs = PATTERNS.view(TYPES[name]).astype(np.float32)
    nan = np.isnan(theirs)
    assert (np.isnan(ours) == nan).all()
    assert (ours.view(np.uint32)[~nan] == theirs.view(np.uint32)[~nan]).all()


@pytest.mark.parametrize("name", TYPES)
def test_every_pattern_survives_the_round_trip(name: str) -> None:
    wide = convert(f"twin_{name}_to_float", PATTERNS, np.float32)
    back = convert(f"twin_float_to_{name}", wide, np.uint16)
    nan = np.isnan(wide)
    assert (back[~nan] == PATTERNS[~nan]).all()
    assert np.isnan(back[nan].view(TYPES[name]).astype(np.float32)).all()


@pytest.mark.parametrize("name", TYPES)
def test_halfway_cases_and_their_neighbours_round_to_nearest_even(name: str) -> None:
    finite = PATTERNS.view(TYPES[name]).astype(np.float32)
    finite = np.sort(finite[np.isfinite(finite)])
    middle = ((finite[1:].astype(np.float64) + finite[:-1]) / 2).astype(np.float32)
    limits = np.array(
        [65519.9, 65520, 65536, 3.4e38, 3.3895314e38, 3.3961775e38, np.inf], np.float32
    )
    cases = np.concatenate(
        [
            middle,
            np.nextafter(middle, np.float32(np.inf)),
            np.nextafter(middle, np.float32(-np.inf)),
            limits,
            -limits,
        ]
    )
    with np.errstate(over="ignore"):
        theirs = cases.astype(TYPES[name]).view(np.uint16)
    assert (convert(f"twin_float_to_{name}", cases, np.uint16) == theirs).all()
