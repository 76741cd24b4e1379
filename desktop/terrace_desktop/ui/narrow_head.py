"""The head of a page with a title, a line of words and a choice, in less room than these want."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from terrace_desktop.ui import theme


def fit_head(row: QHBoxLayout, width: int, words: QWidget, title: QWidget, choice: QWidget, least: int) -> None:
    """In less than `width` px the words are hidden first, then the title, then the choice.

    `least` is what the words need to be of use, in px at 100%.
    """
    for part in (words, title, choice):
        part.show()
    row.invalidate()
    needed = row.sizeHint().width() - words.sizeHint().width()
    words.setVisible(needed + theme.px(least) <= width)
    title.setVisible(needed <= width)
    choice.setVisible(needed - title.sizeHint().width() <= width)
