"""The committed results of R, by script, and the data they were computed from."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from .implemented import IMPLEMENTED

HERE = Path(__file__).parents[2] / "resources" / "validation" / "r"


@cache
def frame(name: str) -> pd.DataFrame:
    """One dataset, as textbooks.R has it with a column more where it is named so; do not change it."""
    if name == "orthodont_11":
        return frame("orthodont").assign(age11=lambda d: d["age"] - 11)
    if name == "hsb_cses":
        return frame("hsb").assign(cses=lambda d: d["ses"] - d.groupby("school")["ses"].transform("mean"))
    return pd.read_csv(HERE / "data" / f"{name}.csv")


@cache
def every(script: str) -> tuple[dict[str, Any], ...]:
    """All cases of one script."""
    return tuple(json.loads((HERE / f"{script}.json").read_text())["cases"])


def cases(*scripts: str, also: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """The cases whose features the engine has, and that have all of ``also``."""
    found = [c for s in scripts for c in every(s)]
    return [c for c in found if also <= set(c["features"]) <= IMPLEMENTED | {"fit"}]
