"""A likelihood-ratio test that REML refused, done by ML: both models are fitted again, then compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terrace.errors import DataError
from terrace.language.grammar.command import parse_command
from terrace.session.document.fits import fit_named, name_of

if TYPE_CHECKING:
    from terrace.results.fit import FitResult
    from terrace.session.contract import Outcome
    from terrace.session.session import Session
    from terrace.spec.model import ModelSpec
    from terrace_desktop.work.controller import Controller

REFUSED = ("reml-fixed", "ml-and-reml")  # what lrtest says of such models


def compare_by_ml(controller: Controller, command: str) -> None:
    """Run the fits by ML that ``lrtest a b`` needs, then the test: each is a command, and one that fails ends it."""
    clauses = parse_command(command).clauses
    names = [*str(clauses.body).split(), "."][:2]  # a name alone is compared with the active fit
    found: list[str] = []

    def step(left: list[FitResult]) -> None:
        if not left:
            options = f", {clauses.options.strip()}" if clauses.options else ""
            controller.run(f"lrtest {' '.join(found)}{options}")
            return
        fit = left[0]
        if fit.spec.method == "ml":
            keep(fit, left)
            return
        controller.run(by_ml(fit.spec), lambda outcome: fitted(outcome, left))

    def fitted(outcome: Outcome | None, left: list[FitResult]) -> None:
        if outcome is not None and outcome.ok and outcome.fit is not None:
            keep(outcome.fit, left)

    def keep(fit: FitResult, left: list[FitResult]) -> None:
        def named(name: str) -> None:
            found.append(name)
            step(left[1:])

        controller.call("the name of a fit", lambda session: stored_name(session, fit), named)

    controller.call("the fits to compare", lambda session: [fit_of(session, n) for n in names], step)


def by_ml(spec: ModelSpec) -> str:
    """The command that fits a model by ML."""
    from terrace.spec.refit import by_ml as refitted
    from terrace.spec.text import format_mixed

    return format_mixed(refitted(spec))


def fit_of(session: Session, name: str) -> FitResult:
    """The fit that a name of lrtest means; ``.`` is the active one. Raises `DataError` where there is none."""
    found = session.fit if name == "." else fit_named(session.state, name)
    if found is None:
        raise DataError(f"The model {name} is no longer stored. Fit it again.", code="no-such-estimates", subject=name)
    return found


def stored_name(session: Session, fit: FitResult) -> str:
    """The name that a fit is kept under. Raises `DataError` where it has none."""
    name = name_of(session.state, fit)
    if not name:
        raise DataError(f"The fit of {fit.command} is not stored. Fit the model again.", code="no-such-estimates")
    return name
