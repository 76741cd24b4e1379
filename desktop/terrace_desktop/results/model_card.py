"""The card of a fitted model: its tables, what to know about it, and what can be done next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING

from PySide6.QtCore import QT_TRANSLATE_NOOP, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from terrace.report import formats
from terrace.results.labels import described
from terrace.session.document.card import card_labels, model_tables, needs_more, table_keys
from terrace_desktop.results import face
from terrace_desktop.results.browser import GrowingBrowser
from terrace_desktop.results.card import LINE, Card, Folds, Setting
from terrace_desktop.results.clipboard import tables_mime, values_mime
from terrace_desktop.results.command_box import command_box
from terrace_desktop.results.naming import fit_facts
from terrace_desktop.ui.widgets import Notice, label, named
from terrace_desktop.ui.words import from_engine, marked

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.results.fit import Advice, FitResult
    from terrace.results.table import Table
    from terrace.session.contract import Outcome
    from terrace.session.document.items import Item
    from terrace_desktop.plots.cards import PlotRow

AFTER = (  # what follows a fit without a question: command, and the words of the menu
    ("estat icc", QT_TRANSLATE_NOOP("ModelCard", "Intraclass correlation")),
    ("estat sd", QT_TRANSLATE_NOOP("ModelCard", "SDs and correlations")),
    ("estat recovariance", QT_TRANSLATE_NOOP("ModelCard", "Covariance of the random effects")),
    ("estat group", QT_TRANSLATE_NOOP("ModelCard", "Group sizes")),
    ("estat ic", QT_TRANSLATE_NOOP("ModelCard", "Information criteria")),
)
# the forms that most people look for, by the words that they use; None is a line between them. Behind # stands what a
# form begins with
FORMS = (
    ("margins", QT_TRANSLATE_NOOP("ModelCard", "Estimated marginal means")),
    ("margins#interaction", QT_TRANSLATE_NOOP("ModelCard", "Interaction plot")),
    ("simpleslopes", QT_TRANSLATE_NOOP("ModelCard", "Simple slopes")),
    ("pwcompare", QT_TRANSLATE_NOOP("ModelCard", "Post hoc comparisons")),
    None,
    ("r2", QT_TRANSLATE_NOOP("ModelCard", "Effect sizes (R²)")),
    ("icc", QT_TRANSLATE_NOOP("ModelCard", "Intraclass correlation")),
    ("diagnostics", QT_TRANSLATE_NOOP("ModelCard", "Assumption checks")),
    ("lrtest", QT_TRANSLATE_NOOP("ModelCard", "Likelihood-ratio test")),
    None,
    ("predict", QT_TRANSLATE_NOOP("ModelCard", "Predict")),
)
PARTS = (
    ("random", QT_TRANSLATE_NOOP("ModelCard", "Random effects")),
    ("icc", QT_TRANSLATE_NOOP("ModelCard", "Intraclass correlation")),
    ("r2", QT_TRANSLATE_NOOP("ModelCard", "R²")),
    ("fit", QT_TRANSLATE_NOOP("ModelCard", "Log likelihood, AIC and BIC")),
    ("terms", QT_TRANSLATE_NOOP("ModelCard", "Tests of terms")),
    ("standardized", QT_TRANSLATE_NOOP("ModelCard", "Standardised effects")),
)
CODE = (  # languages of the command ``code``: their keys, and their names
    ("r", "R"), ("stata", "Stata"), ("spss", "SPSS"), ("sas", "SAS"), ("python", "Python"),
    ("lme4", "R (lme4)"), ("nlme", "R (nlme)"), ("mmrm", "R (mmrm)"), ("glmmtmb", "R (glmmTMB)"),
)  # fmt: skip
FAILED = ("not-converged", "no-maximum")  # what a fit says itself where it failed
MENDED = ("boundary", "not-identified", "collinear", *FAILED)
IN_TABLES = ("more", "look")  # what of an item shows in its tables alone


class ModelCard(Card):
    """A model. It emits what the user asks for; the window runs the commands."""

    edit_asked = Signal()
    after_asked = Signal(str)
    panel_asked = Signal(str)  # what follows a fit, at the form of this key
    refit_asked = Signal()
    refilter_asked = Signal()  # as `refit_asked`, under the filter in use now
    open_asked = Signal()  # the data that the model was fitted to
    mend_asked = Signal(object)  # Advice
    plots_asked = Signal(object)  # PlotRow
    rows_selected = Signal(object)
    plot_export_asked = Signal(object, str)
    diagnostic_asked = Signal(str)  # the kind of a diagnostic plot that is to be edited
    reveal_asked = Signal(object)  # a widget that has opened under the card
    further_asked = Signal()  # the tables that cost more than those of the fit
    gap = 24

    def __init__(self, item: Item, setting: Setting) -> None:
        assert item.outcome is not None and item.outcome.fit is not None
        self._browser: GrowingBrowser | None = None
        self._open: dict[str, bool] = {}
        self._told = ""  # what could not be done, and why
        self._folds: Folds | None = None
        self.plots: PlotRow | None = None
        super().__init__(item, setting)

    @property
    def outcome(self) -> Outcome:
        """What the command gave."""
        assert self.item.outcome is not None
        return self.item.outcome

    @property
    def fit(self) -> FitResult:
        """The fit."""
        assert self.outcome.fit is not None
        return self.outcome.fit

    @property
    def number(self) -> int:
        """Its number, which is never given twice."""
        return self.item.number

    @property
    def stored(self) -> str:
        """The name that commands find it by."""
        return self.item.stored

    @property
    def dataset(self) -> Dataset | None:
        """The data that it was fitted to."""
        return self.item.data

    @property
    def labelled_data(self) -> Dataset | None:
        """The data that it was fitted to, with the labels that their variables have by now."""
        return None if self.item.data is None else described(self.item.data, self.setting.others)

    @property
    def stale(self) -> bool:
        """True where it no longer holds for the data that are open."""
        return bool(self.setting.stale)

    @property
    def browser(self) -> GrowingBrowser:
        """The tables on screen."""
        self.wake()
        assert self._browser is not None
        return self._browser

    def estimate(self) -> int:
        height = self.gap + 2 * LINE
        if self.folded:
            return height
        height += 2 * LINE  # the sentence
        shown = table_keys(self.item, self.setting.look)
        height += LINE * sum(len(t.rows) + 3 for t in self.outcome.tables if t.key in shown)
        height += LINE * 4 * sum(k in shown for k in ("summary", "terms"))
        return height + 2 * LINE * (1 + len(self.fit.warnings))

    # --- contents -----------------------------------------------------------------------------------
    def tables(self) -> tuple[Table, ...]:
        """The tables that are shown, with the metric, the decimals and the parts chosen."""
        look = self.setting.look
        return tuple(face.dressed(t, look) for t in model_tables(self.item, look, self.setting.others))

    def build(self, column: QVBoxLayout) -> None:
        column.addLayout(self.head("model", self._edit_button(), self._after_button()))
        if self.folded:
            return
        self._sentence = named(label("", wrap=True, selectable=True), "model_sentence", "")
        self._say_what()
        column.addWidget(self._sentence)
        self._add_notices(column)
        name = self.title
        self._browser = named(GrowingBrowser(), "model_tables", self.tr("Tables of {0}").format(name))
        self._browser.setAccessibleDescription(self.outcome.text)
        self._browser.copy_asked.connect(self.copy_tables)
        self._browser.resize(self.width(), LINE)
        column.addWidget(self._browser)
        self._fill(self._browser)
        folds = self._folds = Folds()
        folds.toggled.connect(self._toggled)
        for part, text, make in (
            ("model_details", self.tr("Command and fit details"), self._details),
            ("model_plots", self.tr("Diagnostic plots"), self._plots),
        ):
            folds.add(part, text, make, self._open.get(part, False))
        column.addWidget(folds)

    def _say_what(self) -> None:
        """What the model is, in words."""
        from terrace.postestimation.paper.sentence import model_sentences

        labels = card_labels(self.item, self.setting.look, self.setting.others)
        words = " ".join(map(from_engine, model_sentences(self.fit, labels)))
        self._sentence.setText(words)
        self._sentence.setAccessibleName(words)

    def _fill(self, browser: GrowingBrowser) -> None:
        if self.setting.view == "text":
            browser.show_plain(self.outcome.text.strip("\n"))
            return
        if needs_more(self.item, self.setting.look):
            self.further_asked.emit()
        tables, first, look = self.tables(), self.setting.numbers.table, self.setting.look
        browser.show_html(face.tables_html(tables, first, look), face.tables_html(tables, first, look, narrow=True))

    def refilled(self, item: Item, setting: Setting) -> bool:
        """Other tables go into the browser that is there: the plots that are open stay, and are not drawn again."""
        same = all(
            getattr(item, f.name) is getattr(self.item, f.name) for f in fields(item) if f.name not in IN_TABLES
        )
        now, then = setting, self.setting
        around = (now.view, now.stale, now.refiltered) == (then.view, then.stale, then.refiltered)
        if self._browser is None or not same or not around:
            return False
        self._say_what()
        self._fill(self._browser)
        if self.plots is not None and now.others != then.others:
            self.plots_asked.emit(self.plots)  # their axes have labels
        return True

    def redress(self) -> None:
        if self._browser is not None:
            self._fill(self._browser)

    def dropped(self) -> None:
        self._browser = None
        self._folds = None
        self.plots = None

    def _edit_button(self) -> QWidget:
        return self.act("edit", self.tr("Edit"), "model_edit", self.edit_asked.emit)

    def _after_button(self) -> QWidget:
        words = self.tr("After the fit")
        b = self.act("after", words, "model_after")
        b.setMenu(self.after_menu(b))
        return b

    def after_menu(self, parent: QWidget) -> QMenu:
        """What follows a fit, by the words people use."""
        menu = named(QMenu(self.tr("After the fit"), parent), "model_after_menu", self.tr("After the fit"))
        for form in FORMS:
            if form is None:
                menu.addSeparator()
            else:
                menu.addAction(marked("ModelCard", form[1]), self._panel(form[0]))
        menu.addSeparator()
        menu.addAction(self.tr("All tools after a fit…"), self._panel(""))
        return menu

    def _panel(self, key: str) -> Callable[[], None]:
        return lambda: self.panel_asked.emit(key)

    def _add_notices(self, column: QVBoxLayout) -> None:
        from terrace.results.advice_words import advice_in_words  # which loads what the window begins without

        if self._told:
            told = Notice(self._told)
            told.add_button(self.tr("Open these data"), "model_open_data", self.open_asked.emit)
            column.addWidget(told)
        if self.setting.stale:
            stale = Notice(self.tr("Out of date: {0}.").format(self.setting.stale.rstrip(".")))
            stale.add_button(self.tr("Fit again"), "model_refit", self.refit_asked.emit)
            column.addWidget(stale)
        if self.setting.refiltered:
            column.addWidget(self._other_filter(self.setting.refiltered))
        advice = self.fit.warnings
        if self.fit.state == "failed" and not any(a.code in FAILED for a in advice):
            text = self.tr("The fit did not converge. Do not use these estimates: the search stopped early.")
            failed = Notice(text, kind="error")
            failed.add_button(self.tr("Change the model"), "model_change", self.edit_asked.emit)
            column.addWidget(failed)
        labels = card_labels(self.item, self.setting.look, self.setting.others)
        for one, words in zip(advice, advice_in_words(self.fit, labels)):
            column.addWidget(self._strip(one, words))

    def _other_filter(self, reason: str) -> Notice:
        """Its rows stay as they are until its user wants the present ones."""
        out = Notice(self.tr("Other rows: {0}.").format(from_engine(reason)), kind="info")
        gone = reason.endswith("is not in use now")
        words = self.tr("Fit again without a filter") if gone else self.tr("Fit again with this filter")
        out.add_button(words, "model_refilter", self.refilter_asked.emit)
        return out

    def _strip(self, advice: Advice, words: Advice) -> Notice:
        strip = Notice(words.message, advice=words.advice)
        if advice.code == "boundary" and self.fit.spec.random:
            strip.add_button(
                self.tr("Find the largest model the data support"), "warning_simplify",
                lambda: self.after_asked.emit("estat simplify"),
            )  # fmt: skip
        if advice.code in MENDED:
            strip.add_button(self.tr("Change the model"), "warning_mend", lambda: self.mend_asked.emit(advice))
        return strip

    def tell(self, text: str) -> None:
        """Say on the card that its data are not open; empty takes that back."""
        if text != self._told:
            self._told = text
            self.wake()
            self.rebuild()

    def _toggled(self, part: str, opened: bool) -> None:
        self._open[part] = opened
        inside = None if self._folds is None else self._folds.inside(part)
        if inside is not None:
            self.reveal_asked.emit(inside)
        elif part == "model_plots":
            self.plots = None
            self.rows_selected.emit(None)

    def _details(self) -> QWidget:
        return command_box(self.fit.command, fit_facts(self.fit), self.copy_command)

    def _plots(self) -> QWidget:
        from terrace_desktop.plots.cards import PlotRow

        effects = any(r.block < len(self.fit.spec.random) for r in self.fit.random)  # others are of the residuals
        kinds = ("residual-fitted", "qq", "caterpillar")
        self.plots = PlotRow(kinds if effects else kinds[:2])
        self.plots.rows_selected.connect(self.rows_selected)
        self.plots.export_asked.connect(self.plot_export_asked)
        self.plots.edit_asked.connect(self.diagnostic_asked)
        self.plots.opened.connect(self.reveal_asked)
        self.plots_asked.emit(self.plots)
        return self.plots

    def show_part(self, part: str, opened: bool = True) -> None:
        """Open or close ``model_details`` or ``model_plots``."""
        self.wake()
        if self._folds is not None:
            self._folds.set_open(part, opened)

    # --- actions ------------------------------------------------------------------------------------
    def fill_menu(self, menu: QMenu) -> None:
        menu.addAction(self.tr("Edit"), self.edit_asked.emit)
        menu.addMenu(self.after_menu(menu))
        menu.addAction(self.tr("Fit again"), self.refit_asked.emit)
        copy = named(menu.addMenu(self.tr("Copy")), "model_copy_menu", self.tr("Copy"))
        copy.addAction(self.tr("Tables"), self.copy_tables)
        copy.addAction(self.tr("Values at full precision"), self.copy_values)
        copy.addAction(self.tr("Plain text"), self.copy_text)
        copy.addAction(self.tr("Command"), self.copy_command)
        export = named(menu.addMenu(self.tr("Export")), "model_export_menu", self.tr("Export"))
        for known in formats.REPORTS:
            export.addAction(f"{known.name}…", self._exporter(known.suffix))
        code = named(menu.addMenu(self.tr("Code")), "model_code_menu", self.tr("Code in other programs"))
        for key, name in CODE:
            action = code.addAction(name, self._coder(key))
            action.setObjectName(f"model_code_{key}")
        menu.addSeparator()
        self.looks_menu(menu, tuple((k, marked("ModelCard", t)) for k, t in PARTS), metric=True)

    def _exporter(self, suffix: str) -> Callable[[], None]:
        return lambda: self.export_asked.emit(suffix)

    def _coder(self, key: str) -> Callable[[], None]:
        return lambda: self.after_asked.emit(f"code, in({key})")

    def set_metric(self, metric: str) -> None:
        """Variances or SDs; nothing is fitted again."""
        self.choose_look(metric=metric)

    def copy_tables(self) -> None:
        """Copy the tables as tables."""
        QGuiApplication.clipboard().setMimeData(tables_mime(self.tables()))

    def copy_values(self) -> None:
        """Copy the numbers at full precision."""
        QGuiApplication.clipboard().setMimeData(values_mime(self.tables()))

    def copy_text(self) -> None:
        """Copy the plain-text page."""
        QGuiApplication.clipboard().setText(self.outcome.text)

    def copy_command(self) -> None:
        """Copy the command."""
        QGuiApplication.clipboard().setText(self.fit.command)
