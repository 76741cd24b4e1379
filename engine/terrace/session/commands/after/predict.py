"""New variables from a fit: ``predict``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset, Variable
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import parse_new_names
from terrace.language.grammar.options import Option, rules
from terrace.language.grammar.tokens import Piece, words
from terrace.language.mixed_options import argument, excluding
from terrace.results.advice_covariance import some
from terrace.results.fit import FitResult
from terrace.session.commands.helpers.asking import level_of
from terrace.session.commands.helpers.fits import current_fit
from terrace.session.commands.helpers.rows import selected
from terrace.session.commands.helpers.working import plural
from terrace.session.context import current_sample
from terrace.session.effects import Effect
from terrace.session.fit_rows import FitRows, fit_rows
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult

FloatArray = npt.NDArray[np.float64]
_STATISTICS = (
    *("xb", "stdp", "fitted", "residuals", "rstandard", "reffects", "scores"),
    *("stdfitted", "stdf"),
)
_BESIDE = ("se", "ci", "pi")  # options that put further variables beside a prediction
_TYPES = ("double", "float", "byte", "int", "long")


@dataclass(frozen=True)
class _New:
    """One variable to be made: its name as typed, its values for every row, its label."""

    name: str
    values: FloatArray
    label: str
    place: Piece


@command(
    "predict",
    minimum="predict",
    syntax="predict NAMES [if] [in] [, xb|stdp|fitted|residuals|rstandard|reffects|scores|stdfitted|stdf "
    "relevel(level) reses(NAMES) se(NAME) ci(LOW HIGH) pi(LOW HIGH) level(#)]",
    help="Put predictions of the fit into new variables, with standard errors and intervals.",
    effects=Effect.DATA | Effect.ABOUT_FIT | Effect.BRIEF,
)
def predict(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed, rows=True)
    weight = parsed.clauses.weight
    if weight is not None:
        raise weight.piece.error("predict takes no weights.", code="no-rows", subject="weights")
    options = parsed.options(
        rules(
            "xb stdp fit:ted res:iduals rsta:ndard ref:fects sc:ores stdfit:ted stdf", "relev:el reses se ci pi l:evel"
        )
    )
    statistic = _statistic(options)
    relevel = None if "relevel" not in options else str(argument(options["relevel"]))
    data = session.data
    notes = [] if _says_which(options) else ["(xb, the linear prediction of the fixed part)"]
    if statistic == "scores":
        made = _scores(fit, fit_rows(session, fit), parsed)
    elif statistic in ("stdfitted", "stdf") or any(name in options for name in _BESIDE):
        made, seen = _with_errors(session, fit, parsed, statistic, relevel, options)
        notes += seen
    else:
        # whitening needs the groups of the fit whole; everything else is row by row
        there = fit_rows(session, fit) if statistic == "rstandard" else FitRows(data, None)
        made = _plain(fit, there, parsed, statistic, relevel, options.get("reses"))
    keep = selected(session, parsed.clauses)
    for new in made:
        if new.name in data:
            raise new.place.error(
                f"A variable named {new.name} already exists.",
                code="variable-exists",
                subject=new.name,
                advice="Choose another name.",
            )
        data = data.with_column(new.name, np.where(keep, new.values, np.nan), Variable(new.name, new.label))
    if statistic in ("fitted", "residuals"):
        notes += _unseen(fit, session.data, keep)
    if statistic not in ("reffects", "scores"):
        notes += _not_estimable(fit, session.data, keep)
    notes += _not_identified(session, fit, keep, [new.values for new in made])
    missing = [(n.name, int(np.isnan(data.numeric(n.name)).sum())) for n in made]
    notes += [f"{name}: {plural(count, 'missing value')}" for name, count in missing if count]
    return CommandResult(text="\n".join(dict.fromkeys(notes)), state=replace(session.state, dataset=data))


def _says_which(options: dict[str, Option]) -> bool:
    return any(name in options for name in (*_STATISTICS, "reses"))


def _statistic(options: dict[str, Option]) -> str:
    """What is predicted. `CommandError` where an option does not belong to it."""
    given = excluding(options, _STATISTICS)
    errors = options.get("reses")
    if errors is not None:
        if given not in (None, "reffects"):
            raise errors.piece.error(
                "reses() needs reffects.", code="misplaced-option", subject="reses", advice="Add reffects."
            )
        given = "reffects"
    statistic = given or "xb"
    for name in _BESIDE:
        if name in options and statistic not in ("xb", "fitted"):
            raise options[name].piece.error(
                f"{name}() needs fitted or xb.", code="misplaced-option", subject=name, advice="Add fitted."
            )
    return statistic


def _plain(
    fit: FitResult, there: FitRows, parsed: ParsedCommand, statistic: str, relevel: str | None, errors: Option | None
) -> list[_New]:
    """Predictions without further uncertainty; random effects perhaps with their SEs."""
    from terrace.postestimation.predict import columns as predictions

    columns = predictions.predict(fit, there.data, statistic, relevel=relevel, reses=errors is not None)
    half = len(columns) // 2 if errors is not None else len(columns)
    body = _without_type(parsed.clauses.body)
    names = [(n, body) for n in _new_names(body, half, parsed.word)]
    if errors is not None:
        own = argument(errors)
        names += [(n, own) for n in _new_names(own, len(columns) - half, errors.piece)]
    return [_New(n, there.spread(c.values), c.label, place) for (n, place), c in zip(names, columns)]


def _scores(fit: FitResult, there: FitRows, parsed: ParsedCommand) -> list[_New]:
    from terrace.postestimation.diagnose.scores import score_columns

    columns = score_columns(fit, there.data)
    body = _without_type(parsed.clauses.body)
    names = _new_names(body, len(columns), parsed.word)
    return [_New(n, there.spread(c.values), c.label, body) for n, c in zip(names, columns)]


def _with_errors(
    session: Session,
    fit: FitResult,
    parsed: ParsedCommand,
    statistic: str,
    relevel: str | None,
    options: dict[str, Option],
) -> tuple[list[_New], list[str]]:
    """A prediction with its SE and intervals as asked for, and what to know about them."""
    from terrace.postestimation.predict.uncertainty import prediction
    from terrace.statistics.distributions import confidence_quantile

    level = level_of(options, session)
    found = prediction(fit, session.data, fixed_only=statistic == "xb", relevel=relevel, cancel=session.cancel)
    body = _without_type(parsed.clauses.body)
    (name,) = _new_names(body, 1, parsed.word)
    what = "Linear prediction, fixed portion" if statistic == "xb" else "Fitted values: xb + Zu"
    what += f", down to {relevel}" if relevel and statistic != "xb" else ""
    values, label = {
        "stdfitted": (found.se, "Standard error of the fitted values"),
        "stdf": (found.sd_new, "Standard deviation of a new observation about its prediction"),
    }.get(statistic, (found.value, what))
    made = [_New(name, values, label, body)]
    if "se" in options:
        own = argument(options["se"])
        made += [_New(n, found.se, f"Standard error of {name}", own) for n in _new_names(own, 1, own)]
    z = confidence_quantile(level)
    for option, spread, title in (("ci", found.se, "CI of the fitted value"), ("pi", found.sd_new, "prediction")):
        if option not in options:
            continue
        own = argument(options[option])
        kind = title if option == "ci" else "prediction interval"
        for n, sign, end in zip(_new_names(own, 2, own), (-1.0, 1.0), ("lower", "upper")):
            made.append(_New(n, found.value + sign * z * spread, f"{level:g}% {kind} of {name}, {end}", own))
    names = [n.name for n in made]
    for k, new in enumerate(made):
        if new.name in names[:k]:
            raise new.place.error(f"The name {new.name} appears twice.", code="variable-exists", subject=new.name)
    notes = []
    if not fit.model.design.residuals.structure.independent and ("pi" in options or statistic == "stdf"):
        notes.append("(a new observation has a residual of its own, uncorrelated with those of the sample)")
    if statistic in ("stdfitted", "stdf"):
        notes += _unseen(fit, session.data, selected(session, parsed.clauses))
    return made, notes


def _unseen(fit: FitResult, data: Dataset, keep: npt.NDArray[np.bool_]) -> list[str]:
    """How many rows belong to groups that the fit never saw."""
    from terrace.postestimation.predict.columns import group_codes

    out = []
    told: set[str] = set()
    for position, block in enumerate(fit.model.design.blocks):
        name = block.factor or block.level.name
        if not block.names or name in told:
            continue
        told.add(name)
        count = int(((group_codes(fit, data, position) < 0) & keep).sum())
        if count:
            out.append(f"({plural(count, 'row')} of a {name} that was not in the fit; its effects are predicted as 0)")
    return out


def _not_estimable(fit: FitResult, data: Dataset, keep: npt.NDArray[np.bool_]) -> list[str]:
    """How many rows have no prediction, since no rows of the fit tell what it is there."""
    from terrace.postestimation.predict.columns import not_estimable_rows
    from terrace.postestimation.settled import bare

    count = int((not_estimable_rows(bare(fit), data) & keep).sum())
    if not count:
        return []
    return [f"({plural(count, 'row')} in cells without data in the fit, where the prediction cannot be estimated)"]


def _not_identified(
    session: Session, fit: FitResult, keep: npt.NDArray[np.bool_], made: Sequence[FloatArray]
) -> list[str]:
    """What rows of the sample lack since it depends on parameters that the data do not tell."""
    inside = current_sample(session.state)
    inside = keep if inside is None else keep & inside
    if fit.model.attainable is None or not any(np.isnan(values[inside]).any() for values in made):
        return []
    unknown = some([r.name for r in fit.random if not r.identified])
    return [f"(what depends on {unknown}, which these data do not identify, is missing)"]


def _without_type(piece: Piece) -> Piece:
    """The names without a storage type in front, which has no meaning here."""
    first = words(piece)[:1]
    return piece.after(first[0].end).strip() if first and str(first[0]) in _TYPES else piece


def _new_names(piece: Piece, count: int, place: Piece) -> list[str]:
    """Names for `count` new variables: as many names, or ``stub*`` for stub1, stub2, ..."""
    text = str(piece).strip()
    if text.endswith("*") and text[:-1]:
        (stub,) = parse_new_names(piece.before(piece.start + len(str(piece).rstrip()) - 1)) or ("",)
        return [f"{stub}{k + 1}" for k in range(count)]
    names = list(parse_new_names(piece))
    if len(names) != count:
        need = "1 new variable" if count == 1 else f"{count} new variables"
        given = "1 name is given" if len(names) == 1 else f"{len(names)} names are given"
        raise (piece if piece else place).error(
            f"This makes {need}, and {given}.",
            code="number-of-names",
            advice="Give that many names, or a stub: u* for u1, u2, ...",
        )
    return names
