"""Make the checkout runnable: a virtual environment, the Python packages, Debian's shared libraries for Qt.

Shared by `start.py`, `tests/run.py` and `.ci/run`. It runs under the system's own Python, before anything is
installed, so it needs the standard library alone, and its syntax stays readable to older Pythons, which
get a clear sentence instead of a syntax error.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "terrace-setup.json"
LOG = VENV / "setup.log"
OLDEST = (3, 11)
ON_WINDOWS = os.name == "nt"

# What Qt loads for X11, Wayland, OpenGL and fonts and a bare Debian or Ubuntu does not have.
# "a|b": the first that the system has or offers (Ubuntu 24.04 renamed some libraries).
QT_LIBRARIES = (
    "libegl1",
    "libgl1",
    "libopengl0",
    "libglib2.0-0|libglib2.0-0t64",
    "libdbus-1-3",
    "libfontconfig1",
    "libxkbcommon0",
    "libxkbcommon-x11-0",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-image0",
    "libxcb-keysyms1",
    "libxcb-randr0",
    "libxcb-render-util0",
    "libxcb-shape0",
    "libxcb-xinerama0",
    "libxcb-xkb1",
    "libwayland-client0",
    "libwayland-cursor0",
    "libwayland-egl1",
    "fonts-dejavu-core",
    "fonts-inter",  # the first choice of the theme
)


class SetupError(Exception):
    """Set-up cannot go on; the message says what to do."""


def say(line):
    print(line, flush=True)


# ---------------------------------------------------------------------------------------------- Python


def supported_python():
    """Go on under a supported Python: this one, or else one found on PATH, which replaces this process."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(OLDEST[1], 15):
        found = shutil.which("python3.%d" % minor)  # noqa: UP031 - read by older Pythons
        if found:
            os.execv(found, [found, *sys.argv])
    have = ".".join(str(part) for part in sys.version_info[:3])
    advice = "Install it from https://www.python.org/downloads/ and start this again with it."
    if on_debian():
        advice = "Type: sudo apt-get install -y python3.11-venv; then start this again with python3.11."
    raise SetupError(f"Terrace needs Python 3.11 or newer; this is {have}. {advice}")


def venv_python(folder=None):
    """The interpreter of the virtual environment in a folder (the checkout's), whether or not it exists yet."""
    return (folder or VENV) / ("Scripts/python.exe" if ON_WINDOWS else "bin/python")


def clean_environ():
    """The environment for children: nothing in it may lead Python or pip away from `.venv`."""
    astray = ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__")
    environ = {name: value for name, value in os.environ.items() if name not in astray}
    environ.update(PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1", PYTHONUTF8="1")
    return environ


def can_make_venv():
    """False on a Debian whose Python comes without `ensurepip` (package python3.x-venv)."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return False
    return True


def venv_works():
    """True where the environment's Python starts, is new enough and has pip."""
    test = "import sys, pip; sys.exit(sys.version_info[:2] < (%d, %d))" % OLDEST  # noqa: UP031
    try:
        return run_quiet([venv_python(), "-c", test]).returncode == 0
    except OSError:
        return False


def run_quiet(command, **options):
    """`command` with its output captured as text."""
    options.setdefault("env", clean_environ())
    return subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
        **options,
    )


# ---------------------------------------------------------------------------------------------- Debian


def on_debian():
    """Debian, Ubuntu and their kin."""
    return os.path.exists("/etc/debian_version") and None not in map(shutil.which, ("apt-get", "dpkg-query"))


def installed(names):
    """The subset of `names` that dpkg has installed."""
    answer = run_quiet(["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n", *names]).stdout
    return {line.split()[1] for line in answer.splitlines() if line.startswith("ii ")}


def missing_packages(wanted):
    """Those of `wanted` (each ``a`` or ``a|b``) of which no alternative is installed."""
    have = installed([name for entry in wanted for name in entry.split("|")]) if wanted else set()
    return [entry for entry in wanted if not have.intersection(entry.split("|"))]


def as_root():
    """What to put before a command to run it as root; None where that would need a password."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and run_quiet(["sudo", "-n", "true"]).returncode == 0:
        return ["sudo", "-n"]
    return None


def apt_command(entries):
    """The command for a person to type."""
    return "sudo apt-get install -y " + " ".join(entry.split("|")[0] for entry in entries)


def apt_install(entries):
    """Install Debian packages; raise `SetupError` with the command to type where that is not possible."""
    prefix = as_root()
    if prefix is None:
        raise SetupError(
            "Some packages of the system are missing, and only its administrator can install them. Type:\n\n"
            f"    {apt_command(entries)}\n\nand start this again."
        )
    names = [entry.split("|")[0] for entry in entries]
    more = f" and {len(names) - 2} more" if len(names) > 3 else ""
    say("  System packages: " + ", ".join(names[:2] if more else names) + more)
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    run_quiet([*apt, "update"])  # a failing source need not matter; the installation tells
    names = [offered(entry) for entry in entries]
    for attempt in (1, 2):
        done = run_quiet([*apt, "install", "-y", "--no-install-recommends", *names])
        if done.returncode == 0:
            return
        if attempt == 1:
            say("  That failed; trying once more")
    raise SetupError(f"apt-get failed:\n{tail(done.stdout)}\nThe command was: {apt_command(entries)}")


def offered(entry):
    """The first alternative of `entry` that apt can install."""
    names = entry.split("|")
    for name in names if len(names) > 1 else ():
        policy = run_quiet(["apt-cache", "policy", name], env=dict(clean_environ(), LC_ALL="C")).stdout
        if "Candidate:" in policy and "Candidate: (none)" not in policy:
            return name
    return names[0]


def system_packages(need_venv, need_qt):
    """Install what the system lacks. Only what nothing can go on without is an error."""
    if not on_debian():
        return
    python = ["python3.%d-venv" % sys.version_info[1]] if need_venv else []  # noqa: UP031
    libraries = missing_packages(QT_LIBRARIES) if need_qt else []
    if not python and not libraries:
        return
    try:
        apt_install(python + libraries)
    except SetupError as error:
        if python and missing_packages(python):
            raise
        say(f"  The window may not open yet. {error}")


# ---------------------------------------------------------------------------------------------- packages


def tail(text, lines=15):
    """The last lines of a program's output."""
    return "\n".join("    " + line for line in text.strip().splitlines()[-lines:])


def make_venv():
    """A working `.venv`, keeping one that works."""
    if venv_works():
        return
    if VENV.is_symlink() or (VENV.exists() and not (VENV / "pyvenv.cfg").exists() and any(VENV.iterdir())):
        raise SetupError(f"{VENV} is not a virtual environment. Move it away and start this again.")
    say("  Python environment in .venv")
    done = run_quiet([sys.executable, "-m", "venv", "--clear", VENV])
    if done.returncode != 0 or not venv_works():
        hint = ""
        if on_debian():
            version = sys.version_info[1]
            hint = f"\nIt may help to type: sudo apt-get install -y python3.{version}-venv"
        raise SetupError(f"Python could not make a virtual environment in {VENV}:\n{tail(done.stdout)}{hint}")


def pip_install(extras):
    """Install the checkout, editable, with `extras`; once more after a failure, for networks that stumble."""
    target = f".[{','.join(extras)}]"  # run in ROOT, so that no character of its path matters
    command = [venv_python(), "-m", "pip", "install", "--progress-bar", "off", "--editable", target]
    for attempt in (1, 2):
        if follow_pip(command) == 0:
            return
        if attempt == 1:
            say("  That failed; trying once more")
    log = LOG.read_text(encoding="utf-8", errors="replace")
    raise SetupError(
        f"pip could not install the Python packages:\n{tail(log)}\n"
        f"The whole of its output is in {LOG}. If the network was away, start this again."
    )


def follow_pip(command):
    """Run pip, its output into the log, one short line on a terminal for what it is at; the exit status."""
    show = sys.stdout.isatty()
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=str(ROOT),
        env=clean_environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    with open(LOG, "w", encoding="utf-8") as log:
        for line in process.stdout:
            log.write(line)
            if show and line.strip():
                sys.stdout.write("\r\033[K    " + line.strip()[: shutil.get_terminal_size().columns - 6])
                sys.stdout.flush()
    if show:
        sys.stdout.write("\r\033[K")
        sys.stdout.flush()
    return process.wait()


# ---------------------------------------------------------------------------------------------- all of it


def fingerprint():
    """What set-up depends on: the declared packages, this script's place, and the Python below."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes())
    digest.update(f"{ROOT}\n{sys.version_info[:3]}\n{'|'.join(QT_LIBRARIES)}".encode())
    return digest.hexdigest()


def done_already(extras):
    """True where an earlier set-up of this very state covers `extras`."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        same = stamp["fingerprint"] == fingerprint() and set(extras) <= set(stamp["extras"])
        return same and venv_python().exists()
    except (OSError, ValueError, KeyError, TypeError):
        return False


def prepare(extras):
    """Set up what is missing and return the environment's Python. Quick when there is nothing to do."""
    supported_python()
    if done_already(extras):
        return venv_python()
    began = time.monotonic()
    fresh = not venv_works()
    say("Setting up Terrace in this folder (once; a few minutes)" if fresh else "Updating the set-up")
    system_packages(need_venv=fresh and not can_make_venv(), need_qt="desktop" in extras)
    make_venv()
    say("  Python packages (about 250 MB)")
    pip_install(extras)
    stamp = {"fingerprint": fingerprint(), "extras": sorted(extras)}
    STAMP.write_text(json.dumps(stamp), encoding="utf-8")
    say(f"  Ready after {time.monotonic() - began:.0f} s")
    return venv_python()


def main(argv):
    """``environment.py --apt PACKAGE...`` or ``environment.py [EXTRA...]``."""
    try:
        if argv[:1] == ["--apt"]:
            lacking = missing_packages(argv[1:])
            if lacking:
                apt_install(lacking)
        else:
            prepare(argv or ["desktop"])
    except SetupError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
