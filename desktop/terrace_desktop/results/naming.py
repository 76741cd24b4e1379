"""A short name for a model, from its specification."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from terrace.results.fit import FitResult
    from terrace.spec.model import ModelSpec, Term


def _tr(text: str) -> str:
    return QCoreApplication.translate("naming", text)


def _term(term: Term) -> str:
    return " × ".join(f.name for f in term.factors)


def describe(spec: ModelSpec) -> str:
    """What is random: ``Random slope of ses``, ``Random intercepts of region, state``, ``Linear model``."""
    slopes = [_term(t) for e in spec.random for t in e.terms if not any(f.drop for f in t.factors)]
    crossed = [e.factor for e in spec.random if e.factor]
    levels = [e.level for e in spec.random if e.constant and not e.factor]
    if slopes:
        names = list(dict.fromkeys(slopes))
        head = _tr("Random slope of {0}") if len(names) == 1 else _tr("Random slopes of {0}")
        return head.format(_listed(names))
    if crossed:
        names = list(dict.fromkeys([*crossed, *levels]))
        return _tr("Random effects of {0}").format(_listed(names))
    if levels:
        names = list(dict.fromkeys(levels))
        return (
            _tr("Random intercept of {0}") if len(names) == 1 else _tr("Random intercepts of {0}")
        ).format(_listed(names))
    return _tr("Linear model") if not spec.random else _tr("Correlated residuals")


def _listed(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else ", ".join(names[:3]) + ", …"


def state_pill(fit: FitResult) -> tuple[str, str]:
    """Text and kind of the pill: how the maximisation ended, in how many steps and how long."""
    from terrace_desktop.history import duration

    steps = sum(1 for i in fit.log if i.phase != "EM") or len(fit.log)
    took = _tr("{0} steps, {1}").format(steps, duration(fit.elapsed))
    if steps == 1:
        took = _tr("1 step, {0}").format(duration(fit.elapsed))
    if fit.state == "failed":
        return _tr("not converged after {0}").format(took), "bad"
    if fit.state == "boundary":
        return _tr("on the boundary, {0}").format(took), "warn"
    return _tr("converged in {0}").format(took), "good"
