"""Everything that the panel offers, in the order in which it is listed."""

from __future__ import annotations

from terrace_desktop.forms.entry import Group
from terrace_desktop.forms.facts import Facts
from terrace_desktop.panels.after import comparing, diagnostics, intervals, predictions, variances


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


