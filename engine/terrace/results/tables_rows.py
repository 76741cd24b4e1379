"""Rows of the two main tables of a fit: coefficients, and the parameters of the random part.

Both styles have the same content. *Journal*: the intercept first, labels for people, a heading over a factor
with several levels. *Classic*: the order and the names of commands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from terrace.results.fit import FitResult, FixedEffect, RandomParameter
from terrace.results.table import CellValue, Row
from terrace.results.tables_terms import TermName, bases, labelled, paper_place, parameter_label, term_name, times
from terrace.spec.model import Display

BOUNDARY_MARK = "†"
Values = Callable[[FixedEffect], tuple[CellValue, ...]]


# --- coefficients -------------------------------------------------------------------------------------------
def shown_effects(fit: FitResult, display: Display) -> list[tuple[FixedEffect, TermName]]:
    """The coefficients that the options of display leave in the table, in the order of the result."""
    kept = []
    for effect in fit.fixed:
        name = term_name(effect)
        if effect.kind == "base":
            # a base level of an interaction follows from its factors, so only `allbaselevels` asks for it
            if not (display.allbaselevels or (display.baselevels and len(name.parts) == 1)):
                continue
        elif (effect.kind == "omitted" and display.noomitted) or (
            effect.kind == "empty" and display.noemptycells
        ):
            continue
        kept.append((effect, name))
    return kept


def reference_note(fit: FitResult, display: Display, labels: Mapping[str, str]) -> str:
    """``Reference categories: sector = Public; drug = 1.``, or nothing where no factor has one."""
    if display.baselevels or display.allbaselevels:
        return ""
    found = bases([(e, _coded(term_name(e), display)) for e in fit.fixed])
    if not found:
        return ""
    listed = "; ".join(f"{labels.get(name) or name} = {label}" for name, label in found.items())
    return f"Reference {'category' if len(found) == 1 else 'categories'}: {listed}."


def _coded(name: TermName, display: Display) -> TermName:
    if not display.nofvlabel:
        return name
    return TermName(name.parts, name.levels, name.levels, name.code, _with_levels(name, name.levels))


def _with_levels(name: TermName, levels: Sequence[str]) -> str:
    left = iter(levels)
    return times(f"{p.name}: {next(left)}" if p.level else p.name for p in name.parts)


def journal_fixed_rows(fit: FitResult, display: Display, values: Values, labels: Mapping[str, str]) -> list[Row]:
    """Rows with labels for people; a term with several levels is a heading with its levels under it."""
    effects = [(e, labelled(_coded(n, display), labels)) for e, n in shown_effects(fit, display)]
    effects.sort(key=lambda pair: pair[0].term != "_cons")  # stable: the intercept comes first
    rows: list[Row] = []
    for _, block in groupby(effects, key=lambda pair: pair[1].block):
        members = list(block)
        if len(members) == 1 or not members[0][1].is_factor:
            rows += [Row(n.label, values(e), code=e.term) for e, n in members]
            continue
        rows.append(Row(members[0][1].paper_head, kind="group"))
        rows += [Row(" × ".join(n.labels), values(e), indent=1, code=e.term) for e, n in members]
    return rows


def classic_fixed_rows(fit: FitResult, display: Display, values: Values) -> list[Row]:
    """Rows in the order and with the names of commands; the levels of a factor indented under its name."""
    rows: list[Row] = []
    effects = [(e, _coded(n, display)) for e, n in shown_effects(fit, display)]
    for _, block in groupby(effects, key=lambda pair: pair[1].block):
        members = list(block)
        first = members[0][1]
        if not first.is_factor or (len(members) == 1 and first.labels == first.levels):
            rows += [Row(e.term, values(e), code=e.term) for e, _ in members]
            continue
        rows.append(Row(first.listing_head, kind="group"))
        rows += [Row("#".join(n.labels), values(e), indent=1, code=e.term) for e, n in members]
    return rows


def cells_of(effect: FixedEffect, keys: Sequence[str], mark: str) -> tuple[CellValue, ...]:
    """The cells of one coefficient. ``mark`` is the key of the cell that says "(omitted)" or "reference"."""
    if effect.kind == "constrained" and effect.se is None:
        told = "constrained" if mark == "coef" else "(constrained)"
        cell = "se" if mark == "coef" else mark
        return tuple(effect.coef if k == "coef" else told if k == cell else None for k in keys)
    if effect.kind in ("estimated", "constrained"):
        every: dict[str, CellValue] = {
            "coef": effect.coef, "se": effect.se, "df": effect.df, "stat": effect.stat, "p": effect.p,
            "lb": effect.lb, "ub": effect.ub,
            "ci": None if effect.lb is None or effect.ub is None else (effect.lb, effect.ub),
        }  # fmt: skip
        return tuple(every[k] for k in keys)
    if effect.kind == "unidentified":
        return tuple(effect.shown if k == "coef" else None for k in keys)
    words = {"base": "base", "empty": "empty", "omitted": "omitted"}
    if mark == "coef":
        text = {"base": "reference"}.get(effect.kind, words[effect.kind])
        return tuple(text if k == mark else None for k in keys)
    return tuple(0.0 if k == "coef" else f"({words[effect.kind]})" if k == mark else None for k in keys)


# --- random part --------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class RandomBlock:
    """One random-effects equation, or the residuals; without parameters for ``|| id:, noconstant``."""

    level: str
    structure: str
    parameters: tuple[RandomParameter, ...]

    @property
    def is_plain_residual(self) -> bool:
        """True for independent residuals with one variance, which need no heading."""
        return (
            self.level == "Residual" and len(self.parameters) == 1 and "Residual" in self.parameters[0].name
        )

    @property
    def crossed_factor(self) -> str:
        """``week`` for ``_all: R.week``, otherwise empty."""
        if self.level != "_all" or len(self.parameters) != 1:
            return ""
        inside = self.parameters[0].name.partition("(")[2].rstrip(")")
        return inside[2:] if inside.startswith("R.") and "," not in inside else ""


def random_blocks(fit: FitResult, metric: Literal["variance", "sd", "estmetric"]) -> list[RandomBlock]:
    """The parameters grouped by equation, in printed order, with the equations that estimate nothing."""
    source = {"variance": fit.random, "sd": fit.random_sd, "estmetric": fit.random_estmetric}[metric]
    groups = [
        (key, tuple(members))
        for key, members in groupby(source, key=lambda r: (r.level, r.block, r.structure))
    ]
    blocks: list[RandomBlock] = []
    done = 0
    for index, equation in enumerate(fit.spec.random):
        mine = [(k, m) for k, m in groups[done:] if k[0] != "Residual" and k[1] == index]
        if not mine:
            blocks.append(RandomBlock(equation.level, "", ()))
        for key, members in mine:
            blocks.append(RandomBlock(key[0], key[2], members))
        done += len(mine)
    blocks += [RandomBlock(k[0], k[2], m) for k, m in groups[done:]]
    return blocks


def journal_random_rows(
    blocks: Sequence[RandomBlock],
    values: Callable[[RandomParameter], tuple[CellValue, ...]],
    labels: Mapping[str, str],
    metric: str,
) -> list[Row]:
    """Rows under a heading per equation: ``School (id), unstructured``."""
    rows: list[Row] = []
    for block in blocks:
        if block.is_plain_residual:
            parameter = block.parameters[0]
            label = {"variance": "Residual variance", "sd": "Residual SD"}.get(metric, "Residual, log SD")
            rows.append(Row(_marked(label, parameter), values(parameter), code=parameter.name))
            continue
        if not block.parameters:
            continue
        crossed = block.crossed_factor
        rows.append(Row(_journal_heading(block, labels), kind="group"))
        for parameter in sorted(block.parameters, key=lambda r: paper_place(r.level, r.name)):
            label = parameter_label(parameter, labels)
            if crossed:
                label = label.replace(f"({crossed})", "(intercept)")
            rows.append(
                Row(_marked(label, parameter), values(parameter), indent=1, code=_code(block, parameter))
            )
    return rows


def _journal_heading(block: RandomBlock, labels: Mapping[str, str]) -> str:
    name = block.crossed_factor or block.level
    label = labels.get(name, "")
    text = f"{label} ({name})" if label and label != name else {"_all": "All observations"}.get(name, name)
    if block.crossed_factor:
        return f"{text}, crossed"
    structure = block.structure
    if structure[1:2].islower():
        structure = structure[0].lower() + structure[1:]
    # one variance has no structure worth a word
    needless = not structure or (len(block.parameters) == 1 and "," not in block.parameters[0].name)
    return text if needless else f"{text}, {structure}"


def _marked(label: str, parameter: RandomParameter) -> str:
    return f"{label} {BOUNDARY_MARK}" if parameter.boundary else label


def _code(block: RandomBlock, parameter: RandomParameter) -> str:
    return parameter.name if block.level == "Residual" else f"{block.level}:{parameter.name}"


def classic_random_rows(
    blocks: Sequence[RandomBlock], values: Callable[[RandomParameter], tuple[CellValue, ...]]
) -> list[Row]:
    """Rows under a heading per equation: ``id: Unstructured``, ``Residual: AR(2)``."""
    rows: list[Row] = []
    for block in blocks:
        if not block.parameters:
            rows.append(Row(f"{block.level}: (empty)", kind="group"))
            continue
        if not block.is_plain_residual:
            heading = f"{block.level}: {block.structure}" if block.structure else block.level
            rows.append(Row(heading, kind="group"))
        for parameter in block.parameters:
            label = _marked(listing_name(parameter), parameter)
            rows.append(Row(label, values(parameter), indent=1, code=_code(block, parameter)))
    return rows


def listing_name(parameter: RandomParameter) -> str:
    """``var(hwy unemp)`` for the one variance that two effects share, ``3 months: var(e)`` under by()."""
    name = parameter.name
    by, colon, what = name.partition(":")
    if colon and "(" not in by:
        return f"{parameter.group or by}: {what.strip()}"
    return name.replace(",", " ") if name.startswith(("var(", "sd(")) else name
