"""What ``etable`` and ``estimates table`` have in common: which coefficients, numbers and stars are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from terrace.errors import CommandError
from terrace.language.grammar.options import Option, OptionRule, choice, did_you_mean, match_options, rules
from terrace.language.grammar.tokens import Piece, split, unquoted, words
from terrace.language.mixed_options import argument, read_format
from terrace.results.fit import FitResult
from terrace.results.table import Row
from terrace.results.tables_columns import Line, Stars, What, Wording, codes_of
from terrace.results.tables_compare import fit_rows
from terrace.session.session import Session

USUAL_STARS = Stars(((0.05, "*"), (0.01, "**")))
_CELLS: dict[str, What] = {
    "_r_b": "b", "_r_se": "se", "_r_z": "stat", "_r_z_abs": "abs", "_r_p": "p", "_r_lb": "lb", "_r_ub": "ub",
    "_r_ci": "ci", "_r_df": "df",
}  # fmt: skip


def wording_of(session: Session, *, variables: bool, values: bool) -> Wording:
    """Labels of the variables of the open data, where `variables` says so."""
    data = session.dataset
    labels = {n: data.variable(n).label for n in data.names} if variables and data is not None else {}
    return Wording(labels, values)


# --- which coefficients -------------------------------------------------------------------------------------
def keep_of(options: dict[str, Option], fits: Sequence[FitResult]) -> Callable[[str], bool] | None:
    """What ``keep()`` or ``drop()`` says of the code of a coefficient; None without them.

    Items are names of coefficients as in ``testparm``, ``outcome:`` or ``#1:`` for the whole fixed part, and names of
    covariance parameters (``var(_cons)``, ``id:var(_cons)``).
    """
    option = options.get("keep") or options.get("drop")
    if option is None:
        return None
    chosen: set[str] = set()
    for item in words(argument(option)):
        found = _named(item, fits)
        if not found:
            raise item.error(f"None of these models has {item}.", code="no-such-coefficient", subject=str(item))
        chosen |= found
    if option.name == "keep":
        return lambda code: code in chosen
    return lambda code: code not in chosen


def _named(item: Piece, fits: Sequence[FitResult]) -> set[str]:
    from terrace.postestimation.tests.coefficients import testable

    text = str(item)
    codes = codes_of(fits)
    if "(" in text:
        return {c for c in codes if text in (c, c.partition(":")[2])}
    before, colon, after = text.partition(":")
    if colon and before in ("#1", *(f.outcome for f in fits)):
        item = item.after(item.start + len(before) + 1)
        if not after:
            return {e.term for f in fits for e in f.fixed}
    out: set[str] = set()
    for fit in fits:
        try:
            out |= {"_cons"} & codes if str(item) == "_cons" else {c.name for c in testable(fit, item)}
        except CommandError:
            continue
    return out


# --- which numbers ------------------------------------------------------------------------------------------
def stat_rows(
    fits: Sequence[FitResult], asked: Sequence[tuple[Piece, str, str]], *, plain: bool = False
) -> list[Row]:
    """One row for each (place, label, display format) of a number of the models, in this order.

    `plain` shows seven digits where no format is asked for, and no words for people.
    """
    known = {r.code: r for r in fit_rows(fits)}
    out: list[Row] = []
    for place, label, display in asked:
        name = str(place).strip()
        row = known.get(name)
        if row is None:
            values = tuple(f.scalars.get(name) for f in fits)
            if all(v is None for v in values):
                raise place.error(
                    f"No model has a number e({name}).",
                    code="no-such-result",
                    subject=name,
                    advice="See them with ereturn list. aic and bic are also available.",
                )
            row = Row(name, values, code=name, format="general")
        elif plain:
            row = replace(row, label=name, format="count" if row.format == "count" else "general", decimals=None)
        display = "" if plain and row.format == "count" else display
        out.append(replace(row, kind="row" if out else "total", label=label or row.label, display=display))
    return out


def read_cell(option: Option) -> Line:
    """``cstat(_r_se, nformat(%6.2f) sformat("(%s)"))``."""
    parts = split(argument(option), ",")
    name = str(parts[0]).strip()
    if name not in _CELLS:
        raise parts[0].strip().error(
            f"{name!r} is not a statistic of a coefficient.",
            code="bad-option-value",
            subject=name,
            advice=did_you_mean(name, list(_CELLS), otherwise=True),
        )
    more = _more(option, parts, rules("", "nf:ormat sf:ormat"))
    display = read_format(more["nformat"]) if "nformat" in more else ""
    around: tuple[str, str] | None = None
    if "sformat" in more:
        before, sign, after = unquoted(argument(more["sformat"])).partition("%s")
        if not sign:
            raise more["sformat"].piece.error(
                "sformat() needs %s in place of the number.", code="format", advice='Write sformat("[%s]").'
            )
        around = (before, after.replace("%%", "%"))
    return Line(_CELLS[name], display, around)


def read_stat(option: Option) -> tuple[Piece, str, str]:
    """``mstat(aic, nformat(%9.1f) label("Akaike"))``: the place of the name, its label, its format."""
    parts = split(argument(option), ",")
    more = _more(option, parts, rules("", "nf:ormat l:abel"))
    label = unquoted(argument(more["label"])) if "label" in more else ""
    return parts[0].strip(), label, read_format(more["nformat"]) if "nformat" in more else ""


def _more(option: Option, parts: list[Piece], known: tuple[OptionRule, ...]) -> dict[str, Option]:
    rest = parts[0].at(parts[1].start, parts[-1].end) if len(parts) > 1 else parts[0].at(parts[0].end, parts[0].end)
    return match_options(rest, known, f"{option.name}()")


# --- stars --------------------------------------------------------------------------------------------------
def read_stars(option: Option, usual: Sequence[float] = (0.05, 0.01, 0.001)) -> Stars:
    """``stars(.05 "*" .01 "**", attach(_r_p))``, or bounds alone: ``star(.1 .05 .01)``."""
    if option.argument is None or not option.argument:
        return Stars(tuple((b, "*" * (k + 1)) for k, b in enumerate(usual)))
    parts = split(argument(option), ",")
    bounds: list[tuple[float, str]] = []
    waiting: float | None = None
    for item in words(parts[0]):
        text = str(item)
        if text[0] in '"`':
            if waiting is None:
                raise item.error("Write each mark after its p value limit.", code="stars", advice=_STARS)
            bounds.append((waiting, unquoted(item)))
            waiting = None
            continue
        if waiting is not None:
            bounds.append((waiting, ""))
        try:
            waiting = float(text)
        except ValueError:
            waiting = -1.0
        if not 0 < waiting < 1:
            raise item.error(f"{text} is not a p value limit.", code="stars", advice=_STARS)
    if waiting is not None:
        bounds.append((waiting, ""))
    if not any(mark for _, mark in bounds):
        bounds = [(b, "*" * (k + 1)) for k, (b, _) in enumerate(sorted(bounds, reverse=True))]
    elif not all(mark for _, mark in bounds):
        raise option.piece.error("Each limit needs a mark.", code="stars", advice=_STARS)
    more = _more(option, parts, rules("", "at:tach"))
    on: What = "b"
    if "attach" in more:
        found = choice(argument(more["attach"]), more["attach"].value, " ".join(_CELLS), "a number of a coefficient")
        on = _CELLS[found]
    return Stars(tuple(bounds), on)


_STARS = 'Write stars(.05 "*" .01 "**" .001 "***").'
