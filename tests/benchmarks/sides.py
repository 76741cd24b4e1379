"""Terrace and its peers as long-lived processes that work on demand, so that no start-up is ever timed."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TERRACE = "Terrace"
R_PEERS = ("lme4", "lmerTest", "pbkrtest", "nlme", "glmmTMB")
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
# Peers that take several threads by themselves, which can cost more than it brings, also run with one: ``name + ONE``.
THREADED = ("statsmodels", "gpboost", "lme-python", "mixedlm", "mixedlm-rs")
ONE = ", one thread"


class SideError(Exception):
    """A process that could not start, died, took too long or too much memory."""


@dataclass(frozen=True)
class Answer:
    """One fit: wall-clock and CPU seconds, log-likelihood (or the number that stands for the result), sorted degrees of
    freedom, evaluations; the most memory beyond what there was with the data loaded, in bytes; or why there is none.
    """

    seconds: float = 0.0
    cpu: float = 0.0
    value: float = 0.0
    df: tuple[float, ...] = ()
    evaluations: int = 0
    failure: str = ""
    memory: int | None = None


def parse(line: str, memory: int | None = None) -> Answer:
    """An answer from ``ok seconds cpu value [df,df,...|-] [evaluations]`` or ``failed why``."""
    kind, _, rest = line.partition(" ")
    if kind != "ok":
        return Answer(failure=rest or "no reason given", memory=memory)
    words = rest.split()
    df = words[3] if len(words) > 3 and words[3] != "-" else ""
    return Answer(
        float(words[0]),
        float(words[1]),
        float(words[2]),
        tuple(sorted(float(d) for d in df.split(",") if d)),
        int(words[4]) if len(words) > 4 else 0,
        memory=memory,
    )


class Side:
    """One process. `about` is what it said of itself: versions of what it fits with.

    It is ended where an answer takes longer than `patience` seconds, or the process more than `most` bytes.
    """

    def __init__(
        self, name: str, command: list[str], environ: dict[str, str], log: Path, patience: float, most: float
    ) -> None:
        self.name = name
        self.patience, self.most = patience, most
        self._log = log.open("w", encoding="utf-8")
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, encoding="utf-8",
            env=environ,
        )  # fmt: skip
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self.about = self._next().partition(" ")[2]
        except SideError:
            self.close()
            raise

    def _read(self) -> None:
        assert self._process.stdout
        with suppress(ValueError):  # the log is closed before the process has said all
            for line in self._process.stdout:
                if line.startswith("@ "):
                    self._lines.put(line[2:].strip())
                else:
                    self._log.write(line)
        self._lines.put(None)

    def _next(self) -> str:
        until = time.monotonic() + self.patience
        while True:
            try:
                line = self._lines.get(timeout=min(0.2, max(0.0, until - time.monotonic())))
                break
            except queue.Empty:
                if time.monotonic() > until:
                    self._process.kill()
                    raise SideError(f"gave no answer in {self.patience:.0f} s") from None
                if (self._status("VmRSS") or 0) > self.most:
                    self._process.kill()
                    raise SideError(f"needed more than the {self.most / 2**30:.1f} GiB there were") from None
        if line is None:
            self._log.flush()
            last = Path(self._log.name).read_text(encoding="utf-8").strip().splitlines()[-1:]
            raise SideError("ended" + (f": {last[0]}" if last else ""))
        return line

    def _ask(self, line: str) -> str:
        assert self._process.stdin
        with suppress(OSError):  # it died: reading tells why
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        return self._next()

    def _status(self, key: str) -> int | None:
        """A line of what Linux says of the memory of a process, in bytes; None elsewhere."""
        with suppress(OSError):
            for line in Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8").splitlines():
                if line.startswith(key + ":"):
                    return 1024 * int(line.split()[1])
        return None

    def load(self, case: str, data: str) -> None:
        """Have the data of a case in memory, with what is made of them in advance. `SideError` where that fails."""
        kind, _, why = self._ask(f"load {case} {data}").partition(" ")
        if kind != "ok":
            raise SideError(why or "no reason given")

    def run(self, case: str, data: str, times: int = 1) -> Answer:
        """Do a case so many times; the answer has the mean. `SideError` where the process gives none."""
        with suppress(OSError):  # from here on, the peak is that of this run
            Path(f"/proc/{self._process.pid}/clear_refs").write_text("5", encoding="ascii")
        before = self._status("VmRSS")
        line = self._ask(f"run {case} {data} {times}")
        peak = self._status("VmHWM")
        return parse(line, None if before is None or peak is None else max(0, peak - before))

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        try:
            self._process.stdin.close()
            self._process.wait(timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._log.close()


def environment(threads: int) -> dict[str, str]:
    """This process's environment with so many threads for BLAS; with 0 as a user has it, who sets none."""
    kept = {key: value for key, value in os.environ.items() if key not in THREADS}
    return kept | (dict.fromkeys(THREADS, str(threads)) if threads else {})


@dataclass(frozen=True)
class Place:
    """Where sides run: Terrace's folder of data and the peers' copies, their Python, BLAS threads, and how long and how
    much memory (bytes) a side may have.
    """

    data: Path
    exchange: Path
    python: str
    threads: int = 0
    patience: float = 900.0
    most: float = float("inf")


def start(name: str, place: Place) -> Side:
    """Start Terrace or a peer. Raises `SideError` where it is not installed."""
    environ = environment(1 if name.endswith(ONE) else place.threads)
    name = name.removesuffix(ONE)
    peers = HERE / "peers"
    if name == TERRACE:
        command = [sys.executable, str(peers / "terrace_side.py"), str(place.exchange), str(place.data)]
    elif name in R_PEERS:
        rscript = shutil.which("Rscript")
        if rscript is None:
            raise SideError("R is not installed")
        command = [rscript, "--vanilla", str(peers / f"{name}.R"), str(place.exchange)]
    else:
        python = sys.executable if name == "pandas" else place.python  # the pandas that Terrace has
        command = [python, str(peers / f"{name}_peer.py"), str(place.exchange)]
    most = min(place.most, 0.8 * available())
    log = place.exchange / f"{name}-{environ.get(THREADS[0], 'own')}.log"
    return Side(name, command, environ, log, place.patience, most)


def available() -> float:
    """The memory that processes could still have, in bytes."""
    with suppress(OSError):
        for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024.0 * int(line.split()[1])
    return float("inf")


def peers_python() -> str:
    """The interpreter that has the peers in Python: that of .venv here where there is one, else this one."""
    own = HERE / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    return str(own) if own.exists() else sys.executable
