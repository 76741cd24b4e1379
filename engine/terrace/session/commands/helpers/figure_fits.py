"""What a look can ask of one figure, and what it cannot: steps of categories, colours of series that there are not."""

from __future__ import annotations

from collections.abc import Sequence

from terrace.errors import CommandError
from terrace.graphs.axes import is_numeric
from terrace.language.grammar.options import Option
from terrace.language.grammar.tokens import split, words
from terrace.language.mixed_options import argument
from terrace.results.layers import layers_of, series_of
from terrace.results.plot import Axis, Plot
from terrace.wording import plural

_BY_SERIES = ("colors", "patterns", "markers", "labels")


def refuse_misfits(given: Sequence[tuple[str, Option]], plot: Plot) -> None:
    """Raise `CommandError` at an option, by its full name, that could have no effect on a figure."""
    for name, option in given:
        if option.argument is None:
            continue
        if name in _BY_SERIES:
            _most(option, len(words(argument(option))), len(series_of(plot)), "series", "series")
        elif name in ("order", "panels"):
            most = max((int(str(w)) for w in words(argument(option))), default=0)
            if name == "order":
                _most(option, most, len(series_of(plot)), "series", "series")
            else:
                _most(option, most, len(plot.panels), "panel", "panels")
        elif name in ("xstep", "ystep", "xrange", "yrange"):
            _axis(name, option, [p.x if name[0] == "x" else p.y for p in plot.panels])
        elif name == "layer":
            _layer(option, plot)


def _most(option: Option, asked: int, there: int, one: str, many: str) -> None:
    if asked > there:
        raise argument(option).error(
            f"{option.name}() is for {asked}, but the figure has {plural(there, one, many)}.",
            code="bad-option-value", subject=option.name,
        )  # fmt: skip


def _axis(name: str, option: Option, axes: list[Axis]) -> None:
    def wrong(why: str) -> CommandError:
        return argument(option).error(f"The {name[0]} axis {why}.", code="bad-option-value", subject=name)

    if name.endswith("step"):
        if all(not is_numeric(a) for a in axes):
            raise wrong("has categories, which have no step")
        if all(a.log for a in axes):
            raise wrong("is logarithmic, and its ticks have no step")
        if all(a.dates for a in axes):
            raise wrong("has dates, and its ticks follow the calendar")
    elif any(a.log for a in axes) and any(str(w) != "." and float(str(w)) <= 0 for w in words(argument(option))):
        raise wrong("is logarithmic and begins above 0")


def _layer(option: Option, plot: Plot) -> None:
    parts = split(argument(option), ",")
    key = str(parts[0]).strip()
    layer = next((x for x in layers_of(plot) if x.key == key), None)
    rest = " ".join(str(p) for p in parts[1:])
    if layer is None:
        return
    if "level(" in rest.replace(" ", "") and layer.level is None:
        raise argument(option).error(
            f"The level of {layer.name.lower()} cannot be changed here.", code="bad-option-value", subject=key,
            advice="Draw the figure again with level().",
        )  # fmt: skip
    if "sample(" in rest.replace(" ", "") and not layer.can_sample:
        raise argument(option).error(
            f"The layer {key} has no points to sample.", code="bad-option-value", subject=key
        )  # fmt: skip
