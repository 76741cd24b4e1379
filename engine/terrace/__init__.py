"""Terrace: multilevel (linear mixed-effects) models.

>>> import terrace
>>> data = terrace.read("hsb.dta")                                  # doctest: +SKIP
>>> terrace.fit("mixed mathach ses || id: ses, reml", data)         # doctest: +SKIP
>>> terrace.fit("mathach ~ ses + (ses | id)", data)                 # doctest: +SKIP

Names are imported on first use, so that `import terrace` is cheap.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from terrace.results.rendering import register
from terrace.version import __version__

_WHERE = {
    "fit": "terrace.estimate",
    "FitResult": "terrace.results.fit",
    "ModelSpec": "terrace.spec.model",
    "Dataset": "terrace.data.dataset",
    "Variable": "terrace.data.dataset",
    "Measure": "terrace.data.dataset",
    "TerraceError": "terrace.errors",
    "Session": "terrace.session.session",
    "read": "terrace.data.read",
    "stream": "terrace.data.read",
    "sample": "terrace.data.samples",
    "parse_mixed": "terrace.language.mixed",
    "format_mixed": "terrace.spec.text",
}

__all__ = ["__version__", *_WHERE]


def _renderer(module: str, name: str) -> Callable[[], Callable[..., Any]]:
    return lambda: getattr(import_module(module), name)


register("text", _renderer("terrace.report.text.text", "fit_text"))
register("html", _renderer("terrace.report.html.html", "fit_html"))
register("plot svg", _renderer("terrace.report.figure.figure", "svg_text"))
register("plot png", _renderer("terrace.report.figure.figure", "png_bytes"))
register("tables", _renderer("terrace.results.tables", "fit_tables"))


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'terrace' has no attribute {name!r}")


if TYPE_CHECKING:
    from terrace.data.dataset import Dataset, Measure, Variable
    from terrace.data.read import read, stream
    from terrace.data.samples import sample
    from terrace.errors import TerraceError
    from terrace.estimate import fit
    from terrace.language.mixed import parse_mixed
    from terrace.results.fit import FitResult
    from terrace.session.session import Session
    from terrace.spec.model import ModelSpec
    from terrace.spec.text import format_mixed
