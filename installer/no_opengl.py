"""Run before the program: stand-ins for the two modules of OpenGL, which pyqtgraph imports and does not use.

pyqtgraph draws by OpenGL where it is told to, and nothing of the window tells it so. It imports the modules all the
same, takes one class of widgets from them, and asks whether what it draws on is such a widget, which nothing is.
The modules and Qt's library behind them take 10 MB. Whatever else were asked of them would be an `AttributeError`.
"""

import sys
from types import ModuleType


class WithoutOpenGL:
    """Stands where classes are taken from `PySide6.QtOpenGLWidgets`; there are no objects of it."""

    def __init__(self, *_args, **_named):
        raise NotImplementedError("Terrace comes without the parts of Qt that draw by OpenGL.")


def stand_in():
    """Let both modules be found; each has what is taken from it as pyqtgraph is loaded."""
    plain, widgets = ModuleType("PySide6.QtOpenGL"), ModuleType("PySide6.QtOpenGLWidgets")
    widgets.QOpenGLWidget = WithoutOpenGL
    for module in (plain, widgets):
        module.__doc__ = __doc__
        sys.modules[module.__name__] = module


stand_in()
