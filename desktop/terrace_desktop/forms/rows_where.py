"""The field for the rows that are meant, and its part of a command: for what looks at the data."""

from __future__ import annotations

from terrace_desktop.forms.entry import Field, Values
from terrace_desktop.forms.facts import OfData
from terrace_desktop.grid.filter_bar import example_condition
from terrace_desktop.ui.words import from_engine, tr

FUNCTIONS = (
    ("ln()", "ln()"), ("exp()", "exp()"), ("sqrt()", "sqrt()"), ("abs()", "abs()"), ("round()", "round()"),
    ("cond(, , )", "cond(a, b, c)"), ("inlist(, )", "inlist(x, 1, 2)"), ("inrange(, , )", "inrange(x, 1, 9)"),
    ("missing()", "missing(x)"), ("_n", "_n"), ("_N", "_N"),
)  # fmt: skip


def condition(facts: OfData, *, required: str = "", title: str = "") -> Field:
    """An expression that is true in the rows that are meant."""
    return Field(
        "where",
        title or tr("Only rows where"),
        "text",
        "",
        hint=example_condition(facts.dataset),
        insert=(*((n, n) for n in facts.names), *FUNCTIONS),
        required=required,
    )


def where(values: Values) -> str:
    """The condition as a command has it."""
    text = values["where"].strip()
    return f" if {text}" if text else ""


def condition_problem(_facts: OfData, values: Values) -> str:
    """What is wrong with the condition, found without running it over the data."""
    return expression_problem(values["where"])


def expression_problem(text: str) -> str:
    """What is wrong with the form of an expression; what its names stand for the command tells."""
    from terrace.errors import TerraceError
    from terrace.language.expressions.entry import parse_expression

    if not text.strip():
        return ""
    try:
        parse_expression(text.strip())
    except TerraceError as error:
        return from_engine(error.message)
    return ""
