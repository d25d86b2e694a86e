"""How many threads a matrix product takes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


def one_blas_thread() -> AbstractContextManager[object]:
    """For as long as it lasts, a matrix product is computed by the thread that asks."""
    limit: Callable[..., AbstractContextManager[object]]
    limit = getattr(_libraries(), "limit")
    return limit(limits=1, user_api="blas")
