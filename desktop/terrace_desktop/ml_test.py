"""A likelihood-ratio test that REML refused, done by ML: both models are fitted again, then compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from terrace.results.fit import FitResult
    from terrace.session.contract import Outcome
    from terrace.spec.model import ModelSpec
    from terrace_desktop.controller import Controller

REFUSED = ("reml-fixed", "ml-and-reml")  # what lrtest says of such models


def compare_by_ml(controller: Controller, command: str) -> None:
    """Run the fits by ML that ``lrtest a b`` needs, then the test: each is a command, and one that fails ends it."""
    head, comma, options = command.partition(",")
    names = [*head.split()[1:], "."][:2]  # a name alone is compared with the active fit
    found: list[str] = []

    def go_on(fits: Any) -> None:
        if isinstance(fits, BaseException) or None in fits:
            return
        step(list(fits))

    def step(left: list[FitResult]) -> None:
        if not left:
            controller.run(f"lrtest {' '.join(found)}{comma}{options}")
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
        def named(name: Any) -> None:
            if isinstance(name, str) and name:
                found.append(name)
                step(left[1:])

        controller.call(lambda session, _p, _c: stored_name(session, fit), named)

    controller.call(lambda session, _p, _c: [fit_of(session, n) for n in names], go_on)


def by_ml(spec: ModelSpec) -> str:
    """The command that fits a model by ML; degrees of freedom that need REML are left out."""
    from terrace.spec import edit
    from terrace.spec.choices import closed
    from terrace.spec.text import format_mixed

    spec = edit.set_method(spec, "ml")
    if spec.df_method in closed("df", spec):
        spec = edit.set_df(spec, None)
    return format_mixed(spec)


def fit_of(session: Any, name: str) -> FitResult | None:
    """The fit that a name of lrtest means; ``.`` is the active one."""
    found: FitResult | None = session.fit if name == "." else session.stored.get(name)
    return found


def stored_name(session: Any, fit: FitResult) -> str:
    """The name that a fit is kept under; empty where it has none."""
    return next((n for n, f in reversed(session.stored.items()) if f.model is fit.model), "")
