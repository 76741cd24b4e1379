"""The conditions of a filter, which its chips stand for: what each means, how it is called, and its text. No Qt here.

A filter is kept as one expression. Its conditions are what `&` joins at the top of it; two bounds of one variable that
stand side by side are one condition. What no chip can say in words is shown as it was typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isnan

from terrace.data.dataset import Dataset
from terrace.data.dates import date_text, is_date_format
from terrace.data.value import Value
from terrace.errors import TerraceError
from terrace.language.expressions.parsing import parse_expression
from terrace.language.expressions.tree import Binary, Call, Name, Node, Number, Text, Unary
from terrace.language.grammar.tokens import Piece, closing, split
from terrace.spec.text import number_text
from terrace_desktop.ui.words import tr

FEW = 3  # values that are written out, in the words of a chip and as single comparisons
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True)
class Values:
    """The variable has one of these values, or with ``missing`` none; ``excluded`` turns that round."""

    name: str
    values: tuple[Value, ...]
    missing: bool = False
    excluded: bool = False


@dataclass(frozen=True)
class Range:
    """The variable lies between two bounds, each with whether it belongs to the range; None where there is none."""

    name: str
    low: float | None = None
    high: float | None = None
    with_low: bool = True
    with_high: bool = True
    missing: bool = False


@dataclass(frozen=True)
class Free:
    """A condition that is shown as it is written."""

    text: str


Condition = Values | Range | Free


# --- from an expression to its conditions -------------------------------------------------------------------
def conditions(expression: str) -> list[Condition]:
    """What a filter asks for, in the order of its expression; nothing for an empty one."""
    if not expression.strip():
        return []
    whole = Piece.of(expression)
    try:
        if len(split(whole, "|")) > 1:  # which binds less than &
            return [read(expression)]
        pieces = [str(piece).strip() for piece in split(whole, "&")]
    except TerraceError:
        return [Free(expression.strip())]
    if not all(pieces):
        return [Free(expression.strip())]
    out: list[Condition] = []
    for found in map(read, pieces):
        both = _both(out[-1], found) if out else None
        if both is None:
            out.append(found)
        else:
            out[-1] = both
    return out


def read(text: str) -> Condition:
    """One condition; whatever is neither values nor a range of one variable is taken as it is."""
    text = text.strip()
    try:
        found = _read(parse_expression(text).root)
    except TerraceError:
        found = None
    return found or Free(_bare(text))


def _bare(text: str) -> str:
    """Without brackets around the whole."""
    if text.startswith("(") and closing(Piece.of(text), 0) == len(text) - 1:
        return text[1:-1].strip()
    return text


def _read(node: Node) -> Condition | None:
    if isinstance(node, Binary) and node.operator == "|":
        left, right = _read(node.left), _read(node.right)
        return None if left is None or right is None else _either(left, right)
    if isinstance(node, Binary) and node.operator == "&":
        left, right = _read(node.left), _read(node.right)
        return None if left is None or right is None else _both(left, right)
    if isinstance(node, Binary) and node.operator in _MIRRORED:
        return _comparison(node)
    if isinstance(node, Unary) and node.operator == "!":
        inner = _read(node.operand)
        return replace(inner, excluded=not inner.excluded) if isinstance(inner, Values) else None
    if isinstance(node, Call):
        return _call(node)
    return None


def _comparison(node: Binary) -> Condition | None:
    operator, left, right = node.operator, node.left, node.right
    if isinstance(right, Name):
        operator, left, right = _MIRRORED[operator], right, left
    if not isinstance(left, Name):
        return None
    value = _value(right)
    if value is None:
        return None
    missing = value == "" or (isinstance(value, float) and isnan(value))
    if operator in ("==", "!="):
        return Values(left.name, () if missing else (value,), missing, operator == "!=")
    if missing or isinstance(value, str):
        return None
    if operator in (">", ">="):
        return Range(left.name, low=float(value), with_low=operator == ">=")
    return Range(left.name, high=float(value), with_high=operator == "<=")


def _call(node: Call) -> Condition | None:
    if not node.arguments or not isinstance(name := node.arguments[0], Name):
        return None
    rest = [_value(a) for a in node.arguments[1:]]
    if node.name in ("missing", "mi") and not rest:
        return Values(name.name, (), missing=True)
    known = [v for v in rest if v is not None and v != "" and not (isinstance(v, float) and isnan(v))]
    if len(known) != len(rest) or not rest:
        return None
    if node.name == "inlist":
        return Values(name.name, tuple(known))
    numbers = [v for v in known if not isinstance(v, str)]
    if node.name == "inrange" and len(known) == len(numbers) == 2:
        return Range(name.name, float(numbers[0]), float(numbers[1]))
    return None


def _value(node: Node) -> Value | None:
    """A literal, NaN or empty for missing; None for anything else."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Text):
        return node.value
    if isinstance(node, Unary) and node.operator in ("-", "+") and isinstance(node.operand, Number):
        return -node.operand.value if node.operator == "-" else node.operand.value
    return None


def _either(a: Condition, b: Condition) -> Condition | None:
    """One condition that says what either does, where there is one."""
    if isinstance(a, Free) or isinstance(b, Free) or a.name != b.name:
        return None
    if isinstance(a, Values) and isinstance(b, Values) and not a.excluded and not b.excluded:
        return Values(a.name, (*a.values, *(v for v in b.values if v not in a.values)), a.missing or b.missing)
    if isinstance(a, Values):
        a, b = b, a
    if isinstance(a, Range) and isinstance(b, Values) and b.missing and not b.values and not b.excluded:
        return replace(a, missing=True)
    return None


def _both(a: Condition, b: Condition) -> Condition | None:
    """One condition that says what both do: a range with the bounds of two, or all that is left out."""
    if isinstance(a, Values) and isinstance(b, Values) and a.excluded and b.excluded and a.name == b.name:
        return Values(a.name, (*a.values, *(v for v in b.values if v not in a.values)), a.missing or b.missing, True)
    if not (isinstance(a, Range) and isinstance(b, Range)) or a.name != b.name or a.missing or b.missing:
        return None
    if a.high is None and b.low is None:
        return Range(a.name, a.low, b.high, a.with_low, b.with_high)
    if a.low is None and b.high is None:
        return Range(a.name, b.low, a.high, b.with_low, a.with_high)
    return None


# --- the text of a condition --------------------------------------------------------------------------------
def expression(found: Sequence[Condition]) -> str:
    """The filter that asks for all of these."""
    texts = [text_of(c) for c in found]
    if len(texts) == 1:
        return texts[0]
    return " & ".join(f"({t})" if _binds_less(t) else t for t in texts)


def _binds_less(text: str) -> bool:
    return len(split(Piece.of(text), "|")) > 1


def text_of(condition: Condition) -> str:
    """A condition as an expression has it."""
    if isinstance(condition, Free):
        return condition.text
    if isinstance(condition, Range):
        return _range_text(condition)
    name, sign = condition.name, "!=" if condition.excluded else "=="
    parts = [f"{name} {sign} {literal(v)}" for v in condition.values]
    if len(parts) > FEW:
        listed = f"inlist({name}, {', '.join(map(literal, condition.values))})"
        parts = [f"!{listed}" if condition.excluded else listed]
    if condition.missing:
        parts.append(f"!missing({name})" if condition.excluded else f"missing({name})")
    return (" & " if condition.excluded else " | ").join(parts)


def _range_text(r: Range) -> str:
    parts = []
    if r.low is not None:
        parts.append(f"{r.name} {'>=' if r.with_low else '>'} {number_text(r.low)}")
    if r.high is not None:
        parts.append(f"{r.name} {'<=' if r.with_high else '<'} {number_text(r.high)}")
    text = " & ".join(parts)
    if not r.missing:
        return text
    return f"({text}) | missing({r.name})" if len(parts) > 1 else f"{text} | missing({r.name})"


def literal(value: Value) -> str:
    """A value as an expression has it."""
    if not isinstance(value, str):
        return number_text(float(value))
    return f'`"{value}"\'' if '"' in value else f'"{value}"'


# --- in words -----------------------------------------------------------------------------------------------
def words(condition: Condition, dataset: Dataset) -> str:
    """What a chip says: ``sector is Catholic``, ``ses from −1 to 1``."""
    if isinstance(condition, Free):
        return condition.text
    name = condition.name
    if isinstance(condition, Range):
        said = _range_words(condition, dataset)
        return tr("{0} or missing").format(said) if condition.missing else said
    called = [value_words(dataset, name, v) for v in condition.values]
    if condition.missing:
        called.append(tr("missing"))
    several = called[0] if len(called) == 1 else _enumerated(called)
    return (tr("{0} is not {1}") if condition.excluded else tr("{0} is {1}")).format(name, several)


def _enumerated(called: list[str]) -> str:
    left = len(called) - FEW
    if left > 0:
        return tr("{0} or {1} more").format(", ".join(called[:FEW]), left)
    return tr("{0} or {1}").format(", ".join(called[:-1]), called[-1])


def _range_words(r: Range, dataset: Dataset) -> str:
    low = "" if r.low is None else value_words(dataset, r.name, r.low)
    high = "" if r.high is None else value_words(dataset, r.name, r.high)
    if low and high and r.with_low and r.with_high:
        return tr("{0} from {1} to {2}").format(r.name, low, high)
    above = (tr("at least {0}") if r.with_low else tr("above {0}")).format(low) if low else ""
    below = (tr("at most {0}") if r.with_high else tr("below {0}")).format(high) if high else ""
    if above and below:
        return tr("{0} {1} and {2}").format(r.name, above, below)
    return f"{r.name} {above or below}"


def value_words(dataset: Dataset, name: str, value: Value) -> str:
    """A value as the grid shows it, with a minus sign that is one."""
    if name not in dataset or isinstance(value, str):
        return str(value) if isinstance(value, str) else number_text(float(value)).replace("-", "\N{MINUS SIGN}")
    variable = dataset.variable(name)
    if is_date_format(variable.format) and value not in variable.value_labels:
        return date_text(float(value), variable.format)
    if value in variable.value_labels:
        return variable.value_labels[value]
    return number_text(float(value)).replace("-", "\N{MINUS SIGN}")
