"""What is timed: the models, who fits them beside Terrace, and the ratio that is wanted.

A peer fits a case by the entry of the same key in ``peers/<peer>.R`` or ``peers/statsmodels_peer.py``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Data:
    """A dataset: a file of the data folder, or simulated; ``groups`` are handed to the peers as factors.

    The conversion to factors is not timed for the peers; Terrace gets plain numbers and finds the groups in its time.
    """

    file: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """A model on a dataset. ``wanted`` is the least ratio (peer/Terrace) by peer; most pairs have none.

    With ``replicates`` it is not the fit that is timed but so many replicates of a parametric bootstrap after it.
    """

    key: str
    title: str
    data: str
    command: str
    peers: tuple[str, ...]
    wanted: tuple[str, float] | None = None
    replicates: int = 0


SIMULATED = "simulated"
SERIES = {
    "steps": (500, 50, 0.1), "steps-large": (10_000, 50, 0.1), "visits": (1_000, 10, 0.1),
    "irregular": (20, 200, None), "irregular-large": (1_000, 200, None),
}  # fmt: skip
"""Simulated series: groups, occasions, and the share of rows that are dropped at random, or None for any times."""

DATA = {
    SIMULATED: Data("", ("g",)),
    **{name: Data("", ("g",)) for name in SERIES},
    "insteval": Data("insteval.dta", ("s", "d", "dept")),
    "hsb": Data("hsb.dta", ("id", "sector")),
    "pig": Data("pig.dta", ("id",)),
    "productivity": Data("productivity.dta", ("region", "state")),
    "veneer": Data("veneer.dta", ("patient", "tooth")),
    "sleepstudy": Data("sleepstudy.dta", ("subj",)),
    "bcva": Data("bcva.dta", ("usubjid", "race", "trt", "visit")),
    "ovary": Data("ovary.dta", ("mare",)),
    "bodyweight": Data("bodyweight.dta", ("rat", "diet")),
}

_PRODUCTIVITY = "mixed gsp private emp hwy water other unemp || region: || state:, "
_VENEER = "mixed gcf followup base_gcf cda age || patient: followup, covariance(unstructured) || tooth:, reml"
_HSB = "mixed mathach {} || id: ses, covariance(unstructured) reml"
_EVERY = ("lme4", "nlme", "glmmTMB")


def _kenward_roger(data: str, title: str, command: str, wanted: float) -> tuple[Case, Case]:
    """Degrees of freedom of all coefficients: pbkrtest as it is used, and with its adjusted covariance shared."""
    command += " dfmethod(kroger)"
    return (
        Case(f"{data}-kr", f"Kenward-Roger: {title}", data, command, ("pbkrtest",), ("pbkrtest", wanted)),
        Case(f"{data}-kr-once", "the same, one adjusted covariance for all", data, command, ("pbkrtest",)),
    )


CASES = (
    Case(
        "million", "10⁶ rows, 10⁴ groups, correlated random slope, REML", SIMULATED,
        "mixed y x || g: x, covariance(unstructured) reml", ("lme4", "statsmodels"), ("lme4", 40),
    ),
    Case(
        "insteval", "InstEval: students, teachers and departments crossed, ML", "insteval",
        "mixed y service || _all: R.s || _all: R.d || _all: R.dept", ("lme4",), ("lme4", 15),
    ),
    Case(
        "hsb", "HSB: slopes, `ses` by `meanses`, REML", "hsb",
        _HSB.format("c.ses##c.meanses"), (*_EVERY, "statsmodels"), ("lme4", 3),
    ),
    Case(
        "hsb-boundary", "HSB: slopes, `ses` by `sector`, REML (a boundary)", "hsb",
        _HSB.format("c.ses##i.sector"), (*_EVERY, "statsmodels"), ("lme4", 3),
    ),
    Case("pig", "pig: random intercept, ML", "pig", "mixed weight week || id:", (*_EVERY, "statsmodels"), ("lme4", 1)),
    Case(
        "productivity", "productivity: three levels, ML", "productivity",
        _PRODUCTIVITY.rstrip(", "), _EVERY, ("lme4", 1),
    ),
    Case("veneer", "veneer: three levels, correlated slope, REML", "veneer", _VENEER, _EVERY, ("lme4", 1)),
    Case(
        "sleepstudy", "sleepstudy: correlated slope, REML", "sleepstudy",
        "mixed reaction days || subj: days, covariance(unstructured) reml", (*_EVERY, "statsmodels"), ("lme4", 1),
    ),
    *_kenward_roger("hsb", "HSB slopes, `ses` by `meanses`", _HSB.format("c.ses##c.meanses"), 30),
    *_kenward_roger("productivity", "productivity", _PRODUCTIVITY + "reml", 20),
    *_kenward_roger("veneer", "veneer", _VENEER, 10),
    Case(
        "hsb-satterthwaite", "Satterthwaite: HSB slopes, `ses` by `meanses`", "hsb",
        _HSB.format("c.ses##c.meanses") + " dfmethod(satterthwaite, oim)", ("lmerTest",),
    ),
    Case(
        "bcva", "bcva: 1,000 patients, 10 visits, unstructured residuals, REML", "bcva",
        "mixed bcva_chg bcva_bl i.race i.trt##i.visit || usubjid:, noconstant residuals(unstructured, t(visit)) reml",
        ("nlme",), ("nlme", 50),
    ),
    Case(
        "ovary", "ovary: AR(2) residuals, REML", "ovary",
        "mixed follicles sin1 cos1 || mare:, residuals(ar 2, t(time)) reml", ("nlme",), ("nlme", 2),
    ),
    Case(
        "bodyweight", "bodyweight: correlated slope, exponential residuals, REML", "bodyweight",
        "mixed weight i.diet##c.time || rat: time, covariance(unstructured) residuals(exponential, t(time)) reml",
        ("nlme",), ("nlme", 2),
    ),
    Case(
        "ar-gaps", "AR(1) residuals and intercept, 500 groups by 50 occasions, a tenth missing, REML", "steps",
        "mixed y x || g:, residuals(ar 1, t(t)) reml", ("nlme",), ("nlme", 20),
    ),
    Case(
        "ar-gaps-large", "the same with 10,000 groups", "steps-large",
        "mixed y x || g:, residuals(ar 1, t(t)) reml", ("nlme",), ("nlme", 20),
    ),
    Case(
        "exponential", "exponential residuals, 20 series of 200 irregular times, REML", "irregular",
        "mixed y x || g:, noconstant residuals(exponential, t(t)) reml", ("nlme",), ("nlme", 40),
    ),
    Case(
        "exponential-large", "the same with 1,000 series", "irregular-large",
        "mixed y x || g:, noconstant residuals(exponential, t(t)) reml", ("nlme",), ("nlme", 40),
    ),
    Case(
        "unstructured-gaps", "unstructured residuals, 1,000 groups by 10 occasions, a tenth missing, REML", "visits",
        "mixed y x || g:, noconstant residuals(unstructured, t(t)) reml", ("nlme",), ("nlme", 50),
    ),
    Case(
        "bootstrap", "parametric bootstrap, 1,000 replicates, HSB random intercept", "hsb",
        "mixed mathach ses || id:, reml", ("lme4",), ("lme4", 30), replicates=1000,
    ),
)  # fmt: skip

PEERS = ("lme4", "lmerTest", "pbkrtest", "nlme", "glmmTMB", "statsmodels")
