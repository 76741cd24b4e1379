"""Estimates in files: ``estimates save``, ``estimates use``.

A file holds the command, the variables of the model in all rows with a mark of those that were used, and the
constraints; using it fits the model again. So what follows a fit works as ever, nothing in a file is run as code,
and a later Terrace can still read it. All that is announced and used stands under the checksums of `terrace.sealed`.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from terrace.data.dataset import Dataset, Variable
from terrace.data.memory import available_memory
from terrace.errors import DataError, TerraceError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import rules
from terrace.language.grammar.tokens import unquoted
from terrace.results.fit import FitResult
from terrace.sealed import BROKEN, damaged, is_sealed, read_whole, seal, unseal
from terrace.session.commands.fit.mixed import mixed_result
from terrace.session.commands.helpers.files import with_ending
from terrace.session.commands.helpers.fits import constraints_of, current_fit
from terrace.session.context import current_sample
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Origin
from terrace.spec.model import ModelSpec

EXTENSION = ".fit"
_KIND = "estimates"
_VERSION = 2  # 1 had no checksums
_MARK = "__in_sample"


@dataclass(frozen=True, slots=True)
class _About:
    """The part ``fit.json``. `model` is what is fitted again, `command` what the user typed."""

    model: str
    command: str
    constraints: dict[str, str]
    ll: float
    name: str = ""
    source: str = ""
    source_sha256: str = ""
    filter: str = ""


@command(
    "estimates save",
    minimum="est sav",
    syntax="estimates save FILE [, replace]",
    help="Save the fit to a file, with the data that it needs.",
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
    spec = replace(fit.spec, condition=f"{_MARK} == 1", range_=None, filter=None)
    if _unlike(session, fit, data, spec):
        raise DataError(
            "The data have changed since the fit.",
            code="stale-sample",
            advice="Fit the model again, then save.",
        )
    from terrace.spec.text import format_mixed

    bound = {str(k): text for k, text in constraints_of(session, fit, "save").items()}
    about = _About(
        format_mixed(spec), fit.command, bound, fit.ll, fit.name,
        fit.macros.get("datafile", ""), fit.macros.get("datafile_sha256", ""),
        fit.macros.get("filter", ""),
    )  # fmt: skip
    as_json = json.dumps(asdict(about), ensure_ascii=False, indent=1).encode()
    content = seal(_KIND, _VERSION, {"fit.json": as_json, "data.parquet": _parquet(data)})
    written = write_bytes(path, content, replace="replace" in options)
    return CommandResult(text=f"The estimates are in {written}.")


def _path(session: Session, parsed: ParsedCommand) -> Path:
    name = unquoted(parsed.clauses.body)
    if not name:
        raise parsed.word.error("The name of a file is missing.", code="no-file", advice=f"Write {parsed.name} FILE.")
    return with_ending(session.state.path(name), EXTENSION)


def _needed(session: Session, fit: FitResult) -> Dataset:
    """The variables of the model, all rows, with the mark of the sample."""
    from terrace.design.streaming import model_variables

    rows = current_sample(session.state)
    if rows is None:
        raise DataError(
            "The data for this fit are not open.",
            code="stale-sample",
            advice="Open them and fit the model again, then save.",
        )
    data = session.data
    names = list(model_variables(replace(fit.spec, condition=None, filter=None), data))
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
    help="Open a fit from a file of estimates save. The open data stay open.",
    effects=Effect.NONE,
)
def use(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.language.mixed import parse_mixed

    parsed.options(())
    path = _path(session, parsed)
    about, data = _read(path)
    data = replace(data, source=about.source, sha256=about.source_sha256)
    spec = parse_mixed(about.model, data.names)
    constraints = {int(k): v for k, v in about.constraints.items()}
    result = replace(mixed_result(session, spec, data, constraints, about.command), name=about.name)
    if about.filter:  # its rows are the marked ones; that it had a filter stays known
        result = replace(result, macros={**result.macros, "filter": about.filter})
    warnings = list(_source_changed(about))
    if abs(result.ll - about.ll) > 1e-6 * (1 + abs(result.ll)):
        warnings.append(f"The log likelihood was {about.ll:.6f} when the file was written, but is now {result.ll:.6f}.")
    state = session.state
    # no row of the data that are open is one of the fit's
    origins = {**state.origins, result.identity: Origin(result.held, object(), None)}
    text = "\n".join([f"The estimates of {path} are now active: {result.command}", *warnings])
    return CommandResult(
        text=text, fit=result, warnings=tuple(warnings), state=replace(state, fit=result, origins=origins, posted=None)
    )


def _source_changed(about: _About) -> Iterator[str]:
    """A warning where the file of the data is there, and is not what it was."""
    path = Path(about.source)
    if not about.source_sha256 or not path.is_file():
        return
    try:
        with path.open("rb") as stream:
            now = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return
    if now != about.source_sha256:
        yield f"{path.name} has changed since this model was fitted. The estimates are from the earlier data."


def _read(path: Path) -> tuple[_About, Dataset]:
    """What a file holds. Raises `DataError` where it is none of ours, or not as it was written."""
    from terrace.data.parquet import read_parquet
    from terrace.data.progress import Report

    if not path.is_file():
        raise DataError(f"The file {path} does not exist.", code="no-such-file", subject=str(path))
    if is_sealed(path):
        parts = unseal(path, _KIND, _VERSION, most=available_memory() or 1 << 32).parts
        about, content = _about(path, parts.get("fit.json", b"")), parts.get("data.parquet", b"")
    else:
        about, content = _first_form(path)
    try:
        return about, read_parquet(io.BytesIO(content), Report("Reading"))
    except TerraceError:
        raise
    except Exception as error:  # Arrow raises what it likes on bytes that are no Parquet
        raise _damaged(path, "data.parquet cannot be read") from error


def _first_form(path: Path) -> tuple[_About, bytes]:
    """A file without checksums. Its command may be another than its model, so that the model is what is announced."""
    whole = read_whole(path)
    try:
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            names = archive.namelist()
            if not {"fit.json", "data.parquet"} <= set(names):
                raise _foreign(path)
            if sum(info.file_size for info in archive.infolist()) > (available_memory() or 1 << 32):
                raise _damaged(path, "its parts are larger than memory")
            about = _about(path, archive.read("fit.json"))
            content = archive.read("data.parquet")
    except BROKEN as error:
        raise (_damaged(path, "it is incomplete") if whole.startswith(b"PK\x03\x04") else _foreign(path)) from error
    return replace(about, command=about.model.replace(f" if {_MARK} == 1", "")), content


def _about(path: Path, content: bytes) -> _About:
    """``fit.json``, each member of the type that it has to be."""
    try:
        raw = json.loads(content)
        about = _About(
            _of(str, raw["model"]),
            _of(str, raw["command"]),
            {str(int(k)): _of(str, v) for k, v in _of(dict, raw["constraints"]).items()},
            float(_of((int, float), raw["ll"])),
            *(_of(str, raw.get(key, "")) for key in ("name", "source", "source_sha256", "filter")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, "fit.json is not what estimates save writes") from error
    if not math.isfinite(about.ll) or _MARK not in about.model:
        raise _damaged(path, "fit.json is not what estimates save writes")
    return about


def _of(kind: type | tuple[type, ...], value: Any) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError
    return value


def _damaged(path: Path, why: str) -> DataError:
    return damaged(path, why, advice="Use an earlier copy, or fit the model again.")


def _foreign(path: Path) -> DataError:
    return DataError(
        f"{path} is not a file of estimates save.",
        code="unknown-format",
        subject=str(path),
        advice="Stata's .ster files cannot be read: fit the model here.",
    )
