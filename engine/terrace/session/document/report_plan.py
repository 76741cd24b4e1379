"""What a report of the results is to hold: title page, style, and parts in order. Frozen, and kept in the `Document`.

A plan holds what its user chose and nothing else. What follows from the results is derived whenever it is asked for
(`terrace.session.document.report_parts`), so that a result that comes later has its place in the report at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PartKind = Literal["heading", "text", "item", "made"]
Made = Literal[
    "descriptives",  # a table of the variables of the models
    "analysis",  # the paragraph on what was done
    "equations",  # those of a model
    "models",  # models side by side
    "paragraph",  # the paragraph on the estimates of a model
    "diagnostics",  # the figures that check a model
    "citation",  # how the program and the data are cited
    "commands",  # the last page: commands, versions, hashes
]
OF_MODEL: tuple[Made, ...] = ("equations", "paragraph", "diagnostics")
"""What is made of one model."""
BESIDE = ("se", "random", "criteria", "tests")
"""What models side by side can show beside coefficients, observations and groups: standard errors, random effects, the
log likelihood with AIC and BIC, likelihood-ratio tests against the model before."""
LAST_PAGE = ("commands", "versions", "hashes")
"""What the last page can hold."""
STYLES = ("apa", "ama", "plain")
LANGUAGES = ("en", "en-gb")
"""What spelling checkers and readers aloud take the text for; the words of the program are English."""
PAPERS = ("a4", "letter")
MAX_LEVEL = 3
"""Levels of headings, from 1."""


@dataclass(frozen=True, slots=True)
class ReportPart:
    """One part. ``name`` is what commands call it, such as ``results``, ``item7``, ``paragraph7`` or ``text1``.

    ``text`` is a heading, a text in Markdown, or the caption that a user gave a table or figure; empty where it is the
    program's. ``item`` is the id of the item of the results that it shows or speaks of, 0 for none; ``items`` those of
    models side by side in their order, all of them where it is empty, and ``without`` what their table leaves out of
    `BESIDE`. ``made`` says what the program makes. ``shown`` is None
    where nobody chose. ``level`` is that of a heading, 0 for everything else. ``own`` marks what its user added or
    changed: it stays as long as what it speaks of is there.
    """

    name: str
    kind: PartKind
    text: str = ""
    item: int = 0
    items: tuple[int, ...] = ()
    made: Made | Literal[""] = ""
    shown: bool | None = None
    level: int = 0
    own: bool = False
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """A report. Empty texts and None leave it to the results: `title` to that of the page of results, ``metric``,
    ``style`` and ``decimals`` to its look and then to the program, ``running_head`` to the title.

    ``date`` is as its user typed it. ``decimals`` are those of estimates, ``p_decimals`` those of p values. ``last``
    names what the last page holds, of `LAST_PAGE`. ``parts`` are empty until their user changes one of them.
    """

    title: str = ""
    author: str = ""
    affiliation: str = ""
    date: str = ""
    style: str = ""
    language: str = "en"
    decimals: int | None = None
    p_decimals: int = 3
    metric: str = ""
    running_head: str = ""
    paper: str = "a4"
    last: tuple[str, ...] = LAST_PAGE
    parts: tuple[ReportPart, ...] = ()


NO_PLAN = ReportPlan()
"""The plan of a report of which nobody chose anything."""
