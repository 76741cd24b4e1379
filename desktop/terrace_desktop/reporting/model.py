"""The parts of a report as a tree for Qt: each under the heading above it, with a tick where it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QAbstractItemModel, QByteArray, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtCore import Signal as QtSignal

from terrace.session.document.items import Document
from terrace.session.document.report_parts import has_text, part_title, removable, section_of
from terrace.session.document.report_plan import MAX_LEVEL, ReportPart
from terrace_desktop.reporting import texts
from terrace_desktop.ui.words import from_engine, tr

Index = QModelIndex | QPersistentModelIndex
NONE = QModelIndex()
PARTS = "application/x-terrace-report-parts"
SignRole = Qt.ItemDataRole.UserRole + 1
SIGNS = {
    "descriptives": "data", "analysis": "text", "equations": "text", "models": "compare", "paragraph": "text",
    "diagnostics": "plot", "citation": "text", "commands": "list",
}  # fmt: skip


class PartsModel(QAbstractItemModel):
    """The parts of a document; what its user does to them is asked for as a command."""

    command_asked = QtSignal(str)
    refused = QtSignal(str)  # why something cannot be done

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.document = Document()
        self.parts: dict[str, ReportPart] = {}
        self.numbers: Mapping[str, str] = {}
        self._keys: dict[str, int] = {}  # a number for each name, for Qt
        self._names: dict[int, str] = {}
        self._under: dict[str, str] = {}
        self._children: dict[str, list[str]] = {"": []}

    def show(self, document: Document, parts: Sequence[ReportPart], numbers: Mapping[str, str]) -> None:
        """Show these parts, with their numbers in the report."""
        under, children = family(parts)
        same = children == self._children
        if not same:
            self.beginResetModel()
        self.document, self.numbers = document, numbers
        self.parts = {p.name: p for p in parts}
        self._under, self._children = under, children
        for part in parts:
            key = self._keys.setdefault(part.name, len(self._keys) + 1)
            self._names[key] = part.name
        if not same:
            self.endResetModel()
            return
        for names in children.values():
            if names:
                self.dataChanged.emit(self.index_of(names[0]), self.index_of(names[-1]))

    def name(self, index: Index) -> str:
        """The name of the part at an index; empty where there is none."""
        return self._names.get(index.internalId(), "") if index.isValid() else ""

    def part(self, index: Index) -> ReportPart | None:
        """The part at an index."""
        return self.parts.get(self.name(index))

    def index_of(self, name: str) -> QModelIndex:
        """The index of a part; an invalid one where it is not there."""
        beside = self._children.get(self._under.get(name, ""), [])
        return self.createIndex(beside.index(name), 0, self._keys[name]) if name in beside else QModelIndex()

    def title(self, part: ReportPart) -> str:
        """What a part is called: ``Table 2. Models 1 to 4 side by side``."""
        title = from_engine(part_title(self.document, part))
        number = self.numbers.get(part.name, "") if part.shown else ""
        return f"{from_engine(number)}. {title}" if number else title

    # --- Qt's side ----------------------------------------------------------------------------------
    def index(self, row: int, column: int, parent: Index = NONE) -> QModelIndex:
        names = self._children.get(self.name(parent), [])
        return self.createIndex(row, 0, self._keys[names[row]]) if column == 0 and 0 <= row < len(names) else NONE

    def parent(self, child: Index = NONE) -> QModelIndex:  # type: ignore[override]
        under = self._under.get(self.name(child), "")
        return self.index_of(under) if under else QModelIndex()

    def rowCount(self, parent: Index = NONE) -> int:
        return len(self._children.get(self.name(parent), []))

    def columnCount(self, parent: Index = NONE) -> int:
        return 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        part = self.part(index)
        if part is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.title(part)
        if role == Qt.ItemDataRole.EditRole:
            return part.text or from_engine(part_title(self.document, part))
        if role == Qt.ItemDataRole.CheckStateRole:
            return Qt.CheckState.Checked if part.shown else Qt.CheckState.Unchecked
        if role == SignRole:
            return self.sign(part)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return self.title(part)
        return None

    def sign(self, part: ReportPart) -> str:
        """The icon before its title."""
        if part.made:
            return SIGNS[part.made]
        if part.kind in ("heading", "text"):
            return "data" if part.name == "sample" else "heading" if part.kind == "heading" else "text"
        item = self.document.item(part.item)
        if item is None or item.kind == "note":
            return "note"
        if item.kind == "model":
            return "model"
        pictures = item.outcome is not None and item.outcome.plots and not item.outcome.tables
        return "image" if pictures else "data"

    def flags(self, index: Index) -> Qt.ItemFlag:
        part = self.part(index)
        if part is None:
            return Qt.ItemFlag.ItemIsDropEnabled
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
        flags |= Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemIsDropEnabled
        return flags | Qt.ItemFlag.ItemIsEditable if self.renamed_in_line(part) else flags

    def renamed_in_line(self, part: ReportPart) -> bool:
        """True of headings and captions, which are one line."""
        return part.kind != "text" and has_text(self.document, part)

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        part = self.part(index)
        if part is None:
            return False
        if role == Qt.ItemDataRole.CheckStateRole:
            self.command_asked.emit(texts.show(part.name, Qt.CheckState(value) == Qt.CheckState.Checked))
            return True
        words = " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or words == index.data(Qt.ItemDataRole.EditRole):
            return False
        if not words and self.removable(part):
            return False
        self.command_asked.emit(texts.edit(part.name, words))
        return True

    def removable(self, part: ReportPart) -> bool:
        """True of what its user added."""
        return removable(self.document, part)

    # --- another order ------------------------------------------------------------------------------
    def shifted(self, part: ReportPart, by: int) -> str:
        """The command that moves a part up (-1) or down (1); empty where it stands at the end already.

        A heading goes past the section beside it, anything else past one part.
        """
        order = list(self.parts.values())
        own = section_of(order, part.name)
        at = order.index(part)
        if by < 0:
            if at == 0:
                return ""
            beside = self._children[self._under.get(part.name, "")]
            place = beside.index(part.name)
            before = beside[place - 1] if part.kind == "heading" and place else order[at - 1].name
            return texts.move(part.name, before=before)
        if at + len(own) >= len(order):
            return ""
        following = order[at + len(own)]
        past = section_of(order, following.name)[-1] if part.kind == "heading" else following
        return texts.move(part.name, after=past.name)

    def nested(self, part: ReportPart, deeper: bool) -> str:
        """The command that makes a heading one of the next level; empty where that cannot be."""
        level = part.level + (1 if deeper else -1)
        return texts.level(part.name, level) if part.kind == "heading" and 1 <= level <= MAX_LEVEL else ""

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [PARTS]

    def mimeData(self, indexes: object) -> QMimeData:
        mime = QMimeData()
        names = [self.name(i) for i in indexes]  # type: ignore[attr-defined]
        mime.setData(PARTS, QByteArray(" ".join(names).encode()))
        return mime

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        """Ask for the move. False, so that Qt removes nothing: the plan that comes back shows it."""
        if data.hasFormat(PARTS):
            for name in bytes(data.data(PARTS).data()).decode().split():
                command = self.dropped(name, row, self.name(parent))
                if command:
                    self.command_asked.emit(command)
        return False

    def dropped(self, name: str, row: int, onto: str) -> str:
        """The command for dropping a part before a row under another; -1 is onto it. Empty for nothing."""
        order = list(self.parts.values())
        own = {p.name for p in section_of(order, name)} if name in self.parts else {""}
        names = self._children.get(onto, [])
        if onto in own or "" in own:
            return ""
        if 0 <= row < len(names):
            return "" if names[row] in own else texts.move(name, before=names[row])
        if onto and row < 0:
            return texts.move(name, after=onto)
        end = section_of(order, onto)[-1].name if onto else order[-1].name
        return "" if end in own else texts.move(name, after=end)


def family(parts: Sequence[ReportPart]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """What each part stands under, and what stands under each; at the top that is under the empty name."""
    under: dict[str, str] = {}
    children: dict[str, list[str]] = {"": []}
    above: list[ReportPart] = []
    for part in parts:
        while above and above[-1].level >= part.level:
            above.pop()
        name = above[-1].name if above else ""
        under[part.name] = name
        children.setdefault(name, []).append(part.name)
        if part.kind == "heading":
            above.append(part)
    return under, children


def section_words(part: ReportPart, shown: bool) -> str:
    """What the menu says of the tick of a part."""
    if part.kind == "heading":
        return tr("Show the section") if not shown else tr("Leave out the section")
    return tr("Show in the report") if not shown else tr("Leave out of the report")
