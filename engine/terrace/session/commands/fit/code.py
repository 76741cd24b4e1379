"""Code in and out: ``code`` writes a model for other programs, ``formula`` and ``spss`` fit what theirs say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from terrace.errors import TerraceError
from terrace.language.grammar.command import ParsedCommand, parse_command
from terrace.language.grammar.options import choice, match_options, rules
from terrace.language.grammar.tokens import Piece, split, words
from terrace.language.mixed_options import argument, excluding
from terrace.session.commands.helpers.files import read_saving
from terrace.session.commands.helpers.fits import current_fit, named_fit
from terrace.session.document.fits import name_of
from terrace.session.effects import Effect
from terrace.session.outcome import result_text
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Returned

if TYPE_CHECKING:
    from terrace.code.read.result import Read

_KEYS = "r lme4 nlme mmrm glmmtmb stata spss sas python"


@command(
    "code",
    syntax=f"code [NAME] [, in({'|'.join(_KEYS.split())}) saving(FILE, replace)]",
    help="The model as code of another program: the current one, or the one of a name. in(r), which is the default, "
    "takes the first package that can fit it of lme4, nlme, mmrm and glmmTMB. What a program cannot do is told in "
    "comments.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS | Effect.FILES,
)
def code(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.code.out.languages import LANGUAGES, can, chosen, code_of
    from terrace.disk.writing import write_text
    from terrace.session.commands.helpers.source import facts_of_fit

    options = parsed.options(rules("replace", "in saving"))
    names = words(parsed.clauses.body)
    if len(names) > 1:
        raise names[1].error("code takes one model.", code="syntax", advice="Write code NAME, in(r).")
    fit = named_fit(session, parsed, names[0])[1] if names else current_fit(session, parsed)
    if fit.macros.get("cmd") != "mixed":
        raise parsed.word.error("Code can be written for models of mixed.", code="no-fit",
                                advice="regress y x is lm(y ~ x) in R.")  # fmt: skip
    key = "r"
    if "in" in options:
        key = choice(argument(options["in"]), options["in"].value, _KEYS, "a language", subject="in")
    facts = facts_of_fit(session, fit)
    language = LANGUAGES[chosen(facts, key)]
    text = code_of(facts, key)
    shown = text
    if "saving" in options:
        name, over = read_saving(session, options["saving"])
        path = Path(name) if Path(name).suffix else Path(name + language.suffix)
        write_text(path, text, replace=over or "replace" in options)
        shown = f"Saved as {path}."
    returned = Returned({"complete": float(can(facts, key))}, {"language": language.title, "code": text})
    payload = {
        "code": text, "language": language.key, "title": language.title, "suffix": language.suffix,
        "model": name_of(session.state, fit),
    }  # fmt: skip
    return CommandResult(text=shown, state=replace(session.state, returned=returned), payload=payload)


@command(
    "formula",
    type="mixed",
    syntax='formula "y ~ x + (x | g)" [, ml reml]',
    help="Fit the model of a formula of lme4, or of a call of lmer, lme or gls, by REML unless it says otherwise. The "
    "equivalent commands are shown above the results.",
    effects=Effect.FITS | Effect.RETURNS | Effect.DATA | Effect.ANALYSES,
)
def formula(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.code.read.lme4_formula import read_r

    text, options = _quoted(parsed, "the formula")
    given = match_options(options, rules("ml reml"), parsed.name)
    read = read_r(text, session.data)
    method = excluding(given, ("ml", "reml"))
    if method is not None:
        read = replace(read, spec=replace(read.spec, method="ml" if method == "ml" else "reml"))
    return _fitted(session, read)


@command(
    "spss",
    type="mixed",
    syntax='spss "MIXED y BY a WITH x /FIXED=a x /RANDOM=INTERCEPT | SUBJECT(g)"',
    help="Fit the model of a MIXED command of SPSS. The equivalent commands are shown above the results.",
    effects=Effect.FITS | Effect.RETURNS | Effect.DATA | Effect.ANALYSES,
)
def spss(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.code.read.spss_mixed import read_spss

    text, options = _quoted(parsed, "the syntax")
    match_options(options, rules(""), parsed.name)
    return _fitted(session, read_spss(text, session.data))


def _quoted(parsed: ParsedCommand, what: str) -> tuple[Piece, Piece]:
    """What stands in quotation marks, or before the comma without them, and the options."""
    parts = split(parsed.arguments, ",")
    text = parts[0].strip()
    rest = text.at(parts[1].start, parts[-1].end) if len(parts) > 1 else text.at(text.end, text.end)
    inside = str(text)
    for opening, closing in (('`"', "\"'"), ('"', '"')):
        if inside.startswith(opening) and inside.endswith(closing) and len(inside) > len(opening):
            text = text.at(text.start + len(opening), text.end - len(closing))
            break
    if not text:
        raise parsed.word.error(f"{what[0].upper()}{what[1:]} is missing.", code="syntax",
                                advice=f"Write {parsed.name} with {what} in quotation marks.")  # fmt: skip
    return text, rest


def _fitted(session: Session, read: Read) -> CommandResult:
    """The result of the commands that a model was read as; their text stands above it."""
    child = session.fork(session.state)
    *before, model = read.commands
    for text in before:
        made = child.run(text, progress=session.progress, cancel=session.cancel)
        if made.error is not None:
            raise TerraceError(made.error[1], code=made.error[0], advice=made.error_advice)
    child.progress, child.cancel = session.progress, session.cancel
    result = child.execute(parse_command(model))
    shown = "\n".join(f". {text}" for text in read.commands)
    return replace(
        result, text=f"{shown}\n\n{result_text(result)}", warnings=(*read.notes, *result.warnings),
        payload={**result.payload, "commands": list(read.commands)},
    )  # fmt: skip
