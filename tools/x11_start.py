"""Start Terrace on a virtual X11 display as a user would, see its window, and end it.

Qt's offscreen platform, which the tests use, hides a missing library of the xcb platform. Fails where the
window with the sample does not come, where the program ends by itself or complains.
Runs under the system's Python; installs Xvfb and xwininfo on Debian.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import environment

PATIENCE = 90.0  # seconds; generous, since a start on a busy machine is slow
SETTLE = 3.0  # seconds the window has to stay, with its data open
# Said by Mesa and dbus on machines without a GPU or a session, and none of our business.
HARMLESS = ("libEGL warning", "MESA", "dbus")


def start_x_server():
    """An X server and the name of its display."""
    ours, theirs = os.pipe()
    command = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1440x900x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[theirs], stderr=subprocess.DEVNULL)
    os.close(theirs)
    with os.fdopen(ours) as answer:
        number = answer.readline().strip()
    if not number:
        raise environment.SetupError("Xvfb does not start.")
    return server, ":" + number


def titles(environ):
    """The titles of the windows that are there."""
    tree = environment.run_quiet(["xwininfo", "-root", "-tree"], env=environ).stdout
    return re.findall(r'^ +0x\w+ "([^"]+)"', tree, flags=re.MULTILINE)


def watch(program, environ):
    """What is wrong with the start; empty where the window came and stayed."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if program.poll() is not None:
            return f"it ended by itself with status {program.returncode}"
        if any("hsb" in title for title in titles(environ)):
            break
        time.sleep(0.2)
    else:
        return f"no window with the sample within {PATIENCE:.0f} s; there are {titles(environ)}"
    try:
        return f"it ended with status {program.wait(SETTLE)} after its window came"
    except subprocess.TimeoutExpired:
        return "it says that something went wrong" if "went wrong" in " ".join(titles(environ)) else ""


def logged(home):
    """Tracebacks in the log files below `home`."""
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in Path(home).rglob("*.log")]
    return [line for text in texts if "Traceback" in text for line in text.splitlines()]


def main():
    lacking = environment.missing_packages(["xvfb", "x11-utils"]) if environment.on_debian() else []
    if lacking:
        environment.apt_install(lacking)
    server, display = start_x_server()
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryFile("w+") as said:
        environ = environment.clean_environ()
        environ.pop("WAYLAND_DISPLAY", None)
        # Settings and logs of the person at this machine stay as they are.
        environ.update(DISPLAY=display, QT_QPA_PLATFORM="xcb", HOME=home, XDG_RUNTIME_DIR=home)
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
            environ[name] = str(Path(home, name.lower()))
        command = [sys.executable, str(environment.ROOT / "start.py"), "--no-setup"]
        program = subprocess.Popen(command, env=environ, stdout=said, stderr=said, cwd=home)
        try:
            wrong = watch(program, environ)
        finally:
            program.terminate()
            program.wait()
            server.terminate()
            server.wait()
        said.seek(0)
        errors = [line for line in said.read().splitlines() if line and not line.startswith(HARMLESS)]
        errors += logged(home)
    if wrong or errors:
        print("\n".join([f"Terrace on X11: {wrong or 'its window came, but it complained'}.", *errors]))
        return 1
    print("Terrace opened its window on X11 and kept it, without a complaint.")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except environment.SetupError as error:
        sys.exit(str(error))
