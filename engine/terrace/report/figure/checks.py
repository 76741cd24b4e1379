"""Whether a figure is ready to print, one thing after the other, with what to do where it is not.

Text, lines and sizes are those of the figure as paper has it: what is looked at is drawn, not what was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

from terrace.results.plot import Plot


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: its key, whether it is as it should be, that in words, and how to mend it.

    ``option`` names the option of ``figure`` that mends it.
    """

    key: str
    ok: bool
    text: str
    advice: str = ""
    option: str = ""


def checks(plot: Plot) -> tuple[Check, ...]:
    """What there is to say of a figure that was dressed, in the order in which it is read."""
    return (_titles(plot),)


def _titles(plot: Plot) -> Check:
    for which, titles in (("x", [p.x.title for p in plot.panels]), ("y", [p.y.title for p in plot.panels])):
        if not any(t.strip() for t in titles):
            return Check("titles", False, f"The {which} axis has no title", "Give it a title.", f"{which}title")
    return Check("titles", True, "Both axes have a title")
