"""`validate` and `write`: the whole validation, and its two files."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from terrace.disk.writing import write_bytes
from terrace.progress import CancelCheck, Progress, ProgressCallback
from terrace.validation.installation import installation
from terrace.validation.report import Validation, to_json, to_pdf
from terrace.validation.run import run


def validate(*, progress: ProgressCallback | None = None, cancel: CancelCheck | None = None) -> Validation:
    """Every case, and every file of the libraries, on this machine.

    Raises `Cancelled` when stopped, `DataError` where a file of the program is missing.
    """
    verdicts = tuple(run(progress=progress, cancel=cancel))
    if progress is not None:
        progress(Progress("Checking the libraries"))
    return Validation(installation(), verdicts, datetime.now().astimezone())


def write(validation: Validation, folder: str | os.PathLike[str]) -> tuple[Path, Path]:
    """Write the report into a folder as ``terrace-validation-DATE-TIME``; the paths of the PDF and the JSON file.

    Raises `DataError` where the folder does not take them, or has them already.
    """
    stem = Path(folder).expanduser() / f"terrace-validation-{validation.when:%Y-%m-%d-%H%M%S}"
    as_json = to_json(validation)
    as_pdf = to_pdf(validation, as_json)
    return (
        write_bytes(stem.with_name(stem.name + ".pdf"), as_pdf),
        write_bytes(stem.with_name(stem.name + ".json"), as_json),
    )
