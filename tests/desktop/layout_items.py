"""What Python still knows of the items of Qt's layouts: `terrace_desktop/ui/tab_order.py` tells why that is nothing."""

from __future__ import annotations

from PySide6.QtWidgets import QLayout, QLayoutItem
from shiboken6 import Shiboken


def kept_items() -> list[QLayoutItem]:
    """Items that Qt made and deletes as it likes, and that their layouts keep for Python all the same."""
    items = [w for w in Shiboken.getAllValidWrappers() if isinstance(w, QLayoutItem) and not isinstance(w, QLayout)]
    return [i for i in items if not Shiboken.createdByPython(i) and "\nparent.." in Shiboken.dump(i)]
