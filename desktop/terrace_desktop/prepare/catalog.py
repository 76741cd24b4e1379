"""Everything that the data panel offers, in the order in which it is listed."""

from __future__ import annotations

from terrace_desktop.after.entry import Group
from terrace_desktop.prepare import describing, graphs, structure, variables
from terrace_desktop.prepare.facts import DataFacts


def groups() -> tuple[Group[DataFacts], ...]:
    """The groups with their entries, in the user's language."""
    return (
        describing.group(),
        graphs.group(),
        variables.new_group(),
        variables.kinds_group(),
        structure.rows_group(),
        structure.shape_group(),
    )
