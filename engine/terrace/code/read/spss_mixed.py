"""Syntax of SPSS MIXED as a model (IBM SPSS Statistics Command Syntax Reference, MIXED).

The last level of a factor is its reference in SPSS.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from terrace.code.read.groups import Effect, equations_of
from terrace.code.read.result import Made, Read
from terrace.data.dataset import Dataset
from terrace.language.grammar.names import Names
from terrace.language.grammar.tokens import Piece
from terrace.spec.model import DfMethod, Factor, ModelSpec, Residuals, Term

_TOKEN = re.compile(r"[^\W\d](?:[\w.$@#]*[\w$@#])?|\d+(?:\.\d+)?|[/=|()*,+.\[\]-]|\S")
# Of random effects VC has a variance for each term, DIAG one for each level of its factors, ID one for all.
_RANDOM = {"ID": "identity", "VC": "independent", "DIAG": "independent", "CS": "exchangeable", "CSR": "exchangeable",
           "UN": "unstructured", "UNR": "unstructured"}  # fmt: skip
_REPEATED = {"ID": "independent", "DIAG": "banded", "CS": "exchangeable", "CSR": "exchangeable", "AR1": "ar",
             "UN": "unstructured", "UNR": "unstructured", "TP": "toeplitz"}  # fmt: skip
_DF: dict[str, DfMethod] = {"SATTERTHWAITE": "satterthwaite", "KENWARDROGER": "kroger", "RESIDUAL": "residual"}
_IGNORED = ("PRINT", "CRITERIA", "MISSING", "EMMEANS", "SAVE", "TEST", "OUTFILE")


@dataclass
class _Model:
    """What the subcommands have said so far."""

    by: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    outcome: str = ""
    fixed: tuple[Term, ...] = ()
    constant: bool = True
    effects: list[Effect] = field(default_factory=list)
    method: Literal["ml", "reml"] = "reml"
    residuals: Residuals = field(default_factory=Residuals)
    repeated: tuple[str, ...] = ()
    df: DfMethod | None = None
    notes: dict[str, None] = field(default_factory=dict)


def is_spss(text: str) -> bool:
    """Whether a text can be MIXED of SPSS: it begins with that word and has subcommands."""
    begins = re.match(r"\s*MIXED\b[^|]*(/\s*[A-Za-z]|\bBY\b|\bWITH\b)", text, re.IGNORECASE)
    return begins is not None and "||" not in text


def read_spss(text: str | Piece, data: Dataset) -> Read:
    """The model of ``MIXED y BY a WITH x /FIXED=a x /RANDOM=INTERCEPT | SUBJECT(id) COVTYPE(VC)``.

    A `Piece` keeps the places of errors those of the whole command. Raises `CommandError` at the place that cannot be
    read, with what to do.
    """
    piece = (text if isinstance(text, Piece) else Piece.of(text)).strip()
    return _Reader(piece, data).read()


class _Reader:
    """Reads subcommands one after the other."""

    def __init__(self, piece: Piece, data: Dataset) -> None:
        self.data, self.names, self.piece = data, Names(data.names), piece
        self.model = _Model()
        self.made: dict[str, Made] = {}
        found = _TOKEN.finditer(piece.source, piece.start, piece.end)
        self.tokens = [piece.at(*m.span()) for m in found]
        if self.tokens and str(self.tokens[-1]) == ".":
            self.tokens.pop()

    def read(self) -> Read:
        parts = self.parts()
        self.head(parts[0])
        for part in sorted(parts[1:], key=lambda p: str(p[0]).upper() == "REPEATED"):  # which says of levels by then
            self.subcommand(part)
        m = self.model
        equations = equations_of(m.effects, self.data, self.group, m.repeated)
        spec = ModelSpec(Factor(m.outcome), m.fixed, equations, m.constant, method=m.method, residuals=m.residuals,
                         df_method=m.df)  # fmt: skip
        if m.df in ("satterthwaite", "kroger") and m.method == "ml":
            spec = replace(spec, df_method=None)
        return Read(spec, tuple(self.made.values()), tuple(m.notes))

    def parts(self) -> list[list[Piece]]:
        """The tokens of each subcommand."""
        out: list[list[Piece]] = [[]]
        for token in self.tokens:
            if str(token) == "/":
                out.append([])
            else:
                out[-1].append(token)
        if not out[0] or str(out[0][0]).upper() != "MIXED":
            raise self.piece.error("The syntax begins with MIXED.", code="syntax")
        return [out[0], *(p for p in out[1:] if p)]

    def variable(self, token: Piece) -> str:
        """A variable, in whatever case it is written: SPSS does not tell cases apart."""
        typed = str(token)
        exact = [n for n in self.data.names if n == typed] or [n for n in self.data.names if n.lower() == typed.lower()]
        return exact[0] if len(exact) == 1 else self.names.one(token)

    def group(self, names: Sequence[str]) -> str:
        """The name of a variable of the combinations of variables."""
        of = " ".join(names)
        name = "_".join(names)[:30]
        while name in self.data:
            name += "_"
        self.made[of] = Made(name, "group", of)
        return name

    def head(self, tokens: list[Piece]) -> None:
        """``MIXED y BY a b WITH x``."""
        if len(tokens) < 2:
            raise self.piece.error("The outcome is missing after MIXED.", code="syntax")
        lists: dict[str, list[str]] = {"BY": [], "WITH": []}
        into: list[str] | None = None
        for token in tokens[2:]:
            word = str(token).upper()
            if word in lists:
                into = lists[word]
            elif into is None:
                raise token.error("MIXED takes one outcome, then BY and WITH.", code="syntax")
            elif word != ",":
                into.append(self.variable(token))
        self.model.outcome = self.variable(tokens[1])
        self.model.by, self.model.covariates = tuple(lists["BY"]), tuple(lists["WITH"])

    def subcommand(self, tokens: list[Piece]) -> None:
        word, rest = str(tokens[0]).upper(), tokens[1:]
        if rest and str(rest[0]) == "=":
            rest = rest[1:]
        before, after = _barred(rest)
        if word == "FIXED":
            options = {str(t).upper() for t in after}
            self.model.constant = "NOINT" not in options
            self.model.fixed = self.terms(before, keep_last=not self.model.constant)
        elif word == "RANDOM":
            self.random(before, after, tokens[0])
        elif word == "REPEATED":
            self.repeated(before, after, tokens[0])
        elif word == "METHOD":
            self.model.method = "ml" if before and str(before[0]).upper() == "ML" else "reml"
        elif word == "CRITERIA":
            found = [_DF.get(str(b).upper()) for a, b in pairwise([t for t in rest if str(t) != "("])
                     if str(a).upper() == "DFMETHOD"]  # fmt: skip
            self.model.df = found[0] if found else self.model.df
        elif word == "REGWGT":
            raise tokens[0].error(
                "REGWGT has precision weights, which mixed models here do not have.", code="weight-kind",
                advice="Leave it out, or use [pweight=...] with mixed.",
            )  # fmt: skip
        elif word == "MISSING" and any(str(t).upper() == "INCLUDE" for t in rest):
            raise tokens[0].error("Values that stand for missing cannot be included.", code="syntax",
                                  advice="Leave MISSING out.")  # fmt: skip
        elif not any(known.startswith(word) for known in _IGNORED):
            raise tokens[0].error(f"The subcommand {tokens[0]} cannot be read.", code="syntax", advice="Leave it out.")

    # --- terms ------------------------------------------------------------------------------------------
    def terms(self, tokens: list[Piece], *, keep_last: bool = False) -> tuple[Term, ...]:
        """Terms such as ``a x a*x``; without the constant SPSS keeps all levels of the first factor."""
        out: list[Term] = []
        whole = keep_last
        for part in _products(tokens):
            factors = tuple(self.factor(t) for t in part)
            if whole and len(factors) == 1 and factors[0].kind == "factor":
                factors, whole = (replace(factors[0], base="none"),), False
            out.append(Term(factors))
        return tuple(out)

    def factor(self, token: Piece) -> Factor:
        name = self.variable(token)
        if name in self.model.by:
            return Factor(name, "factor", base="last")
        if name not in self.model.covariates:
            raise token.error(f"{name} is neither after BY nor after WITH.", code="syntax", subject=name,
                              advice="Add it there: BY for a factor, WITH for a number.")  # fmt: skip
        return Factor(name)

    def random(self, before: list[Piece], after: list[Piece], place: Piece) -> None:
        subject, kind = self.options(after)
        kind = kind or "VC"
        structure = self.structure(kind, _RANDOM)
        constant = any(str(t).upper() == "INTERCEPT" for t in before)
        terms = self.terms([t for t in before if str(t).upper() != "INTERCEPT"])
        apart = kind == "VC" or (kind == "ID" and len(terms) + constant == 1)  # a variance for each term
        if not subject:
            if not apart:
                raise place.error(f"RANDOM without SUBJECT cannot have COVTYPE({kind}) here.", code="syntax",
                                  advice="Use VC, or add SUBJECT(id) after |.")  # fmt: skip
            self.crossed(terms, constant, place)
        elif apart:
            self.model.effects += self.apart(subject, terms, constant, place)
        else:
            whole = tuple(map(_with_all_levels, terms))
            self.model.effects.append(Effect(subject, whole, constant, structure, place))

    def apart(self, subject: tuple[str, ...], terms: tuple[Term, ...], constant: bool, place: Piece) -> list[Effect]:
        """Effects within subjects with one variance for each term; a factor has an effect for each level."""
        out, plain = [], []
        for term in terms:
            kinds = {f.kind for f in term.factors}
            if kinds == {"factor"}:
                out.append(Effect((*subject, *(f.name for f in term.factors)), (), True, "identity", place))
            elif kinds == {"continuous"}:
                plain.append(term)
            else:
                out.append(Effect(subject, (_with_all_levels(term),), False, "identity", place))
        if plain or constant:
            out.append(Effect(subject, tuple(plain), constant, "independent", place))
        return out

    def crossed(self, terms: tuple[Term, ...], constant: bool, place: Piece) -> None:
        """``/RANDOM=worker machine`` without subjects: an intercept for each level."""
        if constant or any(f.kind != "factor" for t in terms for f in t.factors):
            raise place.error("RANDOM without SUBJECT takes factors alone.", code="syntax",
                              advice="Add SUBJECT(id) after |.")  # fmt: skip
        self.model.effects += [Effect(tuple(f.name for f in t.factors), (), True, "identity", place) for t in terms]

    def repeated(self, before: list[Piece], after: list[Piece], place: Piece) -> None:
        subject, kind = self.options(after)
        structure = self.structure(kind or "DIAG", _REPEATED)
        if not subject:
            raise place.error("REPEATED needs SUBJECT().", code="syntax", advice="Write REPEATED=time | SUBJECT(id).")
        times = [self.variable(t) for t in before if str(t) != "*"]
        self.model.repeated = subject
        if structure == "independent" or kind == "ID":
            self.model.repeated = ()
            return
        if structure == "exchangeable":
            self.model.residuals = Residuals("exchangeable")
            return
        if len(times) != 1:
            raise place.error("REPEATED needs one variable for the times.", code="syntax",
                              advice="Make one of their combinations: egen time = group(a b).")  # fmt: skip
        order = {"ar": 1, "banded": 0}.get(structure)
        if structure in ("ar", "toeplitz"):
            self.model.notes["SPSS counts times by their order; here they count by their values."] = None
        self.model.residuals = Residuals(structure, order, times[0])

    def structure(self, kind: str, known: dict[str, str]) -> str:
        if kind in known:
            return known[kind]
        place = next(t for t in self.tokens if str(t).upper() == kind)
        raise place.error(f"The structure {place} cannot be read here.", code="syntax",
                          advice=f"These can: {', '.join(known)}.")  # fmt: skip

    def options(self, tokens: list[Piece]) -> tuple[tuple[str, ...], str]:
        """SUBJECT() and COVTYPE() of RANDOM and REPEATED."""
        subject: tuple[str, ...] = ()
        kind = ""
        at = 0
        while at < len(tokens):
            word = str(tokens[at]).upper()
            if at + 1 >= len(tokens) or str(tokens[at + 1]) != "(":
                raise tokens[at].error(f"{tokens[at]} is not expected here.", code="syntax")
            end = next((k for k in range(at, len(tokens)) if str(tokens[k]) == ")"), None)
            if end is None:
                raise tokens[at + 1].error("This ( is not closed.", code="brackets")
            inside = [t for t in tokens[at + 2 : end] if str(t) not in "*,"]
            if "SUBJECT".startswith(word) and len(word) >= 3:
                subject = tuple(self.variable(t) for t in inside)
            elif word == "COVTYPE":
                kind = str(inside[0]).upper() if inside else ""
            elif word not in ("SOLUTION", "TYPE"):
                raise tokens[at].error(f"{tokens[at]} is not expected here.", code="syntax",
                                       advice="Use SUBJECT() and COVTYPE() after |.")  # fmt: skip
            at = end + 1
        return subject, kind


def _with_all_levels(term: Term) -> Term:
    return Term(tuple(replace(f, base="none") if f.kind == "factor" else f for f in term.factors))


def _barred(tokens: list[Piece]) -> tuple[list[Piece], list[Piece]]:
    at = next((k for k, t in enumerate(tokens) if str(t) == "|"), len(tokens))
    return tokens[:at], tokens[at + 1 :]


def _products(tokens: list[Piece]) -> list[list[Piece]]:
    """Variables joined by ``*`` (or ``BY``), apart from others."""
    out: list[list[Piece]] = []
    joined = False
    for token in tokens:
        if str(token) in ("*",) or str(token).upper() == "BY":
            joined = True
        elif str(token) == ",":
            continue
        elif joined and out:
            out[-1].append(token)
            joined = False
        else:
            out.append([token])
            joined = False
    return out
