"""ligrad: from the formulas of an Ascend operator to kernels, on any machine.

import ligrad

dq, dk, dw = ligrad.lightning_indexer_grad(query, key, dy, indices, weights)
operator = ligrad.compile("operator.lig", dtype="bf16", layout="BSND")
outputs = operator.run({"query": query, ...})
"""

from pathlib import Path

from ligrad._shadow import check_not_shadowed

check_not_shadowed(Path(__file__).resolve().parent)

from ligrad.compiler import Operator, compile  # noqa: E402
from ligrad.family import compile_family  # noqa: E402
from ligrad.operators import lightning_indexer_grad  # noqa: E402
from ligrad_ir.errors import (  # noqa: E402
    ArgumentError,
    DslError,
    LigradError,
    MissingArgumentError,
)

__all__ = [
    "ArgumentError",
    "DslError",
    "LigradError",
    "MissingArgumentError",
    "Operator",
    "compile",
    "compile_family",
    "lightning_indexer_grad",
]
