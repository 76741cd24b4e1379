"""`ModelSpec`: a linear mixed model as a value.

The model builder edits one, the command parser makes one, a project file stores one, the history shows one
as a command. It says what is asked for, in terms of variable names; it knows nothing of the data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

DfInformation = Literal["eim", "oim"]
Metric = Literal["variance", "sd", "estmetric"]
VceCorrection = Literal["cr0", "cr1", "cr2"]
WeightScale = Literal["size", "effective", "gk"]
Vce = Literal["oim", "robust", "cluster"]
WeightKind = Literal["fweight", "pweight"]
Base = str | float | tuple[str, int]  # of a factor, see there
DfMethod = Literal["residual", "repeated", "anova", "satterthwaite", "kroger"]


@dataclass(frozen=True, slots=True)
class Factor:
    """One variable inside a term, with its operators.

    ``kind`` is ``"continuous"`` (``c.``) or ``"factor"`` (``i.``). For a factor, ``base`` is ``"first"``
    (lowest level, the default), ``"last"``, ``"freq"``, ``"none"`` (``ibn.``), a level, or for ``ib#2`` its
    ``("order", 2)``; ``levels`` lists the levels kept by ``2.x`` or ``i(2/4).x`` (empty: all);
    ``omitted`` lists levels left out by ``o3.x``. For text variables a level is a string.
    ``operators`` are time-series operators, outermost first: ``L2D.x`` is ``(("L", 2), ("D", 1))``.
    ``drop`` marks ``o.x``: the variable is named but left out.
    """

    name: str
    kind: Literal["continuous", "factor"] = "continuous"
    base: Base = "first"
    levels: tuple[float | str, ...] = ()
    omitted: tuple[float | str, ...] = ()
    operators: tuple[tuple[str, int], ...] = ()
    drop: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """A main effect (one factor) or an interaction (two to eight)."""

    factors: tuple[Factor, ...]


@dataclass(frozen=True, slots=True)
class RandomEquation:
    """One ``|| level: ...`` part.

    ``level`` is a group variable or ``"_all"``. Either ``terms`` lists the random slopes (``constant`` adds
    the intercept unless suppressed), or ``factor`` names the variable of ``R.varname``. ``covariance`` None
    means the default: independent, or identity for ``R.``. Equations stand from the highest level down;
    equations that repeat a level are consecutive and make a block-diagonal covariance.
    """

    level: str
    terms: tuple[Term, ...] = ()
    factor: str | None = None
    covariance: str | None = None
    constant: bool = True
    fweight: str | None = None
    pweight: str | None = None
    collinear: bool = False


@dataclass(frozen=True, slots=True)
class Residuals:
    """``residuals(structure order, t(time) by(by))``; ``order`` None where the structure takes none or all."""

    structure: str = "independent"
    order: int | None = None
    time: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Weight:
    """First-level weights: ``kind`` is ``fweight`` or ``pweight``, ``expression`` as typed."""

    kind: WeightKind
    expression: str


@dataclass(frozen=True, slots=True)
class Display:
    """How results are shown; nothing here changes an estimate. None means the program's default."""

    level: float = 95.0
    metric: Metric = "variance"
    dftable: Literal["default", "ci", "pvalue"] = "default"
    noretable: bool = False
    nofetable: bool = False
    noheader: bool = False
    nogroup: bool = False
    nolrtest: bool = False
    nocnsreport: bool = False
    coeflegend: bool = False
    noci: bool = False
    nopvalues: bool = False
    noomitted: bool = False
    vsquish: bool = False
    noemptycells: bool = False
    baselevels: bool = False
    allbaselevels: bool = False
    nofvlabel: bool = False
    fvwrap: int | None = None
    fvwrapon: Literal["word", "width"] | None = None
    cformat: str | None = None
    pformat: str | None = None
    sformat: str | None = None
    nolstretch: bool = False


@dataclass(frozen=True, slots=True)
class Maximisation:
    """EM and gradient-based maximisation; None means the program's default.

    ``method`` is how the likelihood is computed; None leaves the choice to the size of the design
    (`terrace.likelihood.tiers`).
    """

    emiterate: int | None = None
    emtolerance: float | None = None
    emonly: bool = False
    emlog: bool = False
    emdots: bool = False
    iterate: int | None = None
    tolerance: float | None = None
    ltolerance: float | None = None
    nrtolerance: float | None = None
    nonrtolerance: bool = False
    technique: str | None = None
    difficult: bool = False
    log: bool = True
    trace: bool = False
    gradient: bool = False
    hessian: bool = False
    showstep: bool = False
    showtolerance: bool = False
    from_: str | None = None
    metric: Literal["matsqrt", "matlog"] = "matsqrt"
    method: Literal["exact", "iterative"] | None = None


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A linear mixed model, complete: what ``mixed`` takes, as data.

    ``fixed`` holds main effects and interactions already expanded (``a##b`` is ``a b a#b``); the constant is
    implied by ``constant``. ``condition`` and ``range_`` are the texts of ``if`` and ``in``;
    ``filter`` is the filter of the session that was in use, which is no part of the command.
    ``vce_correction`` is how robust variances make up for few clusters (`terrace.inference.robust`).
    ``df_information`` belongs to satterthwaite and kroger (``eim`` or ``oim``). ``constraints`` are the
    numbers of ``constraint define``.
    """

    outcome: Factor
    fixed: tuple[Term, ...] = ()
    random: tuple[RandomEquation, ...] = ()
    constant: bool = True
    condition: str | None = None
    range_: str | None = None
    weight: Weight | None = None
    constraints: tuple[int, ...] = ()
    method: Literal["ml", "reml"] = "ml"
    residuals: Residuals = field(default_factory=Residuals)
    df_method: DfMethod | None = None
    df_information: DfInformation = "eim"
    pwscale: WeightScale | None = None
    vce: Vce | None = None
    cluster: str | None = None
    vce_correction: VceCorrection = "cr1"
    nostderr: bool = False
    display: Display = field(default_factory=Display)
    maximisation: Maximisation = field(default_factory=Maximisation)
    filter: str | None = None
