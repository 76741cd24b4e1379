"""What margins are called: ``Predicted Math achievement by Sector``, with short labels in place of names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from terrace.postestimation.margins.at import Dimension
from terrace.wording import enumerated

_EFFECTS = {
    "dydx": ("marginal effect", "marginal effects"), "eyex": ("elasticity", "elasticities"),
    "dyex": ("semielasticity", "semielasticities"), "eydx": ("semielasticity", "semielasticities"),
}  # fmt: skip


def margins_title(
    outcome: str, varied: Iterable[Iterable[Dimension]], called: Mapping[str, str], expression: str = ""
) -> str:
    """The title of predictions, or of the averages of an expression. `varied` says for each margin what it is at."""
    what = f"Average of {expression}" if expression else f"Predicted {called.get(outcome) or outcome}"
    return what + _by(varied, called)


def effects_title(
    outcome: str,
    effects: Iterable[str],
    varied: Iterable[Iterable[Dimension]],
    called: Mapping[str, str],
    *,
    kind: str = "dydx",
    atmeans: bool = False,
) -> str:
    """The title of slopes and discrete changes: ``Average marginal effect of SES on Math achievement``."""
    names = dict.fromkeys(name.rpartition(".")[2] for name in effects)
    of = f" of {called.get(*names) or next(iter(names))}" if len(names) == 1 else ""
    what = f"{_EFFECTS[kind][len(names) != 1]}{of} on {called.get(outcome) or outcome}"
    what = f"{what[0].upper()}{what[1:]} at the means" if atmeans else f"Average {what}"
    return what + _by(varied, called)


def inside(title: str) -> str:
    """A title within another one: its own words begin small, labels stay as they are."""
    return title[:1].lower() + title[1:]


def dimension_text(d: Dimension, called: Mapping[str, str]) -> str:
    """``Public``, or with the name of the variable where a number alone would say little: ``SES = 1``."""
    return f"{called.get(d.name) or d.name} = {d.label}" if d.bare else d.label


def _by(varied: Iterable[Iterable[Dimension]], called: Mapping[str, str]) -> str:
    names = dict.fromkeys(d.name for dimensions in varied for d in dimensions)
    return f" by {enumerated(called.get(n) or n for n in names)}" if names else ""
