"""What Terrace says when a request cannot be carried out.

Every error a user can cause is a `TerraceError`: it names the variable, the row or the option, and says
what to do. Anything else that escapes is a defect and goes to the log, never to the user as a traceback.
"""

from __future__ import annotations


class DidYouMean(str):
    """Advice that asks whether one word was meant: ``word`` is that word, to be put in the place of what was typed."""

    word: str
    more: str

    def __new__(cls, word: str, more: str = "") -> DidYouMean:
        """The question for `word`; `more` is said after it."""
        question = f"Did you mean {word}?"
        made = super().__new__(cls, f"{question} {more}".strip())
        made.word, made.more = word, more
        return made

    def __reduce__(self) -> tuple[type[DidYouMean], tuple[str, str]]:  # a copy from another process is the same
        return type(self), (self.word, self.more)


_LONGEST, _HEAD, _TAIL = 1000, 700, 200


def _shown(message: str) -> str:
    """A message with its middle left out where it is very long: it quotes what was typed, which may be anything."""
    return message if len(message) <= _LONGEST else f"{message[:_HEAD]} ... {message[-_TAIL:]}"


class TerraceError(Exception):
    """A request that cannot be carried out, in words for the user.

    Parameters
    ----------
    message
        What is wrong, naming the variable, row or option, in one or two sentences.
    code
        A short stable identifier in kebab-case (``"no-such-variable"``), for programs.
    advice
        What to do next; empty where the message already says it. `DidYouMean` where that is to write another word.
    text, start, end
        The command text and the half-open range of characters that the error points at, where it has one.
    subject
        The variable, option or file concerned, so that a window can show the error beside its field.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "error",
        advice: str = "",
        text: str = "",
        start: int | None = None,
        end: int | None = None,
        subject: str = "",
    ) -> None:
        self.message = _shown(message)
        super().__init__(self.message)
        self.code = code
        self.advice = advice
        self.text = text
        self.start = start
        self.end = end
        self.subject = subject

    @property
    def instead(self) -> str:
        """The word to write in the place of the one that the error points at; empty where none is known."""
        return self.advice.word if isinstance(self.advice, DidYouMean) else ""

    def pointed(self) -> str:
        """The message, with the command and a caret line under the place where it has one."""
        lines = [self.message]
        if self.text and self.start is not None:
            width = max(1, (self.end or self.start + 1) - self.start)
            lines += ["  " + self.text, "  " + " " * self.start + "^" * width]
        if self.advice:
            lines.append(self.advice)
        return "\n".join(lines)


class DataError(TerraceError):
    """The file or the data do not allow what was asked."""


class CommandError(TerraceError):
    """The text of a command cannot be understood; `start` and `end` point at the place."""


class SpecError(TerraceError):
    """The model as specified is not one that can be fitted."""


class FitError(TerraceError):
    """The model is valid but these data do not determine it."""


class ExportError(TerraceError):
    """The report cannot be written as asked: its format does not hold what it should. Files raise `DataError`."""


class Cancelled(TerraceError):
    """The user stopped the work; nothing was changed."""

    def __init__(self, message: str = "Cancelled. Nothing was changed.") -> None:
        super().__init__(message, code="cancelled")
