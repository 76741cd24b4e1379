"""Multiply imputed data: ``mi set``, ``mi import flong``, ``mi describe``, ``mi unset``, and ``mi estimate:``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from terrace.data import imputed
from terrace.data.dataset import Dataset
from terrace.data.transforms.grouping import group
from terrace.design.estimability import by_the_kept, settled
from terrace.errors import Cancelled, CommandError, DataError, SpecError, TerraceError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names, join_ranges, parse_names
from terrace.language.grammar.numlist import parse_numlist
from terrace.language.grammar.options import match_options, rules
from terrace.language.grammar.tokens import Piece, words
from terrace.language.mixed_options import argument, number
from terrace.postestimation.resample.rubin import Pooled, joint_test, pool
from terrace.results.fit import NOT_IDENTIFIED, FitResult, RandomParameter
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.working import changed, plural, shown
from terrace.session.effects import Effect
from terrace.session.registry import command, prefix
from terrace.session.replicates.kept import inner, run_on
from terrace.session.session import Session
from terrace.session.state import CommandResult, Matrix, Returned

_ESTIMATE = rules(
    "vart:able erroro:k", "level ni:mputations i:mputations",
    already="nodots dft:able esampvaryok",  # df is a column in any case, and samples may differ
)  # fmt: skip


# --- the data -----------------------------------------------------------------------------------------------
@command(
    "mi set",
    syntax="mi set flong",
    help="Set up imputed data: _mi_m numbers the imputations, _mi_id the rows.",
    effects=Effect.DATA,
)
def mi_set(session: Session, parsed: ParsedCommand) -> CommandResult:
    style = str(parsed.clauses.body).strip()
    if style != "flong":
        raise (parsed.clauses.body or parsed.word).error(
            "Terrace keeps imputed data in the style flong: all rows of the original and of each imputation.",
            code="mi-style",
            advice="Write mi set flong; where the data have other names, mi import flong, m(imputation) id(row).",
        )
    data = session.data
    if imputed.M in data:
        if imputed.ID not in data:
            found = len(np.unique(data.numeric(imputed.M))) - 1
            return changed(session, imputed.declare(data, imputed.M, ()), plural(found, "imputation"))
        imputed.check(data)
        return CommandResult(text="The data are already set up as imputed.")
    return changed(session, imputed.declare(data, None, ()), "No imputations yet.")


@command(
    "mi import",
    syntax="mi import flong, m(variable) [id(variables) imputed(variables) clear] | mi import mlong, m(variable) "
    "id(variables) | mi import wide, imputed(x = x1 x2 y = y1 y2) [drop]",
    help="Declare imputed data: whose imputations (0 the original) and rows are numbered by variables, whose "
    "imputations hold the incomplete rows only (mlong), or are side by side (wide).",
    effects=Effect.DATA,
)
def mi_import(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("drop", "m id imp:uted pas:sive", already="clear auto:matic"))
    if "passive" in options:  # they may differ between imputations as all others
        parse_names(argument(options["passive"]), session.data.names)
    style = str(parsed.clauses.body).strip()
    if style not in ("flong", "flongsep", "mlong", "wide"):
        raise (parsed.clauses.body or parsed.word).error(
            "mi import takes the style flong, mlong or wide.",
            code="mi-style",
            advice="Write mi import wide, imputed(x = x1 x2).",
        )
    if style == "wide":
        if "imputed" not in options:
            raise parsed.word.error("mi import wide needs imputed().", code="syntax", advice="imputed(x = x1 x2 x3)")
        made = imputed.from_wide(
            session.data, _wide(argument(options["imputed"]), session.data.names), drop="drop" in options
        )
        return _imported(session, made)
    if "m" not in options:
        raise parsed.word.error("mi import needs m().", code="syntax", advice="mi import flong, m(imputation) id(row)")
    data = session.data
    m = Names(data.names).one(argument(options["m"]))
    ids = parse_names(argument(options["id"]), data.names) if "id" in options else ()
    if style == "mlong":
        if not ids:
            raise parsed.word.error("mi import mlong needs id().", code="syntax", advice="Write m(m) id(row).")
        return _imported(session, imputed.from_mlong(data, m, ids))
    return _imported(session, imputed.declare(data, m, ids))


def _imported(session: Session, out: Dataset) -> CommandResult:
    found = imputed.imputations(out)
    rows = len(found[0][1]) if found else len(out)
    return changed(session, out, f"{plural(len(found), 'imputation')} of {plural(rows, 'row')}")


def _wide(piece: Piece, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """``x = x1 x2 y = y1 y2``: the imputations of each variable."""
    out: dict[str, list[Piece]] = {}
    known = Names(names)
    current = ""
    items = words(Piece.of(str(piece).replace("=", " = ")))
    for k, item in enumerate(items):
        if str(item) == "=":
            continue
        if k + 1 < len(items) and str(items[k + 1]) == "=":
            current = known.one(item)
            out[current] = []
        elif current:
            out[current].append(item)
        else:
            raise piece.error("imputed() takes x = x1 x2 ...", code="option-argument", subject="imputed")
    made = {x: tuple(n for i in join_ranges(parts) for n in known.expand(i)) for x, parts in out.items()}
    empty = next((x for x, parts in made.items() if not parts), None)
    if empty is not None or not made:
        raise piece.error("imputed() takes x = x1 x2 ...", code="option-argument", subject="imputed")
    return made


@command("mi register", syntax="mi register imputed|passive|regular variables",
         help="Notes which variables were imputed; every variable may differ between imputations.",
         effects=Effect.NONE)  # fmt: skip
def mi_register(session: Session, parsed: ParsedCommand) -> CommandResult:
    items = words(parsed.clauses.body)
    parse_names(parsed.clauses.body.after(items[0].end).strip() if items else parsed.clauses.body, session.data.names)
    return CommandResult(text="(every variable can differ between imputations, so nothing needs to be registered)")


@command("mi query", minimum="mi q", syntax="mi query", help="Same as mi describe.", effects=Effect.RETURNS)
@command(
    "mi describe",
    minimum="mi des",
    syntax="mi describe",
    help="Show how many imputations there are, and of what.",
    effects=Effect.RETURNS,
)
def mi_describe(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    data = session.data
    found = imputed.imputations(data)
    original = np.flatnonzero(data.numeric(imputed.M) == 0)
    rows = []
    for name in data.names:
        if name in (imputed.M, imputed.ID):
            continue
        gone = group(data, [name]).missing
        before = int(gone[original].sum())
        after = [int(gone[r].sum()) for _, r in found]
        if before or any(after):
            rows.append(Row(name, (before, max(after, default=0))))
    table = Table(
        "Imputed data",
        (Column("original", "Missing", "count"), Column("left", "Missing after", "count")),
        tuple(rows),
        "Variable",
        (f"{plural(len(found), 'imputation')}; {plural(len(original), 'row')} in the original.",),
        "mi-describe",
    )
    return shown(session, (table,), {"M": float(len(found)), "N": float(len(original))})


@command(
    "mi unset",
    syntax="mi unset [, m(#)]",
    help="Keep the original data, or one imputation, as ordinary data.",
    effects=Effect.DATA,
)
@command(
    "mi extract",
    syntax="mi extract # [, clear]",
    help="Keep one imputation as ordinary data.",
    effects=Effect.DATA,
)
def mi_unset(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("", "m", already="clear"))
    piece = parsed.clauses.body if parsed.name == "mi extract" else None
    if "m" in options:
        piece = argument(options["m"])
    k = int(parse_numlist(piece, integer=True)[0]) if piece else 0
    data = session.data
    imputed.check(data)
    if not (data.numeric(imputed.M) == k).any():
        raise DataError(f"There is no imputation {k}.", code="mi-numbers", subject="m")
    return changed(session, imputed.forget(data, k))


# --- estimation ---------------------------------------------------------------------------------------------
@prefix("mi estimate")
def mi_estimate(session: Session, parsed: ParsedCommand) -> CommandResult:
    outer = next(p for p in parsed.prefixes if p.name == "mi estimate")
    options = match_options(outer.clauses.options, _ESTIMATE, "mi estimate")
    model = inner(parsed, outer)
    data = session.data
    found = imputed.imputations(data)
    if "nimputations" in options:
        found = found[: int(number(options["nimputations"], integer=True, least=2))]
    if "imputations" in options:
        wanted = {int(k) for k in parse_numlist(argument(options["imputations"]), integer=True)}
        found = [f for f in found if f[0] in wanted]
    if len(found) < 2:
        raise DataError(
            f"There {'is only one imputation' if found else 'are none'}, but Rubin's rules need at least two.",
            code="mi-too-few",
        )
    fits: list[FitResult] = []
    failed: list[str] = []
    for k, (m, rows) in enumerate(found):
        if session.cancelled():
            raise Cancelled
        try:
            fit = run_on(session, data.rows(rows), model).fit
            if fit is None or fit is session.state.fit:
                raise model.word.error("mi estimate works with mixed and regress, not with "
                                       f"{model.word}.", code="prefix")
            _check(fit, m)
        except (Cancelled, CommandError):
            raise
        except TerraceError as error:
            error.message = error.message if "imputation" in error.message else f"Imputation {m}: {error.message}"
            if "errorok" not in options:
                raise
            failed.append(error.message)
            continue
        fits.append(fit)
        session.report("Imputations", (k + 1) / len(found))
    level = number(options["level"]) if "level" in options else session.state.settings.level
    if len(fits) < 2:
        raise DataError("Fewer than two imputations could be fitted.", code="mi-too-few", advice=failed[0])
    result = _result(session, model, fits, level)
    if len({f.scalars.get("N_filter") for f in fits}) > 1:
        failed.insert(0, f"The filter {session.filtering.expression} keeps different rows in different imputations.")
    if "vartable" in options:
        result = replace(result, tables=(_variance_table(fits), *result.tables))
    return replace(result, warnings=(*result.warnings, *failed))


def _pooled(fits: Sequence[FitResult]) -> Pooled:
    """The coefficients pooled; with the degrees of freedom of complete data after ``regress``."""
    regression = fits[0].macros.get("cmd") == "regress"
    complete = float(min(f.scalars["df_r"] or 0 for f in fits)) if regression else None
    return pool(np.array([f.model.beta for f in fits]), np.array([f.model.vcov for f in fits]), complete)


def _settled(fits: Sequence[FitResult]) -> npt.NDArray[np.bool_]:
    """Which coefficients are identified in every imputation, (p,)."""
    fine: npt.NDArray[np.bool_] = np.all([settled(f.model.design) for f in fits], axis=0)
    return fine


def _variance_table(fits: Sequence[FitResult]) -> Table:
    """Variances within and between imputations, their total, and what the imputations cost each coefficient.

    Relative efficiency against infinitely many imputations is 1/(1 + FMI/M) (Rubin 1987, p. 114).
    """
    pooled = _pooled(fits)
    fine = _settled(fits)
    columns = (
        Column("within", "Within"), Column("between", "Between"), Column("total", "Total"),
        *(Column(k, t, "fixed", 4) for k, t in (("rvi", "RVI"), ("fmi", "FMI"), ("efficiency", "Efficiency"))),
    )  # fmt: skip
    labels = {e.term: e.label for e in fits[0].fixed}
    rows = []
    for k, info in enumerate(fits[0].model.design.x_info):
        if not fine[k]:
            rows.append(Row(labels.get(info.name, info.name), (NOT_IDENTIFIED, *(None,) * 5), code=info.name))
            continue
        fmi = float(pooled.fmi[k])
        spread = (float(m[k, k]) for m in (pooled.within, pooled.between, pooled.vcov))
        cells = (*spread, float(pooled.rvi[k]), fmi, 1.0 / (1.0 + fmi / pooled.m))
        rows.append(Row(labels.get(info.name, info.name), cells, code=info.name))
    return Table("Variances and imputations", columns, tuple(rows), "Term", key="mi-variance")


def _check(fit: FitResult, m: int) -> None:
    is_mixed = fit.macros.get("cmd") == "mixed"
    if is_mixed and fit.spec.df_method is not None:
        raise SpecError("dfmethod() cannot be combined with mi estimate.", code="mi-df", subject="dfmethod")
    if not fit.converged:
        raise TerraceError(f"The fit to imputation {m} did not converge.", code="not-converged")


def _result(session: Session, model: ParsedCommand, fits: Sequence[FitResult], level: float) -> CommandResult:
    names = [c.name for c in fits[0].model.design.x_info]
    for k, fit in enumerate(fits):
        if [c.name for c in fit.model.design.x_info] != names:
            raise TerraceError(
                f"Imputation {k + 1} has different coefficients from the first: {_difference(fit, names)}.",
                code="mi-coefficients",
                advice="A factor may lack a level there, or a term may be collinear.",
            )
        own, first = by_the_kept(fit.model.design), by_the_kept(fits[0].model.design)
        size = np.abs(first).max(initial=1.0)
        if own.shape != first.shape or not np.allclose(own, first, rtol=1e-5, atol=1e-8 * size):
            raise TerraceError(
                f"In imputation {k + 1} different cells are empty than in the first, so coefficients with the same "
                "name have different meanings.",
                code="mi-coefficients",
                advice="Leave out the interaction, or rare levels.",
            )
    fixed = _pooled(fits)
    fine = _settled(fits)
    tables = [_fixed_table(fixed, fits[0], names, fine, level, model)]
    tables += _random_table(fits, level)
    test = joint_test(fixed, np.array([n != "_cons" for n in names]) & fine)
    sizes = sorted({int(f.scalars["N"] or 0) for f in fits})
    notes = [
        f"{plural(len(fits), 'imputation')}, {sizes[0]:,}{f' to {sizes[-1]:,}' if len(sizes) > 1 else ''} "
        f"observation{'' if sizes[-1] == 1 else 's'}.",
    ]
    if fine.any():
        df = fixed.df[fine]
        notes.append(
            f"Average RVI {float(np.mean(fixed.rvi[fine])):.4f}, largest FMI {float(np.max(fixed.fmi[fine])):.4f}, "
            f"df {df.min():,.2f} to {df.max():,.2f}."
        )
    if any(f.model.n_flat for f in fits):
        notes.append("Not identified: what imputations do not identify cannot be pooled.")
    if test is not None:
        df2 = f"{test.df2:,.1f}" if test.df2 < 1e7 else "inf"
        notes.append(f"F({test.df1}, {df2}) = {test.f:.2f}, p {_p(test.p)}.")
    tables[-1] = replace(tables[-1], notes=(*tables[-1].notes, *notes))
    where = tuple(names)
    scalars = {"M_mi": float(len(fits)), "N_mi": float(sizes[0])}
    if test is not None:
        scalars |= {"F_mi": test.f, "df_m_mi": float(test.df1), "df_r_mi": test.df2, "p_mi": test.p}
    one = ("y1",)
    vectors = {"b_mi": fixed.estimate, "df_mi": fixed.df, "rvi_mi": fixed.rvi, "fmi_mi": fixed.fmi}
    matrices = {name: Matrix(np.where(fine, values, np.nan)[None, :], one, where) for name, values in vectors.items()}
    matrices["V_mi"] = Matrix(np.where(np.outer(fine, fine), fixed.vcov, np.nan), where, where)
    state = replace(session.state, returned=Returned(scalars, {}, matrices))
    return CommandResult(tables=tuple(tables), state=state)


def _p(p: float) -> str:
    return "< .001" if p < 0.001 else f"= {p:.3f}"


def _difference(fit: FitResult, names: Sequence[str]) -> str:
    own = {c.name for c in fit.model.design.x_info}
    return ", ".join(sorted(own.symmetric_difference(names)))


def _fixed_table(
    pooled: Pooled, fit: FitResult, names: Sequence[str], fine: npt.NDArray[np.bool_], level: float,
    model: ParsedCommand,
) -> Table:  # fmt: skip
    columns = (
        Column("coef", "Estimate"),
        Column("se", "SE"),
        Column("df", "df", "df"),
        Column("stat", "t", "statistic"),
        Column("p", "p", "p"),
        Column("ci", f"{level:g}% CI", "interval"),
        Column("fmi", "FMI", "fixed", 3),
    )
    low, high = pooled.interval(level)
    p = pooled.p()
    rows = []
    for e in fit.fixed:
        if e.term not in names:
            continue
        k = list(names).index(e.term)
        if not fine[k]:
            rows.append(Row(e.label, (NOT_IDENTIFIED, *(None,) * 6), code=e.term))
            continue
        x, se = float(pooled.estimate[k]), float(pooled.se[k])
        df = None if math.isinf(pooled.df[k]) else float(pooled.df[k])
        interval = (float(low[k]), float(high[k]))
        rows.append(Row(e.label, (x, se, df, x / se, float(p[k]), interval, float(pooled.fmi[k])), code=e.term))
    return Table(f"Imputed data: {model.bare.strip()}", columns, tuple(rows), "Term", key="mi-fixed")


def _random_table(fits: Sequence[FitResult], level: float) -> list[Table]:
    """Covariance parameters pooled as log SDs and inverse hyperbolic tangents, shown as SDs and correlations."""
    if fits[0].macros.get("cmd") != "mixed":
        return []
    rows: list[Row] = []
    for j, shown_as in enumerate(fits[0].random_sd):
        each = [f.random_estmetric[j] for f in fits]
        back = _back(each[0])
        heading = shown_as.level
        if not rows or all(r.label != heading for r in rows if r.kind == "group"):
            rows.append(Row(heading, kind="group"))
        if not all(r.identified for r in each):
            rows.append(Row(shown_as.name, (NOT_IDENTIFIED, None, None), indent=1, code=shown_as.name))
            continue
        values = np.array([r.estimate for r in each])
        if any(r.se is None for r in each):
            rows.append(Row(shown_as.name, (back(float(values.mean())), None, None), indent=1, code=shown_as.name))
            continue
        one = pool(values[:, None], np.array([[[float(r.se or 0) ** 2]] for r in each]))
        low, high = one.interval(level)
        interval = (back(float(low[0])), back(float(high[0])))
        cells = (back(float(one.estimate[0])), interval, float(one.fmi[0]))
        rows.append(Row(shown_as.name, cells, indent=1, code=shown_as.name))
    columns = (
        Column("estimate", "Estimate"),
        Column("ci", f"{level:g}% CI", "interval"),
        Column("fmi", "FMI", "fixed", 3),
    )
    return [Table("Random effects", columns, tuple(rows), "Level and parameter", key="mi-random")]


def _back(r: RandomParameter) -> Callable[[float], float]:
    """From the metric in which a parameter is pooled to the one in which it is shown."""
    if r.name.startswith("lnsd"):
        return math.exp
    return math.tanh if r.name.startswith("atanh") else float

