"""Colours, widths, patterns and symbols of graph commands, by the names that users type.

Multiples are of what the renderer would choose by itself, so that a thick line stays a thick line in a small
panel. The sizes behind the names are ours; the names are customary.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from terrace.language.grammar.options import Option, did_you_mean, rules
from terrace.language.grammar.tokens import Piece, unquoted, words
from terrace.language.mixed_options import argument

T = TypeVar("T")

LOOK_RULES = rules(
    "",
    "lc:olor lw:idth lp:attern mc:olor m:symbol msiz:e col:or fc:olor clc:olor clw:idth clp:attern "
    "alc:olor alw:idth acol:or blc:olor bfc:olor lst:yle mst:yle pst:yle fi:ntensity la:lign mfc:olor mlc:olor "
    "mlw:idth mlabs:ize mlabc:olor mlabv:position mlabg:ap mlaba:ngle",
)
WITHOUT_EFFECT = (
    *("lstyle", "mstyle", "pstyle", "fintensity", "lalign", "mlcolor", "mlwidth", "alwidth", "blcolor"),
    *("mlabsize", "mlabcolor", "mlabvposition", "mlabgap", "mlabangle"),
)
WIDTHS = {
    "none": 0.0, "vvvthin": 0.2, "vvthin": 0.3, "vthin": 0.4, "thin": 0.6, "medthin": 0.8, "medium": 1.0,
    "medthick": 1.4, "thick": 2.0, "vthick": 3.0, "vvthick": 4.5, "vvvthick": 6.0,
}  # fmt: skip
SIZES = {
    "vtiny": 0.35, "tiny": 0.5, "vsmall": 0.65, "small": 0.8, "medsmall": 0.9, "medium": 1.0, "medlarge": 1.25,
    "large": 1.5, "vlarge": 1.9, "huge": 2.4, "vhuge": 3.0, "ehuge": 4.0,
}  # fmt: skip
PATTERNS = {
    "solid": "solid", "dash": "dash", "dot": "dot", "dash_dot": "dashdot", "shortdash": "shortdash",
    "shortdash_dot": "dashdot", "longdash": "longdash", "longdash_dot": "dashdot", "blank": "none",
    "tight_dot": "dot", "dash_3dot": "dashdot", "longdash_3dot": "dashdot", "longdash_shortdash": "longdash",
}  # fmt: skip
_SHAPES = {
    "circle": "circle", "o": "circle", "diamond": "diamond", "d": "diamond", "triangle": "triangle",
    "t": "triangle", "square": "square", "s": "square", "plus": "plus", "+": "plus", "x": "cross",
    "arrowf": "arrow", "arrow": "arrow", "a": "arrow", "pipe": "pipe", "|": "pipe", "v": "arrow",
    "point": "point", "p": "point", "none": "none", "i": "none",
}  # fmt: skip
COLORS = {
    "black": "#000000", "white": "#ffffff", "gray": "#808080", "grey": "#808080", "red": "#d62728",
    "blue": "#1f4fd6", "green": "#1a8a34", "orange": "#e07b1a", "purple": "#7b3fa0", "yellow": "#d9b400",
    "brown": "#8c564b", "pink": "#e377c2", "magenta": "#c2189b", "cyan": "#17a2b8", "navy": "#1a2f5a",
    "maroon": "#8a1c34", "forest_green": "#2f6b3a", "dkgreen": "#1f5a2a", "dkorange": "#c85a11", "teal": "#4a7f86",
    "cranberry": "#b0203f", "lavender": "#8f86c2", "khaki": "#b3a14a", "sienna": "#a0522d", "emerald": "#2e8b57",
    "emidblue": "#6f97c4", "eltblue": "#8fb4d9", "ebblue": "#1778b8", "edkblue": "#3a5670", "eltgreen": "#9cc3a0",
    "erose": "#d9a3a3", "midblue": "#3f7fbf", "ltblue": "#a5c9e1", "ltblueish": "#a5c9e1", "midgreen": "#5aa05a",
    "mint": "#a8d5b5", "olive": "#7a7a29", "olive_teal": "#a8bfa0", "gold": "#c9a227", "lime": "#7fbf2a",
    "stone": "#cfc6a5", "sand": "#d8cfae", "sandb": "#c9b98a", "bluishgray": "#8fa0ad", "ltkhaki": "#d6cb8f",
    "dimgray": "#696969", "eggshell": "#f0ead6", "stc1": "#1a85ff", "stc2": "#d41159", "stc3": "#00bf7f",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """What was asked of the looks of one y variable; an empty field asks for nothing.

    Colours are ``#rrggbb``; `line_width` and `marker_size` are multiples of the usual; `ignored` names options
    that were understood and change nothing.
    """

    line_color: str = ""
    marker_color: str = ""
    line_width: float | None = None
    pattern: str = ""
    marker: str = ""
    marker_size: float | None = None
    ignored: tuple[str, ...] = ()


def read_look(options: Mapping[str, Option], count: int) -> tuple[Look, ...]:
    """The looks of `count` y variables. Raises `CommandError` at a value that says nothing."""
    both = _listed(options, ("color",), count, color)
    line = _listed(options, ("lcolor", "clcolor", "alcolor"), count, color)
    marks = _listed(options, ("mcolor", "mfcolor", "fcolor", "acolor", "bfcolor"), count, color)
    widths = _listed(options, ("lwidth", "clwidth"), count, lambda p: _multiple(p, WIDTHS, 1.75, "a line width"))
    sizes = _listed(options, ("msize",), count, lambda p: _multiple(p, SIZES, 0.5, "a size"))
    patterns = _listed(options, ("lpattern", "clpattern"), count, pattern)
    symbols = _listed(options, ("msymbol",), count, symbol)
    ignored = tuple(n for n in WITHOUT_EFFECT if n in options)
    out = []
    for k in range(count):
        marker, own_size = symbols[k] or ("", None)
        size = sizes[k]
        if own_size is not None:
            size = own_size * (size or 1.0)
        out.append(
            Look(
                line[k] or both[k] or "", marks[k] or both[k] or "", widths[k], patterns[k] or "", marker, size,
                ignored if k == 0 else (),
            )
        )  # fmt: skip
    return tuple(out)


def _listed(
    options: Mapping[str, Option], names: tuple[str, ...], count: int, read: Callable[[Piece], T]
) -> list[T | None]:
    """One value a y variable, None where nothing is asked; the last of a shorter list counts for the rest.

    ``.`` asks for the usual, ``=`` and ``..`` for the value before.
    """
    option = next((options[n] for n in names if n in options), None)
    if option is None:
        return [None] * count
    out: list[T | None] = []
    for item in _items(argument(option)):
        text = str(item)
        if text in ("=", "..", "..."):
            out.append(out[-1] if out else None)
        else:
            out.append(None if text == "." else read(item))
    return (out + out[-1:] * count)[:count]


def _items(piece: Piece) -> list[Piece]:
    """The entries of a list. Three numbers in a row without quotation marks are one colour of red, green, blue."""
    items = words(piece)
    if len(items) == 3 and all(re.fullmatch(r"\d{1,3}", str(i)) for i in items):
        return [piece.strip()]
    return items


def color(piece: Piece) -> str:
    """A colour as ``#rrggbb``: a name, ``gs0`` to ``gs16``, or ``"red green blue"``; intensity is left out."""
    text = unquoted(piece).strip().lower()
    text = re.sub(r"[*%][\d.]+$", "", text).strip()
    numbers = re.fullmatch(r"(?:rgb\s+)?(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})", text)
    if numbers and all(int(g) <= 255 for g in numbers.groups()):
        return "#" + "".join(f"{int(g):02x}" for g in numbers.groups())
    gray = re.fullmatch(r"gs(\d{1,2})", text)
    if gray and int(gray[1]) <= 16:
        return "#" + 3 * f"{round(int(gray[1]) * 255 / 16):02x}"
    if re.fullmatch(r"#[0-9a-f]{6}", text):
        return text
    if text in ("", "none"):
        return ""
    if text in COLORS:
        return COLORS[text]
    raise piece.error(
        f"{text!r} is not a known colour.",
        code="no-such-color",
        subject=text,
        advice=did_you_mean(text, list(COLORS)) or 'Use a name such as navy, a grey gs0 to gs16, or "255 0 0".',
    )


def pattern(piece: Piece) -> str:
    """A line pattern by name, or by a formula of its parts (``"-.-"``)."""
    text = unquoted(piece)
    if text in PATTERNS:
        return PATTERNS[text]
    if text and set(text) <= set("l_-.# "):
        if "l" in text:
            return "solid"
        if "." in text:
            return "dashdot" if set(text) & set("_-") else "dot"
        return "longdash" if "_" in text else "dash"
    raise piece.error(
        f"{text!r} is not a line pattern.",
        code="bad-option-value",
        subject="lpattern",
        advice=did_you_mean(text, list(PATTERNS), otherwise=True),
    )


def symbol(piece: Piece) -> tuple[str, float | None]:
    """A marker symbol, ``_hollow`` at the end for one, with a size of its own where the name has one."""
    text = unquoted(piece)
    name = text.lower()
    hollow = name.endswith("_hollow") or (len(name) == 2 and name[1] == "h" and name != "th") or name == "th"
    name = name.removesuffix("_hollow")
    name = name[0] if hollow and len(name) == 2 else name
    small = name.startswith("sm") and name not in _SHAPES
    name = name.removeprefix("sm") if small else name
    shape = _SHAPES.get(name)
    if shape is None:
        raise piece.error(
            f"{text!r} is not a symbol.",
            code="bad-option-value",
            subject="msymbol",
            advice="Use circle (O), square (S), triangle (T), diamond (D), plus (+), X, point (p) or none (i).",
        )
    if len(text) <= 2 and text[0] in "dtosx":
        small = True
    size = 0.35 if shape == "point" else 0.7 if small else None
    return shape + "_hollow" * hollow, size


def _multiple(piece: Piece, named: Mapping[str, float], percent: float, what: str) -> float:
    """A size: a name, ``*1.5`` of the usual, points (``2pt``), or a percentage of the height of a graph."""
    text = unquoted(piece)
    factor = re.fullmatch(r"([a-z]*)\*(\d*\.?\d+)", text)
    if factor and factor[1] in ("", *named):
        return named.get(factor[1], 1.0) * float(factor[2])
    if text in named:
        return named[text]
    number = re.fullmatch(r"(\d*\.?\d+)(pt|rs)?", text)
    if number:
        return float(number[1]) * (0.6 if number[2] == "pt" else percent)
    raise piece.error(
        f"{text!r} is not {what}.",
        code="bad-option-value",
        advice=did_you_mean(text, list(named), otherwise=True),
    )
