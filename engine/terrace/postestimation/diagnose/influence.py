"""What the fixed effects owe to each group: the fit without it, by update formulas rather than refits.

With the covariance parameters held, deleting the rows D of a cluster changes X'V⁻¹X by C W_DD⁻¹ C' and X'V⁻¹r by
C W_DD⁻¹ (Wr)_D, where W = V⁻¹ of the cluster and C = X'W_·D, so β without D follows exactly (Christensen, Pearson &
Johnson 1992; Demidenko & Stukel 2005). Cook's distance is Δ'Φ⁻¹Δ/p (Cook 1977), DFBETAS Δ_k/se_k, COVRATIO
|Φ_(D)|/|Φ| (Belsley, Kuh & Welsch 1980). Covariance parameters are told to first order, by the scores.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.design.estimability import settled
from terrace.design.groups import first_rows
from terrace.errors import Cancelled, SpecError, TerraceError
from terrace.inference.robust import cluster_scores
from terrace.likelihood.objective import Objective
from terrace.postestimation.outcome import group_values
from terrace.postestimation.tests.combinations import need_data
from terrace.postestimation.variance.wcorrelation import marginal_covariance
from terrace.progress import CancelCheck, Progress, ProgressCallback
from terrace.results.fit import FitResult
from terrace.results.plot import Axis, MarkRole, Marks, Plot, PlotPanel
from terrace.results.table import Column, Row, Table
from terrace.results.tables_terms import column_label
from terrace.wording import plural, two

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LARGEST = 2500
"""Rows of a cluster whose covariance matrix is formed for groups within it."""


@dataclass(frozen=True)
class Influence:
    """Influence of the groups of one level, numbered as in the design.

    ``changes`` (G, p) is β without the group minus β; ``cooks``, ``covratio`` (G,), ``dfbetas`` (G, p).
    ``variance_changes`` (G, k) are first-order changes of the printed covariance parameters, None where they are
    not available. NaN where the model cannot be fitted without the group. ``refitted`` tells that the changes are
    those of refits. ``names`` of the coefficients are those of commands, ``labels`` those for people.
    """

    level: str
    groups: tuple[str, ...]
    sizes: IntArray
    names: tuple[str, ...]
    changes: FloatArray
    cooks: FloatArray
    dfbetas: FloatArray
    covratio: FloatArray
    variance_changes: FloatArray | None
    variance_names: tuple[str, ...]
    refitted: bool = False
    labels: tuple[str, ...] = ()

    @property
    def cutoff(self) -> float:
        """4/G: above it a group deserves a look."""
        return 4.0 / max(len(self.groups), 1)

    def shown(self, top: int | None) -> IntArray:
        """The groups with the largest Cook's distances, the largest first; all with `top` None."""
        order = np.argsort(-np.where(np.isfinite(self.cooks), self.cooks, -1.0), kind="stable")
        return order if top is None else order[:top]

    def moves_most(self, group: int) -> int | None:
        """The number of the coefficient that a group moves most; None where that is not known."""
        if not self.names or not np.isfinite(self.cooks[group]):
            return None
        return int(np.argmax(np.abs(self.dfbetas[group])))


def influence(
    fit: FitResult,
    data: Dataset,
    level: str | None = None,
    *,
    refit: bool = False,
    progress: ProgressCallback | None = None,
    cancel: CancelCheck | None = None,
) -> Influence:
    """Influence of every group of a level (default: the highest) on the fixed effects.

    ``refit`` fits the model again without each group, covariance parameters included; `cancel` can stop that.
    Raises `SpecError` where the model has no such level, has constraints, or its clusters are too large for the
    groups within them.
    """
    need_data(fit, data)
    if fit.model.constraints is not None:
        raise SpecError("Influence is not available for models with "
                        "constraints.", code="constraints", subject="influence")
    codes, count, chosen, labels = _groups(fit, data, level)
    variance_changes = None
    if refit:
        changes, covratio, variance_changes = _refits(fit, data, codes, count, labels, progress, cancel)
    elif _top(fit, chosen):
        changes, covratio, variance_changes = _clusters(fit)
    else:
        changes, covratio = _within(fit, codes, count)
    fine = settled(fit.model.design)
    if not fine.all():  # influence is then on the coefficients that have one estimate
        changes, covratio = changes[:, fine], np.full(count, np.nan)
    if variance_changes is not None:
        variance_changes = np.where(fit.model.natural.unknown, np.nan, variance_changes)
    phi = fit.model.phi[np.ix_(fine, fine)]
    p = len(phi)
    solved = np.linalg.solve(phi, changes.T).T if p else changes
    cooks = np.einsum("gi,gi->g", changes, solved) / max(p, 1)
    info = [c for c, ok in zip(fit.model.design.x_info, fine) if ok]
    return Influence(
        chosen, labels, np.bincount(codes, minlength=count).astype(np.int64),
        tuple(c.name for c in info), changes, cooks, changes / np.sqrt(np.diag(phi)), covratio,
        variance_changes, tuple(r.name for r in fit.random), refit,
        tuple(column_label(c) for c in info),
    )  # fmt: skip


def _groups(fit: FitResult, data: Dataset, level: str | None) -> tuple[IntArray, int, str, tuple[str, ...]]:
    """Codes of the groups by row, their number, the level's name, and labels."""
    design = fit.model.design
    sample = np.flatnonzero(fit.sample)
    factors = {b.factor: b for b in design.blocks if b.factor}
    names = [v.name for v in design.levels if v.name != "_all"] + [f for f in factors if f is not None]
    if level == "observation" or (level is None and not names):
        return np.arange(design.n), design.n, "observation", tuple(f"row {k + 1}" for k in sample)
    chosen = level or names[0]
    if chosen not in names:
        raise SpecError(
            f"{chosen} is not a group variable in this model.",
            code="no-such-level",
            subject="level",
            advice=f"The group variables are {', '.join(names)}." if names else "Use observation.",
        )
    if chosen in factors:
        codes, count = factors[chosen].codes, factors[chosen].n_groups
        above = [chosen]
    else:
        own = next(v for v in design.levels if v.name == chosen)
        codes, count = own.codes, own.n_groups
        above = names[: names.index(chosen) + 1]
    first = first_rows(codes, count)
    columns = [group_values(data, n)[sample[first]] for n in above]
    labels = tuple(" / ".join(data.level_label(n, v) for n, v in zip(above, values)) for values in zip(*columns))
    return codes, count, chosen, labels


def _crossed(fit: FitResult) -> bool:
    return bool(fit.model.objective.layout.crossed)


def _top(fit: FitResult, level: str) -> bool:
    levels = fit.model.design.levels
    return bool(levels) and levels[0].name == level and not _crossed(fit) and fit.model.design.cluster is None


def _clusters(fit: FitResult) -> tuple[FloatArray, FloatArray, FloatArray]:
    """All groups of the highest level at once: their shares of X'V⁻¹X are what the elimination sums."""
    model = fit.model
    objective = Objective(model.design, reml=model.objective.reml, keep_clusters=True)
    e = model.optimum.point.evaluation
    f = objective.moments(model.psi, 0).f
    p = objective.p
    v = np.append(-e.beta, 1.0)
    whole = f.sum(axis=0)[:p, :p]
    changes, covratio = _without(whole, f[:, :p, :p], (f @ v)[:, :p])
    _, in_psi, _ = cluster_scores(objective, model.psi, e.beta, e.sigma2, e.a_inverse if objective.reml else None)
    variance = -in_psi @ model.natural.psi_vcov @ model.natural.jacobian.T
    return changes @ objective.back.T * objective.y_scale, covratio, variance


def _without(whole: FloatArray, part: FloatArray, score: FloatArray) -> tuple[FloatArray, FloatArray]:
    """β without each part minus β, (G, p), and |Φ_(D)|/|Φ|; NaN where the rest cannot estimate β."""
    count, p = score.shape
    changes, covratio = np.full((count, p), np.nan), np.full(count, np.nan)
    size = np.sqrt(np.diag(whole)) if p else np.zeros(0)
    rest = (whole - part) / np.outer(size, size)
    eigenvalues = np.linalg.eigvalsh(rest) if p else np.ones((count, 1))
    fine = eigenvalues[:, 0] > 1e-10
    changes[fine] = -np.linalg.solve(rest[fine], (score[fine] / size)[..., None])[..., 0] / size
    base = np.linalg.slogdet(whole / np.outer(size, size))[1] if p else 0.0
    covratio[fine] = np.exp(base - np.linalg.slogdet(rest[fine])[1]) if p else 1.0
    return changes, covratio


def _within(fit: FitResult, codes: IntArray, count: int) -> tuple[FloatArray, FloatArray]:
    """Groups within independent clusters, by the inverse of each cluster's covariance matrix."""
    design = fit.model.design
    residual = design.y - design.x @ fit.model.beta
    whole = np.asarray(np.linalg.inv(fit.model.phi), dtype=np.float64)
    p = len(whole)
    part, score = np.zeros((count, p, p)), np.zeros((count, p))
    if _crossed(fit):
        clusters = [np.arange(design.n)]
    elif design.levels and design.levels[0].name != "_all":
        top = design.levels[0].codes
        order = np.argsort(top, kind="stable")
        clusters = np.split(order, np.flatnonzero(np.diff(top[order])) + 1)
    else:
        clusters = [np.array([k]) for k in range(design.n)] if not design.blocks else [np.arange(design.n)]
    for rows in clusters:
        if len(rows) > LARGEST:
            raise SpecError(
                f"A cluster of {len(rows):,} rows is too large to compute the influence of groups within it.",
                code="cluster-too-large",
                subject="influence",
                advice="Use the groups of the highest level.",
            )
        w = np.linalg.inv(marginal_covariance(fit, rows))
        w = (w + w.T) / 2
        xw, wr = design.x[rows].T @ w, w @ residual[rows]
        own = codes[rows]
        order = np.argsort(own, kind="stable")
        for inside in np.split(order, np.flatnonzero(np.diff(own[order])) + 1):
            c = xw[:, inside]
            g = own[inside[0]]
            solved = np.linalg.solve(w[np.ix_(inside, inside)], np.column_stack([c.T, wr[inside]]))
            part[g] += c @ solved[:, :-1]
            score[g] += c @ solved[:, -1]
    return _without(whole, part, score)


def _refits(
    fit: FitResult,
    data: Dataset,
    codes: IntArray,
    count: int,
    labels: tuple[str, ...],
    progress: ProgressCallback | None,
    cancel: CancelCheck | None,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    from terrace.estimate import fit as fit_model

    names = [c.name for c in fit.model.design.x_info]
    p, k = len(names), len(fit.random)
    changes, covratio, variance = np.full((count, p), np.nan), np.full(count, np.nan), np.full((count, k), np.nan)
    sample = np.flatnonzero(fit.sample)
    spec = replace(fit.spec, condition="_terrace_sample == 1", range_=None, df_method=None)
    base = np.linalg.slogdet(fit.model.phi)[1]
    begun = time.perf_counter()
    for g in range(count):
        if cancel is not None and cancel():
            raise Cancelled("Refits cancelled. Nothing was changed.")
        if progress is not None:
            progress(Progress(f"Without {labels[g]}", fraction=g / count, elapsed=time.perf_counter() - begun))
        keep = np.zeros(len(data))
        keep[sample[codes != g]] = 1.0
        try:
            again = fit_model(spec, data.with_column("_terrace_sample", keep), cancel=cancel)
        except Cancelled:
            raise
        except TerraceError:
            continue
        if [c.name for c in again.model.design.x_info] != names or len(again.random) != k:
            continue
        changes[g] = again.model.beta - fit.model.beta
        covratio[g] = np.exp(np.linalg.slogdet(again.model.phi)[1] - base)
        variance[g] = again.model.natural.values - fit.model.natural.values
    return changes, covratio, variance


def influence_table(found: Influence, top: int | None = 10) -> Table:
    """The groups with the largest Cook's distances (all with `top` None), and the coefficient each moves most."""
    columns = (
        Column("n", "Rows", "count"), Column("cooks", "Cook's D", "fixed", 3),
        Column("covratio", "COVRATIO", "fixed", 3), Column("term", "Moves most", "text"),
        Column("dfbetas", "DFBETAS", "fixed", 2), Column("change", "Change"),
    )  # fmt: skip
    rows = []
    for g in found.shown(top):
        if not np.isfinite(found.cooks[g]):
            rows.append(Row(found.groups[g], (int(found.sizes[g]), None, None, None, None, None)))
            continue
        k = found.moves_most(g)
        rows.append(
            Row(
                found.groups[g],
                (int(found.sizes[g]), float(found.cooks[g]),
                 float(found.covratio[g]) if np.isfinite(found.covratio[g]) else None,
                 *((None, None, None) if k is None else
                   (found.labels[k], float(found.dfbetas[g, k]), float(found.changes[g, k])))),
            )
        )  # fmt: skip
    above = int((found.cooks > found.cutoff).sum())
    notes = [
        f"{above:,} of {plural(len(found.groups), 'group')} {'lies' if above == 1 else 'lie'} above "
        f"4/{len(found.groups)} = {two(found.cutoff)}.",
        "The model was fitted again without each group." if found.refitted
        else "Covariance parameters are held at their estimates.",
    ]  # fmt: skip
    if not np.isfinite(found.cooks).all():
        notes.append("A missing value means that the model cannot be fitted without that group.")
    return Table(f"Influence of {found.level}", columns, tuple(rows), found.level, tuple(notes), "influence")


def influence_plot(found: Influence) -> Plot:
    """Cook's distances in the order of the groups; those above the cutoff are highlighted."""
    x = np.arange(1.0, len(found.cooks) + 1)
    above = found.cooks > found.cutoff
    texts = [f"{found.level} {g}: {d:.3g}" for g, d in zip(found.groups, found.cooks)]
    marks = [Marks("hline", np.empty(0), np.array([found.cutoff]), role="reference")]
    layers: tuple[tuple[npt.NDArray[np.bool_], MarkRole], ...] = (
        (~above & np.isfinite(found.cooks), "data"),
        (above, "highlight"),
    )
    for inside, role in layers:
        places = np.flatnonzero(inside)
        if len(places):
            marks.append(
                Marks("points", x[places], found.cooks[places], role=role, labels=tuple(texts[k] for k in places))
            )
    ticks = None
    if len(found.groups) <= 30:
        ticks = tuple((float(i), g) for i, g in zip(x, found.groups))
    panel = PlotPanel(Axis(found.level, ticks), Axis("Cook's distance"), tuple(marks))
    title = f"Influence of {found.level} on the fixed effects"
    return Plot(title, (panel,), "influence", note="The line is at 4/groups.")


def dfbetas_plot(found: Influence) -> Plot:
    """The standardised change of every coefficient without each group."""
    x = np.arange(1.0, len(found.groups) + 1)
    limit = 2.0 / np.sqrt(len(found.groups))
    panels = []
    for k, name in enumerate(found.labels):
        texts = tuple(f"{found.level} {g}: {d:.3g}" for g, d in zip(found.groups, found.dfbetas[:, k]))
        marks = (
            Marks("hline", np.empty(0), np.array([-limit, 0.0, limit]), role="reference"),
            Marks("points", x, found.dfbetas[:, k], labels=texts),
        )
        panels.append(PlotPanel(Axis(found.level), Axis("DFBETAS"), marks, name))
    return Plot(
        f"Change of coefficients without each {found.level}", tuple(panels), "dfbetas", min(len(panels), 2),
        note="Lines at ±2/√groups.",
    )  # fmt: skip
