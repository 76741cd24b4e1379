"""Colours, type and rhythm of the window: one table of tokens, and what is generated from it.

Nothing else names a colour. Widgets choose a look by dynamic properties (`variant` of buttons, `tone` of
labels, `surface` of frames); painters ask `manager().theme`. A change of theme sets one palette and one style
sheet and emits `changed`, upon which painters and rendered tables redraw. No widget has a sheet of its own: what a
part of the window adds to the style goes into the one sheet (`add_looks`), since Qt is slow where sheets lie over
each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import Template

from PySide6.QtCore import QDir, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from terrace.data.resources import resource_path
from terrace_desktop.ui.wardrobe import Wardrobe

STRONG = "contrast_"  # what the names of themes of high contrast begin with


@dataclass(frozen=True, slots=True)
class Theme:
    """One set of colours. Text is `ink`, `muted`, `accent_text`, `warning` or `danger` on any of the grounds, or
    `on_accent` on the accent; only controls have outlines.
    """

    name: str
    ground: str
    panel: str
    sunk: str
    ink: str
    muted: str
    line: str  # hairlines between zones and under rows
    outline: str  # around controls
    accent: str  # what is filled
    on_accent: str
    accent_hover: str
    accent_text: str
    accent_soft: str
    selection: str
    warning: str
    warning_soft: str
    danger: str
    danger_soft: str
    faint: str  # scroll bars, missing-value dots, disabled text

    @property
    def shade(self) -> str:
        """`light` or `dark`: which pictures and series of figures go with it."""
        return self.name.removeprefix(STRONG)

    @property
    def dark(self) -> bool:
        """True for a theme of light text on a dark ground."""
        return self.shade == "dark"

    @property
    def strong(self) -> bool:
        """True for a theme of high contrast."""
        return self.name.startswith(STRONG)


LIGHT = Theme(
    name="light", ground="#f6f7f9", panel="#ffffff", sunk="#eef1f4", ink="#1d2530", muted="#56616f", line="#dfe3e8",
    outline="#808b98", accent="#0b7a75", on_accent="#ffffff", accent_hover="#096661", accent_text="#096661",
    accent_soft="#e3f2f0", selection="#d5ebe9", warning="#8a4f00", warning_soft="#fff4e0", danger="#b3261e",
    danger_soft="#fdeeec", faint="#b4bdc7",
)  # fmt: skip
DARK = Theme(
    name="dark", ground="#14181d", panel="#1c2229", sunk="#262e37", ink="#e6eaef", muted="#a4afbc", line="#2f3842",
    outline="#6b7886", accent="#4fc3bc", on_accent="#0d1f1e", accent_hover="#6fd2cc", accent_text="#7fd8d2",
    accent_soft="#173a3a", selection="#1d4644", warning="#f0b45c", warning_soft="#3a2d14", danger="#f4a099",
    danger_soft="#40211f", faint="#56616e",
)  # fmt: skip
CONTRAST_LIGHT = Theme(
    name="contrast_light", ground="#ffffff", panel="#ffffff", sunk="#f2f2f2", ink="#000000", muted="#30373f",
    line="#59626c", outline="#39414a", accent="#00504c", on_accent="#ffffff", accent_hover="#003b38",
    accent_text="#00423f", accent_soft="#dcf3f0", selection="#c6e9e5", warning="#5f3600", warning_soft="#fff4e0",
    danger="#86130f", danger_soft="#fdeeec", faint="#59626c",
)  # fmt: skip
CONTRAST_DARK = Theme(
    name="contrast_dark", ground="#000000", panel="#000000", sunk="#1a1a1a", ink="#ffffff", muted="#dde2e7",
    line="#98a1ab", outline="#c6cdd5", accent="#6fe3dc", on_accent="#000000", accent_hover="#97f1eb",
    accent_text="#97f1eb", accent_soft="#0b3836", selection="#104744", warning="#ffcb78", warning_soft="#33250d",
    danger="#ffbab4", danger_soft="#401c1a", faint="#98a1ab",
)  # fmt: skip
GROUNDS = ("ground", "panel", "sunk", "accent_soft", "selection")  # what any text may stand on
THEMES = {t.name: t for t in (LIGHT, DARK, CONTRAST_LIGHT, CONTRAST_DARK)}
CHOICES = ("system", *THEMES)
ZOOMS = (80, 90, 100, 110, 125, 150, 175, 200)  # percent of the scale of type
FINE = 3  # px: borders up to this are as fine at every size of text

PAGE, DOCUMENT, TITLE, TEXT, SMALL = 24, 18, 15, 13, 12  # px: the scale of type
CONTROL, ROW, HEAD, BAR, FOOT = 32, 24, 40, 48, 56  # px: controls, rows of tables, heads of zones, tool bar, footers
SANS = ("Inter", "SF Pro Text", "Segoe UI", "Noto Sans", "Cantarell", "DejaVu Sans")
MONO = ("JetBrains Mono", "SF Mono", "Cascadia Mono", "Consolas", "DejaVu Sans Mono", "Liberation Mono")


def text_font(size: int = TEXT, bold: bool = False) -> QFont:
    """The interface font, with figures of one width so that columns of numbers line up."""
    font = QFont()
    font.setFamilies([*SANS, QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()])
    font.setPixelSize(px(size))
    if bold:
        font.setWeight(QFont.Weight.DemiBold)
    if hasattr(font, "setFeature"):  # Qt 6.7; older ones take the font's own figures
        font.setFeature(QFont.Tag("tnum"), 1)
    return font


def mono_font(size: int = SMALL) -> QFont:
    """The font of commands and plain-text output."""
    font = QFont()
    font.setFamilies([*MONO, QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()])
    font.setPixelSize(px(size))
    font.setStyleHint(QFont.StyleHint.Monospace)
    return font


def palette(theme: Theme) -> QPalette:
    """The Qt palette of a theme; what a style sheet does not reach is drawn from it."""
    p = QPalette()
    role = QPalette.ColorRole
    for r, colour in {
        role.Window: theme.ground, role.WindowText: theme.ink, role.Base: theme.panel,
        role.AlternateBase: theme.ground, role.Text: theme.ink, role.Button: theme.panel,
        role.ButtonText: theme.ink, role.BrightText: theme.danger, role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent, role.Link: theme.accent_text, role.LinkVisited: theme.accent_text,
        role.PlaceholderText: theme.muted, role.ToolTipBase: theme.panel, role.ToolTipText: theme.ink,
        role.Light: theme.panel, role.Midlight: theme.sunk, role.Mid: theme.line, role.Dark: theme.faint,
        role.Shadow: theme.line,
    }.items():  # fmt: skip
        p.setColor(r, QColor(colour))
    if hasattr(role, "Accent"):
        p.setColor(role.Accent, QColor(theme.accent))
    for r in (role.WindowText, role.Text, role.ButtonText):
        p.setColor(QPalette.ColorGroup.Disabled, r, QColor(theme.faint))
    return p


def stylesheet(theme: Theme) -> str:
    """The one style sheet of the application, from `resources/styles/terrace.qss`, what was added, and the tokens."""
    text = resource_path("styles", "terrace.qss").read_text(encoding="utf-8")
    parts = (_inside(holder, filled(sheet, theme)) for holder, sheet in manager().looks.items())
    return "\n".join((filled(text, theme), *parts))


def _inside(holder: str, sheet: str) -> str:
    """A sheet for what is inside widgets of a class."""

    def held(rule: re.Match[str]) -> str:
        return ", ".join(f"{holder} {selector.strip()}" for selector in rule[1].split(",")) + " {"

    return re.sub(r"([^{}]+)\{", held, sheet)


# Where contrast is high, the focus is more than another colour of an outline. It ends every sheet, so that it has the
# last word.
_STRONG_FOCUS = """
QPushButton[variant]:focus, QToolButton[variant]:focus,
QPushButton:focus, QToolButton:focus, QComboBox:focus, QCheckBox:focus, QRadioButton:focus,
QFrame[surface="card"]:focus, QPushButton[surface]:focus { background: $selection; border: 2px solid $accent; }
QPushButton[variant="primary"]:focus, QToolButton[variant="primary"]:focus { background: $accent_hover;
    border: 2px solid $ink; }
QPushButton[variant="primary"]:disabled, QToolButton[variant="primary"]:disabled { background: $panel; color: $faint;
    border: 1px dashed $outline; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus {
    border: 2px solid $accent; }
QAbstractItemView:focus, QTextBrowser:focus { border: 2px solid $accent; }
"""


def filled(sheet: str, theme: Theme | None = None) -> str:
    """A style sheet with the tokens in place of its dollar names, and lengths as the size of text asks for."""
    # Sheets say icons:NAME: in the path of a folder there may be letters that a sheet cannot hold.
    QDir.setSearchPaths("icons", [str(resource_path("icons"))])
    theme = theme or manager().theme
    tokens = {name: getattr(theme, name) for name in Theme.__dataclass_fields__}
    mono = ", ".join(f'"{family}"' for family in MONO)
    text = Template(sheet + (_STRONG_FOCUS if theme.strong else "")).substitute(
        tokens, shade=theme.shade, mono=mono, text=f"{TEXT}px",
        small=f"{SMALL}px", title=f"{TITLE}px", document=f"{DOCUMENT}px", page=f"{PAGE}px",
    )  # fmt: skip
    return re.sub(r"\b(\d+)px", lambda m: f"{_length(int(m[1]))}px", text)


def px(length: int) -> int:
    """A length in px at the present size of text; what is given is that at 100%."""
    return round(length * manager().zoom / 100)


def _length(length: int) -> int:
    return length if length <= FINE else px(length)


class ThemeManager(QObject):
    """Holds the choice (one of `CHOICES`), the theme that follows from it, and the size of text in percent."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice = "system"
        self.theme = LIGHT
        self.zoom = 100
        self.looks: dict[str, str] = {}  # sheets of parts of the window, by the class that they are inside of
        self._wardrobe = Wardrobe(self)
        hints = QGuiApplication.styleHints()
        if hasattr(hints, "colorSchemeChanged"):  # Qt 6.5
            hints.colorSchemeChanged.connect(self._follow)

    def apply(self, choice: str = "system", *, at_once: bool = True) -> None:
        """Set the choice and dress the application accordingly; unless `at_once`, in slices beside other events."""
        self.choice = choice if choice in CHOICES else "system"
        self.theme = THEMES.get(self.choice) or (DARK if _system_is_dark() else LIGHT)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.setFont(text_font())
        app.setPalette(palette(self.theme))
        self._wardrobe.put_on(app, stylesheet(self.theme), self.changed.emit, at_once=at_once)

    def before_seen(self, owner: QObject, do: Callable[[], object]) -> None:
        """For those who are told of `changed`: what takes its time, and has to be there when windows are painted.

        It is called soon, unless `owner` is gone by then; at once where the application is not being dressed.
        """
        self._wardrobe.before_seen(owner, do)

    def set_zoom(self, percent: int, *, at_once: bool = True) -> None:
        """Set the size of text, between the first and the last of `ZOOMS`."""
        percent = min(max(percent, ZOOMS[0]), ZOOMS[-1])
        if percent != self.zoom:
            self.zoom = percent
            self.apply(self.choice, at_once=at_once)

    def next_zoom(self, step: int) -> int:
        """The size of text one step up (1) or down (-1); the present one where there is none."""
        others = [z for z in ZOOMS if (z - self.zoom) * step > 0]
        return min(others, key=lambda z: abs(z - self.zoom)) if others else self.zoom

    def _follow(self) -> None:
        if self.choice == "system":
            self.apply("system", at_once=False)


_manager: ThemeManager | None = None


def manager() -> ThemeManager:
    """The application's theme manager (made on first use; needs a QApplication)."""
    global _manager  # noqa: PLW0603 - one application, one theme
    if _manager is None:
        _manager = ThemeManager()
    return _manager


def colour(name: str, alpha: float = 1.0) -> QColor:
    """A token of the present theme as a colour: ``colour("accent", 0.2)``."""
    c = QColor(getattr(manager().theme, name))
    c.setAlphaF(alpha)
    return c


def add_looks(looks: Mapping[str, str]) -> None:
    """What parts of the window add to the style, for what is inside widgets of a class, from the next `apply` on."""
    manager().looks.update(looks)


def dress(app: QApplication, choice: str = "system") -> None:
    """Style, font and theme of a new application."""
    app.setStyle("Fusion")
    manager().apply(choice)


def _system_is_dark() -> bool:
    hints = QGuiApplication.styleHints()
    return hasattr(hints, "colorScheme") and hints.colorScheme() == Qt.ColorScheme.Dark
