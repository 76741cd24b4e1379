"""Options that every graph takes: titles, axes, reference lines, legend, panels, names and files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from terrace.errors import CommandError
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.numlist import parse_numlist
from terrace.language.grammar.options import Option, match_options, rules, scan_options
from terrace.language.grammar.tokens import NAME, Piece, split, unquoted, words
from terrace.language.graphs.looks import color, pattern
from terrace.language.mixed_options import argument, number

_WITHOUT_EFFECT = (
    "scheme graphr:egion plotr:egion aspect:ratio bgcolor play text ytic:k xtic:k ymti:ck xmti:ck ymla:bel "
    "xmla:bel scale imargin t1title t2title b1title b2title l1title l2title r1title r2title"
)
GRAPH_RULES = rules(
    "nodraw",
    "ti:tle sub:title note cap:tion xti:tle yti:tle xla:bel yla:bel xsc:ale ysc:ale xli:ne yli:ne leg:end by name "
    "saving xsiz:e ysiz:e yaxis xaxis " + _WITHOUT_EFFECT,
)
WITHOUT_EFFECT = frozenset(_WITHOUT_EFFECT.replace(":", "").split())


@dataclass(frozen=True, slots=True)
class Typed:
    """An option with the full name that its rules gave it."""

    name: str
    option: Option


@dataclass(frozen=True, slots=True)
class Rule:
    """Reference lines at ``values``, with what was asked of their looks."""

    values: tuple[float, ...]
    color: str = ""
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class AxisOptions:
    """One axis as asked for. ``title`` None leaves it to the variable, ``at`` None leaves the ticks to the plot.

    ``texts`` label single positions; ``count`` asks for about so many ticks; ``value_labels`` None leaves to
    the variable whether its value labels stand at the ticks.
    """

    title: str | None = None
    at: tuple[float, ...] | None = None
    texts: tuple[tuple[float, str], ...] = ()
    count: int | None = None
    value_labels: bool | None = None
    range_: tuple[float, float] | None = None
    log: bool = False
    reverse: bool = False
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Legend:
    """``shown`` None leaves it to the plot; ``order`` None takes all keys; ``labels`` are by key, from 1."""

    shown: bool | None = None
    order: tuple[int, ...] | None = None
    labels: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class By:
    """Panels by the values of variables. ``free`` holds the axes (``x``, ``y``) of a scale of their own."""

    names: tuple[str, ...]
    missing: bool = False
    total: bool = False
    columns: int | None = None
    rows: int | None = None
    free: str = ""


@dataclass(frozen=True, slots=True)
class GraphOptions:
    """What holds for a graph as a whole; ``size`` is in inches, ``ignored`` names options without effect."""

    title: str | None = None
    subtitle: str = ""
    note: str = ""
    x: AxisOptions = AxisOptions()
    y: AxisOptions = AxisOptions()
    legend: Legend = Legend()
    by: By | None = None
    name: str = ""
    name_replace: bool = False
    name_piece: Piece | None = None
    saving: Piece | None = None
    saving_replace: bool = False
    size: tuple[float | None, float | None] = (None, None)
    draw: bool = True
    ignored: tuple[str, ...] = ()

    def kept(self) -> dict[str, str]:
        """What a plot carries along for whoever writes it: its size, as ``6x4`` with gaps."""
        width, height = self.size
        return {"size": f"{width or ''}x{height or ''}"} if width or height else {}


def read_options(typed: Sequence[Typed], variables: Sequence[str]) -> GraphOptions:
    """The options of a graph; of one given twice the last counts, reference lines and legends add up.

    Raises `CommandError` at what cannot be read, and at a second axis, which there is not.
    """
    out = GraphOptions()
    for item in typed:
        out = _read(out, item.name, item.option, variables)
    return out


def _read(out: GraphOptions, name: str, option: Option, variables: Sequence[str]) -> GraphOptions:
    if name in WITHOUT_EFFECT:
        return replace(out, ignored=(*out.ignored, name))
    if name == "nodraw":
        return replace(out, draw=False)
    if name in ("xaxis", "yaxis"):
        if option.value != "1":
            raise option.piece.error("There is only one axis on each side.", code="no-second-axis", subject=name)
        return out
    if name in ("title", "subtitle", "note", "caption"):
        text = read_text(option)
        if name in ("note", "caption"):
            return replace(out, note="\n".join(t for t in (out.note, text) if t))
        return out if text is None else replace(out, title=text) if name == "title" else replace(out, subtitle=text)
    if name[0] in "xy" and name[1:] in ("title", "label", "scale", "line"):
        axis = out.x if name[0] == "x" else out.y
        read = {"title": _title, "label": _labels, "scale": _scale, "line": _lines}[name[1:]]
        changed = read(axis, option)
        return replace(out, x=changed) if name[0] == "x" else replace(out, y=changed)
    if name in ("xsize", "ysize"):
        inches = min(40.0, number(option, least=1))
        return replace(out, size=(inches, out.size[1]) if name == "xsize" else (out.size[0], inches))
    if name == "legend":
        return replace(out, legend=read_legend(out.legend, option))
    if name == "by":
        return _by(out, option, variables)
    if name == "name":
        what, more = _with_replace(option)
        if not NAME.fullmatch(str(what)):
            raise what.error("A graph name uses letters, digits and _.", code="bad-name", subject=str(what))
        return replace(out, name=str(what), name_replace=more, name_piece=what)
    assert name == "saving", name
    what, more = _with_replace(option)
    return replace(out, saving=what, saving_replace=more)


def read_text(option: Option) -> str | None:
    """The text of a title: strings on a line each, or plain words; None where there are suboptions only."""
    piece = Piece("", 0, 0) if option.argument is None else option.argument.strip()
    parts = split(piece, ",")
    body = parts[0].strip()
    if len(parts) > 1 and not _quoted(body):
        try:  # what follows the comma are options, or the comma belongs to the title
            scan_options(piece.at(parts[1].start, piece.end))
        except CommandError:
            body = piece
    if not str(body):
        return None if len(parts) > 1 else ""
    items = words(body)
    return "\n".join(map(unquoted, items)) if all(map(_quoted, items)) else str(body)


def _quoted(piece: Piece) -> bool:
    return str(piece).startswith(('"', '`"'))


def _with_replace(option: Option) -> tuple[Piece, bool]:
    parts = split(argument(option), ",")
    rest = [str(w) for p in parts[1:] for w in words(p)]
    return parts[0].strip(), "replace" in rest


# --- axes -------------------------------------------------------------------------------------------------
def _title(axis: AxisOptions, option: Option) -> AxisOptions:
    text = read_text(option)
    return axis if text is None else replace(axis, title=text)


def _labels(axis: AxisOptions, option: Option) -> AxisOptions:
    """``0(10)50``, ``1 "low" 2 "high"``, ``#5``, ``minmax``, ``none``; after the comma what they look like."""
    piece = argument(option)
    parts = split(piece, ",")
    body = parts[0].strip()
    known = rules(
        "val:uelabel noval:uelabel grid nogrid gmin nogmin gmax nogmax gex:tend tick noticks nolab:els norescale "
        "add axis alt:ernate labgap",
        "ang:le labs:ize labc:olor f:ormat tl:ength tp:osition tlc:olor tlw:idth labg:ap gl:attern glc:olor glw:idth "
        "glp:attern custom",
    )
    options = match_options(piece.at(parts[1].start, piece.end), known, option.name) if len(parts) > 1 else {}
    if "valuelabel" in options:
        axis = replace(axis, value_labels=True)
    elif "novaluelabel" in options:
        axis = replace(axis, value_labels=False)
    text = str(body)
    if not text:
        return axis
    if text in ("none", "."):
        return replace(axis, at=(), texts=())
    if re.fullmatch(r"##?\d+", text):
        return replace(axis, count=int(text.lstrip("#")), at=None)
    if text == "minmax":
        return replace(axis, count=0, at=None)
    at: list[float] = []
    texts: list[tuple[float, str]] = []
    items = words(body)
    i = 0
    while i < len(items):
        if _quoted(items[i]):
            if not at:
                raise items[i].error("Write each label after its number.", code="bad-option-value")
            texts.append((at[-1], unquoted(items[i])))
            i += 1
            continue
        j = i
        while j < len(items) and not _quoted(items[j]):
            j += 1
        at += parse_numlist(piece.at(items[i].start, items[j - 1].end))
        i = j
    return replace(axis, at=tuple(dict.fromkeys(at)), texts=tuple(texts), count=None)


def _scale(axis: AxisOptions, option: Option) -> AxisOptions:
    known = rules("log nolog rev:erse norev:erse off on noline line alt fex:tend", "r:ange titleg:ap outerg:ap lc:olor")
    options = match_options(argument(option), known, option.name)
    if "range" in options:
        ends = parse_numlist(argument(options["range"]))
        axis = replace(axis, range_=(min(ends), max(ends)))
    return replace(axis, log=axis.log or "log" in options, reverse=axis.reverse or "reverse" in options)


def _lines(axis: AxisOptions, option: Option) -> AxisOptions:
    piece = argument(option)
    parts = split(piece, ",")
    known = rules("norescale noextend extend", "lc:olor lp:attern lw:idth lst:yle axis")
    options = match_options(piece.at(parts[1].start, piece.end), known, option.name) if len(parts) > 1 else {}
    rule = Rule(
        parse_numlist(parts[0].strip()),
        color(argument(options["lcolor"])) if "lcolor" in options else "",
        pattern(argument(options["lpattern"])) if "lpattern" in options else "",
    )
    return replace(axis, rules=(*axis.rules, rule))


# --- legend and panels ------------------------------------------------------------------------------------
def read_legend(legend: Legend, option: Option) -> Legend:
    """``off``, ``on``, ``order(2 1 "text")``, ``label(1 "text")``; where it stands and its size change nothing."""
    known = rules(
        "on off all colf:irst nocolf:irst stack nostack",
        "ord:er lab:el c:ols r:ows pos:ition ring bpl:acement size region ti:tle sub:title symx:size symy:size "
        "keyg:ap rowg:ap colg:ap holes sp:an bm:argin note cap:tion textw:idth forces:ize just:ification margin "
        "width height region",
    )
    given = [] if option.argument is None else scan_options(option.argument)
    for o in given:
        name = next(iter(match_options([o], known, "legend")))
        if name in ("on", "off"):
            legend = replace(legend, shown=name == "on")
        elif name == "label":
            numbered = _numbered(argument(o))
            labels = {**dict(legend.labels), **{k: t for k, t in numbered if t is not None}}
            legend = replace(legend, labels=tuple(labels.items()))
        elif name == "order":
            numbered = _numbered(argument(o))
            labels = {**dict(legend.labels), **{k: t for k, t in numbered if t is not None}}
            order = tuple(dict.fromkeys(k for k, _ in numbered))
            legend = replace(legend, order=order, labels=tuple(labels.items()))
    return legend


def _numbered(piece: Piece) -> list[tuple[int, str | None]]:
    """``1 "text" 2 3 "text" "second line"``; a gap (``-``) is passed over with its text."""
    out: list[tuple[int, str | None]] = []
    gap = False
    for item in words(piece):
        text = str(item)
        if _quoted(item):
            if gap:
                continue
            if not out:
                raise item.error("Write each text after the number of its "
                                 "key.", code="bad-option-value", subject="legend")
            key, before = out[-1]
            out[-1] = (key, unquoted(item) if before is None else f"{before}\n{unquoted(item)}")
        elif text == "-":
            gap = True
        elif text.isdigit() and int(text) > 0:
            gap = False
            out.append((int(text), None))
        else:
            raise item.error(f"{text!r} is not the number of a key.", code="bad-option-value", subject="legend")
    return out


def _by(out: GraphOptions, option: Option, variables: Sequence[str]) -> GraphOptions:
    piece = argument(option)
    parts = split(piece, ",")
    names = parse_names(parts[0], variables)
    if not names:
        raise option.piece.error("by() needs a variable.", code="option-argument", subject="by")
    known = rules(
        "miss:ing total resc:ale xresc:ale yresc:ale noresc:ale ixaxes iyaxes ixtitle iytitle ixlabel iylabel "
        "ixtick iytick com:pact colf:irst nocolf:irst norescale noedgelabel edgelabel ileg:end iscale",
        "c:ols r:ows ti:tle sub:title note cap:tion leg:end hol:es imargin iscale style scheme",
    )
    own: dict[str, Option] = {}
    if len(parts) > 1:
        own = match_options(piece.at(parts[1].start, piece.end), known, "by()")
    free = "xy" if "rescale" in own else "x" * ("xrescale" in own) + "y" * ("yrescale" in own)
    by = By(
        names, "missing" in own, "total" in own,
        columns=int(number(own["cols"], least=1, integer=True)) if "cols" in own else None,
        rows=int(number(own["rows"], least=1, integer=True)) if "rows" in own else None,
        free=free,
    )  # fmt: skip
    for name in ("title", "subtitle", "note", "legend"):
        if name in own:
            out = _read(out, name, own[name], variables)
    return replace(out, by=by)
