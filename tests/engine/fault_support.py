"""Every writer of the engine, from the lists in the code, and ways in which a disk fails."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

from terrace.cli import main
from terrace.data import formats
from terrace.report import formats as output
from terrace.session.session import Session

REPORT = 'report "{}", models(a) noplots replace'
GRAPH = 'graph export "{}", name(G) replace'


@dataclass(frozen=True)
class Writer:
    """How a file is written over an older one: `run` gives what was said where that failed, and nothing otherwise."""

    name: str
    file: str
    run: Callable[[Session, Path], str]


def command(text: str) -> Callable[[Session, Path], str]:
    def run(session: Session, path: Path) -> str:
        outcome = session.run(text.format(path))
        return "" if outcome.error is None else f"{outcome.error[1]} {outcome.error_advice}"

    return run


def log(session: Session, path: Path) -> str:
    """A log with a command in it."""
    said = [command(t)(session, path) for t in ('log using "{}", replace', "display 1", "log close")]
    return next(filter(None, said[:2]), said[2])


def json(session: Session, path: Path) -> str:
    said = io.StringIO()  # in memory: the disk of the test has no room for it
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = main(["run", "-c", "quietly display 1", "--json", str(path)])
    return said.getvalue() if status else ""


def writers() -> list[Writer]:
    out = [Writer(f"save {e}", f"d{e}", command('save "{}", replace')) for e in formats.WRITTEN]
    out += [
        Writer("export delimited", "e.csv", command('export delimited using "{}", replace')),
        Writer("export excel", "e.xlsx", command('export excel using "{}", replace')),
        Writer("estimates save", "m.fit", command('estimates save "{}", replace')),
        Writer("project save", "w.terrace", command('project save "{}", replace')),
        Writer("log using", "l.log", log),
        Writer("--json", "o.json", json),
        Writer("statsby", "s.dta", command('statsby slope=_b[x], by(g) saving("{}", replace): regress y x')),
    ]
    for known in output.FORMATS:
        for ending in (known.ending, *known.also):
            if known.report:
                out.append(Writer(f"report {ending}", f"r{ending}", command(REPORT)))
            if known.plot:
                out.append(Writer(f"graph export {ending}", f"g{ending}", command(GRAPH)))
    return out


@contextlib.contextmanager
def room(size: int) -> Iterator[None]:
    """A disk with room for so many bytes: a write that crosses them is short, and the next one fails."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def failing(number: int) -> Callable[..., None]:
    """A call of the system that fails with this error."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail
