"""What stands in the window before there is work: the last project, recent ones, new data, guided paths, samples."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from terrace_desktop.app.convention_line import ConventionLine
from terrace_desktop.project.cards import ContinueCard, ProjectCard, RescueLine
from terrace_desktop.project.recent import Recent
from terrace_desktop.project.rescue import Rescued
from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import ClickFrame, ElidedLabel, Notice, button, clear_layout, hairline, label, named
from terrace_desktop.ui.words import marked
from terrace_desktop.upkeep.update_line import UpdateLine

WIDTH, SIDE = 1200, 416  # px: of the page at most, of its right column
NARROW = 940  # px: a narrower page is one column
CARDS = 3  # recent projects with a picture; all others stand in a list
MOST_RESCUED = 4  # lines
LINK = 5  # px of a link around its words

PATHS = (  # key, path of the guide, icon, words, what for
    ("pupils", "classes", "nominal", QT_TRANSLATE_NOOP("StartPage", "My pupils are in classes"),
     QT_TRANSLATE_NOOP("StartPage", "From the null model to cross-level effects, step by step.")),
    ("times", "repeated", "slope", QT_TRANSLATE_NOOP("StartPage", "I measured people several times"),
     QT_TRANSLATE_NOOP("StartPage", "Growth curves: what is typical, and who differs from it.")),
    ("crossed", "crossed", "compare", QT_TRANSLATE_NOOP("StartPage", "Everyone rated everything"),
     QT_TRANSLATE_NOOP("StartPage", "Persons and items crossed, as in ratings and reading times.")),
)  # fmt: skip
SAMPLES = {  # name: short title, kind of model
    "hsb": (QT_TRANSLATE_NOOP("StartPage", "High School and Beyond"), QT_TRANSLATE_NOOP("StartPage", "Two levels")),
    "sleepstudy": (QT_TRANSLATE_NOOP("StartPage", "Sleep deprivation"), QT_TRANSLATE_NOOP("StartPage", "Growth")),
    "orthodont": (
        QT_TRANSLATE_NOOP("StartPage", "Jaw growth in 27 children"), QT_TRANSLATE_NOOP("StartPage", "Growth, groups"),
    ),
    "ovary": (QT_TRANSLATE_NOOP("StartPage", "Follicles of mares"), QT_TRANSLATE_NOOP("StartPage", "Serial residuals")),
    "produc": (
        QT_TRANSLATE_NOOP("StartPage", "Public capital in US states"), QT_TRANSLATE_NOOP("StartPage", "Three levels"),
    ),
    "insteval": (QT_TRANSLATE_NOOP("StartPage", "Ratings of lectures"), QT_TRANSLATE_NOOP("StartPage", "Crossed")),
    "winer43": (
        QT_TRANSLATE_NOOP("StartPage", "Five persons, four drugs"), QT_TRANSLATE_NOOP("StartPage", "Small samples"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SampleCard:
    """What the page shows of a sample."""

    name: str
    title: str
    description: str
    rows: int


def sample_cards() -> list[SampleCard]:
    """The bundled samples, read from their index so that no data library is loaded for the first window."""
    from terrace.data.resources import resource_path

    entries = json.loads(resource_path("samples", "index.json").read_text(encoding="utf-8"))
    return [SampleCard(e["name"], e["title"], e["description"], int(e["rows"])) for e in entries]


class StartPage(QScrollArea):
    """The first page. `show_error` puts the reason on it when a file could not be opened."""

    open_asked = Signal()
    file_asked = Signal(str)
    sample_asked = Signal(str)
    path_asked = Signal(str)  # the key of a guided path
    rescue_asked = Signal(object)  # the folder of work to bring back
    discard_asked = Signal(object)
    convention_asked = Signal(str)
    back_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "start_page", self.tr("Start"))
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        page = QWidget()
        page.setProperty("surface", "ground")
        self.setWidget(page)
        outer = QHBoxLayout(page)
        outer.setContentsMargins(32, 40, 32, 32)
        inner = QWidget()
        inner.setMaximumWidth(WIDTH)
        outer.addStretch(1)
        outer.addWidget(inner, 40)
        outer.addStretch(1)
        self._grid = QGridLayout(inner)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(48)
        self._grid.setVerticalSpacing(32)
        self._left, self._right = QWidget(inner), QWidget(inner)  # a page that is never shown owns them too
        self._fill_left()
        self._fill_right()
        self._wide: bool | None = None
        self._all = False
        self._shown: tuple[list[Recent], list[Rescued]] = ([], [])
        self._files: list[str] = []
        self.show_projects([], [])

    def _fill_left(self) -> None:
        column = QVBoxLayout(self._left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        self.back = button(self.tr("Back to your work"), "start_back", self.back_asked.emit, variant="link")
        self.back.hide()
        column.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        self._title = label("", "display", wrap=True)
        column.addWidget(self._title)
        self._strip, self._continue, self._recent, self._rescued, self._names = (QVBoxLayout() for _ in range(5))
        for part in (self._strip, self._continue, self._rescued, self._recent, self._names):
            part.setSpacing(12)
            column.addLayout(part)
        self.convention = ConventionLine()
        self.convention.chosen.connect(self.convention_asked)
        column.addSpacing(8)
        column.addWidget(self.convention)
        self.updates = UpdateLine()
        column.addWidget(self.updates)
        column.addStretch(1)

    def _fill_right(self) -> None:
        column = QVBoxLayout(self._right)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(8)
        column.addWidget(label(self.tr("New analysis"), "title"))
        column.addSpacing(4)
        column.addWidget(self._open_box())
        column.addSpacing(20)
        column.addWidget(label(self.tr("Guided paths"), "title"))
        for key, _path, icon, words, purpose in PATHS:
            column.addWidget(self._path(key, icon, marked("StartPage", words), marked("StartPage", purpose)))
        column.addSpacing(20)
        column.addWidget(label(self.tr("Samples"), "title"))
        samples = QGridLayout()
        samples.setHorizontalSpacing(12)
        samples.setVerticalSpacing(2)
        samples.setColumnStretch(0, 1)
        samples.setContentsMargins(-LINK, 0, 0, 0)
        for k, card in enumerate(sample_cards()):
            self._sample(samples, k, card)
        column.addLayout(samples)
        column.addStretch(1)

    def _open_box(self) -> QWidget:
        box = QFrame()
        box.setProperty("surface", "drop")
        row = QHBoxLayout(box)
        row.setContentsMargins(16, 14, 16, 14)
        row.setSpacing(16)
        self.open_button = button(self.tr("Open data"), "start_open", self.open_asked.emit)
        set_icon(self.open_button, "open")
        row.addWidget(self.open_button)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(label(self.tr("Or drop a file here")))
        words.addWidget(label(self.tr("SPSS, jamovi, Stata, SAS, R, Excel, CSV"), "small", wrap=True))
        row.addLayout(words, 1)
        return box

    def _path(self, key: str, icon: str, words: str, purpose: str) -> QWidget:
        row = ClickFrame(f"path_{key}", f"{words}. {purpose}", surface="path")
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 6, 0, 6)
        line.setSpacing(12)
        sign = QLabel()
        set_icon(sign, icon, "accent_text")
        line.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(label(words, "heading"))
        texts.addWidget(label(purpose, "small", wrap=True))
        line.addLayout(texts, 1)
        row.clicked.connect(lambda: self.path_asked.emit(key))
        return row

    def _sample(self, grid: QGridLayout, at: int, card: SampleCard) -> None:
        rows = self.tr("{0} row(s)", "", card.rows).format(f"{card.rows:,}")
        words, kind = SAMPLES[card.name]
        link = button(
            marked("StartPage", words), f"sample_{card.name}", partial(self.sample_asked.emit, card.name),
            variant="link", tip=card.description, accessible=f"{card.title}, {rows}",
        )  # fmt: skip
        grid.addWidget(link, at, 0, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(label(marked("StartPage", kind), "muted"), at, 1)
        grid.addWidget(label(rows, "muted"), at, 2, Qt.AlignmentFlag.AlignRight)

    def show_back(self, on: bool) -> None:
        """Offer the way back, where there is work behind the page."""
        self.back.setVisible(on)

    # --- what there is ------------------------------------------------------------------------------
    def show_projects(self, projects: Sequence[Recent], rescued: Sequence[Rescued]) -> None:
        """Show what can be continued, projects that were open before, and work that was rescued."""
        self._shown = list(projects), list(rescued)
        now = dt.datetime.now()
        for part in (self._continue, self._recent, self._rescued):
            clear_layout(part)
        closed = next((r for r in rescued if r.closed), None)
        first = projects[0] if projects else None
        if closed is not None and (first is None or closed.when >= first.when):
            self._add_continue(ContinueCard.of_rescued(closed, now), partial(self.rescue_asked.emit, closed.folder))
            lines, others = [r for r in rescued if r is not closed], list(projects)
        elif first is not None:
            self._add_continue(ContinueCard.of_recent(first, now), partial(self.file_asked.emit, first.path))
            lines, others = list(rescued), list(projects[1:])
        else:
            lines, others = list(rescued), []
        some = self._continue.count() > 0
        title = self.tr("Continue where you left off") if some else self.tr("Start with your data")
        self._title.setText(title)
        if not some:
            told = self.tr("Open a file or a sample. Then build a multilevel model and see its results as you build.")
            self._continue.addWidget(label(told, "muted", wrap=True))
        for k, found in enumerate(lines[:MOST_RESCUED]):
            self._add_rescued(RescueLine(found, k, now), found.folder)
        if others:
            self._add_recent(others, now)

    def _add_continue(self, card: ContinueCard, do: Callable[[], object]) -> None:
        card.continue_asked.connect(do)
        self._continue.addWidget(card)

    def _add_rescued(self, line: RescueLine, folder: Path) -> None:
        line.look_asked.connect(lambda: self.rescue_asked.emit(folder))
        line.discard_asked.connect(lambda: self.discard_asked.emit(folder))
        self._rescued.addWidget(line)

    def _add_recent(self, projects: Sequence[Recent], now: dt.datetime) -> None:
        head = QHBoxLayout()
        head.addWidget(label(self.tr("Recent projects"), "title"))
        head.addStretch(1)
        if len(projects) > CARDS:
            words = self.tr("Fewer") if self._all else self.tr("All {0} projects").format(len(self._shown[0]))
            head.addWidget(button(words, "start_all", self._toggle, variant="link"))
        self._recent.addLayout(head)
        cards = QHBoxLayout()
        cards.setSpacing(16)
        for found in projects[:CARDS]:
            card = ProjectCard(found, now)
            card.clicked.connect(partial(self.file_asked.emit, found.path))
            cards.addWidget(card, 1)
        for _ in range(CARDS - len(projects)):
            cards.addStretch(1)
        self._recent.addLayout(cards)
        for found in projects[CARDS:] if self._all else ():
            link = button(f"{found.title}  ·  {Path(found.path).name}", f"project_{Path(found.path).name}",
                          partial(self.file_asked.emit, found.path), variant="link", tip=found.path)  # fmt: skip
            self._recent.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)

    def _toggle(self) -> None:
        self._all = not self._all
        self.show_projects(*self._shown)

    def show_recent(self, paths: list[str]) -> None:
        """List recent files of data."""
        clear_layout(self._names)
        files = [p for p in paths if not p.lower().endswith(".terrace")][:5]
        if files:
            self._names.addWidget(hairline())
            self._names.addWidget(label(self.tr("Recent data"), "title"))
        for path in files:
            row = QHBoxLayout()
            row.addWidget(button(Path(path).name, f"recent_{Path(path).name}", partial(self.file_asked.emit, path),
                                 variant="link", tip=path, accessible=self.tr("Open {0}").format(path)))  # fmt: skip
            row.addWidget(ElidedLabel(str(Path(path).parent), "small", mode=Qt.TextElideMode.ElideMiddle), 1)
            self._names.addLayout(row)

    def show_error(self, message: str, advice: str = "") -> None:
        """Say why the file could not be opened; an empty message clears the strip."""
        clear_layout(self._strip)
        if message:
            strip = Notice(message, kind="error", advice=advice)
            strip.add_button(self.tr("Open another file…"), "start_error_open", self.open_asked.emit)
            self._strip.addWidget(strip)

    # --- room ---------------------------------------------------------------------------------------
    def minimumSizeHint(self) -> QSize:
        return QSize(320, 240)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.viewport().width() >= NARROW
        if wide == self._wide:
            return
        self._wide = wide
        for part in (self._left, self._right):
            self._grid.removeWidget(part)
        top = Qt.AlignmentFlag(0)
        self._grid.addWidget(self._left, 0, 0, top)
        self._grid.addWidget(self._right, *((0, 1) if wide else (1, 0)), top)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 0)
        self._fit_side()
        theme.manager().changed.connect(self._fit_side, Qt.ConnectionType.UniqueConnection)

    def _fit_side(self) -> None:
        """The side as wide as the size of text asks for."""
        self._right.setMinimumWidth(theme.px(SIDE) if self._wide else 0)
        self._right.setMaximumWidth(theme.px(SIDE if self._wide else WIDTH))
