"""IR element types as NumPy dtypes."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float32Type, IntegerType
from xdsl.ir import Attribute

from ligrad_ir.dialects.lig.types import RealType, RowType

Array = NDArray[Any]
DType = np.dtype[Any]

_DTYPES: dict[type[Attribute], DType] = {
    RealType: np.dtype(np.float64),
    Float32Type: np.dtype(np.float32),
    Float16Type: np.dtype(np.float16),
    BFloat16Type: np.dtype(ml_dtypes.bfloat16),
    IntegerType: np.dtype(np.int32),
    RowType: np.dtype(np.int32),
}


def dtype_of(element: Attribute) -> DType:
    """The NumPy dtype of an element type.

    Exact reals are computed in float64; a row number is an int32, -1 where absent.
    """
    return _DTYPES[type(element)]
