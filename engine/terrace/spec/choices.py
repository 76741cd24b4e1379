"""Which values of a choice are open in a model, and what to change where one is not.

A form disables what is not open, says why beside the field, and offers the change as a button.
"""

from __future__ import annotations

from dataclasses import dataclass

from terrace.spec import edit
from terrace.spec.edit import ALL
from terrace.spec.model import ModelSpec


@dataclass(frozen=True, slots=True)
class Closed:
    """Why a value cannot be chosen now; ``fix`` is a model in which it can, named by ``fix_label``."""

    reason: str
    fix: ModelSpec | None = None
    fix_label: str = ""


def closed(field: str, spec: ModelSpec) -> dict[str, Closed]:
    """The values of `field` that cannot be chosen: ``df``, ``vce``, ``weight``, ``pwscale``,
    ``residuals``, ``nostderr``, ``emonly``, ``level:0:covariance``, ``level:0:weight``."""
    if field == "df":
        return _df(spec)
    if field == "vce":
        return _vce(spec)
    if field == "weight" or field.endswith(":weight"):
        return _weight(spec)
    if field == "pwscale":
        return _pwscale(spec)
    if field == "residuals":
        return _residuals(spec)
    if field in ("nostderr", "emonly"):
        return _simple_residuals(field, spec)
    if field.endswith(":covariance"):
        return _covariance(spec, int(field.split(":")[1]))
    return {}


def _crossed(spec: ModelSpec) -> bool:
    return any(e.level == ALL for e in spec.random)


def _df(spec: ModelSpec) -> dict[str, Closed]:
    methods = ("residual", "repeated", "anova", "satterthwaite", "kroger")
    if spec.vce in ("robust", "cluster"):
        why = Closed("DF methods need model-based SEs.", edit.set_vce(spec, None), "Use model-based SEs")
        return dict.fromkeys(methods, why)
    if edit.has_weights(spec):
        why = Closed("DF methods need a model without weights.", edit.clear_weights(spec), "Remove weights")
        return dict.fromkeys(methods, why)
    out: dict[str, Closed] = {}
    if spec.method == "ml":
        why = Closed(
            "Satterthwaite and Kenward-Roger need REML.", edit.set_method(spec, "reml"), "Switch to REML"
        )
        out = {"satterthwaite": why, "kroger": why}
    if len(edit.level_path(spec)) != 1 or _crossed(spec):
        out["repeated"] = Closed("Repeated-measures DF are for two-level models.")
    return out


def _vce(spec: ModelSpec) -> dict[str, Closed]:
    kinds = ("robust", "cluster")
    if spec.method == "reml":
        fix = edit.set_df(edit.set_method(spec, "ml"), None)
        return dict.fromkeys(kinds, Closed("Robust SEs need ML.", fix, "Switch to ML"))
    if _crossed(spec):
        return dict.fromkeys(
            kinds, Closed("Robust SEs need nested levels: crossed effects make one cluster.")
        )
    if spec.df_method is not None:
        why = Closed("Robust SEs need large-sample tests.", edit.set_df(spec, None), "Use large-sample tests")
        return dict.fromkeys(kinds, why)
    return {}


def _weight(spec: ModelSpec) -> dict[str, Closed]:
    kinds = ("fweight", "pweight")
    if spec.method == "reml":
        fix = edit.set_df(edit.set_method(spec, "ml"), None)
        return dict.fromkeys(kinds, Closed("Weights need ML.", fix, "Switch to ML"))
    if spec.df_method is not None:
        why = Closed("Weights need large-sample tests.", edit.set_df(spec, None), "Use large-sample tests")
        return dict.fromkeys(kinds, why)
    if _crossed(spec):
        return {"pweight": Closed("Sampling weights need nested levels.")}
    return {}


def _pwscale(spec: ModelSpec) -> dict[str, Closed]:
    kinds = ("size", "effective", "gk")
    if not edit.has_pweights(spec):
        return dict.fromkeys(kinds, Closed("Scaling is for sampling weights."))
    if len(edit.level_path(spec)) != 1 or _crossed(spec):
        return dict.fromkeys(kinds, Closed("Scaling is for two-level models."))
    return {}


def _residuals(spec: ModelSpec) -> dict[str, Closed]:
    if spec.random:
        return {}
    kinds = ("exchangeable", "ar", "ma", "unstructured", "banded", "toeplitz", "exponential")
    why = Closed("Correlated residuals hold within groups.", edit.add_level(spec), "Add a level")
    return dict.fromkeys(kinds, why)


def _simple_residuals(field: str, spec: ModelSpec) -> dict[str, Closed]:
    if spec.residuals.structure != "independent" or spec.residuals.by is not None:
        return {"on": Closed("Needs independent residuals of one variance.")}
    if field == "emonly" and edit.has_weights(spec):
        return {"on": Closed("Needs a model without weights.")}
    return {}


def _covariance(spec: ModelSpec, index: int) -> dict[str, Closed]:
    e = spec.random[index]
    if edit.is_crossed(e):
        why = Closed("Crossed effects have equal variances.")
        return {"independent": why, "unstructured": why}
    if len(e.terms) + edit.has_intercept(spec, index) <= 1 and all(
        f.kind == "continuous" for t in e.terms for f in t.factors
    ):
        why = Closed("One random effect has no covariance.")
        kept = e.covariance or "independent"
        return {k: why for k in ("identity", "independent", "exchangeable", "unstructured") if k != kept}
    return {}
