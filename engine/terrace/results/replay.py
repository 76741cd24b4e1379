"""A fit as `mixed` without a model shows it again: at another confidence level, by large or by small samples."""

from __future__ import annotations

from dataclasses import replace

from terrace.results.assemble import fixed_rows, random_rows, variance_limits
from terrace.results.fit import FitResult

_SMALL_SCALARS = ("F", "ddf_m", "df_min", "df_avg", "df_max")


def _is_small(fit: FitResult) -> bool:
    """True for a fit with degrees of freedom."""
    return fit.scalars.get("small") == 1 or fit.macros.get("cmd") == "regress"


def shown_again(fit: FitResult, level: float, *, small: bool) -> FitResult:
    """The same fit with its intervals at `level`; without `small` its coefficients are tested by z and chi-squared.

    Large-sample tests after Kenward and Roger's method use the unadjusted matrix (X'V⁻¹X)⁻¹ that e(V) holds.
    """
    from terrace.inference.tests import wald
    from terrace.results.build import constrained_terms, model_hypothesis

    large = _is_small(fit) and not small
    if not large and level == fit.spec.display.level:
        return fit  # which needs no arrays
    model = fit.model
    vcov = model.phi if large and fit.spec.df_method == "kroger" else model.vcov
    df = None if large else model.df
    spec = replace(fit.spec, display=replace(fit.spec.display, level=level))
    scalars, macros = dict(fit.scalars), dict(fit.macros)
    if large:
        spec = replace(spec, df_method=None, df_information="eim")
        test = wald(model.beta, vcov, model_hypothesis(model))
        for name in _SMALL_SCALARS:
            scalars.pop(name, None)
        scalars |= {"chi2": test.chi2 if test.rank else None, "p": test.p if test.rank else None}
        for name in ("dfmethod", "dftitle"):
            macros.pop(name, None)
    limits = variance_limits(model, level)
    return replace(
        fit,
        spec=spec,
        fixed=fixed_rows(model.design, model.beta, vcov, df, level, constrained_terms(model)),
        random=random_rows(model.design, model.layout, model.natural, level, "variance", limits),
        random_sd=random_rows(model.design, model.layout, model.natural, level, "sd", limits),
        random_estmetric=random_rows(model.design, model.layout, model.natural, level, "estmetric", limits),
        scalars=scalars,
        macros=macros,
    )
