"""The languages that code can be written in, and the code of a model in one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from terrace.code.out import python, r_glmmtmb, r_lme4, r_mmrm, r_nlme, sas, spss, stata
from terrace.code.out.facts import Facts, facts_of
from terrace.code.out.lacks import Lack
from terrace.errors import TerraceError
from terrace.spec.text import format_mixed


@dataclass(frozen=True, slots=True)
class Language:
    """A program's language: its key in commands, its name, the ending of its files, what begins a comment and what
    ends it, what the program cannot do of a model, and the code."""

    key: str
    title: str
    suffix: str
    comment: tuple[str, str]
    lacks: Callable[[Facts], list[Lack]]
    code: Callable[[Facts], list[str]]


R = ("lme4", "nlme", "mmrm", "glmmtmb")
"""The packages of R, in the order in which ``r`` takes the first that can do all of a model."""

_ALL = (
    Language("lme4", "R (lme4)", ".R", ("# ", ""), r_lme4.lacks, r_lme4.code),
    Language("nlme", "R (nlme)", ".R", ("# ", ""), r_nlme.lacks, r_nlme.code),
    Language("mmrm", "R (mmrm)", ".R", ("# ", ""), r_mmrm.lacks, r_mmrm.code),
    Language("glmmtmb", "R (glmmTMB)", ".R", ("# ", ""), r_glmmtmb.lacks, r_glmmtmb.code),
    Language("stata", "Stata", ".do", ("* ", ""), stata.lacks, stata.code),
    Language("spss", "SPSS", ".sps", ("* ", "."), spss.lacks, spss.code),
    Language("sas", "SAS", ".sas", ("/* ", " */"), sas.lacks, sas.code),
    Language("python", "Python", ".py", ("# ", ""), python.lacks, python.code),
)
LANGUAGES = {one.key: one for one in _ALL}
KEYS = ("r", *LANGUAGES)
"""What ``in()`` of the command ``code`` takes."""


def code_of(facts: Facts, key: str) -> str:
    """The code of a model in a language, ``r`` for the first package of R that can do all of it.

    What the program cannot do is a comment, and the code of the nearest model stands in comments too.
    """
    language = LANGUAGES[chosen(facts, key)]
    found = language.lacks(facts)
    head = [f"{language.title}, written by Terrace for", format_mixed(facts.spec)]
    if facts.spec.filter:
        head.append(f"with the filter {facts.spec.filter}")
    if not found:
        return _text([*_said(language, head), *language.code(facts)])
    told = [line for lack in found for line in (lack.what, lack.nearest)]
    if key == "r":
        told = ["No package of R that is known here fits this model.", *told]
    nearest = _nearest(facts, language, found)
    lines = _said(language, [*head, "", *told])
    if nearest is not None:
        lines += _said(language, ["", "The nearest model, which is another one:", *nearest])
    return _text(lines)


def chosen(facts: Facts, key: str) -> str:
    """The language that a key means for a model: for ``r`` the package."""
    if key != "r":
        return key
    return next((k for k in R if not LANGUAGES[k].lacks(facts)), _fewest(facts))


def can(facts: Facts, key: str) -> bool:
    """True where the program does all of the model."""
    return not LANGUAGES[chosen(facts, key)].lacks(facts)


def _fewest(facts: Facts) -> str:
    return min(("nlme", "lme4"), key=lambda k: len(LANGUAGES[k].lacks(facts)))


def _nearest(facts: Facts, language: Language, found: list[Lack]) -> list[str] | None:
    """The code of the model without what the program lacks; None where nothing like it is left."""
    for _ in range(3):
        spec = facts.spec
        for lack in found:
            spec = lack.without(spec)
        if spec == facts.spec:
            return None
        try:
            facts = facts_of(spec, facts.data, facts.source, facts.constraints)
        except TerraceError:
            return None
        found = language.lacks(facts)
        if not found:
            return language.code(facts)
    return None


def _said(language: Language, lines: list[str]) -> list[str]:
    before, after = language.comment
    return [f"{before}{line.replace('*/', '* /')}{after}".rstrip() if line else "" for line in lines]


def _text(lines: list[str]) -> str:
    return "\n".join(lines).strip() + "\n"
