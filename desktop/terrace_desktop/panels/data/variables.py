"""Entries: new variables, and what variables are."""

from __future__ import annotations

import re

from terrace_desktop.forms import rows_where as rows
from terrace_desktop.forms.entry import Field, Group, Values, bad_name, flag, option, written
from terrace_desktop.panels.data import fields as f
from terrace_desktop.panels.data.facts import DataFacts
from terrace_desktop.ui.words import tr


def new_group() -> Group[DataFacts]:
    """New variables."""
    return Group(
        "new",
        tr("New variables"),
        (
            f.entry(
                "compute",
                tr("Compute a variable"),
                tr("Make a new variable, or change an existing one, with an expression."),
                _compute,
                _compute_fields,
                problem=_compute_problem,
                also="generate replace expression formula",
            ),
            f.entry(
                "centre",
                tr("Centre"),
                tr("Subtract the mean of all rows, or the mean of each group."),
                _centre,
                _centre_fields,
                f.need_numbers,
                _centre_problem,
                "center centring grand mean group mean within between cwc cgm",
            ),
            f.entry(
                "egen",
                tr("Statistics of groups"),
                tr("Means, SDs, counts and more for each group, repeated in each of its rows."),
                _group_statistic,
                _group_fields,
                f.need_numbers,
                _named_problem,
                "egen aggregate context mean by",
            ),
            f.entry(
                "across",
                tr("Scale from several variables"),
                tr("The mean, sum or another statistic of several variables, row by row."),
                lambda d, v: [f"egen {v['name']} = {v['what']}({' '.join(v['names'])})"],
                lambda d: (
                    f.several(d, "names", tr("Variables"), d.numbers, required=tr("Choose at least one variable.")),
                    Field("what", tr("Statistic"), "choice", "rowmean", _row_statistics()),
                    f.new_name(d),
                ),
                f.need_numbers,
                _named_problem,
                "egen rowmean rowtotal items score sum questionnaire row",
            ),
            f.entry(
                "cut",
                tr("Cut into bands"),
                tr("Bands of a variable as 0, 1, 2, ...: with equal numbers of rows, or at limits that you set."),
                _cut,
                _cut_fields,
                f.need_numbers,
                _cut_problem,
                "egen cut quantiles quartiles tertiles categories groups intervals",
            ),
            f.entry(
                "number",
                tr("Number the groups"),
                tr("1, 2, ... for each combination of values, such as each class in each school."),
                lambda d, v: [written(f"egen {v['name']} = group({' '.join(v['by'])})", flag("label", v["label"]))],
                lambda d: (
                    f.several(d, "by", tr("Groups of"), d.groups, required=tr("Choose at least one variable.")),
                    Field("label", tr("With the values as labels"), "check", False),
                    f.new_name(d, stem="group"),
                ),
                f.need_data,
                _named_problem,
                "egen group identifier id nested combination",
            ),
            f.entry(
                "standardise",
                tr("Standardise"),
                tr("Mean 0 and SD 1 over all rows."),
                lambda d, v: [f"egen {v['name']} = std({v['x']})"],
                lambda d: (f.variable(d, "x", tr("Variable"), d.numbers), f.new_name(d, stem="z")),
                f.need_numbers,
                _named_problem,
                "standardize z score egen std",
            ),
            f.entry(
                "recode",
                tr("Recode"),
                tr("Change values by rules, in a new variable or in place."),
                _recode,
                _recode_fields,
                f.need_numbers,
                _recode_problem,
                "collapse categories bands cut",
            ),
            f.entry(
                "lag",
                tr("Earlier value, or change"),
                tr("The value at the previous occasion in each group, or the change since then."),
                _lag,
                _lag_fields,
                f.need_numbers,
                _lag_problem,
                "lag lead difference panel time bysort",
            ),
            f.entry(
                "tag",
                tr("Mark one row per group"),
                tr("1 in the first row of each group and 0 elsewhere, so that each group counts once."),
                lambda d, v: [f"egen {v['name']} = tag({v['by']})"],
                lambda d: (f.variable(d, "by", tr("Groups of"), d.groups), f.new_name(d, stem="tag")),
                f.need_data,
                _named_problem,
                "egen tag first level 2",
            ),
        ),
    )


def kinds_group() -> Group[DataFacts]:
    """Labels and kinds."""
    return Group(
        "kinds",
        tr("Labels and kinds"),
        (
            f.entry(
                "labels",
                tr("Value labels"),
                tr("Labels for the values of a variable, shown in tables and plots."),
                _labels,
                lambda d: (
                    f.variable(d, "x", tr("Variable"), _by_measure(d)),
                    Field("pairs", tr("Labels"), "text", "", hint=tr("0 = No, 1 = Yes"),
                          required=tr("Enter labels, such as 0 = No, 1 = Yes.")),
                ),
                f.need_numbers,
                _labels_problem,
                "label define values categories",
            ),
            f.entry(
                "rename",
                tr("Rename"),
                tr("Give a variable a new name."),
                lambda d, v: [f"rename {v['x']} {v['name']}"],
                lambda d: (f.variable(d, "x", tr("Variable"), d.names), Field("name", tr("New name"), "name", "")),
                f.need_data,
                _named_problem,
            ),
            f.entry(
                "encode",
                tr("Convert text to numbers"),
                tr("As categories 1, 2, ... with the texts as labels, or as the numbers that the text holds."),
                _encode,
                lambda d: (
                    f.variable(d, "x", tr("Text variable"), d.texts),
                    Field("how", tr("As"), "choice", "encode",
                          (("encode", tr("Categories with labels")), ("destring", tr("The numbers that it holds")))),
                    f.new_name(d),
                ),
                lambda d: f.need_data(d) or ("" if d.texts else tr("The data have no text variable.")),
                _named_problem,
                "encode destring string numeric factor",
            ),
            f.entry(
                "missing",
                tr("Codes for missing"),
                tr("Values that mean missing, such as -9. All commands then leave them out."),
                lambda d, v: [" ".join(["missing", v["x"], *v["codes"].replace(",", " ").split()])],
                lambda d: (
                    f.variable(d, "x", tr("Variable"), d.numbers),
                    Field("codes", tr("Codes"), "numbers", "", hint="-9 -8",
                          tip=tr("Leave empty if no value means missing.")),
                ),
                f.need_numbers,
                also="mvdecode na",
            ),
        ),
    )


def _named_problem(facts: DataFacts, values: Values) -> str:
    return bad_name(facts, values["name"])


# --- compute -------------------------------------------------------------------------------------------
def _is_new(values: Values) -> bool:
    return not values["old"]


def _compute_fields(facts: DataFacts) -> tuple[Field, ...]:
    return (
        f.variable(facts, "old", tr("Into"), facts.names, none=tr("(a new variable)")),
        Field("name", tr("New variable"), "name", "", shown=_is_new),
        Field(
            "value",
            tr("Value"),
            "text",
            "",
            hint="ln(income) - 2 * x",
            insert=(*f.plain(facts.names), *rows.FUNCTIONS),
            required=tr("Enter an expression for its values."),
        ),
        rows.condition(facts),
        f.variable(facts, "by", tr("Within each"), facts.groups, none=tr("(all rows together)")),
    )


def _compute_problem(facts: DataFacts, values: Values) -> str:
    named = bad_name(facts, values["name"]) if _is_new(values) else ""
    return named or rows.expression_problem(values["value"]) or rows.condition_problem(facts, values)


def _compute(_facts: DataFacts, values: Values) -> list[str]:
    by = f"bysort {values['by']}: " if values["by"] else ""
    what = f"generate {values['name']}" if _is_new(values) else f"replace {values['old']}"
    return [f"{by}{what} = {values['value'].strip()}{rows.where(values)}"]


# --- centring ------------------------------------------------------------------------------------------
def _within(values: Values) -> bool:
    return bool(values["around"] == "group")


def _centre_fields(facts: DataFacts) -> tuple[Field, ...]:
    return (
        f.several(facts, "names", tr("Variables"), facts.numbers,
                  required=tr("Choose at least one variable to centre")),
        Field(
            "around",
            tr("Around"),
            "choice",
            "group",
            (("group", tr("The mean of each group")), ("grand", tr("The mean of all rows"))),
        ),
        f.variable(facts, "by", tr("Groups of"), facts.groups, shown=_within),
        Field("keep", tr("Keep the group means as well"), "check", True, shown=_within,
              tip=tr("With both in a model, effects within and between groups are separated.")),
        Field("suffix", tr("Ending of the new names"), "text", "_c"),
        Field("means", tr("Names of the means begin with"), "text", "m_", shown=_keeps_means),
    )  # fmt: skip


def _keeps_means(values: Values) -> bool:
    return _within(values) and bool(values["keep"])


def _centred_names(values: Values) -> list[str]:
    return [n + values["suffix"].strip() for n in values["names"]]


def _centre_problem(facts: DataFacts, values: Values) -> str:
    means = [values["means"].strip() + n for n in values["names"]] if _keeps_means(values) else []
    names = [*_centred_names(values), *means]
    for name in names:
        if wrong := bad_name(facts, name):
            return wrong
    return tr("The new names must differ.") if len(set(names)) < len(names) else ""


def _centre(_facts: DataFacts, values: Values) -> list[str]:
    return [
        written(
            "center " + " ".join(values["names"]),
            option("by", values["by"]) if _within(values) else "",
            option("generate", _centred_names(values)),
            option("means", values["means"].strip()) if _keeps_means(values) else "",
        )
    ]


# --- statistics of groups ------------------------------------------------------------------------------
def _group_fields(facts: DataFacts) -> tuple[Field, ...]:
    return (
        Field("what", tr("Statistic"), "choice", "mean",
              (*f.statistics(), ("total", tr("Sum")), ("iqr", tr("IQR")), ("pctile", tr("Percentile")),
               ("mode", tr("Mode")), ("rank", tr("Rank of the row")))),
        Field("percent", tr("Percentile"), "number", 90, low=0.01, high=99.99, shown=_is_percentile),
        f.variable(facts, "x", tr("Of"), facts.numbers),
        f.several(facts, "by", tr("In groups of"), facts.groups, hint=tr("Tick none for all rows together")),
        f.new_name(facts),
    )  # fmt: skip


def _group_statistic(_facts: DataFacts, values: Values) -> list[str]:
    what = values["what"]
    percent = option("p", values["percent"]) if _is_percentile(values) else ""
    ties = "minmode" if what == "mode" else ""
    return [written(f"egen {values['name']} = {what}({values['x']})", percent, ties, option("by", values["by"]))]


def _is_percentile(values: Values) -> bool:
    return bool(values["what"] == "pctile")


def _row_statistics() -> tuple[tuple[str, str], ...]:
    return (
        ("rowmean", tr("Mean of nonmissing values")),
        ("rowtotal", tr("Sum, missing as 0")),
        ("rowmedian", tr("Median")),
        ("rowsd", tr("SD")),
        ("rowmin", tr("Minimum")),
        ("rowmax", tr("Maximum")),
        ("rownonmiss", tr("Number not missing")),
        ("rowmiss", tr("Number missing")),
    )


# --- bands ---------------------------------------------------------------------------------------------
def _cut_fields(facts: DataFacts) -> tuple[Field, ...]:
    return (
        f.variable(facts, "x", tr("Variable"), facts.numbers),
        Field("how", tr("Bands"), "choice", "group",
              (("group", tr("With equal numbers of rows")), ("at", tr("At limits")))),
        Field("count", tr("How many"), "number", 4, low=2, high=100, whole=True, shown=lambda v: v["how"] == "group"),
        Field("limits", tr("Limits"), "numbers", "", hint="0 10 20 30", required=tr("Enter the limits."),
              shown=lambda v: v["how"] == "at", tip=tr("A band includes its lower limit. Values outside are missing.")),
        f.new_name(facts, stem="band"),
    )  # fmt: skip


def _cut_problem(facts: DataFacts, values: Values) -> str:
    if values["how"] == "group" and values["count"] is None:
        return tr("Enter the number of bands.")
    return bad_name(facts, values["name"])


def _cut(_facts: DataFacts, values: Values) -> list[str]:
    own = option("group", values["count"]) if values["how"] == "group" else option("at", values["limits"])
    bands = "icodes" if values["how"] == "at" else ""
    return [written(f"egen {values['name']} = cut({values['x']})", own, bands)]


# --- recode --------------------------------------------------------------------------------------------
def _recode_fields(facts: DataFacts) -> tuple[Field, ...]:
    return (
        f.variable(facts, "x", tr("Variable"), facts.numbers),
        Field(
            "rules",
            tr("Rules"),
            "text",
            "",
            hint='1 2 = 0 "Low", 3/5 = 1 "High"',
            tip=tr("Values = new value, commas between rules. Values can be 3/5, min/9, 10/max, missing, else."),
            required=tr("Enter rules, such as 1 2 = 0, 3/5 = 1."),
        ),
        Field("into", tr("Into"), "choice", "new", (("new", tr("A new variable")), ("same", tr("The same variable")))),
        Field("name", tr("New variable"), "name", "", shown=lambda v: v["into"] == "new"),
    )


def _rules(text: str) -> list[str]:
    return [r.strip().strip("()").strip() for r in re.split(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", text) if r.strip()]


def _recode_problem(facts: DataFacts, values: Values) -> str:
    for rule in _rules(values["rules"]):
        if not re.fullmatch(r"[^=]+=\s*[^=\s]+(\s+\".*\")?", rule):
            return tr("{0}: write a rule as values = new value.").format(rule)
    return bad_name(facts, values["name"]) if values["into"] == "new" else ""


def _recode(_facts: DataFacts, values: Values) -> list[str]:
    rules = " ".join(f"({r})" for r in _rules(values["rules"]))
    into = option("generate", values["name"]) if values["into"] == "new" else ""
    return [written(f"recode {values['x']} {rules}", into)]


# --- lags ----------------------------------------------------------------------------------------------
def _lag_fields(facts: DataFacts) -> tuple[Field, ...]:
    return (
        f.variable(facts, "x", tr("Variable"), facts.numbers),
        f.variable(facts, "by", tr("Within each"), facts.groups),
        f.variable(facts, "time", tr("In the order of"), facts.numbers),
        Field("what", tr("Take"), "choice", "lag",
              (("lag", tr("The previous value")), ("change", tr("The change since then")))),
        f.new_name(facts),
    )  # fmt: skip


def _lag_problem(facts: DataFacts, values: Values) -> str:
    if values["by"] == values["time"]:
        return tr("Groups and order must be different variables.")
    return bad_name(facts, values["name"])


def _lag(_facts: DataFacts, values: Values) -> list[str]:
    x = values["x"]
    before = f"{x}[_n-1]"
    value = before if values["what"] == "lag" else f"{x} - {before}"
    return [f"bysort {values['by']} ({values['time']}): generate {values['name']} = {value}"]


# --- kinds ---------------------------------------------------------------------------------------------
def _by_measure(facts: DataFacts) -> tuple[str, ...]:
    texts = set(facts.texts)
    return tuple(n for n in facts.groups if n not in texts)


def _labels_problem(_facts: DataFacts, values: Values) -> str:
    from terrace_desktop.work import commands

    try:
        commands.parse_labels(values["pairs"])
    except ValueError as error:
        return str(error)
    return ""


def _labels(facts: DataFacts, values: Values) -> list[str]:
    from terrace_desktop.work import commands

    if _labels_problem(facts, values):
        return []
    return [commands.edit_variable(values["x"], "value_labels", values["pairs"])]


def _encode(_facts: DataFacts, values: Values) -> list[str]:
    return [written(f"{values['how']} {values['x']}", option("generate", values["name"]))]
