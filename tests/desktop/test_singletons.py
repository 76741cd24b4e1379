"""What Qt's binding gives away without having it cannot end the process."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtWidgets import QWidget


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12")
def test_none_and_true_have_references_to_spare() -> None:
    widget = QWidget()
    for _ in range(20_000):  # more than a fresh interpreter has
        widget.parent()
    for value in (None, True, False):
        assert sys.getrefcount(value) > 1 << 39
