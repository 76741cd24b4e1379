"""The layers of a figure under names that stay: what can be shown, hidden, ordered and given looks of its own.

A layer is all marks of one key, in all panels. Who makes a figure may name the key of marks (`Marks.layer`); otherwise
it follows from their kind and role, so that every figure has keys, also one of an earlier version.
"""

from __future__ import annotations

from dataclasses import dataclass

from terrace.results.plot import MarkRole, Marks, Plot

LAYERS = {
    "raw": "Raw data",
    "residuals": "Partial residuals",
    "groups": "Group lines",
    "intervals": "Intervals",
    "bars": "Bars",
    "boxes": "Boxes",
    "lines": "Lines",
    "points": "Points",
    "highlights": "Highlighted points",
    "outliers": "Outliers",
    "trend": "Trend",
    "texts": "Labels",
    "reference": "Reference lines",
    "bounds": "Bounds",
}
"""Keys with their names for people."""
_OF_KINDS = {"points": "points", "line": "lines", "band": "intervals", "interval": "intervals", "bars": "bars",
             "box": "boxes", "hline": "reference", "vline": "reference"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: its key and name, whether it is shown without being asked for, and how many marks it has.

    ``level`` is that of its intervals in percent, None where it has none; ``can_sample`` tells points.
    """

    key: str
    name: str
    shown: bool
    count: int
    level: float | None = None
    can_sample: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """One series: what the legend tells apart by ``label``, or by colour alone where that is empty.

    ``number`` is its `Marks.series` and ``role`` its `Marks.role`.
    """

    label: str
    number: int
    role: MarkRole


def layer_key(marks: Marks) -> str:
    """The key of the layer that marks belong to."""
    if marks.layer:
        return marks.layer
    if marks.text and marks.style.marker == "none":
        return "texts"
    if marks.role == "reference":
        return "reference"
    if marks.role == "highlight":
        return "bounds" if marks.kind in ("hline", "vline") else "highlights" if marks.kind == "points" else "lines"
    return _OF_KINDS[marks.kind]


def layers_of(plot: Plot) -> tuple[Layer, ...]:
    """The layers of a figure that nothing was asked of, the lowest first, hidden ones with them."""
    marks = [(m, shown) for p in plot.panels for m, shown in stacked(p.marks, p.hidden)]
    keys = list(dict.fromkeys(layer_key(m) for m, _ in marks))
    out = []
    for key in keys:
        own = [(m, shown) for m, shown in marks if layer_key(m) == key]
        name = next((m.layer_name for m, _ in own if m.layer_name), LAYERS.get(key, key.capitalize()))
        level = next((m.level for m, _ in own if m.level is not None), None)
        count = sum(len(m.x) or len(m.y) for m, _ in own)
        points = any(m.kind == "points" and m.text == "" for m, _ in own)
        out.append(Layer(key, name, any(s for _, s in own), count, level, points))
    return tuple(out)


def stacked(marks: tuple[Marks, ...], hidden: tuple[Marks, ...]) -> list[tuple[Marks, bool]]:
    """All marks of a panel from the lowest up, each with whether it is shown; what is hidden lies beneath."""
    return [*((m, False) for m in hidden), *((m, True) for m in marks)]


def series_of(plot: Plot) -> tuple[Series, ...]:
    """The series of a figure in the order of its legend, those without a label behind.

    Bands and intervals without a label belong to the series whose number and role they have.
    """
    marks = [m for p in plot.panels for m in (*p.marks, *p.hidden) if layer_key(m) != "texts"]
    found = {m.label: Series(m.label, m.series, m.role) for m in reversed(marks) if m.label}
    order = {label: at for at, label in enumerate(plot.legend_order)}
    first = {label: at for at, label in reversed(list(enumerate(m.label for m in marks)))}
    labelled = sorted(found.values(), key=lambda s: (order.get(s.label, len(order)), first[s.label]))
    taken = {s.number for s in labelled}
    others = {m.series: Series("", m.series, m.role) for m in reversed(marks)
              if not m.label and m.role in ("data", "fit") and m.series not in taken}  # fmt: skip
    return (*labelled, *(others[n] for n in sorted(others)))


def series_place(series: tuple[Series, ...], marks: Marks) -> int | None:
    """The place of marks among the series of their figure, from 0; None for what belongs to none."""
    if marks.label:
        return next((k for k, s in enumerate(series) if s.label == marks.label), None)
    if marks.role not in ("data", "fit"):
        return None
    near = [k for k, s in enumerate(series) if s.number == marks.series]
    return next((k for k in near if series[k].role == marks.role), near[0] if near else None)
