"""What the button of each form of the data says: what its command does, in a word or two."""

from __future__ import annotations

from dataclasses import replace

from terrace_desktop.forms.entry import Group, Values
from terrace_desktop.panels.data.facts import DataFacts
from terrace_desktop.ui.words import tr


def with_verbs(groups: tuple[Group[DataFacts], ...]) -> tuple[Group[DataFacts], ...]:
    """The groups, their entries with the words of their buttons and the icon of their tool."""
    own = {
        "labels": tr("Set labels"),
        "rename": tr("Rename"),
        "encode": tr("Add variable"),
        "missing": tr("Set codes"),
        "keep_rows": tr("Keep these rows"),
        "keep_variables": tr("Keep these variables"),
        "sort": tr("Sort"),
        "duplicates": tr("Continue"),
        "fillin": tr("Add rows"),
        "merge": tr("Merge"),
        "append": tr("Append"),
        "collapse": tr("Collapse"),
        "long": tr("Reshape"),
        "wide": tr("Reshape"),
    }
    usual = {
        "describe": (tr("Show"), "describe"), "plot": (tr("Draw"), "plot"), "new": (tr("Add variable"), "prepare"),
        "kinds": (tr("Change"), "prepare"),
    }  # fmt: skip
    out = []
    for g in groups:
        verb, icon = usual.get(g.key, (tr("Change the data"), "prepare"))
        makes = new_names if g.key == "new" else None
        entries = tuple(replace(e, verb=own.get(e.key, verb), makes=makes) for e in g.entries)
        out.append(replace(g, entries=entries, icon=icon))
    return tuple(out)


def new_names(_facts: DataFacts, values: Values) -> int:
    """How many variables a form of new variables would add; 0 where it gives others new values."""
    if "suffix" in values:  # centring has a name for each variable, and for each mean that it keeps
        keeps = values["around"] == "group" and bool(values["keep"])
        return len(values["names"]) * (2 if keeps else 1)
    if values.get("old"):
        return 0
    return len(str(values.get("name") or "").split())
