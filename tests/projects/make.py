#!/usr/bin/env python3
"""Make the project file of the present version that all later versions have to open, and what is to be found in it.

    OPENBLAS_NUM_THREADS=1 python tests/projects/make.py

Run it with each release, before its version is raised, and commit both files; those of earlier versions stay as they
are. ``tests/engine/test_project_versions.py`` opens them all.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.session.project.file import save_project
from terrace.session.project.parts import Project
from terrace.session.session import Session
from terrace.session.state import State
from terrace.version import __version__

HERE = Path(__file__).resolve().parent
COMMANDS = (
    "generate twice = 2 * hours",
    "filter score > -100",
    "mixed score hours i.sector || school: hours, covariance(unstructured) reml",
    "estat icc",
    "predict fit, fitted",
    "scatter score hours",
    'figure 1, title("Scores by hours")',
    "mixed score hours || school:",
    "estimates store second",
    'outline heading "Further models"',
    'outline note "What stands out, in **bold**."',
    "scalar found = 1.5",
    "generate once = hours",
    "undo",
)


def data() -> Dataset:
    """Pupils in schools, with labels, text, missing values and a missing code."""
    rng = np.random.default_rng(20261130)
    school = np.repeat(np.arange(1, 13), 8)
    hours = np.round(rng.normal(3, 1, 96), 2)
    score = np.round(10 + rng.normal(0, 2, 13)[school] + (1.5 + rng.normal(0, 0.5, 13)[school]) * hours
                     + rng.normal(0, 1.5, 96), 3)  # fmt: skip
    score[5] = np.nan
    frame = pd.DataFrame({
        "school": school, "sector": (school % 2).astype(float), "score": score, "hours": hours,
        "place": np.where(school % 3 == 0, "Nürnberg", "Rhône"), "grade": np.where(np.arange(96) % 9 == 0, -9, 2),
    })  # fmt: skip
    variables = (
        Variable("school", "School", Measure.IDENTIFIER), Variable("sector", "Sector", Measure.NOMINAL,
                                                                   {0.0: "Public", 1.0: "Private"}),
        Variable("score", "Score"), Variable("hours", "Hours a week"), Variable("place", "", Measure.NOMINAL),
        Variable("grade", "Grade", Measure.ORDINAL, {}, (-9,)),
    )  # fmt: skip
    return Dataset(frame, variables, label="Schools")


def made() -> Session:
    """The work that is saved."""
    session = Session(State(dataset=data()))
    for command in COMMANDS:
        outcome = session.run(command)
        if not outcome.ok:
            raise SystemExit(f"{command}: {outcome.error}")
    return session


def facts(project: Project) -> dict[str, object]:
    """What has to be found again."""
    state = project.state
    assert state.dataset is not None
    return {
        "program": project.program,
        "rows": len(state.dataset),
        "variables": list(state.dataset.names),
        "score": float(np.nansum(state.dataset.frame["score"])),
        "filter": state.filter.expression if state.filter is not None else "",
        "scalars": dict(state.scalars),
        "items": [[item.kind, item.heading] for item in state.document],
        "models": [[item.fit.ll, [e.coef for e in item.fit.fixed]] for item in state.document.models() if item.fit],
        "commands": [outcome.command for outcome in project.history],
        "undo": len(project.undo), "redo": len(project.redo),
    }  # fmt: skip


def main() -> None:
    session = made()
    session.layout = {"work": 300}
    stem = HERE / f"terrace-{__version__}"
    save_project(Project.of(session), stem.with_name(stem.name + ".terrace"), replace=True)
    text = json.dumps(facts(Project.of(session)), indent=1, ensure_ascii=False)
    stem.with_name(stem.name + ".json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
