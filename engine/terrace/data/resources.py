"""Where the bundled files are: in a checkout beside the packages, installed inside the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from terrace.errors import DataError


@cache
def _root() -> Path:
    package = Path(__file__).resolve().parent.parent
    # The checkout comes first: an editable install must see the files one is editing, not a stale copy.
    for folder in (package.parent.parent / "resources", package / "_resources"):
        if (folder / "samples").is_dir():
            return folder
    raise DataError(
        "The files bundled with Terrace are missing from this installation.",
        code="no-resources",
        advice="Reinstall Terrace.",
    )


def resource_path(*parts: str) -> Path:
    """The path of a bundled file or folder, such as ``resource_path("samples", "hsb.parquet")``.

    Raises `DataError` where the installation has no such file.
    """
    path = _root().joinpath(*parts)
    if not path.exists():
        raise DataError(
            f"The bundled file {'/'.join(parts)} is missing from this installation.",
            code="no-resource",
            subject="/".join(parts),
            advice="Reinstall Terrace.",
        )
    return path
