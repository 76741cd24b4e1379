"""Looks of figures as the commands that make them: ``figure 2, xtitle("Days") legend(inside)``.

What `look_text` prints, `terrace.session.commands.helpers.figure_looks` reads; both go by `OPTIONS`.
"""

from __future__ import annotations

from dataclasses import replace

from terrace.results.figure_look import OF_ONE, FigureLook, LayerLook
from terrace.session.document.texts import written_text

OPTIONS = {
    "preset": ("preset",), "grey": ("grey",), "palette": ("palette",),
    "title": ("title",), "subtitle": ("subtitle",), "xtitle": ("x_title",), "ytitle": ("y_title",), "note": ("note",),
    "legend": ("legend",),
    "xrange": ("x_from", "x_to"), "xstep": ("x_step",), "yrange": ("y_from", "y_to"), "ystep": ("y_step",),
    "size": ("width", "height"), "columns": ("columns",), "grid": ("grid",),
    "font": ("font",), "points": ("points",), "dpi": ("dpi",), "lwidth": ("line_width",), "msize": ("marker_size",),
    "colors": ("colors",), "patterns": ("patterns",), "markers": ("markers",), "labels": ("labels",),
    "order": ("order",), "panels": ("panels",), "layers": ("layer_order",), "layer": ("layers",),
}  # fmt: skip
"""The options of ``figure`` with the members of a look that each sets."""
WORDS = {
    "preset": "preset", "grey": "colours", "palette": "colours", "title": "title", "subtitle": "subtitle",
    "xtitle": "x-axis title", "ytitle": "y-axis title", "note": "note", "legend": "legend", "xrange": "x axis",
    "xstep": "x axis", "yrange": "y axis", "ystep": "y axis", "size": "size", "columns": "size", "grid": "grid lines",
    "font": "text", "points": "text size", "dpi": "resolution", "lwidth": "line width", "msize": "marker size",
    "colors": "colours",
    "patterns": "line patterns", "markers": "markers", "labels": "names of series", "order": "order of series",
    "panels": "order of panels", "layers": "layers", "layer": "layers",
}  # fmt: skip
"""What each option changes, for people."""
_SWITCHES = {"grey": ("grey", "colour"), "grid": ("grid", "nogrid")}
_TEXTS = ("title", "subtitle", "x_title", "y_title", "note")


def figure_command(number: int | None, new: FigureLook, old: FigureLook | None = None) -> str:
    """The command that gives a figure a look, or all figures their style (`number` None).

    `old` is the look that it has; only what differs is in the command. Empty where nothing differs.
    """
    old = FigureLook() if old is None else old
    options = look_text(new, old)
    return f"figure {'style' if number is None else number}, {options}" if options else ""


def look_text(new: FigureLook, old: FigureLook) -> str:
    """The options that make the look `new` of `old`, and nothing where they are the same.

    An order of layers shows what it names, also what says nothing of that itself.
    """
    gone, said = [], []
    for option in differing(new, old):
        if all(getattr(new, m) == getattr(FigureLook(), m) for m in OPTIONS[option]):
            gone.append(option)
        elif option not in _LAYERED:
            said.append(_option(option, new))
    if any(option not in gone for option in _LAYERED):
        again = _dropped(new, old)  # what is asked of a layer no more has to be told anew without it
        gone += ["layer"] if again and "layer" not in gone else []
        said += _layer_options(new, replace(old, layers=()) if again else old)
    reset = [f"reset({' '.join(gone)})"] if gone else []
    return " ".join((*reset, *said))


def differing(new: FigureLook, old: FigureLook) -> tuple[str, ...]:
    """The options in which two looks differ."""
    return tuple(o for o, own in OPTIONS.items() if any(getattr(new, m) != getattr(old, m) for m in own))


def change_words(new: FigureLook, old: FigureLook) -> str:
    """What differs between two looks, for people: ``x-axis title``; ``looks`` where that is several things."""
    found = tuple(dict.fromkeys(WORDS[o] for o in differing(new, old)))
    return found[0] if len(found) == 1 else "looks"


def belongs_to_style(option: str) -> bool:
    """True for an option that all figures can have in common."""
    return not any(m in OF_ONE for m in OPTIONS[option])


# --- one option ---------------------------------------------------------------------------------------------
def _option(option: str, look: FigureLook) -> str:
    values = [getattr(look, m) for m in OPTIONS[option]]
    value = values[0]
    if option in _SWITCHES:
        return _SWITCHES[option][0 if value else 1]
    if OPTIONS[option][0] in _TEXTS or option == "font":
        return f"{option}({written_text(value)})"
    if isinstance(value, tuple):
        return f"{option}({' '.join(_item(option, v) for v in value)})"
    return f"{option}({' '.join('.' if v is None else _number(v) for v in values)})"


def _item(option: str, value: object) -> str:
    if option == "labels":
        return written_text(str(value))
    return str(value) or "."


def _number(value: object) -> str:
    return repr(float(value)).removesuffix(".0") if isinstance(value, float) else str(value)


def _dropped(new: FigureLook, old: FigureLook) -> bool:
    """True where something that was asked of a layer is asked no more: layers are told anew then."""
    for layer in old.layers:
        now = new.layer(layer.key)
        if any(getattr(layer, m) is not None and getattr(now, m) is None for m in _LAYER_MEMBERS):
            return True
    return False


_LAYERED = ("layers", "layer")
_LAYER_MEMBERS = ("shown", "sample", "level", "width", "size", "opacity")
LAYER_OPTIONS = {"sample": "sample", "level": "level", "lwidth": "width", "msize": "size", "opacity": "opacity"}
"""The options within ``layer()`` with the members that they set."""


def _layer_options(new: FigureLook, old: FigureLook) -> list[str]:
    """``layers()`` where the order differs, and ``layer()`` for what else does."""
    out = []
    if new.layer_order and new.layer_order != old.layer_order:
        hidden = {x.key for x in new.layers if x.shown is False}
        out.append(f"layers({' '.join(f'-{k}' if k in hidden else k for k in new.layer_order)})")
        for key in new.layer_order:
            old = old.with_layer(replace(old.layer(key), shown=key not in hidden))
    return out + [_layer(x, old.layer(x.key)) for x in new.layers if _differs(x, old.layer(x.key))]


def _differs(new: LayerLook, old: LayerLook) -> bool:
    return any(getattr(new, m) not in (None, getattr(old, m)) for m in _LAYER_MEMBERS)


def _layer(new: LayerLook, old: LayerLook) -> str:
    options = [] if new.shown == old.shown or new.shown is None else ["show" if new.shown else "hide"]
    for option, member in LAYER_OPTIONS.items():
        value = getattr(new, member)
        if value is not None and value != getattr(old, member):
            options.append(f"{option}({_number(value)})")
    return f"layer({new.key}, {' '.join(options)})"
