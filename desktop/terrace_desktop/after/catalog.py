"""Everything that the panel offers, in the order in which it is listed."""

from __future__ import annotations

from terrace_desktop.after import comparing, diagnostics, intervals, predictions, variances
from terrace_desktop.after.entry import Entry, F, Group
from terrace_desktop.after.facts import Facts


def groups() -> tuple[Group[Facts], ...]:
    """The groups with their entries, in the user's language."""
    return (
        intervals.group(),
        predictions.group(),
        variances.group(),
        diagnostics.group(),
        comparing.compare_group(),
        comparing.paper_group(),
    )


def search(text: str, among: tuple[Group[F], ...]) -> list[tuple[Group[F], list[Entry[F]]]]:
    """The entries that hold every word of `text`, with their groups; all for an empty text."""
    words = text.lower().split()
    found = [(g, [e for e in g.entries if e.matches(words)]) for g in among]
    return [(g, entries) for g, entries in found if entries]
