"""A model in whatever language it was pasted: a formula or call of R, MIXED of SPSS, ``mixed`` of Stata."""

from __future__ import annotations

import re
from typing import Literal

from terrace.code.read.lme4_formula import is_formula, read_r
from terrace.code.read.result import Read
from terrace.code.read.spss_mixed import is_spss, read_spss
from terrace.data.dataset import Dataset
from terrace.language.grammar.tokens import Piece
from terrace.language.mixed import parse_mixed

Language = Literal["R", "SPSS", "Stata"]


def language_of(text: str) -> Language:
    """The language that a text seems to be in."""
    if is_spss(text):
        return "SPSS"
    if re.match(r"\s*(\.\s*)?(xt)?mixed\s", text):
        return "Stata"
    return "R" if is_formula(text) or not re.match(r"\s*MIXED\b", text, re.IGNORECASE) else "SPSS"


def is_foreign(text: str) -> bool:
    """Whether a text is a formula or call of R, or syntax of SPSS."""
    language = language_of(text)
    return language == "SPSS" or (language == "R" and is_formula(text))


def read_pasted(text: str, data: Dataset) -> Read:
    """The model that a text says. Raises `CommandError` at the place that cannot be read, with what to do."""
    language = language_of(text)
    if language == "SPSS":
        return read_spss(text, data)
    if language == "Stata":
        piece = Piece.of(re.sub(r"^\s*\.\s+", lambda m: " " * len(m[0]), text.replace("\n", " ").replace("///", "   ")))
        return Read(parse_mixed(str(piece).strip(), data.names))
    return read_r(text, data)
