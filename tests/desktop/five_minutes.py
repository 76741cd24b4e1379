"""From the start page to a first table in five minutes, as docs/five-minutes.md has it, by clicks and keys alone.

    python tests/desktop/five_minutes.py FOLDER      plays it, with its pictures in FOLDER
    python tests/desktop/five_minutes.py --docs      the same, with the pictures of docs/five-minutes.md

It ends with an error where anything that the page tells is not there or does not do what the page says.
"""

from __future__ import annotations

import sys

from first_hour import Person, play
from PySide6.QtGui import QGuiApplication


def open_sample(p: Person) -> None:
    """A sample from the start page."""
    p.shoot("1-start")
    p.click("sample_hsb")
    assert len(p.window.controller.snapshot.dataset) == 7185
    p.shoot("2-data")


def build(p: Person) -> None:
    """Outcome, predictor, level."""
    p.click("tool_new_model")
    p.pick("outcome_add", "mathach")
    p.pick("fixed_add", "ses")
    p.pick("levels_add", "id")
    p.shoot("3-model")
    p.click("builder_fit")
    assert len(p.titles()) == 1, p.titles()
    p.none_failed()
    p.shoot("4-table")


def take_along(p: Person) -> None:
    """The table for a word processor, and the work as a file."""
    p.click("card_more")
    p.choose("Copy")
    p.choose("Tables")
    html = QGuiApplication.clipboard().mimeData().html()
    assert "<table" in html and "Fixed effects" in html, html[:300]
    project = p.scratch / "first.terrace"
    p.file(lambda: p.click("tool_save"), project)
    assert project.exists()
    QGuiApplication.clipboard().clear()  # Qt without a screen ends with an error where a table is still on it


STEPS = (open_sample, build, take_along)


if __name__ == "__main__":
    sys.exit(play(STEPS, "five-minutes", __doc__, sys.argv[1:]))
