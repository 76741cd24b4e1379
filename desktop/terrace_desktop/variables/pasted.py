"""Lists of labels as people have them: ``1 Lowest``, ``1 = Lowest``, ``Lowest; Second``, a column of a table."""

from __future__ import annotations

import re
from collections.abc import Sequence

from terrace.data.value import Value
from terrace_desktop.ui.words import tr
from terrace_desktop.variables.texts import number_in

_NUMBER = r"[-−+]?\d+(?:[.,]\d+)?"
_PAIR = re.compile(rf"\s*({_NUMBER}|\"[^\"]*\")\s*(?:=|:|\t|\)|\.\s|;|\s)\s*(.*\S)\s*$")
_BETWEEN = re.compile(rf"[;,]\s*(?={_NUMBER}\s*[=:])")  # 0 = No, 1 = Yes in one line


def labels_in(text: str, values: Sequence[Value]) -> dict[Value, str]:
    """The labels of a list, by their values.

    Where lines begin with numbers these are the values, whatever stands between; else the labels belong to `values`
    in their order. Raises ValueError, in words for the user, where there is no list or it has more labels than there
    are values.
    """
    parts = _parts(text)
    if not parts:
        raise ValueError(tr("Enter a list, one label a line."))
    pairs = [_PAIR.match(part) for part in parts]
    if all(pairs):
        out: dict[Value, str] = {}
        for found in pairs:
            assert found is not None
            out[_value(found[1], values)] = _unquoted(found[2])
        if len(out) < len(pairs):
            raise ValueError(tr("A value stands twice in the list."))
        return out
    if any(pairs) and not all(pairs):
        wrong = next(part for part, found in zip(parts, pairs, strict=True) if found is None)
        raise ValueError(tr("{0} has no value in front of it.").format(wrong.strip()))
    if len(parts) > len(values):
        told = tr("The list has {0} labels, but the variable has {1} values. Write the values in front of the labels.")
        raise ValueError(told.format(len(parts), len(values)))
    return {value: _unquoted(part) for value, part in zip(values, parts, strict=False)}


def _parts(text: str) -> list[str]:
    lines = [line for line in text.replace("\r", "\n").split("\n") if line.strip()]
    if len(lines) == 1:
        line = lines[0]
        if _PAIR.match(line) and len(found := _BETWEEN.split(line)) > 1:
            lines = found
        elif ";" in line:
            lines = line.split(";")
        elif "\t" in line and not _PAIR.match(line):
            lines = line.split("\t")
    return [line.strip().rstrip(";,") for line in lines if line.strip()]


def _value(text: str, values: Sequence[Value]) -> Value:
    if text.startswith('"') or (values and all(isinstance(v, str) for v in values)):
        return _unquoted(text)
    return number_in(text)


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
