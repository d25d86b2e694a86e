"""Runs graphs on the processes of a Dask cluster, on one machine or on many.

The tokens are cut into shards whose sizes do not depend on the cluster. Results are put
together in the order of the shards, so that the bits are the same whoever computed them,
and whatever was lost and computed again on the way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

import numpy as np
from xdsl.ir import SSAValue

from backends.call.dtypes import Array, dtype_of
from backends.graph.blocks.function import usable_cores
from backends.graph.blocks.run import Progress
from backends.graph.blocks.shards import Partial, Shard, compute, cut, loops_of, merge
from backends.graph.blocks.shared import Evaluate
from ligrad_ir.dialects.lig.blocks import BlocksOp
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.errors import LigradError

SHARD_TOKENS = 1024
"""Tokens of a shard."""
AHEAD = 2
"""Shards that are under way for each process."""


@dataclass(frozen=True)
class ClusterLoops:
    """Runs loops on a Dask client (see `Options.loops`)."""

    client: Any
    shard_tokens: int = SHARD_TOKENS

    def __call__(
        self,
        op: BlocksOp,
        values: Mapping[SSAValue, Array | int],
        extents: Mapping[str, int],
        outputs: Sequence[Array | None],
        evaluate: Evaluate,
        *,
        workers: int,
        deterministic: bool,
        progress: Progress | None = None,
    ) -> tuple[Array, ...]:
        """Run a loop; its bits depend on the size of the shards only.

        Raises:
            IndexOutOfRangeError: for the first index that means no row.
        """
        module = op.get_toplevel_object()
        text = str(module)
        number = loops_of(cast(Any, module)).index(op)
        total = extents[op.over]
        totals = [
            _zeros(value, extents) if array is None else array
            for value, array in zip(op.outputs, outputs, strict=True)
        ]
        starts = deque(range(0, total, self.shard_tokens))
        pending: deque[tuple[Shard, Any]] = deque()
        submit = cast(Callable[..., Any], self.client.submit)
        try:
            while starts or pending:
                while starts and len(pending) < AHEAD * workers:
                    first = starts.popleft()
                    last = min(first + self.shard_tokens, total)
                    shard = cut(text, op, number, values, extents, first, last)
                    pending.append((shard, submit(compute, shard, pure=False)))
                shard, future = pending.popleft()
                merge(op, shard, cast(Partial, future.result()), totals)
                if progress is not None:
                    progress(shard.last, total)
        finally:
            for _, future in pending:
                future.cancel()
        return tuple(totals)


def _zeros(value: SSAValue, extents: Mapping[str, int]) -> Array:
    shape = [extents[axis] for axis in tensor(value).axes]
    return np.zeros(shape, dtype_of(tensor(value).element_type))


@contextmanager
def cluster(address: str, workers: int | None) -> Generator[Any]:
    """A client of the scheduler at an address; for `local`, of a cluster of processes on
    this machine that lasts as long as the context.

    Raises:
        LigradError: if Dask is not installed, or nobody answers at the address.
    """
    try:
        dask: Any = import_module("distributed")
    except ImportError as error:
        raise LigradError("clusters need Dask: pip install 'ligrad[dask]'") from error
    if address != "local":
        try:
            client = dask.Client(address)
        except (OSError, ValueError) as error:
            raise LigradError(f"no Dask scheduler at {address}: {error}") from error
        with client:
            yield client
        return
    processes = dask.LocalCluster(
        n_workers=usable_cores() if workers is None else workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
    )
    with processes, dask.Client(processes) as client:
        yield client
