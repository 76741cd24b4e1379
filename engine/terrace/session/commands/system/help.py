"""``help``: the commands and prefixes, what each takes, and the options of ``mixed`` with their choices."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from terrace.errors import TerraceError
from terrace.language import mixed_options as o
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import OptionRule, did_you_mean
from terrace.results.table import Column, Row, Table
from terrace.session import registry
from terrace.session.effects import Effect
from terrace.session.registry import Command, command
from terrace.session.session import Session
from terrace.session.state import CommandResult

_OPTIONS = {
    "Options of the fixed part": o.FIXED_RULES,
    "Options of a level": o.RANDOM_RULES,
    "Options of the model": o.MODEL_RULES,
    "Maximisation": o.MAXIMISE_RULES,
    "What is shown": tuple(r for r in o.DISPLAY_RULES if r.name != "norettable"),
}
_CHOICES = {
    "covariance()": o.VARTYPES,
    "residuals(), with t() and by()": o.RESTYPES,
    "dfmethod()": o.DF_METHODS,
    "vce()": "oim r:obust cl:uster",
    "pwscale()": o.SCALES,
    "dftable()": o.DFTABLES,
    "technique()": o.TECHNIQUES,
    "method()": o.METHODS,
}
PREFIXES = {
    "quietly": ("quietly command", "Run a command without showing its output. Also used before { ... }."),
    "noisily": ("noisily command", "Show output inside quietly or capture."),
    "capture": ("capture [noisily] command", "Continue after an error, with its number in _rc. Also used before "
                                             "{ ... }."),
    "by": ("by variables[, sort]: command", "Run a command once per group."),
    "bysort": ("bysort variables [(variables)]: command", "Sort, then run a command once per group."),
    "statsby": (
        "statsby [numbers], by(variables [, missing]): command", "Make a dataset of a command's results by group."
    ),
    "bootstrap": ("bootstrap [numbers], reps(#) seed(#): command", "Standard errors by resampling whole groups."),
    "jackknife": ("jackknife [numbers]: command", "Standard errors by leaving groups out in turn."),
    "rolling": ("rolling [numbers], window(#): command", "Make a dataset of a command's results in windows of time."),
    "simulate": ("simulate [numbers], reps(#) seed(#): command", "Make a dataset of a program's results over "
                                                                 "repeated runs."),
    "mi estimate": ("mi estimate: command", "Pool a model over imputations."),
    "version": ("version #: command", "Say which version a command was written for. Has no effect."),
    "xi": ("xi: command", "Has no effect: i. works without it."),
}


@command("help", minimum="h", syntax="help [COMMAND]", help="List the commands, or explain one.", effects=Effect.NONE)
@command("?", syntax="? [COMMAND]", help="Same as help.", effects=Effect.NONE)
def help_(session: Session, parsed: ParsedCommand) -> CommandResult:
    topic = " ".join(str(parsed.arguments).split())
    program = session.state.programs.get(topic)
    if program is not None:
        return CommandResult(text=f"{topic} is a program of yours.")
    return CommandResult(text=help_text(topic), tables=() if topic else (commands_table(),))


def help_text(topic: str = "") -> str:
    """What ``help`` prints. Raises `TerraceError` where the topic is no command."""
    if not topic:
        from terrace.report.text.text import table_text

        return table_text(commands_table())
    if topic in PREFIXES:
        syntax, what = PREFIXES[topic]
        text = f"{topic}\n  {syntax}\n  {what}"
        return "\n\n".join([text, *(_explained(registry.COMMANDS[n]) for n in (topic,) if n in registry.COMMANDS)])
    found = [c for c in registry.COMMANDS.values() if c.name == topic or c.accepts(tuple(topic.split()))]
    found = found or [c for c in registry.COMMANDS.values() if c.words[0].startswith(topic)]
    if not found:
        names = sorted({c.words[0] for c in registry.COMMANDS.values()} | set(PREFIXES))
        raise TerraceError(
            f"There is no help on {topic!r}.",
            code="no-such-command",
            advice=did_you_mean(topic, names) or "For a list of commands, use help.",
        )
    return "\n\n".join(_explained(c) for c in found)


def _explained(c: Command) -> str:
    short = "" if c.minimum == c.name else f"  (shortest: {c.minimum})"
    lines = [f"{c.name}{short}\n  {c.syntax}\n  {c.help}"]
    if c.name == "mixed":
        lines += [f"\n  {title}:\n{_listed(known)}" for title, known in _OPTIONS.items()]
        lines.append("\n  What can go in the parentheses:")
        for option, words in _CHOICES.items():
            lines += [f"    {option}", _filled([_spelled(*_halves(w)) for w in words.split()], "      ")]
    return "\n".join(lines)


def _listed(known: Sequence[OptionRule]) -> str:
    """Options with what may be left out in brackets, in lines of readable length."""
    return _filled([_spelled(r.minimum, r.name) + "()" * (r.argument != "none") for r in known], "    ")


def _halves(spelling: str) -> tuple[str, str]:
    minimum, _, tail = spelling.partition(":")
    return minimum, minimum + tail


def _spelled(minimum: str, name: str) -> str:
    tail = name[len(minimum) :]
    return f"{minimum}[{tail}]" if minimum and tail else name


def _filled(items: Sequence[str], indent: str) -> str:
    return textwrap.fill(
        "  ".join(items),
        76,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def commands_table() -> Table:
    """The commands and the prefixes with one line each."""
    listed = {c.name: c.help for c in registry.COMMANDS.values()}
    listed |= {f"{name}:": what for name, (_, what) in PREFIXES.items()}
    return Table(
        title="Commands, and prefixes with a colon",
        columns=(Column("help", "What it does", "text"),),
        rows=tuple(Row(name, (listed[name],)) for name in sorted(listed)),
        stub="Command",
        notes=("For details, use help COMMAND.",),
        key="help",
    )
