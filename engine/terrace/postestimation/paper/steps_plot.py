"""What is left of each variance after each step of a model that was built up: bars, and the part that is explained.

The part explained is the proportion by which a variance is smaller than in the first step that has it (Bryk and
Raudenbush 2002, equation 4.12). Variances are those of the models as they were fitted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from terrace.results.fit import FitResult
from terrace.results.plot import Axis, MarkRole, Marks, Plot, PlotPanel, Style
from terrace.wording import two

BAR = 0.6  # of the distance between two bars
ROOM = 1.6  # of the longest bar, so that its number has a place behind it
_EARLIER: MarkRole = "reference"
_LAST: MarkRole = "data"
_NO_POINTS = Style(marker="none")

Place = tuple[str, str]  # a level, and the column that varies there; empty for the residuals


def steps_plot(fits: Sequence[FitResult], names: Sequence[str]) -> Plot | None:
    """A panel for each variance that two steps or more have, a bar for each of these; None where there is no such."""
    panels = [p for title, place in _places(fits) if (p := _panel(fits, names, title, place)) is not None]
    if not panels:
        return None
    return Plot("Variance that is left after each step", tuple(panels), "steps", min(len(panels), 3),
                options={"title": "automatic"})  # fmt: skip


def _places(fits: Sequence[FitResult]) -> Iterator[tuple[str, Place]]:
    """The variances of all models with their titles: between groups, of slopes, within groups."""
    found = list(dict.fromkeys((r.level, r.name[4:-1]) for f in fits for r in f.random if r.name.startswith("var(")))
    several = len({level for level, _ in found if level != "Residual"}) > 1
    for level, name in found:
        if level != "Residual" and (name == "_cons" or name.startswith("R.")):
            yield f"Between groups of {level if name == '_cons' else name[2:]}", (level, name)
    for level, name in found:
        if level != "Residual" and name != "_cons" and not name.startswith("R."):
            yield f"Slope of {name}" + (f", {level}" if several else ""), (level, name)
    if ("Residual", "Residual") in found:
        yield "Within groups", ("Residual", "Residual")


def _panel(fits: Sequence[FitResult], names: Sequence[str], title: str, place: Place) -> PlotPanel | None:
    own = [(name, v) for name, f in zip(names, fits, strict=True) if (v := _variance(f, place)) is not None]
    if len(own) < 2:
        return None
    values = np.array([v for _, v in own])
    at = np.arange(len(own), 0.0, -1.0)  # the first step at the top
    longest = float(values.max()) or 1.0
    marks = []
    earlier, last = slice(None, -1), slice(-1, None)
    for rows, role in ((earlier, _EARLIER), (last, _LAST)):  # the last step stands out
        marks.append(
            Marks("bars", at[rows], values[rows], width=BAR, role=role, horizontal=True,
                  labels=tuple(f"{n}: {two(v)}" for n, v in own[rows]))
        )  # fmt: skip
    # the numbers stand at points that are not drawn
    marks.append(Marks("points", values, at, labels=tuple(two(v) for v in values), text="right", style=_NO_POINTS))
    ticks = tuple((float(k), name) for k, (name, _) in zip(at, own))
    return PlotPanel(
        Axis(_explained(values[0], values[-1]), (), (0.0, ROOM * longest)), Axis("", ticks, (0.4, len(own) + 0.6)),
        tuple(marks), title,
    )  # fmt: skip


def _variance(fit: FitResult, place: Place) -> float | None:
    level, name = place
    for r in fit.random:
        if r.level == level and r.name == f"var({name})":
            return r.estimate if r.identified else None
    return None


def _explained(first: float, last: float) -> str:
    """``72% explained``; nothing where a variance did not become smaller."""
    share = 1.0 - last / first if first > 0 else 0.0
    if share < 0.005:
        return "None explained" if share >= 0 else "Larger than at first"
    return "More than 99% explained" if 0.995 < share < 1 else f"{100 * share:.0f}% explained"
