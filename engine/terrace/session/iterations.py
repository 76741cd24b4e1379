"""The iteration log of a fit as text: what ``log``, ``emlog``, ``emdots`` and their companions ask for."""

from __future__ import annotations

from collections.abc import Sequence

from terrace.optimise.log import Iteration
from terrace.report.numbers import general
from terrace.results.fit import FitResult
from terrace.results.tables_notes import likelihood_name
from terrace.spec.model import Maximisation

_DOTS = 50  # dots a line


def iteration_text(fit: FitResult) -> str:
    """The log that the options of the fit ask for; empty with ``nolog``.

    EM iterations are shown with ``emlog`` and ``emonly``, as dots with ``emdots``. ``trace``, ``gradient`` and
    ``hessian`` show these in the metric of the search, ``showstep`` and ``showtolerance`` their lengths.
    """
    m = fit.spec.maximisation
    name = likelihood_name(fit).lower()
    em = [i for i in fit.log if i.phase == "EM"]
    newton = [i for i in fit.log if i.phase != "EM"]
    lines: list[str] = []
    if em and m.emdots:
        lines += ["EM iterations:", *_dots(len(em))]
    elif em and (m.emlog or (m.emonly and m.log)):
        lines += ["EM iterations:", *_entries(em, name, m)]
    if newton and m.log and not m.emonly:
        lines += ["Gradient-based iterations:", *_entries(newton, name, m)]
    return "\n".join(lines)


def _dots(count: int) -> list[str]:
    return ["." * min(_DOTS, count - start) for start in range(0, count, _DOTS)]


def _entries(entries: Sequence[Iteration], name: str, m: Maximisation) -> list[str]:
    lines: list[str] = []
    previous: float | None = None
    for entry in entries:
        lines.append(f"Iteration {entry.number}:  {name} = {general(entry.ll, 10)}")
        more = []
        if m.gradient or m.hessian:
            more.append(f"length of the gradient {entry.gradient_norm:.2e}")
        if (m.trace or m.showstep) and entry.step:  # none led to the start, and those of EM have no length
            more.append(f"length of the step {entry.step:.2e}")
        if m.showtolerance and previous is not None:
            more.append(f"relative change {abs(entry.ll - previous) / max(abs(previous), 1e-300):.2e}")
        if more:
            lines[-1] += "  (" + ", ".join(more) + ")"
        if m.trace and entry.parameters:
            lines += _vector("parameters", entry.parameters)
        if m.gradient and entry.gradient:
            lines += _vector("gradient", entry.gradient)
        if m.hessian and entry.hessian:
            lines.append("    Hessian:")
            lines += [row for values in entry.hessian for row in _vector("", values)]
        previous = entry.ll
    return lines


def _vector(title: str, values: Sequence[float]) -> list[str]:
    """Numbers in rows of six, under their title."""
    rows = ["".join(f"{general(v):>13}" for v in values[k : k + 6]) for k in range(0, len(values), 6)]
    return ([f"    {title} (search metric):"] if title else []) + ["    " + row for row in rows]
