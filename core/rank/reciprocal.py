"""Vectors of probes and of a gallery in; distances re-ranked by k-reciprocal neighbours out.

Two pictures of one person tend to be among each other's nearest neighbours and to share theirs.
The distances move with the gallery, so they order a list and are never evidence. Work and memory
grow with the number of neighbours, not with the square of the gallery: similarities are made in
blocks and only the nearest are kept.

Source: [zhong2017]
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.types import Float32, Float64, Int

TILE = 64  # rows multiplied at a time, whatever the block: BLAS sums other shapes differently
BLIND = 1e-6  # a distance below float32's reach counts as none
PAIRS = 8_000_000  # of weights that are compared at a time: bounds memory
WORTH_THREADS = 4_000_000
FEW = 2048  # items whose every similarity is kept: 16 MB


@dataclass(frozen=True)
class _Near:
    """The nearest neighbours of N items, each item itself first.

    index (N,K), cosine (N,K) nearest first;  farthest (N,) distance 1 - cosine of the farthest
    item;  first (Q,G) distances 1 - cosine of the first Q items to the others
    every (N,N) all cosines where there are few, else None
    """

    index: Int
    cosine: Float32
    farthest: Float32
    first: Float32
    every: Float32 | None


def rerank(
    probe: Float32,
    gallery: Float32,
    *,
    k1: int = 20,
    k2: int = 6,
    lambda_: float = 0.3,
    block: int = 512,
) -> Float32:
    """Distances (Q,G) of probes (Q,D) to a gallery (G,D), both unit rows; the lower, the nearer.

    k1       neighbours looked at;  k2: neighbours whose codes are averaged (1 = none)
    lambda_  weight of the original distance (squared Euclidean over the row's largest); the rest
             is the Jaccard distance of the k-reciprocal codes. 1 keeps the original order
    block    rows at a time; it decides about memory, never about the result

    Probes are neighbours of one another as in the published batch protocol, so a probe's answer
    depends on the others; for one that does not, give one probe. k1 and k2 are limited by the
    number of items. Items at the same distance are taken in the order given, an item itself first.
    Raises ValueError on k1, k2 below 1, lambda_ outside [0, 1] or shapes that do not fit.
    Source: [zhong2017]
    """
    if k1 < 1 or k2 < 1 or not 0 <= lambda_ <= 1:
        raise ValueError("rerank needs k1 and k2 of 1 or more and lambda_ inside [0, 1]")
    if probe.ndim != 2 or gallery.ndim != 2 or probe.shape[1] != gallery.shape[1]:
        raise ValueError(f"rerank needs (Q,D) and (G,D), got {probe.shape} and {gallery.shape}")
    if not len(probe) or not len(gallery):
        return np.zeros((len(probe), len(gallery)), np.float32)
    items = np.concatenate([probe, gallery]).astype(np.float32, copy=False)  # (N,D)
    near = _nearest(items, min(max(k1 + 1, k2), len(items)), len(probe), block)
    distance = near.first  # (Q,G)
    distance /= near.farthest[: len(probe), None]
    if lambda_ == 1:
        return distance
    codes = _codes(items, near, k1)
    if k2 > 1:
        codes = _averaged(codes, near.index[:, :k2])
    _blend(distance, codes, lambda_)
    return distance


# -- neighbours ------------------------------------------------------------------------------------


def _nearest(items: Float32, k: int, q: int, block: int) -> _Near:
    """The k nearest of every item, and all distances from the first q items to the rest."""
    n = len(items)
    size = max(TILE, block // TILE * TILE)
    padded = np.zeros((-(-n // TILE) * TILE, items.shape[1]), np.float32)  # (M,D)
    padded[:n] = items
    index, cosine = np.empty((n, k), np.int64), np.empty((n, k), np.float32)
    farthest, first = np.empty(n, np.float32), np.empty((q, n - q), np.float32)
    tile = np.empty((min(size, len(padded)), len(padded)), np.float32)
    every = np.empty((n, n), np.float32) if n <= FEW else None
    with ThreadPoolExecutor(2) as pool:
        for start in range(0, n, size):
            rows = padded[start : start + size]
            for row in range(0, len(rows), TILE):
                np.matmul(rows[row : row + TILE], padded.T, out=tile[row : row + TILE])
            part = tile[: min(len(rows), n - start), :n]  # (b,n)
            if every is not None:
                every[start : start + size] = part
            halves = _pieces(len(part), part.size)
            work = partial(_of_rows, part, start, k)
            results = pool.map(work, halves) if len(halves) > 1 else map(work, halves)
            for (a, b), result in zip(halves, results, strict=True):
                at = slice(start + a, start + b)
                index[at], cosine[at], farthest[at] = result
            own = part[: max(0, q - start), q:]
            np.subtract(1, own, out=first[start : start + len(own)])
    first[first < BLIND] = 0
    return _Near(index, cosine, np.maximum(farthest, BLIND), first, every)


def _pieces(rows: int, size: int) -> list[tuple[int, int]]:
    """Rows (from, to) for each thread; one piece where threads are not worth it."""
    half = rows // 2
    return [(0, half), (half, rows)] if size > WORTH_THREADS and half else [(0, rows)]


def _of_rows(
    every: Float32, start: int, k: int, rows: tuple[int, int]
) -> tuple[Int, Float32, Float32]:
    """Index and cosine (b,k) of the nearest, and distance (b,) of the farthest, of b rows.

    every  (B,n) cosines of the items from `start` on;  rows (from, to) in it

    A row's k-th largest value is at least the k-th largest maximum of as many groups: values below
    that are passed over, so that little is left to sort.
    """
    cosine, start = every[slice(*rows)], start + rows[0]
    b, n = cosine.shape
    here = np.arange(b)
    farthest = 1 - np.minimum.reduce(cosine, axis=1)  # (b,)
    itself = cosine[here, start + here].copy()
    cosine[here, start + here] = 2.0  # the nearest, whatever rounding says
    groups = 8 * k
    if n < 4 * groups:
        order = np.argsort(-cosine, axis=1, kind="stable")[:, :k]
        value = np.take_along_axis(cosine, order, axis=1)
    else:
        used = n // groups * groups
        most = cosine[:, :used].reshape(b, -1, groups).max(axis=1)  # (b,groups)
        least = np.partition(most, groups - k, axis=1)[:, groups - k]
        row, column = _places(cosine >= least[:, None])
        order, value = _first(row, column, cosine[row, column], b, k)
    cosine[here, start + here] = itself
    return order, value, farthest


def _places(mask: NDArray[np.bool_]) -> tuple[Int, Int]:
    """Rows and columns of the true places."""
    return np.divmod(np.flatnonzero(mask), mask.shape[1])


def _first(row: Int, column: Int, value: Float32, b: int, k: int) -> tuple[Int, Float32]:
    """The k highest of every row (b,k), highest first; equal values in the order of the columns."""
    length = np.bincount(row, minlength=b)
    at = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    full = np.full((b, length.max()), -np.inf, np.float32)
    where = np.zeros(full.shape, np.int64)
    full[row, at], where[row, at] = value, column
    order = np.argsort(-full, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(where, order, axis=1), np.take_along_axis(full, order, axis=1)


# -- codes -----------------------------------------------------------------------------------------


def _codes(items: Float32, near: _Near, k1: int) -> sparse.csr_array:
    """The codes (N,N): each item's k-reciprocal neighbours and theirs, weighed by exp(-distance).

    The neighbours of a neighbour count if more than two thirds of them are neighbours anyway.
    """
    wide = _mutual(near.index[:, : k1 + 1])
    narrow = _mutual(near.index[:, : round(k1 / 2) + 1])  # rounds half to even, as published
    size = np.diff(narrow.indptr)  # (N,)
    shared = wide.multiply(wide @ narrow.T).tocsr()  # (N,N) how many are shared
    shared.data = (3 * shared.data > 2 * size[shared.indices]).astype(np.float32)
    shared.eliminate_zeros()
    members = (wide + shared @ narrow).tocsr()
    members.sort_indices()
    row = np.repeat(np.arange(len(items)), np.diff(members.indptr))  # (E,)
    distance = _distances(items, near, row, members.indices.astype(np.int64))
    weight = np.exp(-distance / near.farthest[row])
    weight /= np.bincount(row, weight)[row]
    kept = (weight.astype(np.float32), members.indices, members.indptr)
    return sparse.csr_array(kept, shape=members.shape)


def _mutual(index: Int) -> sparse.csr_array:
    """1 where i is among j's neighbours and j among i's: index (N,K) -> (N,N)."""
    n, k = index.shape
    ends = np.arange(0, n * k + 1, k)
    ones = np.ones(n * k, np.float32)
    near = sparse.csr_array((ones, index.flatten(), ends), shape=(n, n))  # a copy: it is sorted
    near.sort_indices()
    return near.multiply(near.T.tocsr()).tocsr()


def _distances(items: Float32, near: _Near, row: Int, column: Int) -> Float64:
    """1 - cosine (E,) of pairs: those of the nearest are known, the others are computed."""
    known = _known(items, near, row, column) if near.every is None else near.every[row, column]
    distance = np.where(row == column, 0.0, 1 - known.astype(np.float64))
    return np.where(distance < BLIND, 0.0, distance)


def _known(items: Float32, near: _Near, row: Int, column: Int) -> Float32:
    """Cosines (E,) of pairs, looked up among the nearest or else computed."""
    n, k = near.index.shape
    key = (np.arange(n)[:, None] * n + near.index).ravel()
    order = np.argsort(key)
    wanted = row * n + column
    at = order[np.minimum(np.searchsorted(key, wanted, sorter=order), n * k - 1)]
    cosine = near.cosine.ravel()[at]  # (E,) a copy
    other = np.flatnonzero(key[at] != wanted)
    for some in np.array_split(other, len(other) // 50_000 + 1):
        cosine[some] = np.vecdot(items[row[some]], items[column[some]])
    return np.asarray(cosine, dtype=np.float32)


def _averaged(codes: sparse.csr_array, index: Int) -> sparse.csr_array:
    """Local query expansion: the mean code of an item's nearest, itself among them."""
    n, k = index.shape
    share = np.full(n * k, 1 / k, np.float32)
    mean = sparse.csr_array((share, index.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))
    return (mean @ codes).tocsr()


# -- Jaccard distance ------------------------------------------------------------------------------


def _blend(distance: Float32, codes: sparse.csr_array, lambda_: float) -> None:
    """distance (Q,G) := lambda_ distance + (1 - lambda_) Jaccard distance, in place.

    Codes sum to 1, so the union of two is 2 less what they share.
    """
    q, g = distance.shape
    probe, column = codes[:q].tocsr(), codes[q:].tocsc()  # (Q,N), (G,N)
    with ThreadPoolExecutor(2) as pool:
        work = partial(_shared, probe, column, g)
        spans = list(_spans(probe, column))
        results = pool.map(work, spans) if len(spans) > 1 else map(work, spans)
        for (a, b), shared in zip(spans, results, strict=True):
            jaccard = 1 - np.minimum(shared / (2 - shared), 1)
            distance[a:b] = lambda_ * distance[a:b] + (1 - lambda_) * jaccard


def _spans(probe: sparse.csr_array, column: sparse.csc_array) -> Iterator[tuple[int, int]]:
    """Probes (from, to) whose codes meet about PAIRS weights of the gallery."""
    q, g = probe.shape[0], column.shape[0]
    work = np.concatenate([[0], np.cumsum(np.diff(column.indptr)[probe.indices])])[probe.indptr]
    start = 0
    while start < q:
        enough = int(np.searchsorted(work, work[start] + PAIRS // 8, side="right")) - 1
        end = min(q, max(start + 1, min(enough, start + max(1, PAIRS // g))))
        yield start, end
        start = end


def _shared(
    probe: sparse.csr_array, column: sparse.csc_array, g: int, span: tuple[int, int]
) -> Float64:
    """Sum (b,G) over all places of the smaller of two codes."""
    first, last = probe.indptr[span[0]], probe.indptr[span[1]]
    place, weight = probe.indices[first:last], probe.data[first:last]  # (E,)
    row = np.repeat(np.arange(span[1] - span[0]), np.diff(probe.indptr[span[0] : span[1] + 1]))
    length = (column.indptr[place + 1] - column.indptr[place]).astype(np.int64)
    at = np.arange(length.sum()) + np.repeat(
        column.indptr[place] - np.concatenate([[0], np.cumsum(length)[:-1]]), length
    )
    smaller = np.minimum(np.repeat(weight, length), column.data[at])
    to = np.repeat(row * g, length) + column.indices[at]
    total = np.bincount(to, smaller, minlength=(span[1] - span[0]) * g)
    return np.asarray(total.reshape(-1, g))
