"""The float64 oracle: evaluates any `.lig` program straight from its syntax tree.

It shares nothing with the compiler but the parser, so that it can judge the rest:
`evaluate` gives every output's true value with the largest error that rounding
explains, `compare` says whether an output keeps within it.
"""

from backends.oracle.compare import Comparison, compare
from backends.oracle.evaluate import Reference, evaluate

__all__ = ["Comparison", "Reference", "compare", "evaluate"]
