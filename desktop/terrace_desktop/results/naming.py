"""How a fit ended, in a sentence for the details of its card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terrace_desktop.ui.words import tr

if TYPE_CHECKING:
    from terrace.results.fit import FitResult


def fit_facts(fit: FitResult) -> str:
    """How the maximisation ended, in how many steps and how long; the likelihood with its criteria; the version."""
    from terrace.report.cells import shown
    from terrace.version import __version__
    from terrace_desktop.work.history import duration

    steps = max((i.number for i in fit.log if i.phase != "EM"), default=0) or len(fit.log)
    took = tr("{0} step(s), {1}", "", steps).format(steps, duration(fit.elapsed))
    if fit.state == "failed":
        said = tr("Not converged after {0}.").format(took)
    elif fit.state == "boundary":
        said = tr("Converged on the boundary in {0}.").format(took)
    else:
        said = tr("Converged in {0}.").format(took)
    numbers = []
    for table in fit.tables(warnings=False):
        if table.key == "fit":
            cells = shown(table).lines[0].cells
            numbers = [f"{c.title} {cell.text}" for c, cell in zip(table.columns, cells)]
    return " ".join(x for x in (said, "; ".join(numbers) + "." if numbers else "", f"Terrace {__version__}.") if x)
