"""What the panel has to know of a model, read once from its fit; without Qt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from terrace_desktop.ui.words import tr

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.results.fit import FitResult
    from terrace.session.state import Origin


def short_title(title: str) -> str:
    """``Model 2`` of ``Model 2: Random slope of ses``; a title of another form is not shortened."""
    return re.sub(r"^(Model \d+): .*", r"\1", title)


@dataclass(frozen=True)
class Model:
    """A stored model as others are offered: its name in the session and its title on the card.

    ``like`` is True where it has the outcome and the data of the model that the form is about. ``method`` is ml or
    reml, ``fixed`` names its coefficients.
    """

    name: str
    title: str
    like: bool = True
    method: str = "ml"
    fixed: frozenset[str] = frozenset()


def _level(part: str, name: str) -> bool:
    """True for ``2.name``, a level of the factor as a part of a term."""
    level, _, own = part.partition(".")
    return own == name and level.isdigit()


class OfData:
    """What a panel has to know of the data that are open; for classes that have a `dataset` and a `title`."""

    dataset: Dataset | None
    title: str

    @property
    def subject(self) -> object:
        """What is typed in a panel stays while this is the same."""
        raise NotImplementedError

    def rows_told(self, commands: Sequence[str], shows: bool) -> str:
        """Which rows these commands use, where a filter is a reason to say so. ``shows`` is for a form that has no
        command yet: it changes nothing."""
        return ""

    @property
    def same_data(self) -> bool:
        """True where the rows that a panel is about are open."""
        return self.dataset is not None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All variables of the data."""
        return () if self.dataset is None else tuple(self.dataset.names)

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """Nominal and ordinal variables of the data."""
        if self.dataset is None:
            return ()
        kinds = ("nominal", "ordinal")
        return tuple(v.name for v in self.dataset.variables if v.measure.value in kinds)

    @cached_property
    def numeric(self) -> tuple[str, ...]:
        """Variables of the data that hold numbers and are no identifiers."""
        if self.dataset is None:
            return ()
        out = []
        for v in self.dataset.variables:
            if v.measure.value != "identifier" and not self.dataset.is_text(v.name):
                out.append(v.name)
        return tuple(out)

    def free_name(self, stem: str) -> str:
        """A name for a new variable that is not taken."""
        taken = set() if self.dataset is None else {n.lower() for n in self.dataset.names}
        name, k = stem, 2
        while name.lower() in taken or f"{name}1" in taken:
            name, k = f"{stem}{k}", k + 1
        return name

    def label_of(self, name: str) -> str:
        """A variable's name with its label, where it has one."""
        if self.dataset is None or name not in self.dataset:
            return name
        label = self.dataset.variable(name).label
        return f"{name} · {label}" if label not in ("", name) else name


@dataclass(frozen=True)
class Facts(OfData):
    """One fitted model with the data that are open now.

    ``stored`` is the model's name in the session; ``models`` are all stored ones in the order of their cards,
    this one among them. ``dataset`` is None where no data are open. ``origin`` tells which rows the fit saw.

    All is told by the specification and the results. The arrays of the fit are not asked for: those of a project that
    was opened would first be made, on the thread of the window.
    """

    fit: FitResult
    dataset: Dataset | None
    stored: str = ""
    title: str = ""
    models: tuple[Model, ...] = ()
    origin: Origin | None = None
    used: str = ""  # the filter that analyses use now

    def rows_told(self, commands: Sequence[str], shows: bool) -> str:
        own = self.fit.spec.filter or ""
        if not own and not self.used:
            return ""
        n = int(self.fit.scalars["N"] or 0)
        if own == self.used:
            return tr("Uses the {0} row(s) that the model was fitted to.", "", n).format(f"{n:,}")
        told = tr("Uses the {0} row(s) that the model was fitted to, whatever the filter is now.", "", n)
        return told.format(f"{n:,}")

    # --- the fixed part -----------------------------------------------------------------------------
    @cached_property
    def coefficients(self) -> tuple[tuple[str, str], ...]:
        """(name in commands, words) of the coefficients that were estimated, the constant last."""
        from terrace.results.tables_terms import term_name

        found = [(e.term, term_name(e).label) for e in self.fit.fixed if e.kind in ("estimated", "constrained")]
        return tuple(found)

    @cached_property
    def factors(self) -> tuple[str, ...]:
        """Factors of the fixed part, in the order of the model."""
        return self._variables("factor")

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """Continuous variables of the fixed part, in the order of the model."""
        return self._variables("continuous")

    def _variables(self, kind: str) -> tuple[str, ...]:
        names = (f.name for t in self.fit.spec.fixed for f in t.factors if f.kind == kind and not f.drop)
        return tuple(dict.fromkeys(names))

    def levels_of(self, name: str) -> int:
        """How many levels a factor has in the model."""
        parts = [e.term.split("#") for e in self.fit.fixed]
        alone = {p[0] for p in parts if len(p) == 1 and _level(p[0], name)}
        return len(alone or {f for p in parts for f in p if _level(f, name)})

    @cached_property
    def cells(self) -> tuple[str, ...]:
        """Factors, and the products of factors that the model has, as margins and pwcompare take them."""
        products = []
        for term in self.fit.spec.fixed:
            names = [f.name for f in term.factors]
            if len(names) > 1 and all(f.kind == "factor" for f in term.factors):
                products.append("#".join(names))
        return tuple(dict.fromkeys([*self.factors, *products]))

    @cached_property
    def interactions(self) -> tuple[tuple[str, str], ...]:
        """Pairs of different variables that interact, each in both orders."""
        out: dict[tuple[str, str], None] = {}
        for term in self.fit.spec.fixed:
            names = list(dict.fromkeys(f.name for f in term.factors if not f.drop))
            for a in names:
                for b in names:
                    if a != b:
                        out[(a, b)] = None
        return tuple(out)

    @cached_property
    def slopes_over_numbers(self) -> tuple[tuple[str, str], ...]:
        """Pairs for which a region of significance exists: a continuous moderator, and one effect of x."""
        return tuple(
            (x, m)
            for x, m in self.interactions
            if m not in self.factors and (x not in self.factors or self.levels_of(x) == 2)
        )

    # --- the random part ----------------------------------------------------------------------------
    @cached_property
    def levels(self) -> tuple[str, ...]:
        """Group variables from the highest level down."""
        return tuple(dict.fromkeys(e.level for e in self.fit.spec.random if e.level != "_all"))

    @cached_property
    def effect_levels(self) -> tuple[str, ...]:
        """Levels that have random effects, ``_all`` among them, as relevel() takes them."""
        equations = self.fit.spec.random  # a block of effects is an equation; behind them come the residuals
        found = {r.block for r in self.fit.random}
        return tuple(dict.fromkeys(e.level for k, e in enumerate(equations) if k in found))

    @cached_property
    def groupings(self) -> tuple[str, ...]:
        """Everything that makes groups: levels and crossed factors."""
        crossed = [e.factor for e in self.fit.spec.random if e.factor]
        return tuple(dict.fromkeys([*self.levels, *crossed]))

    @property
    def has_effects(self) -> bool:
        """True where there are random effects."""
        return bool(self.effect_levels)

    @cached_property
    def crossed(self) -> bool:
        """True where random effects cross."""
        return any(e.factor for e in self.fit.spec.random)

    @cached_property
    def covariances(self) -> tuple[tuple[str, str], ...]:
        """(name, words) of the covariance parameters in the metric that the model is shown in."""
        from terrace.results.tables_terms import parameter_label

        sd = self.fit.spec.display.metric != "variance"
        rows = self.fit.random_sd if sd else self.fit.random
        several = len({r.level for r in rows} - {"Residual"}) > 1
        out = []
        for r in rows:
            words = parameter_label(r)
            out.append((f"{r.level}:{r.name}", f"{words}, {r.level}" if several and r.level != "Residual" else words))
        return tuple(out)

    # --- estimation ---------------------------------------------------------------------------------
    @property
    def reml(self) -> bool:
        """True for restricted maximum likelihood."""
        return self.fit.spec.method == "reml"

    @property
    def has_df(self) -> bool:
        """True where the fit has degrees of freedom, so that t and F tests exist."""
        return self.fit.spec.df_method is not None or self.fit.macros.get("cmd") == "regress"

    @cached_property
    def weighted(self) -> bool:
        """True for a fit with weights of any kind."""
        return bool(self._weights)

    @cached_property
    def pseudo(self) -> bool:
        """True where the likelihood is a pseudolikelihood: sampling weights, or robust standard errors."""
        return "pweight" in self._weights or self.fit.spec.vce in ("robust", "cluster")

    @cached_property
    def _weights(self) -> frozenset[str]:
        spec = self.fit.spec
        kinds: set[str] = {spec.weight.kind} if spec.weight is not None else set()
        kinds |= {"fweight" for e in spec.random if e.fweight} | {"pweight" for e in spec.random if e.pweight}
        return frozenset(kinds)

    # --- the data -----------------------------------------------------------------------------------
    @cached_property
    def same_data(self) -> bool:
        """True where the rows of the estimation sample are among those that are open (commands look closer)."""
        from terrace.session.fit_rows import has_rows

        return self.dataset is not None and has_rows(self.fit, self.dataset, self.origin)

    def title_of(self, name: str) -> str:
        """The title of a stored model, or its name."""
        return next((m.title for m in self.models if m.name == name), name)

    @property
    def subject(self) -> object:
        """What is typed in the panel is about this fit, and nothing of it is kept for another."""
        return self.fit
