"""What holds for every test: no display, one thread in BLAS, quick generated examples.

``TERRACE_EXAMPLES=2000`` asks for that many examples a property; with ``CI`` set they are always the same.
"""

from __future__ import annotations

import os
import sys

# Before numpy or Qt is imported, or they do not notice.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from hypothesis import HealthCheck, settings  # noqa: E402

_EVERYWHERE = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("quick", max_examples=25, **_EVERYWHERE)
settings.register_profile("ci", max_examples=25, derandomize=True, **_EVERYWHERE)

if "TERRACE_EXAMPLES" in os.environ:
    settings.register_profile("many", max_examples=int(os.environ["TERRACE_EXAMPLES"]), **_EVERYWHERE)
    settings.load_profile("many")
else:
    settings.load_profile("ci" if os.environ.get("CI") else "quick")


def pytest_unconfigure() -> None:
    """Empty the clipboard of Qt's offscreen platform.

    What PySide6 6.12 put there is otherwise freed after Python has gone, and the process ends by SIGSEGV with
    every test passed. The clipboard of a real display is freed in time.
    """
    gui = sys.modules.get("PySide6.QtGui")
    if gui is not None and gui.QGuiApplication.instance() is not None:
        gui.QGuiApplication.clipboard().clear()
