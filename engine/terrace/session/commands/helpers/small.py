"""Whether tests of a command go by t and F: degrees of freedom asked for after the fit."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps

from terrace.inference.small import TITLES
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import Option, scan_options
from terrace.language.mixed_options import excluding
from terrace.language.mixed_options import number as number_of
from terrace.results.fit import FitResult
from terrace.session.commands.helpers.fits import current_fit
from terrace.session.registry import Handler
from terrace.session.session import Session
from terrace.session.state import CommandResult


def by_t(fit: FitResult, options: dict[str, Option]) -> bool:
    """t and F instead of z and chi2: where ``small`` or ``df()`` asks for them, and always after ``regress``."""
    return "small" in options or "df" in options or fit.macros.get("cmd") == "regress"


def df_r(fit: FitResult, options: dict[str, Option]) -> dict[str, float]:
    """r(df_r): the residual degrees of freedom, where there are some that hold for all of the results."""
    if "df" in options:
        return {"df_r": number_of(options["df"])}
    own = fit.scalars.get("df_r")
    return {} if own is None else {"df_r": float(own)}


def with_own_df(fit: FitResult, options: dict[str, Option]) -> FitResult:
    """The fit with the degrees of freedom of ``df(#)``, or as it is without that option."""
    if "df" not in options:
        return fit
    from terrace.postestimation.tests.combinations import with_df

    excluding(options, ("df", "small"))
    return with_df(fit, number_of(options["df"]))


def tells_of_small(handler: Handler) -> Handler:
    """A handler whose last table says, after a fit with degrees of freedom, that t and F are to be had.

    What is typed without ``small`` is tested by z and χ², as elsewhere.
    """

    @wraps(handler)
    def told(session: Session, parsed: ParsedCommand) -> CommandResult:
        result = handler(session, parsed)
        typed = {o.name for o in scan_options(parsed.clauses.options)}
        fit = session.state.fit
        if not result.tables or fit is None or {"small", "df"} & typed or fit.macros.get("cmd") == "regress":
            return result
        title = TITLES.get(fit.spec.df_method or "")
        about = spoken_of(session, parsed) if parsed.name in _OF_POSTED else fit
        if about.model.small is None or title is None:
            return result
        note = f"z and χ² are for large samples. For t and F, use the option small ({title})."
        last = result.tables[-1]
        return replace(result, tables=(*result.tables[:-1], replace(last, notes=(*last.notes, note))))

    return told


def spoken_of(session: Session, parsed: ParsedCommand) -> FitResult:
    """The estimates that tests and combinations are about: the active fit, or the margins posted from it."""
    fit = current_fit(session, parsed)
    posted = session.state.posted
    return posted[1] if posted is not None and posted[0] is fit else fit


_OF_POSTED = ("test", "testnl", "testparm", "lincom", "nlcom")
