"""The program on the accessibility bus of the system, as a screen reader has it: everything named, and HSB fitted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SYSTEM = "/usr/bin/python3"
NEEDED = ("dbus-run-session", "Xvfb", "xauth", "xvfb-run")
BUS = ("/usr/libexec/at-spi-bus-launcher", "/usr/lib/at-spi2-core/at-spi-bus-launcher")
READER = Path(__file__).with_name("atspi_reader.py")
BINDINGS = "import gi; gi.require_version('Atspi', '2.0'); from gi.repository import Atspi"
# The bus that the reader asks for lives and dies with this shell, and so does the program.
SHELL = '"$1" -m terrace_desktop.app.app --language en & program=$!; "$2" "$3"; status=$?; kill $program; exit $status'


def lacking() -> str:
    """What this system has not, of what the test needs."""
    if not sys.platform.startswith("linux"):
        return "AT-SPI is Linux's"
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if not any(os.path.exists(path) for path in BUS):
        missing.append("at-spi2-core")
    if missing:
        return f"not installed: {', '.join(missing)}"
    if not os.path.exists(SYSTEM):
        return f"not installed: {SYSTEM}"
    if subprocess.run([SYSTEM, "-c", BINDINGS], capture_output=True, check=False).returncode:
        return "not installed: python3-gi, gir1.2-atspi-2.0"
    return ""


@pytest.fixture
def told(tmp_path: Path) -> Iterator[dict[str, object]]:
    """What a reader of the screen finds."""
    if why := lacking():
        pytest.skip(why)
    place = tmp_path / "run"
    place.mkdir(mode=0o700)
    environ = dict(
        os.environ, QT_QPA_PLATFORM="xcb", QT_LINUX_ACCESSIBILITY_ALWAYS_ON="1", XDG_RUNTIME_DIR=str(place),
        TERRACE_SETTINGS=str(tmp_path / "settings.json"), TERRACE_LOGS=str(tmp_path / "logs"), HOME=str(tmp_path),
        XDG_STATE_HOME=str(tmp_path / "state"), XDG_DATA_HOME=str(tmp_path / "data"),
    )  # fmt: skip
    session = ["xvfb-run", "-a", "dbus-run-session", "--", "bash", "-c", SHELL, "-"]
    command = [*session, sys.executable, SYSTEM, str(READER)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    yield json.loads(done.stdout.strip().splitlines()[-1])


def test_a_model_is_fitted_and_read_on_the_accessibility_bus(told: dict[str, object]) -> None:
    roles = told["start"]
    assert isinstance(roles, dict)
    assert {"frame", "menu bar", "menu item", "push button", "status bar", "tool bar"} <= set(roles)
    for screen in ("start", "builder", "result"):
        assert told[f"unnamed {screen}"] == [], screen
    assert told["name"] == "Tables of Model 1: Random slope of ses"
    read = str(told["read"])
    assert "-23320.199" in read and "12.66502" in read and "2.393813" in read  # as R's lme4 has them: test_app.py
