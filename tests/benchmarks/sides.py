"""Terrace and its peers as long-lived processes that fit on demand, so that no start-up is ever timed."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TERRACE = "Terrace"


class SideError(Exception):
    """A process that could not start, died, or took too long."""


@dataclass(frozen=True)
class Answer:
    """One fit: wall-clock and CPU seconds, log-likelihood, sorted degrees of freedom; or why there is none."""

    seconds: float = 0.0
    cpu: float = 0.0
    ll: float = 0.0
    df: tuple[float, ...] = ()
    evaluations: int = 0
    failure: str = ""


def parse(line: str) -> Answer:
    """An answer from ``ok seconds cpu ll [df,df,...|-] [evaluations]`` or ``failed why``."""
    kind, _, rest = line.partition(" ")
    if kind != "ok":
        return Answer(failure=rest or "no reason given")
    words = rest.split()
    df = words[3] if len(words) > 3 and words[3] != "-" else ""
    return Answer(
        float(words[0]),
        float(words[1]),
        float(words[2]),
        tuple(sorted(float(d) for d in df.split(",") if d)),
        int(words[4]) if len(words) > 4 else 0,
    )


class Side:
    """One process. `about` is what it said of itself: versions of what it fits with."""

    def __init__(self, name: str, command: list[str], environ: dict[str, str], log: Path, patience: float) -> None:
        self.name = name
        self.patience = patience
        self._log = log.open("w", encoding="utf-8")
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, encoding="utf-8",
            env={**os.environ, **environ},
        )  # fmt: skip
        threading.Thread(target=self._read, daemon=True).start()
        self.about = self._next().partition(" ")[2]

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith("@ "):
                self._lines.put(line[2:].strip())
            else:
                self._log.write(line)
        self._lines.put(None)

    def _next(self) -> str:
        try:
            line = self._lines.get(timeout=self.patience)
        except queue.Empty:
            self._process.kill()
            raise SideError(f"{self.name} gave no answer in {self.patience:.0f} s") from None
        if line is None:
            self._log.flush()
            last = Path(self._log.name).read_text(encoding="utf-8").strip().splitlines()[-1:]
            raise SideError(f"{self.name} ended" + (f": {last[0]}" if last else ""))
        return line

    def run(self, case: str, data: str) -> Answer:
        """Fit a case once. `SideError` where the process is gone or does not answer."""
        assert self._process.stdin
        try:
            self._process.stdin.write(f"run {case} {data}\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it died: reading tells why
        return parse(self._next())

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        try:
            self._process.stdin.close()
            self._process.wait(timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
        self._log.close()


def blas_threads(count: int) -> dict[str, str]:
    """The environment in which BLAS uses so many threads; 0 leaves it as it is for a user."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    return {} if not count else dict.fromkeys(names, str(count))


def start(name: str, data: Path, exchange: Path, statsmodels: str, threads: int, patience: float) -> Side:
    """Start Terrace or a peer; `data` is Terrace's folder, `exchange` that of the peers' copies.

    Raises `SideError` where it is not installed.
    """
    environ = blas_threads(threads)
    if name == TERRACE:
        command = [sys.executable, str(HERE / "peers" / "terrace_side.py"), str(data)]
    elif name == "statsmodels":
        command = [statsmodels, str(HERE / "peers" / "statsmodels_peer.py"), str(exchange)]
    else:
        rscript = shutil.which("Rscript")
        if rscript is None:
            raise SideError("R is not installed")
        command = [rscript, "--vanilla", str(HERE / "peers" / f"{name}.R"), str(exchange)]
    return Side(name, command, environ, exchange / f"{name}.log", patience)


def statsmodels_python() -> str:
    """The interpreter that has statsmodels: that of .venv here where there is one, else the one that runs this."""
    own = HERE / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    return str(own) if own.exists() else sys.executable
