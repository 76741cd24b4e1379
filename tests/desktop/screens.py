"""The screens of the program one after the other, for tests that look at all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget
from waiting import settled, wait_idle, wait_until

from terrace.spec.guide import begun
from terrace_desktop.filters.popup import FilterPopup
from terrace_desktop.panels.after.catalog import groups as after_catalog
from terrace_desktop.panels.data.catalog import groups as data_catalog
from terrace_desktop.panels.guide.climb import Climb, Kept

if TYPE_CHECKING:
    from terrace_desktop.app.window import MainWindow

FIRST = ("sample hsb", "center ses, by(id) generate(c_ses) mgenerate(m_ses)", "mixed mathach || id:, reml")
REST = (
    "mixed mathach c_ses m_ses i.sector || id: c_ses, covariance(unstructured) reml dfmethod(satterthwaite)",
    "estat icc", 'outline note "Catholic schools have **higher** mean SES."', "scatter mathach ses", "nonsense",
)  # fmt: skip


def screens(window: MainWindow, forms: Callable[[str], bool] = lambda _key: True) -> Iterator[tuple[str, QWidget]]:
    """Each screen with its name, and what of the window changes from the one before."""

    def idle() -> None:
        wait_idle(window.controller)
        settled()  # what comes is laid out,
        settled()  # and text that wraps asks for its height once it has its width

    yield "start", window
    for command in (*FIRST, *REST):
        window.controller.run(command)
    idle()
    yield "work", window
    for tab, name in enumerate(("data", "variables", "history")):
        window.places.show_tab(tab)
        settled()
        yield f"left: {name}", window.left
    window.places.show_tab(0)
    yield from filtering(window, idle)
    window.results.show_contents(True)
    settled()
    yield "results: outline", window.results
    window.results.show_contents(False)
    settled()
    window.left.find_bar.open(True)
    settled()
    yield "left: find and replace", window.left
    window.left.find_bar.leave()
    window.models.open_builder(window.results.newest().fit.spec)
    wait_until(lambda: window.models.builder is not None, "the builder")
    builder = window.models.builder
    assert builder is not None
    idle()
    for page in ("estimates", "lines", "equations", "command"):
        builder.live.show_page(page)
        settled()
        yield f"builder: {page}", window.work
    builder.change.click()
    for fold in (builder.more.fold, builder.maximisation.fold, builder.reporting.fold):
        fold.setChecked(True)
    settled()
    yield "builder: all", window.work
    window.models.close_builder()
    window.variables.edit()
    settled()
    yield "variables", window.work
    yield from variables(window, idle)
    card = window.results.newest()
    for key in ["", *(e.key for g in after_catalog() for e in g.entries if forms(e.key))]:
        window.models.open_after(card, key)
        idle()
        yield f"after: {key}", window.work
    for key in ["", *(e.key for g in data_catalog() for e in g.entries if forms(e.key))]:
        window.prepare.open(key)
        idle()
        yield f"data: {key}", window.work
    yield from guided(window, idle)
    yield from figure(window)
    yield from report(window)
    window.splitter.close_panel()
    idle()


def figure(window: MainWindow) -> Iterator[tuple[str, QWidget]]:
    """A figure that is edited, with the options of its layers open, and how it prints."""
    window.figures.edit_chosen()
    panel, page = window.figures.panel, window.figures.page
    assert panel is not None and page is not None
    wait_until(page.isVisible, "the page of the figure")
    wait_until(page.settled, "the print of the figure")
    for row in panel.layers.rows.values():
        row.more.click()
    settled()
    settled()
    yield "figure: fields", window.work
    yield "figure: print", page


def report(window: MainWindow) -> Iterator[tuple[str, QWidget]]:
    """A report that is built, with all its fields, and its pages."""
    window.reports.open()
    panel, page = window.reports.panel, window.reports.page
    assert panel is not None and page is not None
    wait_until(page.settled, "the pages of the report")
    yield "report: pages", page
    panel.more.fold.setChecked(True)
    settled()
    settled()
    yield "report: fields", window.work


def variables(window: MainWindow, idle: Callable[[], object]) -> Iterator[tuple[str, QWidget]]:
    """What variables are: categories with labels, with the boxes that open; a number; several at once."""
    for name in ("sector", "mathach"):
        window.variables.edit(name)
        idle()
        yield f"variable: {name}", window.work
    window.variables.edit("sector")
    idle()
    panel = window.variables.panel
    assert panel is not None
    panel.codes.add.click()
    for link in (panel.paste_link, panel.copy_link):
        link.click()
        idle()
        yield f"variable: {link.text()}", window.work
    window.variables.edit_several(["sector", "size"])
    idle()
    yield "variables: several", window.work


def filtering(window: MainWindow, idle: Callable[[], None]) -> Iterator[tuple[str, QWidget]]:
    """The chips of the filter, and the pages of the popup that makes one."""
    window.controller.run("filter sector is Catholic and ses > 0")
    idle()
    yield "filter", window.left
    window.filters.add()
    settled()
    popup = window.findChild(FilterPopup)
    yield "filter: variables", popup
    for name in ("sector", "id", "ses"):
        popup.take(name)
        idle()
        yield f"filter: {name}", popup
    popup.write("ses >")
    popup.page.finish()
    idle()
    yield "filter: condition", popup
    popup.close()
    window.controller.run("filter off")
    idle()


def guided(window: MainWindow, idle: Callable[[], object]) -> Iterator[tuple[str, QWidget]]:
    """The guide step by step: its paths, its first question, predictors to tick, and all done."""
    window.models.open_guide()
    idle()
    yield "guide: paths", window.work
    panel, null = window.models.guide.panel, window.results.cards()[0]
    assert panel is not None
    previews = panel.previews
    answers = replace(begun("classes", panel.dataset, "mathach"), groups=("id",), predictors=("ses", "sector"))
    kept = (Kept("null", null.stored, null.item.id, "The schools differ."), Kept("icc", null.stored, 0, "ICC .18."))
    for name, climb in (
        ("null", Climb(answers)), ("predictors", Climb(answers, 2, kept)),
        ("done", Climb(answers, 5, (*kept, *(Kept(s, null.stored, 0, "No.") for s in answers.steps[2:])))),
    ):  # fmt: skip
        panel.show_climb(climb)
        wait_until(lambda: panel.open_step is None or previews.current or previews.state == "late", "a preview")
        idle()
        yield f"guide: {name}", window.work
    window.models.guide.close()
