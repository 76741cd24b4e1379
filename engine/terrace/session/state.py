"""What a session holds, as one frozen value: a command that fails leaves the old one in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.value import Value
from terrace.session.document.items import Document
from terrace.session.filter import Filter
from terrace.session.paths import path_of
from terrace.spec.model import Base, Display

if TYPE_CHECKING:
    from terrace.language.dofile.tree import ProgramText
    from terrace.postestimation.margins.margins import Margins
    from terrace.postestimation.tests.linear import Linear
    from terrace.results.fit import FitResult
    from terrace.results.plot import Plot
    from terrace.results.table import Table

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Matrix:
    """A named matrix: values of shape (rows, columns) with the names of both."""

    values: FloatArray
    rows: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Returned:
    """What the last command left behind by name, as ``r(mean)``."""

    scalars: Mapping[str, float] = field(default_factory=dict)
    macros: Mapping[str, str] = field(default_factory=dict)
    matrices: Mapping[str, Matrix] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``set`` changes; every fit starts its display options from these."""

    level: float = 95.0
    showbaselevels: Literal["off", "on", "all"] = "off"
    showomitted: bool = True
    showemptycells: bool = True
    fvlabel: bool = True
    fvwrap: int | None = None
    fvwrapon: Literal["word", "width"] | None = None
    cformat: str | None = None
    pformat: str | None = None
    sformat: str | None = None
    lstretch: bool = True

    def display(self) -> Display:
        """Display options of a command that gives none."""
        return Display(
            level=self.level,
            baselevels=self.showbaselevels == "on",
            allbaselevels=self.showbaselevels == "all",
            noomitted=not self.showomitted,
            noemptycells=not self.showemptycells,
            nofvlabel=not self.fvlabel,
            fvwrap=self.fvwrap,
            fvwrapon=self.fvwrapon,
            cformat=self.cformat,
            pformat=self.pformat,
            sformat=self.sformat,
            nolstretch=not self.lstretch,
        )


@dataclass(frozen=True)
class Origin:
    """The rows that a fit saw: the lineage of the data and the numbers of its rows in it, shape (n,) or None."""

    model: object
    lineage: object
    row_ids: npt.NDArray[np.int64] | None


@dataclass(frozen=True)
class State:
    """The data, the fits and the names that commands can use.

    ``fit`` is the result that post-estimation commands look at; ``stored`` those kept by name.
    ``constraints`` are texts by number, ``margins`` those estimated last. ``rng`` is what ``set seed``
    started, ``rc`` the number of the error that the last ``capture`` caught. ``graphs`` are pages of plots by name,
    the one drawn last at the end. ``posted`` holds a fit with the margins that test and lincom speak of in its place,
    ``tested`` the hypotheses of the last test and what they were about, for ``test, accumulate``.
    ``label_sets`` are value labels by the names that ``label define`` gave them. ``origins`` tell which rows the
    fits saw, by the identity of their models, so that e(sample) follows rows that are sorted or left out.
    ``preserved`` are the data that ``restore`` brings back. ``reshaped`` are the stubs, the i and the j of the last
    ``reshape``, and whether j is text, so that ``reshape wide`` alone goes back. ``locals`` and ``globals`` are macros,
    ``programs`` the commands of ``program define``, ``returning`` what a running one leaves in r(); ``log`` is the file
    that the session is written to, ``pending`` what ``display _continue`` has shown of a line. ``bases`` are base
    levels of factors by ``fvset base``. ``document`` is what a reader of the results sees. ``folder`` is where names of
    files begin from, the process's own where empty. ``filter`` chooses the rows of analyses.
    """

    dataset: Dataset | None = None
    fit: FitResult | None = None
    stored: Mapping[str, FitResult] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    constraints: Mapping[int, str] = field(default_factory=dict)
    scalars: Mapping[str, float | str] = field(default_factory=dict)
    matrices: Mapping[str, Matrix] = field(default_factory=dict)
    returned: Returned = field(default_factory=Returned)
    rng: np.random.Generator | None = None
    rc: int = 0
    margins: Margins | None = None
    posted: tuple[FitResult, FitResult] | None = None
    tested: tuple[FitResult, tuple[Linear, ...]] | None = None
    graphs: Mapping[str, tuple[Plot, ...]] = field(default_factory=dict)
    label_sets: Mapping[str, Mapping[Value, str]] = field(default_factory=dict)
    origins: Mapping[int, Origin] = field(default_factory=dict)
    preserved: Dataset | None = None
    reshaped: tuple[tuple[str, ...], tuple[str, ...], str, bool] | None = None
    locals: Mapping[str, str] = field(default_factory=dict)
    globals: Mapping[str, str] = field(default_factory=dict)
    programs: Mapping[str, ProgramText] = field(default_factory=dict)
    pending: str = ""
    returning: Returned = field(default_factory=Returned)
    log: str = ""
    bases: Mapping[str, Base] = field(default_factory=dict)
    folder: str = ""
    document: Document = field(default_factory=Document)
    filter: Filter | None = None

    def path(self, name: str) -> Path:
        """The file or folder of a name in a command: what is relative begins from ``folder``."""
        path = path_of(name)
        return Path(self.folder, path) if self.folder else path

    def changed_since(self, before: State) -> frozenset[str]:
        """What a driver must refresh: any of ``data``, ``results``, ``estimates``, ``settings``, ``document``,
        ``filter``."""
        parts = {
            "data": ("dataset", "bases"),
            "results": ("fit",),
            "estimates": ("stored",),
            "settings": ("settings", "constraints"),
            "document": ("document",),
            "filter": ("filter",),
        }
        return frozenset(
            name for name, members in parts.items() if any(getattr(self, m) is not getattr(before, m) for m in members)
        )


@dataclass(frozen=True)
class CommandResult:
    """What a handler gives back; the session makes an `Outcome` of it and takes over ``state``.

    Without ``text`` the tables are printed. ``payload`` holds further members of the JSON object.
    """

    text: str = ""
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()
    warnings: tuple[str, ...] = ()
    fit: FitResult | None = None
    state: State | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
