"""What is timed: the models, who does the same beside Terrace, and what is wanted of Terrace.

A peer has an entry of the same key in ``peers/<peer>.R`` or ``peers/<peer>_peer.py``. One entry here is one case; data
that are simulated have their entry in ``simulations.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# What is timed.
FIT = "fit"  # a model on a dataset in memory
FRAME = "frame"  # a model on a pandas frame that was not seen before
FIRST = "first"  # the first fit of a process; beside it stands the second
EVALUATION = "evaluation"  # the mean of the search's evaluations after the first
BOOTSTRAP = "bootstrap"  # the replicates of a parametric bootstrap, after the fit
COMMAND = "command"  # a command on the data
OPEN = "open"  # reading a file that is in the cache

ITSELF = "itself"  # Terrace with another case, or with the second fit of a process


@dataclass(frozen=True)
class Data:
    """A dataset: a file of the data folder, or simulated; ``groups`` are handed to the peers as factors.

    The conversion to factors is not timed for the peers; Terrace gets plain numbers and finds the groups in its time.
    """

    file: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Published:
    """What somebody else measured on another machine: seconds of a fit (or an evaluation), and where it stands."""

    peer: str
    seconds: float
    source: str
    memory: float | None = None  # bytes, of the whole process


@dataclass(frozen=True)
class Case:
    """A model, or a command, on a dataset, and what is wanted of it.

    ``wanted`` has the least ratio (the other's CPU time by Terrace's) by peer, or by ``Published.peer``; most have
    none. At most ``cpu`` seconds, ``memory`` bytes beyond what the process had with the data loaded, and ``more``
    seconds more than the peer are wanted where they are not None. ``beside`` is the key of the case that the peer
    ``itself`` means. ``long`` cases have no part in ``run.py --quick``.
    """

    key: str
    title: str
    data: str
    command: str
    peers: tuple[str, ...] = ()
    wanted: Mapping[str, float] = field(default_factory=dict)
    replicates: int = 0
    timed: str = FIT
    beside: str = ""
    published: tuple[Published, ...] = ()
    cpu: float | None = None
    memory: float | None = None
    more: float | None = None
    long: bool = False


MIB, GIB = 2.0**20, 2.0**30
SIMULATED = "simulated"

DATA = {
    SIMULATED: Data("", ("g",)),
    "insteval": Data("insteval.dta", ("s", "d", "dept")),
    "hsb": Data("hsb.dta", ("id", "sector")),
    "pig": Data("pig.dta", ("id",)),
    "productivity": Data("productivity.dta", ("region", "state")),
    "veneer": Data("veneer.dta", ("patient", "tooth")),
    "sleepstudy": Data("sleepstudy.dta", ("subj",)),
    "bcva": Data("bcva.dta", ("usubjid", "race", "trt", "visit")),
    "ovary": Data("ovary.dta", ("mare",)),
    "bodyweight": Data("bodyweight.dta", ("rat", "diet")),
    "ratings-5": Data("", ("user", "item")),
    "ratings-6": Data("", ("user", "item")),
    "ratings-7": Data("", ("user", "item")),
    "ratings-7.5": Data("", ("user", "item")),
    "ar1": Data("", ("id",)),
    "ar1-large": Data("", ("id",)),
    "irregular": Data("", ("id",)),
    "irregular-large": Data("", ("id",)),
    "occasions-20": Data("", ("id",)),
    "occasions-20-gaps": Data("", ("id",)),
    "occasions-10": Data("", ("id",)),
    "occasions-10-gaps": Data("", ("id",)),
    "tall": Data(""),
}

_PRODUCTIVITY = "mixed gsp private emp hwy water other unemp || region: || state:, "
_VENEER = "mixed gcf followup base_gcf cda age || patient: followup, covariance(unstructured) || tooth:, reml"
_HSB = "mixed mathach {} || id: ses, covariance(unstructured) reml"
_SLEEP = "mixed reaction days || subj: days, covariance(unstructured) reml"
_INSTEVAL = "mixed y service || _all: R.s || _all: R.d || _all: R.dept"
_RATINGS = "mixed y x || _all: R.user || _all: R.item"
_EVERY = ("lme4", "nlme", "glmmTMB", "lme-python", "mixedlm")
_EVERY_ONE_LEVEL = (*_EVERY, "mixedlm-rs", "statsmodels")


def _kenward_roger(data: str, title: str, command: str, wanted: float) -> tuple[Case, Case]:
    """Degrees of freedom of all coefficients: pbkrtest as it is used, and with its adjusted covariance shared."""
    command += " dfmethod(kroger)"
    return (
        Case(f"{data}-kr", f"Kenward-Roger: {title}", data, command, ("pbkrtest",), {"pbkrtest": wanted}, long=True),
        Case(f"{data}-kr-once", f"{title}, one adjusted covariance for all", data, command, ("pbkrtest",)),
    )


def _incomplete(key: str, title: str, data: str, residuals: str) -> tuple[Case, Case]:
    """Residuals by occasion with all there, and with a tenth missing at random beside that."""
    command = f"mixed y x t || id:, noconstant residuals({residuals}, t(t)) reml"
    return (
        Case(key, f"{title}, complete", data, command),
        Case(
            f"{key}-gaps", f"{title}, a tenth missing", f"{data}-gaps", command, (ITSELF,), {ITSELF: 1 / 3}, beside=key,
        ),
    )  # fmt: skip


CASES = (
    # One level and nested ones.
    Case(
        "million", "10⁶ rows, 10⁴ groups, correlated random slope, REML", SIMULATED,
        "mixed y x || g: x, covariance(unstructured) reml", ("lme4", "mixedlm-rs", "statsmodels"),
        {"lme4": 40, "mixedlm-rs": 3},
    ),
    Case(
        "hsb", "HSB: slopes, `ses` by `meanses`, REML", "hsb",
        _HSB.format("c.ses##c.meanses"), _EVERY_ONE_LEVEL, {"lme4": 3},
    ),
    Case(
        "hsb-boundary", "HSB: slopes, `ses` by `sector`, REML (a boundary)", "hsb",
        _HSB.format("c.ses##i.sector"), _EVERY_ONE_LEVEL, {"lme4": 3},
    ),
    Case(
        "pig", "pig: random intercept, ML", "pig", "mixed weight week || id:",
        (*_EVERY_ONE_LEVEL, "gpboost"), {"lme4": 1},
    ),
    Case(
        "productivity", "productivity: three levels, ML", "productivity",
        _PRODUCTIVITY.rstrip(", "), _EVERY, {"lme4": 1},
    ),
    Case("veneer", "veneer: three levels, correlated slope, REML", "veneer", _VENEER, _EVERY, {"lme4": 1}),
    Case(
        "sleepstudy", "sleepstudy: correlated slope, REML", "sleepstudy", _SLEEP,
        ("lme4", "nlme", "glmmTMB", "statsmodels"), {"lme4": 1},
    ),
    Case(
        "sleepstudy-frame", "sleepstudy from a pandas frame", "sleepstudy", _SLEEP,
        ("lme-python", "mixedlm", "mixedlm-rs"), {"lme-python": 1, "mixedlm": 2, "mixedlm-rs": 3}, timed=FRAME,
    ),
    Case(
        "first", "veneer, the first fit of a process and the second", "veneer", _VENEER, (ITSELF,), timed=FIRST,
        more=0.05,
    ),
    Case(
        "first-kr", "veneer with Kenward-Roger, the first fit of a process and the second", "veneer",
        _VENEER + " dfmethod(kroger)", (ITSELF,), timed=FIRST, more=0.05,
    ),
    # Crossed factors.
    Case(
        "insteval", "InstEval: students, teachers and departments crossed, ML", "insteval", _INSTEVAL,
        ("lme4", "gpboost", "mixedlm"), {"lme4": 15}, long=True,
    ),
    Case(
        "insteval-evaluation", "InstEval, an evaluation", "insteval", _INSTEVAL, timed=EVALUATION, cpu=0.020, long=True,
        published=(
            Published("MixedModels.jl", 0.0075, "of the note to issue 17, there 7.5 to 12 ms; another machine"),
        ),
    ),
    Case(
        "ratings-5", "10⁵ ratings, 1,000 × 1,700 crossed, ML", "ratings-5", _RATINGS, ("gpboost", "lme4"),
        {"gpboost": 5},
    ),
    Case(
        "ratings-6", "10⁶ ratings, 6,040 × 3,706 crossed, ML", "ratings-6", _RATINGS, ("gpboost",), {"gpboost": 5},
        memory=0.6 * GIB, long=True,
    ),
    Case(
        "ratings-7", "10⁷ ratings, 70,000 × 10,000 crossed, ML", "ratings-7", _RATINGS, ("gpboost",),
        cpu=30, memory=2 * GIB, long=True,
    ),
    Case(
        "ratings-7.5", "3.2·10⁷ ratings, 200,000 × 85,000 crossed, ML", "ratings-7.5", _RATINGS, (),
        {"MixedModels.jl": 60}, memory=6 * GIB, long=True,
        published=(
            Published(
                "MixedModels.jl", 18_740, "arXiv 2505.11674, MovieLens ml-32m, another machine; memory of the process",
                56 * GIB,
            ),
        ),
    ),
    # Degrees of freedom.
    *_kenward_roger("hsb", "HSB slopes, `ses` by `meanses`", _HSB.format("c.ses##c.meanses"), 30),
    *_kenward_roger("productivity", "productivity", _PRODUCTIVITY + "reml", 20),
    *_kenward_roger("veneer", "veneer", _VENEER, 10),
    Case(
        "hsb-satterthwaite", "Satterthwaite: HSB slopes, `ses` by `meanses`", "hsb",
        _HSB.format("c.ses##c.meanses") + " dfmethod(satterthwaite, oim)", ("lmerTest",),
    ),
    # Residuals that are correlated.
    Case(
        "bcva", "bcva: 1,000 patients, 10 visits, unstructured residuals, REML", "bcva",
        "mixed bcva_chg bcva_bl i.race i.trt##i.visit || usubjid:, noconstant residuals(unstructured, t(visit)) reml",
        ("nlme",), {"nlme": 50}, long=True,
    ),
    Case(
        "ovary", "ovary: AR(2) residuals, REML", "ovary",
        "mixed follicles sin1 cos1 || mare:, residuals(ar 2, t(time)) reml", ("nlme",), {"nlme": 2},
    ),
    Case(
        "bodyweight", "bodyweight: correlated slope, exponential residuals, REML", "bodyweight",
        "mixed weight i.diet##c.time || rat: time, covariance(unstructured) residuals(exponential, t(time)) reml",
        ("nlme",), {"nlme": 2},
    ),
    Case(
        "ar1", "AR(1) and an intercept, 500 × 50, a tenth dropped, REML", "ar1",
        "mixed y x || id:, residuals(ar 1, t(t)) reml", ("nlme",), {"nlme": 20},
    ),
    Case(
        "ar1-large", "AR(1) and an intercept, 10⁴ × 50, a tenth dropped, REML", "ar1-large",
        "mixed y x || id:, residuals(ar 1, t(t)) reml", cpu=10, long=True,
    ),
    Case(
        "irregular", "exponential residuals, irregular times, 20 × 200, REML", "irregular",
        "mixed y x || id:, noconstant residuals(exponential, t(t)) reml", ("nlme",), {"nlme": 40},
    ),
    Case(
        "irregular-large", "exponential residuals, irregular times, 1,000 × 200, REML", "irregular-large",
        "mixed y x || id:, noconstant residuals(exponential, t(t)) reml", cpu=60, long=True,
    ),
    *_incomplete("toeplitz", "Toeplitz residuals, 500 × 20, REML", "occasions-20", "toeplitz"),
    *_incomplete("unstructured", "unstructured residuals, 500 × 10, REML", "occasions-10", "unstructured"),
    # Replicates.
    Case(
        "bootstrap", "parametric bootstrap, 1,000 replicates, HSB random intercept", "hsb",
        "mixed mathach ses || id:, reml", ("lme4",), {"lme4": 30}, replicates=1000, timed=BOOTSTRAP, long=True,
    ),
    Case(
        "bootstrap-slopes", "parametric bootstrap, 1,000 replicates, HSB slopes, beside the intercept", "hsb",
        _HSB.format("ses"), (ITSELF,), {ITSELF: 1 / 2}, replicates=1000, timed=BOOTSTRAP, beside="bootstrap", long=True,
    ),
    # Data.
    Case("open-dta", "open .dta, 10⁶ × 6", "tall", "dta", ("pandas",), {"pandas": 0.9}, timed=OPEN),
    Case("open-csv", "open .csv, 10⁶ × 6", "tall", "csv", ("pandas",), {"pandas": 0.9}, timed=OPEN),
    Case("open-parquet", "open .parquet, 10⁶ × 6", "tall", "parquet", ("pandas",), {"pandas": 0.9}, timed=OPEN),
    Case("sort", "sort, 10⁶ rows", "tall", "sort x", ("pandas",), {"pandas": 0.9}, timed=COMMAND),
    Case(
        "correlate", "correlate three variables, 10⁶ rows", "tall", "correlate x z y", ("pandas",), {"pandas": 0.9},
        timed=COMMAND,
    ),
    Case("tabulate", "tabulate, 10⁶ rows", "tall", "tabulate wave", ("pandas",), {"pandas": 0.9}, timed=COMMAND),
    Case(
        "crosstab", "tabulate two-way, 10⁶ rows", "tall", "tabulate wave group", ("pandas",), {"pandas": 0.9},
        timed=COMMAND,
    ),
)  # fmt: skip

PEERS = (
    *("lme4", "lmerTest", "pbkrtest", "nlme", "glmmTMB"),
    *("statsmodels", "gpboost", "lme-python", "mixedlm", "mixedlm-rs", "pandas"),
)
