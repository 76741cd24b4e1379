"""Pictures that were drawn off the window's thread, as Qt paints them."""

from __future__ import annotations

from typing import Any

from PySide6.QtGui import QImage


def rgba_image(pixels: Any, width: int, height: int) -> QImage:
    """Four bytes a pixel, row by row without gaps, as a picture that keeps its own copy of them."""
    return QImage(pixels, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
