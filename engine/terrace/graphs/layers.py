"""The layers of a plot as a look has them: which are shown, in what order, how many points, and in what colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from terrace.graphs.colors import luminance
from terrace.results.figure_look import FigureLook, LayerLook
from terrace.results.layers import Series, layer_key, layers_of, series_of, series_place, stacked
from terrace.results.plot import Marks, Plot, taken

SAFE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
"""Colours that readers with any kind of colour vision can tell apart; its yellow is too pale for lines on white."""
GREYS = ("#000000", "#949494", "#616161", "#313131")
"""A fifth of the way from black to white apart, each with a contrast of 3 or more to white."""
_PLAIN_GREY = "#595959"
_LINES = ("lines", "trend")
_POINTS = ("points", "highlights", "outliers", "intervals")
_SEED = 20260101  # the same points whenever the figure is drawn


def layer_marks(plot: Plot, look: FigureLook, several: bool) -> tuple[list[tuple[Marks, ...]], list[str]]:
    """The marks of each panel that are shown, the lowest first, and what is to be said of those that are not.

    `several` tells that colours tell series apart.
    """
    shown = {x.key: _or(look.layer(x.key).shown, x.shown) for x in layers_of(plot)}
    kept = [
        [m for m, there in _in_order(stacked(p.marks, p.hidden), look) if _seen(m, there, look, shown)]
        for p in plot.panels
    ]
    kept, notes = _sampled(kept, look)
    series = series_of(plot)
    return [tuple(_styled(m, look, series, several) for m in own) for own in kept], notes


def _or(asked: bool | None, usual: bool) -> bool:
    return usual if asked is None else asked


def _seen(marks: Marks, there: bool, look: FigureLook, shown: Mapping[str, bool]) -> bool:
    """Marks that are hidden by themselves are shown only where their layer was asked for by name."""
    key = layer_key(marks)
    return shown[key] and (there or look.layer(key).shown is True)


def _in_order(marks: list[tuple[Marks, bool]], look: FigureLook) -> list[tuple[Marks, bool]]:
    """The marks with the layers that are named in their order, in the places that these have among the others."""
    named = [k for k in look.layer_order if any(layer_key(m) == k for m, _ in marks)]
    if not named:
        return marks
    keys = list(dict.fromkeys(layer_key(m) for m, _ in marks))
    turn = iter(named)
    ordered = [next(turn) if key in named else key for key in keys]
    return [pair for key in ordered for pair in marks if layer_key(pair[0]) == key]


# --- how many points ----------------------------------------------------------------------------------------
def _sampled(panels: list[list[Marks]], look: FigureLook) -> tuple[list[list[Marks]], list[str]]:
    """Layers of points with as many of them as were asked for, from all panels together."""
    notes = []
    for layer in look.layers:
        if layer.sample is None:
            continue
        places = [(i, k) for i, own in enumerate(panels) for k, m in enumerate(own)
                  if layer_key(m) == layer.key and m.kind == "points" and not m.text]  # fmt: skip
        sizes = [len(panels[i][k].x) for i, k in places]
        total = sum(sizes)
        if total <= layer.sample:
            continue
        chosen = np.zeros(total, dtype=bool)
        # the beginning of one order, so that more points are the same ones and others
        chosen[np.random.default_rng(_SEED).permutation(total)[: layer.sample]] = True
        parts = np.split(chosen, np.cumsum(sizes)[:-1])
        for (i, k), part in zip(places, parts):
            panels[i][k] = taken(panels[i][k], part)
        notes.append(f"{layer.sample:,} of {total:,} points are shown, chosen at random.")
    return panels, notes


# --- how they look ------------------------------------------------------------------------------------------
def _styled(marks: Marks, look: FigureLook, series: tuple[Series, ...], several: bool) -> Marks:
    key, place = layer_key(marks), series_place(series, marks)
    own = look.layer(key)
    style = replace(
        marks.style,
        color=_color(marks, look, _at(look.colors, place), several),
        pattern=_at(look.patterns, place) or marks.style.pattern,
        marker=marks.style.marker if marks.style.marker == "none" else _at(look.markers, place) or marks.style.marker,
    )
    stroke = own.width if own.width is not None else look.line_width if key in _LINES else None
    points = own.size if own.size is not None else look.marker_size if key in _POINTS else None
    marks = replace(
        marks, style=style, stroke=stroke, points=marks.points if points is None else points,
        opacity=marks.opacity if own.opacity is None else own.opacity,
    )  # fmt: skip
    return marks if own.level is None else at_level(marks, own)


def _at(values: tuple[str, ...], place: int | None) -> str:
    return "" if place is None or place >= len(values) else values[place]


def _color(marks: Marks, look: FigureLook, own: str, several: bool) -> str:
    """The colour of marks, "" for the usual one; `own` is what was asked for their series."""
    drawn = marks.role in ("data", "fit")
    if look.grey:
        return _grey(marks, own, several and drawn)
    asked = own or marks.style.color
    if asked or not drawn or look.palette != "safe" or (marks.role == "fit" and not several):
        return asked
    return SAFE[marks.series % len(SAFE)]


def _grey(marks: Marks, own: str, by_series: bool) -> str:
    if own:
        return grey_of(own)
    if by_series:  # also where the command asked for colours: these may be of one lightness
        return GREYS[marks.series % len(GREYS)]
    if marks.style.color:
        return grey_of(marks.style.color)
    return {"highlight": "#000000", "data": _PLAIN_GREY}.get(marks.role, "")


def grey_of(color: str) -> str:
    """The grey of the same lightness as a colour ``#rrggbb``: of the same relative luminance (IEC 61966-2-1)."""
    light = luminance(color)
    value = 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
    return "#" + f"{round(255 * value):02x}" * 3


def at_level(marks: Marks, layer: LayerLook) -> Marks:
    """Marks with intervals of another level, where they say of what level theirs are."""
    if layer.level is None or marks.level is None or marks.lower is None or marks.upper is None:
        return marks
    from scipy import stats

    def quantile(level: float) -> npt.NDArray[np.float64]:
        at = 0.5 + level / 200
        found = stats.norm.ppf(at) if marks.df is None else stats.t.ppf(at, marks.df)
        return np.asarray(found, dtype=np.float64)

    factor = quantile(layer.level) / quantile(marks.level)
    lower, upper = marks.y + (marks.lower - marks.y) * factor, marks.y + (marks.upper - marks.y) * factor
    return replace(marks, lower=lower, upper=upper, level=layer.level)
