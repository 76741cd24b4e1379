"""The same model fitted another way: by ML, so that likelihoods of models with other fixed effects can be compared."""

from __future__ import annotations

from terrace.spec import edit
from terrace.spec.choices import closed
from terrace.spec.model import ModelSpec


def by_ml(spec: ModelSpec) -> ModelSpec:
    """The model by ML; degrees of freedom that need REML are left out."""
    spec = edit.set_method(spec, "ml")
    return edit.set_df(spec, None) if spec.df_method in closed("df", spec) else spec
