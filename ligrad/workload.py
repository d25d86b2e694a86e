"""Inputs like those of a model: indices from a forward top-k, not from a die.

A signature with a selection over [tokens, entries] into rows, and with floats over
[tokens, heads, depth], [rows, depth] and [tokens, heads], gets the tensors of an indexer:
random projections of a hidden state that drifts from token to token (so that neighbours
choose mostly the same keys), rotary positions, normalised keys, and as indices the top-k
of the forward scores in descending order, -1 behind the valid ones. A float over
[tokens, entries] is then the gradient of the scores: softmax of the scores less a target
distribution, times a loss scale. Any other input is drawn from a normal distribution, and
a selection without those floats gets distinct random rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from backends.call.dtypes import Array, dtype_of
from backends.call.shapes import Extents, resolve_extents, with_lengths
from backends.call.values import as_int
from backends.graph.ops import ABSENT, align, run_lengths, valid_count
from backends.memory import require_memory
from ligrad_ir.lengths import length_attributes
from ligrad_ir.signature import ArrayPort, Signature

HIDDEN = 256
"""Width of the hidden state that queries, keys and weights are projected from."""
DRIFT = 0.97
"""Correlation of the hidden states of neighbouring tokens."""
MODES = frozenset({0, 3})
"""Of `lig.valid_count`: all entries, or right-down causal."""
LOSS_SCALE = 256.0
"""As in mixed-precision training: keeps float16 gradients out of the subnormals."""


@dataclass(frozen=True)
class _Indexer:
    """The roles that the inputs of an indexer play."""

    indices: ArrayPort
    query: ArrayPort
    key: ArrayPort
    weights: ArrayPort
    gradients: tuple[ArrayPort, ...]


def generate(
    signature: Signature,
    shape: Mapping[str, int | tuple[int, ...]],
    *,
    seed: int = 0,
    attributes: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Inputs for a signature, by name; the same for the same arguments.

    shape: extents by axis name; in TND the length of a packed axis' runs may be a tuple,
    one number a run. What is not given takes a default (see `resolve_extents`).
    attributes: values of the signature's attributes, which also decide how many entries
    are valid.

    Raises:
        LigradError: the shape names an unknown axis or does not fit, or an attribute
            has no such value.
    """
    given = {
        port.name: as_int(port, (attributes or {})[port.name])
        for port in signature.scalars
        if port.name in (attributes or {})
    }
    extents = resolve_extents(signature, with_lengths(signature, shape, given))
    _require_memory(signature, extents)
    for port in length_attributes(signature):
        given.setdefault(port.name, extents.of[str(port.equals)])
    rng = np.random.default_rng(seed)
    values: dict[str, Any] = dict(given)
    for port in signature.arrays:
        if port.ends is not None and not signature.axes[port.ends].uniform:
            values[port.name] = extents.ends[port.ends]
    indexer = _find_indexer(signature)
    if indexer is not None:
        values |= _indexer_inputs(signature, indexer, extents, given, rng)
    for port in signature.arrays:
        if port.name in values or port.ends is not None:
            continue
        if port.selects is not None:
            flat = _random_rows(signature, port, extents, given, rng)
        else:
            flat = rng.standard_normal(extents.flat(signature, port))
        values[port.name] = extents.lay_out(signature, port, _rounded(port, flat))
    return values


def _require_memory(signature: Signature, extents: Extents) -> None:
    """Room for the inputs, and for the longest of them in float64."""
    counts = {port: prod(extents.flat(signature, port)) for port in signature.arrays}
    total = sum(n * dtype_of(port.element).itemsize for port, n in counts.items())
    longest = max(counts, key=lambda port: counts[port], default=None)
    if longest is not None:
        require_memory(
            "the generated inputs",
            total + 8 * counts[longest],
            f"{longest.name} alone has {counts[longest]} elements: set smaller extents "
            "with --shape",
        )


def _rounded(port: ArrayPort, array: Array) -> Array:
    return array.astype(dtype_of(port.element))


# ---- roles


def _find_indexer(signature: Signature) -> _Indexer | None:
    selections = [port for port in signature.arrays if port.selects is not None]
    if len(selections) != 1:
        return None
    [indices] = selections
    rows = indices.selects
    floats = {
        port: signature.tensor_type(port).axes
        for port in signature.arrays
        if port.selects is None and port.ends is None
    }
    index_axes = signature.tensor_type(indices).axes
    if len(index_axes) != 2:
        return None
    tokens = index_axes[0]
    for query, axes in floats.items():
        if len(axes) != 3 or axes[0] != tokens:
            continue
        key = [p for p, a in floats.items() if a == (rows, axes[2])]
        weights = [p for p, a in floats.items() if a == (tokens, axes[1])]
        if key and weights:
            gradients = tuple(p for p, a in floats.items() if a == index_axes)
            return _Indexer(indices, query, key[0], weights[0], gradients)
    return None


def _reach(
    signature: Signature, port: ArrayPort, extents: Extents, given: Mapping[str, int]
) -> Array:
    """How many rows of its run each token may see. The mode is the first attribute that
    allows no value but modes; without one, all are seen."""
    tokens = signature.tensor_type(port).axes[0]
    modes = [s for s in signature.scalars if s.choices and set(s.choices) <= MODES]
    mode = given.get(modes[0].name, modes[0].default) if modes else 0
    assert port.selects is not None
    token_ends, row_ends = extents.ends_of(tokens), extents.ends_of(port.selects)
    most = int(np.iinfo(np.int32).max)
    return valid_count(mode or 0, token_ends, row_ends, most)


# ---- the indexer's forward


def _indexer_inputs(
    signature: Signature,
    indexer: _Indexer,
    extents: Extents,
    given: Mapping[str, int],
    rng: np.random.Generator,
) -> dict[str, Array]:
    tokens, heads, depth = signature.tensor_type(indexer.query).axes
    entries = signature.tensor_type(indexer.indices).axes[1]
    assert indexer.indices.selects is not None
    n_heads, n_depth = extents.of[heads], extents.of[depth]
    to_query = rng.standard_normal((HIDDEN, n_heads * n_depth)) / HIDDEN**0.5
    to_key = rng.standard_normal((HIDDEN, n_depth)) / HIDDEN**0.5
    to_weights = rng.standard_normal((HIDDEN, n_heads)) / HIDDEN**0.5
    reach = _reach(signature, indexer.indices, extents, given)
    token_runs = run_lengths(extents.ends_of(tokens))
    row_runs = run_lengths(extents.ends_of(indexer.indices.selects))
    row_runs = np.broadcast_to(row_runs, token_runs.shape)

    parts: dict[ArrayPort, list[Array]] = {}
    shared = not signature.axes[indexer.indices.selects].is_packed
    first = 0
    for run, (n_tokens, n_rows) in enumerate(
        zip(token_runs.tolist(), row_runs.tolist())
    ):
        hidden = _drift(max(n_tokens, n_rows), rng)
        at_tokens = hidden[len(hidden) - n_tokens :]
        q = (at_tokens @ to_query).reshape(n_tokens, n_heads, n_depth)
        q = _rounded(indexer.query, _rotate(q, len(hidden) - n_tokens))
        w = (at_tokens @ to_weights) * n_heads**-0.5 * n_depth**-0.5
        w = _rounded(indexer.weights, w)
        if run == 0 or not shared:
            at_rows = hidden[len(hidden) - n_rows :]
            k = _layer_norm(at_rows @ to_key)
            k = _rotate(k[:, None, :], len(hidden) - n_rows)[:, 0]
            k = _rounded(indexer.key, k)
            parts.setdefault(indexer.key, []).append(k)
        else:
            [k] = parts[indexer.key]
        seen = np.minimum(reach[first : first + n_tokens], n_rows)
        indices, scores = _top_k(q, k, w, seen, extents.of[entries])
        first += n_tokens
        for port, x in (
            (indexer.query, q),
            (indexer.weights, w),
            (indexer.indices, indices),
            *((p, _score_gradient(scores, rng)) for p in indexer.gradients),
        ):
            parts.setdefault(port, []).append(_rounded(port, x))
    return {
        port.name: extents.lay_out(signature, port, np.concatenate(found))
        for port, found in parts.items()
    }


def _drift(length: int, rng: np.random.Generator) -> Array:
    """Hidden states [length, HIDDEN] of unit variance, each close to the one before."""
    states = rng.standard_normal((length, HIDDEN))
    for i in range(1, length):
        states[i] = DRIFT * states[i - 1] + (1 - DRIFT**2) ** 0.5 * states[i]
    return states


def _layer_norm(x: Array) -> Array:
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-6)


def _rotate(x: Array, first: int) -> Array:
    """Rotary position embedding of the first half of the depth of [length, heads,
    depth], for positions from `first`."""
    half = int(x.shape[-1]) // 4
    if half == 0:
        return x
    frequency = np.power(10000.0, -np.arange(half) / half)
    angle = (first + np.arange(len(x)))[:, None, None] * frequency
    cos, sin = np.cos(angle), np.sin(angle)
    a, b, rest = x[..., :half], x[..., half : 2 * half], x[..., 2 * half :]
    return np.concatenate((a * cos - b * sin, a * sin + b * cos, rest), axis=-1)


def _top_k(
    q: Array, k: Array, w: Array, seen: Array, entries: int
) -> tuple[Array, Array]:
    """The indices [tokens, entries] of the best keys in descending order of their
    scores, among the first `seen` of each token, -1 behind them; and their scores."""
    n_tokens, n_heads, _ = q.shape
    indices = np.full((n_tokens, entries), -1, np.int32)
    scores = np.full((n_tokens, entries), -np.inf)
    keys = k.astype(np.float32).T
    step = max(1, 2**25 // max(1, n_heads * len(k)))  # 128 MiB of scores at a time
    for start in range(0, n_tokens, step):
        block = slice(start, start + step)
        heads = np.maximum(q[block].astype(np.float32) @ keys, 0)
        weighted = w[block, None, :].astype(np.float32) @ heads
        for t, score in enumerate(weighted[:, 0], start=start):
            best = np.argsort(-score[: seen[t]], kind="stable")[:entries]
            indices[t, : len(best)] = best
            scores[t, : len(best)] = score[best]
    return indices, scores


def _score_gradient(scores: Array, rng: np.random.Generator) -> Array:
    """d KL(target || softmax(scores)) / d scores, times the loss scale; 0 where there
    is no key. The target is what a sharper, noisy attention would give."""
    noise = rng.standard_normal(scores.shape)
    return LOSS_SCALE * (_softmax(scores) - _softmax(2 * scores + noise))


def _softmax(x: Array) -> Array:
    peak = np.max(x, axis=-1, keepdims=True)
    powers = np.exp(x - np.where(np.isfinite(peak), peak, 0))
    total = powers.sum(axis=-1, keepdims=True)
    return powers / np.where(total > 0, total, 1)


# ---- anything else


def _random_rows(
    signature: Signature,
    port: ArrayPort,
    extents: Extents,
    given: Mapping[str, int],
    rng: np.random.Generator,
) -> Array:
    """Distinct random rows of each token's run, -1 behind the valid entries or where
    the run is used up."""
    *tokens, entries = extents.flat(signature, port)
    axes = signature.tensor_type(port).axes
    assert port.selects is not None
    rows = run_lengths(extents.ends_of(port.selects))
    counts = np.full(tokens, entries)
    if len(axes) == 2:
        counts = _reach(signature, port, extents, given)
    run_of = np.broadcast_to(_runs(signature, port, extents), tokens)
    found = np.full((prod(tokens), entries), ABSENT, np.int32)
    for row, run, count in zip(found, run_of.flat, counts.flat):
        chosen = rng.permutation(int(rows[run]))[: min(int(count), entries)]
        row[: len(chosen)] = chosen
    return found.reshape(*tokens, entries)


def _runs(signature: Signature, port: ArrayPort, extents: Extents) -> Array:
    """The run of rows that each token selects from, aligned to the tokens of a selection;
    the first one where all share their rows."""
    assert port.selects is not None
    batch = signature.axes[port.selects].batch
    tokens = signature.tensor_type(port).axes[:-1]
    for axis in tokens:
        if batch is not None and signature.axes[axis].batch == batch:
            lengths = run_lengths(extents.ends_of(axis))
            runs = np.repeat(np.arange(len(lengths)), lengths)
            return align(runs, (axis,), tokens)
    return np.zeros((1,) * len(tokens), np.int64)
