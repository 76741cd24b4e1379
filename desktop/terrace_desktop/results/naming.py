"""How a fit ended, in a few words for the head of its card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terrace_desktop.ui.words import tr

if TYPE_CHECKING:
    from terrace.results.fit import FitResult


def state_pill(fit: FitResult) -> tuple[str, str, str]:
    """Text, kind and short text of the pill: how the maximisation ended, in how many steps and how long."""
    from terrace_desktop.work.history import duration

    steps = max((i.number for i in fit.log if i.phase != "EM"), default=0) or len(fit.log)
    took = tr("{0} step(s), {1}", "", steps).format(steps, duration(fit.elapsed))
    if fit.state == "failed":
        return tr("not converged after {0}").format(took), "bad", tr("not converged")
    if fit.state == "boundary":
        return tr("on the boundary, {0}").format(took), "warn", tr("on the boundary")
    return tr("converged in {0}").format(took), "good", tr("converged")
