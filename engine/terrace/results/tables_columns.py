"""Models in columns as commands ask for them: ``etable`` and ``estimates table`` with their options.

One row a coefficient and one for each further number of it: standard error, z or t, p, interval. Coefficients come in
the order in which the models bring them, the intercept last; then the random part level by level, and the numbers of
the models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from terrace.results.fit import FitResult, FixedEffect, RandomParameter
from terrace.results.table import CellValue, Column, Format, Row, Table
from terrace.results.tables_compare import fit_notes, fit_rows, merged, residual_label
from terrace.results.tables_terms import INTERCEPT, term_name, times

What = Literal["b", "se", "stat", "abs", "p", "lb", "ub", "ci", "df"]
Entry = FixedEffect | RandomParameter

TITLES: dict[What, str] = {
    "b": "", "se": "", "stat": "z", "abs": "|z|", "p": "p", "lb": "lower", "ub": "upper", "ci": "", "df": "df",
}  # fmt: skip
_FORMATS: dict[What, Format] = {"se": "bracketed", "ci": "interval", "p": "p", "df": "df", "stat": "statistic"}


@dataclass(frozen=True, slots=True)
class Line:
    """One number of a coefficient: which, its display format, and what stands before and after it."""

    what: What
    display: str = ""
    around: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Stars:
    """Marks of small p values: (bound, mark) from the largest bound to the smallest, and the line that has them."""

    marks: tuple[tuple[float, str], ...]
    on: What = "b"

    def of(self, p: float | None) -> str:
        """The mark of a p value: that of the smallest bound above it."""
        found = [mark for bound, mark in sorted(self.marks, reverse=True) if p is not None and p < bound]
        return found[-1] if found else ""

    @property
    def note(self) -> str:
        """``** p < .01, * p < .05.``, the smallest first."""
        texts = [f"{mark} p < {f'{bound:g}'.removeprefix('0')}" for bound, mark in sorted(self.marks)]
        return ", ".join(texts) + "."


@dataclass(frozen=True, slots=True)
class Wording:
    """How terms are called: labels of variables by name, whether factors show the labels of their values."""

    variables: Mapping[str, str]
    values: bool = True

    def term(self, effect: FixedEffect) -> str:
        """``School type: Public``, ``Time spent on homework × School type: Public``."""
        if effect.term == "_cons":
            return INTERCEPT
        name = term_name(effect)
        levels = iter(name.labels if self.values else name.levels)
        return times(
            self.variable(p.name) + (f": {next(levels)}" if p.level else "") for p in name.parts
        )

    def variable(self, name: str) -> str:
        """The label of a variable, or its name."""
        return self.variables.get(name) or name


def columns_table(
    fits: Sequence[FitResult],
    names: Sequence[str],
    *,
    lines: Sequence[Line],
    metric: Literal["variance", "sd"] = "variance",
    wording: Wording | None = None,
    stars: Stars | None = None,
    starred: bool = False,
    keep: Callable[[str], bool] | None = None,
    stats: Sequence[Row] | None = None,
    decimals: int | None = None,
    title: str = "Models compared",
) -> Table:
    """The table. `names` head the columns; ``keep`` says of the code of a coefficient whether it is shown.

    ``stats`` are the rows below the coefficients (by default N, groups, parameters, log likelihood, AIC, BIC),
    ``decimals`` those of numbers that no display format is asked for, ``starred`` adds the note on the stars.
    """
    wording = wording or Wording({})
    shown = keep or (lambda _code: True)
    rows: list[Row] = []

    def block(code: str, label: str, found: Sequence[Entry | None]) -> None:
        for k, line in enumerate(lines):
            cells = tuple(None if e is None else _number(e, line.what) for e in found)
            if k and all(c is None for c in cells):
                continue
            text = label if not k else TITLES[line.what]
            row = Row(text, cells, indent=1 + bool(k and text), code=_code(code, line.what), format=_form(line))
            row = replace(row, display=line.display, around=line.around or ("", ""))
            if not line.display and line.what in ("b", "se", "lb", "ub", "ci"):
                row = replace(row, decimals=decimals)
            if stars is not None and line.what == stars.on:
                row = replace(row, marks=tuple(stars.of(e.p) if isinstance(e, FixedEffect) else "" for e in found))
            rows.append(row)

    fixed = [{e.term: e for e in f.fixed if e.in_model} for f in fits]
    terms = sorted(dict.fromkeys(t for table in fixed for t in table), key=lambda t: t == "_cons")
    terms = [t for t in terms if shown(t)]
    if terms:
        rows.append(Row("Fixed effects", kind="group"))
    for term in terms:
        found = [t.get(term) for t in fixed]
        block(term, wording.term(next(e for e in found if e is not None)), found)
    for level, key, label, random in _random(fits, metric, shown):
        if key == "":
            rows.append(Row("Residual" if level == "Residual" else f"Random effects, {level}", kind="group"))
        else:
            block(_random_code(level, key), label, random)
    rows += fit_rows(fits) if stats is None else stats
    columns = tuple(Column(f"m{i + 1}", name) for i, name in enumerate(names))
    notes = fit_notes(fits, names, brackets=any(line.what == "se" and _form(line) == "bracketed" for line in lines))
    if stars is not None and starred:
        notes = (*notes, stars.note)
    return Table(title, columns, tuple(rows), "", notes, "columns")


def _random(
    fits: Sequence[FitResult], metric: Literal["variance", "sd"], shown: Callable[[str], bool]
) -> list[tuple[str, str, str, list[RandomParameter | None]]]:
    """(level, name, label, parameter of each fit), with an empty name where the rows of a level begin."""
    tables = [
        {(r.level, r.name): r for r in (f.random if metric == "variance" else f.random_sd)} for f in fits
    ]
    keys = [k for k in merged([list(t) for t in tables]) if shown(_random_code(*k))]
    out: list[tuple[str, str, str, list[RandomParameter | None]]] = []
    for level in [*dict.fromkeys(lv for lv, _ in keys if lv != "Residual"), "Residual"]:
        mine = [k for k in keys if k[0] == level]
        if mine:
            out.append((level, "", "", []))
        for key in mine:
            found = [t.get(key) for t in tables]
            out.append((level, key[1], residual_label(next(r for r in found if r is not None)), found))
    return out


def codes_of(fits: Sequence[FitResult], metric: Literal["variance", "sd"] = "variance") -> set[str]:
    """The codes of all coefficients and covariance parameters of these fits."""
    out = {e.term for f in fits for e in f.fixed}
    for f in fits:
        out |= {_random_code(r.level, r.name) for r in (f.random if metric == "variance" else f.random_sd)}
    return out


def _random_code(level: str, name: str) -> str:
    return name if level == "Residual" else f"{level}:{name}"


def _code(code: str, what: What) -> str:
    return code if what == "b" else f"{what}({code})"


def _form(line: Line) -> Format:
    if line.what == "se" and line.around is not None:
        return "estimate"
    return _FORMATS.get(line.what, "estimate")


def _number(e: Entry, what: What) -> CellValue:
    """One number of a coefficient or of a covariance parameter, which has no test."""
    if what == "b":
        return e.shown
    if what == "ci":
        return None if e.lb is None or e.ub is None else (e.lb, e.ub)
    if what in ("se", "lb", "ub"):
        return {"se": e.se, "lb": e.lb, "ub": e.ub}[what]
    if isinstance(e, RandomParameter):
        return None
    if what == "abs":
        return None if e.stat is None else abs(e.stat)
    return {"stat": e.stat, "p": e.p, "df": e.df}[what]
