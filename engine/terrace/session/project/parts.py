"""`Project`: everything of a session that is kept, and the named parts that files hold of it.

``state.json``, ``document.json``, ``history.json``, ``undo.json`` and ``window.json`` lead to blobs. Each is read by
itself, and in it each item: a part that is damaged loses what it holds and nothing else, and what was lost is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from terrace.data.dataset import Dataset
from terrace.results.figure_look import FigureLook
from terrace.session.contract import Outcome
from terrace.session.document.items import Document, Item, Look
from terrace.session.document.report_plan import ReportPlan
from terrace.session.opened import Lost
from terrace.session.project.codec import (
    BROKEN,
    Decoder,
    Encoder,
    Json,
    Memory,
    Unknown,
    as_bytes,
    damaged_part,
    from_bytes,
    in_words,
)
from terrace.session.project.hints import members
from terrace.session.project.kinds import kinds, reading, writing
from terrace.session.project.migrations import FORM, migrated
from terrace.session.project.versions import compared
from terrace.session.project.work import mapping_json, origins_of, state_json, stored_members
from terrace.session.session import Session
from terrace.session.state import State
from terrace.session.steps import Step
from terrace.version import __version__

Put = Callable[[str, bytes], None]
Get = Callable[[str], bytes]
UNDO_BYTES = 64 << 20
"""How much the steps that can be undone may add to a file; the oldest are left out."""


@dataclass(frozen=True)
class Project:
    """The work of one window. ``drafts`` and ``layout`` are JSON of the window's own, which nobody else reads.

    ``sources`` are the files that data came from, with their SHA-256 where it is known. ``program`` is the version
    that wrote it. ``without_data`` says that the data were left out, ``source`` then where they are. ``left_out`` says
    that a later version has stored what this one does not know.
    """

    state: State = field(default_factory=State)
    history: tuple[Outcome, ...] = ()
    undo: tuple[Step, ...] = ()
    redo: tuple[Step, ...] = ()
    drafts: Mapping[str, Any] = field(default_factory=dict)
    layout: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[tuple[str, str], ...] = ()
    program: str = __version__
    without_data: bool = False
    source: str = ""
    left_out: bool = False

    @classmethod
    def of(cls, session: Session) -> Project:
        """What a session holds now; frozen, so that it can be stored while the session goes on."""
        data = [d for d in datasets_of(session.state) if d.source]
        sources = tuple(dict.fromkeys((d.source, d.sha256) for d in data))
        source = data[0].source if data else ""
        history, undo, redo = session.whole()
        return cls(
            session.state, tuple(o for o in history if "project" not in o.payload), undo, redo,
            dict(session.drafts), dict(session.layout), sources, source=source,
        )  # fmt: skip

    @property
    def is_trivial(self) -> bool:
        """True where nothing would be lost that one command would not bring back: at most data were opened."""
        from terrace.session.effects import Effect

        nothing = Effect.OPENS | Effect.RETURNS | Effect.BRIEF
        done = [o for o in self.history if o.ok and (o.effects & ~nothing or o.changed - {"data", "document"})]
        written = [i for i in self.state.document if i.kind != "data"]
        return not (done or written or self.drafts or self.state.document.title)


def datasets_of(state: State) -> Iterator[Dataset]:
    """The data that are open, and those that models were fitted to."""
    if state.dataset is not None:
        yield state.dataset
    yield from (i.data for i in state.document if i.data is not None)


# --- writing -----------------------------------------------------------------------------------------------
def write_parts(
    project: Project, put: Put, *, without_data: bool = False, memory: Memory | None = None
) -> dict[str, bytes]:
    """Hand the blobs of a project to ``put(name, content)`` as they are made; returns the parts that lead to them.

    `memory` has what was put before: that is not put again.
    """
    encoder = Encoder(
        kinds(), put, writing(without_data=without_data), memory, frozenset({Dataset}) if without_data else frozenset()
    )
    if without_data:  # a step of undo is made of the data that it goes back to
        project = replace(project, undo=(), redo=(), without_data=True, state=_without_data(project.state))
    about = {
        "form": FORM, "program": encoder(project.program), "without_data": project.without_data,
        "source": encoder(project.source), "sources": encoder(project.sources),
    }  # fmt: skip
    found: dict[str, Json] = {
        "state.json": state_json(encoder, project.state, stored_members()),
        "document.json": _document_json(encoder, project.state.document),
        "history.json": [{"command": encoder(o.command), "outcome": _or_short(encoder, o)} for o in project.history],
        # What no file can hold of the window must not keep work from being saved.
        "window.json": {
            "drafts": mapping_json(encoder, project.drafts), "layout": mapping_json(encoder, project.layout),
        },
    }
    before = set(encoder.used)
    found["undo.json"] = {
        "undo": _steps_json(encoder, project.undo, before), "redo": _steps_json(encoder, project.redo, before),
    }  # fmt: skip
    found["project.json"] = {**about, "blobs": sorted(encoder.used)}
    return {name: as_bytes(j) for name, j in found.items()}


def parts_of(project: Project, *, without_data: bool = False) -> dict[str, bytes]:
    """All parts of a project by name, in memory."""
    blobs: dict[str, bytes] = {}
    parts = write_parts(project, blobs.__setitem__, without_data=without_data)
    return {**parts, **blobs}


def _without_data(state: State) -> State:
    return replace(state, dataset=None, preserved=None, matrices={})


def _document_json(encoder: Encoder, document: Document) -> Json:
    items = [
        {
            "id": i.id, "kind": i.kind, "under": i.under, "number": i.number, "heading": encoder(i.heading),
            "item": _or_short(encoder, i),
        }
        for i in document
    ]  # fmt: skip
    return {
        "title": encoder(document.title), "look": encoder(document.look), "next": document.next_id, "items": items,
        "figure_style": encoder(document.figure_style),
        "report": encoder(document.report),
    }  # fmt: skip


def _or_short(encoder: Encoder, value: Outcome | Item) -> Json:
    """An outcome or an item; without what a command hands to programs beside it where no file can hold that.

    Where that is not all that no file can hold, its words stay: one result must not keep the others from being saved.
    """
    try:
        return encoder(value)
    except Unknown:
        outcome = value if isinstance(value, Outcome) else value.outcome
        if outcome is None:
            raise
    try:
        bare = replace(outcome, payload={})
        return encoder(bare if isinstance(value, Outcome) else replace(value, outcome=bare))
    except Unknown:
        words = _in_words(outcome)
        return encoder(words if isinstance(value, Outcome) else replace(value, outcome=words, data=None, more=None))


def _in_words(outcome: Outcome) -> Outcome:
    """What a command printed, without the tables, plots and fits that it came from."""
    return Outcome(outcome.command, outcome.type, outcome.status, outcome.elapsed, text=str(outcome.text),
                   error=outcome.error, warnings=outcome.warnings, number=outcome.number)  # fmt: skip


def _steps_json(encoder: Encoder, steps: Sequence[Step], before: set[str]) -> Json:
    """The newest steps, as many as do not add too much, the newest last."""
    out: list[Json] = []
    for step in reversed(steps):
        try:
            made = encoder(step)
        except Unknown:
            break
        out.append(made)
        if sum(encoder.memory.stored.get(name, 0) for name in encoder.used - before) > UNDO_BYTES:
            break
    return out[::-1]


# --- reading -----------------------------------------------------------------------------------------------
def read_parts(get: Get, *, names: Sequence[str] = ()) -> tuple[Project, tuple[Lost, ...]]:
    """The project that parts hold, and what was lost of it.

    ``get(name)`` gives a part and raises `DataError` where it is damaged; `names` are those that there are, by which
    results are found again where their order is lost. Raises `DataError` where there is no project at all, or one of
    a later form.
    """
    get = migrated(get)
    decoder = Decoder(kinds(), get, reading(), "project.json")
    lost: list[Lost] = []

    def each(what: str, read: Callable[[], Any], instead: Any) -> Any:
        try:
            return read()
        except BROKEN as error:
            lost.append(Lost(what, in_words(error)))
            return instead

    sources, program, without_data, source = _about(decoder, get)
    decoder.later = compared(program) > 0
    document = each("The results", lambda: _document(decoder, get, lost, names), Document())
    state = each("The data, and what commands had set", lambda: _state(decoder, get, lost), State())
    state = replace(state, document=document)
    origins = each("Which rows the models used", lambda: origins_of(decoder, _part(get, "state.json")["origins"]), {})
    history = each("The history of commands", lambda: _history(decoder, get, lost), ())
    undo, redo = each("The steps that could be undone", lambda: _undo(decoder, get, lost), ((), ()))
    kept = {
        name: each(what, lambda name=name: _mapping(decoder, get, name), {})  # type: ignore[misc]
        for name, what in (("drafts", "What was not finished"), ("layout", "How the window was set up"))
    }
    project = Project(
        replace(state, origins=origins), history, undo, redo, kept["drafts"], kept["layout"], sources, program,
        without_data, source, bool(decoder.skipped),
    )  # fmt: skip
    return project, tuple({found.what: found for found in reversed((*lost, *decoder.lost))}.values())[::-1]


def read_layout(get: Get) -> Mapping[str, Any]:
    """`Project.layout` alone, empty where its part is damaged."""
    try:
        return _mapping(Decoder(kinds(), get, reading(), "window.json"), get, "layout")
    except BROKEN:
        return {}


def _part(get: Get, name: str) -> Json:
    found = from_bytes(get(name), name)
    if not isinstance(found, dict | list):
        raise damaged_part(name, "it is not what was written")
    return found


def _about(decoder: Decoder, get: Get) -> tuple[tuple[tuple[str, str], ...], str, bool, str]:
    """The sources of a project, the program that wrote it, whether data were left out, and where these are."""
    about = _part(get, "project.json")
    try:
        return (decoder.read(about["sources"], tuple[tuple[str, str], ...]), decoder.read(about["program"], str),
                bool(about["without_data"]), decoder.read(about["source"], str))  # fmt: skip
    except (KeyError, TypeError) as error:
        raise damaged_part("project.json", "it is not what was written") from error


def _mapping(decoder: Decoder, get: Get, name: str) -> dict[str, Any]:
    decoder.part = "window.json"
    found: dict[str, Any] = decoder.read(_part(get, "window.json")[name], dict[str, Any])
    return found


def _state(decoder: Decoder, get: Get, lost: list[Lost]) -> State:
    content = _part(get, "state.json")
    decoder.part = "state.json"
    hints = members(State, decoder.kinds.classes)
    if decoder.later:
        decoder.skipped |= {f"State.{name}" for name in content["members"].keys() - hints.keys()}
    found: dict[str, Any] = {}
    for name in stored_members():
        try:
            if name in content["members"]:
                found[name] = decoder.read(content["members"][name], hints[name])
        except BROKEN as error:
            lost.append(Lost(_WORDS.get(name, name), in_words(error)))
    return State(**found)


_WORDS = {
    "dataset": "The data", "fit": "The active model", "stored": "The stored estimates", "graphs": "The graphs by name",
    "preserved": "The preserved data", "programs": "The programs that were defined", "margins": "The last margins",
    "posted": "The posted estimates", "tested": "The last test", "rng": "The state of the random numbers",
}  # fmt: skip


def _document(decoder: Decoder, get: Get, lost: list[Lost], names: Sequence[str]) -> Document:
    try:
        content = _part(get, "document.json")
    except BROKEN as error:
        lost.append(Lost("The order of the results", in_words(error)))
        return _gathered(decoder, names)
    decoder.part = "document.json"
    items: list[Item] = []
    for entry in content["items"]:
        what = decoder.read(entry["heading"], str) or _UNNAMED.get(entry["kind"], "A result")
        decoder.about = what
        try:
            items.append(_item(decoder, entry["item"]))
        except BROKEN as error:
            lost.append(Lost(what, in_words(error)))
            text = f"{what} in the file could not be read and is lost."
            items.append(Item(entry["id"], "note", title=f"Lost: {what}", under=entry["under"], text=text))
    decoder.about = ""
    style = content.get("figure_style")  # earlier versions had none, nor a report
    report = content.get("report")
    return Document(
        decoder.read(content["title"], str), tuple(items), decoder.read(content["look"], Look), content["next"],
        figure_style=FigureLook() if style is None else decoder.read(style, FigureLook),
        report=ReportPlan() if report is None else decoder.read(report, ReportPlan),
    )  # fmt: skip


_UNNAMED = {"note": "A note", "heading": "A heading", "model": "A model", "data": "A note on the data"}


def _item(decoder: Decoder, content: Json) -> Item:
    """An item, without its data where these are damaged: its results are there all the same."""
    name = content["b"]
    if name not in decoder.made:
        inner = from_bytes(decoder.get(name), name)
        if content["c"] != "Item" or inner["c"] != "Item":
            raise damaged_part(name, "it is not a result")
        values = dict(inner["v"])
        data = values.pop("data", None)
        given = {} if data is None else {"data": decoder.or_none(data, f"The data of {decoder.about or 'a model'}")}
        decoder.made[name] = decoder.instance(Item, values, **given)
    found: Item = decoder.made[name]
    return found


def _gathered(decoder: Decoder, names: Sequence[str]) -> Document:
    """The items that are found among the blobs, by the numbers that they were given."""
    found: dict[int, Item] = {}
    for name in names:
        if not name.endswith(".json"):
            continue
        try:
            if decoder.get(name)[:18] == b'{"~":"d","c":"Item':
                item = _item(decoder, {"~": "r", "c": "Item", "b": name})
                found.setdefault(item.id, item)
        except BROKEN:
            continue
    items = [found[k] for k in sorted(found)]
    there = {i.id for i in items}
    ordered: list[Item] = []
    for item in items:
        if item.under in there and item.under < item.id:
            continue
        ordered += [replace(item, under=0), *(i for i in items if i.under == item.id and i.id > item.id)]
    return Document("", tuple(ordered), next_id=max(there, default=0) + 1)


def _history(decoder: Decoder, get: Get, lost: list[Lost]) -> tuple[Outcome, ...]:
    content = _part(get, "history.json")
    decoder.part = "history.json"
    out: list[Outcome] = []
    gone: list[Lost] = []
    for entry in content:
        try:
            out.append(decoder.read(entry["outcome"], Outcome))
        except BROKEN as error:
            command = decoder.read(entry["command"], str)
            gone.append(Lost(f"In the history, what {command} showed", in_words(error)))
            out.append(Outcome(command, "", "ok", 0.0, text="What this command showed is lost."))
    lost += gone if len(gone) < 2 else [Lost(f"In the history, what {len(gone)} commands showed", gone[0].why)]
    return tuple(out)


def _undo(decoder: Decoder, get: Get, lost: list[Lost]) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    content = _part(get, "undo.json")
    decoder.part, decoder.in_part = "undo.json", False  # a step of which less came back would change the data
    both: list[tuple[Step, ...]] = []
    for name in ("undo", "redo"):
        steps: list[Step] = []
        for entry in reversed(content[name]):
            try:
                steps.append(decoder.read(entry, Step))
            except BROKEN as error:
                done = "undone" if name == "undo" else "done again"
                lost.append(Lost(f"Older steps that could be {done}", in_words(error)))
                break
        both.append(tuple(steps[::-1]))
    return both[0], both[1]
