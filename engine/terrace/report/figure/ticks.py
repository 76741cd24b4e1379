"""The ticks of an axis on paper: as many as there is room for, with labels that do not lie over each other."""

from __future__ import annotations

import re
from math import ceil
from textwrap import fill, shorten
from typing import TYPE_CHECKING

from terrace.graphs.axes import number_text
from terrace.graphs.ticks import date_ticks, tick_texts
from terrace.report.figure.trellis import Trellis
from terrace.results.plot import Axis
from terrace.wording import true_minus

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_TICKS = 30
_CLOCK = re.compile(r" (\d\d:\d\d(?::\d\d)?)$")  # the time of a date, which stands under it
_LEAST_TICKS = 3  # with two, nobody sees whether an axis is linear
_USUAL_TICKS = 8  # intervals of an axis of numbers
_LEAST_WRAPPED = 9  # letters; words wrapped narrower than this cannot be read


def set_axis(axes: Axes, axis: Axis, which: str, trellis: Trellis) -> None:
    """Scale, limits and ticks of the x or the y axis (`which`) of a panel."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

    own = axes.xaxis if which == "x" else axes.yaxis
    own.set_tick_params(labelsize=trellis.tick_size)
    if axis.log:
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
        own.set_major_formatter(FuncFormatter(lambda value, _: number_text(float(f"{value:.6g}"))))
        own.set_minor_formatter(NullFormatter())
    if axis.limits is not None:
        (axes.set_xlim if which == "x" else axes.set_ylim)(*axis.limits)
    if axis.ticks is None and not axis.log:
        _set_numbers(axes, axis, which, trellis)
    if axis.ticks is None:
        return
    letters = int(trellis.letters)
    most = _MOST_TICKS if which == "y" else min(_MOST_TICKS, trellis.slanted)
    step = max(1, ceil(len(axis.ticks) / most))
    kept = axis.ticks[::step]
    own.set_major_locator(FixedLocator([t[0] for t in kept]))
    own.set_minor_locator(FixedLocator([]))
    if which == "y":
        own.set_ticklabels([_filled(true_minus(t[1]), 24) for t in kept])
        return
    room = letters / max(1, len(kept)) - 2  # letters beside each other that a label has
    labels = [true_minus(t[1]) for t in kept]
    if max((len(x) for x in labels), default=0) > room >= _LEAST_WRAPPED:
        wrapped = [fill(x, int(room), break_long_words=False) for x in labels]
        lines = [x.splitlines() for x in wrapped]
        if all(len(line) <= room + 1 for x in lines for line in x) and max(map(len, lines)) <= 3:
            own.set_ticklabels(wrapped)
            return
    if sum(len(x) + 2 for x in labels) > letters and all(text == number_text(at) for at, text in kept):
        every = next((k for k in range(2, len(kept)) if sum(len(x) + 2 for x in labels[::k]) <= letters), 0)
        if every:  # numbers are read between ticks, names are not
            own.set_major_locator(FixedLocator([t[0] for t in kept[::every]]))
            own.set_ticklabels(labels[::every])
            return
    slanted = sum(len(x) + 2 for x in labels) > letters
    own.set_ticklabels([shorten(x, 28, placeholder="…") if slanted else x for x in labels])
    if slanted:
        for text in axes.get_xticklabels():
            text.set(rotation=45, ha="right", rotation_mode="anchor")


def _set_numbers(axes: Axes, axis: Axis, which: str, trellis: Trellis) -> None:
    """Ticks at round numbers, whole ones or dates, no more than their texts have room for."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator

    own = axes.xaxis if which == "x" else axes.yaxis
    low, high = sorted(own.get_view_interval())
    most = trellis.ticks(which) or (_USUAL_TICKS if which == "x" else max(4, int(2.0 * trellis.height)))

    def found(most: int) -> list[tuple[float, str]]:
        if axis.dates:
            return [(at, _CLOCK.sub(r"\n\1", text)) for at, text in date_ticks(low, high, axis.dates, most)]
        places = MaxNLocator(most, steps=[1, 2, 5, 10] if axis.whole else [1, 2, 2.5, 5, 10], integer=axis.whole)
        at = [float(v) for v in places.tick_values(low, high) if low - 1e-9 <= v <= high + 1e-9]
        return list(zip(at, tick_texts(at)))

    ticks = found(most)
    if len(ticks) < _LEAST_TICKS:  # a step that covers the axis may leave one or two on it
        ticks = next((t for t in map(found, range(most + 1, 2 * most)) if len(t) >= _LEAST_TICKS), ticks)
    while which == "x" and most > 1 and sum(_widest(t) + 2 for _, t in ticks) > trellis.letters:
        most -= 1
        ticks = found(most)
    own.set_major_locator(FixedLocator([at for at, _ in ticks]))
    own.set_major_formatter(FixedFormatter([t for _, t in ticks]))


def _widest(text: str) -> int:
    return max(map(len, text.split("\n")))


def _filled(text: str, width: int) -> str:
    """Lines no longer than `width` letters; line breaks of the text itself stay."""
    return "\n".join(fill(line, width) for line in text.splitlines())
