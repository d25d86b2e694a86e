"""How matrices lie in the memories of the cube core, as pure functions.

NZ (L1, L0C): blocks of 16 columns, one behind the other, row major inside. zZ (L0A) and
nZ (L0B): fractals of 16 by 16 in row-major order, inside row major and column major.
"""

from __future__ import annotations

import numpy as np

from backends.call.dtypes import Array
from backends.tiled.memory import FRACTAL, poison


def to_blocks(matrix: Array) -> Array:
    """[rows, columns] to [blocks, rows, 16], filled up with zeros."""
    rows, columns = matrix.shape
    padded = np.pad(matrix, ((0, 0), (0, -columns % FRACTAL)))
    blocks = -(-columns // FRACTAL)
    return padded.reshape(rows, blocks, FRACTAL).transpose(1, 0, 2)


def from_blocks(blocks: Array) -> Array:
    """[blocks, rows, 16] to [rows, 16 * blocks]."""
    count, rows, width = blocks.shape
    return blocks.transpose(1, 0, 2).reshape(rows, count * width)


def _fractals(matrix: Array) -> Array:
    rows, columns = matrix.shape
    split = matrix.reshape(rows // FRACTAL, FRACTAL, columns // FRACTAL, FRACTAL)
    return split.transpose(0, 2, 1, 3)


def to_zz(matrix: Array) -> Array:
    """[m, k], multiples of 16, to the elements of L0A."""
    return _fractals(matrix).reshape(-1)


def from_zz(elements: Array, m: int, k: int) -> Array:
    """The elements of L0A to [m, k], multiples of 16."""
    split = elements.reshape(m // FRACTAL, k // FRACTAL, FRACTAL, FRACTAL)
    return split.transpose(0, 2, 1, 3).reshape(m, k)


def to_nz_fractals(matrix: Array) -> Array:
    """[k, n], multiples of 16, to the elements of L0B."""
    return _fractals(matrix).transpose(0, 1, 3, 2).reshape(-1)


def from_nz_fractals(elements: Array, k: int, n: int) -> Array:
    """The elements of L0B to [k, n], multiples of 16."""
    split = elements.reshape(k // FRACTAL, n // FRACTAL, FRACTAL, FRACTAL)
    return split.transpose(0, 3, 1, 2).reshape(k, n)


def whole(extent: int) -> int:
    """The extent filled up to whole fractals."""
    return extent + -extent % FRACTAL


def mmad(accumulator: Array, lhs: Array, rhs: Array, *, start: bool) -> None:
    """accumulator [blocks, rows, 16] = or += lhs [m, k] @ rhs [k, n] in float32; what
    it has beyond m and n is poison."""
    m, n = lhs.shape[0], rhs.shape[1]
    product = np.matmul(lhs.astype(np.float32), rhs.astype(np.float32))
    if not start:
        product = from_blocks(accumulator)[:m, :n] + product
    poison(accumulator)
    result = from_blocks(accumulator)
    result[:m, :n] = product
    accumulator[...] = to_blocks(result)
