"""Models with their data, for the tests of code in and out; R runs all scripts of a test run in one process."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pandas as pd

import terrace
from oracles import rcases, specs
from terrace.code.out.facts import Facts, Source, facts_of
from terrace.data.dataset import Dataset, Measure, Panel, Variable
from terrace.errors import TerraceError

LABELS = {1: "one", 2: "two", 3: "three"}


def labelled(frame: pd.DataFrame, source: str) -> Dataset:
    """The made-up data with value labels, a missing code and a declared panel."""
    variables = tuple(
        Variable(
            str(c), value_labels=LABELS if c == "lab" else {}, missing_codes=(5,) if c == "k" else (),
            measure=Measure.IDENTIFIER if c in ("id", "region", "item") else Measure.CONTINUOUS,
        )
        for c in frame.columns
    )  # fmt: skip
    panel = Panel("id", "t") if "id" in frame else None
    return Dataset(frame.reset_index(drop=True), variables, source=source, panel=panel)


@cache
def made_up(folder: Path) -> tuple[Dataset, Dataset]:
    """The data of `specs`, written as text files."""
    out = []
    for k, frame in enumerate(specs.data()):
        path = folder / f"made_up_{k}.csv"
        frame.to_csv(path, index=False)
        out.append(labelled(frame, str(path)))
    return out[0], out[1]


def r_data(folder: Path, name: str) -> Dataset:
    """One of the datasets exported from R, as a text file."""
    path = folder / f"{name}.csv"
    rcases.frame(name).to_csv(path, index=False)
    return labelled(rcases.frame(name), str(path))


def fitted(model: str, data: Dataset) -> Facts | None:
    """The facts of a model with its log likelihood; None where the data do not determine it."""
    try:
        fit = terrace.fit(model, data)
    except TerraceError:
        return None
    return facts_of(fit.spec, data, Source(data.source), {}, fit.ll) if fit.converged else None


def seeds(count: int, folder: Path) -> Mapping[str, Facts]:
    """The first generated models that can be fitted, by their commands."""
    out: dict[str, Facts] = {}
    seed = 5
    while len(out) < count:
        model = specs.commands(seed)
        facts = fitted(model, made_up(folder)[specs.of(seed)])
        if facts is not None:
            out[f"{seed}: {model}"] = facts
        seed += 1
    return out


@cache
def bound(count: int, folder: Path) -> Mapping[str, Facts]:
    """The first generated models that the data allow, by their commands, not fitted."""
    out: dict[str, Facts] = {}
    seed = 5
    while len(out) < count:
        model = specs.commands(seed)
        data = made_up(folder)[specs.of(seed)]
        with contextlib.suppress(TerraceError):
            out[f"{seed}: {model}"] = facts_of(terrace.parse_mixed(model, data.names), data, Source(data.source))
        seed += 1
    return out


def has_r(*packages: str) -> bool:
    """Whether R is here with these packages."""
    if shutil.which("Rscript") is None:
        return False
    asked = "; ".join(f'if (!requireNamespace("{p}", quietly = TRUE)) quit(status = 1)' for p in packages)
    return subprocess.run(["Rscript", "-e", asked], capture_output=True, check=False).returncode == 0


def likelihoods(scripts: Mapping[str, str], folder: Path) -> dict[str, float | str]:
    """logLik(fit) of each script, or the message of R, by its name; all in one process of R."""
    names = list(scripts)
    for k, name in enumerate(names):
        (folder / f"{k}.R").write_text(scripts[name], encoding="utf-8")
    lines = [
        f"for (k in seq_len({len(names)}) - 1) {{",
        f'  path <- file.path("{folder.as_posix()}", paste0(k, ".R"))',
        "  said <- tryCatch({",
        "    here <- new.env()",
        "    suppressWarnings(suppressMessages(capture.output(source(path, local = here))))",
        '    sprintf("%.10f", as.numeric(logLik(here$fit)))',
        '  }, error = function(e) paste("error:", gsub("\\n", " ", conditionMessage(e))))',
        '  cat("@", k, " ", said, "\\n", sep = "")',
        "}",
    ]
    driver = folder / "all.R"
    driver.write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(["Rscript", str(driver)], capture_output=True, encoding="utf-8", check=False)
    out: dict[str, float | str] = {}
    for line in done.stdout.splitlines():
        if line.startswith("@"):
            number, _, said = line[1:].partition(" ")
            try:
                out[names[int(number)]] = float(said)
            except ValueError:
                out[names[int(number)]] = said
    assert len(out) == len(names), done.stderr
    return out
