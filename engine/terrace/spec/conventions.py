"""What forms write where the user has chosen nothing: the habits of a field, on top of the defaults of ``mixed``.

A convention changes no command: it settles the model that is being built, whose command then says all of it. A typed
or replayed ``mixed`` has the defaults of the manual under every convention.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from terrace.spec.model import DfMethod, ModelSpec, RandomEquation

# A window lists the conventions before it has loaded what edits models, so that is imported where it is used.

MOST_GROUPS = 100
"""Groups of the highest level up to which Kenward-Roger is taken; above it differs little from Satterthwaite, which
costs less (Luke 2017, Behavior Research Methods 49: 1494-1502)."""

Groups = Callable[[str], int | None]
"""How many groups a variable makes; None where nobody counted them yet."""


@dataclass(frozen=True, slots=True)
class Convention:
    """The habits of a field. `small_sample` takes t tests with degrees of freedom of their own, by the number of
    groups; `correlated` lets the effects of a level covary once there is more than one."""

    key: str
    title: str
    purpose: str
    method: Literal["ml", "reml"]
    small_sample: bool
    correlated: bool

    def empty(self) -> ModelSpec:
        """A model in which nothing is chosen yet."""
        from terrace.spec import edit

        return edit.set_method(edit.empty(), self.method)

    def df(self, spec: ModelSpec, groups: Groups) -> DfMethod | None:
        """The method for degrees of freedom of a model; None, tests by z, also where no other is open to it."""
        from terrace.spec import edit
        from terrace.spec.choices import closed

        path = edit.level_path(spec) or tuple(edit.group_name(e) for e in spec.random if edit.is_crossed(e))
        if not self.small_sample or not path or not path[0]:
            return None
        n = groups(path[0])
        few = n is not None and n <= MOST_GROUPS
        wanted: DfMethod = "kroger" if few else "satterthwaite"
        return None if wanted in closed("df", edit.set_df(spec, None)) else wanted

    def with_df(self, spec: ModelSpec, groups: Groups) -> ModelSpec:
        """The model with the degrees of freedom of the convention."""
        from terrace.spec import edit

        wanted = self.df(spec, groups)
        return spec if wanted == spec.df_method else edit.set_df(spec, wanted)

    def with_covariances(self, before: ModelSpec, after: ModelSpec) -> ModelSpec:
        """A changed model in which a level that has come to have two effects lets them covary.

        Where they were two before, the structure is what the user left.
        """
        from terrace.spec import edit

        if not self.correlated:
            return after
        had = {e.level: e for e in before.random if _effects(e) >= 2}
        for k, e in enumerate(after.random):
            alone = sum(1 for other in after.random if other.level == e.level) == 1
            if alone and _effects(e) >= 2 and e.covariance is None and e.level not in had:
                after = edit.set_covariance(after, k, "unstructured")
        return after


def _effects(e: RandomEquation) -> int:
    return 0 if e.factor is not None else len(e.terms) + e.constant


CONVENTIONS = (
    Convention(
        "education",
        "Psychology and education",
        "REML, Kenward–Roger up to 100 groups and Satterthwaite above, correlated slopes",
        method="reml", small_sample=True, correlated=True,
    ),
    Convention("stata", "Stata", "ML, z tests, independent slopes", method="ml", small_sample=False, correlated=False),
)  # fmt: skip
DEFAULT = CONVENTIONS[0]


def convention(key: str) -> Convention:
    """The convention of this key; the usual one for any other."""
    return next((c for c in CONVENTIONS if c.key == key), DEFAULT)

