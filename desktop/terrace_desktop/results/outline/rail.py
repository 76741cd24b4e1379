"""The line of descent beside the models: which lane each dot stands in, and the lines from parents to children."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Edge:
    """The line from a model to one that was made from it; it runs down in the lane of the child."""

    parent: int
    child: int
    lane: int


@dataclass(frozen=True)
class Rail:
    """The lane of each model by its key, counted from 0, and the lines."""

    lanes: Mapping[int, int] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()

    @property
    def width(self) -> int:
        """How many lanes there are."""
        return 1 + max(self.lanes.values(), default=0)


def rail(models: Sequence[tuple[int, int]]) -> Rail:
    """The rail of models given as (key, key of the parent or 0), from top to bottom.

    A child goes on in the lane of its parent where that is free; a second child opens a lane of its own. Lines of one
    lane never overlap, and no line crosses the dot of another model.
    """
    places = {key: place for place, (key, _) in enumerate(models)}
    lanes: dict[int, int] = {}
    taken: list[tuple[int, int, int]] = []  # lane, first and last place
    edges: list[Edge] = []
    for place, (key, parent) in enumerate(models):
        other = places.get(parent, place)
        top, bottom = min(place, other), max(place, other)
        lane = _free(taken, top, bottom, lanes.get(parent, 0))
        lanes[key] = lane
        taken.append((lane, top, bottom))
        if other != place:
            edges.append(Edge(parent, key, lane))
    return Rail(lanes, tuple(edges))


def _free(taken: Sequence[tuple[int, int, int]], top: int, bottom: int, wanted: int) -> int:
    """The lane wanted, or the first in which nothing stands between both places."""

    def free(lane: int) -> bool:
        return all(
            other != lane or last <= top or first >= bottom if top != bottom
            else other != lane or not first < top < last
            for other, first, last in taken
        )  # fmt: skip

    if free(wanted):
        return wanted
    return next(lane for lane in range(len(taken) + 1) if free(lane))
