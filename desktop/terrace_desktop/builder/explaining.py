"""Beside a choice of the form one sentence, and a link that opens the page on choices at the place."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from terrace.data.resources import resource_path
from terrace_desktop.ui.dialogs import PageDialog
from terrace_desktop.ui.widgets import button, label, named
from terrace_desktop.ui.words import tr


class Explained(QWidget):
    """The sentence, and the link with the object name ``explain_<name>``; `heading` is that of the page's part."""

    def __init__(self, name: str, sentence: str, link: str, heading: str) -> None:
        super().__init__()
        self.setObjectName(f"explained_{name}")
        self.words = named(label(sentence, "small", wrap=True), f"explained_{name}_words", sentence)
        self.link = button(link, f"explain_{name}", lambda: open_choices(self, heading), variant="mend")
        self.link.setAccessibleDescription(sentence)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.words, 1)
        row.addWidget(self.link, 0, Qt.AlignmentFlag.AlignTop)

    def say(self, sentence: str) -> None:
        """Another sentence."""
        self.words.setText(sentence)
        self.words.setAccessibleName(sentence)
        self.link.setAccessibleDescription(sentence)


def open_choices(parent: QWidget, heading: str) -> PageDialog:
    """The page on choices, at the part under this heading."""
    text = resource_path("help", "choices.md").read_text(encoding="utf-8")
    page = PageDialog(parent.window(), "help_choices", tr("Which choice, and when"), text, at=heading)
    page.show()
    return page


# The headings of the page, which is English, by what they are about.
DF, METHOD, COVARIANCE = "Degrees of freedom", "ML or REML", "Covariance structure"
SLOPES, CENTRING, WEIGHTS = "Random slopes", "Centring", "Weights"


def df_sentence(method: str | None) -> str:
    """What holds of a choice of degrees of freedom."""
    return {
        None: tr("Tests by z suit hundreds of groups."),
        "satterthwaite": tr("Satterthwaite suits most models."),
        "kroger": tr("Kenward–Roger suits few groups."),
        "residual": tr("Residual degrees of freedom ignore the groups."),
        "repeated": tr("For balanced repeated measures."),
        "anova": tr("For balanced designs."),
    }.get(method, "")
