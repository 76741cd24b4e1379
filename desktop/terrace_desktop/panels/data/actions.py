"""The forms of the data panel that stand in menus and tool bar. The panel itself is loaded when one is wanted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QCoreApplication

from terrace_desktop.ui.action import Action


def _tr(text: str) -> str:
    return QCoreApplication.translate("Prepare", text)


def actions(open_form: Callable[[str], object], enabled: Callable[[], bool]) -> list[Action]:
    """One action a form; `open_form` takes the key of an entry of the panel."""
    forms = (  # key, words
        ("compute", _tr("Com&pute a variable…")),
        ("recode", _tr("&Recode…")),
        ("centre", _tr("C&entre…")),
        ("across", _tr("&Scale from several variables…")),
        ("egen", _tr("Statistics of gro&ups…")),
        ("labels", _tr("&Value labels…")),
        ("keep_rows", _tr("&Keep or drop rows…")),
        ("merge", _tr("&Merge a file…")),
        ("append", _tr("&Append a file…")),
        ("collapse", _tr("C&ollapse to groups…")),
        ("long", _tr("Reshape to &long…")),
        ("wide", _tr("Reshape to &wide…")),
        ("tabstat", _tr("Statistics by &group…")),
        ("tabulate", _tr("&Frequencies and cross-tables…")),
        ("table", _tr("&Table of statistics…")),
        ("xtsum", _tr("Between and &within groups…")),
        ("correlate", _tr("Co&rrelations…")),
        ("list", _tr("&List rows…")),
        ("scatter", _tr("&Scatter plot…")),
        ("lines", _tr("Lines by gr&oup…")),
        ("histogram", _tr("&Histogram…")),
        ("bar", _tr("B&ar chart…")),
        ("box", _tr("&Box plots…")),
    )
    tools = (  # name, key, words
        ("describe", "summarize", _tr("Describe")),
        ("prepare", "compute", _tr("Prepare")),
        ("plot", "scatter", _tr("Plot")),
    )
    return [
        *(Action(f"do_{key}", text, partial(open_form, key), enabled=enabled) for key, text in forms),
        *(Action(f"tool_{name}", text, partial(open_form, key), enabled=enabled) for name, key, text in tools),
    ]
