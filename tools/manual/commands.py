"""The command reference, from the registry of commands: a page a family, a section a command."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from command_examples import examples, found

from terrace.session import registry
from terrace.session.commands.system.help import PREFIXES, help_text
from terrace.session.effects import Effect
from terrace.session.filtering import sees_filter
from terrace.session.registry import Command

FAMILIES = {
    "data": ("Data", "Open, save, describe, compute, recode, label, merge and reshape."),
    "describe": ("Describe", "Summaries, tables, correlations and tests of columns."),
    "fit": ("Models", "Fit, keep, compare and pass on models."),
    "estat": ("Diagnostics and variances", "What `estat` tells of a fitted model."),
    "after": ("Tests, margins and predictions", "Hypotheses, margins, contrasts and predictions after a fit."),
    "graphs": ("Graphs and figures", "Graphs of data and models, and how figures look."),
    "program": ("Programming", "Macros, loops, scalars, matrices and resampling in do-files."),
    "system": ("Results, reports and projects", "The page of results, reports, projects, undo and settings."),
}
SAID = {
    Effect.OPENS: "Opens data.",
    Effect.DATA: "Changes the data, or what is known of them.",
    Effect.SAVES: "Writes the data to a file.",
    Effect.FILES: "Can write or remove other files.",
    Effect.FITS: "Fits a model, which becomes the active one.",
    Effect.ABOUT_FIT: "Is about the active model.",
    Effect.RETURNS: "Leaves results in `r()`.",
    Effect.OUTLINE: "Changes the page of results or its report.",
}
"""What is said of an effect. BRIEF is about the window; ANALYSES and WHOLE show in what is said of the filter."""
_ABOUT_EXAMPLES = """\
Each command has its syntax, what it does, what it changes, and examples. What stands in brackets can be left out; a bar
stands between choices; capitals stand for what you fill in. Commands can be shortened as shown. `terrace help COMMAND`
prints the same in the terminal, and *Help > Commands* in the window.

In the examples `y`, `x`, `z` and `k` are numbers, `g` is a group, `t` a time within it, `c` a labelled factor, `s` a
text, and `a` and `b` are stored models. Where an example has several lines, the last is the command in question.
"""


def pages() -> dict[str, str]:
    """The pages by their names below ``commands/``."""
    registry.load()
    by_family: dict[str, list[Command]] = defaultdict(list)
    for command in registry.COMMANDS.values():
        by_family[command.handler.__module__.split(".")[-2]].append(command)
    shown: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for example in examples():
        shown[found(example[-1]).name].append(example)
    out = {"index.md": _index(by_family)}
    for family, commands in by_family.items():
        title, what = FAMILIES[family]
        parts = [f"# {title}", what, *(section(c, shown[c.name]) for c in sorted(commands, key=lambda c: c.name))]
        out[f"{family}.md"] = "\n\n".join(parts) + "\n"
    return out


def anchor(name: str) -> str:
    """What links to a command go by."""
    return "command-" + re.sub(r"\W+", "-", name.replace("?", "question"))


def section(command: Command, shown: Iterable[tuple[str, ...]] = ()) -> str:
    """Syntax, help, options, effects and examples of one command."""
    head = f"({anchor(command.name)})=\n## {command.name}"
    parts = [head, _fenced("\n".join(_named(f, command) for f in forms(command.syntax))), plain(command.help)]
    options = options_of(command.syntax)
    if command.name == "mixed":  # its many options stand apart from its syntax
        parts.append(_fenced(help_text("mixed").split("\n\n", 1)[1]))
    elif options:
        parts.append("Options: " + ", ".join(f"`{o}`" for o in options))
    facts = [SAID[e] for e in Effect if e in command.effects and e in SAID]
    if sees_filter(command.effects) and "[if]" in command.syntax:
        facts.append("A filter that is in use restricts it.")
    if command.by != "no":
        facts.append("Takes `by`.")
    if command.minimum != command.name:
        facts.insert(0, f"Shortest form: `{command.minimum}`.")
    if facts:
        parts.append(" ".join(facts))
    typed = ["\n".join(e) for e in shown if e != (command.syntax,)]  # what the syntax says says nothing anew
    if typed:
        parts.append(_fenced("\n".join(typed)))
    return "\n\n".join(p for p in parts if p)


def forms(syntax: str) -> list[str]:
    """The forms of a syntax, which stand between bars with blanks around them."""
    return [part.strip() for part in _split(syntax, r" \| ", brackets=True)]


def _named(form: str, command: Command) -> str:
    """A form with the name of its command, which the later ones of a syntax can leave out."""
    return form if form.startswith(command.words[0]) else f"{command.name} {form}"


def options_of(syntax: str) -> list[str]:
    """The options that the forms of a syntax have, each once, with what goes into their parentheses."""
    out: dict[str, None] = {}
    for form in forms(syntax):
        _, *tail = _split(form, ", ")
        text = " ".join(tail)
        for option in _split(text, "[ |]"):
            word = option.lstrip("[").strip()
            word = word.rstrip("]") if word.count("]") > word.count("[") else word
            if re.fullmatch(r"[a-z]\w*(\[?\(.*\)\]?)?", word):
                out[word] = None
    return list(out)


def _split(text: str, separator: str, *, brackets: bool = False) -> list[str]:
    """The parts of a text between matches of an expression outside of quotes, parentheses (and brackets)."""
    found = re.compile(separator)
    parts, depth, start, i, quoted = [], 0, 0, 0, False
    while i < len(text):
        quoted ^= text[i] == '"'
        depth += (text[i] in ("([{" if brackets else "(")) - (text[i] in (")]}" if brackets else ")"))
        if depth == 0 and not quoted and (between := found.match(text, i)):
            parts.append(text[start:i])
            start = i = between.end()
            continue
        i += 1
    return [*parts, text[start:]]


def plain(text: str) -> str:
    """Text in which no character means anything to Markdown."""
    return re.sub(r"([\\`*_$<>\[\]|{}])", r"\\\1", text)


def _fenced(text: str) -> str:
    return f"```text\n{text}\n```"


def _index(by_family: dict[str, list[Command]]) -> str:
    parts = ["# Commands", _ABOUT_EXAMPLES]
    for family, (title, what) in FAMILIES.items():
        names = sorted(c.name for c in by_family[family])
        links = ", ".join(f"[`{n}`]({family}.md#{anchor(n)})" for n in names)
        parts.append(f"## [{title}]({family}.md)\n\n{what}\n\n{links}")
    rows = "\n".join(f"| `{syntax}` | {plain(what)} |" for syntax, what in PREFIXES.values())
    parts.append(f"## Prefixes\n\n| prefix | what it does |\n| --- | --- |\n{rows}")
    tree = "\n".join(FAMILIES)
    return "\n\n".join(parts) + f"\n\n```{{toctree}}\n:hidden:\n\n{tree}\n```\n"
