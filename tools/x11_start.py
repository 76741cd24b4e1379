"""Start Terrace on a virtual X11 display as a user would, see its window, end it, and let it test itself.

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


def private(display, home):
    """The environment of a start on X11 that leaves this person's settings and logs as they are."""
    environ = environment.clean_environ()
    for name in ("WAYLAND_DISPLAY", "TERRACE_LOGS"):
        environ.pop(name, None)
    environ.update(DISPLAY=display, QT_QPA_PLATFORM="xcb", HOME=home, XDG_RUNTIME_DIR=home)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        environ[name] = str(Path(home, name.lower()))
    return environ


def start(environ):
    """Start the program as a user does; what is wrong."""
    with tempfile.TemporaryFile("w+") as said:
        command = [sys.executable, str(environment.ROOT / "start.py"), "--no-setup"]
        program = subprocess.Popen(command, env=environ, stdout=said, stderr=said, cwd=environ["HOME"])
        try:
            wrong = watch(program, environ)
        finally:
            program.terminate()
            program.wait()
        said.seek(0)
        return [wrong] * bool(wrong) + complaints(said.read(), environ)


def self_test(environ):
    """Let the program test itself: open, fit, compare, plot, export; what is wrong."""
    program = environment.venv_python().with_name("terrace-desktop")
    try:
        done = environment.run_quiet(
            [program, "--self-test"], env=environ, cwd=environ["HOME"], timeout=2 * PATIENCE
        )
    except subprocess.TimeoutExpired:
        return [f"its self-test has no end within {2 * PATIENCE:.0f} s", *complaints("", environ)]
    if done.returncode == 0:
        return complaints("", environ)
    return [f"its self-test ended with status {done.returncode}", *complaints(done.stdout, environ)]


def complaints(said, environ):
    """What the program said and should not have, and tracebacks in its logs."""
    lines = [line for line in said.splitlines() if line and not line.startswith(HARMLESS)]
    for path in Path(environ["HOME"]).rglob("*.log"):
        text = path.read_text(encoding="utf-8", errors="replace")
        lines += text.splitlines() if "Traceback" in text else []
    return lines


def main():
    lacking = environment.missing_packages(["xvfb", "x11-utils"]) if environment.on_debian() else []
    if lacking:
        environment.apt_install(lacking)
    status = 0
    server, display = start_x_server()
    try:
        for name, stage in (("Start", start), ("Self-test", self_test)):
            with tempfile.TemporaryDirectory() as home:
                wrong = stage(private(display, home))
            print("\n".join([f"{name} on X11: {'FAILED' if wrong else 'ok'}", *wrong]))
            status = max(status, bool(wrong))
    finally:
        server.terminate()
        server.wait()
    return int(status)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except environment.SetupError as error:
        sys.exit(str(error))
