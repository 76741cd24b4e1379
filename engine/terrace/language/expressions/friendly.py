"""Conditions as people write them, made into an ordinary expression: ``sector is Catholic and not ses = 0``.

Besides all that an expression has: ``and``, ``or``, ``not``, ``is``, ``is not`` and a single ``=``; value labels, also
without quotation marks, where a variable that has them is compared; ``is missing``. ``not`` takes in the comparison
that follows it. A word that could be a label as well as a variable is refused.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from terrace.data.dataset import Dataset
from terrace.data.extended import extended_name
from terrace.data.missing import code_text
from terrace.data.value import Value
from terrace.errors import CommandError
from terrace.language.expressions.evaluating import COMPARISONS
from terrace.language.expressions.parsing import Token, token_at
from terrace.language.grammar.names import Names
from terrace.language.grammar.options import did_you_mean
from terrace.language.grammar.tokens import NAME, Piece, closing
from terrace.wording import enumerated

_WORDS = {"and": "&", "or": "|", "is": "=="}
_SIGNS = {"<>": "!=", "≠": "!=", "≤": "<=", "≥": ">="}
_ENDS = ("and", "or")
_MOST_LABELS = 8


@dataclass(frozen=True, slots=True)
class Plain:
    """An ordinary expression, and for each of its parts where that came from in what was typed."""

    text: str
    places: tuple[tuple[int, int, Piece], ...]

    def pointed(self, error: CommandError) -> CommandError:
        """The error with its place in what was typed, where it points into the ordinary expression."""
        if error.text != self.text or error.start is None or not self.places:
            return error
        end = error.end if error.end is not None else error.start + 1
        inside = [p for a, b, p in self.places if a < end and b > error.start] or [self.places[-1][2]]
        place = inside[0].at(inside[0].start, inside[-1].end)
        return place.error(error.message, code=error.code, advice=error.advice, subject=error.subject)


def plain_expression(piece: Piece, data: Dataset) -> Plain:
    """The ordinary expression that a condition means, with full names of variables.

    Raises `CommandError` at a label that the variable does not have, at a word that can mean two things, and at what
    is no word of an expression. Whether the whole can be evaluated is for the evaluation to say.
    """
    return _Reader(piece.strip(), data).read()


class _Reader:
    """Goes through a condition word by word. ``_operand`` says that a value is expected next, ``_subject`` is the
    variable that a comparison may follow, ``_asked`` the one that is compared with what comes."""

    def __init__(self, piece: Piece, data: Dataset) -> None:
        self._piece, self._data = piece, data
        self._names = Names(data.names)
        self._out = ""
        self._places: list[tuple[int, int, Piece]] = []
        self._at = self._read_to = piece.start
        self._operand = True
        self._begins = True  # of a comparison: nothing has been read since the start, a bracket, & or |
        self._subject = self._asked = ""
        self._depth = 0
        self._nots: list[int] = []  # depths of what the word not is waiting to close

    def read(self) -> Plain:
        while (i := self._start()) < self._piece.end:
            self._operand_at(i) if self._operand else self._operator_at(i)
        self._close_nots()
        return Plain(self._out, tuple(self._places))

    # --- the text ------------------------------------------------------------------------------------------
    def _start(self) -> int:
        """Where the next word begins."""
        i = self._at
        while i < self._piece.end and self._piece.source[i].isspace():
            i += 1
        return i

    def _write(self, text: str, place: Piece) -> None:
        gap = " " if place.start > self._read_to and self._out else ""
        self._out += gap
        self._places.append((len(self._out), len(self._out) + len(text), place))
        self._out += text
        self._at = self._read_to = place.end

    def _close_nots(self) -> None:
        while self._nots and self._nots[-1] >= self._depth:
            self._nots.pop()
            self._out += ")"

    def _word(self, i: int) -> Piece:
        found = NAME.match(self._piece.source, i, self._piece.end)
        return self._piece.at(i, found.end() if found else i)

    # --- values --------------------------------------------------------------------------------------------
    def _operand_at(self, i: int) -> None:
        asked, self._asked = self._asked, ""
        word = str(self._word(i))
        if asked and word and self._compared_with(asked, self._word(i)):
            self._operand = False
            return
        if word.lower() == "not" and word not in self._data:
            self._not(self._word(i))
            return
        token = token_at(self._piece, i)
        if token.kind == "text" and asked and not self._data.is_text(asked):
            self._write(code_text(self._labelled(asked, token)), token.piece)
            self._operand = False
        elif token.kind == "name":
            self._name(token)
        elif token.kind == "operator":
            self._sign(token)
        else:
            self._write(str(token), token.piece)
            self._operand = token.kind in ("prefix", "level")
        self._begins = self._begins and token.kind == "operator"

    def _name(self, token: Token) -> None:
        after = self._piece.source[token.piece.end : token.piece.end + 1]
        if after == "(" and token.piece.end < self._piece.end:  # a function
            self._write(str(token), token.piece)
            return
        name = str(token)
        known = name if name in self._data or name in ("_n", "_N", "_pi") else self._names.one(token.piece)
        self._write(known, token.piece)
        self._subject = known if self._begins and known in self._data else ""
        self._operand = False

    def _not(self, word: Piece) -> None:
        self._at = word.end
        start = self._start()
        whole = False
        if start < self._piece.end and self._piece.source[start] == "(":
            self._at = closing(self._piece, start) + 1
            then = self._start()
            whole = then >= self._piece.end or str(self._word(then)).lower() in _ENDS or (
                self._piece.source[then] in "&|)"
            )
        self._write("!" if whole else "!(", word)
        self._at = self._read_to = start  # without a gap
        self._begins = True
        if not whole:
            self._nots.append(self._depth)

    # --- what a variable is compared with ------------------------------------------------------------------
    def _compared_with(self, name: str, word: Piece) -> bool:
        """Write what a bare word means beside a variable; False where it is nothing of the kind."""
        found = self._bare_label(name, word)
        if found is not None:
            value, place = found
            if str(place) in self._data:
                raise place.error(
                    f"{place} is a variable and also a label of {name}.",
                    code="ambiguous-label",
                    advice=f'Write "{place}" for the label.',
                )
            self._write(code_text(value), place)
            return True
        if str(word) in self._data or self._piece.source[word.end : word.end + 1] == "(":
            return False
        text = self._data.is_text(name)
        if str(word) == "missing":
            self._write('""' if text else ".", word)
            return True
        if text and not any(n.startswith(str(word)) for n in self._data.names):
            self._write(json.dumps(str(word), ensure_ascii=False), word)
            return True
        if self._labels(name) and not any(n.startswith(str(word)) for n in self._data.names):
            raise self._no_label(name, word, str(word))
        return False

    def _bare_label(self, name: str, word: Piece) -> tuple[Value, Piece] | None:
        """The longest label that stands at a word, with its place."""
        source, end = self._piece.source, self._piece.end
        best: Piece | None = None
        for label in self._labels(name).values():
            place = self._piece.at(word.start, min(end, word.start + len(label)))
            if str(place).casefold() == label.casefold() and (best is None or place.end > best.end):
                self._at = place.end
                then = self._start()
                apart = place.end >= end or not (source[place.end].isalnum() or source[place.end] == "_")
                if apart and (then >= end or source[then] in "&|)" or str(self._word(then)).lower() in _ENDS):
                    best = place
        self._at = word.start
        return None if best is None else (self._value(name, best, str(best)), best)

    def _labelled(self, name: str, token: Token) -> Value:
        return self._value(name, token.piece, str(token.value))

    def _labels(self, name: str) -> dict[Value, str]:
        labels = {} if self._data.is_text(name) else self._data.variable(name).value_labels
        return {v: text for v, text in labels.items() if not extended_name(v)}

    def _value(self, name: str, place: Piece, text: str) -> Value:
        """The value that has this label; letters may be small or capital where that leaves one."""
        labels = self._labels(name)
        if not labels:
            raise place.error(
                f"{name} is a number and has no value labels.",
                code="no-labels",
                subject=name,
                advice=f"Compare it with a number, as in {name} == 1.",
            )
        found = [v for v, label in labels.items() if label == text]
        found = found or [v for v, label in labels.items() if label.casefold() == text.casefold()]
        if len(found) > 1:
            values = enumerated([code_text(v) for v in found], "and")
            raise place.error(
                f"The values {values} of {name} all have the label {text}.",
                code="ambiguous-label",
                subject=name,
                advice=f"Write the value, as in {name} == {code_text(found[0])}.",
            )
        if not found:
            raise self._no_label(name, place, text)
        return found[0]

    def _no_label(self, name: str, place: Piece, text: str) -> CommandError:
        labels = list(self._labels(name).values())
        known = f"Its labels are {enumerated(labels, 'and')}." if len(labels) <= _MOST_LABELS else ""
        return place.error(
            f"{name} has no value label {text}.",
            code="no-such-label",
            subject=name,
            advice=did_you_mean(text, labels) or known or f"tabulate {name} shows its labels.",
        )

    # --- operators -----------------------------------------------------------------------------------------
    def _operator_at(self, i: int) -> None:
        word = self._word(i)
        if (sign := _WORDS.get(str(word).lower())) is not None:
            self._at = word.end
            if sign == "==" and str(then := self._word(self._start())).lower() == "not" and then.start > word.end:
                sign, word = "!=", word.at(word.start, then.end)
            self._binary(sign, word)
            return
        for typed, sign in _SIGNS.items():
            if self._piece.source.startswith(typed, i):
                self._binary(sign, self._piece.at(i, i + len(typed)))
                return
        token = token_at(self._piece, i)
        if token.kind != "operator":
            raise token.piece.error(
                f"An operator is missing before {token}.",
                code="syntax",
                advice="Join conditions by and or or.",
            )
        self._sign(token)

    def _sign(self, token: Token) -> None:
        sign = str(token.value)
        if sign in ("(", "["):
            self._write(str(token), token.piece)
            self._depth += 1
            self._operand = self._begins = True
        elif sign in (")", "]"):
            self._close_nots()
            self._depth -= 1
            self._write(str(token), token.piece)
            self._operand, self._subject = False, ""
        elif self._operand and sign in ("-", "+", "!"):
            self._write(sign, token.piece)
        else:
            self._binary("==" if sign == "=" else sign, token.piece)

    def _binary(self, sign: str, place: Piece) -> None:
        if sign in ("&", "|"):
            self._close_nots()
        self._write(sign, place)
        self._asked = self._subject if sign in COMPARISONS else ""
        self._subject, self._operand, self._begins = "", True, sign in ("&", "|", ",")
