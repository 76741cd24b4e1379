"""Formulas and calls of R as models: ``y ~ x + (x | g)``, ``lmer(...)``, ``lme(...)``, ``gls(...)``.

The grammar is that of lme4 (Bates et al. 2015, table 2) and, inside `lme` and `gls`, of nlme (Pinheiro & Bates 2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from terrace.code.read.groups import Effect, equations_of
from terrace.code.read.nlme_call import Grouped, grouped_random, residuals_of
from terrace.code.read.r_syntax import Binary, Call, Inside, Name, Node, Unary, parse_r
from terrace.code.read.r_terms import ORTHOGONAL, RAW, Formula, Terms
from terrace.code.read.r_variables import Variables
from terrace.code.read.result import Read
from terrace.data.dataset import Dataset
from terrace.language.grammar.tokens import Piece
from terrace.spec.model import Factor, ModelSpec, Residuals

CALLS = {
    "lmer": ("formula", "data", "REML", "control", "start", "verbose", "subset", "weights"),
    "lme": ("fixed", "data", "random", "correlation", "weights", "subset", "method"),
    "gls": ("model", "data", "correlation", "weights", "subset", "method"),
    "glmmTMB": ("formula", "data", "family"),
    "lm": ("formula", "data", "subset", "weights"),
}
"""The calls that can be read, with their first arguments in R's order."""
_IGNORED = {
    "data", "control", "na.action", "verbose", "start", "contrasts", "model", "x", "y", "keep.data", "devFunOnly",
}  # fmt: skip
_GAUSSIAN = ("gaussian", "gaussian()", '"gaussian"', "'gaussian'")


def is_formula(text: str) -> bool:
    """Whether a text can be a formula or a call of R: it has a tilde outside quotation marks."""
    outside = "".join(text.split('"')[::2])
    return "~" in outside


def read_r(text: str | Piece, data: Dataset, *, method: Literal["ml", "reml"] = "reml") -> Read:
    """The model of a formula of lme4, or of a call of `lmer`, `lme`, `gls`, `glmmTMB` or `lm`.

    Parameters
    ----------
    text
        What was typed; a `Piece` keeps the places of errors those of the whole command.
    data
        The data that the formula is about: which variables are factors, and which groups lie in which.
    method
        The likelihood where the text is a formula alone; REML as in lme4.

    Raises
    ------
    CommandError
        At the place that cannot be read, with what to do.
    """
    piece = (text if isinstance(text, Piece) else Piece.of(text)).strip()
    root = parse_r(piece)
    if isinstance(root, Binary) and root.operator == "<-":
        root = root.right
    reader = _Reader(data)
    if isinstance(root, Call) and root.function in CALLS:
        return reader.call(root)
    if isinstance(root, Call) and root.function not in ("log", "scale"):
        raise root.piece.at(root.piece.start, root.piece.start + len(root.function)).error(
            f"The call {root.function}() cannot be read.", code="formula-call",
            advice="Paste a formula, or a call of lmer, lme, gls, glmmTMB or lm.",
        )  # fmt: skip
    return reader.model(root, method)


class _Reader:
    """Puts a model together from its parts."""

    def __init__(self, data: Dataset) -> None:
        self.data = data
        self.variables = Variables(data)
        self.formula = Formula(self.variables)

    def call(self, call: Call) -> Read:
        formals = CALLS[call.function]
        call = call.named(*formals)
        known = {*formals, "family", *(["REML"] if call.function == "glmmTMB" else []), *_IGNORED}
        for key, value in call.arguments:
            if key not in known:
                raise value.piece.error(f"The argument {key or value} of {call.function}() cannot be read.",
                                        code="formula-argument", subject=key, advice="Leave it out.")  # fmt: skip
        family = call.argument("family")
        if family is not None and "".join(str(family).split()) not in _GAUSSIAN:
            raise family.piece.error(f"The family {family} cannot be fitted: models here are for normal residuals.",
                                     code="formula-argument", subject="family")  # fmt: skip
        formula = call.argument(formals[0])
        if formula is None:
            raise call.piece.error(f"{call.function}() has no formula.", code="formula-call")
        if call.function in ("lmer", "glmmTMB", "lm"):
            weights = call.argument("weights")
            if weights is not None:
                raise weights.piece.error(
                    "Weights of lmer() are precision weights, which mixed models here do not have.",
                    code="weight-kind", subject="weights", advice="Use [fweight=...] or [pweight=...] with mixed.",
                )  # fmt: skip
        read = self.model(formula, self.method(call), call)
        subset = call.argument("subset")
        if subset is not None:
            condition = self.variables.condition(subset)
            read = replace(read, spec=replace(read.spec, condition=condition))
        return read

    def method(self, call: Call) -> Literal["ml", "reml"]:
        key = "method" if call.function in ("lme", "gls") else "REML"
        given = call.argument(key)
        if given is None:
            return "ml" if call.function in ("glmmTMB", "lm") else "reml"
        text = str(given).strip("\"'")
        if text in ("REML", "TRUE", "T", "1"):
            return "reml"
        if text in ("ML", "FALSE", "F", "0"):
            return "ml"
        raise given.piece.error(f"{key} cannot be {given}.", code="formula-argument", subject=key,
                                advice='Write method = "REML" or method = "ML".' if key == "method" else
                                "Write REML = TRUE or REML = FALSE.")  # fmt: skip

    def model(self, node: Node, method: Literal["ml", "reml"], call: Call | None = None) -> Read:
        if not isinstance(node, Binary) or node.operator != "~":
            where = node.operand if isinstance(node, Unary) else node
            raise where.piece.error("The outcome and ~ are missing.", code="formula-tilde",
                                    advice="Write y ~ x + (x | g).")  # fmt: skip
        found = self.formula.read(node.right)
        outcome = self.outcome(node.left, found.offsets)
        fixed = self.formula.terms(found)
        if any(f.name == outcome.name for t in fixed for f in t.factors):
            raise node.right.piece.error(f"The outcome {outcome.name} is also on the right side.",
                                         code="outcome-twice", subject=outcome.name)  # fmt: skip
        effects = [e for bar in found.bars for e in self.effects(bar)]
        residuals, within = Residuals(), Grouped()
        if call is not None and call.function in ("lme", "gls"):
            effects += self.nlme_effects(call)
            residuals, within = residuals_of(call, self.variables, effects[-1].groups if effects else ())
        equations = equations_of(effects, self.data, self.make_group, within.groups)
        spec = ModelSpec(outcome, fixed, equations, found.constant, method=method, residuals=residuals)
        return Read(spec, tuple(self.variables.made.values()), tuple(self.variables.notes))

    def make_group(self, names: Sequence[str]) -> str:
        return self.variables.make("group", " ".join(names), "_".join(names))

    def outcome(self, node: Node, offsets: list[Node]) -> Factor:
        """The outcome, less the offsets: their coefficient is 1."""
        if offsets:
            parts = [self.variables.expression(node), *(f"({self.variables.expression(o)})" for o in offsets)]
            name = self.variables.make("generate", " - ".join(parts), f"{node}_less_offset")
            self.variables.notes[f"The offset is taken from the outcome: {name}."] = None
            return Factor(name)
        if isinstance(node, Name):
            return Factor(self.variables.name(node))
        if isinstance(node, Inside):
            return self.outcome(node.node, [])
        if isinstance(node, Binary) and node.operator == "$":
            return Factor(self.variables.name(node.right))
        if isinstance(node, Call) and node.function in ("scale", "as.numeric"):
            return self.variables.choices(node)[0][0]
        return Factor(self.variables.generated(node))

    # --- random effects ---------------------------------------------------------------------------------
    def effects(self, bar: Binary) -> list[Effect]:
        """The random effects of ``(x | a/b)``."""
        found = self.formula.read(bar.left)
        if found.bars or found.offsets:
            raise bar.left.piece.error("Only variables go before the bar.", code="formula-bars")
        out = []
        for groups in self.groupings(bar.right):
            if bar.operator == "|":
                out.append(self.effect(found, groups, bar))
            else:
                out += self.separate(found, groups, bar)
        return out

    def effect(self, found: Terms, groups: tuple[str, ...], bar: Binary) -> Effect:
        terms = self.formula.terms(found)
        if not terms and not found.constant:
            raise bar.left.piece.error("There is no random effect before the bar.", code="formula-bars",
                                       advice="Write (1 | g) for a random intercept.")  # fmt: skip
        return Effect(groups, terms, found.constant, "unstructured", bar.piece)

    def separate(self, found: Terms, groups: tuple[str, ...], bar: Binary) -> list[Effect]:
        """The effects of ``(x || g)``: each term by itself, all of its columns together, as lme4 has it."""
        out = [Effect(groups, (), True, "independent", bar.piece)] if found.constant else []
        for atoms in found.terms.values():
            alone = Terms({frozenset(atoms): atoms}, constant=False)
            terms = self.formula.terms(alone)
            whole = len(terms) > 1 or any(f.kind == "factor" for t in terms for f in t.factors)
            out.append(Effect(groups, terms, False, "unstructured" if whole else "independent", bar.piece))
        return out

    def groupings(self, node: Node) -> list[tuple[str, ...]]:
        """What stands behind the bar: ``a/b`` are the groups of a and those of a and b."""
        match node:
            case Inside():
                return self.groupings(node.node)
            case Binary() if node.operator == "/":
                left = self.groupings(node.left)
                return [*left, *((*left[-1], *g) for g in self.groupings(node.right))]
            case Binary() if node.operator in (":", "*"):
                if node.operator == "*":
                    raise node.piece.error("a*b cannot come after the bar.", code="formula-bars",
                                           advice="Write (1 | a) + (1 | b) + (1 | a:b).")  # fmt: skip
                return [(*a, *b) for a in self.groupings(node.left) for b in self.groupings(node.right)]
            case Binary() if node.operator == "+":
                return [*self.groupings(node.left), *self.groupings(node.right)]
            case Call() if node.function == "interaction" and node.arguments:
                return [tuple(self.variables.name(v) for _, v in node.arguments)]
        return [(self.variables.name(node),)]

    def nlme_effects(self, call: Call) -> list[Effect]:
        random = call.argument("random")
        if random is None:
            if call.function == "lme":
                raise call.piece.error("lme() has no random effects here.", code="formula-argument",
                                       advice="Write random = ~ 1 | g.")  # fmt: skip
            return []
        out = []
        for one in grouped_random(random, self.variables):
            found = self.formula.read(one.formula)
            if one.covariance != "unstructured" and self.formula.orthogonal(found):
                raise one.formula.piece.error(ORTHOGONAL, code="formula-poly", advice=RAW)
            effect = self.effect(found, one.groups, Binary(random.piece, "|", one.formula, one.formula))
            out.append(replace(effect, covariance=one.covariance))
        return out


