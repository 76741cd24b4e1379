"""The settings of margins: what at() sets, value by value."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.value import Value
from terrace.errors import SpecError
from terrace.postestimation.margins.rows import Averages, Given, Key, Setting
from terrace.results.labels import short_labels
from terrace.wording import MINUS

FloatArray = npt.NDArray[np.float64]
AtValues = Value | Given | Sequence[Value | Given]
At = Mapping[str, AtValues] | Sequence[Mapping[str, AtValues]]


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way in which margins differ: a variable, its value in a row, and how that is written.

    ``kind`` is ``"at"``, ``"over"`` or ``"factor"``.
    """

    name: str
    value: Value | None
    label: str
    kind: str = "factor"

    @property
    def level(self) -> Value:
        """The value, which only what at() leaves as observed or sets to shares is without."""
        assert self.value is not None
        return self.value

    @property
    def bare(self) -> bool:
        """True where the label is a number, or a setting, that says little without the name of the variable."""
        return self.kind == "at" or self.label.replace(".", "", 1).lstrip("-").isdigit()


@dataclass(frozen=True)
class Scene:
    """One setting of at(): what is set (None: left as observed), its description, the dimensions that vary, and the
    description of what is the same in all settings."""

    set_: dict[Key, Setting | None]
    text: str
    dimensions: tuple[Dimension, ...]
    common: str = ""


def scenes(averages: Averages, at: At) -> list[Scene]:
    """Every combination of the values of each mapping; one empty setting where nothing is set."""
    mappings = [at] if isinstance(at, Mapping) else list(at)
    if not mappings:
        return [Scene({}, "", ())]
    picked: list[dict[str, tuple[Setting | None, str]]] = []
    for mapping in mappings:
        choices = [_choices(averages, name, mapping[name]) for name in mapping]
        picked += [dict(zip(mapping, values)) for values in itertools.product(*choices)]
    names = dict.fromkeys(name for scene in picked for name in scene)
    called = short_labels(averages.data)
    varying = {n for n in names if len({s.get(n, (None, ""))[1] for s in picked}) > 1}
    out = []
    for scene in picked:
        set_: dict[Key, Setting | None] = {}
        for name, (value, _) in scene.items():
            for key in keys_of(averages, name):
                # a variable that is in the model both as a factor and as a number is set as both
                if key[0] == "continuous" and isinstance(value, Mapping):
                    set_[key] = float(next(iter(value)))
                else:
                    set_[key] = value
        dims = tuple(Dimension(n, _axis_value(v), text, "at") for n, (v, text) in scene.items() if n in varying)
        parts = {n: f"{called.get(n) or n} = {t}" for n, (_, t) in scene.items()}
        common = ", ".join(t for n, t in parts.items() if n not in varying)
        out.append(Scene(set_, ", ".join(parts.values()), dims, common))
    return out


def _axis_value(value: Setting | None) -> Value | None:
    if isinstance(value, Mapping):
        return next(iter(value)) if len(value) == 1 else None
    return None if isinstance(value, Given) else value


def _choices(averages: Averages, name: str, values: AtValues) -> list[tuple[Setting | None, str]]:
    """(setting, text) for each value of one variable."""
    keys = keys_of(averages, name)
    as_factor = any(k[0] == "factor" for k in keys)
    out: list[tuple[Setting | None, str]] = []
    for value in [values] if isinstance(values, str | float | int | Given) else list(values):
        if isinstance(value, Given):
            if as_factor:
                raise SpecError(f"{name} is a factor, so it takes levels.", code="at", subject=name,
                                advice=f"Write at({name}=(...)).")  # fmt: skip
            out.append((value, value.text))
            continue
        if isinstance(value, str) and value == "asobserved":
            out.append((None, "as observed"))
        elif as_factor and not (isinstance(value, str) and value in ("mean", "base", "asbalanced")):
            level = averages.level_of(name, value)
            out.append(({level: 1.0}, averages.data.level_label(name, level)))
        elif isinstance(value, str):
            setting = averages.statistic(keys[0], value)
            number = "" if isinstance(setting, Mapping) else f"{setting:.7g}".replace("-", MINUS)
            out.append((setting, f"{number} ({value})" if number else value))
        else:
            out.append((float(value), f"{float(value):.7g}".replace("-", MINUS)))
    return out


def keys_of(averages: Averages, name: str) -> list[Key]:
    """How the model uses a variable. `SpecError` where it does not."""
    keys = [k for k in averages.variables() if k[1] == name and not k[2]]
    if not keys:
        names = ", ".join(dict.fromkeys(k[1] for k in averages.variables()))
        raise SpecError(
            f"{name} is not in the model's fixed part.",
            code="not-in-model",
            subject=name,
            advice=f"It has {names}." if names else "It has only a constant.",
        )
    return keys


def at_matrix(averages: Averages, settings: Sequence[Mapping[Key, Setting]]) -> tuple[FloatArray, tuple[str, ...]]:
    """What each setting holds the variables at, shape (settings, columns), with the names of the columns: numbers,
    and for factors the share of each level; NaN where a variable is left as observed."""
    names: list[str] = []
    columns: list[list[float]] = []
    for key in averages.variables():
        kind, name, operators = key
        if kind == "continuous":
            text = "".join(f"{op}{k}" if k != 1 else op for op, k in operators)
            names.append(f"{text}.{name}" if text else name)
            found = [s.get(key) for s in settings]
            columns.append([v if isinstance(v, int | float) else float("nan") for v in found])
            continue
        for level in averages.levels(name):
            mark = "b" if level == averages.base(name) else ""
            names.append(f"{level_token(averages, name, level)}{mark}.{name}")
            shares = [s.get(key) for s in settings]
            columns.append([float(v.get(level, 0.0)) if isinstance(v, Mapping) else float("nan") for v in shares])
    return np.array(columns, dtype=np.float64).reshape(len(names), len(settings)).T, tuple(names)


def level_token(averages: Averages, name: str, level: Value) -> str:
    """How commands write a level of a factor: its number, or the place of a text among the texts."""
    if averages.data.is_text(name):
        return str(averages.data.codes(name)[1].index(level) + 1)
    return str(int(level))
