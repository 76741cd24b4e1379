"""Entries: which rows and variables there are, and data from several files or of another shape."""

from __future__ import annotations

from terrace_desktop.forms import rows_where as rows
from terrace_desktop.forms.entry import Field, Group, Values, flag, option, written
from terrace_desktop.panels.data import fields as f
from terrace_desktop.panels.data.facts import DataFacts
from terrace_desktop.ui.words import tr
from terrace_desktop.work.commands import file_name


def rows_group() -> Group[DataFacts]:
    """Rows and variables."""
    return Group(
        "rows",
        tr("Rows and variables"),
        (
            f.entry(
                "keep_rows",
                tr("Keep or drop rows"),
                tr("By a condition. To hide rows without removing them, use the filter above the grid."),
                lambda d, v: [f"{v['do']} if {v['where'].strip()}"],
                lambda d: (
                    _keep_or_drop(),
                    rows.condition(d, title=tr("Rows where"), required=tr("Enter a condition.")),
                ),
                problem=rows.condition_problem,
                also="subset select cases filter delete",
            ),
            f.entry(
                "keep_variables",
                tr("Keep or drop variables"),
                tr("Keep only the chosen variables, or remove them. You can undo this."),
                lambda d, v: [f"{v['do']} {' '.join(v['names'])}"],
                lambda d: (
                    _keep_or_drop(),
                    f.several(d, "names", tr("Variables"), d.names, required=tr("Choose at least one variable.")),
                ),
                also="delete columns",
            ),
            f.entry(
                "sort",
                tr("Sort the data"),
                tr("By one variable or two. To sort only the view, double-click a name in the grid."),
                _sort,
                lambda d: (
                    f.variable(d, "first", tr("By"), d.groups),
                    Field("down", tr("Descending"), "check", False),
                    f.variable(d, "second", tr("Then by"), d.groups, none=tr("(nothing)")),
                    Field("down2", tr("Then descending"), "check", False, shown=lambda v: bool(v["second"])),
                ),
                also="gsort order arrange",
            ),
            f.entry(
                "duplicates",
                tr("Duplicate rows"),
                tr("Count duplicate rows, or keep only the first of each."),
                lambda d, v: [
                    written(
                        " ".join(["duplicates", v["do"], *v["names"]]),
                        flag("force", v["do"] == "drop" and v["names"]),
                    )
                ],
                lambda d: (
                    Field("do", tr("Do"), "choice", "report",
                          (("report", tr("Count them")), ("drop", tr("Remove them")))),
                    f.several(d, "names", tr("Duplicates in"), d.names, hint=tr("Tick none to compare all variables")),
                ),
                also="unique",
            ),
            f.entry(
                "fillin",
                tr("Add missing combinations"),
                tr("Add a row for each missing combination of values, such as occasions that a subject missed."),
                lambda d, v: [f"fillin {' '.join(v['names'])}"],
                lambda d: (f.several(d, "names", tr("Of"), d.groups, required=tr("Choose at least two variables.")),),
                problem=lambda d, v: "" if len(v["names"]) > 1 else tr("Choose at least two variables."),
                also="balance panel rectangle",
            ),
        ),
    )


def shape_group() -> Group[DataFacts]:
    """Files and shapes."""
    return Group(
        "shape",
        tr("Combine and reshape"),
        (
            f.entry(
                "merge",
                tr("Merge variables of a file"),
                tr("Such as school data into student data. The result shows what matched."),
                _merge,
                _merge_fields,
                also="join level 2 lookup match",
            ),
            f.entry(
                "append",
                tr("Append rows of a file"),
                tr("The rows are added below the open data. Variables are matched by name."),
                lambda d, v: [written(f"append using {file_name(v['file'])}", option("generate", v["source"]))],
                lambda d: (
                    _file_field(),
                    Field("source", tr("Variable for the source"), "name", "", hint=tr("none"),
                          tip=tr("Marks which rows came from the file.")),
                ),
                also="stack union add cases",
            ),
            f.entry(
                "collapse",
                tr("Collapse to one row per group"),
                tr("Replace the data with statistics by group. You can undo this."),
                lambda d, v: [written(f"collapse ({v['what']}) {' '.join(v['names'])}", option("by", v["by"]))],
                lambda d: (
                    Field("what", tr("Statistic"), "choice", "mean",
                          (*f.statistics(), ("sum", tr("Sum")), ("first", tr("First value")))),
                    f.several(d, "names", tr("Of"), d.numbers, required=tr("Choose at least one variable.")),
                    f.several(d, "by", tr("By"), d.groups, required=tr("Choose at least one group variable.")),
                ),
                f.need_numbers,
                lambda d, v: _both(v["names"], v["by"]),
                "aggregate level 2 summary",
            ),
            f.entry(
                "long",
                tr("Reshape to long"),
                tr("From one row per subject to one row per occasion: inc80 and inc81 become inc with 80 and 81."),
                lambda d, v: [f"reshape long {v['stubs'].strip()}, i({' '.join(v['i'])}) j({v['j']})"],
                lambda d: (
                    Field("stubs", tr("Names begin with"), "text", " ".join(d.stems), hint="inc ue",
                          required=tr("Enter what the names of the repeated variables begin with.")),
                    f.several(d, "i", tr("Subject identified by"), d.groups,
                              required=tr("Choose what identifies a subject.")),
                    Field("j", tr("New variable for the occasion"), "name", "occasion"),
                ),
                problem=lambda d, v: "" if v["j"] else tr("Enter a name for the new variable."),
                also="wide to long stack melt pivot",
            ),
            f.entry(
                "wide",
                tr("Reshape to wide"),
                tr("From one row per occasion to one row per subject: inc with 80 and 81 becomes inc80 and inc81."),
                lambda d, v: [f"reshape wide {' '.join(v['stubs'])}, i({' '.join(v['i'])}) j({v['j']})"],
                lambda d: (
                    f.several(d, "stubs", tr("Variables that repeat"), d.names,
                              required=tr("Choose at least one variable.")),
                    f.several(d, "i", tr("Subject identified by"), d.groups,
                              required=tr("Choose what identifies a subject.")),
                    f.variable(d, "j", tr("Occasion variable"), d.groups),
                ),
                problem=_wide_problem,
                also="long to wide unstack pivot",
            ),
        ),
    )


def _keep_or_drop() -> Field:
    return Field("do", tr("Do"), "choice", "keep", (("keep", tr("Keep")), ("drop", tr("Drop"))))


def _sort(_facts: DataFacts, values: Values) -> list[str]:
    keys = [(values["first"], values["down"])]
    if values["second"]:
        keys.append((values["second"], values["down2"]))
    if not any(down for _, down in keys):
        return ["sort " + " ".join(name for name, _ in keys)]
    return ["gsort " + " ".join(f"-{name}" if down else name for name, down in keys)]


def _file_field() -> Field:
    return Field("file", tr("File"), "file", "", hint=tr("a data file"), required=tr("Choose a file."))


def _merge_fields(facts: DataFacts) -> tuple[Field, ...]:
    return (
        _file_field(),
        Field(
            "kind",
            tr("Rows that match"),
            "choice",
            "m:1",
            (
                ("m:1", tr("Many here to one in the file")),
                ("1:1", tr("One to one")),
                ("1:m", tr("One here to many in the file")),
            ),
        ),
        f.several(facts, "keys", tr("Matched by"), facts.groups, required=tr("Choose what to match by.")),
        Field(
            "keep",
            tr("Keep"),
            "choice",
            "match master",
            (
                ("match master", tr("All rows that are open")),
                ("match", tr("Rows that match")),
                ("", tr("All rows of both")),
            ),
        ),
        Field("mark", tr("Add _merge, which says where each row was found"), "check", False),
    )


def _merge(_facts: DataFacts, values: Values) -> list[str]:
    return [
        written(
            f"merge {values['kind']} {' '.join(values['keys'])} using {file_name(values['file'])}",
            option("keep", values["keep"]),
            flag("nogenerate", not values["mark"]),
        )
    ]


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    twice = [n for n in one if n in other]
    return tr("{0} is in both lists.").format(twice[0]) if twice else ""


def _wide_problem(_facts: DataFacts, values: Values) -> str:
    return _both(values["stubs"], (*values["i"], values["j"])) or _both(values["i"], (values["j"],))
