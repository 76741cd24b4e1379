"""The commands that change what variables are, as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from terrace.data.missing import code_text, range_of
from terrace.data.value import Value
from terrace.language.grammar.macros import quoted
from terrace.session.document.texts import written_text
from terrace_desktop.ui.words import tr

Names = Sequence[str]


def rename(name: str, new: str) -> str:
    """Another name."""
    return f"rename {name} {new}"


def renamed(names: Names, prefix: str, suffix: str) -> str:
    """Something before and after several names."""
    return f"rename ({' '.join(names)}) {prefix}={suffix}"


def label(name: str, text: str) -> str:
    """The label of a variable, or none."""
    return f"label variable {name} {quoted(text)}" if text else f"label variable {name}"


def measure(names: Names, level: str) -> str:
    """The measure level."""
    return f"measure {' '.join(names)} {level}"


def labels(names: Names, given: Mapping[Value, str], *, modify: bool = False) -> str:
    """The labels of values: all of them, or with `modify` only these, of which empty ones go."""
    pairs = [f"{code(value)} {quoted(text)}" for value, text in given.items()]
    return " ".join(["label values", *names, *pairs]) + (", modify" if modify else "")


def labels_from(names: Names, source: str) -> str:
    """The labels of another variable."""
    return f"label values {' '.join(names)}, from({source})"


def order(name: str, values: Iterable[Value]) -> str:
    """The order of values."""
    return " ".join(["label order", name, *map(code, values)])


def missing(names: Names, codes: Iterable[str]) -> str:
    """What stands for missing: values and ranges as they are typed, texts in quotation marks."""
    return " ".join(["missing", *names, *codes])


def reference(name: str, base: str) -> str:
    """The reference category: a value, or ``(#2)`` for the second of a variable of text."""
    return f"fvset base {base} {name}"


def note(name: str, text: str) -> str:
    """The notes on a variable, one a line; or none."""
    return f"notes replace {name} {written_text(text)}" if text.strip() else f"notes replace {name}"


def drop(names: Names) -> str:
    """Variables that go."""
    return f"drop {' '.join(names)}"


def move(names: Names, where: str) -> str:
    """Another place among the variables: ``first``, ``last`` or ``after(x)``."""
    return f"order {' '.join(names)}, {where}"


def number_in(text: str) -> Value:
    """A number as it is typed, perhaps with a decimal comma; whole ones as int. Raises ValueError for anything else."""
    number = float(text.replace("−", "-").replace(",", "."))
    return int(number) if number.is_integer() else number


def code(value: Value) -> str:
    """A value as a command has it."""
    return quoted(value) if isinstance(value, str) else code_text(value)


def codes_of(typed: Iterable[str], is_text: bool) -> list[str]:
    """What was typed as codes for missing; the letters of extended missing values stay by themselves.

    Raises ValueError, in words for the user, at the first that is no number or range.
    """
    out = []
    for text in typed:
        if not is_text and text.startswith("."):
            continue
        try:
            out.append(code_of(text, is_text))
        except ValueError:
            told = tr("{0} is not a number or a range. Write −99, or 90/99 for a range.")
            raise ValueError(told.format(text)) from None
    return out


def code_of(text: str, is_text: bool) -> str:
    """What was typed as a code for missing, as a command has it. Raises ValueError where it is no number or range."""
    text = text.strip().replace("−", "-")
    if is_text:
        return quoted(text)
    if range_of(text) is None:
        float(text)
    return text
