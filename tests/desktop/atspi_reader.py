"""A reader of the screen: finds Terrace on the accessibility bus, fits a model through it, and prints what it reads.

Run by the system's Python, which has the bindings (gir1.2-atspi-2.0), on a session bus and a display; see
`test_assistive_bus.py`. Prints one JSON object.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402 - the version comes first

PATIENCE = 60.0  # seconds for each thing that has to come
MODEL = "mixed mathach ses || id: ses, covariance(unstructured) reml"
CONTROLS = {"push button", "check box", "radio button", "toggle button", "combo box", "text", "list", "tree", "table",
            "menu item", "page tab", "spin button"}  # fmt: skip


def everything(root):
    """All that is under an element, as far as it answers."""
    waiting = [root]
    while waiting:
        at = waiting.pop()
        try:
            yield at
            if at.get_role_name() in ("table", "tree", "list", "tree table"):
                continue  # thousands of cells
            waiting += [c for k in range(at.get_child_count()) if (c := at.get_child_at_index(k)) is not None]
        except GLib.Error:
            continue  # it went away while it was asked


def state(element, name):
    return element.get_state_set().contains(getattr(Atspi.StateType, name))


def matches(element, words, roles):
    try:
        named = (element.get_name() or "").startswith(words) and (not roles or element.get_role_name() in roles)
        return named and state(element, "SHOWING") and state(element, "ENABLED")
    except GLib.Error:  # it went away while it was asked
        return False


def find(words, roles=()):
    """The first element that is shown, can be used, and whose name begins with `words`; waits until it is there."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for element in everything(application()):
            if matches(element, words, roles):
                return element
        time.sleep(0.2)
    sys.exit(f"nothing is called {words!r}")


def application():
    """Terrace on the bus."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        desktop = Atspi.get_desktop(0)
        for k in range(desktop.get_child_count()):
            child = desktop.get_child_at_index(k)
            if child is not None and child.get_name() == "Terrace":
                return child
        time.sleep(0.2)
    sys.exit("Terrace is not on the bus")


def press(element):
    """Do what the element is for."""
    actions = [element.get_action_name(k) for k in range(element.get_n_actions())]
    for wanted in ("Press", "Toggle", "SetFocus"):
        if wanted in actions:
            element.do_action(actions.index(wanted))
            return
    sys.exit(f"{element.get_name()!r} can only {actions}")


def unnamed():
    """Controls that are shown and have no name."""
    return sorted(
        f"{e.get_role_name()} in {e.get_parent().get_name()!r}"
        for e in everything(application())
        if e.get_role_name() in CONTROLS and state(e, "SHOWING") and not (e.get_name() or "").strip()
    )


def main():
    """Sample, builder, command, fit, result."""
    Atspi.init()
    told = {"start": Counter(e.get_role_name() for e in everything(application())), "unnamed start": unnamed()}
    press(find("High School and Beyond", ("push button",)))
    press(find("New model", ("push button", "toggle button", "check box")))
    press(find("The model as: Command", ("radio button", "toggle button", "push button", "check box")))
    command = find("Command", ("text",))
    command.set_text_contents(MODEL)
    press(find("Use this command"))
    told["unnamed builder"] = unnamed()
    press(find("Keep this model", ("push button",)))
    tables = find("Tables of Model 1")
    told["name"], told["read"] = tables.get_name(), tables.get_description()
    told["unnamed result"] = unnamed()
    print(json.dumps(told))


if __name__ == "__main__":
    main()
