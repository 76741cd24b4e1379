"""What a step is called in "Undo edit of wave": the change that a command made, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from terrace.data.changes import Changes, changes
from terrace.session.effects import Effect
from terrace.wording import enumerated, plural

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.session.contract import Outcome
    from terrace.session.state import State

_DESCRIBED = {
    "label": "label of",
    "measure": "measure of",
    "value_labels": "value labels of",
    "missing_codes": "missing values of",
    "missing_ranges": "missing values of",
    "format": "format of",
}
_OUTLINE = {
    "outline move": "order of results",
    "outline fold": "folding of results",
    "outline unfold": "folding of results",
    "outline note": "note",
    "outline heading": "heading",
    "outline edit": "text of a note",
    "outline title": "title of the document",
    "outline look": "look of results",
    "refit": "fitting again",
}
_FIGURES = ("figure", "figure style")
_MADE = {
    "collapse": "collapsed data",
    "contract": "counts of the data",
    "merge": "merged data",
    "append": "appended rows",
    "joinby": "joined data",
    "reshape long": "reshaping to long",
    "reshape wide": "reshaping to wide",
    "expand": "copies of rows",
    "fillin": "rows for all combinations",
    "mi set": "set-up of multiple imputation",
    "xpose": "transposed data",
    "xtset": "panel and time",
    "tsset": "time variable",
    "restore": "data brought back",
    "update": "update from the file",
}
"""Commands of which the data before and after do not tell what was done."""
_MOST = 2


def step_name(outcome: Outcome, before: State, after: State) -> str:
    """The change of a command for people, such as ``new variable c_ses`` or ``Model 3: Random slope of ses``."""
    new = after.document.since(before.document)
    models = [i for i in new if i.kind == "model"]
    if models:
        return models[-1].heading if len(models) == 1 else f"{len(models)} models"
    if outcome.type == "filter":
        return "filter"
    if Effect.OUTLINE in outcome.effects:
        return _outline(outcome, before, after)
    if after.dataset is before.dataset and after.bases != before.bases:
        return f"reference category of {listed(_different(before.bases, after.bases))}"
    if outcome.type == "label order" and before.dataset is not None and after.dataset is not None:
        return f"order of the values of {listed(changes(before.dataset, after.dataset).edited)}"
    return (
        (after.dataset is not before.dataset and (_MADE.get(outcome.type) or str(outcome.payload.get("step", ""))))
        or data_step(before.dataset, after.dataset)
        or (f"{len(new)} results" if len(new) > 1 else new[0].heading if new else outcome.type)
    )


def _different(then: Mapping[str, object], now: Mapping[str, object]) -> tuple[str, ...]:
    """The names that stand for something else; the empty one is the source of the data."""
    return tuple(n for n in {**then, **now} if n and then.get(n) != now.get(n))


def _outline(outcome: Outcome, before: State, after: State) -> str:
    if outcome.type in _FIGURES and "step" in outcome.payload:
        return str(outcome.payload["step"])
    if outcome.type in _OUTLINE:
        return _OUTLINE[outcome.type]
    if outcome.type.startswith("report "):
        return f"{outcome.payload['step']} of the report"
    there = {i.id: i for i in after.document}
    gone = [i for i in before.document if i.id not in there]
    if gone:
        return f"removal of {gone[0].heading or 'a note'}"
    named = [i for i in before.document if there[i.id].heading != i.heading]
    return f"title of {named[0].heading}" if named else outcome.type


def data_step(before: Dataset | None, after: Dataset | None) -> str:
    """What happened to the data, in words; empty where nothing did that can be seen."""
    if after is before:
        return ""
    if after is None or before is None:
        return "closing of the data" if after is None else "new data"
    return _words(changes(before, after), before, after)


def _words(found: Changes, before: Dataset, after: Dataset) -> str:
    if before.lineage is not after.lineage and (found.removed or found.rows < 0):
        return "other data"
    if found.added and not (found.removed or found.edited or found.rows):
        return with_names("new variable", found.added)
    if found.removed and not (found.added or found.edited or found.rows):
        return f"removal of {listed(found.removed)}"
    if found.renamed:
        old, new = found.renamed[0]
        return f"renaming of {old} to {new}" if len(found.renamed) == 1 else "renaming of variables"
    if found.edited:
        return f"edit of {listed(found.edited)}"
    if found.rows:
        few = abs(found.rows)
        return f"removal of {plural(few, 'row')}" if found.rows < 0 else plural(few, "new row")
    if found.other_rows:
        return "sorting" if before.lineage is after.lineage and not found.added else "other data"
    return _of_descriptions(found, before, after)


def _of_descriptions(found: Changes, before: Dataset, after: Dataset) -> str:
    if found.described:
        names = tuple(dict.fromkeys(n for n, _ in found.described))
        return f"{_DESCRIBED[found.described[0][1]]} {listed(names)}"
    if found.moved:
        return "order of variables"
    if before.panel != after.panel:
        return "panel and time"
    if before.label != after.label:
        return "label of the data"
    if before.documents != after.documents:
        told = {t for t in before.documents + after.documents if (t in before.documents) != (t in after.documents)}
        names = tuple(dict.fromkeys(t.partition(": ")[0] for t in sorted(told)))
        return f"note on {names[0]}" if len(names) == 1 and names[0] in after else "notes on the data"
    return "sorting" if before.sorted_by != after.sorted_by else ""


def with_names(what: str, names: tuple[str, ...]) -> str:
    """``new variable a``, ``new variables a and b``, ``4 new variables``."""
    return f"{what}{'s' if len(names) > 1 else ''} {listed(names)}" if len(names) <= _MOST else f"{len(names)} {what}s"


def listed(names: tuple[str, ...]) -> str:
    """``a``, ``a and b``, ``4 variables``."""
    return enumerated(names, "and") if len(names) <= _MOST else f"{len(names)} variables"
