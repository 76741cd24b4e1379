"""Pages of a report: what stays together, where parts stand, bookmarks, vectors; and the same in Word."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from terrace.report.contents import Contents, EquationBlock, FigureBlock, Heading, Paragraph, Placed, TableBlock
from terrace.report.pdf import Pages, pages_pdf
from terrace.report.word import report_docx
from terrace.results.plot import Axis, Marks, Plot, PlotPanel
from terrace.results.table import Column, Row, Table
from terrace.session.report_pages import PartPlace, ReportPages, report_pages
from terrace.session.session import Session
from terrace.spec.equations import Token

EQUATION = EquationBlock((
    (Token("variable", "math", "ij"), Token("operator", "="), Token("symbol", "β", "0j"), Token("operator", "+"),
     Token("symbol", "β", "1j"), Token("variable", "ses", "ij")),
    (Token("symbol", "e", "ij"), Token("operator", "~"), Token("math", "N(0, "), Token("symbol", "σ", "", "2"),
     Token("math", ")"), Token("text", " for each of them")),
))  # fmt: skip


def plot() -> Plot:
    x = np.arange(5.0)
    return Plot("Lines", (PlotPanel(Axis("x"), Axis("y"), (Marks("line", x, x**2),)),), "lines")


def coefficients(count: int) -> Table:
    rows: list[Row] = [Row("Fixed effects", kind="group")]
    for k in range(count):
        rows.append(Row(f"beta{k}", (k + 0.125,), indent=1, format="estimate"))
        rows.append(Row("", (0.125,), indent=1, format="bracketed"))
    return Table("Models", (Column("m", "Model 1"),), tuple(rows), notes=("Standard errors in parentheses.",))


def report(*blocks: Any, **members: Any) -> Contents:
    placed = tuple(b if isinstance(b, Placed) else Placed(b, f"p{k}") for k, b in enumerate(blocks))
    return Contents(blocks=placed, **{"style": "apa", **members})


def texts(found: Pages) -> list[str]:
    from pypdf import PdfReader

    return [p.extract_text() for p in PdfReader(io.BytesIO(found.pdf)).pages]


# --- what stays together ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("above", [0, 7, 23])
def test_a_coefficient_is_never_apart_from_its_standard_error(above: int) -> None:
    found = texts(pages_pdf(report(*[Paragraph("Words.")] * above, TableBlock(coefficients(60), 1))))
    assert len(found) >= 3
    for k, page in enumerate(found):
        lines = re.findall(r"beta|\(0\.1", page)
        assert lines == ["beta", "(0.1"] * (len(lines) // 2), "each coefficient with its standard error"
        assert not lines or "Model 1" in page, f"the head is repeated on page {k + 1}"


@pytest.mark.parametrize("above", range(18, 42, 3))
def test_captions_and_headings_stand_with_what_follows(above: int) -> None:
    """A heading, a caption of two lines and a short table with its note, however much stands above them."""
    found = texts(pages_pdf(report(
        *[Paragraph("Words.")] * above, Heading("Results", 1), TableBlock(coefficients(8), 1),
        Heading("Figures", 2), FigureBlock(plot(), 1, "Lines of all", "Below it."),
    )))  # fmt: skip
    (page,) = [p for p in found if "Table 1" in p]
    assert all(w in page for w in ("Results", "Models", "Model 1", "beta0", "beta7", "Standard errors"))
    (page,) = [p for p in found if "Figure 1" in p]
    assert all(w in page for w in ("Figures", "Lines of all"))


@pytest.mark.parametrize("rows", [1, 4, 5, 6])
@pytest.mark.parametrize("above", range(23, 33))
def test_a_note_of_three_lines_stays_with_its_table(above: int, rows: int) -> None:
    """No line of three may stand alone on a page, so that all of them go with the table."""
    table = replace(coefficients(rows), notes=("Note of the table. " * 16 + "Theend.",))
    found = texts(pages_pdf(report(*[Paragraph("Words.")] * above, TableBlock(table, 1))))
    (page,) = [p for p in found if "Table 1" in p]
    assert len([x for x in page.splitlines() if "of the table" in x]) == 3 and "Theend." in page


def test_equations_run_over_pages_as_in_word() -> None:
    made = pages_pdf(report(*[Paragraph("Words.")] * 24, EquationBlock(EQUATION.lines * 12)))
    assert {x.page for x in made.landed if x.part == "p24"} == {0, 1}
    assert not any(p.paragraph_format.keep_with_next for p in word(EQUATION).paragraphs)


def test_columns_that_no_page_is_wide_enough_for_go_below_each_other() -> None:
    columns = tuple(Column(f"m{k}", f"Model {k}") for k in range(24))
    table = Table("Wide", columns, (Row("x", tuple(k + 1000.5 for k in range(24))),), notes=("All of them.",))
    (page,) = texts(pages_pdf(report(TableBlock(table, 1))))
    assert "Wide (continued)" in page and page.count("All of them.") == 1
    assert all(len(re.findall(rf"\b1,0{k:02d}\.50\b", page)) == 1 for k in range(24))


def test_scripts_long_words_and_nothing_at_all() -> None:
    strange = "数学成績 Größe β² δ <b>&amp; " + "x" * 300
    table = Table(strange, (Column("a", "τ"),), (Row(strange, ("山田",)),))
    blocks = (Paragraph(strange), Heading(strange, 3), TableBlock(table, 1))
    found = pages_pdf(report(*blocks, title=strange, author="José Ångström"))
    assert "Größe β²" in texts(found)[0] and found.sizes[0] == pytest.approx((595.3, 841.9))
    assert len(pages_pdf(Contents()).sizes) == 1
    assert pages_pdf(report(title="T", paper="letter", cover=True)).sizes[0] == (612.0, 792.0)


# --- the file --------------------------------------------------------------------------------------------------
def test_headings_are_bookmarks_and_pages_have_numbers_and_a_running_head() -> None:
    from pypdf import PdfReader

    made = pages_pdf(report(Heading("One", 1), *[Paragraph("Words. " * 30)] * 20, Heading("Two", 2),
                            title="A title", author="An author", head="RUNNING", cover=True))  # fmt: skip
    reader = PdfReader(io.BytesIO(made.pdf))
    outline = reader.outline
    assert outline[0]["/Title"] == "One" and outline[1][0]["/Title"] == "Two"
    assert reader.get_destination_page_number(outline[0]) == 1
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("A title", "An author")
    for k, page in enumerate(texts(made), 1):
        assert "RUNNING" in page and str(k) in page.split()


@pytest.mark.parametrize("head", ["W" * 300, "Words of a head " * 20])
def test_a_running_head_ends_before_the_number_of_the_page(head: str) -> None:
    """Measured with the fonts of the pages; in Word the head has one line too."""
    from terrace.report import pdf_fonts
    from terrace.report.sheet import MARGIN

    made = pages_pdf(report(Paragraph("x"), head=head))
    (line,) = [x for x in texts(made)[0].splitlines() if x.startswith("Wo") or x.startswith("WW")]
    beginning = line.rstrip(" 1")
    assert head.startswith(beginning) and len(beginning) > 20
    assert pdf_fonts.width(beginning, 9.0) < made.sizes[0][0] - 2 * MARGIN - 20
    assert word(Paragraph("x"), head=head).sections[0].header.paragraphs[0].text.startswith(f"{beginning}\t")


def test_figures_and_equations_are_vectors_and_letters_are_embedded() -> None:
    from pypdf import PdfReader

    made = pages_pdf(report(FigureBlock(plot(), 1, "Lines"), EQUATION))
    assert b"/Subtype /Image" not in made.pdf and b"/Type3" not in made.pdf
    resources: Any = PdfReader(io.BytesIO(made.pdf)).pages[0]["/Resources"]
    forms = [f.get_object() for f in resources["/XObject"].values()]
    assert len(forms) == 3 and all(f["/Subtype"] == "/Form" for f in forms)
    assert b" l" in forms[0].get_data(), "lines are drawn"


def test_the_same_report_gives_the_same_bytes() -> None:
    blocks = (Heading("One", 1), TableBlock(coefficients(3), 1), FigureBlock(plot(), 1, "Lines"), EQUATION)
    assert pages_pdf(report(*blocks)).pdf == pages_pdf(report(*blocks)).pdf


def test_parts_are_found_where_their_words_stand() -> None:
    """Held against the places of letters, as another library reads them from the file."""
    from pypdf import PdfReader

    made = pages_pdf(report(*[Paragraph(f"word{k} here") for k in range(60)], title="T"))
    reader, seen = PdfReader(io.BytesIO(made.pdf)), 0
    for number, page in enumerate(reader.pages):
        spots: list[tuple[str, float, float]] = []

        def visit(text: str, cm: Any, tm: Any, _font: Any, _size: Any, spots: Any = spots) -> None:
            x, y = (tm[4] * cm[k] + tm[5] * cm[k + 2] + cm[k + 4] for k in (0, 1))
            spots.extend((w, x, y) for w in text.split() if w.startswith("word"))

        page.extract_text(visitor_text=visit)
        for word, x, y in spots:
            (box,) = [b for b in made.landed if b.part == f"p{word[4:]}"]
            assert box.page == number and box.bottom - 2 <= y <= box.bottom + box.height
            assert box.left <= x <= box.left + box.width
            seen += 1
    assert seen == 60


# --- the pages of a session ------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def session() -> Session:
    s = Session()
    for text in ("sample sleepstudy", "mixed reaction days || subject:", "mixed reaction days || subject: days"):
        assert s.run(text).ok
    return s


def test_every_part_that_is_shown_has_a_place(session: Session) -> None:
    from terrace.session.document.report_parts import parts_of_report

    before = session.state
    found = report_pages(session)
    assert session.state is before
    shown = [p.name for p in parts_of_report(session.state.document) if p.shown]
    assert list(dict.fromkeys(p.part for p in found.places)) == shown
    assert found.numbers["models"] == "Table 2"
    for place in found.places:
        width, height = found.sizes[place.page]
        assert place.left >= 0 and place.left + place.width <= width and place.top + place.height <= height
        middle = (place.left + place.width / 2, place.top + place.height / 2)
        assert found.part_at(place.page, *middle) == place.part
    assert found.part_at(0, 1.0, 1.0) == ""


def test_pages_of_nothing_are_one_page() -> None:
    found = report_pages(Session())
    assert len(found.sizes) == 1 and found.places == () and found.pdf.startswith(b"%PDF")
    assert ReportPages(b"", (), (PartPlace("a", 0, 1, 1, 1, 1),), {}).part_at(1, 1.5, 1.5) == ""


def test_pages_can_be_cancelled(session: Session) -> None:
    from terrace.errors import Cancelled

    child = session.fork(session.state)
    child.cancel = lambda: True
    with pytest.raises(Cancelled):
        report_pages(child)


# --- Word ------------------------------------------------------------------------------------------------------
def word(*blocks: Any, **members: Any) -> Any:
    import docx

    return docx.Document(io.BytesIO(report_docx(report(*blocks, **members))))


def test_word_has_its_own_styles_captions_and_fields() -> None:
    document = word(Heading("One", 1), Heading("Three", 3), Paragraph("Words."), TableBlock(coefficients(2), 7),
                    FigureBlock(plot(), 3, "Lines", "Below."), title="T", author="A", date="May", head="H",
                    cover=True)  # fmt: skip
    styles = [(p.style.name, p.text) for p in document.paragraphs]
    assert styles[:4] == [("Title", "T"), ("Subtitle", "A"), ("Subtitle", "May"), ("Heading 1", "One")]
    assert ("Heading 3", "Three") in styles and ("Body Text", "Words.") in styles
    assert document.paragraphs[3].paragraph_format.page_break_before, "the title has a page of its own"
    captions = [p for p in document.paragraphs if p.style.name == "Caption"]
    assert [re.findall(r'w:instr=" SEQ (\w+)', p._p.xml) for p in captions] == [["Table"], ["Figure"]]
    assert [re.findall(r"<w:t>(\d)</w:t>", p._p.xml) for p in captions] == [["7"], ["3"]]
    titles = [p.text for p in document.paragraphs if p.style.name == "Terrace Caption Title"]
    assert titles == ["Models", "Lines"]
    head = document.sections[0].header.paragraphs[0]
    assert head.text.startswith("H\t") and " PAGE " in head._p.xml
    assert document.core_properties.author == "A" and document.core_properties.title == "T"


def test_word_takes_titles_of_any_length() -> None:
    """Properties of a document have 255 letters at most, which the title on the page has not."""
    document = word(Paragraph("x"), title="t" * 400, author="a" * 400)
    assert [p.text for p in document.paragraphs[:2]] == ["t" * 400, "a" * 400]
    assert document.core_properties.title == "t" * 255 and document.core_properties.author == "a" * 255


def test_a_caption_stands_above_in_apa_and_below_a_figure_in_ama() -> None:
    def order(style: str) -> list[str]:
        document = word(FigureBlock(plot(), 1, "Lines"), style=style)
        return ["picture" if "pic:pic" in p._p.xml else p.style.name for p in document.paragraphs
                if p.text or "pic:pic" in p._p.xml]  # fmt: skip

    assert order("apa") == ["Caption", "Terrace Caption Title", "picture"]
    assert order("ama") == ["picture", "Caption"] and order("plain") == ["Caption", "picture"]


def test_word_keeps_rows_whole_and_coefficients_with_their_standard_errors() -> None:
    (table,) = word(TableBlock(coefficients(40), 1)).tables
    rows = table.rows
    assert "w:tblHeader" in rows[0]._tr.xml and all("w:cantSplit" in r._tr.xml for r in rows)
    kept = [bool(r.cells[-1].paragraphs[0].paragraph_format.keep_with_next) for r in rows]
    assert kept[0] and kept[1] and all(kept[2::2]), "head, heading, coefficients"
    assert not any(kept[3:-1:2]) and kept[-1], "a page may end below a standard error, and the notes stay with the end"


def test_equations_of_word_are_its_own() -> None:
    from docx.oxml.ns import qn

    document = word(EQUATION)
    found = [p._p.findall(qn("m:oMath")) for p in document.paragraphs]
    (first,), (second,) = [f for f in found if f]
    assert [t.text for t in first.iter(qn("m:t"))] == ["math", "ij", "=", "β", "0j", "+", "β", "1j", " ", "ses", "ij"]
    assert len(list(first.iter(qn("m:sSub")))) == 4
    assert "∼" in [t.text for t in second.iter(qn("m:t"))] and len(list(second.iter(qn("m:sSup")))) == 1


@pytest.mark.parametrize("blocks", [(Paragraph("x"),), (EQUATION,)], ids=["text", "pictures put on later"])
def test_readers_aloud_are_told_the_language_and_the_title(blocks: tuple[Any, ...]) -> None:
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(pages_pdf(report(*blocks, title="A title", language="en-GB")).pdf))
    assert reader.root_object["/Lang"] == "en-GB" and reader.metadata is not None
    assert bool(reader.root_object["/ViewerPreferences"]["/DisplayDocTitle"]) and reader.metadata.title == "A title"


def test_word_and_pages_have_one_paper_and_one_language(tmp_path: Path) -> None:
    document = word(Paragraph("x"), paper="letter", language="en-GB")
    section = document.sections[0]
    assert (section.page_width.pt, section.page_height.pt) == (612.0, 792.0)
    path = tmp_path / "a.docx"
    document.save(path)
    with zipfile.ZipFile(path) as archive:
        assert 'w:val="en-GB"' in archive.read("word/styles.xml").decode()
    pdf = pages_pdf(report(Paragraph("x"), language="en-GB")).pdf
    assert b"en-GB" in pdf
