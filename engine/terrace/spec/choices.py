"""Which values of a choice are open in a model, and what to change where one is not.

A form disables what is not open, says why beside the field, and offers the change as a button. The reasons are
those of the command line: a value is closed where the model with it would break a rule of
`terrace.spec.validity` that the model without it does not break, and the message of that rule is the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from terrace.covariance.registry import RESIDUALS, STRUCTURES
from terrace.spec import edit
from terrace.spec.model import ModelSpec
from terrace.spec.validity import invalid


@dataclass(frozen=True, slots=True)
class Closed:
    """Why a value cannot be chosen now; ``fix`` is a model in which it can, named by ``fix_label``."""

    reason: str
    fix: ModelSpec | None = None
    fix_label: str = ""


VALUES: dict[str, tuple[str, ...]] = {
    "df": ("residual", "repeated", "anova", "satterthwaite", "kroger"),
    "vce": ("robust", "cluster"),
    "weight": ("fweight", "pweight"),
    "pwscale": ("size", "effective", "gk"),
    "residuals": tuple(key for key, cls in RESIDUALS.items() if not cls.independent),
    "nostderr": ("on",),
    "emonly": ("on",),
    "dftable": ("ci", "pvalue"),
    "covariance": tuple(STRUCTURES),
}
"""The values of each choice that a rule may close; those that are always open are left out."""

_HOLES = frozenset({"residuals-need-time", "cluster-missing"})
# Rules about what is still to be chosen once the value is: no reason against the value.


def closed(field: str, spec: ModelSpec) -> dict[str, Closed]:
    """The values of `field` that cannot be chosen: one of `VALUES`, or of a level as in
    ``level:0:covariance``, ``level:0:weight``."""
    level, kind = _parts(field)
    before = {p.code for p in invalid(_with(kind, level, None, spec))}
    out: dict[str, Closed] = {}
    for value in VALUES[kind]:
        for problem in invalid(_with(kind, level, value, spec)):
            if problem.code not in before | _HOLES:
                out[value] = Closed(problem.message, *_opener(kind, problem.code, spec))
                break
    return out


def _parts(field: str) -> tuple[int, str]:
    if field.startswith("level:"):
        _, level, kind = field.split(":")
        return int(level), kind
    return -1, field


def _with(kind: str, level: int, value: Any, spec: ModelSpec) -> ModelSpec:
    """The model with a value chosen; None is the value that is always open."""
    if kind == "df":
        return edit.set_df(spec, value)
    if kind == "vce":
        return edit.set_vce(spec, value, spec.cluster)
    if kind == "weight" and level < 0:
        return edit.set_weight(spec, value, spec.weight.expression if spec.weight else "")
    if kind == "weight":
        e = spec.random[level]
        return edit.set_level_weight(spec, level, value, e.fweight or e.pweight or "")
    if kind == "pwscale":
        return edit.set_pwscale(spec, value)
    if kind == "residuals":
        return edit.set_residual_structure(spec, value or "independent")
    if kind == "nostderr":
        return replace(spec, nostderr=value is not None)
    if kind == "emonly":
        return edit.set_maximisation(spec, emonly=value is not None)
    if kind == "dftable":
        return edit.set_display(spec, dftable=value or "default")
    return edit.set_covariance(spec, level, value)


_Opener = tuple[Callable[[ModelSpec], ModelSpec], str]
_ML: _Opener = (lambda s: edit.set_df(edit.set_method(s, "ml"), None), "Switch to ML")
_LARGE: _Opener = (lambda s: edit.set_df(s, None), "Use large-sample tests")
_OPENERS: dict[tuple[str, str], _Opener] = {
    ("df", "df-robust"): (lambda s: edit.set_vce(s, None), "Use model-based SEs"),
    ("df", "df-weights"): (edit.clear_weights, "Remove weights"),
    ("df", "df-needs-reml"): (lambda s: edit.set_method(s, "reml"), "Switch to REML"),
    ("vce", "df-robust"): _LARGE,
    ("weight", "weights-reml"): _ML,
    ("weight", "df-weights"): _LARGE,
    ("weight", "cr2-weights"): (lambda s: replace(s, vce_correction="cr1"), "Use CR1"),
    ("residuals", "residuals-without-level"): (edit.add_level, "Add a level"),
}
# A rule's own mend takes the value away again; these keep the way to it free.


def _opener(kind: str, code: str, spec: ModelSpec) -> tuple[ModelSpec | None, str]:
    found = _OPENERS.get((kind, code))
    return (found[0](spec), found[1]) if found else (None, "")
