"""What the frozen program leaves out of its libraries, and why; prove.py shows that nothing needed is among it.

`terrace.spec` applies it. Names of files are those in the frozen folder, with slashes; an expression that matches the
beginning of a name leaves the file out.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata as installed
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (ROOT / "engine" / "terrace", ROOT / "desktop" / "terrace_desktop")

HOOKS = [str(ROOT / "installer" / "no_opengl.py")]
"""What runs before the program."""

DOCUMENTED = ("numpy", "terrace.cli")
"""Modules that keep their docstrings: masked arrays of NumPy change them as they load, the command line shows them."""

NAMED = [f"matplotlib.backends.backend_{kind}" for kind in ("agg", "pdf", "svg")]
"""Modules of libraries that are found by a name in a text, which PyInstaller does not see."""

FOLDERS = [(str(ROOT / "LICENSE"), "docx/parts")]
"""Files that make a folder: python-docx finds its templates by the path docx/parts/.., whose modules are elsewhere."""

EXCLUDED_FOR = {
    "their window or terminal is not ours": [
        "tkinter", "IPython", "curses", "readline", "PyQt5", "PyQt6", "PySide2", "wx", "gi",
        *(f"matplotlib.backends.{name}" for name in (
            "backend_cairo", "backend_gtk3", "backend_gtk3agg", "backend_gtk3cairo", "backend_gtk4", "backend_gtk4agg",
            "backend_gtk4cairo", "backend_macosx", "backend_nbagg", "backend_pgf", "backend_ps", "backend_qt",
            "backend_qtagg", "backend_qtcairo", "backend_qt5", "backend_qt5agg", "backend_qt5cairo", "backend_tkagg",
            "backend_tkcairo", "backend_webagg", "backend_webagg_core", "backend_wx", "backend_wxagg",
            "backend_wxcairo", "qt_compat", "qt_editor", "web_backend",
        )),
    ],
    "they build and test programs": [
        "setuptools", "pip", "pytest", "_pytest", "pyqtgraph.examples", "lib2to3", "ensurepip", "distutils",
        "cffi", "pycparser", "pydoc_data",
    ],
    "clouds, clusters and servers of data are not among what we read": [
        "pyarrow.flight", "pyarrow._flight", "pyarrow._s3fs", "pyarrow._gcsfs", "pyarrow._azurefs", "pyarrow._hdfs",
        "pyarrow.substrait", "pyarrow._substrait", "pyarrow._parquet_encryption", "pyarrow._dataset_parquet_encryption",
        "pyarrow.parquet.encryption", "pyarrow.cuda", "pyarrow.gandiva", "pyarrow.jvm", "pyarrow.orc", "pyarrow._orc",
        "pyarrow._dataset_orc", "pyarrow._pyarrow_cpp_tests", "pyarrow.tests", "duckdb.experimental",
        "lxml.isoschematron", "lxml.html", "lxml.objectify",
    ],
    "parts of SciPy that neither we nor those that we use load": [
        f"scipy.{name}" for name in (
            "cluster", "datasets", "fftpack", "io", "misc", "odr", "signal",
        )
    ],
    "kinds of pictures that are not written": [
        "PIL.AvifImagePlugin", "PIL._avif", "PIL._imagingtk", "PIL.ImageTk", "PIL.ImageCms", "PIL._imagingcms",
    ],
    "contours and triangles are not among what we draw": ["contourpy", "matplotlib._qhull", "matplotlib._tri"],
    "windows of pyqtgraph's own": [f"pyqtgraph.{name}" for name in ("flowchart", "console", "dockarea", "canvas")],
    "charts of reportlab, whose pages hold drawings of matplotlib": ["reportlab.graphics"],
    "frames of others, which pyreadstat is not asked for": [
        f"narwhals._{name}" for name in ("dask", "duckdb", "ibis", "polars", "spark_like", "sql")
    ],
    "three dimensions and notebooks are not among what we draw": ["pyqtgraph.opengl", "pyqtgraph.jupyter"],
    "drawing by OpenGL, for which no_opengl.py stands in": ["PySide6.QtOpenGL", "PySide6.QtOpenGLWidgets"],
}  # fmt: skip
"""Modules that are left out, by the reason."""

QT_OPTIONAL = ("QtNetwork", "QtPrintSupport", "QtDBus", "QtTest")
"""Parts of Qt that are packed only where a module of ours imports them; pyqtgraph does without the last."""

LEFT_OUT = {
    "tests of libraries, and what others compile against them": (
        r".*/tests/", r"pyarrow/(include|includes|src)/", r"lxml/includes/", r"numpy/_core/(include|lib)/",
        r".*\.(pyx|pxd|pxi|pyi|h|hpp|c|cc|cpp|cmake|a|lib|py)$", r".*/py\.typed$",
    ),
    "parts of Arrow for servers and clouds": (
        r"(pyarrow/)?(lib)?arrow_(python_)?flight", r"(pyarrow/)?(lib)?arrow_s3",
        r"(pyarrow/)?(lib)?arrow_python_parquet_encryption",
    ),
    "lists of files: what is left out would count as damaged, and scripts in them name the folder of the build": (
        r".*\.dist-info/RECORD$",
    ),
    "a library under its second and third name": (r"pyarrow/libarrow_python\.so(\.\d+\.\d+\.\d+)?$",),
    "pictures, fonts and data of matplotlib for its own windows, for PostScript and for its manual": (
        r"matplotlib/mpl-data/(sample_data|plot_directive|images)/", r"matplotlib/mpl-data/fonts/(afm|pdfcorefonts)/",
    ),
    "texts of Qt's own tools": (r"PySide6/(Qt/)?translations/(?!qtbase_)",),
    "systems without windows, such as appliances": (
        r"PySide6/(Qt/)?plugins/(egldeviceintegrations|generic|qmltooling)/",
        r"PySide6/(Qt/)?plugins/platforms/(lib)?q(eglfs|linuxfb|minimalegl|vkkhrdisplay|vnc|minimal|direct2d|ios)\b",
        r"PySide6/(Qt/)?plugins/wayland-shell-integration/lib(fullscreen-shell-v1|ivi-shell|wl-shell-plugin)",
        r"(PySide6/Qt/lib/)?libQt6(Egl[Ff][Ss]|WlShell)",
    ),
    "drawing by OpenGL, which no part of the window asks for": (
        r"PySide6/Qt/plugins/(xcbglintegrations|wayland-graphics-integration-client)/", r"PySide6/opengl32sw\.dll",
    ),
    "kinds of pictures that nobody puts into a report": (
        r"PySide6/(Qt/)?plugins/imageformats/(lib)?q(icns|tga|wbmp)\b",
    ),
}  # fmt: skip
"""Files that are left out, by the reason."""

TRANSLATED = re.compile(r"PySide6/(Qt/)?translations/qtbase_(\w+)\.qm$")
"""Texts of Qt in a language, which go with those of the program in the same language."""

UNUSED_LINKS = ("libarrow_substrait.so",)
"""Libraries that others were linked with and take nothing from; `elf.unlink` makes sure of the latter."""

_FROM_LINUX = re.compile(
    r"lib(python3|ssl|crypto|ffi|bz2|mpdec|sqlite3|xcb-(?!glx)\w[\w-]*|xkbcommon(-x11)?)[.\d]*\.so"
)
"""Libraries of this Linux that are packed. All others are on every desktop, where they fit the drivers that they load:
an older libstdc++ of ours would keep these from starting. Qt's helpers for X11 are often missing, so they come too."""

_KEEP_SYMBOLS = re.compile(r"/((numpy|scipy|pillow)\.libs/.*|terrace-desktop)$")
"""Files that strip would damage: tables of the first were moved when their wheels were made, and the program has all
modules behind its end."""


def excluded() -> list[str]:
    """All modules that are left out."""
    ours = "".join(file.read_text(encoding="utf-8") for package in PACKAGES for file in package.rglob("*.py"))
    unused = [f"PySide6.{name}" for name in QT_OPTIONAL if name not in ours]
    return [*(name for names in EXCLUDED_FOR.values() for name in names), *unused]


def wanted_modules() -> list[str]:
    """All modules of both packages: commands, readers and forms are imported by name."""
    out = list(NAMED)
    for package in PACKAGES:
        for file in sorted(package.rglob("*.py")):
            parts = file.relative_to(package.parent).with_suffix("").parts
            out.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return out


def metadata() -> list[tuple[str, str]]:
    """Names and versions of the libraries that are installed, as ``importlib.metadata`` reads them; for ``datas``.

    Without the lists of their files: those that are left out would count as damaged.
    """
    out = []
    for distribution in installed.distributions():
        for file in distribution.files or ():
            if file.name == "METADATA" and file.parent.suffix == ".dist-info":
                out.append((str(file.locate()), str(file.parent)))
    return out


def left_out(name: str) -> str:
    """Why a file is left out; empty where it is kept."""
    plain = name.replace("\\", "/")
    if (texts := TRANSLATED.match(plain)) and not spoken(texts[2]):
        return "texts of Qt in languages that the program does not speak"
    for reason, patterns in LEFT_OUT.items():
        if any(re.match(pattern, plain) for pattern in patterns):
            return reason
    return ""


def spoken(language: str) -> bool:
    """True where the program has texts in a language, or in one of its regions."""
    plain = language.partition("_")[0]
    return any((ROOT / "resources" / "translations").glob(f"terrace_{plain}*.ts"))


def of_the_system(name: str, source: str) -> bool:
    """True for a library of this Linux that the user's own stands in for."""
    own = Path(source).as_posix().startswith(("/lib", "/usr/lib"))
    return sys.platform.startswith("linux") and own and "/" not in name and not _FROM_LINUX.match(name)


def apply(analysis: Any) -> None:
    """Take out of PyInstaller's lists what is not packed."""
    for kind in ("binaries", "datas"):
        kept = [e for e in getattr(analysis, kind) if not left_out(e[0]) and not of_the_system(e[0], e[1] or "")]
        setattr(analysis, kind, kept)


def finish(folder: Path) -> None:
    """Take out of the frozen folder, on Linux, libraries that nothing needs any more and names of internal symbols."""
    if not sys.platform.startswith("linux"):
        return
    from installer import elf, icu

    for library in sorted(folder.rglob("libicudata.so.*")):
        icu.shrink(library)
    elf.unlink(elf.natives(folder), UNUSED_LINKS)
    files = elf.natives(folder)
    gone = elf.unused(files)
    for path in gone:
        path.unlink()
    for link in folder.rglob("*"):
        if link.is_symlink() and not link.exists():
            link.unlink()
    strip = shutil.which("strip")
    names = [f.path for f in files if f.path not in gone and not _KEEP_SYMBOLS.search(f.path.as_posix())]
    if strip:
        subprocess.run([strip, "--strip-unneeded", *map(str, names)], check=True)
    once(folder)


def once(folder: Path) -> None:
    """Keep a library that is there twice in one place only, with a link in the other.

    The loader finds the libraries that one needs by the folder that its link is in, so both folders have to have them.
    """
    kept: dict[tuple[str, str], Path] = {}
    for path in sorted(folder.glob("_internal/*.libs/*")):
        if path.is_symlink():
            continue
        same = kept.setdefault((path.name, hashlib.sha256(path.read_bytes()).hexdigest()), path)
        if same is not path:
            path.unlink()
            path.symlink_to(os.path.relpath(same, path.parent))
