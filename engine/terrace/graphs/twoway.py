"""``twoway``: points, lines and fitted curves over each other, in one panel or many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.errors import DataError
from terrace.graphs import shapes
from terrace.graphs.assemble import Canvas, Drawing, Keyed, finish, ignored_text, panel_text, told_apart
from terrace.graphs.axes import AxisPlan, few_values, variable_title, variable_titles
from terrace.graphs.fits import polynomial
from terrace.graphs.group_names import named_groups
from terrace.graphs.panels import Panels, left_out_note, no_panels, split_panels
from terrace.graphs.paths import line_through, pieces
from terrace.language.expressions.context import EvalContext
from terrace.language.graphs.looks import Look
from terrace.language.graphs.twoway import CURVES, FITS, RANGES, UPRIGHT, Layer, Twoway
from terrace.results.plot import Marks, Style
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
_CURVE_POINTS = 101
SHAPES = (*UPRIGHT, *RANGES, *CURVES)
FITTED = (*FITS, "lowess")
"""Curves that are fitted to data: they take the colour of the points that they belong to."""
_LONGEST_JOINED = 50  # letters of an axis title that joins several variables


@dataclass(frozen=True)
class LayerRows:
    """The rows of a layer, in the order of the data, and the weight of each of them where it has one."""

    rows: Rows
    weights: FloatArray | None = None


@dataclass
class _Tally:
    """What one layer drew, over all panels."""

    points: int = 0
    missing: int = 0
    lines: int = 0
    unfitted: int = 0
    unbanded: int = 0


@dataclass(frozen=True)
class _Series:
    """Numbers of one layer: the first legend key, and the colours of its y variables."""

    key: int
    colours: tuple[int, ...]
    first_line: bool


def build_twoway(
    data: Dataset,
    spec: Twoway,
    rows: Sequence[LayerRows],
    *,
    level: float = 95.0,
    context: EvalContext | None = None,
) -> Drawing:
    """Draw the layers of an overlay on their rows, one `LayerRows` a layer.

    Rows without a value of a layer's variables are left out of it. Raises `DataError` where no layer has
    anything to draw, where a variable holds text, or where by() makes too many panels.
    """
    options = spec.options
    values = {n: data.numeric(n) for layer in spec.layers for n in (*layer.y, layer.x) if n}
    values = _positive_only(values, spec)
    panels = no_panels(len(data))
    if options.by is not None:
        used = np.zeros(len(data), dtype=bool)
        for own in rows:
            used[own.rows] = True
        panels = split_panels(data, options.by, used)
    keys, series = _plan(data, spec, level)
    tallies = [_Tally() for _ in spec.layers]
    drawn: list[list[Keyed]] = [[] for _ in panels.titles]
    for layer, own, numbers, tally in zip(spec.layers, rows, series, tallies):
        order = _order(data, values, layer, own.rows)
        weights = None
        if own.weights is not None:
            weights = np.full(len(data), np.nan)
            weights[own.rows] = own.weights
        for i, inside in enumerate(panels.rows(order)):
            counted = tally if not (panels.total and i == len(panels.titles) - 1) else _Tally()
            if layer.kind in SHAPES:
                drawn[i] += _shape(values, layer, inside, numbers, counted, context or EvalContext())
                continue
            painter = _fit if layer.kind in FITS else _points
            drawn[i] += painter(data, values, layer, inside, weights, numbers, counted, level)
    if not any(t.points for t in tallies):
        layer = spec.layers[0]
        pair = f"values of both {' or '.join(layer.y)} and {layer.x}" if any(layer.y) else f"a value of {layer.x}"
        raise DataError(
            f"There is nothing to draw: no row has {pair}.", code="nothing-to-draw", subject=layer.y[0] or layer.x
        )
    title, x, y = _titles(data, spec)
    inside = np.unique(np.concatenate([own.rows for own in rows]))
    x, y = (replace(p, values=few_values(values[p.variable][inside])) if p.variable else p for p in (x, y))
    notes = _notes(spec, panels, tallies)
    canvas = Canvas("twoway", title, panels, tuple(map(tuple, drawn)), keys, x, y, notes)
    plots = finish(data, canvas, options)
    warnings = [*ignored_text([*options.ignored, *(n for a in spec.layers for k in a.looks for n in k.ignored)])]
    warnings += _not_positive(data, spec)
    idle = [a for a, t in zip(spec.layers, tallies) if not t.points]
    warnings += [f"{a.kind} of {', '.join(n for n in (*a.y, a.x) if n)} has nothing to draw." for a in idle]
    if any(layer.weight is not None and layer.kind not in FITS for layer in spec.layers):
        warnings.append("Weights are used for fits. Marker sizes do not show them.")
    return Drawing(plots, _text(spec, tallies, panels, len(plots)), tuple(warnings))


# --- plan -------------------------------------------------------------------------------------------------
def _plan(data: Dataset, spec: Twoway, level: float) -> tuple[tuple[str, ...], list[_Series]]:
    """Labels of the legend keys, and the numbers of each layer.

    Data take the colours in order. One fit over one series is drawn in ink; of several fits each takes the
    colour of the points that it fits where those are here.
    """
    labels: list[str] = []
    details: list[str] = []
    out: list[_Series] = []
    data_count = sum(_own_colours(a) for a in spec.layers)
    fits = [a for a in spec.layers if a.kind in FITTED]
    colour_of: dict[tuple[str, str, str], int] = {}
    number = 0
    for a in spec.layers:
        if a.kind not in FITTED:
            for name in a.y[: _own_colours(a)]:
                colour_of.setdefault((name, a.x, a.condition), number)
                number += 1
    next_data, next_fit, lines = 0, data_count, 0
    for a in spec.layers:
        key = len(labels) + 1
        detail = f"if {a.condition}" if a.condition else ""
        if a.kind in FITTED:
            if len(fits) == 1 and data_count <= 1:
                colour = 0
            elif (a.y[0], a.x, a.condition) in colour_of and len(fits) > 1 and data_count > 1:
                colour = colour_of[a.y[0], a.x, a.condition]
            else:
                colour, next_fit = next_fit, next_fit + 1
            new = []
            if a.kind == "lowess":
                new.append("Lowess")
            elif a.kind.endswith("ci"):
                new.append(f"{a.level or level:g}% {'forecast interval' if a.forecast else 'CI'}")
            if a.line and a.kind in FITS:
                new.append("Fitted values" if a.kind.startswith("l") else "Quadratic fit")
            out.append(_Series(key, (colour,), False))
        else:
            new = [_curve_label(data, a)] if a.kind in SHAPES else [variable_title(data, name) for name in a.y]
            own = _own_colours(a)
            out.append(_Series(key, tuple(range(next_data, next_data + own)), lines == 0))
            next_data += own
            lines += any(how != "none" for how in a.connect)
        labels += new
        details += [detail] * len(new)
    return tuple(told_apart(labels, details)), out


def _titles(data: Dataset, spec: Twoway) -> tuple[str, AxisPlan, AxisPlan]:
    """The title for a window, and what the axes are called."""
    ys = list(dict.fromkeys(n for a in spec.layers for n in a.y if n))
    between = any(a.kind in RANGES for a in spec.layers)
    plain = list(dict.fromkeys(n for a in spec.layers if a.kind not in RANGES for n in a.y if n))
    ys = plain if between and plain else ys  # an axis is called by the estimates, not by their bounds
    xs = list(dict.fromkeys(a.x for a in spec.layers if a.x))
    by = spec.options.by
    if not ys:
        return _without_y(data, spec, xs)
    title = f"{variable_titles(data, ys)} against {variable_titles(data, xs)}"
    title += f", by {variable_titles(data, by.names)}" if by else ""
    x = AxisPlan(_joined(data, xs), xs[0] if len(xs) == 1 else "")
    y_title = _joined(data, ys)
    if len(ys) > 1 and spec.layers[0].kind == "scatter" and len(spec.layers[0].y) == 1:
        others = [a for a in spec.layers[1:] if a.y != spec.layers[0].y]
        if all(a.kind in ("line", *FITTED, *CURVES, *RANGES) for a in others):  # lines over data are of its axis
            y_title = variable_title(data, ys[0])
    return title, x, AxisPlan(y_title, ys[0] if len(ys) == 1 else "")


def _without_y(data: Dataset, spec: Twoway, xs: Sequence[str]) -> tuple[str, AxisPlan, AxisPlan]:
    """The titles of a graph of densities, histograms or functions alone."""
    kinds = {a.kind for a in spec.layers}
    y = "Density" if "kdensity" in kinds else ""
    for a in spec.layers:
        if a.bins is not None:
            y = a.bins.scale.capitalize()
    x = AxisPlan(_joined(data, xs) if xs else "x", xs[0] if len(xs) == 1 else "")
    title = "Density of " + variable_titles(data, xs) if xs else f"Function {spec.layers[0].expression}"
    return title, x, AxisPlan(y)


def _own_colours(layer: Layer) -> int:
    """How many colours a layer takes that is no fit: one a y variable, one for what lies between two."""
    return 0 if layer.kind in FITTED else 1 if layer.kind in SHAPES else len(layer.y)


def _curve_label(data: Dataset, layer: Layer) -> str:
    """What the legend calls a layer that is no plain y variable."""
    if layer.kind in RANGES:
        return " to ".join(variable_title(data, n) for n in layer.y)
    if layer.kind == "function":
        return f"y = {layer.expression}"
    if layer.kind in ("kdensity", "histogram"):
        return f"{'Density' if layer.kind == 'kdensity' else 'Histogram'} of {variable_title(data, layer.x)}"
    return variable_title(data, layer.y[0]) if layer.y[0] else "Points"


def _joined(data: Dataset, names: Sequence[str]) -> str:
    titles = list(dict.fromkeys(variable_title(data, n) for n in names))
    text = " / ".join(titles)
    return text if len(titles) == 1 or len(text) <= _LONGEST_JOINED else ""


def _notes(spec: Twoway, panels: Panels, tallies: Sequence[_Tally]) -> tuple[str, ...]:
    notes = []
    if panels.left_out:
        assert spec.options.by is not None
        notes.append(left_out_note(panels.left_out, spec.options.by.names))
    unfitted = max((t.unfitted for t in tallies), default=0)
    unbanded = max((t.unbanded for t in tallies), default=0)
    several = len(panels.titles) > 1
    if unfitted:
        where = f" in {unfitted:,} panels" if several and unfitted > 1 else " in one panel" if several else ""
        notes.append(f"No line{where}, where x has only one value.")
    if unbanded:
        where = f" in {unbanded:,} panels" if several and unbanded > 1 else " in one panel" if several else ""
        notes.append(f"No band{where}, where there are too few rows for one.")
    return tuple(notes)


def _text(spec: Twoway, tallies: Sequence[_Tally], panels: Panels, pages: int) -> str:
    parts = []
    for layer, tally in zip(spec.layers, tallies):
        counts = [f"{tally.points:,} point{'s' if tally.points != 1 else ''}"]
        if tally.lines > 1 and layer.kind not in FITS:
            counts.append(plural(tally.lines, "line"))
        if tally.missing:
            counts.append(f"{tally.missing:,} missing")
        what = "".join(f" {n}" for n in (*layer.y, layer.x) if n)
        what = what if layer.expression is None else f" {layer.expression}"
        parts.append(f"{layer.kind}{what}" + (f" ({', '.join(counts)})" if layer.kind != "function" else ""))
    by = spec.options.by
    shown = panel_text(panels, by.names if by else (), pages)
    return "Graph drawn: " + ", ".join(parts) + (f"; {shown}" if shown else "") + "."


# --- rows -------------------------------------------------------------------------------------------------
def _positive_only(values: dict[str, FloatArray], spec: Twoway) -> dict[str, FloatArray]:
    """On a logarithmic axis what is not positive is missing."""
    xs = {a.x for a in spec.layers} if spec.options.x.log else set()
    ys = {n for a in spec.layers for n in a.y} if spec.options.y.log else set()
    return {n: np.where(v > 0, v, np.nan) if n in xs | ys else v for n, v in values.items()}


def _not_positive(data: Dataset, spec: Twoway) -> list[str]:
    """What a logarithmic axis cannot show."""
    xs = {a.x for a in spec.layers} if spec.options.x.log else set()
    ys = {n for a in spec.layers for n in a.y} if spec.options.y.log else set()
    counts = [(n, int(np.count_nonzero(data.numeric(n) <= 0))) for n in data.names if n in xs | ys]
    return [f"{n} is not positive in {plural(c, 'row')}, which a logarithmic axis cannot show." for n, c in counts if c]


def _order(data: Dataset, values: dict[str, FloatArray], layer: Layer, rows: Rows) -> Rows:
    """The rows in the order in which a line goes through them; ties keep the order of the data."""
    if layer.sort is None:
        return rows
    keys = []
    for name in layer.sort or (layer.x,):
        if name in values:
            keys.append(values[name][rows])
        else:
            codes, levels = data.codes(name)
            keys.append(np.where(codes < 0, len(levels), codes)[rows].astype(np.float64))
    return rows[np.lexsort(keys[::-1])]


# --- layers -----------------------------------------------------------------------------------------------
def _shape(
    values: dict[str, FloatArray], layer: Layer, rows: Rows, numbers: _Series, tally: _Tally, context: EvalContext
) -> list[Keyed]:
    colour = numbers.colours[0]
    if layer.kind in UPRIGHT:
        found = shapes.upright(values, layer, rows, colour)
    elif layer.kind in RANGES:
        found = shapes.ranges(values, layer, rows, colour)
    elif layer.kind == "lowess":
        found = shapes.lowess(values, layer, rows, colour)
    elif layer.kind == "function":
        found = shapes.function(layer, context, colour)
    elif layer.kind == "scatteri":
        found = shapes.immediate(layer, colour)
    else:
        draw = shapes.density if layer.kind == "kdensity" else shapes.histogram
        found = draw(values[layer.x][rows], layer, colour)
    tally.points += found.points
    tally.missing += found.missing
    return [(numbers.key, m) for m in found.marks]


def _points(
    data: Dataset,
    values: dict[str, FloatArray],
    layer: Layer,
    rows: Rows,
    weights: FloatArray | None,
    numbers: _Series,
    tally: _Tally,
    level: float,
) -> list[Keyed]:
    out: list[Keyed] = []
    x = values[layer.x][rows]
    for k, name in enumerate(layer.y):
        y = values[name][rows]
        seen = np.isfinite(x) & np.isfinite(y)
        count = int(np.count_nonzero(seen))
        tally.points += count
        tally.missing += len(rows) - count
        if not count:
            continue
        look, colour, how = layer.looks[k], numbers.colours[k], layer.connect[k]
        if how != "none":
            kept = np.isfinite(x) if layer.breaks[k] else seen
            where = rows[kept] if layer.breaks[k] else rows[seen]
            line_x, line_y, line_rows = line_through(x[kept], y[kept], where, how)
            tally.lines += pieces(line_x + line_y)
            style = _line_style(look, numbers.first_line)
            names = _groups(data, layer, how, line_rows)
            line = Marks("line", line_x, line_y, series=colour, rows=line_rows, labels=names, style=style)
            out.append((numbers.key + k, line))
        if layer.kind != "line" and look.marker not in ("none", "none_hollow"):
            px, py = _jittered(x[seen], y[seen], layer)
            texts = _hover(data, layer, rows[seen])
            style = Style(look.marker_color, marker=look.marker, size=look.marker_size)
            text = layer.labels_at if layer.labels is not None else ""
            marks = Marks("points", px, py, series=colour, rows=rows[seen], labels=texts, style=style, text=text)
            out.append((numbers.key + k, marks))
    return out


def _line_style(look: Look, first: bool) -> Style:
    """The first line of a graph is solid whatever its colour; the renderer tells the others apart."""
    return Style(look.line_color, look.line_width, look.pattern or ("solid" if first else ""))


def _jittered(x: FloatArray, y: FloatArray, layer: Layer) -> tuple[FloatArray, FloatArray]:
    """Points moved at random by up to half of so many percent of the range, the same at every drawing."""
    if not layer.jitter or not len(x):
        return x, y
    rng = np.random.default_rng(layer.jitter_seed)
    moved = [v + (np.ptp(v) or 1.0) * layer.jitter / 100 * rng.uniform(-0.5, 0.5, len(v)) for v in (x, y)]
    return moved[0], moved[1]


def _groups(data: Dataset, layer: Layer, how: str, rows: Rows) -> tuple[str, ...]:
    """The group at each place of lines that are one a group: sorted by it, and then by x."""
    if how != "ascending" or not layer.sort or len(layer.sort) < 2 or layer.sort[-1] != layer.x:
        return ()
    return named_groups(data, layer.sort[0], rows)


def _hover(data: Dataset, layer: Layer, rows: Rows) -> tuple[str, ...]:
    if layer.labels is None:
        return ()
    codes, levels = data.codes(layer.labels)
    texts = [data.level_label(layer.labels, v) for v in levels]
    return tuple(texts[c] if c >= 0 else "." for c in codes[rows])


def _fit(
    data: Dataset,
    values: dict[str, FloatArray],
    layer: Layer,
    rows: Rows,
    weights: FloatArray | None,
    numbers: _Series,
    tally: _Tally,
    level: float,
) -> list[Keyed]:
    x, y = values[layer.x][rows], values[layer.y[0]][rows]
    seen = np.isfinite(x) & np.isfinite(y)
    own = None
    if weights is not None:
        own = weights[rows]
        seen &= own > 0  # a missing weight is not larger
    count = int(np.count_nonzero(seen))
    tally.points += count
    tally.missing += len(rows) - count
    if not count:
        return []
    x, y = x[seen], y[seen]
    degree = 1 if layer.kind.startswith("l") else 2
    band = layer.kind.endswith("ci")
    ends = layer.range_ or (float(x.min()), float(x.max()))
    at = np.linspace(*ends, 2 if degree == 1 and not band else _CURVE_POINTS)
    curve = polynomial(
        x, y, degree, at,
        weights=None if own is None else own[seen],
        counts=layer.weight is not None and layer.weight.kind == "fweight",
        level=(layer.level or level) if band else None,
        forecast=layer.forecast,
    )  # fmt: skip
    if curve is None:
        tally.unfitted += 1
        return []
    look, colour = layer.looks[0], numbers.colours[0]
    out: list[Keyed] = []
    key = numbers.key
    if band:
        if curve.lower is None:
            tally.unbanded += 1
        else:
            style = Style(look.marker_color)
            out.append((key, Marks("band", curve.x, curve.y, curve.lower, curve.upper, role="fit", series=colour,
                                   style=style, level=layer.level or level, df=np.full(len(curve.x), curve.df))))
        key += 1
    if layer.line:
        style = Style(look.line_color, look.line_width, look.pattern)
        out.append((key, Marks("line", curve.x, curve.y, role="fit", series=colour, style=style)))
    return out
