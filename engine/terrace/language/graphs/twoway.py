"""The grammar of graph commands: overlays, their plots, histograms and boxes, as frozen specifications.

``scatter y x if a, opts || lfit y x ||, opts`` and ``twoway (scatter y x if a, opts) (lfit y x), opts`` mean the
same: layers, each with its own rows and looks, and one set of options for the graph as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from terrace.language.expressions.tree import Expression
from terrace.language.grammar.clauses import Clauses, Weighting, split_clauses
from terrace.language.grammar.names import Names, join_ranges, parse_names
from terrace.language.grammar.numlist import parse_numlist
from terrace.language.grammar.options import Option, OptionRule, choice, match_option, rules, scan_options
from terrace.language.grammar.tokens import NAME, Piece, closing, split, unquoted, words
from terrace.language.graphs.looks import LOOK_RULES, Look, color, read_look
from terrace.language.graphs.options import GRAPH_RULES, GraphOptions, Typed, read_options
from terrace.language.mixed_options import argument, number
from terrace.wording import plural

T = TypeVar("T")
PLOT_TYPES = (
    "sc:atter line con:nected lfit lfitci qfit qfitci area bar spike dropline rarea rbar rspike rcap rline rscatter "
    "lowess function kden:sity hist:ogram scatteri"
)
UPRIGHT = ("area", "bar", "spike", "dropline")
"""Plots of a y variable that stand on a base line."""
RANGES = ("rarea", "rbar", "rspike", "rcap", "rline", "rscatter")
"""Plots of what lies between two y variables."""
CURVES = ("lowess", "function", "kdensity", "histogram", "scatteri")
"""Plots that are worked out from the values of a variable, from an expression or from numbers."""
KERNELS = "ep:anechnikov epan2 bi:weight cos:ine gau:ssian par:zen rec:tangle tri:angle"
FITS = ("lfit", "lfitci", "qfit", "qfitci")
CONNECTS = {
    **dict.fromkeys(("none", "i"), "none"),
    **dict.fromkeys(("direct", "l"), "direct"),
    **dict.fromkeys(("ascending", "L"), "ascending"),
    **dict.fromkeys(("stairstep", "J"), "stairstep"),
    **dict.fromkeys(("stepstair",), "stepstair"),
}
_POINT_RULES = rules("", "c:onnect cmis:sing jitter jitterseed mlab:el mlabp:osition", "sort")
_FIT_RULES = rules("stdp stdf nofit atobs", "l:evel range n")
_HISTOGRAM_RULES = rules(
    "den:sity fraction freq:uency percent norm:al disc:rete kden:sity gap addl:abels",
    "bin w:idth start normopts kdenopts",
)
_UPRIGHT_RULES = rules("vert:ical hor:izontal", "base barw:idth cmis:sing c:onnect", "sort")
_RANGE_RULES = rules("vert:ical hor:izontal", "barw:idth cmis:sing", "sort")
_CURVE_RULES = {
    "lowess": rules("mean nowe:ight log:it a:djust", "bw:idth"),
    "function": rules("", "r:ange n"),
    "kdensity": rules("", "k:ernel bw:idth n r:ange"),
    "histogram": rules("den:sity fraction freq:uency percent disc:rete", "bin w:idth start"),
    "scatteri": rules(),
}
_BOX_RULES = rules("noout:sides asc:ategory medtype", "over box marker")


@dataclass(frozen=True, slots=True)
class Layer:
    """One plot of an overlay: what is drawn over what, of which rows, and how.

    ``connect``, ``breaks`` and ``looks`` have one entry a y variable; ``breaks`` tells that missing values break
    a line. ``sort`` names the variables to sort by, () for x, None for the order of the data. ``level`` and
    ``forecast`` belong to bands of fits, ``range_`` are the ends of a curve. ``base`` is where bars and areas stand,
    ``bar_width`` is in units of x; ``bandwidth`` and ``kernel`` belong to smooth curves, ``expression`` is that of a
    function of x, ``bins`` what a histogram was asked for, ``places`` are points (y, x, label) given as numbers.
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
    labels_at: str = "right"
    level: float | None = None
    forecast: bool = False
    line: bool = True
    range_: tuple[float, float] | None = None
    base: float = 0.0
    bar_width: float | None = None
    bandwidth: float | None = None
    kernel: str = "epanechnikov"
    expression: Expression | None = None
    bins: Histogram | None = None
    places: tuple[tuple[float, float, str], ...] = ()

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
    smooth: bool = False
    labelled: bool = False


@dataclass(frozen=True, slots=True)
class Boxes:
    """``over`` are grouping variables, the innermost first."""

    names: tuple[str, ...]
    clauses: Clauses
    options: GraphOptions
    over: tuple[str, ...] = ()
    outside: bool = True
    horizontal: bool = False
    colors: tuple[tuple[int, str], ...] = ()


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
                advice="Put each plot in parentheses, or between ||.",
            )
        if clauses.weight is not None:
            raise clauses.weight.piece.error(
                "A weight applies to one plot.", code="weight", advice="Put it inside the parentheses."
            )
        if clauses.condition is not None or clauses.range_ is not None:
            if self.clauses is not None:
                raise piece.error("There are two if or in clauses for the whole graph.", code="twice")
            self.clauses = clauses
        self.typed += [_typed(o, GRAPH_RULES, "twoway") for o in scan_options(clauses.options)]

    def layer(self, kind: str, piece: Piece) -> Layer:
        clauses = split_clauses(piece, using=False)
        if kind in CURVES and kind != "lowess":
            return self._curve(kind, clauses)
        named = [n for item in join_ranges(words(clauses.body)) for n in self.names.expand(item)]
        most = 3 if kind in RANGES else 2 if kind in (*FITS, *UPRIGHT, "lowess") else len(named)
        if len(named) < (3 if kind in RANGES else 2) or len(named) > most:
            raise (clauses.body or piece).error(
                f"{kind} needs {'two y variables' if kind in RANGES else 'a y variable'} and an x variable"
                f"{'' if kind in FITS else ', in this order'}.",
                code="variables",
                advice=f"Write {kind} {'low high' if kind in RANGES else 'y'} x.",
            )
        own_rules = (
            _FIT_RULES if kind in FITS else _UPRIGHT_RULES if kind in UPRIGHT else _RANGE_RULES if kind in RANGES
            else _CURVE_RULES[kind] if kind in CURVES else _POINT_RULES
        )  # fmt: skip
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
        if kind in FITS:
            return self._fit(common, own)
        if kind in (*UPRIGHT, *RANGES):
            return self._upright(common, own)
        return self._smooth(common, own) if kind == "lowess" else self._points(common, own)

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
            labels_at=_clock(own["mlabposition"]) if "mlabposition" in own else "right",
        )  # fmt: skip

    def _upright(self, layer: Layer, own: dict[str, Option]) -> Layer:
        if "horizontal" in own:
            raise own["horizontal"].piece.error(
                f"{layer.kind} is drawn upright here.", code="no-horizontal", advice="graph hbar and hbox lie down."
            )
        sort: tuple[str, ...] | None = () if layer.kind in ("area", "rarea", "rline") else None
        if own.get("sort") is not None and own["sort"].argument is not None:
            sort = parse_names(own["sort"].argument, self.variables)
        return replace(
            layer,
            sort=sort,
            connect=("direct",) * len(layer.y),
            breaks=(False,) * len(layer.y),
            base=number(own["base"], least=-math.inf) if "base" in own else 0.0,
            bar_width=_positive(own["barwidth"]) if "barwidth" in own else None,
        )

    def _smooth(self, layer: Layer, own: dict[str, Option]) -> Layer:
        for name in ("logit", "adjust", "noweight", "mean"):
            if name in own:
                raise own[name].piece.error(f"lowess has no {name} here.", code="not-available", subject=name)
        width = number(own["bwidth"]) if "bwidth" in own else 0.8
        if not 0 < width <= 1:
            raise own["bwidth"].piece.error("bwidth() is a share of the rows, from 0 to 1.", code="bad-option-value")
        return replace(layer, bandwidth=width)

    def _curve(self, kind: str, clauses: Clauses) -> Layer:
        """What has an expression, a single variable or numbers where others have y and x."""
        known = (*_CURVE_RULES[kind], *LOOK_RULES, *GRAPH_RULES)
        of_graph = {r.name for r in GRAPH_RULES} - {r.name for r in _CURVE_RULES[kind]}
        own: dict[str, Option] = {}
        for option in scan_options(clauses.options):
            typed = _typed(option, known, kind)
            if typed.name in of_graph:
                self.typed.append(typed)
            else:
                own[typed.name] = Option(typed.name, option.piece, option.argument)
        layer = Layer(kind, ("",), "", clauses, read_look(own, 1))
        if kind == "scatteri":
            return replace(layer, places=_places(clauses.body))
        if kind == "function":
            return replace(layer, expression=_function(clauses.body), range_=_range(own) or (0.0, 1.0))
        name = self.names.one(clauses.body)
        layer = replace(layer, x=name)
        if kind == "histogram":
            return replace(layer, bins=_histogram(name, clauses, GraphOptions(), own))
        kernel = "epanechnikov"
        if "kernel" in own:
            kernel = choice(argument(own["kernel"]), own["kernel"].value, KERNELS, "a kernel")
        width = _positive(own["bwidth"]) if "bwidth" in own else None
        return replace(layer, kernel=kernel, bandwidth=width, range_=_range(own))

    def _fit(self, layer: Layer, own: dict[str, Option]) -> Layer:
        range_ = _range(own)
        level = None
        if "level" in own:
            level = number(own["level"])
            if not 10 <= level <= 99.99:
                raise own["level"].piece.error("The confidence level must be between 10 and "
                                               "99.99.", code="bad-option-value")
        return Layer(
            layer.kind, layer.y, layer.x, layer.clauses, layer.looks,
            level=level, forecast="stdf" in own, line="nofit" not in own, range_=range_,
        )  # fmt: skip


def _range(own: dict[str, Option]) -> tuple[float, float] | None:
    if "range" not in own:
        return None
    ends = parse_numlist(argument(own["range"]))
    if len(ends) != 2 or ends[0] >= ends[1]:
        raise own["range"].piece.error("range() takes two numbers, the smaller first.", code="bad-option-value")
    return ends[0], ends[1]


def _clock(option: Option) -> str:
    """A place on the clock as the nearest of above, right, below and left; 0 is the centre."""
    hour = int(number(option, integer=True))
    if hour > 12:
        raise option.piece.error("A position is an hour of the clock, 0 to 12.", code="bad-option-value")
    if hour == 0:
        return "center"
    return ("above", "right", "below", "left")[((hour + 1) % 12) // 3]


def _function(piece: Piece) -> Expression:
    """The expression of ``y = f(x)``, or of f(x) alone."""
    from terrace.language.expressions.entry import parse_expression

    parts = split(piece, "=")
    if len(parts) > 1 and NAME.fullmatch(str(parts[0]).strip()) and not str(parts[1]).startswith("="):
        piece = piece.after(parts[1].start)
    return parse_expression(piece.strip())


def _places(piece: Piece) -> tuple[tuple[float, float, str], ...]:
    """``y x ["label"] y x ...`` as points; a clock position in parentheses changes nothing."""
    out: list[tuple[float, float, str]] = []
    waiting: list[float] = []
    for item in words(piece):
        text = str(item)
        if text.startswith('"') and out and not waiting:
            out[-1] = (*out[-1][:2], unquoted(item))
        elif text.startswith("("):
            continue
        else:
            waiting += parse_numlist(item)
            if len(waiting) == 2:
                out.append((waiting[0], waiting[1], ""))
                waiting = []
    if waiting or not out:
        raise piece.error("scatteri takes pairs of numbers, y and x.", code="bad-option-value")
    return tuple(out)


def plot_type(word: Piece) -> str:
    """The plot type that a word means. Raises `CommandError` with those that there are."""
    return choice(word, str(word), PLOT_TYPES, "a plot type", subject=str(word), code="no-such-plot")


def parse_histogram(piece: Piece, variables: Sequence[str]) -> Histogram:
    """What follows ``histogram``. Raises `CommandError` where it cannot be read."""
    clauses = split_clauses(piece, using=False)
    name = Names(variables).one(clauses.body)
    own, options = split_options(clauses.options, (*_HISTOGRAM_RULES, *LOOK_RULES), variables, "histogram")
    return _histogram(name, clauses, options, own)


def _histogram(name: str, clauses: Clauses, options: GraphOptions, own: dict[str, Option]) -> Histogram:
    scales = [s for s in ("density", "fraction", "frequency", "percent") if s in own]
    if len(scales) > 1:
        raise own[scales[1]].piece.error(
            f"{scales[0]} and {scales[1]} cannot be used "
            "together.", code="options-exclude", advice="Remove one of them."
        )
    for one, other in (("bin", "width"), ("discrete", "bin")):
        if one in own and other in own:
            raise own[other].piece.error(
                f"{one} and {other} cannot be used together.", code="options-exclude", advice="Remove one of them."
            )
    return Histogram(
        name, clauses, options, read_look(own, 1)[0],
        scale=scales[0] if scales else "density",
        bins=int(number(own["bin"], least=1, integer=True)) if "bin" in own else None,
        width=_positive(own["width"]) if "width" in own else None,
        start=number(own["start"], least=-math.inf) if "start" in own else None,
        discrete="discrete" in own,
        normal="normal" in own,
        smooth="kdensity" in own,
        labelled="addlabels" in own,
    )  # fmt: skip


def parse_boxes(piece: Piece, variables: Sequence[str], *, horizontal: bool = False) -> Boxes:
    """What follows ``graph box``. Raises `CommandError` where it cannot be read."""
    clauses = split_clauses(piece, using=False)
    names = parse_names(clauses.body, variables)
    if not names:
        raise piece.error("graph box needs a variable.", code="variables", advice="Write graph box y, over(g).")
    given = scan_options(clauses.options)
    typed = [(o, _typed(o, (*_BOX_RULES, *LOOK_RULES, *GRAPH_RULES), "graph box").name) for o in given]
    over = [o for o, name in typed if name == "over"]
    colors = tuple(c for o, name in typed if name == "box" for c in numbered_color(o))
    rest = [o for o, name in typed if name not in ("over", "box", "marker")]
    own, options = split_options(rest, (*_BOX_RULES, *LOOK_RULES), variables, "graph box")
    groups = tuple(Names(variables).one(split(argument(o), ",")[0]) for o in over)
    return Boxes(names, clauses, options, groups, "nooutsides" not in own, horizontal, colors)


def numbered_color(option: Option) -> list[tuple[int, str]]:
    """``bar(2, color(navy))`` as a number and a colour; what else it says of the looks changes nothing."""
    piece = argument(option)
    parts = split(piece, ",")
    if not str(parts[0]).strip().isdigit():
        raise piece.error(f"{option.name}() takes a number and style "
                          "options.", code="bad-option-value", subject=option.name)
    given = scan_options(piece.at(parts[1].start, piece.end)) if len(parts) > 1 else []
    found = [o for o in given if o.name in ("color", "fcolor", "bfcolor") and o.argument is not None]
    return [(int(str(parts[0]).strip()), color(argument(o))) for o in found[-1:]]


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
        told = f"{option.name}() has {plural(len(values), 'value')} for {plural(count, 'y variable')}."
        raise option.piece.error(told, code="bad-option-value")
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
            f"{text!r} is not a way to connect points.",
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
