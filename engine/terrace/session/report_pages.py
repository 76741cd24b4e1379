"""The pages of the report of a session, as the window shows them: the PDF, and where each part of the plan stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terrace.progress import CancelCheck
    from terrace.session.contract import Outcome
    from terrace.session.session import Session
    from terrace.session.state import State


@dataclass(frozen=True, slots=True)
class PartPlace:
    """Where a part stands: ``part`` is its name in the plan, ``page`` counts from 0, the rest is in points from the
    upper left corner of the page. A part that runs over pages has one of these on each."""

    part: str
    page: int
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class ReportPages:
    """``pdf`` is the file, ``sizes`` the width and height of each page in points, ``places`` those of the parts in
    their order. ``numbers`` are the captions that parts have in the report: ``{"models": "Table 2"}``."""

    pdf: bytes
    sizes: tuple[tuple[float, float], ...]
    places: tuple[PartPlace, ...]
    numbers: Mapping[str, str]

    def part_at(self, page: int, x: float, y: float) -> str:
        """The part at a point of a page; empty where there is none."""
        for p in reversed(self.places):
            if p.page == page and 0 <= x - p.left <= p.width and 0 <= y - p.top <= p.height:
                return p.part
        return ""


def report_pages(session: Session) -> ReportPages:
    """The pages of the report as its plan has them now; an empty report is one page with its title.

    This is no command: nothing of the session is changed. Raises `Cancelled` where the session was told to stop.
    """
    return state_pages(session.state, session.whole()[0], session.cancel)


def state_pages(state: State, history: Sequence[Outcome], cancel: CancelCheck | None = None) -> ReportPages:
    """The same of a state with the commands that led to it, so that a thread that has no session can ask for it."""
    from terrace.report.pdf import pages_pdf
    from terrace.session.report_contents import state_contents

    contents = state_contents(state, history, cancel)
    made = pages_pdf(contents)
    places = (
        PartPlace(x.part, x.page, x.left, made.sizes[x.page][1] - x.bottom - x.height, x.width, x.height)
        for x in made.landed
    )
    return ReportPages(made.pdf, made.sizes, tuple(_joined(places)), contents.numbers())


def _joined(places: Iterator[PartPlace]) -> Iterator[PartPlace]:
    """One place for what a part shows on a page without a gap."""
    last: PartPlace | None = None
    for place in places:
        if last is not None and (last.part, last.page) == (place.part, place.page):
            left, top = min(last.left, place.left), min(last.top, place.top)
            right = max(last.left + last.width, place.left + place.width)
            bottom = max(last.top + last.height, place.top + place.height)
            last = PartPlace(place.part, place.page, left, top, right - left, bottom - top)
            continue
        if last is not None:
            yield last
        last = place
    if last is not None:
        yield last
