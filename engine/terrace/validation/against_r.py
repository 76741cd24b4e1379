"""Numbers that R found: ``resources/validation/r``, with the scripts and the data they were computed from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache, partial
from typing import Any

from terrace.data.resources import resource_path
from terrace.validation.agreement import Check, against_number, same
from terrace.validation.cases import Case, Outcomes

FITS = ("lme4", "nlme", "glmmtmb", "textbooks")
SMALL = "smallsample"
_DERIVED = {
    "orthodont_11": ("orthodont", "generate double age11 = age - 11"),
    "hsb_cses": ("hsb", "egen double mean_ses = mean(ses), by(school)", "generate double cses = ses - mean_ses"),
}
"""Data with a variable more than their file: the file, and the commands that make it."""

LIKELIHOOD, ESTIMATE, SE = 1e-7, 1e-5, 1e-5
"""How close: relative for the likelihood and standard errors; for an estimate, in its standard errors or its size."""


def cases() -> list[Case]:
    """A case for each model that R fitted, then those with degrees of freedom."""
    return [_case(script, entry) for script in (*FITS, SMALL) for entry in _entries(script)]


def _entries(script: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = _whole(script)["cases"]
    return entries


@cache
def _whole(script: str) -> dict[str, Any]:
    """The file as it is. Do not change it."""
    found: dict[str, Any] = json.loads(resource_path("validation", "r", f"{script}.json").read_text(encoding="utf-8"))
    return found


def _case(script: str, entry: dict[str, Any]) -> Case:
    file, *prepared = _DERIVED.get(entry["data"], (entry["data"],))
    path = resource_path("validation", "r", "data", f"{file}.csv")
    whole = _whole(script)
    small = script == SMALL
    versions = [f"{name} {whole['packages'][name]}" for name in _packages(script, entry)]
    methods = ("satterthwaite, oim", "kroger") if small else ()
    commands = [f"{entry['command']} dfmethod({m})" for m in methods] or [entry["command"]]
    return Case(
        f"{script}: {entry['id']}",
        "R",
        f"{entry.get('call', script)}; {', '.join(versions)}, {whole['R'].partition(' (')[0]}; {script}.R",
        f"validation/r/data/{file}.csv",
        (f"use `\"{path}\"'", *prepared),
        tuple(commands),
        partial(_judge_small if small else _judge_fit, entry),
    )


def _packages(script: str, entry: dict[str, Any]) -> tuple[str, ...]:
    if script == SMALL:
        return ("lmerTest", "pbkrtest")
    call = str(entry.get("call", ""))
    return ("nlme" if "nlme" in call else "glmmTMB" if "glmmTMB" in call else "lme4",)


def _judge_fit(entry: dict[str, Any], outcomes: Outcomes) -> list[Check]:
    return list(_fit(entry, outcomes[0]))


def _fit(entry: dict[str, Any], result: dict[str, Any]) -> Iterator[Check]:
    """Likelihood of every model; estimates and standard errors of those whose maximum is inside."""
    loose = entry.get("tolerance", {})
    near, near_se = float(loose.get("estimate", ESTIMATE)), float(loose.get("se", SE))
    yield same("observations", entry["n"], result["scalars"]["N"])
    yield against_number("log likelihood", entry["ll"], result["scalars"]["ll"], LIKELIHOOD * abs(entry["ll"]))
    if "boundary" in entry["features"]:
        return
    rows = [row for row in result["fixed"] if row["se"] is not None]
    fixed = entry["fixed"]
    yield same("coefficients", list(fixed["terms"]), [row["term"] for row in rows])
    ses = fixed.get("se") or [row["se"] for row in rows]
    for row, expected, se in zip(rows, fixed["coef"], ses, strict=True):
        yield against_number(row["term"], expected, row["coef"], near * se)
        if "se" in fixed:
            yield against_number(f"{row['term']}, se", se, row["se"], near * se)
    random = entry["random"]
    names = list(zip(random["level"], random["name"], strict=True))
    yield same("parameters", names, [(row["level"], row["name"]) for row in result["random"]])
    wanted = random.get("se") or [None] * len(names)
    for row, expected, se in zip(result["random"], random["estimate"], wanted, strict=True):
        label = f"{row['level']}: {row['name']}"
        yield against_number(label, expected, row["estimate"], near * max(abs(expected), se or 0.0))
        if se is not None:
            yield against_number(f"{label}, se", se, row["se"], near_se * se)


def _judge_small(entry: dict[str, Any], outcomes: Outcomes) -> list[Check]:
    """Degrees of freedom by Satterthwaite (of lmerTest) and Kenward-Roger (of pbkrtest), and the F of the model."""
    out: list[Check] = []
    for method, near, result in zip(("satterthwaite", "kroger"), (1e-4, 1e-5), outcomes, strict=True):
        rows = [row for row in result["fixed"] if row["se"] is not None]
        wanted = entry[method]
        out.append(same(f"{method}, coefficients", list(entry["terms"]), [row["term"] for row in rows]))
        for k, row in enumerate(rows):
            df = wanted["df"][k]
            out.append(against_number(f"{method}, {row['term']}, df", df, row["df"], near * df))
            if "se" in wanted:
                se = wanted["se"][k]
                out.append(against_number(f"{method}, {row['term']}, se", se, row["se"], 1e-5 * se))
        if len(rows) > 1:
            scalars = result["scalars"]
            out.append(against_number(f"{method}, F", wanted["F"], scalars["F"], 1e-5 * abs(wanted["F"])))
            out.append(against_number(f"{method}, df of F", wanted["ddf"], scalars["ddf_m"], 10 * near * wanted["ddf"]))
    return out
