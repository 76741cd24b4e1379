"""Forms of project files, and what makes the present one of an earlier one.

A part is changed as it is read: a function of (name, its content) for each form, in turn, up to the present one. What
is written is always the present form. A form is raised where an earlier program would misread what is written, not
where a member with a default is added.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from terrace.errors import DataError
from terrace.session.project.codec import from_bytes

FORM = 1
"""The form of the parts that are written."""
MIGRATIONS: dict[int, Callable[[str, bytes], bytes]] = {}
"""By the form that a part is of: what makes the next one of it."""

Get = Callable[[str], bytes]


def migrated(get: Get, *, form: int = FORM, steps: dict[int, Callable[[str, bytes], bytes]] | None = None) -> Get:
    """Parts in the present form. Raises `DataError` where they are of a later one, or of none."""
    content = from_bytes(get("project.json"), "project.json")
    found = content.get("form") if isinstance(content, dict) else None
    if type(found) is not int or found < 1:
        raise DataError("project.json does not say of which form the project is.", code="damaged-file")
    if found > form:
        raise DataError("The project was saved by a later version of Terrace.", code="unknown-format",
                        advice="Use that version, or a later one.")  # fmt: skip
    return partial(_part, get, found, form, MIGRATIONS if steps is None else steps)


def _part(get: Get, found: int, form: int, steps: dict[int, Callable[[str, bytes], bytes]], name: str) -> bytes:
    content = get(name)
    for number in range(found, form):
        content = steps[number](name, content)
    return content
