"""Rules on estimation: what may be combined (the manual's), and what weights must be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from terrace.covariance.registry import RESIDUALS
from terrace.spec import edit
from terrace.spec.edit import ALL
from terrace.spec.model import ModelSpec
from terrace.spec.problem import Context, Problem


def combinations(spec: ModelSpec) -> Iterator[Problem]:
    """Options that exclude or need one another; looks at the model alone."""
    ml = edit.set_method(spec, "ml")
    robust = spec.vce in ("robust", "cluster")
    weighted, sampled = edit.has_weights(spec), edit.has_pweights(spec)
    few = robust and spec.df_method == "satterthwaite"
    crossed = any(e.level == ALL for e in spec.random)
    if sampled and spec.method == "reml":
        message = "Sampling weights need ML."
        yield Problem("method", "weights-reml", message, _without_reml_df(ml), "Switch to ML")
    if spec.df_method in ("satterthwaite", "kroger") and spec.method == "ml" and not few:
        message = "Satterthwaite and Kenward-Roger need REML."
        mended = edit.set_method(edit.set_vce(edit.clear_weights(spec), None), "reml")
        if not robust and not sampled:
            yield Problem("df", "df-needs-reml", message, mended, "Switch to REML")
        else:
            yield Problem("df", "df-needs-reml", message, edit.set_df(spec, None), "Use large-sample tests")
    if spec.df_method and robust and not few:
        message = "Robust SEs need Satterthwaite DF or large-sample tests."
        yield Problem("df", "df-robust", message, edit.set_vce(spec, None), "Use model-based SEs")
    if spec.df_method and (sampled or (robust and weighted)):
        message = f"DF methods need a model without {'sampling ' * (not robust)}weights."
        yield Problem("df", "df-weights", message, edit.set_df(spec, None), "Use large-sample tests")
    if robust and weighted and spec.vce_correction == "cr2":
        mended = replace(spec, vce_correction="cr1")
        yield Problem("vce", "cr2-weights", "CR2 needs a model without weights.", mended, "Use CR1")
    if spec.df_method == "repeated" and (len(edit.level_path(spec)) != 1 or crossed):
        message = "Repeated-measures DF need a two-level model."
        yield Problem("df", "df-two-level", message, edit.set_df(spec, "anova"), "Use ANOVA DF")
    if robust and crossed:
        message = "Robust SEs need several clusters, but crossed effects put all rows in one."
        yield Problem("vce", "robust-crossed", message, edit.set_vce(spec, None), "Use model-based SEs")
    if edit.has_pweights(spec) and crossed:
        message = "Sampling weights need nested levels, but crossed effects put all rows in one cluster."
        yield Problem("weight", "pweights-crossed", message, edit.clear_weights(spec), "Remove the weights")
    if robust and not spec.random and spec.vce == "robust":
        message = "Without a level, robust SEs treat each row as a cluster."
        yield Problem("vce", "robust-no-level", message, severity="note")
    if spec.vce == "cluster" and not spec.cluster:
        path = edit.level_path(spec)
        fix = edit.set_vce(spec, "cluster", path[0]) if path else edit.set_vce(spec, "robust")
        label = f"Use {path[0]}" if path else "Use robust"
        yield Problem("cluster", "cluster-missing", "Choose the cluster variable.", fix, label)
    yield from _scaling(spec, crossed)
    yield from _display(spec)
    yield from _maximisation(spec, weighted)


def weights(c: Context) -> Iterator[Problem]:
    """Weights are numbers, not negative, whole for frequencies, and constant in the groups they weigh."""
    w = c.spec.weight
    none = edit.set_weight(c.spec, None)
    if w is not None and not w.expression:
        yield Problem("weight", "weight-missing", "Choose the weight variable.", none, "No weights")
    elif w is not None and w.expression in c.dataset:
        yield from _weight(c, w.expression, w.kind, "weight", none)
    for k, e in enumerate(c.spec.random):
        at = f"level:{k}:weight"
        none = edit.set_level_weight(c.spec, k, None, None)
        if e.fweight is not None and e.pweight is not None:
            keep = edit.set_level_weight(c.spec, k, "pweight", e.pweight)
            message = "A level can have frequency weights or sampling weights, not both."
            yield Problem(at, "two-weights", message, keep, "Keep the sampling weights")
            continue
        kind = "fweight" if e.fweight is not None else "pweight"
        name = e.fweight if e.fweight is not None else e.pweight
        if name is None:
            continue
        if not name:
            yield Problem(at, "weight-missing", "Choose the weight variable.", none, "No weights")
            continue
        if name not in c.dataset:
            continue
        yield from _weight(c, name, kind, at, none)
        path = edit.level_path(c.spec, k)
        if not path or "" in [x.level for x in c.spec.random[: k + 1]] or not c.sample.n:
            continue
        if not c.facts.profile(name).text and c.facts.varying(name, path, c.sample):
            where = c.facts.first_varying(name, path, c.sample)
            message = f"{name} varies within {path[-1]} (in {where}), but group weights must be constant there."
            yield Problem(at, "weight-varies", message, none, "No weights")


def cluster(c: Context) -> Iterator[Problem]:
    """Clusters hold whole groups of the highest level, and there are several."""
    name = c.spec.cluster
    if c.spec.vce != "cluster" or not name or not c.sample.n or not c.facts.profile(name).n:
        return
    path = edit.level_path(c.spec)
    if c.facts.groups((name,), c.sample).n == 1:
        mended = edit.set_vce(c.spec, "robust")
        yield Problem("cluster", "one-cluster", f"{name} has one cluster.", mended, "Use robust")
    elif path and path[0] and c.facts.varying(name, path[:1], c.sample):
        where = c.facts.first_varying(name, path[:1], c.sample)
        message = (
            f"{where} has rows in several clusters of {name}, but a cluster must hold whole groups of {path[0]}."
        )
        mended = edit.set_vce(c.spec, "cluster", path[0])
        yield Problem("cluster", "cluster-splits", message, mended, f"Use {path[0]}")


def _weight(c: Context, name: str, kind: str, field: str, none: ModelSpec) -> Iterator[Problem]:
    p = c.facts.profile(name)
    if p.text:
        message = f"{name} holds text. A weight must be numeric."
        yield Problem(field, "weight-text", message, none, "No weights")
    elif p.n and p.minimum < 0:
        yield Problem(field, "weight-negative", f"{name} has negative values.", none, "No weights")
    elif p.n and kind == "fweight" and not p.integer:
        message = f"{name} has values that are not whole numbers, as frequencies must be."
        if field == "weight":
            mended = edit.set_weight(c.spec, "pweight", name)
        else:
            mended = edit.set_level_weight(c.spec, int(field.split(":")[1]), "pweight", name)
        yield Problem(field, "fweight-fraction", message, mended, "Use as sampling weights")


def _scaling(spec: ModelSpec, crossed: bool) -> Iterator[Problem]:
    if spec.pwscale is None:
        return
    none = edit.set_pwscale(spec, None)
    if not edit.has_pweights(spec):
        message = "Scaling is for sampling weights, but there are none."
        yield Problem("pwscale", "pwscale-no-weights", message, none, "No scaling")
    elif len(edit.level_path(spec)) != 1 or crossed:
        message = "Scaling of weights needs a two-level model."
        yield Problem("pwscale", "pwscale-two-level", message, none, "No scaling")


def _display(spec: ModelSpec) -> Iterator[Problem]:
    if not 10 <= spec.display.level <= 99.99:
        message = f"The confidence level must be between 10 and 99.99, not {spec.display.level:g}."
        yield Problem("confidence", "level-range", message, edit.set_display(spec, level=95.0), "Use 95")
    if spec.display.dftable != "default" and spec.df_method is None:
        message = "A table with DF needs a DF method."
        mended = edit.set_display(spec, dftable="default")
        yield Problem("df", "dftable-no-df", message, mended, "Use the usual table")


def _maximisation(spec: ModelSpec, weighted: bool) -> Iterator[Problem]:
    m = spec.maximisation
    simple = RESIDUALS[spec.residuals.structure].independent and spec.residuals.by is None
    if m.emonly and (weighted or not simple):
        message = "EM alone needs an unweighted model with independent residuals of one variance."
        mended = edit.set_maximisation(spec, emonly=False)
        yield Problem("maximisation", "emonly", message, mended, "Let Newton finish")
    if spec.nostderr and not simple:
        message = "SEs of random effects can be left out only with independent residuals of one variance."
        mended = replace(spec, nostderr=False)
        yield Problem("maximisation", "nostderr", message, mended, "Estimate them")
    if m.technique and "bhhh" in m.technique.split():
        message = "BHHH is not available for mixed models."
        mended = edit.set_maximisation(spec, technique=None)
        yield Problem("maximisation", "technique", message, mended, "Use Newton")


def _without_reml_df(spec: ModelSpec) -> ModelSpec:
    """ML has no Satterthwaite or Kenward-Roger, and sampling weights go with no DF method."""
    return edit.set_df(spec, None)
