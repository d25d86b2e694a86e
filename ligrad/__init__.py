"""ligrad: from the formulas of an Ascend operator to kernels, on any machine.

import ligrad

dq, dk, dw = ligrad.lightning_indexer_grad(query, key, dy, indices, weights)
operator = ligrad.compile("operator.lig", dtype="bf16", layout="BSND")
outputs = operator.run({"query": query, ...})
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ligrad._shadow import check_not_shadowed

check_not_shadowed(Path(__file__).resolve().parent)

if TYPE_CHECKING:
    from ligrad.compiler import Operator, compile
    from ligrad.family import compile_family
    from ligrad.operators import lightning_indexer_grad
    from ligrad_ir.errors import (
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

_MODULES = {
    "Operator": "ligrad.compiler",
    "compile": "ligrad.compiler",
    "compile_family": "ligrad.family",
    "lightning_indexer_grad": "ligrad.operators",
}


def __getattr__(name: str) -> Any:
    """Import what is used. The compiler takes seconds, and the command line must heed
    signals in the meantime."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(_MODULES.get(name, "ligrad_ir.errors"))
    globals()[name] = found = getattr(module, name)
    return found
