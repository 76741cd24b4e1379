"""Advice on a fit in the words of a page: ``The correlation of SES and intercept`` for ``corr(ses,_cons)``.

Output of commands keeps the names that commands use (`Advice` has these). Whatever shows a fit to be read, cards and
reports, says what parameters are called, with the labels of its tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from terrace.results.fit import Advice, FitResult
from terrace.results.tables_terms import effect_words, labelled, term_name
from terrace.wording import enumerated

_WHAT = {"var": "variance", "sd": "standard deviation", "cov": "covariance", "corr": "correlation"}
_PARAMETER = re.compile(r"(?<!variance )(?<![\w:.])(var|sd|cov|corr)\(([^()]*)\)")
_LEVEL = re.compile(r"\bat level ([^\s,;:]*[^\s,;:.])")
_CONSTANT = re.compile(r"(?<![\w|(,.])_cons\b")


def advice_in_words(fit: FitResult, labels: Mapping[str, str] | None = None) -> tuple[Advice, ...]:
    """The warnings of a fit; codes and subjects stay those of the engine."""
    if not fit.warnings:  # of most fits; their pages and searches ask again and again
        return ()
    called = labels or {}
    terms = _terms(fit, called)
    return tuple(
        replace(w, message=in_words(w.message, called, terms), advice=in_words(w.advice, called, terms))
        for w in fit.warnings
    )


def in_words(text: str, labels: Mapping[str, str], terms: Mapping[str, str] | None = None) -> str:
    """A sentence with parameters by what they are of, and coefficients of factors by the labels in `terms`."""
    text = _LEVEL.sub(lambda m: f"at level {labels.get(m[1]) or m[1]}", text)
    text = _PARAMETER.sub(_at_its_place(lambda m: _parameter(m[1], m[2], labels)), text)
    text = _CONSTANT.sub(_at_its_place(lambda _m: "the intercept"), text)
    if terms:
        found = "|".join(map(re.escape, sorted(terms, key=len, reverse=True)))
        text = re.sub(rf"(?<![\w#.(\[])({found})(?![\w#\])]|\.\w)", lambda m: terms[m[1]], text)
    return text


def _at_its_place(words: Callable[[re.Match[str]], str]) -> Callable[[re.Match[str]], str]:
    """The words with a capital where a sentence begins."""

    def put(match: re.Match[str]) -> str:
        before, found = match.string[: match.start()].rstrip(), words(match)
        return found[0].upper() + found[1:] if not before or before.endswith(".") else found

    return put


def _parameter(what: str, inside: str, labels: Mapping[str, str]) -> str:
    of = [part.strip() for part in inside.split(",")]
    if of == ["Residual"]:
        return f"the residual {_WHAT[what]}"
    if all(re.fullmatch(r"e\d*", part) for part in of):
        return f"the {_WHAT[what]} of the residuals {enumerated(of)}"
    return f"the {_WHAT[what]} of {enumerated(effect_words(part, labels) for part in of)}"


def _terms(fit: FitResult, labels: Mapping[str, str]) -> dict[str, str]:
    """Coefficients of factors by their names; a plain name may be a word of the sentence as well."""
    return {e.term: labelled(term_name(e), labels).label for e in fit.fixed if "." in e.term or "#" in e.term}
