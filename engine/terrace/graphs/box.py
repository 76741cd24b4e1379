"""``graph box``: medians, quartiles, adjacent values and what lies outside them, by groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.errors import DataError
from terrace.graphs.assemble import Canvas, Drawing, Keyed, finish, ignored_text, panel_text
from terrace.graphs.axes import AxisPlan, variable_title, variable_titles
from terrace.graphs.flip import flipped
from terrace.graphs.panels import left_out_note, no_panels, split_panels, split_rows
from terrace.language.graphs.twoway import Boxes
from terrace.results.plot import Marks, Style
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
_MOST_BOXES = 2_000


@dataclass(frozen=True)
class Groups:
    """``codes``, shape (rows of the data,), number the group of each row, −1 for none."""

    labels: tuple[str, ...]
    codes: Rows

    def split(self, rows: Rows) -> list[Rows]:
        """These row numbers group by group."""
        return split_rows(rows, self.codes[rows], len(self.labels))


def five_numbers(values: FloatArray) -> FloatArray:
    """Lower adjacent value, quartiles, upper adjacent value of finite `values`, shape (5,).

    Quartiles average the two order statistics where n p is whole; adjacent values are the outermost within 1.5
    interquartile ranges of the quartiles (Tukey 1977, §2C), or the quartile where there is none.
    """
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], method="averaged_inverted_cdf")
    reach = 1.5 * (high - low)
    below, above = values[values >= low - reach].min(), values[values <= high + reach].max()
    return np.array([min(below, low), low, middle, high, max(above, high)])


def build_boxes(data: Dataset, spec: Boxes, rows: Rows) -> Drawing:
    """Draw boxes of the rows. Several variables, or else the first of two over(), tell colours apart.

    Raises `DataError` where there is no value, or where the boxes are too many.
    """
    options = spec.options
    values = {name: data.numeric(name) for name in spec.names}
    used = np.zeros(len(data), dtype=bool)
    used[rows] = True
    for name in spec.over:
        used &= data.codes(name)[0] >= 0
    some = np.zeros(len(data), dtype=bool)
    for v in values.values():
        some |= np.isfinite(v)
    used &= some
    if not used.any():
        raise DataError(
            f"There is nothing to draw: no row has a value of {' or '.join(spec.names)}"
            + (f" and of {' and '.join(spec.over)}." if spec.over else "."),
            code="nothing-to-draw",
            subject=spec.names[0],
        )
    panels = no_panels(len(data)) if options.by is None else split_panels(data, options.by, used)
    used &= panels.codes >= 0
    coloured = len(spec.names) == 1 and len(spec.over) > 1
    inner = combined(data, spec.over[:1] if coloured else (), used)
    categories = combined(data, spec.over[:0:-1] if coloured else spec.over[::-1], used)
    series = [(name, code) for name in spec.names for code in range(len(inner.labels))]
    count = len(categories.labels) * len(series)
    if count > _MOST_BOXES:
        raise DataError(
            f"These are {count:,} boxes, too many to draw.",
            code="too-many-boxes",
            subject=spec.over[0] if spec.over else spec.names[0],
            advice="Use if to choose groups, or put fewer variables in over().",
        )
    drawn = []
    boxes = points = 0
    for number, r in enumerate(panels.rows(np.flatnonzero(used))):
        layers: list[Keyed] = []
        for s, (name, code) in enumerate(series):
            own = r[(inner.codes[r] == code) & np.isfinite(values[name][r])]
            shift = (s - (len(series) - 1) / 2) * 0.8 / len(series)
            found = _boxes(
                values[name], categories.split(own), shift, (0.9 if len(series) > 1 else 1.0) / len(series), s, spec
            )
            layers += found
            if not (panels.total and number == len(panels.titles) - 1):
                boxes += sum(len(m.x) for _, m in found if m.kind == "box")
                points += len(own)
        drawn.append(tuple(layers))
    keys = [variable_title(data, n) for n in spec.names] if len(spec.names) > 1 else list(inner.labels)
    ticks = tuple((float(k), label) for k, label in enumerate(categories.labels, start=1))
    outer = spec.over[1:] if coloured else spec.over
    over = ", ".join(variable_title(data, n) for n in reversed(outer))
    title = f"Box plots of {variable_titles(data, spec.names)}"
    title += f" over {variable_titles(data, spec.over)}" if spec.over else ""
    notes = [f"Colours: {variable_title(data, spec.over[0])}."] if coloured else []
    if panels.left_out:
        assert options.by is not None
        notes.append(left_out_note(panels.left_out, options.by.names))
    canvas = Canvas(
        "box", title, panels, tuple(drawn), tuple(keys),
        AxisPlan(over, ticks=ticks, limits=(0.4, len(categories.labels) + 0.6)),
        AxisPlan(variable_title(data, spec.names[0]) if len(spec.names) == 1 else "",
                 spec.names[0] if len(spec.names) == 1 else ""),
        tuple(notes),
    )  # fmt: skip
    plots = finish(data, canvas, options)
    if spec.horizontal:
        plots = tuple(map(flipped, plots))
    shown = panel_text(panels, options.by.names if options.by else (), len(plots))
    what = " ".join(spec.names) + (f" over {' '.join(spec.over)}" if spec.over else "")
    text = f"Graph drawn: box {what} ({plural(points, 'value')} in {boxes:,} boxes){f'; {shown}' if shown else ''}."
    return Drawing(plots, text, ignored_text(options.ignored))


def combined(data: Dataset, names: Sequence[str], used: npt.NDArray[np.bool_]) -> Groups:
    """The combinations of values that occur in the used rows, the last variable changing fastest."""
    combined = np.zeros(len(data), dtype=np.int64)
    columns = [(name, *data.codes(name)) for name in names]
    for _, codes, levels in columns:
        combined = combined * len(levels) + codes
    present, first = np.unique(combined[used], return_index=True)
    rows = np.flatnonzero(used)[first]
    labels = [", ".join(data.level_label(n, levels[codes[r]]) for n, codes, levels in columns) for r in rows]
    codes = np.full(len(data), -1, dtype=np.int64)
    codes[used] = np.searchsorted(present, combined[used])
    return Groups(tuple(labels), codes)


def _boxes(
    values: FloatArray, boxes: Sequence[Rows], shift: float, width: float, number: int, spec: Boxes
) -> list[Keyed]:
    """One layer of boxes, and one of the points outside them."""
    at: list[float] = []
    fives: list[FloatArray] = []
    outside: list[tuple[float, Rows]] = []
    for k, rows in enumerate(boxes, start=1):
        if not len(rows):
            continue
        five = five_numbers(values[rows])
        at.append(k + shift)
        fives.append(five)
        beyond = rows[(values[rows] < five[0]) | (values[rows] > five[4])]
        if len(beyond):
            outside.append((k + shift, beyond))
    if not at:
        return []
    style = Style(dict(spec.colors).get(number + 1, ""))
    behind = tuple(rows for rows in boxes if len(rows))
    boxes_of = Marks("box", np.array(at), np.stack(fives), width=width, series=number, style=style, group_rows=behind)
    out: list[Keyed] = [(number + 1, boxes_of)]
    if outside and spec.outside:
        x = np.concatenate([np.full(len(r), place) for place, r in outside])
        rows = np.concatenate([r for _, r in outside])
        out.append((0, Marks("points", x, values[rows], rows=rows, series=number, style=style)))
    return out
