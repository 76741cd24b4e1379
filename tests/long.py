#!/usr/bin/env python3
"""The long run: what takes too long for the gate. ``python3 tests/long.py [--minutes 60] [--only STEP]``

Every step runs, whatever became of the ones before it; the last lines sum up, and the exit status is 1 where one
failed. A step is a function in STEPS: it takes the options, prints what it sees, and returns a `Result`.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import environment  # noqa: E402 - found by the line above

PASSED, FAILED, SKIPPED = "passed", "FAILED", "skipped"


@dataclass(frozen=True)
class Result:
    """How a step ended, and its counts in words."""

    state: str
    counts: str


# ----------------------------------------------------------------------------------------- another processor

CORE_NAME = """
import ctypes, numpy.linalg
paths = {line.split()[-1] for line in open("/proc/self/maps") if "openblas" in line}
name = ctypes.CDLL(min(paths)).scipy_openblas_get_corename64_
name.restype = ctypes.c_char_p
print(name().decode())
"""
"""Prints which kernels the OpenBLAS of NumPy runs."""

KERNELS = {
    "SkylakeX": {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"},
    "Haswell": {"avx2", "fma"},
    "Sandybridge": {"avx"},
}
"""Values of OPENBLAS_CORETYPE, with what a processor must have for them."""


def kernel(environ):
    """The kernels that OpenBLAS picks in this environment; empty where it cannot be asked."""
    asked = subprocess.run(
        [str(environment.venv_python()), "-c", CORE_NAME], env=environ, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip()


def another_kernel(environ):
    """An OPENBLAS_CORETYPE that this processor has and that is not in use, with the one in use; None where none is."""
    now = kernel(environ)
    try:
        found = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    has = set(found[1].split()) if found and now else set()
    for name, needs in KERNELS.items():
        if needs <= has and name != now and kernel({**environ, "OPENBLAS_CORETYPE": name}) == name:
            return name, now
    return None


def processor(options):
    """The tests of the engine with the kernels of another processor in OpenBLAS."""
    environ = plain_environ()
    other = another_kernel(environ)
    if other is None:
        return Result(SKIPPED, "this processor, or this OpenBLAS, has one kind of kernels")
    environ["OPENBLAS_CORETYPE"] = other[0]
    status, text = pytest(["tests/engine", "tests/conformance", "--timeout=1800"], environ)
    return Result(state(status), f"{closing(text)}; {other[0]}, otherwise {other[1]}")


# ------------------------------------------------------------------------------------------------ properties

DESIGNS = [f"tests/engine/test_{name}.py" for name in ("one_maximum", "against_invariances", "against_boundaries")]
"""Properties of fits of generated designs."""


def rounds(where, options, examples):
    """Properties with new random examples, again and again until the time is up or one fails."""
    until, done, tried = time.monotonic() + 60 * options.minutes, 0, 0
    while done == 0 or time.monotonic() < until:
        seed = random.SystemRandom().randrange(2**32)
        arguments = [*where, "-m", "hypothesis", f"--hypothesis-seed={seed}", "--hypothesis-show-statistics"]
        environ = {**plain_environ(), "TERRACE_EXAMPLES": str(examples)}
        status, text = pytest([*arguments, "--timeout=7200"], environ, show=False)
        done += 1
        tried += sum(int(n) for n in re.findall(r"(\d+) passing", text))
        print(f"round {done}, seed {seed}: {closing(text)}; {tried:,} examples so far", flush=True)
        if status:
            print(text)
            return Result(FAILED, f"in round {done}, TERRACE_EXAMPLES={examples} and --hypothesis-seed={seed}")
    return Result(PASSED, f"{done} rounds, {tried:,} examples")


def designs(options):
    """Generated designs: one maximum in every coding, invariances, boundaries; for --minutes."""
    return rounds(DESIGNS, options, 50)


def properties(options):
    """All other properties of the engine, for --minutes."""
    return rounds(["tests/engine", *(f"--ignore={path}" for path in DESIGNS)], options, 300)


# -------------------------------------------------------------------------------------------------- coverage


def coverage(options):
    """How often intervals hold the truth, held to the shares that are wanted."""
    status, text = python("tests/benchmarks/coverage.py", "--no-results")
    fits = re.search(r"of ([\d,]+) fits did not converge", text)
    return Result(state(status), f"{fits[1] if fits else 'no'} fits, {text.count(' groups of ')} cells")


def locked(options):
    """What ships and what freezes it, as locked, installed into an empty environment."""
    status, _ = python("tools/lock.py", "--check")
    return Result(state(status), "installed with hashes" if status == 0 else "not installed")


# ----------------------------------------------------------------------------------------------- damaged files


def mutated(options):
    """20,000 damaged files of all formats are opened: no crash, none that takes 10 s or 2 GiB."""
    status, text = python("tests/engine/mutated.py", "1000", "20000")
    return Result(state(status), last_line(text))


def kills(options):
    """300 processes killed while they save, 300 while they keep a journal, 200 windows at work; two on one file."""
    seed = str(random.randrange(10**6))
    with tempfile.TemporaryDirectory() as folder:
        windows = Path(folder, "work")
        windows.mkdir()
        return in_turn(
            ["tests/engine/kills.py", folder, seed, "300"],
            ["tests/engine/kills.py", folder, seed, "50", "--pairs"],
            ["tests/engine/kills_journal.py", folder, seed, "300"],
            ["tests/desktop/kills_windows.py", str(windows), seed, "200", "2"],  # nothing older than 2 s may be lost
            more=f" (seed {seed})",
        )


def first_hour(options):
    """The first five minutes and the first hour of somebody new, played by clicks and keys on the real window."""
    with tempfile.TemporaryDirectory() as folder:
        return in_turn(["tests/desktop/five_minutes.py", folder], ["tests/desktop/first_hour.py", folder])


HEAPS = ({}, {"MALLOC_PERTURB_": "165"}, {"PYTHONMALLOC": "malloc"}, {"PYTHONMALLOC": "debug"})
"""Memory as it is; filled by glibc where it is freed; Python's own from glibc too; watched by Python."""


def shaken(options):
    """Random clicks and keys in the window, for --minutes: no crash, and no error."""
    said, status, actions = [], 0, 0
    for heap in HEAPS:
        seed = str(random.randrange(10**6))
        ended, text = python("tests/desktop/shaken.py", seed, str(options.minutes / len(HEAPS)), **heap)
        status = status or ended
        actions += sum(int(n.replace(",", "")) for n in re.findall(r"([\d,]+) actions in", text))
        said += [f"ended with {ended} (seed {seed}, {heap})"] if ended else []
    return Result(state(status), "; ".join([f"{actions:,} actions", *said]))


def code(options):
    """R code of 200 generated models, run in R: the log likelihoods are those of Terrace."""
    environ = {**plain_environ(), "TERRACE_SPECS": "200"}
    status, text = pytest(["tests/engine/test_code_in_r.py", "--timeout=3600"], environ)
    return Result(state(status), closing(text))


def pages(options):
    """Pages of reports as LibreOffice lays out the Word document, against those that are shown before it is saved."""
    seed = str(random.randrange(10**6))
    with tempfile.TemporaryDirectory() as folder:
        status, text = python("tests/engine/pages_in_libreoffice.py", folder, seed)
    said = last_line(text)
    return Result(SKIPPED if said.startswith("skipped") else state(status), f"{said} (seed {seed})")


def citation(options):
    """CITATION.cff by cffconvert, in an environment of its own: it wants other versions of what the program uses."""
    with tempfile.TemporaryDirectory() as folder:
        status, text = installed(folder, "cffconvert")
        if status == 0:
            converter = environment.venv_python(Path(folder)).with_name("cffconvert")
            status, text = watched([str(converter), "--validate"], plain_environ())
    return Result(state(status), last_line(text))


# ------------------------------------------------------------------------------------------------- what is released


def package(options):
    """sdist and wheel built twice, and installed by pip, pipx and uv, with what installer/release.lock names."""
    with tempfile.TemporaryDirectory() as folder:
        status, text = installed(folder, "--require-hashes", "-r", "installer/release.lock")
        if status == 0:
            builder = str(environment.venv_python(Path(folder)))
            status, text = watched([builder, "installer/package.py", "--out", folder], plain_environ())
    return Result(state(status), last_line(text) if status == 0 else "see above")


def setup(options):
    """The setup for Windows under Wine, with stand-ins for the programs."""
    if not all(map(shutil.which, ("makensis", "wine", "xvfb-run"))):
        return Result(SKIPPED, "needs nsis, wine64 and xvfb")
    script = ["xvfb-run", "-a", str(environment.venv_python()), "installer/windows/try_setup.py"]
    status, text = watched(script, plain_environ())
    return Result(state(status), last_line(text))


def installers(options):
    """The installers of this system, built, proved to lack nothing, and tried as users do: on Debian, as root."""
    if not Path("/usr/sbin/debootstrap").exists():
        return Result(SKIPPED, "debootstrap is missing")
    with tempfile.TemporaryDirectory() as folder:
        status, _ = python("installer/build.py", "linux", "--out", folder)
        if status:
            return Result(FAILED, "not built")
        made = [str(next(Path(folder).glob(f"*.{ending}"))) for ending in ("deb", "run")]
        return in_turn(("installer/prove.py",), ("installer/linux/try.py", *made))


STEPS = {
    step.__name__: step
    for step in (
        *(processor, designs, properties, coverage, locked, mutated, kills, first_hour, shaken, code, pages, citation),
        *(package, setup, installers),
    )
}


# --------------------------------------------------------------------------------------------------- running


def plain_environ():
    """The environment of a step: headless, one thread in BLAS, no fixed examples."""
    environ = environment.clean_environ()
    environ["QT_QPA_PLATFORM"] = "offscreen"
    environ.pop("CI", None)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        environ.setdefault(name, "1")
    return environ


def watched(command, environ, show=True):
    """Run a command; its exit status and what it printed, shown line by line as it comes."""
    process = subprocess.Popen(
        command, cwd=str(ROOT), env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
    )  # fmt: skip
    lines = []
    for line in process.stdout:
        lines.append(line)
        if show:
            print(line, end="", flush=True)
    return process.wait(), "".join(lines)


def python(script, *arguments, **variables):
    """Run a script of the checkout in its environment; its exit status and what it printed."""
    command = [str(environment.venv_python()), str(ROOT / script), *arguments]
    return watched(command, {**plain_environ(), **variables})


def in_turn(*calls, more=""):
    """Run scripts one after the other, whatever became of those before; the last line of each, and `more`."""
    ended = [python(*call) for call in calls]
    said = "; ".join(last_line(text) for _, text in ended)
    return Result(state(any(status for status, _ in ended)), said + more)


def installed(folder, *wanted):
    """A new environment in a folder with what pip is asked for; the exit status and what pip printed."""
    venv.create(folder, with_pip=True)
    builder = str(environment.venv_python(Path(folder)))
    return watched([builder, "-m", "pip", "install", "--quiet", *wanted], plain_environ())


def pytest(arguments, environ, show=True):
    """Run pytest; its exit status and what it printed."""
    return watched([str(environment.venv_python()), "-m", "pytest", *arguments], environ, show)


def last_line(text):
    """The last line that something printed."""
    return text.strip().rpartition("\n")[2]


def closing(text):
    """The counts of pytest's last line: ``1 failed, 12 passed``."""
    return ", ".join(re.findall(r"\d+ (?:passed|failed|errors?|skipped)", last_line(text))) or "no test ran"


def state(status):
    """How a step ended, by the exit status of what it ran."""
    return FAILED if status else PASSED


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60, help="of each step that goes on as long as asked (60)")
    parser.add_argument("--only", action="append", choices=list(STEPS), metavar="STEP", help="this step; repeatable")
    parser.add_argument("--list", action="store_true", help="name the steps and what they do")
    options = parser.parse_args(arguments)
    if options.list:
        for name, step in STEPS.items():
            print(f"{name:12}{step.__doc__}")
        return 0
    try:
        environment.prepare(["desktop", "dev", "docs"])
    except environment.SetupError as error:
        print(error, file=sys.stderr)
        return 1
    results = []
    for name in options.only or STEPS:
        print(f"\n== {name}: {STEPS[name].__doc__}", flush=True)
        begun = time.monotonic()
        result = STEPS[name](options)
        results.append((result.state, f"{name:12}{result.state:9}{time.monotonic() - begun:7.0f} s  {result.counts}"))
    print("\n== Summary", *(line for _, line in results), sep="\n")
    return 1 if any(ended == FAILED for ended, _ in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
