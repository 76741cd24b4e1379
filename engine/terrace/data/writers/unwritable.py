"""Text that no file holds: half of a pair of surrogates, which is no character of Unicode and of no encoding."""

from __future__ import annotations

import re
from collections.abc import Iterator

from terrace.data.dataset import Dataset
from terrace.errors import DataError

_HALF = re.compile("[\ud800-\udfff]")


def no_unicode(data: Dataset) -> DataError | None:
    """What to raise for the first such text of the data, None where there is none."""
    for name in data.names:
        if data.is_text(name):
            for row, text in enumerate(data.frame[name].tolist(), start=1):
                if isinstance(text, str) and _HALF.search(text):
                    return _error(
                        f"{name} holds text that is not valid Unicode (row {row}): {text[:40]!a}.", name,
                        f'Correct it, as with replace {name} = "" in {row}, and write the data again.',
                    )  # fmt: skip
    found = _described(data)
    return next((_error(f"{what} is not valid Unicode.", subject, advice) for what, subject, advice in found), None)


def _described(data: Dataset) -> Iterator[tuple[str, str, str]]:
    """Which of the words on the data are such text, whose they are, and what to do."""
    if _HALF.search(data.label):
        yield "The label of the data", "label", 'Write another one, with label data "...".'
    for v in data.variables:
        if _HALF.search(v.label):
            yield f"The label of {v.name}", v.name, f'Write another one, with label variable {v.name} "...".'
        for value, text in v.value_labels.items():
            if _HALF.search(f"{value}{text}"):
                yield f"The label of the value {value!a} of {v.name}", v.name, "Define it again with label define."
    for k, text in enumerate(data.documents, start=1):
        if _HALF.search(text):
            yield f"Note {k} of the data", "notes", f"Drop it, with notes drop {k}."


def _error(message: str, subject: str, advice: str) -> DataError:
    return DataError(message, code="no-unicode", subject=subject, advice=advice)
