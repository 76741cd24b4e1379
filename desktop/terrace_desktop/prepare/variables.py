"""Entries: new variables, and what variables are."""

from __future__ import annotations

import re

from terrace_desktop.after import rows_where as rows
from terrace_desktop.after.entry import Field, Group, Values, bad_name, option, quoted, tr, written
from terrace_desktop.prepare import fields as f
from terrace_desktop.prepare.facts import DataFacts


def new_group() -> Group:
    """New variables."""
    return Group(
        "new",
        tr("New variables"),
        (
            f.entry(
                "compute",
                tr("Compute a variable"),
                tr("A new variable, or other values of one that is there, from an expression."),
                _compute,
                _compute_fields,
                problem=_compute_problem,
                also="generate replace expression formula",
            ),
            f.entry(
                "centre",
                tr("Centre"),
                tr("Around the mean of all rows, or around the mean of each group."),
                _centre,
                _centre_fields,
                f.need_numbers,
                _centre_problem,
                "center centring grand mean group mean within between cwc cgm",
            ),
            f.entry(
                "egen",
                tr("Statistics of groups"),
                tr("Means, SDs, counts and others of each group, put into each of its rows."),
                _group_statistic,
                _group_fields,
                f.need_numbers,
                _named_problem,
                "egen aggregate context mean by",
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
                tr("Other values by rules, into a new variable or in place."),
                _recode,
                _recode_fields,
                f.need_numbers,
                _recode_problem,
                "collapse categories bands cut",
            ),
            f.entry(
                "lag",
                tr("Earlier value, or change"),
                tr("The value at the occasion before within each group, or the change since then."),
                _lag,
                _lag_fields,
                f.need_numbers,
                _lag_problem,
                "lag lead difference panel time bysort",
            ),
            f.entry(
                "tag",
                tr("Mark one row a group"),
                tr("1 in the first row of each group and 0 elsewhere, to describe groups by one row each."),
                lambda d, v: [f"egen {v['name']} = tag({v['by']})"],
                lambda d: (f.variable(d, "by", tr("Groups of"), d.groups), f.new_name(d, stem="tag")),
                f.need_data,
                _named_problem,
                "egen tag first level 2",
            ),
        ),
    )


def kinds_group() -> Group:
    """Labels and kinds."""
    return Group(
        "kinds",
        tr("Labels and kinds"),
        (
            f.entry(
                "labels",
                tr("Value labels"),
                tr("Words for the values of a variable, which tables and plots then show."),
                _labels,
                lambda d: (
                    f.variable(d, "x", tr("Variable"), _by_measure(d)),
                    Field("pairs", tr("Labels"), "text", "", hint=tr("0 = No, 1 = Yes"),
                          required=tr("Write the labels, such as 0 = No, 1 = Yes.")),
                ),
                f.need_numbers,
                _labels_problem,
                "label define values categories",
            ),
            f.entry(
                "rename",
                tr("Rename"),
                tr("Another name for a variable."),
                lambda d, v: [f"rename {v['x']} {v['name']}"],
                lambda d: (f.variable(d, "x", tr("Variable"), d.names), Field("name", tr("New name"), "name", "")),
                f.need_data,
                _named_problem,
            ),
            f.entry(
                "encode",
                tr("Numbers of text"),
                tr("A text variable as numbers: by categories 1, 2, ... with the texts as labels, or as written."),
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
                tr("Values that stand for missing, such as -9; all commands then leave them out."),
                lambda d, v: [" ".join(["missing", v["x"], *v["codes"].replace(",", " ").split()])],
                lambda d: (
                    f.variable(d, "x", tr("Variable"), d.numbers),
                    Field("codes", tr("Codes"), "numbers", "", hint="-9 -8", tip=tr("Empty: none stands for missing.")),
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
            required=tr("Write what its values are."),
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
    return values["around"] == "group"


def _centre_fields(facts: DataFacts) -> tuple[Field, ...]:
    return (
        f.several(facts, "names", tr("Variables"), facts.numbers, required=tr("Choose the variables.")),
        Field(
            "around",
            tr("Around"),
            "choice",
            "group",
            (("group", tr("The mean of each group")), ("grand", tr("The mean of all rows"))),
        ),
        f.variable(facts, "by", tr("Groups of"), facts.groups, shown=_within),
        Field("keep", tr("Keep the group means as well"), "check", True, shown=_within,
              tip=tr("With both in a model, effects within and between groups come apart.")),
        Field("suffix", tr("Ending of the new names"), "text", "_c"),
        Field("means", tr("Ending of the means"), "text", "_m", shown=lambda v: _within(v) and bool(v["keep"])),
    )  # fmt: skip


def _centred_names(values: Values) -> list[str]:
    out = [n + values["suffix"].strip() for n in values["names"]]
    return [*out, *(_mean_name(n, values) for n in values["names"])] if _within(values) else out


def _mean_name(name: str, values: Values) -> str:
    return name + (values["means"].strip() if values["keep"] else "_mean__")


def _centre_problem(facts: DataFacts, values: Values) -> str:
    names = _centred_names(values)
    for name in names:
        if wrong := bad_name(facts, name):
            return wrong
    return tr("The endings are the same.") if len(set(names)) < len(names) else ""


def _centre(_facts: DataFacts, values: Values) -> list[str]:
    out = []
    for name in values["names"]:
        new = name + values["suffix"].strip()
        if _within(values):
            mean = _mean_name(name, values)
            out += [f"egen {mean} = mean({name}), by({values['by']})", f"generate {new} = {name} - {mean}"]
            if values["keep"]:
                out.append(f"label variable {mean} {quoted(tr('Mean of {0} by {1}').format(name, values['by']))}")
            else:
                out.append(f"drop {mean}")
            told = tr("{0}, centred by {1}").format(name, values["by"])
        else:
            out += [f"quietly summarize {name}", f"generate {new} = {name} - r(mean)"]
            told = tr("{0}, centred").format(name)
        out.append(f"label variable {new} {quoted(told)}")
    return out


# --- statistics of groups ------------------------------------------------------------------------------
def _group_fields(facts: DataFacts) -> tuple[Field, ...]:
    return (
        Field("what", tr("Statistic"), "choice", "mean", (*f.statistics(), ("total", tr("Sum")), ("iqr", tr("IQR")))),
        f.variable(facts, "x", tr("Of"), facts.numbers),
        f.several(facts, "by", tr("In groups of"), facts.groups, hint=tr("None ticked: over all rows")),
        f.new_name(facts),
    )


def _group_statistic(_facts: DataFacts, values: Values) -> list[str]:
    return [written(f"egen {values['name']} = {values['what']}({values['x']})", option("by", values["by"]))]


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
            tip=tr("Values = new value, commas between the rules. Ranges as 3/5, min/9, 10/max; also missing, else."),
            required=tr("Write the rules, such as 1 2 = 0, 3/5 = 1."),
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
              (("lag", tr("The value before")), ("change", tr("The change since then")))),
        f.new_name(facts),
    )  # fmt: skip


def _lag_problem(facts: DataFacts, values: Values) -> str:
    if values["by"] == values["time"]:
        return tr("Groups and order are the same variable.")
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
    from terrace_desktop import commands

    try:
        commands.parse_labels(values["pairs"])
    except ValueError as error:
        return str(error)
    return ""


def _labels(facts: DataFacts, values: Values) -> list[str]:
    from terrace_desktop import commands

    if _labels_problem(facts, values):
        return []
    return [commands.edit_variable(values["x"], "value_labels", values["pairs"])]


def _encode(_facts: DataFacts, values: Values) -> list[str]:
    return [written(f"{values['how']} {values['x']}", option("generate", values["name"]))]
