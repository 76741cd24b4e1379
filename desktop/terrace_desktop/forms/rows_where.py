"""The field for the rows that are meant, and its part of a command: for what looks at the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terrace_desktop.forms.entry import Field, Values
from terrace_desktop.forms.facts import OfData
from terrace_desktop.ui.words import from_engine, tr

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset

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


def example_condition(dataset: Dataset | None) -> str:
    """A condition on a variable of the data, as one types it; empty where none holds numbers."""
    from terrace.data.dataset import Measure

    variables = () if dataset is None else dataset.variables
    numbers = [v for v in variables if dataset is not None and not dataset.is_text(v.name)]
    found = next((v for v in numbers if v.measure is Measure.CONTINUOUS), numbers[0] if numbers else None)
    return "" if found is None else f"{found.name} > 0"
