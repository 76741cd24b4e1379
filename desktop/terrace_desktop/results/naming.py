"""How a fit ended, in a few words for the head of its card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from terrace.results.fit import FitResult


def _tr(text: str) -> str:
    return QCoreApplication.translate("naming", text)


def state_pill(fit: FitResult) -> tuple[str, str, str]:
    """Text, kind and short text of the pill: how the maximisation ended, in how many steps and how long."""
    from terrace_desktop.work.history import duration

    steps = max((i.number for i in fit.log if i.phase != "EM"), default=0) or len(fit.log)
    took = _tr("{0} steps, {1}").format(steps, duration(fit.elapsed))
    if steps == 1:
        took = _tr("1 step, {0}").format(duration(fit.elapsed))
    if fit.state == "failed":
        return _tr("not converged after {0}").format(took), "bad", _tr("not converged")
    if fit.state == "boundary":
        return _tr("on the boundary, {0}").format(took), "warn", _tr("on the boundary")
    return _tr("converged in {0}").format(took), "good", _tr("converged")
