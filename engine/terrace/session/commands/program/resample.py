"""``bootstrap`` and ``jackknife``: standard errors of any command's numbers by doing it again on resampled data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.errors import SpecError, TerraceError
from terrace.language.grammar.command import ParsedCommand, Prefix
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.options import Option, match_options, rules
from terrace.language.grammar.tokens import unquoted
from terrace.language.mixed_options import argument, number
from terrace.postestimation.resample.replication import Replicated, bootstrap, jackknife
from terrace.results.fit import NOT_IDENTIFIED, FitResult
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.files import read_saving
from terrace.session.commands.helpers.replications import MOST_REPS
from terrace.session.commands.helpers.working import chosen, plural
from terrace.session.registry import prefix
from terrace.session.replicates.kept import Value, collect, inner, read_statistics
from terrace.session.replicates.resampling import FloatArray, Task, Units, make_job, make_units, run_tasks
from terrace.session.session import Session
from terrace.session.state import CommandResult, Matrix, Returned, State
from terrace.statistics.distributions import confidence_quantile, normal_two_sided, t_two_sided

_COMMON = rules(
    "notab:le mse", "cl:uster idcl:uster sa:ving l:evel processes ti:tle", already="nodots noh:eader nol:egend now:arn"
)
_BOOTSTRAP = (*_COMMON, *rules("", "reps seed strata size group"))
_JACKKNIFE = _COMMON
_REPS = 50


def _is_estimation(state: State, before: State) -> bool:
    return state.fit is not None and state.fit is not before.fit


@prefix("bootstrap")
@prefix("jackknife")
def replication(session: Session, parsed: ParsedCommand) -> CommandResult:
    outer = next(p for p in parsed.prefixes if p.name in ("bootstrap", "jackknife"))
    is_bootstrap = outer.name == "bootstrap"
    options = match_options(outer.clauses.options, _BOOTSTRAP if is_bootstrap else _JACKKNIFE, outer.name)
    own, before = session, session.state.dataset
    session = _with_idcluster(session, options)
    statistics = read_statistics(outer.clauses.body)
    command = inner(parsed, outer)
    saving = saving_of(session, options)
    state = session.execute(command).state or session.state
    fit = state.fit if _is_estimation(state, session.state) else None
    values = collect(state, statistics, estimation=fit is not None, random=True)
    if not values:
        raise outer.piece.error("The command stores no numbers to resample.", code="no-statistics")
    if fit is not None and fit.spec.weight is not None:
        raise SpecError(f"Weights are not allowed with {outer.name}.", code="weights", subject=outer.name)
    level = number(options["level"]) if "level" in options else session.state.settings.level
    units, what = _units(session, outer, command, options, fit)
    most = len(units.rows)  # as in Stata: what is drawn is no more than there is
    size = int(number(options["size"], integer=True, least=1, most=most)) if "size" in options else None
    job = make_job(
        session, unconditional(command, fit), statistics, tuple(v.key for v in values), units, size, fit
    )
    seed: int | None = None
    if is_bootstrap:
        reps = int(number(options["reps"], integer=True, least=2, most=MOST_REPS)) if "reps" in options else _REPS
        seed = _seed(session, options)
        tasks: list[Task] = [*np.random.SeedSequence(seed).spawn(reps)]
    else:
        tasks = [*range(len(units.rows))]
        if len(tasks) < 2:
            raise SpecError(f"jackknife needs two {what} or more.", code="one-group", subject="cluster")
    processes = int(number(options["processes"], integer=True, least=1)) if "processes" in options else None
    found = run_tasks(session, job, tasks, processes=processes, stage=outer.name.capitalize())
    observed = np.array([v.value for v in values])
    made = (
        bootstrap(observed, found, level, mse="mse" in options)
        if is_bootstrap
        else jackknife(observed, found, mse="mse" in options)
    )
    if made.used < 2:
        raise TerraceError(
            f"The command failed in all but {made.used} of {len(tasks):,} replicates.",
            code="all-replicates-failed",
            advice="Run it on part of the data to see the error.",
        )
    notes = [f"{len(units.rows):,} {what} {'resampled' if is_bootstrap else 'left out in turn'}"]
    notes[0] += f", {len(tasks):,} replications, seed {seed}." if is_bootstrap else "."
    if made.used < len(tasks):
        notes.append(f"{plural(len(tasks) - made.used, 'replicate')} failed or did not converge, and are left out.")
    if any(v.shown == NOT_IDENTIFIED for v in values):
        notes.append("Parameters that the data do not identify have no numbers.")
    if saving is not None:
        notes.append(write_replicates(session, saving, _dataset(values, found)))
    tables = _tables(values, made, level, len(tasks) if not is_bootstrap else None, notes, fit, command.bare)
    if "title" in options:
        tables = (replace(tables[0], title=unquoted(argument(options["title"]))), *tables[1:])
    returned = _returned(values, made, len(tasks))
    kept = fit if fit is None or statistics else _with_vcov(fit, values, made, level, is_bootstrap)
    return CommandResult(
        tables=tables if "notable" not in options else (),
        state=replace(
            state, fit=kept if kept is not None else state.fit, returned=returned,
            dataset=state.dataset if session is own else before,
        ),
    )  # fmt: skip


def _with_idcluster(session: Session, options: dict[str, Option]) -> Session:
    """The session on data with the variable of ``idcluster()``, which numbers the groups of ``cluster()``.

    Each group that is drawn gets a number of its own in it, so that one drawn twice is two.
    """
    if "idcluster" not in options:
        return session
    from terrace.data.transforms.grouping import group
    from terrace.session.commands.helpers.working import new_name

    if "cluster" not in options:
        raise options["idcluster"].piece.error(
            "idcluster() numbers the groups of cluster().", code="misplaced-option", subject="idcluster"
        )
    data = session.data
    name = new_name(argument(options["idcluster"]), data)
    codes = group(data, parse_names(argument(options["cluster"]), data.names)).codes
    data = data.with_column(name, codes + 1.0, Variable(name, measure=Measure.IDENTIFIER))
    return session.fork(replace(session.state, dataset=data))


def unconditional(command: ParsedCommand, fit: FitResult | None) -> str:
    """The command without ``if`` and ``in``: the rows have been chosen when it runs on a replicate."""
    if fit is not None and fit.spec.random:
        from terrace.spec.text import format_mixed

        spec = fit.spec
        if spec.condition is None and spec.range_ is None:
            return command.bare
        return format_mixed(replace(spec, condition=None, range_=None))
    text = command.text
    spans = [
        (text.rindex(word, 0, piece.start), piece.end)
        for word, piece in (("if", command.clauses.condition), ("in", command.clauses.range_))
        if piece is not None
    ]
    out, at = "", command.word.start
    for start, end in sorted(spans):
        out += text[at:start]
        at = end
    return (out + text[at : command.arguments.end]).strip()


def _seed(session: Session, options: dict[str, Option]) -> int:
    """The seed given, else one drawn from what ``set seed`` started, else a new one; it is told in the notes."""
    if "seed" in options:
        return int(number(options["seed"], integer=True))
    source = session.state.rng or np.random.default_rng()
    return int(source.integers(1, 2**31))


def _units(
    session: Session, outer: Prefix, command: ParsedCommand, options: dict[str, Option], fit: FitResult | None
) -> tuple[Units, str]:
    """What is resampled, and what it is called: the top-level groups of a mixed model, else rows."""
    data = session.data
    keep = fit.sample if fit is not None else chosen(session, command.clauses)
    strata = parse_names(argument(options["strata"]), data.names) if "strata" in options else ()
    if "cluster" in options:
        cluster = parse_names(argument(options["cluster"]), data.names)
    elif fit is not None and fit.spec.random:
        top = fit.spec.random[0].level
        if top == "_all":
            raise outer.piece.error(
                "This model has no independent groups at its top level, which is _all.",
                code="no-clusters",
                advice="Say what to resample: cluster(variable).",
            )
        cluster = (top,)
    else:
        cluster = (fit.spec.cluster,) if fit is not None and fit.spec.cluster else ()
    units = make_units(data, np.asarray(keep), cluster, strata)
    if "idcluster" in options:
        units = replace(units, cluster=str(argument(options["idcluster"])))
    return units, f"groups of {' '.join(cluster)}" if cluster else "rows"


# --- files ------------------------------------------------------------------------------------------------
Saving = tuple[str, bool]


def saving_of(session: Session, options: Mapping[str, Option]) -> Saving | None:
    """``saving(FILE, replace)`` of a prefix: the file's name, and whether it may replace another; None without it."""
    return read_saving(session, options["saving"], already="double") if "saving" in options else None


def write_replicates(session: Session, saving: Saving, data: Dataset) -> str:
    """Write the dataset; what to say of it."""
    from terrace.data.write import write

    name, may_replace = saving
    written = write(data, name, replace=may_replace, progress=session.report, cancel=session.cancelled)
    return f"Saved as {written.path} ({plural(len(data), 'row')})."


def _dataset(values: Sequence[Value], found: FloatArray) -> Dataset:
    import pandas as pd

    names = distinct_names([v.name for v in values])
    frame = pd.DataFrame(dict(zip(names, found.T)))
    return Dataset(frame, tuple(Variable(n, v.label) for n, v in zip(names, values)))


def distinct_names(names: Sequence[str]) -> list[str]:
    """The names, with a number at the end of those that would repeat another."""
    out: list[str] = []
    for name in names:
        new, k = name, 2
        while new in out:
            new = f"{name[:28]}_{k}"
            k += 1
        out.append(new)
    return out


# --- results ----------------------------------------------------------------------------------------------
def _tables(
    values: Sequence[Value], made: Replicated, level: float, units: int | None, notes: Sequence[str],
    fit: FitResult | None, command: str,
) -> tuple[Table, ...]:  # fmt: skip
    """The table of standard errors, and for the bootstrap (without `units`) that of its intervals."""
    df = None if units is None else made.used - 1.0
    rows = [_row(v, made, k, level, df) for k, v in enumerate(values)]
    name = "Bootstrap" if units is None else "Jackknife"
    columns = (
        Column("observed", "Observed"),
        Column("se", f"{name} SE"),
        Column("stat", "z" if df is None else "t", "statistic"),
        Column("p", "p", "p"),
        Column("ci", f"{level:g}% CI", "interval"),
    )
    first = Table(f"{name}: {command}", columns, _grouped(values, rows), "Statistic", tuple(notes), name.lower())
    if units is not None:
        return (first,)
    intervals = (
        Column("bias", "Bias", "general"),
        Column("percentile", "Percentile", "interval"),
        Column("corrected", "Bias-corrected", "interval"),
    )
    more = [
        Row(v.label, (_number(made.bias[k]), _pair(made.percentile[k]), _pair(made.corrected[k])), code=v.name)
        for k, v in enumerate(values)
    ]
    second = Table(f"{level:g}% intervals", intervals, _grouped(values, more), "Statistic", key="bootstrap-intervals")
    return first, second


def _row(v: Value, made: Replicated, k: int, level: float, df: float | None) -> Row:
    se = float(made.se[k])
    x = float(made.observed[k])
    if np.isnan(x):
        return Row(v.label, (v.shown, None, None, None, None), code=v.name)
    if not se > 0:
        return Row(v.label, (x, None if np.isnan(se) else se, None, None, None), code=v.name)
    stat = x / se
    p = normal_two_sided(stat) if df is None else t_two_sided(stat, df)
    half = confidence_quantile(level, df) * se
    return Row(v.label, (x, se, stat, p, (x - half, x + half)), code=v.name)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _pair(bounds: FloatArray) -> tuple[float, float] | None:
    return None if np.isnan(bounds).any() else (float(bounds[0]), float(bounds[1]))


def _grouped(values: Sequence[Value], rows: Sequence[Row]) -> tuple[Row, ...]:
    """Rows with a heading before those of the random part."""
    out: list[Row] = []
    for v, row in zip(values, rows):
        if v.level and not any(r.kind == "group" for r in out):
            out.append(Row("Random effects", kind="group"))
        out.append(replace(row, indent=1) if v.level else row)
    return tuple(out)


def _returned(values: Sequence[Value], made: Replicated, tasks: int) -> Returned:
    names = tuple(distinct_names([v.name for v in values]))
    one = ("y1",)
    matrices = {
        "b": Matrix(made.observed[None, :], one, names),
        "bias": Matrix(made.bias[None, :], one, names),
        "se": Matrix(made.se[None, :], one, names),
        "V": Matrix(made.vcov, names, names),
        "ci_percentile": Matrix(made.percentile.T, ("ll", "ul"), names),
    }
    return Returned({"N_reps": float(made.used), "N_misreps": float(tasks - made.used)}, {}, matrices)


def _with_vcov(
    fit: FitResult, values: Sequence[Value], made: Replicated, level: float, is_bootstrap: bool
) -> FitResult:
    """The fit with the covariance matrix of the replicates, so that what follows uses it."""
    from terrace.results.assemble import fixed_rows
    from terrace.results.stored import coefficient_places

    place = {v.label: k for k, v in enumerate(values) if not v.level}
    names = [c.name for c in fit.model.design.x_info]
    if not all(n in place for n in names):
        return fit
    at = np.array([place[n] for n in names], dtype=np.int64)
    vcov = made.vcov[np.ix_(at, at)]
    vcov = np.where(np.isnan(vcov), fit.model.vcov, vcov)  # of what is not identified, which nothing shows
    df = None if is_bootstrap else np.full(len(at), made.used - 1.0)
    full = fit.matrices["V"].copy()
    places, _ = coefficient_places(fit.model.design)
    full[np.ix_(places, places)] = made.vcov[np.ix_(at, at)]
    name = "bootstrap" if is_bootstrap else "jackknife"
    return replace(
        fit,
        fixed=fixed_rows(fit.model.design, fit.model.beta, vcov, df, level),
        held=replace(fit.model, vcov=vcov),
        matrices={**fit.matrices, "V": full},
        macros={**fit.macros, "vce": name, "prefix": name},
        scalars={**fit.scalars, "N_reps": made.used},
    )
