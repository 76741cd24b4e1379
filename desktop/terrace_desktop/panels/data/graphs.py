"""Entries: graphs of the data."""

from __future__ import annotations

from terrace.language.grammar.macros import quoted
from terrace_desktop.forms import rows_where as rows
from terrace_desktop.forms.entry import Field, Group, Values, flag, option, written
from terrace_desktop.panels.data import fields as f
from terrace_desktop.panels.data.facts import DataFacts
from terrace_desktop.ui.words import tr


def group() -> Group[DataFacts]:
    """Plot."""
    return Group(
        "plot",
        tr("Plot"),
        (
            f.entry(
                "scatter",
                tr("Scatter plot"),
                tr("One variable against another, with a fitted line and in panels if you like."),
                _scatter,
                _scatter_fields,
                f.need_numbers,
                _two_problem,
                "twoway scatter lfit lowess smooth regression line panels by",
            ),
            f.entry(
                "lines",
                tr("Lines by group"),
                tr("The course of each group over time: the spaghetti plot of growth data."),
                _lines,
                _lines_fields,
                f.need_numbers,
                _two_problem,
                "twoway line spaghetti trajectories growth panel",
            ),
            f.entry(
                "histogram",
                tr("Histogram"),
                tr("The distribution of a variable, with a normal curve if you like."),
                _histogram,
                lambda d: (
                    f.variable(d, "x", tr("Variable"), d.numbers),
                    Field("scale", tr("Heights"), "choice", "percent",
                          (("percent", tr("Percent")), ("frequency", tr("Counts")), ("", tr("Densities")))),
                    Field("bins", tr("Bars"), "number", hint=tr("chosen for you"), low=1, high=500, whole=True),
                    Field("normal", tr("With a normal curve"), "check", False),
                    *_common(d),
                ),
                f.need_numbers,
                rows.condition_problem,
                "distribution density",
            ),
            f.entry(
                "density",
                tr("Density"),
                tr("The distribution of a variable as a smooth curve, one for each panel."),
                _density,
                lambda d: (f.variable(d, "x", tr("Variable"), d.numbers), *_common(d)),
                f.need_numbers,
                rows.condition_problem,
                "kdensity kernel smooth distribution",
            ),
            f.entry(
                "bar",
                tr("Bar chart"),
                tr("Means, counts or other statistics as bars over groups."),
                _bar,
                _bar_fields,
                problem=_bar_problem,
                also="graph bar hbar column means percent frequencies",
            ),
            f.entry(
                "box",
                tr("Box plots"),
                tr("Medians, quartiles and outliers, side by side over groups."),
                lambda d, v: [
                    written(
                        f"graph box {' '.join(v['names'])}{rows.where(v)}",
                        option("over", v["over"]),
                        option("title", quoted(v["title"].strip()) if v["title"].strip() else ""),
                    )
                ],
                lambda d: (
                    f.several(d, "names", tr("Variables"), d.numbers, required=tr("Choose at least one variable.")),
                    f.variable(d, "over", tr("Over groups of"), d.groups, none=tr("(all rows together)")),
                    rows.condition(d),
                    _title(),
                ),
                f.need_numbers,
                rows.condition_problem,
                "boxplot outliers",
            ),
        ),
    )


def _title() -> Field:
    return Field("title", tr("Title"), "text", "", hint=tr("none"))


def _common(facts: DataFacts) -> tuple[Field, ...]:
    panels = f.variable(facts, "by", tr("Panels by"), facts.groups, none=tr("(one panel)"))
    return (panels, rows.condition(facts), _title())


def _options(values: Values) -> tuple[str, ...]:
    title = values["title"].strip()
    return (option("by", values["by"]), option("title", quoted(title) if title else ""))


def _axes(facts: DataFacts) -> tuple[Field, Field]:
    second = facts.numbers[1:2] or facts.numbers
    y = f.variable(facts, "y", tr("Vertical"), facts.numbers)
    x = Field("x", tr("Horizontal"), "choice", second[0], f.titled(facts, facts.numbers))
    return y, x


def _two_problem(facts: DataFacts, values: Values) -> str:
    if values["x"] == values["y"]:
        return tr("Choose two different variables.")
    return rows.condition_problem(facts, values)


def _scatter_fields(facts: DataFacts) -> tuple[Field, ...]:
    return (
        *_axes(facts),
        Field(
            "line",
            tr("Line"),
            "choice",
            "",
            (
                ("", tr("None")),
                ("lfit", tr("Linear")),
                ("lfitci", tr("Linear, with its interval")),
                ("qfit", tr("Quadratic")),
                ("lowess", tr("Smooth (lowess)")),
            ),
        ),
        *_common(facts),
    )


def _scatter(_facts: DataFacts, values: Values) -> list[str]:
    y, x, line = values["y"], values["x"], values["line"]
    layers = f"(scatter {y} {x})"
    if line == "lfitci":  # its band lies under the points
        layers = f"(lfitci {y} {x}) {layers}"
    elif line:
        layers += f" ({line} {y} {x})"
    return [written(f"twoway {layers}{rows.where(values)}", *_options(values))]


def _lines_fields(facts: DataFacts) -> tuple[Field, ...]:
    return (
        *_axes(facts),
        f.variable(facts, "group", tr("A line for each"), facts.groups),
        Field("points", tr("With points"), "check", False),
        *_common(facts),
    )


def _lines(_facts: DataFacts, values: Values) -> list[str]:
    kind = "connected" if values["points"] else "line"
    layer = f"({kind} {values['y']} {values['x']}, sort({values['group']} {values['x']}) connect(ascending))"
    return [written(f"twoway {layer}{rows.where(values)}", *_options(values))]


def _density(_facts: DataFacts, values: Values) -> list[str]:
    return [written(f"twoway (kdensity {values['x']}){rows.where(values)}", *_options(values))]


def _bar_fields(facts: DataFacts) -> tuple[Field, ...]:
    def measured(values: Values) -> bool:
        return bool(values["what"] != "percent")

    what = (*f.statistics(), ("percent", tr("Percent of rows")))
    return (
        Field("what", tr("Heights"), "choice", "mean" if facts.numbers else "percent", what,
              closed={} if facts.numbers else {k: tr("No numeric variable") for k, _ in what if k != "percent"}),
        f.variable(facts, "x", tr("Of"), facts.numbers, shown=measured),
        f.variable(facts, "over", tr("Over groups of"), facts.groups),
        f.variable(facts, "second", tr("And of"), facts.groups, none=tr("(nothing)")),
        Field("flat", tr("Horizontal bars"), "check", False, tip=tr("For many groups, or long names.")),
        rows.condition(facts),
        _title(),
    )  # fmt: skip


def _bar_problem(facts: DataFacts, values: Values) -> str:
    if values["over"] == values["second"]:
        return tr("Choose two different variables.")
    return rows.condition_problem(facts, values)


def _bar(_facts: DataFacts, values: Values) -> list[str]:
    of = "" if values["what"] == "percent" else f" ({values['what']}) {values['x']}"
    title = values["title"].strip()
    return [
        written(
            f"graph {'hbar' if values['flat'] else 'bar'}{of}{rows.where(values)}",
            option("over", values["over"]),
            option("over", values["second"]),
            option("title", quoted(title) if title else ""),
        )
    ]


def _histogram(_facts: DataFacts, values: Values) -> list[str]:
    return [
        written(
            f"histogram {values['x']}{rows.where(values)}",
            values["scale"],
            option("bin", values["bins"]),
            flag("normal", values["normal"]),
            *_options(values),
        )
    ]
