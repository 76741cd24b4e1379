"""``random``, ``correlation`` and ``weights`` of `lme` and `gls` (Pinheiro & Bates 2000, chapters 4 and 5)."""

from __future__ import annotations

from dataclasses import dataclass

from terrace.code.read.groups import same_groups
from terrace.code.read.r_syntax import Binary, Call, Inside, Node, Number, Unary
from terrace.code.read.r_variables import Variables
from terrace.spec.model import Residuals

_MATRICES = {
    "pdSymm": "unstructured", "pdLogChol": "unstructured", "pdDiag": "independent", "pdIdent": "identity",
    "pdCompSymm": "exchangeable",
}  # fmt: skip
_PARAMETERS = {"corARMA": ("value", "form", "p", "q"), "corExp": ("value", "form", "nugget", "metric")}
_CORRELATIONS = {
    "corAR1": "ar", "corARMA": "", "corCAR1": "exponential", "corExp": "exponential", "corCompSymm": "exchangeable",
    "corSymm": "unstructured",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grouped:
    """A formula with its groups; without a formula, groups alone."""

    groups: tuple[str, ...] = ()
    formula: Node | None = None
    covariance: str = "unstructured"


@dataclass(frozen=True, slots=True)
class RandomPart:
    """Random effects of one matrix."""

    groups: tuple[str, ...]
    formula: Node
    covariance: str


def grouped_random(node: Node, variables: Variables) -> list[RandomPart]:
    """The random effects of ``random = ~ x | g``, ``list(g = pdDiag(~ x))``, ``list(a = ~ 1, b = ~ x)``."""
    if isinstance(node, Inside):
        return grouped_random(node.node, variables)
    if isinstance(node, Call) and node.function == "list":
        above: tuple[str, ...] = ()
        out = []
        for key, value in node.arguments:
            if not key:
                raise value.piece.error("Name the groups: list(g = ~ x).", code="formula-argument")
            if key not in variables.data:
                raise value.piece.error(f"There is no variable {key!r} in the data.", code="no-such-variable")
            above = (*above, key)
            out += [RandomPart(above, formula, kind) for formula, kind in _matrices(value)]
        return out
    inside, right = _split(node)
    if right is None:
        raise node.piece.error("The groups are missing.", code="formula-argument", advice="Write random = ~ x | g.")
    names = _slashes(right, variables)
    return [RandomPart(names[: k + 1], inside, "unstructured") for k in range(len(names))]


def _matrices(node: Node) -> list[tuple[Node, str]]:
    """The formulas of one level, with their structures."""
    if isinstance(node, Unary) and node.operator == "~":
        return [(node.operand, "unstructured")]
    if isinstance(node, Call) and node.function == "pdBlocked" and node.arguments:
        parts = node.arguments[0][1]
        if isinstance(parts, Call) and parts.function == "list":
            return [one for _, v in parts.arguments for one in _matrices(v)]
    if isinstance(node, Call) and node.function in _MATRICES and node.arguments:
        formula = node.argument("form") or node.arguments[0][1]
        if isinstance(formula, Unary) and formula.operator == "~":
            return [(formula.operand, _MATRICES[node.function])]
    raise node.piece.error(f"{node} cannot be read as a matrix of random effects.", code="formula-argument",
                           advice="Write ~ x, pdDiag(~ x), pdIdent(~ x), pdCompSymm(~ x) or pdSymm(~ x).")  # fmt: skip


def _split(node: Node) -> tuple[Node, Node | None]:
    """The sides of the bar of a formula with one side."""
    if not isinstance(node, Unary) or node.operator != "~":
        raise node.piece.error(f"{node} is no formula of one side.", code="formula-argument",
                               advice="Write ~ x | g.")  # fmt: skip
    inside = node.operand
    if isinstance(inside, Binary) and inside.operator == "|":
        return inside.left, inside.right
    return inside, None


def _slashes(node: Node, variables: Variables) -> tuple[str, ...]:
    if isinstance(node, Binary) and node.operator == "/":
        return (*_slashes(node.left, variables), *_slashes(node.right, variables))
    return (variables.name(node),)


def residuals_of(call: Call, variables: Variables, above: tuple[str, ...]) -> tuple[Residuals, Grouped]:
    """The residuals of a call, and the groups within which they are correlated; `above` are those of the lowest random
    effects, which a correlation without groups is within."""
    correlation, weights = call.argument("correlation"), call.argument("weights")
    by = _variances(weights, variables) if weights is not None else None
    if correlation is None or str(correlation) == "NULL":
        return Residuals("independent", by=by), Grouped()
    if not isinstance(correlation, Call) or correlation.function not in _CORRELATIONS:
        raise correlation.piece.error(f"{correlation} cannot be read as a correlation.", code="formula-argument",
                                      advice=f"These can: {', '.join(_CORRELATIONS)}.")  # fmt: skip
    correlation = _plain(correlation)
    form = correlation.argument("form")
    if form is None:
        raise correlation.piece.error("The correlation needs its times and groups.", code="formula-argument",
                                      advice="Write form = ~ time | g.")  # fmt: skip
    inside, right = _split(form)
    groups = _slashes(right, variables) if right is not None else above
    if not groups:
        raise form.piece.error("The correlation needs groups.", code="formula-argument", advice="Write ~ time | g.")
    structure = _CORRELATIONS[correlation.function]
    order = None
    if not structure:
        structure, order = _arma(correlation)
    elif structure == "ar":
        order = 1
    time = None
    if structure != "exchangeable":
        if isinstance(inside, Number):
            raise inside.piece.error("The correlation needs a variable for the times.", code="formula-argument",
                                     advice="Write form = ~ time | g.")  # fmt: skip
        time = variables.name(inside)
    return _with_variances(structure, order, time, by, correlation, variables), Grouped(groups)


def _plain(node: Call) -> Call:
    """A correlation or variance function by the names of its arguments, none of which holds parameters or adds some."""
    named = node.named(*_PARAMETERS.get(node.function, ("value", "form")), "fixed")
    for key, value in named.arguments:
        if key in ("fixed", "nugget") and str(value) not in ("FALSE", "F"):
            raise value.piece.error(f"{key} = {value} cannot be read.", code="formula-argument", subject=key,
                                    advice="Leave it out.")  # fmt: skip
    return named


def _arma(node: Call) -> tuple[str, int]:
    orders = {}
    for key in ("p", "q"):
        value = node.argument(key)
        if value is not None and not isinstance(value, Number):
            raise value.piece.error(f"{key} must be a whole number.", code="formula-argument")
        orders[key] = int(value.value) if isinstance(value, Number) else 0
    if (orders["p"] == 0) == (orders["q"] == 0):
        raise node.piece.error("Of p and q of corARMA() one can be above 0.", code="formula-argument")
    return ("ar", orders["p"]) if orders["p"] else ("ma", orders["q"])


def _variances(node: Node, variables: Variables) -> str | None:
    if str(node) == "NULL":
        return None
    if isinstance(node, Call) and node.function == "varIdent":
        form = _plain(node).argument("form")
        if form is not None:
            _, right = _split(form)
            if right is not None:
                return variables.name(right)
    raise node.piece.error(f"{node} cannot be read as residual variances.", code="formula-argument",
                           advice="varIdent(form = ~ 1 | g) can.")  # fmt: skip


def _with_variances(
    structure: str, order: int | None, time: str | None, by: str | None, node: Call, variables: Variables
) -> Residuals:
    if structure == "unstructured":
        if by is None:
            raise node.piece.error("corSymm() alone has one variance for all times.", code="formula-argument",
                                   advice="Add weights = varIdent(form = ~ 1 | time).")  # fmt: skip
        if time is not None and time != by and not same_groups(variables.data, time, by):
            raise node.piece.error(
                f"corSymm() is by {time} and varIdent() by {by}, so that the variances are not those of the times.",
                code="formula-argument", advice=f"Write weights = varIdent(form = ~ 1 | {time}).",
            )  # fmt: skip
        return Residuals("unstructured", None, by)
    if by is not None:
        raise node.piece.error(
            f"{node.function}() with varIdent() has one correlation for several variances, as no residuals here have.",
            code="formula-argument", advice="Leave weights out, or use residuals(..., by(g)) with mixed.",
        )  # fmt: skip
    return Residuals(structure, order, time)
