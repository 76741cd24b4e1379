"""Which rows are whitened together: residual groups, or the overlapping parts that a short memory splits them into,
gathered by their times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.design.groups import starts_of
from terrace.likelihood.series import Series

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

CHUNK = 60_000
"""So many numbers of R⁻¹ are treated in one go: few enough to stay in the cache."""

LARGE = 10_000
"""From so many numbers on that copies of R⁻¹ for each group would have, a pattern is a chunk of its own."""


@dataclass(frozen=True)
class Segments:
    """Runs of rows, ``first`` and ``last`` (s,), with what they have of their residual group."""

    first: IntArray
    last: IntArray
    owner: IntArray
    copies: FloatArray

    @classmethod
    def whole(cls, series: Series) -> Segments:
        """Each residual group."""
        return cls(series.starts, series.starts + series.sizes - 1, series.owner, series.copies)


def cliques(series: Series, memory: int) -> tuple[Segments, Segments]:
    """Segments whose densities give that of the whole when those of the second are taken off.

    Where ``memory`` consecutive residuals tell all that earlier ones could, a group splits behind each row that ends
    such a run: the density is that of the parts, which overlap in the run, over that of the runs. So it is with
    W'R⁻¹W and with log|R| (Lauritzen 1996, proposition 5.2).
    """
    n, p = len(series.at), memory
    group = np.repeat(np.arange(len(series.starts)), series.sizes)
    place = np.arange(n) - series.starts[group]
    ends = (place >= p - 1) & (place < series.sizes[group] - 1)
    row = np.flatnonzero(ends)
    row = row[series.at[row] - series.at[row - p + 1] == p - 1]
    # the first run of a group that begins with it is both a part and a run, and leaves nothing
    kept = row[place[row] > p - 1]
    following = np.append(row[1:], n)
    behind = np.minimum(following, (series.starts + series.sizes - 1)[group[row]])
    last = series.starts + series.sizes - 1
    head = last.copy()
    np.minimum.at(head, group[row], row)
    begins = np.zeros(len(head), dtype=bool)
    begins[group[row[place[row] == p - 1]]] = True
    first = np.concatenate([series.starts[~begins], row - p + 1])
    end = np.concatenate([head[~begins], behind])
    whose = np.concatenate([np.flatnonzero(~begins), group[row]])
    parts = Segments(first, end, series.owner[whose], series.copies[whose])
    return parts, Segments(kept - p + 1, kept, series.owner[group[kept]], series.copies[group[kept]])


@dataclass(frozen=True)
class Chunk:
    """Some patterns of times and the segments that have them.

    ``at`` (J, k) are the times of each pattern; on a grid, k are all its times and ``missing`` says for runs of
    patterns with equally many which are not there, positions (J', c). ``pattern`` (N,) ascending, columns ``w``
    (k, N, m), zero where missing and times the root of how often a segment counts, and ``owner`` (N,) are those of the
    segments. Where an owner has many of a pattern, fewer with the same sum of products stand for them; so ``cells``
    have what counts: pattern, owner and number of segments.
    """

    at: FloatArray
    missing: tuple[tuple[slice, IntArray], ...]
    pattern: IntArray
    w: FloatArray
    owner: IntArray
    cells: tuple[IntArray, IntArray, FloatArray]

    @property
    def starts(self) -> IntArray:
        """The first segment of each pattern, (J,)."""
        return starts_of(self.pattern)


@dataclass
class _Sorted:
    """Patterns of one number of rows."""

    at: FloatArray
    pattern: IntArray
    owner: IntArray
    w: FloatArray
    cells: tuple[IntArray, IntArray, FloatArray]


def chunks(
    series: Series, segments: Segments, grid: FloatArray | None, *, shifted: bool, timeless: bool, derivatives: int,
) -> list[Chunk]:
    """The segments by pattern.

    ``shifted`` counts times from the first of a segment, ``timeless`` by their number only. On a ``grid`` of times,
    ascending, all patterns have its length. ``derivatives`` of R* are formed for each pattern where there is no grid.
    """
    sizes = segments.last - segments.first + 1
    out: list[Chunk] = []
    for size in np.unique(sizes)[::-1]:
        of = _of_size(series, segments, np.flatnonzero(sizes == size), int(size), shifted, timeless)
        missing: IntArray | None = None
        if grid is not None:
            of, missing = _on_grid(of, grid)
        out += _cut(of, missing, derivatives if grid is None else 1)
    return _joined(out) if grid is not None else out


def _of_size(
    series: Series, segments: Segments, of: IntArray, k: int, shifted: bool, timeless: bool
) -> _Sorted:
    rows = segments.first[of][:, None] + np.arange(k)
    at = np.zeros(rows.shape) if timeless else series.at[rows]
    if shifted:
        at = at - at[:, :1]
    example, pattern = _distinct(at)
    # those of one segment, which need no sums over segments, come last
    frequent = np.argsort(-np.bincount(pattern), kind="stable")
    example, pattern = example[frequent], np.argsort(frequent)[pattern]
    owner = segments.owner[of]
    order = np.lexsort((owner, pattern))
    pattern, owner, copies = pattern[order], owner[order], segments.copies[of][order]
    w = series.w[rows[order]] * np.sqrt(copies)[:, None, None]
    begin = np.flatnonzero((np.diff(pattern, prepend=-1) != 0) | (np.diff(owner, prepend=-1) != 0))
    count = np.add.reduceat(copies, begin) if len(begin) else np.zeros(0)
    cells = pattern[begin], owner[begin], count
    sizes = np.diff(np.append(begin, len(pattern)))
    many = sizes > k * w.shape[2]
    if many.any():
        pattern, owner, w = _compressed(pattern, owner, w, begin, sizes, many)
    return _Sorted(at[example], pattern, owner, w, cells)


def _distinct(at: FloatArray) -> tuple[IntArray, IntArray]:
    """The first of each distinct row of times, and which one every row is."""
    code, size = np.zeros(len(at), dtype=np.int64), 1
    for column in np.round(at, 10).T:
        values, own = np.unique(column, return_inverse=True)
        if len(values) == 1:
            continue
        if size * len(values) > 2**62:
            known, code = np.unique(code, return_inverse=True)
            size = len(known)
        code = code * len(values) + own
        size *= len(values)
    _, example, pattern = np.unique(code, return_index=True, return_inverse=True)
    return example, pattern


def _compressed(
    pattern: IntArray, owner: IntArray, w: FloatArray, begin: IntArray, sizes: IntArray, many: npt.NDArray[np.bool_]
) -> tuple[IntArray, IntArray, FloatArray]:
    """Cells with more segments than numbers in each get the triangular factors of these, which have the same sums."""
    k, m = w.shape[1:]
    stay = np.repeat(~many, sizes)
    patterns, owners, columns = [pattern[stay]], [owner[stay]], [w[stay]]
    for size in np.unique(sizes[many]):
        cells = begin[many & (sizes == size)]
        for cell in np.array_split(cells, max(1, len(cells) * int(size) * k * m // 2_000_000)):
            wide = w[cell[:, None] + np.arange(size)].reshape(len(cell), size, k * m)
            columns.append(_triangles(wide).reshape(-1, k, m))
            patterns.append(np.repeat(pattern[cell], k * m))
            owners.append(np.repeat(owner[cell], k * m))
    pattern, owner, w = np.concatenate(patterns), np.concatenate(owners), np.concatenate(columns)
    order = np.lexsort((owner, pattern))
    return pattern[order], owner[order], w[order]


def _triangles(x: FloatArray) -> FloatArray:
    """R of QR of each matrix."""
    return np.asarray(np.linalg.qr(x, mode="r"))


def _on_grid(of: _Sorted, grid: FloatArray) -> tuple[_Sorted, IntArray]:
    """The same with rows for all times of the grid, and the positions of those that a pattern has not, (J, c)."""
    place = np.searchsorted(grid, of.at - 1e-9)
    seen = np.zeros((len(place), len(grid)), dtype=bool)
    seen[np.arange(len(place))[:, None], place] = True
    missing = np.nonzero(~seen)[1].reshape(len(place), -1)
    w = np.zeros((len(of.w), len(grid), of.w.shape[2]))
    w[np.arange(len(w))[:, None], place[of.pattern]] = of.w
    return _Sorted(np.broadcast_to(grid, seen.shape), of.pattern, of.owner, w, of.cells), missing


def _cut(of: _Sorted, missing: IntArray | None, weight: int) -> list[Chunk]:
    """Chunks of a size that stays in the cache."""
    k = of.at.shape[1]
    count = len(of.at)
    begin = np.searchsorted(of.pattern, np.arange(count + 1))
    cell = np.searchsorted(of.cells[0], np.arange(count + 1))
    most = max(1, CHUNK // (k * k * max(weight, 1)))
    out = []
    first = 0
    number = np.diff(begin)
    large = number * k * k > LARGE
    while first < count:
        last = first + 1
        while (
            not large[first] and last < count and not large[last] and (number[first] == 1) == (number[last] == 1)
            and last - first < most and (begin[last + 1] - begin[first]) * k * k <= CHUNK
        ):
            last += 1
        part, cells = slice(begin[first], begin[last]), slice(cell[first], cell[last])
        gaps: tuple[tuple[slice, IntArray], ...] = ()
        if missing is not None and missing.shape[1]:
            gaps = ((slice(0, last - first), missing[first:last]),)
        out.append(Chunk(
            of.at[first:last], gaps, of.pattern[part] - first,
            np.ascontiguousarray(np.swapaxes(of.w[part], 0, 1)), of.owner[part],
            (of.cells[0][cells] - first, of.cells[1][cells], of.cells[2][cells]),
        ))
        first = last
    return out


def _joined(parts: list[Chunk]) -> list[Chunk]:
    """Small chunks of the same grid as one, those with one segment a pattern apart from others."""
    out: list[Chunk] = []
    for single in (False, True):
        waiting: list[Chunk] = []
        size = 0
        for chunk in parts:
            if (len(chunk.owner) == len(chunk.at)) != single:
                continue
            own = len(chunk.owner) * chunk.at.shape[1] ** 2
            if (waiting and size + own > CHUNK) or (len(chunk.at) == 1 and own > LARGE):
                out += [_one(waiting)] if waiting else []
                waiting, size = [], 0
            waiting.append(chunk)
            size += own
            if len(chunk.at) == 1 and own > LARGE:
                out.append(chunk)
                waiting, size = [], 0
        out += [_one(waiting)] if waiting else []
    return out


def _one(parts: list[Chunk]) -> Chunk:
    if len(parts) == 1:
        return parts[0]
    shift = np.cumsum([0, *(len(c.at) for c in parts)])
    gaps = tuple(
        (slice(s.start + int(by), s.stop + int(by)), places) for c, by in zip(parts, shift) for s, places in c.missing
    )
    return Chunk(
        np.concatenate([c.at for c in parts]), gaps,
        np.concatenate([c.pattern + by for c, by in zip(parts, shift)]),
        np.concatenate([c.w for c in parts], axis=1), np.concatenate([c.owner for c in parts]),
        (
            np.concatenate([c.cells[0] + by for c, by in zip(parts, shift)]),
            np.concatenate([c.cells[1] for c in parts]), np.concatenate([c.cells[2] for c in parts]),
        ),
    )
