"""How fast the interpreter is, beside what else a CPU has in Python.

Prints, for the gradient in float32 arithmetic on bfloat16 inputs, the time of a token and
its ratio to that of the three bare matrix products, in their faster form: the interpreter
on every number of threads, plain NumPy, and (where PyTorch is installed) PyTorch token by
token and PyTorch's autograd of a batched gather. All on the same data, in one run, taking
turns; of each the median round counts. The target is 1.35 of the products as the formulas
have them; the ratio to their faster form is shown beside. Then the growth with the number
of tokens: time and memory. Exits with 1 if a target is missed.

    python -m benchmarks.interpreter
    python -m benchmarks.interpreter --threads 1 --clock cpu   # on a machine that is busy
    python -m benchmarks.interpreter --plot out/interpreter.png
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import ml_dtypes
import numpy as np
from threadpoolctl import threadpool_limits

import ligrad
from backends.call.dtypes import Array
from backends.graph.blocks.function import Options, usable_cores

FILE = Path(__file__).parents[1] / "examples" / "lightning_indexer_grad.lig"
HALF = np.dtype(ml_dtypes.bfloat16)
DEPTH = 128
KEPT = 0.97
"""Of the keys of a token, the next one chooses so many again."""
BATCHES = {"autograd": 64, "autograd, few at a time": 8}
"""Tokens that PyTorch's autograd gathers keys for at a time: as a batch is written down,
and as suits the caches best."""
GROWTH = (1, 16, 256, 1024, 4096, 16384, 65536)
TARGETS = {"bare": 1.35, "token": 1.8, "autograd": 3.5, "deterministic": 1.1}


@dataclass(frozen=True)
class Sizes:
    """Of a problem."""

    tokens: int
    keys: int
    heads: int
    entries: int
    layout: str = "BSND"


def draw(sizes: Sizes, kept: float = KEPT) -> dict[str, Any]:
    """Inputs of the operator; neighbouring tokens choose mostly the same keys."""
    rng = np.random.default_rng(0)
    chosen = rng.permutation(sizes.keys)
    rows = np.empty((sizes.tokens, sizes.entries), np.int32)
    new = round((1 - kept) * sizes.entries)
    for row in rows:
        row[:] = chosen[: sizes.entries]
        out = rng.integers(0, sizes.entries, new)
        others = rng.integers(sizes.entries, sizes.keys, new) if new else out
        for a, b in zip(out, others):
            chosen[[a, b]] = chosen[[b, a]]
        rng.shuffle(row)

    def normal(*shape: int) -> Array:
        return rng.standard_normal(shape, np.float32).astype(HALF)

    lead = (1,) if sizes.layout == "BSND" else ()
    values: dict[str, Any] = {
        "query": normal(*lead, sizes.tokens, sizes.heads, DEPTH),
        "key": normal(*lead, sizes.keys, 1, DEPTH),
        "dy": normal(*lead, sizes.tokens, sizes.entries),
        "sparse_indices": rows.reshape(*lead, *rows.shape),
        "weights": normal(*lead, sizes.tokens, sizes.heads),
        "sparse_mode": 0,
    }
    if sizes.layout == "TND":
        values["actual_seq_lengths_query"] = [sizes.tokens]
        values["actual_seq_lengths_key"] = [sizes.keys]
    return values


@dataclass(frozen=True)
class Flat:
    """The arrays of a problem in float32, without axes of 1."""

    q: Array
    key: Array
    dy: Array
    rows: Array
    w: Array


def flatten(values: dict[str, Any], sizes: Sizes) -> Flat:
    """For those that know no batches."""

    def wide(name: str, *shape: int) -> Array:
        return values[name].reshape(shape).astype(np.float32)

    t, h, k = sizes.tokens, sizes.heads, sizes.entries
    return Flat(
        wide("query", t, h, DEPTH),
        wide("key", sizes.keys, DEPTH),
        wide("dy", t, k),
        values["sparse_indices"].reshape(t, k).astype(np.int64),
        wide("weights", t, h),
    )


# ---- the contestants


def bare_products(flat: Flat, tall: bool, threads: int) -> None:
    """The three products of each token and nothing else. tall: the longest axis of a
    result in front, which BLAS likes better."""

    def work(tokens: range) -> None:
        entries, heads = flat.rows.shape[1], flat.q.shape[1]
        kg = np.ascontiguousarray(flat.key[:entries])
        r = np.ones((heads, entries), np.float32)
        if tall:
            rt = np.ones((entries, heads), np.float32)
            p, u = np.empty_like(rt), np.empty((DEPTH, heads), np.float32)
        else:
            p, u = np.empty_like(r), np.empty((heads, DEPTH), np.float32)
        dk = np.empty((entries, DEPTH), np.float32)
        for t in tokens:
            q = flat.q[t]
            if tall:
                np.matmul(kg, q.T, out=p)
                np.matmul(kg.T, rt, out=u)
                np.matmul(rt, q, out=dk)
            else:
                np.matmul(q, kg.T, out=p)
                np.matmul(r, kg, out=u)
                np.matmul(r.T, q, out=dk)

    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
        shares = [range(i, len(flat.q), threads) for i in range(threads)]
        list(pool.map(work, shares))


def plain_numpy(flat: Flat, threads: int) -> tuple[Array, Array, Array]:
    """The formulas as one would write them down, token by token; BLAS has the threads."""
    dq, dw = np.empty_like(flat.q), np.empty_like(flat.w)
    dk = np.zeros_like(flat.key)
    with threadpool_limits(threads, "blas"):
        for t, rows in enumerate(flat.rows):
            kg = flat.key[rows]
            s = np.maximum(flat.q[t] @ kg.T, 0)
            y = flat.w[t][:, None] * flat.dy[t]
            grad = np.where(s > 0, y, np.float32(0))
            dw[t] = (s * flat.dy[t]).sum(axis=1)
            dq[t] = grad @ kg
            update = grad.T @ flat.q[t]
            dk[rows] += update  # the rows of a token differ here
    return dq, dk, dw


def torch_tokens(flat: Flat, threads: int) -> None:
    """The same in PyTorch."""
    import torch

    torch.set_num_threads(threads)
    q, key, dy, rows, w = (torch.from_numpy(x) for x in vars(flat).values())
    dq, dw, dk = torch.empty_like(q), torch.empty_like(w), torch.zeros_like(key)
    with torch.no_grad():
        for t in range(len(q)):
            kg = key[rows[t]]
            s = torch.relu(q[t] @ kg.T)
            grad = torch.where(s > 0, w[t][:, None] * dy[t], 0.0)
            dw[t] = (s * dy[t]).sum(1)
            dq[t] = grad @ kg
            dk.index_add_(0, rows[t], grad.T @ q[t])


def torch_autograd(flat: Flat, batch: int, threads: int) -> None:
    """The gradient that PyTorch finds for the scores by itself."""
    import torch

    torch.set_num_threads(threads)
    q, key, dy, rows, w = (torch.from_numpy(x) for x in vars(flat).values())
    key = key.requires_grad_()
    for t in range(0, len(q), batch):
        block = slice(t, t + batch)
        qb, wb = q[block].clone().requires_grad_(), w[block].clone().requires_grad_()
        heads = torch.relu(torch.einsum("tgd,tkd->tgk", qb, key[rows[block]]))
        (heads * wb[:, :, None]).sum(1).backward(dy[block])


def contestants(
    sizes: Sizes, threads: Sequence[int], kept: float
) -> dict[str, Callable[[], object]]:
    """By name, what computes the same problem."""
    values = draw(sizes, kept)
    flat = flatten(values, sizes)
    operator = ligrad.compile(FILE, layout=sizes.layout)
    most = threads[-1]
    found: dict[str, Callable[[], object]] = {}
    for n in threads:
        found[f"bare products, {n} threads"] = partial(bare_products, flat, False, n)
        found[f"bare products, tall, {n} threads"] = partial(
            bare_products, flat, True, n
        )
        found[f"ligrad, {n} threads"] = partial(operator.interpret, values, Options(n))
    found[f"ligrad, deterministic, {most} threads"] = partial(
        operator.interpret, values, Options(most, deterministic=True)
    )
    found[f"NumPy, {most} threads"] = partial(plain_numpy, flat, most)
    if importlib.util.find_spec("torch") is not None:
        found[f"PyTorch by token, {most} threads"] = partial(torch_tokens, flat, most)
        for name, batch in BATCHES.items():
            found[f"PyTorch {name}, {most} threads"] = partial(
                torch_autograd, flat, batch, most
            )
    return found


# ---- measuring


def take_turns(
    runs: dict[str, Callable[[], object]], rounds: int, clock: Callable[[], float]
) -> dict[str, list[float]]:
    """Seconds of every run in every round; a first round does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            start = clock()
            run()
            if number:
                seconds[name].append(clock() - start)
    return seconds


def ratio(seconds: dict[str, list[float]], name: str, to: str) -> float:
    """The median over the rounds of how much longer `name` took than `to`."""
    return median(a / b for a, b in zip(seconds[name], seconds[to]))


def compare(
    sizes: Sizes, threads: Sequence[int], kept: float, rounds: int, clock: str
) -> bool:
    """Print the table of a layout; whether all targets are met."""
    clocks = {"wall": time.perf_counter, "cpu": time.process_time}
    seconds = take_turns(contestants(sizes, threads, kept), rounds, clocks[clock])
    most = threads[-1]
    bare = min(
        (f"bare products{tall}, {most} threads" for tall in ("", ", tall")),
        key=lambda name: median(seconds[name]),
    )
    print(f"{sizes}, {kept:.0%} of the keys kept, {clock} time, {rounds} rounds")
    for name, found in seconds.items():
        token = median(found) / sizes.tokens * 1e6
        print(f"  {name:36} {token:9.0f} us a token {ratio(seconds, name, bare):7.2f}")
    ours = f"ligrad, {most} threads"
    results = [
        ("to the faster bare products", ratio(seconds, ours, bare), "bare", 1),
        (
            "to the plain bare products",
            ratio(seconds, ours, f"bare products, {most} threads"),
            "bare",
            1,
        ),
        (
            "deterministic to not",
            ratio(seconds, f"ligrad, deterministic, {most} threads", ours),
            "deterministic",
            1,
        ),
    ]
    for what, target in (("by token", "token"), ("autograd", "autograd")):
        name = f"PyTorch {what}, {most} threads"
        if name in seconds:
            results.append(
                (f"PyTorch {what} to ours", ratio(seconds, name, ours), target, -1)
            )
        else:
            print(f"  PyTorch {what}: not measured, torch is not installed")
    good = True
    for what, found, target, sign in results:
        met = sign * found <= sign * TARGETS[target]
        good = good and (met or what == "to the faster bare products")
        word = "at most" if sign > 0 else "at least"
        mark = "met" if met else "MISSED"
        print(f"  {what:36} {found:9.2f} ({word} {TARGETS[target]}: {mark})")
    return good


def growth(threads: int, most: int) -> list[tuple[int, float, float]]:
    """For numbers of tokens: microseconds a token, and MiB besides inputs and outputs."""
    rows: list[tuple[int, float, float]] = []
    operator = ligrad.compile(FILE)
    for tokens in (n for n in GROWTH if n <= most):
        sizes = Sizes(tokens, keys=2048, heads=8, entries=128)
        values = draw(sizes)
        times: list[float] = []
        for _ in range(3 if tokens < 10_000 else 1):
            start = time.perf_counter()
            operator.interpret(values, Options(threads))
            times.append(time.perf_counter() - start)
        tracemalloc.start()
        outputs = operator.interpret(values, Options(threads))
        extra = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        extra -= sum(array.nbytes for array in outputs.values())
        rows.append((tokens, min(times) / tokens * 1e6, extra / 2**20))
        print(
            f"  {tokens:8} tokens {rows[-1][1]:9.1f} us a token {rows[-1][2]:8.2f} MiB"
        )
    return rows


def plot(rows: Sequence[tuple[int, float, float]], path: Path) -> None:
    """Time and memory against the number of tokens."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.5))
    tokens, times, memory = zip(*rows)
    left.loglog(tokens, times, marker="o")
    left.set(xlabel="tokens", ylabel="microseconds a token")
    right.semilogx(tokens, memory, marker="o")
    right.set(xlabel="tokens", ylabel="MiB besides inputs and outputs", ylim=0)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    print(f"the plot is in {path}")


def main() -> int:
    """Measure; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--keys", type=int, default=8192)
    parser.add_argument("--kept", type=float, default=KEPT)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    parser.add_argument(
        "--growth", type=int, default=65536, help="most tokens; 0: none"
    )
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    threads = range(1, options.threads + 1)
    good = True
    for layout in ("BSND", "TND"):
        sizes = Sizes(options.tokens, options.keys, 64, 2048, layout)
        good &= compare(sizes, threads, options.kept, options.rounds, options.clock)
    if options.growth:
        print("growth, 8 heads, 128 of 2048 keys:")
        rows = growth(options.threads, options.growth)
        if options.plot is not None:
            plot(rows, options.plot)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
