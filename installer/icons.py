"""The icon in the sizes and files that systems ask for, drawn from resources/icons/terrace.svg.

Runs in the environment that freeze.py makes, which has Qt for drawing and Pillow for the files of several sizes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "resources" / "icons" / "terrace.svg"
OUT = ROOT / "build" / "icons"
SIZES = (16, 24, 32, 48, 64, 128, 256, 512, 1024)


def icon_for(platform: str) -> Path:
    """The file that a program of this ``sys.platform`` carries."""
    return OUT / ("terrace.ico" if platform == "win32" else "terrace.icns")


def png(size: int) -> Path:
    """The picture of this many pixels."""
    return OUT / f"terrace-{size}.png"


def main() -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PIL import Image
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    _application = QGuiApplication([])
    OUT.mkdir(parents=True, exist_ok=True)
    renderer = QSvgRenderer(str(SOURCE))
    for size in SIZES:
        image = QImage(size, size, QImage.Format.Format_ARGB32)
        image.fill(0)
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
        image.save(str(png(size)))
    with Image.open(png(256)) as largest:
        largest.save(icon_for("win32"), sizes=[(size, size) for size in SIZES if size <= 256])
    with Image.open(png(1024)) as largest:
        largest.save(icon_for("darwin"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
