"""The outline as a model of Qt: items under the one that they belong to, and the draft that is not kept yet."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from terrace.session.document.edits import HOLDERS
from terrace.session.document.items import Document, Item
from terrace_desktop.results.outline.rail import Rail, rail
from terrace_desktop.ui.words import marked, tr
from terrace_desktop.work import outline

Index = QModelIndex | QPersistentModelIndex
NONE = QModelIndex()
AT_TOP = (*HOLDERS, "heading")
DRAFT = 0  # the id of the draft: no item has it
ItemRole = int(Qt.ItemDataRole.UserRole)
SignRole = ItemRole + 1
SecondRole = ItemRole + 2  # the second line
ITEMS = "application/x-terrace-items"
NOTE = 48  # letters of a note that stand for its title


class OutlineModel(QAbstractItemModel):
    """One column. `command_asked` carries what a drop or another title asks for."""

    command_asked = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = Document()
        self.draft = ("", 0)  # its title, empty without one, and the model that it is made from
        self.rail = Rail()
        self.mime: object = None  # called with an id, gives what is dragged out
        self._children: dict[int, list[int]] = {0: []}
        self._items: dict[int, Item] = {}

    # --- content ------------------------------------------------------------------------------------
    def show(self, document: Document, draft: tuple[str, int]) -> None:
        """Show another document. Where only texts differ, nothing is closed or scrolled."""
        children = tree(document, bool(draft[0]))
        same = children == self._children
        if not same:
            self.beginResetModel()
        self.document, self.draft, self._children = document, draft, children
        self._items = {item.id: item for item in document}
        models = [(i.id, i.origin) for i in document.models()]
        if draft[0]:
            models.append((DRAFT - 1, draft[1]))
        self.rail = rail(models)
        if not same:
            self.endResetModel()
            return
        for ids in children.values():
            if ids:
                self.dataChanged.emit(self.index_of(ids[0]), self.index_of(ids[-1]))

    def item(self, index: Index) -> Item | None:
        """The item of an index; None for the draft."""
        return self._items.get(index.internalId()) if index.isValid() else None

    def index_of(self, id_: int) -> QModelIndex:
        """The index of an item; an invalid one where it is not there."""
        item = self._items.get(id_)
        under = 0 if item is None else item.under if item.under in self._items else 0
        siblings = self._children.get(under, [])
        return self.createIndex(siblings.index(id_), 0, id_) if id_ in siblings else QModelIndex()

    def lines(self) -> list[int]:
        """The ids from top to bottom, as if nothing were folded; the draft among them."""

        def below(under: int) -> list[int]:
            return [x for i in self._children.get(under, []) for x in (i, *(below(i) if i else []))]

        return below(0)

    # --- Qt's side ----------------------------------------------------------------------------------
    def index(self, row: int, column: int, parent: Index = NONE) -> QModelIndex:
        ids = self._children.get(self._key(parent), [])
        return self.createIndex(row, 0, ids[row]) if column == 0 and 0 <= row < len(ids) else QModelIndex()

    def parent(self, child: Index = NONE) -> QModelIndex:  # type: ignore[override]
        item = self.item(child)
        return QModelIndex() if item is None or item.under not in self._items else self.index_of(item.under)

    def rowCount(self, parent: Index = NONE) -> int:
        if parent.isValid() and parent.internalId() == DRAFT:
            return 0
        return len(self._children.get(self._key(parent), []))

    def columnCount(self, parent: Index = NONE) -> int:
        return 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        item = self.item(index)
        if item is None:
            return self._draft_data(role)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return title_of(item)
        if role == ItemRole:
            return item.id
        if role == SignRole:
            return sign_of(item)
        if role == SecondRole:
            return self._from(item.origin)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return ", ".join(x for x in (title_of(item), self._from(item.origin)) if x)
        return None

    def _draft_data(self, role: int) -> object:
        told = tr("not kept yet")
        if role == Qt.ItemDataRole.DisplayRole:
            return self.draft[0]
        if role == SecondRole:
            return told
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self.draft[0]}, {told}"
        return DRAFT if role == ItemRole else None

    def _from(self, origin: int) -> str:
        parent = self._items.get(origin)
        return "" if parent is None else tr("from Model {0}").format(parent.number)

    def _key(self, parent: Index) -> int:
        return parent.internalId() if parent.isValid() else 0

    # --- editing and dragging -----------------------------------------------------------------------
    def flags(self, index: Index) -> Qt.ItemFlag:
        item = self.item(index)
        if item is None:
            return Qt.ItemFlag.ItemIsDropEnabled
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
        return flags | Qt.ItemFlag.ItemIsDropEnabled | Qt.ItemFlag.ItemIsEditable

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        item = self.item(index)
        title = " ".join(str(value).split())
        if item is None or role != Qt.ItemDataRole.EditRole or title == title_of(item):
            return False
        self.command_asked.emit(outline.rename(item.id, "" if title == item.automatic else title))
        return True

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:
        return [ITEMS]

    def mimeData(self, indexes: object) -> QMimeData:
        ids = [i.internalId() for i in indexes if i.internalId() != DRAFT]  # type: ignore[attr-defined]
        mime = self.mime(ids[0]) if ids and callable(self.mime) else QMimeData()
        assert isinstance(mime, QMimeData)
        mime.setData(ITEMS, QByteArray(" ".join(map(str, ids)).encode()))
        return mime

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        """Ask for the move. False, so that Qt removes nothing: the document that comes back shows it."""
        if not data.hasFormat(ITEMS):
            return False
        for word in bytes(data.data(ITEMS).data()).decode().split():
            command = self.dropped(int(word), row, self.item(parent))
            if command:
                self.command_asked.emit(command)
        return False

    def dropped(self, id_: int, row: int, onto: Item | None) -> str:
        """The command for dropping an item before a row of another's children; -1 is onto it. Empty for nothing."""
        item = self._items.get(id_)
        if item is None or (onto is not None and onto.id == id_):
            return ""
        if onto is not None and (item.kind in AT_TOP or onto.kind not in HOLDERS):
            return outline.move(id_, after=onto.id)  # what cannot stand under it stands behind it
        under = 0 if onto is None else onto.id
        siblings = [i for i in self._children.get(under, []) if i != DRAFT]
        wanted = None if under == item.under else under
        if 0 <= row < len(self._children.get(under, [])):
            before = self._children[under][row]
            return "" if before == id_ else outline.move(id_, before=before, under=wanted) if before else ""
        others = [i for i in siblings if i != id_]
        if siblings and siblings[-1] == id_:
            return ""
        if not others and wanted is None:
            return ""
        return outline.move(id_, after=others[-1] if others else 0, under=wanted)


def tree(document: Document, draft: bool) -> dict[int, list[int]]:
    """The ids under each id; those at the top under 0. The draft stands behind the last model."""
    known = {item.id for item in document}
    out: dict[int, list[int]] = {0: []}
    for item in document:
        out.setdefault(item.under if item.under in known else 0, []).append(item.id)
    if draft:
        tops = out[0]
        models = {i.id for i in document.models()}
        last = max((k for k, i in enumerate(tops) if i in models), default=len(tops) - 1)
        tops.insert(last + 1, DRAFT)
    return out


def title_of(item: Item) -> str:
    """The title in the outline; of a note without one how it begins."""
    if item.title:
        return item.title
    if item.kind == "note":
        words = " ".join(item.text.replace("*", "").split())
        return words if len(words) <= NOTE else words[:NOTE].rsplit(" ", 1)[0] + "…"
    return marked("OutputCard", item.automatic) if item.kind == "output" else item.automatic


def sign_of(item: Item) -> str:
    """The sign before the title; empty for models, which have a dot."""
    if item.kind == "output" and item.outcome is not None:
        if item.outcome.type in ("estimates compare", "etable", "lrtest"):
            return "compare"
        if item.outcome.plots and not item.outcome.tables:
            return "image"
        return "data" if item.outcome.tables else "text"
    return {"data": "data", "note": "note", "heading": "heading", "model": ""}.get(item.kind, "data")
