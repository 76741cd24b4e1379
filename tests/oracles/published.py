"""Numbers as other programs printed them: books, vignettes and courses, for datasets that R ships.

Each number is a string, held to the digits that were printed. ``random`` has variances and covariances where the
source prints them, ``sd`` standard deviations and correlations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

Numbers = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Published:
    """One printed output. ``fixed`` has (coefficient, SE) by term, ``random`` (estimate, SE) and ``sd`` (estimate,)
    by name; where levels share a name, by ``level: name``. ``derive`` makes columns that the data lack."""

    id: str
    source: str
    data: str
    command: str
    ll: str = "*"
    fixed: Numbers = field(default_factory=dict)
    random: Numbers = field(default_factory=dict)
    sd: Numbers = field(default_factory=dict)
    derive: Callable[[pd.DataFrame], pd.DataFrame] | None = None


PB = "Pinheiro & Bates (2000), Mixed-Effects Models in S and S-PLUS"
BATES = "Bates, Mächler, Bolker & Walker (2015), Journal of Statistical Software 67(1)"
LME4 = "Bates (2010), lme4: Mixed-effects modeling with R"
RB = "Raudenbush & Bryk (2002), Hierarchical Linear Models, HLM"


def _centred(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(cses=frame["ses"] - frame.groupby("school")["ses"].transform("mean"))


EVERY: tuple[Published, ...] = (
    Published(
        "orthodont-age", f"{PB}, section 4.1", "orthodont",
        "mixed distance age || subject: age, cov(unstructured) reml", "-221.3183",
        {"_cons": ("16.761111", ".7752461"), "age": (".660185", ".0712533")},
        sd={"sd(_cons)": ("2.3270338",), "sd(age)": (".2264276",), "corr(age,_cons)": ("-.609",),
            "sd(Residual)": ("1.3100399",)},
    ),
    Published(
        "orthodont-sex", f"{PB}, section 4.1", "orthodont", "mixed distance age i.female || subject:, reml",
        "-218.7563",
        {"_cons": ("17.706713", ".8339225"), "age": (".660185", ".0616059"), "1.female": ("-2.321023", ".7614168")},
        sd={"sd(_cons)": ("1.807425",), "sd(Residual)": ("1.431592",)},
    ),
    Published(
        "orthodont-heteroscedastic", f"{PB}, section 5.2", "orthodont",
        "mixed distance i.female##c.age11 || subject: age11, cov(unstructured) reml "
        "residuals(independent, by(female))",
        "-205.7612", sd={"sd(_cons)": ("1.854",), "sd(age11)": (".157",), "corr(age11,_cons)": (".394",)},
        derive=lambda f: f.assign(age11=f["age"] - 11),
    ),
    Published(
        "machines-worker", f"{PB}, section 1.3", "machines", "mixed score i.machine || worker:, reml", "-143.4391",
        {"_cons": ("52.35556", "2.229312"), "2.machine": ("7.96667", "1.053883"),
         "3.machine": ("13.91667", "1.053883")},
        sd={"sd(_cons)": ("5.146552",), "sd(Residual)": ("3.161647",)},
    ),
    Published(
        "machines-nested", f"{PB}, section 1.3", "machines", "mixed score i.machine || worker: || machine:, reml",
        "-107.8438",
        {"_cons": ("52.35556", "2.485829"), "2.machine": ("7.96667", "2.176974"),
         "3.machine": ("13.91667", "2.176974")},
        sd={"worker: sd(_cons)": ("4.78105",), "machine: sd(_cons)": ("3.729532",), "sd(Residual)": (".9615771",)},
    ),
    Published(
        "machines-unstructured", f"{PB}, section 1.3", "machines",
        "mixed score i.machine || worker: m1 m2 m3, noconstant cov(unstructured) reml", "-104.1556",
        {"_cons": ("52.35556", "1.680711"), "2.machine": ("7.96667", "*"),
         "3.machine": ("13.91667", "1.540100")},
        sd={"sd(m1)": ("4.07928",), "sd(m2)": ("8.62529",), "sd(m3)": ("4.38948",), "corr(m1,m2)": (".803",),
            "corr(m1,m3)": (".623",), "corr(m2,m3)": (".771",), "sd(Residual)": (".96158",)},
    ),
    Published(
        "oats", f"{PB}, section 1.6", "oats", "mixed yield nitro || block: || variety:, reml", "-296.5209",
        {"_cons": ("81.87222", "6.945273"), "nitro": ("73.66667", "6.781483")},
        sd={"block: sd(_cons)": ("14.50596",), "variety: sd(_cons)": ("11.00468",), "sd(Residual)": ("12.86696",)},
    ),
    Published(
        "pixel", f"{PB}, section 1.5", "pixel",
        "mixed pixel day c.day#c.day || dog: day, cov(unstructured) || side:, reml", "-412.6051",
        {"_cons": ("1073.3391", "10.171686"), "day": ("6.1296", ".879321"), "c.day#c.day": ("-.3674", ".033945")},
        sd={"dog: sd(_cons)": ("28.36990",), "dog: sd(day)": ("1.843750",), "dog: corr(day,_cons)": ("-.555",),
            "side: sd(_cons)": ("16.82431",), "sd(Residual)": ("8.989606",)},
    ),
    Published(
        "bodyweight", f"{PB}, section 5.2", "bodyweight",
        "mixed weight i.diet##c.time || rat: time, cov(unstructured) reml", "-575.8599",
        {"_cons": ("251.65165", "13.09402"), "time": (".35964", ".09114"), "2.diet": ("200.66549", "22.67952"),
         "3.diet": ("252.07168", "22.67952"), "2.diet#c.time": (".60584", ".15786"),
         "3.diet#c.time": (".29834", ".15786")},
        sd={"sd(_cons)": ("36.9390723",), "sd(time)": (".2484113",), "corr(time,_cons)": ("-.149",),
            "sd(Residual)": ("4.4436052",)},
    ),
    Published(
        "ovary", f"{PB}, section 5.3", "ovary", "mixed follicles sin1 cos1 || mare: sin1, reml", "-813.0409",
    ),
    Published(
        "ovary-ar1", f"{PB}, section 5.3", "ovary",
        "mixed follicles sin1 cos1 || mare: sin1, reml residuals(ar 1, t(time))", "-774.724",
    ),
    Published(
        "sleepstudy", BATES, "sleepstudy", "mixed reaction days || subject: days, cov(unstructured) reml", "-871.814",
        {"_cons": ("251.405", "6.825"), "days": ("10.467", "1.546")},
        {"var(_cons)": ("612.10",), "var(days)": ("35.07",), "var(Residual)": ("654.94",)},
        {"sd(_cons)": ("24.741",), "sd(days)": ("5.922",), "corr(days,_cons)": (".07",), "sd(Residual)": ("25.592",)},
    ),
    Published(
        "sleepstudy-independent", BATES, "sleepstudy", "mixed reaction days || subject: days, reml", "-871.8345",
        {"_cons": ("251.405", "6.885"), "days": ("10.467", "1.560")},
        {"var(_cons)": ("627.57",), "var(days)": ("35.86",), "var(Residual)": ("653.58",)},
        {"sd(_cons)": ("25.051",), "sd(days)": ("5.988",), "sd(Residual)": ("25.565",)},
    ),
    Published(
        "penicillin", f"{LME4}, section 2.1", "penicillin", "mixed diameter || _all: R.plate || _all: R.sample, reml",
        "-165.43", {"_cons": ("22.9722", ".8086")},
        {"var(R.plate)": (".7169",), "var(R.sample)": ("3.7311",), "var(Residual)": (".3024",)},
    ),
    Published(
        "pastes", f"{LME4}, section 2.2", "pastes", "mixed strength || batch: || sample:, reml", "-123.495",
        {"_cons": ("60.0533", ".6769")},
        {"sample: var(_cons)": ("8.434",), "batch: var(_cons)": ("1.657",), "var(Residual)": (".678",)},
    ),
    Published(
        "hsb-unconditional", f"{RB}, table 4.2", "hsb", "mixed mathach || school:, reml", "*",
        {"_cons": ("12.64", ".24")}, {"var(_cons)": ("8.61",), "var(Residual)": ("39.15",)},
    ),
    Published(
        "hsb-means-as-outcomes", f"{RB}, table 4.3", "hsb", "mixed mathach meanses || school:, reml", "*",
        {"_cons": ("12.65", ".15"), "meanses": ("5.86", ".36")},
        {"var(_cons)": ("2.64",), "var(Residual)": ("39.16",)},
    ),
    Published(
        "hsb-random-coefficients", f"{RB}, table 4.4", "hsb",
        "mixed mathach cses || school: cses, cov(unstructured) reml", "*",
        {"_cons": ("12.64", ".24"), "cses": ("2.19", ".13")},
        {"var(_cons)": ("8.68",), "var(cses)": (".68",), "var(Residual)": ("36.70",)}, derive=_centred,
    ),
    Published(
        "hsb-slopes-as-outcomes", f"{RB}, table 4.5", "hsb",
        "mixed mathach meanses i.sector cses c.meanses#c.cses i.sector#c.cses || school: cses, cov(unstructured) reml",
        "*",
        {"_cons": ("12.10", ".20"), "meanses": ("5.33", ".37"), "1.sector": ("1.23", ".31"),
         "cses": ("2.94", ".16"), "c.meanses#c.cses": ("1.03", ".30"), "1.sector#c.cses": ("-1.64", ".24")},
        {"var(_cons)": ("2.38",)}, derive=_centred,
    ),
)  # fmt: skip
