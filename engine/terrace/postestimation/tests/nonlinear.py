"""Nonlinear functions of the parameters with exact first derivatives, for the delta method."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from terrace.design.estimability import excess, excess_width, null_shift
from terrace.errors import DataError
from terrace.inference.parameters import estmetric, sd_metric
from terrace.inference.stored_names import stored_names
from terrace.inference.tests import WaldTest, wald
from terrace.language.expressions.parsing import parse_expression
from terrace.language.expressions.tree import Binary, Call, Coefficient, Name, Node, Number, Stored, Unary
from terrace.language.grammar.tokens import Piece
from terrace.postestimation.tests import coefficients
from terrace.postestimation.tests.combinations import Estimate, covariance, infer, need_small
from terrace.postestimation.tests.notestimable import unsettled_note, why_not
from terrace.results.advice_covariance import some
from terrace.results.fit import FitResult
from terrace.statistics.distributions import f_upper

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Dual:
    """A number with its gradient in all parameters: β (p), covariance parameters in the variance metric (k), and the
    coefficients of `Design.lost` (q), which are 0 and have no variance."""

    value: float
    slope: FloatArray


# name: (function, derivative)
FUNCTIONS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "exp": (math.exp, math.exp),
    "ln": (math.log, lambda x: 1 / x),
    "log": (math.log, lambda x: 1 / x),
    "log10": (math.log10, lambda x: 1 / (x * math.log(10))),
    "sqrt": (math.sqrt, lambda x: 0.5 / math.sqrt(x)),
    "abs": (abs, lambda x: math.copysign(1.0, x)),
    "sin": (math.sin, math.cos),
    "cos": (math.cos, lambda x: -math.sin(x)),
    "tan": (math.tan, lambda x: 1 + math.tan(x) ** 2),
    "atan": (math.atan, lambda x: 1 / (1 + x * x)),
    "tanh": (math.tanh, lambda x: 1 - math.tanh(x) ** 2),
    "atanh": (math.atanh, lambda x: 1 / (1 - x * x)),
    "sinh": (math.sinh, math.cosh),
    "cosh": (math.cosh, math.sinh),
    "invlogit": (lambda x: 1 / (1 + math.exp(-x)), lambda x: math.exp(-x) / (1 + math.exp(-x)) ** 2),
    "logit": (lambda p: math.log(p / (1 - p)), lambda p: 1 / (p * (1 - p))),
    "normal": (
        lambda x: 0.5 * math.erfc(-x / math.sqrt(2)),
        lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    ),
    "normalden": (
        lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi),
        lambda x: -x * math.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    ),
}


def nonlinear_estimates(
    fit: FitResult,
    pieces: Sequence[Piece],
    *,
    level: float,
    small: bool = False,
    scalars: Mapping[str, float] | None = None,
) -> tuple[Estimate, ...]:
    """Value and delta-method inference of each expression."""
    if small:
        need_small(fit)
    model = fit.model
    p = len(model.beta)
    vcov = _vcov(fit, small)
    out = []
    for piece in pieces:
        dual = evaluate(fit, piece, scalars or {})
        if excess_at(fit, piece, scalars or {}).any():
            out.append(Estimate(None))
            continue
        variance = float(dual.slope @ vcov @ dual.slope)
        covariances = slice(p, p + len(model.natural.values))
        own = np.flatnonzero(dual.slope[covariances])
        known = model.natural.knows(dual.slope[covariances])
        df = None
        if small and not own.size and dual.slope.any():
            assert model.small is not None
            df, _ = model.small.ddf(dual.slope[:p])
        out.append(infer(dual.value, math.sqrt(variance) if variance > 0 and known else None, level, df))
    return tuple(out)


def differences(
    fit: FitResult, pairs: Sequence[tuple[Piece, Piece]], *, small: bool, scalars: Mapping[str, float]
) -> WaldTest | None:
    """The Wald test that the two sides of each pair are equal, at the delta method's covariance.

    None where one of the differences cannot be estimated.
    """
    vcov = _vcov(fit, small)
    if any(excess_at(fit, a, scalars, b).any() for a, b in pairs):
        return None
    sides = [(evaluate(fit, a, scalars), evaluate(fit, b, scalars)) for a, b in pairs]
    g = np.array([a.value - b.value for a, b in sides])
    slopes = np.array([a.slope - b.slope for a, b in sides])
    test = wald(g, slopes @ vcov @ slopes.T, np.eye(len(g)))
    p = len(fit.model.beta)
    if not small or not test.rank or np.any(slopes[:, p : p + len(fit.model.natural.values)]):
        return test
    from terrace.postestimation.tests.combinations import full_rank

    assert fit.model.small is not None
    ddf, scale = fit.model.small.ddf(full_rank(slopes[:, :p])[0])
    if ddf is None or not ddf > 0:
        return test
    f = scale * test.chi2 / test.rank
    return WaldTest(test.chi2, test.rank, f_upper(f, test.rank, ddf), f, ddf)


def _vcov(fit: FitResult, small: bool) -> FloatArray:
    """Covariance of all parameters of a `Dual`."""
    p, k, q = len(fit.model.beta), len(fit.model.natural.values), len(fit.model.design.lost)
    vcov = np.zeros((p + k + q, p + k + q))
    vcov[:p, :p] = covariance(fit, small)
    vcov[p : p + k, p : p + k] = fit.model.natural.vcov
    return vcov


def excess_at(
    fit: FitResult, piece: Piece, scalars: Mapping[str, float], less: Piece | None = None
) -> FloatArray:
    """The excess (2, q + k) of the gradient of an expression (`less` another one), zero where it can be estimated, with
    a further column that is 1 where it depends on covariance parameters that are not identified.

    Where columns were left out, β and their coefficients γ are determined up to a shift (β - Bt, t). The gradient is
    taken at the estimates and after such a shift: at the estimates γ is 0, where that of γ² vanishes.
    """
    model = fit.model
    design, natural = model.design, model.natural
    width = excess_width(design)
    if not width and not natural.confounded:
        return np.zeros((2, 0))
    shift = null_shift(design, float(np.sqrt(np.diag(covariance(fit))).max(initial=1.0)))
    other = replace(fit, held=replace(model, natural=natural.elsewhere())) if natural.confounded else fit
    out = []
    for where, at in ((fit, None), (other, shift)):
        try:
            dual = evaluate(where, piece, scalars, shift=at)
            slope = dual.slope if less is None else dual.slope - evaluate(where, less, scalars, shift=at).slope
        except DataError:
            if at is None:
                raise
            return np.ones((2, width + 1))  # a value that such a shift takes away is not determined
        p, q = len(model.beta), len(design.lost)
        own = slope[p : p + len(natural.values)]
        parts = excess(design, slope[None, :p], slope[None, len(slope) - q :])[0]
        out.append(np.append(parts, float(not natural.determines(own))))
    return np.array(out)


def why_no_value(
    fit: FitResult, piece: Piece, scalars: Mapping[str, float], less: Piece | None = None
) -> tuple[str, ...]:
    """The notes on an expression (`less` another one) that cannot be estimated; none where it can."""
    parts = excess_at(fit, piece, scalars, less)
    width = excess_width(fit.model.design)
    notes = why_not(fit, parts[:, :width])
    if parts[:, width:].any() and unsettled_note(fit) not in notes:
        unknown = [r.name for r in fit.random if not r.identified]
        notes += (f"Not estimable: it needs what these data do not identify ({some(unknown)}).",)
    return notes


def joint_estimates(
    fit: FitResult, pieces: Sequence[Piece], *, small: bool = False, scalars: Mapping[str, float] | None = None
) -> tuple[FloatArray, FloatArray]:
    """Values (k,) of several expressions with their covariance (k, k) by the delta method; NaN for what cannot be
    estimated."""
    found = [evaluate(fit, p, scalars or {}) for p in pieces]
    slopes = np.array([d.slope for d in found])
    values, vcov = np.array([d.value for d in found]), slopes @ _vcov(fit, small) @ slopes.T
    gone = np.array([excess_at(fit, p, scalars or {}).any() for p in pieces])
    values[gone] = vcov[gone] = vcov[:, gone] = np.nan
    return values, vcov


def evaluate(
    fit: FitResult, piece: Piece, scalars: Mapping[str, float], *, shift: tuple[FloatArray, FloatArray] | None = None
) -> Dual:
    """The value of an expression at the estimates, with its gradient.

    ``shift`` moves β (p,) and the coefficients of `Design.lost` (q,). Raises `CommandError` for what is no number,
    `DataError` where the value does not exist (ln of -1).
    """
    root = parse_expression(piece).root
    try:
        out = _Evaluator(fit, scalars, shift).of(root)
    except (ArithmeticError, ValueError):
        raise DataError(
            f"{str(piece).strip()} has no value at the estimates.",
            code="no-value",
            advice="It divides by zero, or takes the logarithm or root of a negative number.",
        ) from None
    if not math.isfinite(out.value) or not np.all(np.isfinite(out.slope)):
        raise DataError(f"{str(piece).strip()} has no finite value at the estimates.", code="no-value")
    return out


class _Evaluator:
    def __init__(
        self, fit: FitResult, scalars: Mapping[str, float], shift: tuple[FloatArray, FloatArray] | None = None
    ) -> None:
        self.fit, self.scalars = fit, scalars
        self.beta, self.lost = fit.model.beta, np.zeros(len(fit.model.design.lost))
        if shift is not None:
            self.beta, self.lost = self.beta + shift[0], shift[1]
        self.p = len(self.beta)
        self.covariances = slice(self.p, self.p + len(fit.model.natural.values))
        self.size = self.covariances.stop + len(self.lost)

    def number(self, value: float) -> Dual:
        return Dual(float(value), np.zeros(self.size))

    def of(self, node: Node) -> Dual:
        if isinstance(node, Number):
            return self.number(node.value)
        if isinstance(node, Coefficient):
            return self.coefficient(node)
        if isinstance(node, Name):
            return self.name(node)
        if isinstance(node, Stored):
            value = self.fit.scalars.get(node.name) if node.kind == "e" else None
            if value is None:
                raise node.piece.error(f"There is no number {node.piece}.", code="no-such-result")
            return self.number(value)
        if isinstance(node, Unary) and node.operator in "+-":
            inner = self.of(node.operand)
            return inner if node.operator == "+" else Dual(-inner.value, -inner.slope)
        if isinstance(node, Binary) and node.operator in "+-*/^":
            return self.binary(node)
        if isinstance(node, Call):
            return self.call(node)
        raise node.piece.error(
            f"{node.piece} cannot be used in a combination of coefficients.",
            code="syntax",
            advice="Use numbers, _b[name], + - * / ^ and functions such as exp() and ln().",
        )

    def binary(self, node: Binary) -> Dual:
        a, b = self.of(node.left), self.of(node.right)
        if node.operator == "+":
            return Dual(a.value + b.value, a.slope + b.slope)
        if node.operator == "-":
            return Dual(a.value - b.value, a.slope - b.slope)
        if node.operator == "*":
            return Dual(a.value * b.value, a.slope * b.value + b.slope * a.value)
        if node.operator == "/":
            return Dual(a.value / b.value, (a.slope - b.slope * (a.value / b.value)) / b.value)
        value = a.value**b.value
        if isinstance(value, complex):
            raise ValueError
        slope = np.zeros(self.size)
        if a.slope.any():
            slope = slope + b.value * a.value ** (b.value - 1) * a.slope
        if b.slope.any():
            slope = slope + value * math.log(a.value) * b.slope
        return Dual(value, slope)

    def call(self, node: Call) -> Dual:
        known = FUNCTIONS.get(node.name)
        if known is None or len(node.arguments) != 1:
            raise node.piece.error(
                f"{node.name}() is not a function of one number that nlcom offers.",
                code="no-such-function",
                advice="There are " + ", ".join(sorted(FUNCTIONS)) + ".",
            )
        x = self.of(node.arguments[0])
        return Dual(known[0](x.value), known[1](x.value) * x.slope)

    def name(self, node: Name) -> Dual:
        if node.name in ("_pi", "c(pi)"):
            return self.number(math.pi)
        if node.name in self.scalars:
            return self.number(self.scalars[node.name])
        return self.fixed(node.piece)

    def fixed(self, piece: Piece) -> Dual:
        row, lost = coefficients.rows(self.fit, coefficients.find(self.fit, piece))
        slope = np.zeros(self.size)
        slope[: self.p], slope[self.covariances.stop :] = row, lost
        return Dual(float(row @ self.beta + lost @ self.lost), slope)

    def coefficient(self, node: Coefficient) -> Dual:
        if node.kind == "se":
            dual = self.fixed(Piece.of(node.term))
            v = covariance(self.fit)
            row = dual.slope[: self.p]
            return self.number(math.sqrt(float(row @ v @ row)))
        found = self.parameter(node.term, node.piece)
        return found if found is not None else self.fixed(Piece.of(node.term))

    def stored(self, k: int) -> Dual:
        """The k-th covariance parameter in the metric of e(b)."""
        values, _, _ = estmetric(self.fit.model.layout, self.fit.model.natural)
        slope = np.zeros(self.size)
        slope[self.covariances] = _slopes(self.fit, 2)[k]
        return Dual(float(values[k]), slope)

    def parameter(self, term: str, piece: Piece) -> Dual | None:
        """A covariance parameter in any metric: ``var(_cons)``, ``id:sd(week)``, ``lns1_1_1:_cons``."""
        model = self.fit.model
        stored = stored_names(model.design, model.layout)
        plain = term.removesuffix(":_cons")
        if plain in stored:
            return self.stored(stored.index(plain))
        if further := re.fullmatch(r"lnsig_e(\d+)", plain):  # the residual SD of a further group, stored as a ratio
            ratio = f"r_lns{further[1]}ose"
            if ratio in stored:
                a, b = self.stored(stored.index(ratio)), self.stored(stored.index("lnsig_e"))
                return Dual(a.value + b.value, a.slope + b.slope)
        term = term.removeprefix("/")  # as Stata writes what stands outside of equations
        if "(" not in term and term not in [c.name for c in model.layout]:
            return None
        natural = model.natural
        k = len(natural.values)
        sd_values, _, _ = sd_metric(model.layout, natural)
        est_values, _, est_names = estmetric(model.layout, natural)
        metrics = (
            ([r.name for r in self.fit.random], natural.values),
            ([r.name for r in self.fit.random_sd], sd_values),
            (est_names, est_values),
        )
        levels = [r.level for r in self.fit.random]
        for metric, (names, values) in enumerate(metrics):
            hits = [i for i, n in enumerate(names) if term in (n, f"{levels[i]}:{n}")]
            if len(hits) > 1:
                raise piece.error(
                    f"{term} matches parameters of several levels.",
                    code="several-coefficients",
                    advice=f"Add the level: {levels[hits[0]]}:{term}.",
                )
            if hits:
                slope = np.zeros(self.size)
                slope[self.covariances] = _slopes(self.fit, metric)[hits[0]] if metric else np.eye(k)[hits[0]]
                return Dual(float(values[hits[0]]), slope)
        raise piece.error(
            f"There is no parameter {term!r} in this model.",
            code="no-such-coefficient",
            subject=term,
            advice="There are " + ", ".join(f"{lv}:{r.name}" for lv, r in zip(levels, self.fit.random)) + ".",
        )


def _slopes(fit: FitResult, metric: int) -> FloatArray:
    """Jacobian (k, k) of the SD (1) or the stored (2) metric in the variance metric."""
    model = fit.model
    k = len(model.natural.values)
    convert = sd_metric if metric == 1 else estmetric
    out = np.zeros((k, k))
    for j in range(k):
        # the metrics turn V into JVJ'; with V = e_j e_j' that is the square of column j, whose own entry is > 0
        unit = np.zeros((k, k))
        unit[j, j] = 1.0
        natural = replace(model.natural, relative=unit / np.outer(model.natural.unit, model.natural.unit))
        _, v, _ = convert(model.layout, natural)
        if v[j, j] > 0:
            out[:, j] = v[:, j] / math.sqrt(v[j, j])
    return out
