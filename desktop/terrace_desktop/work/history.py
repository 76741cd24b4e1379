"""What was run, in order: the list behind the History tab, and the do-file that it makes."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

if TYPE_CHECKING:
    from terrace.session.contract import Outcome

Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()
_EXIT = re.compile(r"\s*e(?:x|xi|xit)?(?![\w(])")
_JOINS = re.compile(r"\s*///.*")


def _closed(command: str) -> list[str]:
    """The lines of a command that ran, which take nothing of the next one along: that alone, a last ``///`` ends it."""
    from terrace.language.dofile.lines import read_commands

    lines = command.splitlines()
    alone, after = ([c.text for c in read_commands("\n".join(own))] for own in (lines, [*lines, "next"]))
    return lines if after == [*alone, "next"] else alone


@dataclass(frozen=True, slots=True)
class Entry:
    """One command of the history. `id` stays its own, wherever it stands in the list."""

    id: int
    command: str
    state: str = "waiting"
    elapsed: float | None = None
    message: str = ""
    at: dt.datetime | None = None
    auto: bool = False  # the window ran it of its own accord


class Changes(TypedDict, total=False):
    """Members of `Entry` that change while its command waits, runs and ends."""

    state: str
    elapsed: float
    message: str


class HistoryModel(QAbstractListModel):
    """The entries, oldest first."""

    EntryRole = Qt.ItemDataRole.UserRole + 1

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self._ids = itertools.count(1)

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.command
        if role == self.EntryRole:
            return entry
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{entry.command}\n\n{entry.message}" if entry.message else entry.command
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(x for x in (entry.command, self.state_text(entry), entry.message) if x)
        return None

    def state_text(self, entry: Entry) -> str:
        """The state in words, with the time it took."""
        words = {
            "waiting": self.tr("waiting"),
            "running": self.tr("running"),
            "ok": "",
            "error": self.tr("failed"),
            "cancelled": self.tr("cancelled"),
        }[entry.state]
        took = "" if entry.elapsed is None else duration(entry.elapsed)
        return " · ".join(x for x in (words, took) if x)

    def add(self, command: str, after: Entry | None = None, auto: bool = False) -> Entry:
        """A new entry at the end, or right after another one."""
        entry = Entry(next(self._ids), command, at=dt.datetime.now(), auto=auto)
        row = len(self.entries) if after is None else self._row(after.id) + 1
        self.beginInsertRows(QModelIndex(), row, row)
        self.entries.insert(row, entry)
        self.endInsertRows()
        return entry

    def take(self, outcomes: Sequence[Outcome]) -> None:
        """The commands of a project that was opened, in place of all that have been answered."""
        left = [e for e in self.entries if e.state in ("waiting", "running")]
        self.beginResetModel()
        self.entries = [
            Entry(
                next(self._ids), o.command, "ok" if o.ok else "error", o.elapsed,
                "" if o.error is None else o.error[1],
            )
            for o in outcomes
        ] + left  # fmt: skip
        self.endResetModel()

    def entry(self, entry_id: int) -> Entry:
        """The entry with this id, as it is now."""
        return self.entries[self._row(entry_id)]

    def update(self, entry_id: int, **changes: Unpack[Changes]) -> Entry:
        """Change an entry's state."""
        row = self._row(entry_id)
        entry = self.entries[row] = replace(self.entries[row], **changes)
        at = self.index(row)
        self.dataChanged.emit(at, at)
        return entry

    def _row(self, entry_id: int) -> int:
        for row in range(len(self.entries) - 1, -1, -1):  # what is asked about is nearly always new
            if self.entries[row].id == entry_id:
                return row
        raise KeyError(entry_id)

    def finish(
        self, entry_id: int, outcome: Outcome | None, elapsed: float, state: str, message: str = ""
    ) -> Entry:
        """The entry has been answered."""
        if outcome is not None and outcome.error is not None:
            message = outcome.error[1]
        return self.update(entry_id, state=state, elapsed=elapsed, message=message)

    def do_file(self, entries: list[Entry] | None = None) -> str:
        """The commands that ran, as a do-file; those that failed stand as comments, and so does what would end it."""
        lines = []
        for entry in self.entries if entries is None else entries:
            ran = entry.state == "ok" and not _EXIT.match(entry.command)
            lines += _closed(entry.command) if ran else [f"* {_JOINS.sub('', x)}" for x in entry.command.splitlines()]
            if entry.state == "error" and entry.message:
                lines.append(f"* failed: {' '.join(entry.message.splitlines())}")
        return "\n".join(lines) + ("\n" if lines else "")


def duration(seconds: float) -> str:
    """A time for people: 14 ms, 1.2 s, 3 min 20 s."""
    if seconds < 0.9995:
        return f"{max(1, round(seconds * 1000))} ms"
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
