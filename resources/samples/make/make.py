"""Describes the columns that make.R wrote and keeps each sample as one parquet file.

Usage: python make.py FOLDER          (the folder given to make.R)
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.parquet import write_parquet

FOLDER = Path(sys.argv[1])
TARGET = Path(__file__).resolve().parent.parent
N, O, C, I = Measure.NOMINAL, Measure.ORDINAL, Measure.CONTINUOUS, Measure.IDENTIFIER
YES = {0: "No", 1: "Yes"}


def save(name, title, variables, frame=None):
    """Keep the columns named in `variables`: name -> (label, measure[, value labels])."""
    if frame is None:
        frame = pd.read_csv(FOLDER / f"{name}.csv")
    described = []
    for column, (label, measure, *labels) in variables.items():
        if pd.api.types.is_integer_dtype(frame[column].dtype):
            frame[column] = frame[column].astype(np.min_scalar_type(-int(frame[column].abs().max())))
        described.append(Variable(column, label, measure, labels[0] if labels else {}))
    data = Dataset(frame[list(variables)], tuple(described), label=title, source=f"sample {name}")
    write_parquet(data, TARGET / f"{name}.parquet")
    print(f"{name:12} {len(data):6} rows {(TARGET / f'{name}.parquet').stat().st_size:8} bytes")


def coded(frame, column):
    """Replace a text column by the codes 1, 2, ... in the order of the texts; return the value labels."""
    codes, levels = pd.factorize(frame[column], sort=True)
    frame[column] = codes + 1
    return {i + 1: level for i, level in enumerate(levels)}


save("hsb", "High School and Beyond: mathematics achievement", {
    "id": ("School", I),
    "minority": ("Student of a minority group", N, YES),
    "female": ("Sex of the student", N, {0: "Male", 1: "Female"}),
    "ses": ("Socioeconomic status of the student", C),
    "mathach": ("Mathematics achievement", C),
    "size": ("Students in the school", C),
    "sector": ("Sector of the school", N, {0: "Public", 1: "Catholic"}),
    "pracad": ("Proportion of students on the academic track", C),
    "disclim": ("Disciplinary climate of the school", C),
    "himinty": ("More than 40% minority students", N, YES),
    "meanses": ("Mean SES of the school", C),
})
save("ovary", "Ovarian follicles of mares over an oestrous cycle", {
    "mare": ("Mare", I),
    "time": ("Order of the measurement within the mare", C),
    "stime": ("Time in the cycle (0 and 1: ovulations)", C),
    "follicles": ("Follicles larger than 10 mm", C),
    "sin1": ("Sine of the cycle, sin(2*pi*stime)", C),
    "cos1": ("Cosine of the cycle, cos(2*pi*stime)", C),
})
children = pd.read_csv(FOLDER / "orthodont.csv")
children["id"] = pd.Series(children["subject"])
subjects = coded(children, "id")
children["occ"] = children.groupby("id")["age"].rank().astype(int)
save("orthodont", "Growth of a jaw distance in 27 children", {
    "id": ("Child", I, subjects),
    "age": ("Age in years", C),
    "distance": ("Distance from pituitary to pterygomaxillary fissure, mm", C),
    "female": ("Sex of the child", N, {0: "Male", 1: "Female"}),
    "occ": ("Occasion", O),
}, children)
save("sleepstudy", "Reaction time under sleep deprivation", {
    "subject": ("Subject", I),
    "days": ("Days of sleep deprivation", C),
    "reaction": ("Average reaction time, ms", C),
})
states = pd.read_csv(FOLDER / "produc.csv")
states["state"] = states["state"].replace("TENNESSE", "TENNESSEE").str.replace("_", " ").str.title()
regions = ["New England", "Middle Atlantic", "East North Central", "West North Central", "South Atlantic",
           "East South Central", "West South Central", "Mountain", "Pacific"]
save("produc", "Productivity of public capital in the US states, 1970-1986", {
    "state": ("State", I, coded(states, "state")),
    "region": ("Region", I, dict(enumerate(regions, 1))),
    "year": ("Year", C),
    "public": ("Public capital stock", C),
    "hwy": ("Log of highways and streets", C),
    "water": ("Log of water and sewer facilities", C),
    "other": ("Log of other public buildings and structures", C),
    "private": ("Log of private capital stock", C),
    "gsp": ("Log of gross state product", C),
    "emp": ("Log of non-agricultural employment", C),
    "unemp": ("Unemployment rate, %", C),
}, states)
save("insteval", "Students' ratings of university lectures", {
    "s": ("Student", I),
    "d": ("Lecturer", I),
    "y": ("Rating of the lecture, 1 (poor) to 5 (very good)", C),
    "studage": ("Semesters that the student has studied", O),
    "lectage": ("Semesters since the lecture, classed", O),
    "service": ("Lecture held for another department", N, YES),
    "dept": ("Department of the lecture", N),
})
scores = [[30, 28, 16, 34], [14, 18, 10, 22], [24, 20, 18, 30], [38, 34, 20, 44], [26, 28, 14, 30]]
save("winer43", "Reaction times of five persons under four drugs", {
    "person": ("Person", I),
    "drug": ("Drug", N),
    "score": ("Reaction time", C),
}, pd.DataFrame({
    "person": np.repeat(np.arange(1, 6), 4),
    "drug": np.tile(np.arange(1, 5), 5),
    "score": np.ravel(scores),
}))
