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
                tr("By a condition. To see some of the rows only, the filter over the grid is enough."),
                lambda d, v: [f"{v['do']} if {v['where'].strip()}"],
                lambda d: (
                    _keep_or_drop(),
                    rows.condition(d, title=tr("Rows where"), required=tr("Write a condition.")),
                ),
                problem=rows.condition_problem,
                also="subset select cases filter delete",
            ),
            f.entry(
                "keep_variables",
                tr("Keep or drop variables"),
                tr("The others, or these, leave the data; undo brings them back."),
                lambda d, v: [f"{v['do']} {' '.join(v['names'])}"],
                lambda d: (
                    _keep_or_drop(),
                    f.several(d, "names", tr("Variables"), d.names, required=tr("Choose the variables.")),
                ),
                also="delete columns",
            ),
            f.entry(
                "sort",
                tr("Sort the data"),
                tr("In the order of one variable, or two. To see them sorted, a double click on a name is enough."),
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
                tr("Rows that are alike"),
                tr("Count them, or leave out all but the first of each."),
                lambda d, v: [
                    written(
                        " ".join(["duplicates", v["do"], *v["names"]]),
                        flag("force", v["do"] == "drop" and v["names"]),
                    )
                ],
                lambda d: (
                    Field("do", tr("Do"), "choice", "report",
                          (("report", tr("Count them")), ("drop", tr("Leave them out")))),
                    f.several(d, "names", tr("Alike in"), d.names, hint=tr("None ticked: in all variables")),
                ),
                also="unique",
            ),
            f.entry(
                "fillin",
                tr("Add missing combinations"),
                tr("A row for each combination of values that has none, such as occasions that a subject missed."),
                lambda d, v: [f"fillin {' '.join(v['names'])}"],
                lambda d: (f.several(d, "names", tr("Of"), d.groups, required=tr("Choose two variables or more.")),),
                problem=lambda d, v: "" if len(v["names"]) > 1 else tr("Choose two variables or more."),
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
                tr("Such as a file of schools into data of students; a report tells what matched."),
                _merge,
                _merge_fields,
                also="join level 2 lookup match",
            ),
            f.entry(
                "append",
                tr("Append rows of a file"),
                tr("The rows come below those that are open; variables are matched by name."),
                lambda d, v: [written(f"append using {file_name(v['file'])}", option("generate", v["source"]))],
                lambda d: (
                    _file_field(),
                    Field("source", tr("Variable for the source"), "name", "", hint=tr("none"),
                          tip=tr("Tells the rows that were there from those that came.")),
                ),
                also="stack union add cases",
            ),
            f.entry(
                "collapse",
                tr("Collapse to one row a group"),
                tr("The data become a table of statistics by group; undo brings the rows back."),
                lambda d, v: [written(f"collapse ({v['what']}) {' '.join(v['names'])}", option("by", v["by"]))],
                lambda d: (
                    Field("what", tr("Statistic"), "choice", "mean",
                          (*f.statistics(), ("sum", tr("Sum")), ("first", tr("First value")))),
                    f.several(d, "names", tr("Of"), d.numbers, required=tr("Choose the variables.")),
                    f.several(d, "by", tr("By"), d.groups, required=tr("Choose what makes the groups.")),
                ),
                f.need_numbers,
                lambda d, v: _both(v["names"], v["by"]),
                "aggregate level 2 summary",
            ),
            f.entry(
                "long",
                tr("Reshape to long"),
                tr("From one row a subject to one row an occasion: inc80 and inc81 become inc with 80 and 81."),
                lambda d, v: [f"reshape long {v['stubs'].strip()}, i({' '.join(v['i'])}) j({v['j']})"],
                lambda d: (
                    Field("stubs", tr("Beginnings of the names"), "text", " ".join(d.stems), hint="inc ue",
                          required=tr("Write what the names of the repeated variables begin with.")),
                    f.several(d, "i", tr("A subject is"), d.groups, required=tr("Choose what singles out a subject.")),
                    Field("j", tr("New variable for the occasion"), "name", "occasion"),
                ),
                problem=lambda d, v: "" if v["j"] else tr("Give the new variable a name."),
                also="wide to long stack melt pivot",
            ),
            f.entry(
                "wide",
                tr("Reshape to wide"),
                tr("From one row an occasion to one row a subject: inc with 80 and 81 becomes inc80 and inc81."),
                lambda d, v: [f"reshape wide {' '.join(v['stubs'])}, i({' '.join(v['i'])}) j({v['j']})"],
                lambda d: (
                    f.several(d, "stubs", tr("Variables that repeat"), d.names, required=tr("Choose the variables.")),
                    f.several(d, "i", tr("A subject is"), d.groups, required=tr("Choose what singles out a subject.")),
                    f.variable(d, "j", tr("The occasion is"), d.groups),
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
    return Field("file", tr("File"), "file", "", hint=tr("a data file"), required=tr("Choose the file."))


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
        f.several(facts, "keys", tr("Matched by"), facts.groups, required=tr("Choose what they are matched by.")),
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
        Field("mark", tr("Variable _merge tells where rows were found"), "check", False),
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
    return tr("{0} stands in both lists.").format(twice[0]) if twice else ""


def _wide_problem(_facts: DataFacts, values: Values) -> str:
    return _both(values["stubs"], (*values["i"], values["j"])) or _both(values["i"], (values["j"],))
