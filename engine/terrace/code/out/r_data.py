"""The data of a model in R: read, with the rows, factors and columns that Terrace takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from terrace.code.out.facts import Facts
from terrace.code.out.r_condition import r_condition
from terrace.code.out.r_names import free_name, r_name, r_rows, r_text, r_value, r_vector
from terrace.data.readers.header import MISSING
from terrace.data.value import Value
from terrace.design.columns import ColumnInfo
from terrace.design.sample import parse_range, selected_rows
from terrace.language.expressions.entry import variables_in
from terrace.spec.model import Base, Factor, Term
from terrace.spec.text import number_text

_READERS = {
    "stata": "haven::zap_labels(haven::read_dta({0}))",
    "spss": "haven::zap_labels(haven::read_sav({0}))",
    "por": "haven::zap_labels(haven::read_por({0}))",
    "sas": "haven::zap_labels(haven::read_sas({0}))",
    "xpt": "haven::zap_labels(haven::read_xpt({0}))",
    "csv": "read.csv({0}, na.strings = {1}, check.names = FALSE{2})",
    "tsv": "read.delim({0}, na.strings = {1}, check.names = FALSE{2})",
    "excel": "readxl::read_excel({0}, na = {1})",
    "parquet": "arrow::read_parquet({0})",
    "rds": "readRDS({0})",
}


class RData:
    """The lines of R that make the data frame ``d`` of a model; asking for a column adds the line that makes it."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.taken = set(facts.data.names) | {"d", "fit"}
        self._series: dict[str, str] = {}  # line by name of the variable
        self._columns: dict[str, str] = {}
        self._factors: dict[str, str] = {}
        self._name_of: dict[object, str] = {}

    # --- columns ----------------------------------------------------------------------------------------
    def number(self, factor: Factor) -> str:
        """The name of a continuous variable, with its time-series operators."""
        name = factor.name
        for letter, count in reversed(factor.operators):
            for step in (1,) * count if letter == "D" else (count,):
                name = self._shifted(name, letter, step)
        return r_name(name)

    def _shifted(self, name: str, letter: str, count: int) -> str:
        key = ("series", name, letter, count)
        if key not in self._name_of:
            panel = self.facts.data.panel
            assert panel is not None and panel.time is not None  # Terrace has refused the model otherwise
            new = free_name(f"{letter}{'' if count == 1 else count}_{name}", self.taken)
            now = f"d${r_name(panel.time)}"
            then = f"{now} {'+' if letter == 'F' else '-'} {number_text(count * panel.delta)}"
            if panel.panel is not None:
                who = f"d${r_name(panel.panel)}"
                then, now = f"paste({who}, {then})", f"paste({who}, {now})"
            found = f"d${r_name(name)}[match({then}, {now})]"
            value = found if letter in "LF" else f"d${r_name(name)} - {found}"
            self._series[new] = f"d${r_name(new)} <- {value}"
            self._name_of[key] = new
        return self._name_of[key]

    def column(self, info: ColumnInfo, terms: Sequence[Term]) -> str:
        """The name of a column of a design: a continuous variable itself, or a product made for it."""
        term = terms[info.term]
        levels = info.levels or (None,) * len(term.factors)
        numbers = [f for f in term.factors if f.kind == "continuous"]
        if len(term.factors) == 1 and numbers:
            return self.number(numbers[0])
        key = ("column", info.name)
        if key not in self._name_of:
            parts, words = [], []
            for f, level in zip(term.factors, levels):
                if f.kind == "factor":
                    assert level is not None
                    parts.append(f"(d${r_name(f.name)} == {r_value(level)})")
                    words.append(f"{f.name}_{level if isinstance(level, str) else number_text(level)}")
                else:
                    parts.append(f"d${self.number(f)}")
                    words.append(self.number(f).strip("`"))
            new = free_name("_x_".join(words), self.taken)
            self._columns[new] = f"d${r_name(new)} <- {' * '.join(parts) if len(parts) > 1 else f'1 * {parts[0]}'}"
            self._name_of[key] = new
        return r_name(self._name_of[key])

    def factor(self, name: str, base: Base = "first", levels: Sequence[Value] = (), ref: Value | None = None) -> str:
        """The name of a factor of a variable, with the base level `ref`; `levels` are those of the sample."""
        key = ("factor", name, base)
        if key not in self._name_of:
            new = self._factor_name(name)
            labels = self._labels(name, levels)
            made = f"factor(d${r_name(name)})" if not labels else (
                f"factor(d${r_name(name)}, levels = {r_vector(levels)}, labels = {r_vector(labels)})"
            )
            if base != "first" and ref is not None:
                shown = labels[list(levels).index(ref)] if labels else ref
                made = f"relevel({made}, ref = {r_text(shown if isinstance(shown, str) else number_text(shown))})"
            self._factors[new] = f"d${r_name(new)} <- {made}"
            self._name_of[key] = new
        return r_name(self._name_of[key])

    def group(self, name: str) -> str:
        """The name of a group variable, as a factor."""
        found = next((n for k, n in self._name_of.items() if isinstance(k, tuple) and k[:2] == ("factor", name)), None)
        return r_name(found) if found else self.factor(name)

    def groups(self, chain: Sequence[str], *, apart: bool = False) -> str:
        """The groups of a level: ``school:class``, or one variable of the combinations where they stand `apart`."""
        if not apart or len(chain) == 1:
            return ":".join(self.group(n) for n in chain)
        key = ("groups", tuple(chain))
        if key not in self._name_of:
            parts = ", ".join(f"d${self.group(n)}" for n in chain)
            new = free_name("_".join(chain), self.taken)
            self._factors[new] = f"d${r_name(new)} <- interaction({parts}, drop = TRUE)"
            self._name_of[key] = new
        return r_name(self._name_of[key])

    def made(self, wanted: str, value: str) -> str:
        """The name of a variable made by an expression of R, in the place of factors."""
        key = ("made", wanted, value)
        if key not in self._name_of:
            new = free_name(wanted, self.taken)
            self._factors[new] = f"d${r_name(new)} <- {value}"
            self._name_of[key] = new
        return r_name(self._name_of[key])

    def _factor_name(self, name: str) -> str:
        used = any(n == name for n in self._factors) or self._is_number(name)
        return free_name(f"{name}_f", self.taken) if used else name

    def _is_number(self, name: str) -> bool:
        """Whether the model has the variable as a number too, so that the factor needs a name of its own."""
        spec = self.facts.spec
        terms = [*spec.fixed, *(t for e in spec.random for t in e.terms)]
        numbers = {f.name for t in terms for f in t.factors if f.kind == "continuous"}
        return name in numbers | {spec.outcome.name, spec.residuals.time}

    def _labels(self, name: str, levels: Sequence[Value]) -> list[str]:
        data = self.facts.data
        labels = [data.level_label(name, v) for v in levels]
        told = bool(data.variable(name).value_labels) and len(set(labels)) == len(labels)
        return labels if told else []

    # --- lines ------------------------------------------------------------------------------------------
    def lines(self) -> list[str]:
        """All lines in order: reading, missing values, series, rows, columns, factors."""
        made = [*self._columns.values(), *self._factors.values()]
        return [*self._read(), *self._missing(), *self._series.values(), *self._rows(), *self._frequencies(), *made]

    def _read(self) -> list[str]:
        source = self.facts.source
        if source.kind:
            texts = [n for n in self._looked_at() if self.facts.data.is_text(n)]  # 007 is 7 to R by itself
            kept = ", ".join(f'{r_name(n)} = "character"' for n in texts)
            classes = f", colClasses = c({kept})" if kept else ""
            read = _READERS[source.kind].format(r_text(source.path), r_vector(sorted(MISSING)), classes)
            return [f"d <- as.data.frame({read})"]
        said: list[str] = []
        if source.path.startswith("sample "):
            said.append(f"# The data are those of {source.path} in Terrace.")
        if source.path and source.changes:
            said += [f"# The data came from {Path(source.path).name} and were changed since:"]
            said += [f"#   {c}" for c in source.changes]
        return [
            *said, "# Save the data in Terrace first: save data.dta", "# and put the path of that file here:",
            'd <- as.data.frame(haven::zap_labels(haven::read_dta("data.dta")))',
        ]  # fmt: skip

    def _missing(self) -> list[str]:
        data, out = self.facts.data, []
        for name in self._looked_at():
            codes = [] if name not in data else list(data.variable(name).missing_codes)
            at = f"d${r_name(name)}"
            if codes:
                out.append(f"{at}[{at} %in% {r_vector(codes)}] <- NA")
            for low, high in data.variable(name).missing_ranges:
                out.append(f"{at}[which({at} >= {r_value(low)} & {at} <= {r_value(high)})] <- NA")
            if data.is_text(name) and bool((data.frame[name] == "").any() or data.frame[name].isna().any()):
                out.append(f'{at}[{at} %in% ""] <- NA')
        return out

    def _looked_at(self) -> list[str]:
        spec, data = self.facts.spec, self.facts.data
        names = list(self.facts.variables)
        for text in (spec.condition, spec.filter, spec.weight.expression if spec.weight else None):
            if text:
                names += variables_in(text, data)
        return list(dict.fromkeys(names))

    def _rows(self) -> list[str]:
        facts = self.facts
        spec, out = facts.spec, []
        told = [
            (None if text is None else r_condition(text, facts.data, surely=surely), text, surely)
            for text, surely in ((spec.condition, False), (spec.filter, True))
        ]
        if any(text is not None and written is None for written, text, _ in told):
            kept = np.flatnonzero(selected_rows(spec, facts.data)) + 1
            said = " and ".join(text for _, text, _ in told if text is not None)
            out += [f"# the rows of: {said}", f"d <- d[{r_rows(kept.tolist())}, ]"]
        else:
            if spec.range_:
                first, last = parse_range(spec.range_, len(facts.data))
                out.append(f"d <- d[{first}:{last}, ]")
            for written, _, _ in told:
                if written is not None:
                    out.append(f"d <- d[with(d, which({written})), ]")
        used = [n for n in [*facts.variables, *self._series] if n not in self._based()]
        out.append(f"d <- d[complete.cases(d[, {r_vector(used)}, drop = FALSE]), ]")
        return out

    def _based(self) -> set[str]:
        """Variables that the model has only under time-series operators: the lag has to be there, not the value."""
        spec = self.facts.spec
        terms = [*spec.fixed, *(t for e in spec.random for t in e.terms)]
        every = [spec.outcome, *(f for t in terms for f in t.factors)]
        plain = {f.name for f in every if not f.operators}
        others = {e.level for e in spec.random} | {e.factor for e in spec.random}
        others |= {spec.residuals.time, spec.residuals.by, spec.cluster}
        return {f.name for f in every if f.operators} - plain - {n for n in others if n}

    def _frequencies(self) -> list[str]:
        weight = self.facts.spec.weight
        if weight is None or weight.kind != "fweight":
            return []
        said = "# frequency weights: as many copies of each row"
        if weight.expression in self.facts.data:
            w = r_name(weight.expression)
            return [said, f"d <- d[rep(seq_len(nrow(d)), ifelse(is.na(d${w}), 0, d${w})), ]"]
        return [said, f"# (the weight is {weight.expression})",
                f"d <- d[rep(seq_len(nrow(d)), with(d, {weight.expression})), ]"]  # fmt: skip
