"""The options of ``figure`` and what they change of a look; `terrace.session.document.figure_text` prints them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from terrace.language.grammar.options import Option, choice, match_option, match_options, rules
from terrace.language.grammar.tokens import Piece, split, unquoted, words
from terrace.language.graphs.looks import color
from terrace.language.mixed_options import argument, excluding, number
from terrace.results.figure_look import LEGENDS, PALETTES, FigureLook, LayerLook
from terrace.results.figure_presets import PRESETS
from terrace.session.document.figure_text import LAYER_OPTIONS, OPTIONS, belongs_to_style
from terrace.session.document.texts import read_text

_TEXTS = ("title", "subtitle", "xtitle", "ytitle", "note")
RULES = rules(
    "grey gray colour color grid nogrid",
    "preset palette legend xrange xstep yrange ystep size columns points dpi lwidth msize colors patterns markers "
    "labels order panels layers layer",
    "title subtitle xtitle ytitle note font reset",
)
STYLE_RULES = tuple(r for r in RULES if r.name in ("gray", "colour", "color", "nogrid", "reset") or
                    (r.name in OPTIONS and belongs_to_style(r.name)))  # fmt: skip
SYNTAX = (
    'title("TEXT") subtitle("TEXT") xtitle("TEXT") ytitle("TEXT") note("TEXT") '
    f"legend({'|'.join(LEGENDS)}) xrange(# #) xstep(#) yrange(# #) ystep(#) size(# #) columns(1|2) font(NAME) "
    f"points(#) dpi(#) grid|nogrid lwidth(#) msize(#) grey|colour palette({'|'.join(PALETTES)}) "
    f"preset({'|'.join(PRESETS)}) "
    'colors(COLOURS) patterns(PATTERNS) markers(SYMBOLS) labels("TEXT" ...) order(# ...) panels(# ...) '
    "layers([-]KEY ...) layer(KEY, show|hide sample(#) level(#) lwidth(#) msize(#) opacity(#)) reset[(OPTIONS)]"
)
"""All options, for help."""
PATTERNS = "solid dash shortdash longdash dot dashdot none"
_SHAPES = "circle square triangle diamond arrow cross plus pipe point"
MARKERS = f"{_SHAPES} {' '.join(s + '_hollow' for s in _SHAPES.split()[:5])} none"
_CM, _PT = (1.0, 100.0), (1.0, 96.0)


def read_figure_look(
    given: Sequence[Option], old: FigureLook, keys: Sequence[str] | None, where: str = "figure"
) -> FigureLook:
    """The look that options make of `old`. `keys` are those of the layers of the figure, None for the style of all.

    ``reset`` comes first. Raises `CommandError` at what cannot be.
    """
    known = RULES if keys is not None else STYLE_RULES
    scanned = [(match_option(o, known, where).name, o) for o in given]
    single = match_options([o for name, o in scanned if name != "layer"], known, where)
    excluding(single, ("grey", "gray", "colour", "color"))
    excluding(single, ("grid", "nogrid"))
    look = _without(old, single.get("reset"))
    for name, option in single.items():
        if name == "reset":
            continue
        look = _read(look, name, option, keys or ())
    for name, option in scanned:
        if name == "layer":
            look = _with_layer(look, option, keys or ())
    return look


def by_name(given: Sequence[Option], where: str = "figure") -> list[tuple[str, Option]]:
    """The options of one figure with their full names, in order."""
    return [(match_option(o, RULES, where).name, o) for o in given]


def _without(look: FigureLook, option: Option | None) -> FigureLook:
    if option is None:
        return look
    usual = FigureLook()
    if not option.value:
        return usual
    names = [choice(p, str(p), " ".join(OPTIONS), "an option that can be reset", subject="reset")
             for p in words(argument(option))]  # fmt: skip
    return replace(look, **{m: getattr(usual, m) for n in names for m in OPTIONS[n]})


def _read(look: FigureLook, name: str, option: Option, keys: Sequence[str]) -> FigureLook:
    if name in ("grey", "gray", "colour", "color"):
        return replace(look, grey=name in ("grey", "gray"))
    if name in ("grid", "nogrid"):
        return replace(look, grid=name == "grid")
    if name in _TEXTS:
        text: Any = _text(option)
        return replace(look, **{OPTIONS[name][0]: text})
    if name == "layers":
        return _ordered(look, option, keys)
    if name == "font":
        return replace(look, font=_text(option))
    values = dict(zip(OPTIONS[name], _VALUES[name](option), strict=True))
    return replace(look, **values)


def _text(option: Option) -> str:
    return "" if option.argument is None else read_text(unquoted(option.argument.strip()))


# --- values -------------------------------------------------------------------------------------------------
Values = tuple[Any, ...]


def _one_of(allowed: Sequence[str], what: str) -> Callable[[Option], Values]:
    def read(option: Option) -> Values:
        piece = argument(option)
        return (choice(piece, str(piece), " ".join(allowed), what, subject=option.name),)

    return read


def _number(least: float, most: float, integer: bool = False) -> Callable[[Option], Values]:
    def read(option: Option) -> Values:
        value = number(option, integer=integer, least=least, most=most)
        return (int(value) if integer else value,)

    return read


def _pair(least: float | None = None, most: float | None = None) -> Callable[[Option], Values]:
    """Two numbers; a point stands for one that is left to the figure."""

    def read(option: Option) -> Values:
        pieces = words(argument(option))
        if len(pieces) != 2:
            raise argument(option).error(
                f"{option.name}() needs two numbers.", code="bad-option-value", subject=option.name,
                advice="For one that the program is to choose, write a point.",
            )  # fmt: skip
        values = tuple(None if str(p) == "." else _finite(p, option.name, least, most) for p in pieces)
        if least is None and None not in values and values[0] == values[1]:
            raise pieces[1].error("Both ends of the axis are the same.", code="bad-option-value", subject=option.name)
        return values

    return read


def _finite(piece: Piece, name: str, least: float | None, most: float | None) -> float:
    try:
        value = float(str(piece))
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise piece.error(f"{str(piece)!r} is not a number.", code="bad-option-value", subject=name)
    if least is not None and most is not None and not least <= value <= most:
        raise piece.error(f"{name}() takes numbers from {least:g} to {most:g}.", code="bad-option-value", subject=name)
    return value


def _step(option: Option) -> Values:
    value = _finite(argument(option), option.name, None, None)
    if value <= 0:
        raise argument(option).error("A step must be above 0.", code="bad-option-value", subject=option.name)
    return (value,)


def _each(read: Callable[[Piece], str]) -> Callable[[Option], Values]:
    """A value a series; a point leaves it as it is."""

    def values(option: Option) -> Values:
        found = ("" if str(p) == "." else read(p) for p in words(argument(option)))
        return (tuple(found),)

    return values


def _places(option: Option) -> Values:
    out: list[int] = []
    for piece in words(argument(option)):
        text = str(piece)
        if not text.isdigit() or int(text) < 1 or int(text) in out:
            raise piece.error("Give each number once, counted from 1.", code="bad-option-value", subject=option.name)
        out.append(int(text))
    return (tuple(out),)


_VALUES: dict[str, Callable[[Option], Values]] = {
    "preset": _one_of(tuple(PRESETS), "a preset"),
    "palette": _one_of(PALETTES, "a palette"),
    "legend": _one_of(LEGENDS, "a place for the legend"),
    "xrange": _pair(),
    "yrange": _pair(),
    "xstep": _step,
    "ystep": _step,
    "size": _pair(*_CM),
    "columns": _number(1, 2, integer=True),
    "points": _number(*_PT),
    "dpi": _number(50, 2400, integer=True),
    "lwidth": _number(0.1, 20.0),
    "msize": _number(0.2, 40.0),
    "colors": _each(color),
    "patterns": _each(lambda p: choice(p, str(p), PATTERNS, "a line pattern", subject="patterns")),
    "markers": _each(lambda p: choice(p, str(p), MARKERS, "a marker", subject="markers")),
    "labels": _each(lambda p: read_text(unquoted(p))),
    "order": _places,
    "panels": _places,
}


# --- layers -------------------------------------------------------------------------------------------------
def _key(piece: Piece, text: str, keys: Sequence[str]) -> str:
    if text not in keys:
        raise piece.error(
            f"The figure has no layer {text}.", code="no-such-layer", subject=text,
            advice=f"Its layers: {', '.join(keys)}." if keys else "",
        )  # fmt: skip
    return text


def _ordered(look: FigureLook, option: Option, keys: Sequence[str]) -> FigureLook:
    """``raw intervals -lines``: the layers from the lowest up; one with a minus is hidden, the others are shown."""
    order: list[str] = []
    for piece in words(argument(option)):
        key = _key(piece, str(piece).removeprefix("-"), keys)
        if key in order:
            raise piece.error("Name each layer once.", code="bad-option-value", subject=key)
        order.append(key)
        shown = not str(piece).startswith("-")
        look = look.with_layer(replace(look.layer(key), shown=shown))
    return replace(look, layer_order=tuple(order))


def _with_layer(look: FigureLook, option: Option, keys: Sequence[str]) -> FigureLook:
    parts = split(argument(option), ",")
    name = parts[0].strip()
    key = _key(name, str(name), keys)
    rest = argument(option).at(parts[1].start, argument(option).end) if len(parts) > 1 else name.at(name.end, name.end)
    known = match_options(rest, rules("show hide", " ".join(LAYER_OPTIONS)), "layer")
    excluding(known, ("show", "hide"))
    layer: LayerLook = look.layer(key)
    if {"show", "hide"} & set(known):
        layer = replace(layer, shown="show" in known)
    for name_, member in LAYER_OPTIONS.items():
        if name_ in known:
            layer = replace(layer, **{member: _LAYER_VALUES[name_](known[name_])[0]})
    return look.with_layer(layer)


_LAYER_VALUES: dict[str, Callable[[Option], Values]] = {
    "sample": _number(1, 1e9, integer=True),
    "level": _number(1, 99.99),
    "lwidth": _number(0.1, 20.0),
    "msize": _number(0.2, 40.0),
    "opacity": _number(1, 100.0),
}
