"""What each variable does in a model, in a word or two for the list of variables."""

from __future__ import annotations

from terrace.spec import edit
from terrace.spec.model import ModelSpec
from terrace_desktop.ui.words import tr


def uses(spec: ModelSpec) -> dict[str, str]:
    """The roles of the variables that the model names, by variable."""
    found: dict[str, dict[str, None]] = {}

    def add(name: str | None, role: str) -> None:
        if name and name != edit.ALL:
            found.setdefault(name, {})[role] = None

    add(spec.outcome.name, tr("outcome"))
    for term in spec.fixed:
        for f in term.factors:
            add(f.name, tr("fixed"))
    for e in spec.random:
        add(e.level, tr("level"))
        add(e.factor, tr("crossed"))
        for term in e.terms:
            for f in term.factors:
                add(f.name, tr("slope"))
        add(e.fweight or e.pweight, tr("weight"))
    add(spec.residuals.time, tr("time"))
    add(spec.residuals.by, tr("by"))
    add(spec.weight.expression if spec.weight is not None else None, tr("weight"))
    add(spec.cluster, tr("cluster"))
    words = {name: ", ".join(roles) for name, roles in found.items()}
    return {name: said[:1].upper() + said[1:] for name, said in words.items()}
