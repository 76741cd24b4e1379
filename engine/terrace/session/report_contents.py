"""The report of a session as its plan has it: what each part shows, made from the results that the session holds.

Nothing is estimated here. What costs more than a moment (R² and ICC of a model, figures that check it, a table of its
variables) is made once for each fit and remembered, since a report is made anew with each change of its plan.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeVar

from terrace.errors import Cancelled, TerraceError
from terrace.graphs.dressed import dressed
from terrace.report import capital_p
from terrace.report.contents import (
    Block,
    Contents,
    EquationBlock,
    FigureBlock,
    Heading,
    PageBreak,
    Paragraph,
    Placed,
    Style,
    TableBlock,
    blocks_of_text,
    numbered,
)
from terrace.report.decimals import with_decimals
from terrace.report.kept import Kept
from terrace.report.notes import note_text
from terrace.results.advice_words import advice_in_words
from terrace.results.figure_look import PLAIN
from terrace.results.figure_presets import effective
from terrace.results.labels import relabelled, table_labels
from terrace.results.plot import Plot
from terrace.results.table import Table
from terrace.session.document.figures import plots_of
from terrace.session.document.items import Document, Item, Look
from terrace.session.document.report_parts import SECTIONS, models_beside, part_title, parts_of_report
from terrace.session.document.report_plan import ReportPart, ReportPlan
from terrace.session.labelling import data_now
from terrace.session.out_of_date import stale
from terrace.session.report_last_page import last_page

if TYPE_CHECKING:
    from terrace.progress import CancelCheck
    from terrace.results.fit import FitResult
    from terrace.session.contract import Outcome
    from terrace.session.session import Session
    from terrace.session.state import State

T = TypeVar("T")
_LANGUAGES = {"en": "en-US", "en-gb": "en-GB"}
_LONGEST_HEAD = 50
"""Letters of a running head (APA 7, section 2.8)."""


def report_contents(session: Session) -> Contents:
    """The title page and the blocks of the report, in order; no blocks where nothing is shown.

    Raises `Cancelled` where the session was told to stop.
    """
    return state_contents(session.state, session.whole()[0], session.cancel)


def state_contents(state: State, history: Sequence[Outcome], cancel: CancelCheck | None = None) -> Contents:
    """The same of a state with the commands that led to it, so that a thread that has no session can ask for it."""
    document = state.document
    plan = document.report
    maker = _Maker(state, history, cancel, document, plan, stale(state, filters=False))
    blocks: list[Placed] = []
    for part in parts_of_report(document):
        if cancel is not None and cancel():
            raise Cancelled
        if part.shown:
            blocks += [Placed(b, part.name) for b in maker.blocks(part)]
    title = plan.title or document.title.strip()
    style = style_of(plan, document)
    head = plan.running_head or _shortened(title)
    return Contents(
        title, plan.author, plan.affiliation, plan.date, head.upper() if style == "apa" else head, style,
        _LANGUAGES[plan.language], "letter" if plan.paper == "letter" else "a4",
        cover=style == "apa" and bool(title or plan.author), blocks=numbered(_without_empty(blocks)),
    )  # fmt: skip


def _without_empty(blocks: Sequence[Placed]) -> Iterator[Placed]:
    """The blocks without headings of the program that nothing stands under; those of the user stay."""
    for k, placed in enumerate(blocks):
        block, rest = placed.block, blocks[k + 1 : k + 2]
        under = rest and not (
            isinstance(block, Heading) and isinstance(rest[0].block, Heading) and rest[0].block.level <= block.level
        )
        if placed.part not in SECTIONS or under:
            yield placed


def style_of(plan: ReportPlan, document: Document) -> Style:
    """The style of a report: its own, that of the page of results, or APA."""
    named = plan.style or document.look.style
    return "ama" if named == "ama" else "plain" if named == "plain" else "apa"


def _shortened(title: str) -> str:
    if len(title) <= _LONGEST_HEAD:
        return title
    return title[: _LONGEST_HEAD + 1].rpartition(" ")[0].rstrip(" ,:;") or title[:_LONGEST_HEAD]


@dataclass(frozen=True)
class _Maker:
    """Makes the blocks of parts."""

    state: State
    history: Sequence[Outcome]
    cancel: CancelCheck | None
    document: Document
    plan: ReportPlan
    stale: Mapping[int, str]

    @property
    def ama(self) -> bool:
        """True where the report is in AMA style."""
        return style_of(self.plan, self.document) == "ama"

    def blocks(self, part: ReportPart) -> Iterator[Block]:
        """What a part shows."""
        if part.kind == "heading":
            item = self.document.item(part.item) if part.item else None
            text = part.text or (item.heading if item is not None else SECTIONS.get(part.name, ""))
            yield Heading(text, part.level)
        elif part.kind == "text":
            yield from blocks_of_text(note_text(part.text))
        elif part.kind == "item":
            yield from self._item(part)
        else:
            yield from self._made(part)

    # --- results ------------------------------------------------------------------------------------------
    def _item(self, part: ReportPart) -> Iterator[Block]:
        item = self.document.item(part.item)
        if item is None:
            return
        item = self._now(item)
        if item.kind == "note":
            yield from blocks_of_text(note_text(item.text))
        elif item.kind == "model" and item.fit is not None:
            yield Heading(item.heading, min(part.level, 3))
            yield from self._captioned(self._model_tables(item), part)
            yield from self._out_of_date([item])
            for advice in advice_in_words(item.fit, self._labels(item)):
                yield Paragraph(str(advice), "advice")
        elif item.outcome is not None:
            of = self._model_above(item)
            tables = [replace(t, notes=(*of, *t.notes)) for t in item.outcome.tables]
            yield from self._captioned([self._dressed(t, item) for t in tables], part)
            plots = plots_of(item, self.document.figure_style)
            yield from self._figures(plots, part, item.heading, used=bool(tables), note=" ".join(of))

    def _model_tables(self, item: Item) -> list[Table]:
        from terrace.session.document.card import further_tables, model_tables

        fit, look = item.fit, self._look(item)
        assert fit is not None
        data = item.data
        if item.more is None and data is not None:
            more = _remembered([fit, data], "more", lambda: further_tables(fit, data, cancel=self.cancel))
            item = replace(item, more=more)
        return [self._dressed(t, item) for t in model_tables(item, look)]

    def _captioned(self, tables: list[Table], part: ReportPart) -> Iterator[Block]:
        for k, table in enumerate(tables):
            table = replace(table, title=part.text) if part.text and not k else table
            yield TableBlock(capital_p.in_table(table) if self.ama else table, 0)

    def _model_above(self, item: Item) -> tuple[str, ...]:
        """The model that a result is about, as a note, where there are several."""
        owner = self.document.item(item.under) if item.under else None
        if owner is None or owner.kind != "model" or len(self.document.models()) < 2:
            return ()
        return (f"{_called(owner)}.",)

    def _figures(
        self, plots: tuple[Plot, ...], part: ReportPart, usual: str, *, used: bool = False, note: str = ""
    ) -> Iterator[Block]:
        for k, plot in enumerate(plots):
            own = part.text if not k and not used else ""
            yield FigureBlock(_without_note(plot), 0, own or plot.title or usual, f"{note} {plot.note}".strip())

    # --- what the program makes ---------------------------------------------------------------------------
    def _made(self, part: ReportPart) -> Iterator[Block]:
        models = models_beside(self.document, part)
        item = self.document.item(part.item) if part.item else (models[-1] if models else None)
        item = None if item is None else self._now(item)
        if part.made == "commands":
            if found := tuple(last_page(self.history, self.document, self.plan.last)):
                yield from (PageBreak(), *found)
        elif part.made == "citation":
            yield from self._citation()
        elif item is not None and item.fit is not None:
            try:
                yield from {
                    "descriptives": self._descriptives, "analysis": self._analysis, "equations": self._equations,
                    "models": self._models, "paragraph": self._paragraph, "diagnostics": self._diagnostics,
                }[part.made](part, item, item.fit)  # fmt: skip
            except Cancelled:
                raise
            except TerraceError as error:
                yield Paragraph(f"{part_title(self.document, part)}: {error}", "advice")

    def _descriptives(self, part: ReportPart, item: Item, fit: FitResult) -> Iterator[Block]:
        from terrace.postestimation.paper.descriptives import descriptives_table

        data, kept = item.data, self.document.item(item.id)  # whose data have the labels of their day
        if data is None or kept is None:
            return
        fits = [m.fit for m in self.document.models() if m.fit is not None and m.data is kept.data]
        table = _remembered([*fits, data], "descriptives", lambda: descriptives_table(fits, data))
        if table is not None:
            yield from self._captioned([self._dressed(table, None)], part)

    def _analysis(self, part: ReportPart, item: Item, fit: FitResult) -> Iterator[Block]:
        from terrace.postestimation.paper.analysis import analysis_paragraph
        from terrace.postestimation.paper.apa import in_markdown

        fits = [(_called(m), m.fit) for m in self.document.models() if m.fit is not None]
        text = in_markdown(analysis_paragraph(fits, item.data, labels=self._labels(item)))
        yield Paragraph(capital_p.in_text(text) if self.ama else text, "note")

    def _equations(self, part: ReportPart, item: Item, fit: FitResult) -> Iterator[Block]:
        from terrace.spec.check import examine
        from terrace.spec.equations import equations

        counts = None if item.data is None else examine(fit.spec, item.data).counts
        found = equations(fit.spec, None if counts is None else counts.variable_level, labels=self._labels(item))
        yield EquationBlock(tuple(x for b in found.levels for x in b.lines) + found.distributions)

    def _models(self, part: ReportPart, item: Item, fit: FitResult) -> Iterator[Block]:
        from terrace.report.models_beside import beside_table

        models = [self._now(m) for m in models_beside(self.document, part)]
        if len(models) < 2:
            return
        names = [_called(m) for m in models]
        metric: Literal["variance", "sd"] = "sd" if self._look(None).metric == "sd" else "variance"
        decimals = self._look(None).decimals
        fits = [m.fit for m in models if m.fit is not None]
        labels = self._labels(item)
        key = ("models", metric, decimals, part.without, *names, tuple(sorted(labels.items())))
        table = _remembered(fits, key, lambda: beside_table(
            fits, names, metric=metric, labels=labels, decimals=decimals, without=part.without
        ))  # fmt: skip
        yield from self._captioned([with_decimals(table, None, self.plan.p_decimals)], part)
        yield from self._out_of_date(models)

    def _paragraph(self, part: ReportPart, item: Item, fit: FitResult) -> Iterator[Block]:
        from terrace.postestimation.paper.apa import paragraph

        described = item.id == next((m.id for m in reversed(self.document.models()) if m.fit is not None), 0)
        said = any(p.made == "analysis" and p.shown for p in parts_of_report(self.document))
        called = _called(item) if len(self.document.models()) > 1 else "this model"
        called = called if described and said else ""
        labels = self._labels(item)
        key = ("paragraph", called, tuple(sorted(labels.items())))
        text = _remembered(
            [fit], key, lambda: paragraph(fit, item.data, labels=labels, markup="markdown", called=called)
        )
        yield Paragraph(capital_p.in_text(text) if self.ama else text, "note")
        yield from self._out_of_date([item])

    def _diagnostics(self, part: ReportPart, item: Item, fit: FitResult) -> Iterator[Block]:
        if item.data is not None:
            plots = _remembered([fit, item.data], "diagnostics", lambda: _checks(fit, item))
            style = effective(PLAIN, self.document.figure_style)
            styled = _remembered([plots], ("styled", style), lambda: tuple(dressed(p, style) for p in plots))
            yield from self._figures(styled, part, part_title(self.document, part))

    def _citation(self) -> Iterator[Block]:
        from terrace.postestimation.paper.analysis import data_citation, software_citation

        data = {m.data.source: m.data for m in self.document.models() if m.data is not None}
        if not data and self.state.dataset is not None:
            data = {"": self.state.dataset}
        yield Heading("Data and software", 2)
        for text in (*filter(None, map(data_citation, data.values())), software_citation()):
            yield Paragraph(text)

    # --- looks --------------------------------------------------------------------------------------------
    def _look(self, item: Item | None) -> Look:
        """The plan says how tables look, then the item, then the page of results."""
        own, all_ = Look() if item is None else item.look, self.document.look
        return replace(
            own,
            decimals=next((d for d in (self.plan.decimals, own.decimals, all_.decimals) if d is not None), None),
            metric=self.plan.metric or own.metric or all_.metric,
            labels=all_.labels if own.labels is None else own.labels,
            parts=all_.parts if own.parts is None else own.parts,
        )

    def _out_of_date(self, models: Sequence[Item]) -> Iterator[Block]:
        """What a reader has to know of models whose data have changed since they were fitted."""
        for item in models:
            if reason := self.stale.get(item.id):
                yield Paragraph(f"{_called(item)} is out of date: {reason.rstrip('.')}. Fit it again.", "advice")

    def _labels(self, item: Item) -> dict[str, str]:
        if item.fit is None or self._look(item).labels is False:
            return {}
        return table_labels([item.fit], item.data)

    def _now(self, item: Item) -> Item:
        """A model with the labels that its variables have by now; anything else as it is."""
        fit, data, outcome = item.fit, item.data, item.outcome
        now = data_now(self.state, item)
        if fit is None or outcome is None or data is None or now is None or now is data:
            return item

        def relabel() -> Item:
            return replace(item, outcome=replace(outcome, fit=relabelled(fit, data, now)), data=now, more=None)

        return _MADE.get(("now", id(fit), id(self.state.dataset)), (fit, self.state.dataset), relabel)

    def _dressed(self, table: Table, item: Item | None) -> Table:
        return with_decimals(table, self._look(item).decimals, self.plan.p_decimals)


def _called(item: Item) -> str:
    """What a model is called in a sentence or above a column: its user's title, or ``Model 4``."""
    return item.title or f"Model {item.number}"


_BARE = Kept(24)


def _without_note(plot: Plot) -> Plot:
    """The figure without its note, which stands below it in the letters of the report; the same one each time."""
    return _BARE.get(id(plot), plot, lambda: replace(plot, note="")) if plot.note else plot


def _checks(fit: FitResult, item: Item) -> tuple[Plot, ...]:
    """Residuals against fitted values, their quantiles, and the random effects in order, those that can be drawn."""
    from terrace.postestimation.diagnose import plots

    data = item.data
    assert data is not None
    out = []
    for draw in (plots.residual_fitted, plots.qq, plots.caterpillar):
        try:
            out.append(draw(fit, data))
        except Cancelled:
            raise
        except TerraceError:
            continue
    return tuple(out)


# --- what is remembered -------------------------------------------------------------------------------------
_MADE = Kept(24)


def _remembered(about: Sequence[object], key: Hashable, make: Callable[[], T]) -> T:
    """What was made of these fits and data under this key, or what `make` gives now."""
    return _MADE.get((key, *map(id, about)), about, make)
