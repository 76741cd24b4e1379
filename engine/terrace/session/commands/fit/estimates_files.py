"""Estimates in files: ``estimates save``, ``estimates use``.

A file holds the command, the variables of the model in all rows with a mark of those that were used, and the
constraints; using it fits the model again. So what follows a fit works as ever, nothing in a file is run as code,
and a later Terrace can still read it.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from terrace.data.dataset import Dataset, Variable
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import rules
from terrace.language.grammar.tokens import unquoted
from terrace.results.fit import FitResult
from terrace.session.commands.fit.mixed import mixed_result
from terrace.session.commands.helpers.fits import current_fit
from terrace.session.context import current_sample
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Origin
from terrace.spec.model import ModelSpec

EXTENSION = ".fit"
_VERSION = 1
_MARK = "__in_sample"


@command(
    "estimates save",
    minimum="est sav",
    syntax="estimates save FILE [, replace]",
    help="Write the fit to a file, with the data that it needs.",
    effects=Effect.FILES,
)
def save(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.disk.writing import destination, write_bytes
    from terrace.postestimation.tests.combinations import need_own_rows

    options = parsed.options(rules("replace"))
    path = _path(session, parsed)
    destination(path, replace="replace" in options)
    fit = current_fit(session, parsed)
    if fit.macros.get("cmd") != "mixed":
        raise parsed.word.error("Only fits of mixed can be saved.", code="not-mixed")
    need_own_rows(fit)
    data = _needed(session, fit)
    spec = replace(fit.spec, condition=f"{_MARK} == 1", range_=None)
    if _unlike(session, fit, data, spec):
        raise DataError(
            "The data are no longer those of the fit, row by row.",
            code="stale-sample",
            advice="Fit the model again, then save.",
        )
    from terrace.spec.text import format_mixed

    about = {
        "version": _VERSION,
        "model": format_mixed(spec),
        "command": fit.command,
        "constraints": _bound(session, fit),
        "ll": fit.ll,
        "name": fit.name,
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("fit.json", json.dumps(about, ensure_ascii=False, indent=1))
        archive.writestr("data.parquet", _parquet(data))
    written = write_bytes(path, content.getvalue(), replace="replace" in options)
    return CommandResult(text=f"The estimates are in {written}.")


def _bound(session: Session, fit: FitResult) -> dict[str, str]:
    """The constraints of the fit by number. `DataError` where they have been defined anew since."""
    found = {str(k): session.state.constraints.get(k, "") for k in fit.spec.constraints}
    bound = fit.model.constraints
    if bound is not None and {*bound.texts, *bound.redundant} != set(found.values()):
        raise DataError("The constraints have been defined anew since the fit.", code="constraint",
                        advice="Fit the model again, then save.")  # fmt: skip
    return found


def _path(session: Session, parsed: ParsedCommand) -> Path:
    name = unquoted(parsed.clauses.body)
    if not name:
        raise parsed.word.error("The name of a file is missing.", code="no-file", advice=f"Write {parsed.name} FILE.")
    path = session.state.path(name)
    return path if path.suffix else path.with_name(path.name + EXTENSION)


def _needed(session: Session, fit: FitResult) -> Dataset:
    """The variables of the model, all rows, with the mark of the sample."""
    from terrace.design.streaming import model_variables

    rows = current_sample(session.state)
    if rows is None:
        raise DataError(
            "The data of this fit are not open.",
            code="stale-sample",
            advice="Open them and fit the model again, then save.",
        )
    data = session.data
    names = list(model_variables(replace(fit.spec, condition=None), data))
    if data.panel is not None:
        names += [n for n in (data.panel.panel, data.panel.time) if n and n not in names]
    return data.select(names).with_column(_MARK, rows.astype(np.float64), Variable(_MARK))


def _unlike(session: Session, fit: FitResult, data: Dataset, spec: ModelSpec) -> bool:
    """True where the data now give another design than that of the fit."""
    from terrace.design.design import build_design

    now, then = build_design(spec, data), fit.model.design
    return not (
        np.array_equal(now.y, then.y)
        and np.array_equal(now.x, then.x)
        and all(np.array_equal(a.codes, b.codes) for a, b in zip(now.blocks, then.blocks))
    )


def _parquet(data: Dataset) -> bytes:
    from terrace.data.parquet import write_parquet

    content = io.BytesIO()
    write_parquet(data, content)
    return content.getvalue()


@command(
    "estimates use",
    minimum="est use",
    syntax="estimates use FILE",
    help="Take a fit from a file of estimates save; the data that are open stay.",
    effects=Effect.NONE,
)
def use(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.language.mixed import parse_mixed

    parsed.options(())
    path = _path(session, parsed)
    about, data = _read(path)
    spec = parse_mixed(about["model"], data.names)
    constraints = {int(k): str(v) for k, v in about["constraints"].items()}
    result = mixed_result(session, spec, data, constraints, str(about["command"]))
    result = replace(result, name=str(about.get("name", "")))
    warnings = []
    if abs(result.ll - about["ll"]) > 1e-6 * (1 + abs(result.ll)):
        warnings.append(f"The log likelihood was {about['ll']:.6f} when the file was written, and is {result.ll:.6f}.")
    state = session.state
    # no row of the data that are open is one of the fit's
    origins = {**state.origins, id(result.model): Origin(result.model, object(), None)}
    text = "\n".join([f"The estimates of {path} are active now: {result.command}", *warnings])
    return CommandResult(
        text=text, fit=result, warnings=tuple(warnings), state=replace(state, fit=result, origins=origins, posted=None)
    )


def _read(path: Path) -> tuple[dict[str, Any], Dataset]:
    """What a file holds. Raises `DataError` where it is none of ours."""
    from terrace.data.parquet import read_parquet
    from terrace.data.progress import Report

    if not path.is_file():
        raise DataError(f"There is no file {path}.", code="no-such-file", subject=str(path))
    try:
        with zipfile.ZipFile(path) as archive:
            about = json.loads(archive.read("fit.json"))
            content = archive.read("data.parquet")
        if not all(key in about for key in ("model", "command", "constraints", "ll")):
            raise KeyError("fit.json")
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, TypeError):
        raise DataError(
            f"{path} is not a file of estimates save.",
            code="unknown-format",
            subject=str(path),
            advice="Stata's .ster files cannot be read: fit the model here.",
        ) from None
    if int(about.get("version", 0)) > _VERSION:
        raise DataError(f"{path} was written by a later Terrace.", code="unknown-format", subject=str(path))
    return about, read_parquet(io.BytesIO(content), Report("Reading"))
