"""The parts of a report: derived from the results, and changed by their user. Pure functions of a `Document`.

Parts that follow from the results are Sample and data, Method, Results and Appendix, with what belongs there. Once a
user has changed one, the plan holds their order; a result that comes later enters behind the part that it would follow
in a report that nobody had changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from terrace.errors import DataError
from terrace.session.document.items import Document, Item
from terrace.session.document.report_plan import MAX_LEVEL, OF_MODEL, Made, ReportPart, ReportPlan
from terrace.wording import enumerated

SECTIONS = {"sample": "Sample and data", "method": "Method", "results": "Results", "appendix": "Appendix"}
"""Headings of the program, by the names of their parts."""
_TITLE = 60  # letters of a text that stand for it in a list


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a part goes: behind or before another, by its name, or first or last."""

    after: str = ""
    before: str = ""
    first: bool = False
    last: bool = False


# --- what there is ------------------------------------------------------------------------------------------
def parts_of_report(document: Document) -> tuple[ReportPart, ...]:
    """The parts in order, those of the user's plan and those that came since; ``shown`` and ``level`` are resolved.

    The level of a heading is its own; that of anything else is one more than that of the heading above it.
    """
    found = _merged(document, _derived(document))
    beside = {m.id for p in found if p.made == "models" and p.shown is not False for m in models_beside(document, p)}
    out: list[ReportPart] = []
    level = 0
    for part in found:
        shown = _usually_shown(part, beside) if part.shown is None else part.shown
        level = part.level if part.kind == "heading" else level
        out.append(replace(part, shown=shown, level=part.level if part.kind == "heading" else level + 1))
    return tuple(out)


def part_title(document: Document, part: ReportPart) -> str:
    """What a part is called in a list, without a number: ``Models 1 to 4 side by side``, ``Paragraph on Model 4``."""
    item = document.item(part.item) if part.item else None
    if part.kind == "made":
        model = "the model" if item is None else f"Model {item.number}" if item.number else item.heading
        return {
            "descriptives": "Descriptive statistics",
            "analysis": "Paragraph on the analysis",
            "equations": f"Equations of {model}",
            "models": _side_by_side(document, part),
            "paragraph": f"Paragraph on {model}",
            "diagnostics": f"Diagnostics of {model}",
            "citation": "Citation of data and software",
            "commands": "Commands to run again",
        }[part.made]
    if item is None:
        return (part.text.strip().partition("\n")[0] or SECTIONS.get(part.name, ""))[:_TITLE]
    if item.kind == "note":
        line = item.text.strip().partition("\n")[0]
        return f"Note: {line if len(line) <= _TITLE else line[: _TITLE - 1] + '…'}"
    return part.text or item.heading


def section_of(parts: Sequence[ReportPart], name: str) -> tuple[ReportPart, ...]:
    """A part with what stands under it: for a heading all up to the next one of its level or of a higher one."""
    at = _place(parts, name)
    head = parts[at]
    if head.kind != "heading":
        return (head,)
    end = next(
        (k for k in range(at + 1, len(parts)) if parts[k].kind == "heading" and parts[k].level <= head.level),
        len(parts),
    )
    return tuple(parts[at:end])


def models_beside(document: Document, part: ReportPart) -> tuple[Item, ...]:
    """The models that a part shows side by side, in its order."""
    models = {m.id: m for m in document.models() if m.fit is not None}
    return tuple(models[i] for i in (part.items or models) if i in models)


# --- changes ------------------------------------------------------------------------------------------------
def planned(document: Document, plan: ReportPlan) -> Document:
    """The document with another plan."""
    return document if plan == document.report else replace(document, report=plan)


def shown(document: Document, names: Iterable[str], show: bool, *, alone: bool = False) -> Document:
    """The document in which parts are shown in the report or left out of it, headings with their sections."""
    parts = _stored(document)
    chosen = {p.name for name in names for p in (_one(parts, name) if alone else section_of(parts, name))}
    return _with(document, (replace(p, shown=show, own=True) if p.name in chosen else p for p in parts))


def moved(document: Document, name: str, spot: Spot, *, alone: bool = False) -> Document:
    """The document in which a part stands elsewhere, a heading with its section. Raises `DataError` for no place."""
    parts = _stored(document)
    own = _one(parts, name) if alone else section_of(parts, name)
    rest = [p for p in parts if p not in own]
    beside = spot.after or spot.before
    if beside in {p.name for p in own}:
        raise DataError("A part cannot be moved next to itself.", code="misplaced-part", subject=name)
    at = _spot(rest, spot)
    head = (replace(own[0], own=True), *own[1:])
    return _with(document, (*rest[:at], *head, *rest[at:]))


def added(document: Document, part: ReportPart, spot: Spot) -> tuple[Document, str]:
    """The document with a part of the user's own, and its name. Without a place it stands at the end."""
    parts = _stored(document)
    name = part.name or _free_name(parts, part.made or part.kind)
    at = _spot(parts, spot) if spot != Spot() else len(parts)
    new = replace(part, name=name, shown=True, own=True)
    rest = [p for p in parts if p.name != name]  # a part of a model that is in the list already moves there
    at -= sum(1 for p in parts[:at] if p.name == name)
    return _with(document, (*rest[:at], new, *rest[at:])), name


def removed(document: Document, names: Iterable[str]) -> Document:
    """The document without parts that its user added. Raises `DataError` where one follows from the results."""
    parts = _stored(document)
    gone = {_one(parts, name)[0].name for name in names}
    for part in parts:
        if part.name in gone and not removable(document, part):
            raise DataError(
                f"{part.name} comes from the results and cannot be removed.", code="not-removable",
                subject=part.name, advice=f"To leave it out, use report part hide {part.name}.",
            )  # fmt: skip
    return _with(document, (p for p in parts if p.name not in gone))


def edited(document: Document, name: str, text: str) -> Document:
    """The document in which a heading, a text or a caption has other words; empty words bring the program's back.

    Raises `DataError` for a part whose words follow from the fits.
    """
    parts = _stored(document)
    (part,) = _one(parts, name)
    if not has_text(document, part):
        raise DataError(
            f"The words of {name} come from the results.", code="not-a-text", subject=name,
            advice=f'To write them in your own way, hide it and use report part add text "...", after({name}).',
        )  # fmt: skip
    if not text and part.kind in ("heading", "text") and removable(document, part):
        advice = f"To remove it, use report part remove {name}."
        raise DataError(f"{name} cannot be empty.", code="no-text", subject=name, advice=advice)
    return _with(document, (replace(p, text=text, own=True) if p.name == name else p for p in parts))


def levelled(document: Document, name: str, level: int) -> Document:
    """The document in which a heading is of another level. Raises `DataError` where that cannot be."""
    parts = _stored(document)
    (part,) = _one(parts, name)
    if part.kind != "heading":
        raise DataError(f"{name} is not a heading.", code="not-a-heading", subject=name)
    if not 1 <= level <= MAX_LEVEL:
        raise DataError(f"Levels of headings are 1 to {MAX_LEVEL}.", code="bad-level", subject=str(level))
    return _with(document, (replace(p, level=level, own=True) if p.name == name else p for p in parts))


def chosen(document: Document, name: str, items: Sequence[int] | None, without: Sequence[str] | None) -> Document:
    """The document in which a part shows other models side by side, in this order, or leaves other things out; None
    stands for what it has, and no models for all. Raises `DataError` for a part of another kind and for fewer than two
    models.
    """
    parts = _stored(document)
    (part,) = _one(parts, name)
    if part.made != "models":
        raise DataError(f"{name} does not show models side by side.", code="not-side-by-side", subject=name)
    of = part.items if items is None else tuple(items)
    if len(models_beside(document, replace(part, items=of))) < 2:
        raise DataError("Models side by side need at least two models.", code="too-few-models", subject=name)
    out = part.without if without is None else tuple(without)
    return _with(document, (replace(p, items=of, without=out, own=True) if p.name == name else p for p in parts))


def has_text(document: Document, part: ReportPart) -> bool:
    """True for a part with words that its user can change: a heading, a text, the caption of a table or figure."""
    item = document.item(part.item) if part.item else None
    if part.kind == "item":
        return item is not None and item.kind not in ("note", "heading")
    return part.kind in ("heading", "text") or part.made in ("descriptives", "models", "diagnostics")


def removable(document: Document, part: ReportPart) -> bool:
    """True for a part that its user added; others follow from the results, and can only be hidden."""
    return part.name not in {p.name for p in _derived(document)}


# --- what follows from the results --------------------------------------------------------------------------
def _derived(document: Document) -> tuple[ReportPart, ...]:
    models = [m for m in document.models() if m.fit is not None]
    first = document.place(models[0].id) if models else len(document)
    before = list(_of_items(document.items[:first]))
    after = list(_of_items(document.items[first:]))
    out: list[ReportPart] = []
    if before or models:
        out.append(_section("sample"))
        out += [_made("descriptives")] if models else []
        out += before
    if not models:
        return (*out, *_appendix(None)) if out else ()
    last = models[-1]
    out += [_section("method"), _made("analysis"), _made("equations", last.id), _section("results")]
    out += [_made("models")] if len(models) > 1 else []
    for part in after:
        out.append(part)
        if part.item == last.id:
            out.append(_made("paragraph", last.id))
    return (*out, *_appendix(last))


def _appendix(last: Item | None) -> Iterator[ReportPart]:
    yield _section("appendix")
    if last is not None:
        yield _made("diagnostics", last.id)
    yield _made("citation")
    yield _made("commands")


def _of_items(items: Iterable[Item]) -> Iterator[ReportPart]:
    """What of the results can be shown: models, notes, headings, and outputs that have tables or figures."""
    for item in items:
        if item.kind == "heading":
            yield ReportPart(f"item{item.id}", "heading", item=item.id, level=2)
        elif item.kind == "note" or item.fit is not None or _shows(item):
            yield ReportPart(f"item{item.id}", "item", item=item.id)


def _shows(item: Item) -> bool:
    return item.outcome is not None and bool(item.outcome.tables or item.outcome.plots)


def _section(name: str) -> ReportPart:
    return ReportPart(name, "heading", level=1)


def _made(made: Made, item: int = 0) -> ReportPart:
    return ReportPart(f"{made}{item or ''}", "made", item=item, made=made)


def _usually_shown(part: ReportPart, beside: set[int]) -> bool:
    """What nobody chose: all but equations, and models that stand side by side in a table."""
    return part.made != "equations" and not (part.kind == "item" and part.item in beside)


def _side_by_side(document: Document, part: ReportPart) -> str:
    models = models_beside(document, part)
    numbers = [m.number for m in models]
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return f"Models {numbers[0]} to {numbers[-1]} side by side"
    return f"Models {enumerated([str(n) for n in numbers])} side by side"


# --- the plan and the results together ----------------------------------------------------------------------
def _merged(document: Document, derived: tuple[ReportPart, ...]) -> list[ReportPart]:
    """The parts as stored, without those whose results are gone, and with those that came since at their places."""
    stored = document.report.parts
    if not stored:
        return list(derived)
    now = {p.name: p for p in derived}
    out = [p for p in stored if p.name in now or (p.own and _alive(document, p))]
    there = {p.name for p in out}
    for k, part in enumerate(derived):
        if part.name in there:
            continue
        before = next((q.name for q in reversed(derived[:k]) if q.name in there), None)
        at = 0 if before is None else _place(out, before) + 1
        out.insert(at, part)
        there.add(part.name)
    return out


def _alive(document: Document, part: ReportPart) -> bool:
    """True where what a part that was added or changed speaks of is still there."""
    if part.item:
        return document.item(part.item) is not None
    if part.made == "models":
        return bool(models_beside(document, part))
    return part.kind in ("heading", "text") and part.name not in SECTIONS


def _stored(document: Document) -> tuple[ReportPart, ...]:
    """The parts as a plan stores them: what nobody chose stays open."""
    return tuple(_merged(document, _derived(document)))


def _with(document: Document, parts: Iterable[ReportPart]) -> Document:
    new = tuple(parts)
    return document if new == _stored(document) else replace(document, report=replace(document.report, parts=new))


def _place(parts: Sequence[ReportPart], name: str) -> int:
    for k, part in enumerate(parts):
        if part.name == name:
            return k
    raise DataError(
        f"The report has no part {name}.", code="no-such-part", subject=name,
        advice="For the names of its parts, use report parts.",
    )  # fmt: skip


def _one(parts: Sequence[ReportPart], name: str) -> tuple[ReportPart]:
    return (parts[_place(parts, name)],)


def _spot(parts: Sequence[ReportPart], spot: Spot) -> int:
    if spot.first:
        return 0
    if spot.after:
        return _place(parts, spot.after) + 1
    return _place(parts, spot.before) if spot.before else len(parts)


def _free_name(parts: Sequence[ReportPart], kind: str) -> str:
    taken = {p.name for p in parts}
    number = 1
    while f"{kind}{number}" in taken:
        number += 1
    return f"{kind}{number}"


def made_of(made: Made, item: Item) -> ReportPart:
    """The part that the program makes of a model, as its user adds it."""
    assert made in OF_MODEL
    return ReportPart(f"{made}{item.id}", "made", item=item.id, made=made)
