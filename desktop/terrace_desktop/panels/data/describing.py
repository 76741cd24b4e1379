"""Entries: tables that describe the data."""

from __future__ import annotations

from terrace_desktop.forms import rows_where as rows
from terrace_desktop.forms.entry import Field, Group, Values, flag, option, written
from terrace_desktop.panels.data import fields as f
from terrace_desktop.panels.data.facts import DataFacts
from terrace_desktop.ui.words import tr


def group() -> Group[DataFacts]:
    """Describe."""
    return Group(
        "describe",
        tr("Describe"),
        (
            f.entry(
                "summarize",
                tr("Summaries"),
                tr("Observations, mean, SD, minimum and maximum, with percentiles if you like."),
                lambda d, v: [written(_head("summarize", v["names"], v), flag("detail", v["detail"]))],
                lambda d: (
                    f.several(d, "names", tr("Variables"), d.numbers, hint=tr("Tick none for all")),
                    Field("detail", tr("With percentiles"), "check", False),
                    rows.condition(d),
                ),
                f.need_numbers,
                rows.condition_problem,
                "summarize mean sd",
            ),
            f.entry(
                "tabstat",
                tr("Statistics by group"),
                tr("A table of statistics, for each group and for all."),
                _tabstat,
                lambda d: (
                    f.several(d, "names", tr("Variables"), d.numbers, required=tr("Choose at least one variable.")),
                    Field("what", tr("Statistics"), "several", ("mean", "sd", "count"), f.statistics(),
                          required=tr("Choose at least one statistic.")),
                    f.variable(d, "by", tr("In groups of"), d.groups, none=tr("(all rows together)")),
                    rows.condition(d),
                ),
                f.need_numbers,
                rows.condition_problem,
                "tabstat means by",
            ),
            f.entry(
                "tabulate",
                tr("Frequencies and cross-tables"),
                tr("How often each value occurs, or each pair of values of two variables."),
                _tabulate,
                _tabulate_fields,
                problem=_tabulate_problem,
                also="tabulate crosstab chi2 percent",
            ),
            f.entry(
                "table",
                tr("Table of statistics"),
                tr("Means or other statistics of a variable, or counts, by two variables crossed."),
                _table,
                _table_fields,
                problem=_table_problem,
                also="table crosstab means two-way cell",
            ),
            f.entry(
                "xtsum",
                tr("Between and within groups"),
                tr("How much of the spread of each variable lies between groups, and how much within them."),
                lambda d, v: [written(_head("xtsum", v["names"], v), option("i", v["i"]))],
                lambda d: (
                    f.several(d, "names", tr("Variables"), d.numbers, hint=tr("Tick none for all")),
                    f.variable(d, "i", tr("Groups of"), _panel_first(d)),
                    rows.condition(d),
                ),
                f.need_numbers,
                rows.condition_problem,
                "xtsum panel variation level variance decompose",
            ),
            f.entry(
                "xtdescribe",
                tr("Occasions of each group"),
                tr("How many groups and occasions there are, and which occasions occur together."),
                lambda d, v: [
                    written(f"xtdescribe{rows.where(v)}", option("i", v["i"]), option("t", v["t"]))
                ],
                lambda d: (
                    f.variable(d, "i", tr("Groups of"), _panel_first(d)),
                    f.variable(d, "t", tr("Occasions by"), _time_first(d)),
                    rows.condition(d),
                ),
                f.need_numbers,
                _occasions_problem,
                "xtdescribe panel balanced waves dropout pattern time",
            ),
            f.entry(
                "correlate",
                tr("Correlations"),
                tr("Over the rows that are complete in all variables, or in each pair."),
                lambda d, v: [written(_head(v["how"], v["names"], v), flag("sig", v["how"] == "pwcorr" and v["sig"]))],
                lambda d: (
                    f.several(d, "names", tr("Variables"), d.numbers, required=tr("Choose at least two variables.")),
                    Field("how", tr("Rows"), "choice", "correlate",
                          (("correlate", tr("Complete in all variables")), ("pwcorr", tr("Complete in each pair")))),
                    Field("sig", tr("With p values"), "check", False, shown=lambda v: v["how"] == "pwcorr"),
                    rows.condition(d),
                ),
                f.need_numbers,
                lambda d, v: (
                    rows.condition_problem(d, v) if len(v["names"]) > 1 else tr("Choose at least two variables.")
                ),
                "correlate pwcorr",
            ),
            f.entry(
                "misstable",
                tr("Missing values"),
                tr("How many each variable has, or which variables are missing together."),
                lambda d, v: [" ".join(["misstable", v["how"], *v["names"]])],
                lambda d: (
                    Field("how", tr("Show"), "choice", "summarize",
                          (("summarize", tr("By variable")), ("patterns", tr("Patterns")))),
                    f.several(d, "names", tr("Variables"), d.names, hint=tr("Tick none for all")),
                ),
                also="na incomplete",
            ),
            f.entry(
                "codebook",
                tr("Codebook"),
                tr("A summary of the values of each variable."),
                lambda d, v: [" ".join(["codebook", *v["names"]])],
                lambda d: (f.several(d, "names", tr("Variables"), d.names, hint=tr("Tick none for all")),),
            ),
            f.entry(
                "list",
                tr("List rows"),
                tr("Rows of the data as a table."),
                lambda d, v: [
                    _head("list", v["names"], v)
                    + (f" in 1/{v['most']}" if not v["where"].strip() and v["most"] else "")
                ],
                lambda d: (
                    f.several(d, "names", tr("Variables"), d.names, hint=tr("Tick none for all")),
                    rows.condition(d),
                    _first_rows(d),
                ),
                problem=rows.condition_problem,
            ),
        ),
    )


def _first_rows(facts: DataFacts) -> Field:
    rows = 0 if facts.dataset is None else len(facts.dataset)
    most = max(1, rows)
    return Field(
        "most", tr("First rows"), "number", min(20, most), low=1, high=most, whole=True,
        shown=lambda v: not v["where"].strip(),
    )  # fmt: skip


def _head(command: str, names: tuple[str, ...], values: Values) -> str:
    return " ".join([command, *names]) + rows.where(values)


def _tabstat(_facts: DataFacts, values: Values) -> list[str]:
    return [
        written(
            _head("tabstat", values["names"], values),
            option("statistics", values["what"]),
            option("by", values["by"]),
        )
    ]


def _table_fields(facts: DataFacts) -> tuple[Field, ...]:
    return (
        f.variable(facts, "first", tr("Rows"), facts.groups),
        f.variable(facts, "second", tr("Columns"), facts.groups, none=tr("(none)")),
        f.variable(facts, "x", tr("Statistics of"), facts.numbers, none=tr("(counts only)")),
        Field("what", tr("Statistics"), "several", ("mean", "sd"), f.statistics(), shown=lambda v: bool(v["x"]),
              required=tr("Choose at least one statistic.")),
        Field("missing", tr("Count missing as a value"), "check", False),
        rows.condition(facts),
    )  # fmt: skip


def _table_problem(facts: DataFacts, values: Values) -> str:
    if values["first"] == values["second"]:
        return tr("Choose two different variables.")
    return rows.condition_problem(facts, values)


def _table(_facts: DataFacts, values: Values) -> list[str]:
    names = tuple(n for n in (values["first"], values["second"]) if n)
    asked = [f"statistic({w} {values['x']})" for w in values["what"]] if values["x"] else []
    return [written(_head("table", names, values), *asked, flag("missing", values["missing"]))]


def _panel_first(facts: DataFacts) -> tuple[str, ...]:
    """Variables that make groups, the one that xtset declared first."""
    panel = facts.dataset.panel if facts.dataset is not None else None
    return _led(panel.panel if panel is not None else None, facts.groups)


def _time_first(facts: DataFacts) -> tuple[str, ...]:
    """Numeric variables, the time that xtset declared first."""
    panel = facts.dataset.panel if facts.dataset is not None else None
    return _led(panel.time if panel is not None else None, facts.numbers)


def _led(first: str | None, names: tuple[str, ...]) -> tuple[str, ...]:
    return (first, *(n for n in names if n != first)) if first else names


def _occasions_problem(facts: DataFacts, values: Values) -> str:
    if values["i"] == values["t"]:
        return tr("Choose two different variables.")
    return rows.condition_problem(facts, values)


def _tabulate_fields(facts: DataFacts) -> tuple[Field, ...]:
    def two(values: Values) -> bool:
        return bool(values["second"])

    return (
        f.variable(facts, "first", tr("Variable"), facts.groups),
        f.variable(facts, "second", tr("By"), facts.groups, none=tr("(nothing)")),
        Field("percent", tr("Percentages"), "choice", "",
              (("", tr("None")), ("row", tr("Of the row")), ("column", tr("Of the column"))), shown=two),
        Field("chi2", tr("Test of independence (χ²)"), "check", False, shown=two),
        Field("missing", tr("Count missing as a value"), "check", False),
        rows.condition(facts),
    )  # fmt: skip


def _tabulate_problem(facts: DataFacts, values: Values) -> str:
    if values["first"] == values["second"]:
        return tr("Choose two different variables.")
    return rows.condition_problem(facts, values)


def _tabulate(_facts: DataFacts, values: Values) -> list[str]:
    two = bool(values["second"])
    names = (values["first"], values["second"]) if two else (values["first"],)
    return [
        written(
            _head("tabulate", names, values),
            values["percent"] if two else "",
            flag("chi2", two and values["chi2"]),
            flag("missing", values["missing"]),
        )
    ]
