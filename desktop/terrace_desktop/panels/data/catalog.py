"""Everything that the data panel offers, in the order in which it is listed."""

from __future__ import annotations

from terrace_desktop.forms.entry import Group
from terrace_desktop.panels.data import describing, graphs, structure, variables
from terrace_desktop.panels.data.facts import DataFacts
from terrace_desktop.panels.data.verbs import with_verbs


def groups() -> tuple[Group[DataFacts], ...]:
    """The groups with their entries, in the user's language."""
    return with_verbs(_groups())


def _groups() -> tuple[Group[DataFacts], ...]:
    return (
        describing.group(),
        graphs.group(),
        variables.new_group(),
        variables.kinds_group(),
        structure.rows_group(),
        structure.shape_group(),
    )
