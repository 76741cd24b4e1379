"""``histogram``: bins of equal width, in panels with the same bins, with a normal curve on request."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10, sqrt

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.errors import DataError
from terrace.graphs.assemble import Canvas, Drawing, Keyed, finish, ignored_text, panel_text
from terrace.graphs.axes import AxisPlan, number_text, variable_title, variable_titles
from terrace.graphs.panels import left_out_note, no_panels, split_panels, split_rows
from terrace.language.graphs.twoway import Histogram
from terrace.results.plot import Marks, Style
from terrace.statistics.smooth import density as density_at
from terrace.statistics.smooth import usual_bandwidth
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
_MOST_BINS = 2_000
_MOST_VALUE_TICKS = 15
TITLES = {"density": "Density", "fraction": "Fraction", "frequency": "Frequency", "percent": "Percent"}


@dataclass(frozen=True)
class Bins:
    """``count`` bins of ``width`` from ``start`` on; the last holds its upper end too."""

    start: float
    width: float
    count: int

    @property
    def centres(self) -> FloatArray:
        """The middle of each bin, shape (count,)."""
        return np.asarray(self.start + self.width * (np.arange(self.count) + 0.5), dtype=np.float64)

    def heights(self, values: FloatArray, weights: FloatArray | None = None) -> FloatArray:
        """How many of the finite `values` lie in each bin, shape (count,)."""
        return np.bincount(self.places(values), weights, minlength=self.count).astype(np.float64)

    def places(self, values: FloatArray) -> Rows:
        """The bin of each of the finite `values`, from 0."""
        # rounding, so that 0.3 is in the bin that 3 × 0.1 opens
        place = np.floor(np.round((values - self.start) / self.width, 9)).astype(np.int64)
        return np.clip(place, 0, self.count - 1)


def choose_bins(values: FloatArray, spec: Histogram, n: float) -> Bins:
    """The bins for finite `values`, of which the fullest panel has `n` rows.

    Unless told, ⌊min(√n, 10 log₁₀ n)⌋ of them over the range, the customary rule of statistics packages; with
    ``discrete`` one around each value, as wide as the smallest gap. Raises `DataError` where start lies above
    the smallest value or the bins are too many.
    """
    low, high = float(values.min()), float(values.max())
    if spec.discrete:
        distinct = np.unique(values)
        width = spec.width or (float(np.diff(distinct).min()) if len(distinct) > 1 else 1.0)
        start = (low if spec.start is None else _start(spec, low)) - width / 2
        count = floor(round((high - start) / width, 9)) + 1
    else:
        start = low if spec.start is None else _start(spec, low)
        if spec.width is not None:
            width = spec.width
            count = max(1, ceil(round((high - start) / width, 9)))
        else:
            count = spec.bins or max(1, floor(min(sqrt(n), 10 * log10(n)))) if n > 1 else 1
            width = (high - start) / count or 1.0
    if count > _MOST_BINS:
        raise DataError(
            f"These are {count:,} bins, too many to draw.",
            code="too-many-bins",
            subject=spec.name,
            advice="Choose a larger width().",
        )
    if high == start and not spec.discrete:  # one value: a bin around it
        start -= width / 2
    return Bins(start, width, count)


def _start(spec: Histogram, low: float) -> float:
    assert spec.start is not None
    if spec.start > low:
        raise DataError(
            f"start({spec.start:g}) is above the smallest value of {spec.name}, {low:g}.",
            code="start-too-high",
            subject=spec.name,
            advice=f"Choose {low:g} or less.",
        )
    return spec.start


def build_histogram(data: Dataset, spec: Histogram, rows: Rows, weights: FloatArray | None = None) -> Drawing:
    """Draw the histogram of the rows, with frequency `weights`, shape (rows,), where there are any.

    Raises `DataError` where there is no value, or where the bins or panels are too many.
    """
    options = spec.options
    values = data.numeric(spec.name)
    copies = np.ones(len(data))
    if weights is not None:
        copies[rows] = weights
    seen = rows[np.isfinite(values[rows]) & (copies[rows] > 0)]
    if not len(seen):
        raise DataError(
            f"There is nothing to draw: no row has a value of {spec.name}.", code="nothing-to-draw", subject=spec.name
        )
    panels = no_panels(len(data))
    if options.by is not None:
        used = np.zeros(len(data), dtype=bool)
        used[seen] = True
        panels = split_panels(data, options.by, used)
        seen = seen[panels.codes[seen] >= 0]
    each = panels.rows(seen)
    fullest = max(float(copies[r].sum()) for r in each[: len(each) - panels.total])
    bins = choose_bins(values[seen], spec, fullest)
    drawn = tuple(tuple(_layers(values[r], copies[r], r, bins, spec)) for r in each)
    title = f"Histogram of {variable_title(data, spec.name)}"
    title += f" by {variable_titles(data, options.by.names)}" if options.by else ""
    notes = []
    if panels.left_out:
        assert options.by is not None
        notes.append(left_out_note(panels.left_out, options.by.names))
    canvas = Canvas(
        "histogram", title, panels, drawn, ("Observed", "Normal", "Kernel density"),
        AxisPlan(variable_title(data, spec.name), spec.name, _value_ticks(data, spec, values[seen])),
        AxisPlan(TITLES[spec.scale], zero=True),
        tuple(notes),
    )  # fmt: skip
    plots = finish(data, canvas, options)
    shown = panel_text(panels, options.by.names if options.by else (), len(plots))
    n = int(copies[seen].sum())
    missing = len(rows) - len(seen) - panels.left_out
    values_text = plural(n, "value") + (f", {missing:,} missing" if missing else "")
    bins_text = f"{bins.count} bin{'s' if bins.count > 1 else ''} from {bins.start:.6g}, width {bins.width:.6g}"
    text = f"Graph drawn: histogram {spec.name} ({values_text}, {bins_text}){f'; {shown}' if shown else ''}."
    return Drawing(plots, text, ignored_text([*options.ignored, *spec.look.ignored]))


def _value_ticks(data: Dataset, spec: Histogram, values: FloatArray) -> tuple[tuple[float, str], ...] | None:
    """A tick a value where bars stand for values and these are few."""
    distinct = np.unique(values) if spec.discrete else values
    if not spec.discrete or len(distinct) > _MOST_VALUE_TICKS:
        return None
    return tuple((float(v), data.level_label(spec.name, float(v))) for v in distinct)


def _layers(values: FloatArray, copies: FloatArray, rows: Rows, bins: Bins, spec: Histogram) -> list[Keyed]:
    n = float(copies.sum())
    if not len(values):
        return []
    scale = {"density": 1 / (n * bins.width), "fraction": 1 / n, "frequency": 1.0, "percent": 100 / n}[spec.scale]
    look = spec.look
    style = Style(look.marker_color or look.line_color, outline=look.line_color)
    heights = bins.heights(values, copies) * scale
    behind = tuple(split_rows(rows, bins.places(values), bins.count))
    out: list[Keyed] = [(1, Marks("bars", bins.centres, heights, width=bins.width, style=style, group_rows=behind))]
    if spec.labelled:
        seen = heights > 0
        texts = tuple(number_text(float(f"{h:.4g}")) for h in heights[seen])
        x, y = bins.centres[seen], heights[seen]
        out.append((0, Marks("points", x, y, labels=texts, text="above", style=Style(marker="none"))))
    if spec.normal:
        mean = float(np.average(values, weights=copies))
        variance = float((copies * (values - mean) ** 2).sum()) / (n - 1) if n > 1 else 0.0
        if variance > 0:
            sd = sqrt(variance)
            ends = (min(bins.start, mean - 2.5 * sd), max(bins.start + bins.count * bins.width, mean + 2.5 * sd))
            x = np.linspace(*ends, 201)
            density = np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * sqrt(2 * np.pi))
            style = Style(pattern=look.pattern, thickness=look.line_width)
            out.append((2, Marks("line", x, density * n * bins.width * scale, role="fit", style=style)))
    if spec.smooth:
        width = usual_bandwidth(values, copies)
        if width > 0:
            x = np.linspace(float(values.min()) - width, float(values.max()) + width, 201)
            curve = density_at(x=values, at=x, width=width, weights=copies) * n * bins.width * scale
            out.append((3, Marks("line", x, curve, role="fit", style=Style(pattern="dash"))))
    return out
