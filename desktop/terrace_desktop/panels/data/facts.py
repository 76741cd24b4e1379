"""What the data panel has to know of the data that are open; without Qt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from terrace.spec.templates import likely_groups
from terrace_desktop.forms.facts import OfData
from terrace_desktop.ui.words import tr
from terrace_desktop.work.session_port import sees_filter

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset


@dataclass(frozen=True)
class DataFacts(OfData):
    """The data, None where nothing is open, and the name under which the window shows them."""

    dataset: Dataset | None
    title: str = ""
    used: str = ""  # the filter that analyses use

    def rows_told(self, commands: Sequence[str], shows: bool) -> str:
        if not self.used or self.dataset is None:
            return ""
        seen = [sees for c in commands if (sees := sees_filter(c)) is not None] or [shows]
        if not all(seen):
            return tr("This uses all rows: the filter is not applied.")
        from terrace_desktop.filters.conditions import conditions, words

        said = " · ".join(words(c, self.dataset) for c in conditions(self.used))
        return tr("Uses only the rows of the filter: {0}.").format(said)

    @property
    def subject(self) -> object:
        """What is typed holds for changed versions of the same data."""
        return None if self.dataset is None else self.dataset.source

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """Variables that hold numbers, those that look like a quantity first."""
        if self.dataset is None:
            return ()
        rank = {"continuous": 0, "ordinal": 1, "nominal": 2, "identifier": 3}
        kinds = {v.name: rank[v.measure.value] for v in self.dataset.variables}
        return tuple(sorted((n for n in self.names if not self._text(n)), key=kinds.__getitem__))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Variables that hold text."""
        return tuple(n for n in self.names if self._text(n))

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """All variables, those that look like groups first; one that numbers the rows comes behind categories."""
        if self.dataset is None:
            return ()
        likely = likely_groups(self.dataset)
        kinds = {v.name: v.measure.value for v in self.dataset.variables}
        rank = {"nominal": 1, "ordinal": 2, "identifier": 3}
        ranked = sorted((n for n in self.names if n not in likely), key=lambda n: rank.get(kinds[n], 4))
        return (*likely, *ranked)

    @cached_property
    def stems(self) -> tuple[str, ...]:
        """What two or more names have in common before a number, as inc of inc80 and inc81."""
        found: dict[str, int] = {}
        for name in self.names:
            stem = re.sub(r"\d+$", "", name)
            if stem and stem != name:
                found[stem] = found.get(stem, 0) + 1
        return tuple(s for s, n in found.items() if n > 1)

    def _text(self, name: str) -> bool:
        return self.dataset is not None and self.dataset.is_text(name)
