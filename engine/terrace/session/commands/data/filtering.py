"""``filter``: the rows that analyses use."""

from __future__ import annotations

from dataclasses import replace

from terrace.data.dataset import Dataset
from terrace.errors import CommandError
from terrace.language.expressions.entry import looks_at_other_rows
from terrace.language.expressions.friendly import plain_expression
from terrace.language.expressions.parsing import parse_expression
from terrace.language.expressions.stored import FUNCTIONS
from terrace.language.expressions.tree import Call, Coefficient, Expression, Name, Stored, Subscript, walk
from terrace.language.expressions.truth import surely_true
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import match_options, rules
from terrace.language.grammar.tokens import Piece, split
from terrace.session.effects import Effect
from terrace.session.filter import Filter
from terrace.session.filtering import status
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult


@command(
    "filter",
    syntax="filter EXPRESSION [, view] | filter off | filter view | filter use | filter",
    help="Restrict analyses to rows where the expression is true: summaries, tables, graphs and models. It also takes "
    "and, or, not, =, is and value labels, as in filter sector is Catholic and ses > 0. filter view keeps it for "
    "viewing only, filter use puts it back in use, filter off removes it, and filter alone shows it. Commands that "
    "change, create, combine or save data use all rows. Rows where the answer depends on a missing value are left out "
    "(if ses > 0 keeps rows where ses is missing, as Stata does). if and in restrict the rows further; in uses the "
    "row numbers of the data.",
    effects=Effect.BRIEF,
)
def filter_(session: Session, parsed: ParsedCommand) -> CommandResult:
    piece = parsed.arguments.strip()
    old, word = session.state.filter, str(piece)
    if not piece:
        return CommandResult(text=status(session.state))
    if word in ("off", "view", "use"):
        if old is None:
            if word == "off":
                return CommandResult(text="There is no filter.")
            raise piece.error("There is no filter.", code="no-filter", advice="Write one: filter ses > 0.")
        return _with(session, None if word == "off" else replace(old, in_use=word == "use"))
    parts = split(piece, ",")
    options = match_options(piece.after(parts[1].start) if len(parts) > 1 else piece.after(piece.end), rules("view"),
                            parsed.name)  # fmt: skip
    expression = read_filter(parts[0], session.source)
    return _with(session, Filter(expression, in_use="view" not in options))


def _with(session: Session, new: Filter | None) -> CommandResult:
    state = session.state if new == session.state.filter else replace(session.state, filter=new)
    return CommandResult(text=status(state) if new is not None else "The filter is off.", state=state)


def read_filter(piece: Piece, data: Dataset) -> str:
    """The ordinary expression of a filter, checked on the data. Raises `CommandError` at the place that is wrong.

    It uses the values of each row and nothing else, so that it means the same in groups, in a file that is read in
    parts, and when a project is opened again.
    """
    if not piece:
        raise piece.error("An expression is missing here.", code="no-expression")
    plain = plain_expression(piece, data)
    try:
        expression = parse_expression(plain.text)
        _refuse_what_is_not_of_the_row(expression, data)
        surely_true(expression, data)
    except CommandError as error:
        raise plain.pointed(error) from None
    return plain.text


def _refuse_what_is_not_of_the_row(expression: Expression, data: Dataset) -> None:
    if looks_at_other_rows(expression):
        raise expression.piece.error(
            "A filter can only use the values in each row, but this one depends on other rows, on row numbers or on "
            "chance.",
            code="filter",
            advice="Generate a variable with this condition, and filter by that variable. For rows by number, use in.",
        )
    for node in walk(expression.root):
        beyond = isinstance(node, Stored | Coefficient | Subscript)
        beyond = beyond or (isinstance(node, Call) and node.name in FUNCTIONS)
        if beyond or (isinstance(node, Name) and node.name not in data and node.name != "_pi"):
            raise node.piece.error(
                f"A filter can only use variables, and {node.piece} is something else.",
                code="filter",
                advice="Write its value, or generate a variable.",
            )
