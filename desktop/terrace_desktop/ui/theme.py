"""Colours, type and rhythm of the window: one table of tokens, and what is generated from it.

Nothing else names a colour. Widgets choose a look by dynamic properties (`variant` of buttons, `tone` of
labels, `surface` of frames); painters ask `manager().theme`. A change of theme sets one palette and one style
sheet and emits `changed`, upon which painters and rendered tables redraw.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Template

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from terrace.data.resources import resource_path


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
    def dark(self) -> bool:
        """True for a theme of light text on a dark ground."""
        return self.name == "dark"


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
GROUNDS = ("ground", "panel", "sunk", "accent_soft", "selection")  # what any text may stand on
THEMES = {"light": LIGHT, "dark": DARK}
CHOICES = ("system", "light", "dark")

PAGE, DOCUMENT, TITLE, TEXT, SMALL = 24, 18, 15, 13, 12  # px: the scale of type
CONTROL, ROW, HEAD, BAR, FOOT = 32, 24, 40, 48, 56  # px: controls, rows of tables, heads of zones, tool bar, footers
SANS = ("Inter", "SF Pro Text", "Segoe UI", "Noto Sans", "Cantarell", "DejaVu Sans")
MONO = ("JetBrains Mono", "SF Mono", "Cascadia Mono", "Consolas", "DejaVu Sans Mono", "Liberation Mono")


def text_font(size: int = TEXT, bold: bool = False) -> QFont:
    """The interface font, with figures of one width so that columns of numbers line up."""
    font = QFont()
    font.setFamilies([*SANS, QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()])
    font.setPixelSize(size)
    if bold:
        font.setWeight(QFont.Weight.DemiBold)
    if hasattr(font, "setFeature"):  # Qt 6.7; older ones take the font's own figures
        font.setFeature(QFont.Tag("tnum"), 1)
    return font


def mono_font(size: int = SMALL) -> QFont:
    """The font of commands and plain-text output."""
    font = QFont()
    font.setFamilies([*MONO, QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()])
    font.setPixelSize(size)
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
    """The one style sheet of the application, from `resources/styles/terrace.qss` and the tokens."""
    text = resource_path("styles", "terrace.qss").read_text(encoding="utf-8")
    icons = resource_path("icons").as_posix()
    tokens = {name: getattr(theme, name) for name in Theme.__dataclass_fields__}
    mono = ", ".join(f'"{family}"' for family in MONO)
    return Template(text).substitute(
        tokens, icons=icons, text=f"{TEXT}px", small=f"{SMALL}px", title=f"{TITLE}px", page=f"{PAGE}px", mono=mono
    )


class ThemeManager(QObject):
    """Holds the choice (`system`, `light`, `dark`) and the theme that follows from it."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice = "system"
        self.theme = LIGHT
        hints = QGuiApplication.styleHints()
        if hasattr(hints, "colorSchemeChanged"):  # Qt 6.5
            hints.colorSchemeChanged.connect(self._follow)

    def apply(self, choice: str = "system") -> None:
        """Set the choice and dress the application accordingly."""
        self.choice = choice if choice in CHOICES else "system"
        self.theme = THEMES.get(self.choice) or (DARK if _system_is_dark() else LIGHT)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.setPalette(palette(self.theme))
        app.setStyleSheet(stylesheet(self.theme))
        self.changed.emit()

    def _follow(self) -> None:
        if self.choice == "system":
            self.apply("system")


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


def dress(app: QApplication, choice: str = "system") -> None:
    """Style, font and theme of a new application."""
    app.setStyle("Fusion")
    app.setFont(text_font())
    manager().apply(choice)


def _system_is_dark() -> bool:
    hints = QGuiApplication.styleHints()
    return hasattr(hints, "colorScheme") and hints.colorScheme() == Qt.ColorScheme.Dark
