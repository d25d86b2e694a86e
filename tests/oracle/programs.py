"""Programs and dtypes that several tests of the oracle use."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import ml_dtypes
import numpy as np

from backends.oracle import Reference, evaluate
from ligrad_ir.dsl.parse import parse
from tests.oracle.lightning_indexer_grad_by_hand import Case

BF16 = np.dtype(ml_dtypes.bfloat16)
FP16 = np.dtype(np.float16)
EXAMPLES = Path(__file__).parents[2] / "examples"
LIGHTNING_INDEXER_GRAD = parse((EXAMPLES / "lightning_indexer_grad.lig").read_text())


def run(
    case: Case,
    layout: Literal["BSND", "TND"],
    dtype: Literal["bf16", "fp16"] = "bf16",
    precision: Literal["float32", "mixed"] = "float32",
) -> dict[str, Reference]:
    """The oracle on LightningIndexerGrad."""
    inputs: Any = case.inputs(layout)
    return evaluate(
        LIGHTNING_INDEXER_GRAD,
        inputs,
        dtype=dtype,
        layout=layout,
        precision=precision,
        attributes={"SPARSE_mode": case.sparse_mode},
    )
