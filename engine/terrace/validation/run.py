"""All cases, one after the other, each in a session of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from terrace.data.resources import resource_path
from terrace.errors import Cancelled
from terrace.progress import CancelCheck, Progress, ProgressCallback
from terrace.session.as_json import outcome_json
from terrace.session.session import Session
from terrace.validation import against_r, published
from terrace.validation.cases import Case, Verdict


def cases() -> list[Case]:
    """Every case: the published ones first."""
    return [*published.cases(), *against_r.cases()]


def run(
    chosen: Iterable[Case] | None = None,
    *,
    progress: ProgressCallback | None = None,
    cancel: CancelCheck | None = None,
) -> Iterator[Verdict]:
    """The verdict on each case (all where None are chosen), as soon as it is known.

    Raises `Cancelled` within a second of ``cancel()`` being true; `DataError` where a file of the program is missing.
    """
    every = cases() if chosen is None else list(chosen)
    for k, case in enumerate(every):
        if progress is not None:
            progress(Progress(f"Checking {case.id}", fraction=k / len(every)))
        yield verdict(case, cancel)


def verdict(case: Case, cancel: CancelCheck | None = None) -> Verdict:
    """What comes of one case."""
    sha = hashlib.sha256(resource_path(*case.data.split("/")).read_bytes()).hexdigest()
    session = Session()
    found = []
    for command in (*case.opening, *case.commands):
        if cancel is not None and cancel():
            raise Cancelled
        outcome = session.run(command, cancel=cancel)
        if not outcome.ok:
            if cancel is not None and cancel():
                raise Cancelled
            return Verdict(case, sha, error=f"{command}: {outcome.error[1] if outcome.error else ''}")
        found.append(outcome_json(outcome))
    return Verdict(case, sha, tuple(case.judge(found[len(case.opening) :])))
