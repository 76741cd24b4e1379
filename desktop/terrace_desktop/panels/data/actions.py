"""The forms of the data panel that stand in menus and tool bar. The panel itself is loaded when one is wanted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from terrace_desktop.ui.action import Action
from terrace_desktop.ui.words import tr


def actions(open_form: Callable[..., object], enabled: Callable[[], bool]) -> list[Action]:
    """One action a form; `open_form` takes the key of an entry of the panel, or a group of its list."""
    forms = (  # key, words
        ("compute", tr("Com&pute a variable…")),
        ("recode", tr("&Recode…")),
        ("centre", tr("C&entre…")),
        ("across", tr("&Scale from several variables…")),
        ("egen", tr("Statistics of gro&ups…")),
        ("labels", tr("&Value labels…")),
        ("keep_rows", tr("&Keep or drop rows…")),
        ("merge", tr("&Merge a file…")),
        ("append", tr("&Append a file…")),
        ("collapse", tr("C&ollapse to groups…")),
        ("long", tr("Reshape to &long…")),
        ("wide", tr("Reshape to &wide…")),
        ("tabstat", tr("Statistics by &group…")),
        ("tabulate", tr("&Frequencies and cross-tables…")),
        ("table", tr("&Table of statistics…")),
        ("xtsum", tr("Between and &within groups…")),
        ("correlate", tr("Co&rrelations…")),
        ("list", tr("&List rows…")),
        ("scatter", tr("&Scatter plot…")),
        ("lines", tr("Lines by gr&oup…")),
        ("histogram", tr("&Histogram…")),
        ("bar", tr("B&ar chart…")),
        ("box", tr("&Box plots…")),
    )
    tools = (  # name, group where the list begins, words
        ("describe", "describe", tr("Describe")),
        ("prepare", "new", tr("Prepare")),
        ("plot", "plot", tr("Plot")),
    )
    return [
        *(Action(f"do_{key}", text, partial(open_form, key), enabled=enabled) for key, text in forms),
        *(Action(f"tool_{name}", text, partial(open_form, "", group), enabled=enabled) for name, group, text in tools),
    ]
