"""Results on paper: ``report`` writes models with what was asked about them, ``plot`` draws one of a fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from terrace.errors import CommandError, TerraceError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names
from terrace.language.grammar.options import Option, rules
from terrace.language.grammar.tokens import unquoted, words
from terrace.language.mixed_options import argument, excluding
from terrace.report import formats
from terrace.results.fit import FitResult
from terrace.results.plot import Plot
from terrace.session.commands.helpers.files import file_name, with_ending
from terrace.session.commands.helpers.fits import current_fit, named_fit
from terrace.session.document.figures import as_shown
from terrace.session.document.fits import fits_of, model_of
from terrace.session.document.report_parts import parts_of_report
from terrace.session.effects import Effect
from terrace.session.fit_rows import fit_rows
from terrace.session.labelling import fit_now, labels_now
from terrace.session.registry import command
from terrace.session.reporting import blocks, parts_of
from terrace.session.session import Session
from terrace.session.state import CommandResult
from terrace.spec.title import model_title
from terrace.wording import plural

if TYPE_CHECKING:
    from terrace.report.parts import Part

PLOTS = ("residuals", "qq", "caterpillar")
"""The plots of every report; `MORE` are drawn on request."""
MORE = ("histogram", "effects", "spaghetti", "lines")
_OVER = ("spaghetti", "lines")  # drawn over a variable
_OF = ("caterpillar", "effects")  # of a level


@command(
    "report",
    syntax='report FILE [, models(NAMES) titles("text" ...) results(# ...)|noresults notes noplots replace]',
    help="Write the report as its plan has it, as a Word document where the name has no ending; report parts lists "
    "what is in it. With options there is no plan: models with their ICC, R², plots and further results, and the other "
    "tables and plots of the session. models() chooses models, results() results by number, notes adds the title, "
    "headings and notes of the page. "
    f"{' '.join(f.ending for f in formats.REPORTS)}",
    effects=Effect.FILES | Effect.BRIEF,
)
def report(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.report.export import export

    options = parsed.options(rules("noplots noresults notes replace", "models titles results"))
    path = file_name(session, parsed.clauses.body, "report")
    if not set(options) - {"replace"} and parts_of_report(session.state.document):
        from terrace.report.export import export_report
        from terrace.session.report_contents import report_contents

        whole = with_ending(Path(path), ".docx")  # Word where no format is named
        written = export_report(report_contents(session), whole, replace="replace" in options)
        return CommandResult(text=f"Written to {written}.")
    excluding(options, ("results", "noresults"))
    numbers = [] if "noresults" in options else _numbers(session, options.get("results"))
    fits = _fits(session, parsed, options.get("models"), bool(numbers))
    titles = _titles(options.get("titles"), len(fits))
    own = [model_of(session.state.document, f) for f in fits]
    titles = [title or (item.title if item is not None else "") for title, item in zip(titles, own)]
    named = {
        id(f): replace(fit_now(session.state, f), name=titles[i] or f"Model {i + 1} · {model_title(f.spec)}")
        for i, f in enumerate(fits)
    }

    def drawn(fit: FitResult) -> list[Plot]:
        return [] if "noplots" in options else [as_shown(session.state.document, p) for p in _plots(session, fit)]

    parts: list[Part] = []
    alone = "models" in options
    found = blocks(session, fits, numbers, alone, notes="notes" in options or not (alone or numbers is not None))
    for i, block in enumerate(found):
        session.report("Writing", i / len(found))
        parts += parts_of(block, named.get(id(block.fit)), drawn)
    if "noplots" in options:
        parts = [p for p in parts if not isinstance(p, Plot)]
    written = export(parts, path, replace="replace" in options, labels=labels_now(session.state, fits))
    return CommandResult(text=f"Written to {written}.")


@command(
    "plot",
    syntax="plot residuals|qq|histogram|caterpillar [level]|effects [level]|spaghetti x|lines x "
    "[, saving(FILE) replace]",
    help="Draw residuals against fitted values, normal quantiles of residuals or of random effects, the random "
    "effects in order, or the data or the fitted lines of every group over x.",
    effects=Effect.FILES | Effect.ABOUT_FIT | Effect.BRIEF,
)
def plot(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    options = parsed.options(rules("replace", "saving"))
    items = words(parsed.clauses.body)
    kind = str(items[0]) if items else ""
    found = [p for p in (*PLOTS, *MORE) if kind and p.startswith(kind)]
    takes = len(found) == 1 and found[0] in (*_OVER, *_OF)
    if len(found) != 1 or len(items) > (2 if takes else 1):
        bad = items[0] if items and not found else parsed.word if not items else items[-1]
        raise bad.error(
            "This is not a plot of a fit.",
            code="no-such-plot",
            subject=kind,
            advice=f"Available: {', '.join((*PLOTS, *MORE))}.",
        )
    more = str(items[1]) if len(items) > 1 else None
    if found[0] in _OVER:
        if more is None:
            raise items[0].error(f"Give the variable for the horizontal axis: plot {found[0]} x.", code="no-variable")
        more = Names(session.data.names).one(items[1])
    drawn = draw(session, fit, found[0], more)
    if "saving" not in options:
        return CommandResult(plots=(drawn,))
    from terrace.report.figure.figure import save

    drawn = as_shown(session.state.document, drawn)
    path = save(drawn, file_name(session, argument(options["saving"]), "plot"), replace="replace" in options)
    return CommandResult(text=f"Written to {path}.")


def draw(session: Session, fit: FitResult, kind: str, level: str | None = None) -> Plot:
    """One of the plots of a fit, from the data that are open; `level` is the variable of those over one.

    Raises `TerraceError` where it cannot be drawn.
    """
    from terrace.postestimation.diagnose import plots

    if kind == "caterpillar":
        return plots.caterpillar(fit, session.state.dataset, level=level)
    if kind == "effects":
        return plots.qq(fit, session.state.dataset, of="effects", level=level)
    data = fit_rows(session, fit).data
    if kind in _OVER:
        assert level is not None
        return (plots.spaghetti if kind == "spaghetti" else plots.fitted_lines)(fit, data, level)
    if kind == "histogram":
        return plots.histogram(fit, data)
    return plots.qq(fit, data) if kind == "qq" else plots.residual_fitted(fit, data)


def _fits(session: Session, parsed: ParsedCommand, models: Option | None, chosen: bool) -> list[FitResult]:
    """The fits of ``models()``; without it those of the session, but none where results are `chosen`."""
    if models is not None:
        return [named_fit(session, parsed, item)[1] for item in words(argument(models))]
    if chosen:
        return []
    fits = [fit for _, fit in fits_of(session.state.document)]
    if not fits and not _known(session):
        return [current_fit(session, parsed)]
    return fits


def _known(session: Session) -> set[int]:
    """The numbers of the results that are in the document."""
    return {i.outcome.number for i in session.state.document if i.outcome is not None and i.outcome.number}


def _numbers(session: Session, option: Option | None) -> list[int] | None:
    if option is None:
        return None
    known = _known(session)
    out = []
    for item in words(argument(option)):
        if not str(item).isdigit() or int(str(item)) not in known:
            raise item.error(
                f"There is no result {item} in this session.",
                code="no-such-result",
                advice=f"Results are numbered 1 to {max(known)}." if known else "There are no results yet.",
            )
        out.append(int(str(item)))
    return out


def _titles(option: Option | None, count: int) -> list[str]:
    given = [] if option is None else [unquoted(p) for p in words(argument(option))]
    if len(given) > count:
        assert option is not None
        raise option.piece.error(f"{plural(len(given), 'title')} for {plural(count, 'model')}.", code="titles")
    return given + [""] * (count - len(given))


def _plots(session: Session, fit: FitResult) -> list[Plot]:
    """The three plots, less those that this fit or these data do not allow."""
    out = []
    for kind in PLOTS:
        try:
            out.append(draw(session, fit, kind))
        except CommandError:
            raise
        except TerraceError:
            continue
    return out
