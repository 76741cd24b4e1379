"""The grammar of graph commands: overlays, their plots, histograms and boxes, as frozen specifications.

``scatter y x if a, opts || lfit y x ||, opts`` and ``twoway (scatter y x if a, opts) (lfit y x), opts`` mean the
same: layers, each with its own rows and looks, and one set of options for the graph as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from terrace.language.clauses import Clauses, Weighting, split_clauses
from terrace.language.graphs_looks import LOOK_RULES, Look, read_look
from terrace.language.graphs_options import GRAPH_RULES, GraphOptions, Typed, read_options
from terrace.language.mixed_options import argument, number
from terrace.language.names import Names, parse_names
from terrace.language.numlist import parse_numlist
from terrace.language.options import Option, OptionRule, choice, match_option, rules, scan_options
from terrace.language.tokens import NAME, Piece, closing, split, words

T = TypeVar("T")
PLOT_TYPES = "sc:atter line con:nected lfit lfitci qfit qfitci"
FITS = ("lfit", "lfitci", "qfit", "qfitci")
CONNECTS = {
    **dict.fromkeys(("none", "i"), "none"),
    **dict.fromkeys(("direct", "l"), "direct"),
    **dict.fromkeys(("ascending", "L"), "ascending"),
    **dict.fromkeys(("stairstep", "J"), "stairstep"),
    **dict.fromkeys(("stepstair",), "stepstair"),
}
_POINT_RULES = rules("", "c:onnect cmis:sing jitter jitterseed mlab:el", "sort")
_FIT_RULES = rules("stdp stdf nofit atobs", "l:evel range n")
_HISTOGRAM_RULES = rules("den:sity fraction freq:uency percent norm:al disc:rete", "bin w:idth start")
_BOX_RULES = rules("noout:sides asc:ategory", "over")


@dataclass(frozen=True, slots=True)
class Layer:
    """One plot of an overlay: what is drawn over what, of which rows, and how.

    ``connect``, ``breaks`` and ``looks`` have one entry a y variable; ``breaks`` tells that missing values break
    a line. ``sort`` names the variables to sort by, () for x, None for the order of the data. ``level`` and
    ``forecast`` belong to bands of fits, ``range_`` are the ends of a fitted curve.
    """

    kind: str
    y: tuple[str, ...]
    x: str
    clauses: Clauses
    looks: tuple[Look, ...]
    connect: tuple[str, ...] = ()
    breaks: tuple[bool, ...] = ()
    sort: tuple[str, ...] | None = None
    jitter: float = 0.0
    jitter_seed: int = 1
    labels: str | None = None
    level: float | None = None
    forecast: bool = False
    line: bool = True
    range_: tuple[float, float] | None = None

    @property
    def weight(self) -> Weighting | None:
        """The weight of its rows."""
        return self.clauses.weight

    @property
    def condition(self) -> str:
        """Its own ``if``, as typed; empty where it has none."""
        return "" if self.clauses.condition is None else str(self.clauses.condition)


@dataclass(frozen=True, slots=True)
class Twoway:
    """Layers over each other. ``clauses`` hold the ``if`` and ``in`` that count for all of them."""

    layers: tuple[Layer, ...]
    clauses: Clauses
    options: GraphOptions


@dataclass(frozen=True, slots=True)
class Histogram:
    """``scale`` is ``density``, ``fraction``, ``frequency`` or ``percent``; None is left to the data."""

    name: str
    clauses: Clauses
    options: GraphOptions
    look: Look
    scale: str = "density"
    bins: int | None = None
    width: float | None = None
    start: float | None = None
    discrete: bool = False
    normal: bool = False


@dataclass(frozen=True, slots=True)
class Boxes:
    """``over`` are grouping variables, the innermost first."""

    names: tuple[str, ...]
    clauses: Clauses
    options: GraphOptions
    over: tuple[str, ...] = ()
    outside: bool = True


def parse_twoway(piece: Piece, variables: Sequence[str], kind: str = "") -> Twoway:
    """The overlay that follows ``twoway``, or that follows the name of its first plot type (`kind`).

    Raises `CommandError` where it cannot be read or names what is not there.
    """
    reader = _Overlay(variables)
    for i, segment in enumerate(split(piece, "||")):
        reader.segment(segment.strip(), kind if i == 0 else "")
    if not reader.layers:
        raise piece.error(
            "There is nothing to draw.", code="no-plot", advice="Write twoway (scatter y x), or scatter y x."
        )
    nothing = piece.at(piece.end, piece.end)
    return Twoway(
        tuple(reader.layers),
        reader.clauses or Clauses(nothing, nothing),
        read_options(reader.typed, variables),
    )


class _Overlay:
    """One pass over the segments between ``||``; ``typed`` gathers the options of the graph as a whole."""

    def __init__(self, variables: Sequence[str]) -> None:
        self.variables = variables
        self.names = Names(variables)
        self.layers: list[Layer] = []
        self.typed: list[Typed] = []
        self.clauses: Clauses | None = None

    def segment(self, piece: Piece, kind: str) -> None:
        text = str(piece)
        if kind:
            self.layers.append(self.layer(kind, piece))
        elif text.startswith("("):
            self.groups(piece)
        elif not text:
            return
        elif text.startswith(",") or _first_word(piece) in ("if", "in"):
            self.whole(piece)
        else:
            found = NAME.match(piece.source, piece.start, piece.end)
            word = piece.at(piece.start, found.end() if found else piece.start + 1)
            self.layers.append(self.layer(plot_type(word), piece.after(word.end)))

    def groups(self, piece: Piece) -> None:
        """``(plot) (plot) ... [if] [in] [, options]``"""
        while str(piece).startswith("("):
            stop = closing(piece, piece.start)
            before = len(self.layers)
            for inner in split(piece.at(piece.start + 1, stop), "||"):
                self.segment(inner.strip(), "")
            if len(self.layers) == before:
                raise piece.at(piece.start, stop + 1).error("There is no plot in these parentheses.", code="no-plot")
            piece = piece.after(stop + 1).strip()
        if piece:
            self.whole(piece)

    def whole(self, piece: Piece) -> None:
        """What counts for all layers."""
        clauses = split_clauses(piece, using=False)
        if clauses.body:
            raise clauses.body.error(
                f"{str(clauses.body)!r} was not expected here.",
                code="syntax",
                advice="A plot stands in parentheses, or between ||.",
            )
        if clauses.weight is not None:
            raise clauses.weight.piece.error(
                "A weight belongs to one plot.", code="weight", advice="Put it inside the parentheses."
            )
        if clauses.condition is not None or clauses.range_ is not None:
            if self.clauses is not None:
                raise piece.error("There are two if or in clauses for the whole graph.", code="twice")
            self.clauses = clauses
        self.typed += [_typed(o, GRAPH_RULES, "twoway") for o in scan_options(clauses.options)]

    def layer(self, kind: str, piece: Piece) -> Layer:
        clauses = split_clauses(piece, using=False)
        named = [n for item in words(clauses.body) for n in self.names.expand(item)]
        if len(named) < 2 or (kind in FITS and len(named) > 2):
            raise (clauses.body or piece).error(
                f"{kind} needs a y variable and an x variable{'' if kind in FITS else ', in this order'}.",
                code="variables",
                advice=f"Write {kind} y x.",
            )
        own_rules = _FIT_RULES if kind in FITS else _POINT_RULES
        known = (*own_rules, *LOOK_RULES, *GRAPH_RULES)
        of_graph = {r.name for r in GRAPH_RULES}
        own: dict[str, Option] = {}
        for option in scan_options(clauses.options):
            typed = _typed(option, known, kind)
            if typed.name in of_graph:
                self.typed.append(typed)
            else:
                own[typed.name] = Option(typed.name, option.piece, option.argument)
        y, x = tuple(named[:-1]), named[-1]
        looks = read_look(own, len(y))
        common = Layer(kind, y, x, clauses, looks)
        return self._fit(common, own) if kind in FITS else self._points(common, own)

    def _points(self, layer: Layer, own: dict[str, Option]) -> Layer:
        count = len(layer.y)
        usual = "none" if layer.kind == "scatter" else "direct"
        connect = _per_variable(own.get("connect"), count, usual, _connect)
        breaks = _per_variable(own.get("cmissing"), count, False, _cmissing)
        sort: tuple[str, ...] | None = None
        if "sort" in own:
            given = own["sort"].argument
            sort = () if given is None else parse_names(given, self.variables)
        return Layer(
            layer.kind, layer.y, layer.x, layer.clauses, layer.looks, connect, breaks, sort,
            jitter=number(own["jitter"], least=0) if "jitter" in own else 0.0,
            jitter_seed=int(number(own["jitterseed"], integer=True)) if "jitterseed" in own else 1,
            labels=self.names.one(argument(own["mlabel"])) if "mlabel" in own else None,
        )  # fmt: skip

    def _fit(self, layer: Layer, own: dict[str, Option]) -> Layer:
        range_ = None
        if "range" in own:
            ends = parse_numlist(argument(own["range"]))
            if len(ends) != 2 or ends[0] >= ends[1]:
                raise own["range"].piece.error("range() takes two numbers, the smaller first.", code="bad-option-value")
            range_ = (ends[0], ends[1])
        level = None
        if "level" in own:
            level = number(own["level"])
            if not 10 <= level <= 99.99:
                raise own["level"].piece.error("A confidence level lies between 10 and 99.99.", code="bad-option-value")
        return Layer(
            layer.kind, layer.y, layer.x, layer.clauses, layer.looks,
            level=level, forecast="stdf" in own, line="nofit" not in own, range_=range_,
        )  # fmt: skip


def plot_type(word: Piece) -> str:
    """The plot type that a word means. Raises `CommandError` with those that there are."""
    return choice(word, str(word), PLOT_TYPES, "a plot type", subject=str(word), code="no-such-plot")


def parse_histogram(piece: Piece, variables: Sequence[str]) -> Histogram:
    """What follows ``histogram``. Raises `CommandError` where it cannot be read."""
    clauses = split_clauses(piece, using=False)
    name = Names(variables).one(clauses.body)
    own, options = split_options(clauses.options, (*_HISTOGRAM_RULES, *LOOK_RULES), variables, "histogram")
    scales = [s for s in ("density", "fraction", "frequency", "percent") if s in own]
    if len(scales) > 1:
        raise own[scales[1]].piece.error(
            f"{scales[0]} and {scales[1]} cannot stand together.", code="options-exclude", advice="Keep one of them."
        )
    for one, other in (("bin", "width"), ("discrete", "bin")):
        if one in own and other in own:
            raise own[other].piece.error(
                f"{one} and {other} cannot stand together.", code="options-exclude", advice="Keep one of them."
            )
    return Histogram(
        name, clauses, options, read_look(own, 1)[0],
        scale=scales[0] if scales else "density",
        bins=int(number(own["bin"], least=1, integer=True)) if "bin" in own else None,
        width=_positive(own["width"]) if "width" in own else None,
        start=number(own["start"], least=-math.inf) if "start" in own else None,
        discrete="discrete" in own,
        normal="normal" in own,
    )  # fmt: skip


def parse_boxes(piece: Piece, variables: Sequence[str]) -> Boxes:
    """What follows ``graph box``. Raises `CommandError` where it cannot be read."""
    clauses = split_clauses(piece, using=False)
    names = parse_names(clauses.body, variables)
    if not names:
        raise piece.error("graph box needs a variable.", code="variables", advice="Write graph box y, over(g).")
    given = scan_options(clauses.options)
    over = [o for o in given if _typed(o, (*_BOX_RULES, *LOOK_RULES, *GRAPH_RULES), "graph box").name == "over"]
    rest = [o for o in given if o not in over]
    own, options = split_options(rest, (*_BOX_RULES, *LOOK_RULES), variables, "graph box")
    groups = tuple(Names(variables).one(split(argument(o), ",")[0]) for o in over)
    return Boxes(names, clauses, options, groups, "nooutsides" not in own)


def split_options(
    given: Piece | Sequence[Option], known: Sequence[OptionRule], variables: Sequence[str], where: str
) -> tuple[dict[str, Option], GraphOptions]:
    """The options of a command itself, by their full names, and those that every graph takes.

    Raises `CommandError` where an option is neither.
    """
    if isinstance(given, Piece):
        given = scan_options(given)
    of_graph = {r.name for r in GRAPH_RULES}
    own: dict[str, Option] = {}
    typed: list[Typed] = []
    for option in given:
        found = _typed(option, (*known, *GRAPH_RULES), where)
        if found.name in of_graph:
            typed.append(found)
        else:
            own[found.name] = Option(found.name, option.piece, option.argument)
    return own, read_options(typed, variables)


def _typed(option: Option, known: Sequence[OptionRule], where: str) -> Typed:
    return Typed(match_option(option, known, where).name, option)


def _first_word(piece: Piece) -> str:
    found = NAME.match(piece.source, piece.start, piece.end)
    return found.group() if found else ""


def _per_variable(option: Option | None, count: int, usual: T, read: Callable[[Piece, T], T]) -> tuple[T, ...]:
    """One value a y variable; where the list is shorter, its last value counts for the rest."""
    if option is None:
        return (usual,) * count
    values = [read(item, usual) for item in words(argument(option))]
    if len(values) > count:
        raise option.piece.error(f"There are {len(values)} values for {count} y variables.", code="bad-option-value")
    return tuple(values + values[-1:] * (count - len(values)))


def _connect(item: Piece, usual: str) -> str:
    text = str(item)
    if text == ".":
        return usual
    known = CONNECTS.get(text) or next(
        (v for k, v in CONNECTS.items() if len(text) > 1 and k.startswith(text.lower())), None
    )
    if known is None:
        raise item.error(
            f"{text!r} does not say how to connect points.",
            code="bad-option-value",
            subject="connect",
            advice="Use direct (l), ascending (L), stairstep (J), stepstair or none (i).",
        )
    return known


def _cmissing(item: Piece, usual: bool) -> bool:
    if str(item) not in ("y", "n"):
        raise item.error("cmissing() takes y or n.", code="bad-option-value", subject="cmissing")
    return str(item) == "n"


def _positive(option: Option) -> float:
    value = number(option, least=0)
    if value == 0:
        raise option.piece.error(f"{option.name}() must be larger than 0.", code="bad-option-value")
    return value
