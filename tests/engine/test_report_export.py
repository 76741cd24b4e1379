"""Files of every kind, read back by something else than what wrote them."""

from __future__ import annotations

import csv
import io
import re
import stat
import zipfile
from dataclasses import replace
from pathlib import Path

import fixtures_report as fx
import numpy as np
import pytest

from terrace.disk.writing import write_bytes
from terrace.errors import DataError, ExportError, TerraceError
from terrace.postestimation.diagnose.plots_arrays import histogram_plot, qq_plot
from terrace.report.cells import shown
from terrace.report.export import export
from terrace.report.formats import REPORTS
from terrace.report.html.table import clipboard, table_html
from terrace.report.latex import table_latex
from terrace.report.markdown import table_markdown
from terrace.results.table import Column, Row, Table
from terrace.results.tables import compare_tables

REPORT = tuple(f.ending for f in REPORTS)


@pytest.fixture(scope="module")
def plot():
    return qq_plot(np.random.default_rng(3).normal(size=80))


@pytest.fixture(scope="module")
def parts(plot):
    return [
        "# Section\n\nSome text: 50% & more.",
        fx.unicode_names(),
        plot,
        compare_tables([fx.two_level(), fx.boundary(name="edge")]),
        "a    b\n1    2",
    ]


# --- every format -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", REPORT)
@pytest.mark.parametrize("make", [fx.boundary, fx.long_names])
def test_every_fit_exports(kind, make, tmp_path) -> None:
    out = export(make(), tmp_path / f"fit{kind}", title="A title")
    assert out.stat().st_size > 200
    assert [p.name for p in tmp_path.iterdir()] == [f"fit{kind}"], "no temporary file stays"


@pytest.mark.parametrize("kind", [".html", ".tex", ".md", ".csv", ".txt"])
def test_the_same_report_gives_the_same_file(kind, parts, tmp_path) -> None:
    one, two = (export(parts, tmp_path / f"{n}{kind}", title="T").read_bytes() for n in ("a", "b"))
    assert one.replace(b"a-figure", b"b-figure") == two


def test_word_has_real_tables(parts, tmp_path) -> None:
    import docx

    document = docx.Document(str(export(parts, tmp_path / "r.docx", title="Title")))
    tables = [*fx.unicode_names().tables(warnings=False), parts[3]]
    assert len(document.tables) == len(tables)
    for grid, table in zip(document.tables, tables):
        page = shown(table)
        assert len(grid.rows) == 1 + len(page.lines)
        for cells, line in zip(grid.rows[1:], page.lines):
            texts = [c.text for c in cells.cells]
            if line.kind == "group":
                assert set(texts) == {line.label}, "a heading spans the row"
            else:
                assert texts == [line.label, *(c.text for c in line.cells)]
    xml = document.element.xml
    assert xml.count("SEQ Table") == len(tables) and xml.count("SEQ Figure") == 1
    assert "Kenward" not in xml and "Some text: 50% &amp; more." in xml
    assert document.core_properties.title == "Title" and document.core_properties.author == ""
    assert len(document.inline_shapes) == 1 and "descr=" in xml


def test_word_rules_are_those_of_a_journal(tmp_path) -> None:
    import docx
    from docx.oxml.ns import qn

    table = fx.two_level().tables()[0]
    grid = docx.Document(str(export(table, tmp_path / "r.docx"))).tables[0]
    sides = [{b.tag for b in row.cells[1]._tc.iter(qn("w:top"), qn("w:bottom"))} for row in grid.rows]
    assert sides == [{qn("w:top"), qn("w:bottom")}, set(), {qn("w:bottom")}]
    order = [c.tag for c in grid.rows[-1].cells[1]._tc.tcPr]
    schema = [qn(f"w:{x}") for x in ("tcW", "gridSpan", "tcBorders", "noWrap")]
    assert order == [x for x in schema if x in order], "Word refuses a file with another order"
    assert grid.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None


def test_excel_keeps_numbers_as_numbers(parts, tmp_path) -> None:
    import openpyxl

    book = openpyxl.load_workbook(export(parts, tmp_path / "r.xlsx", title="Title"))
    assert book.sheetnames[0] == "Report" and len(book.sheetnames) == 6
    fit = fx.unicode_names()
    rows = list(book[book.sheetnames[1]].iter_rows(min_row=3, values_only=True))
    estimated = [e for e in fit.fixed if e.kind == "estimated"]
    found = {r[0]: r for r in rows}
    wanted = (estimated[-1].coef, estimated[-1].se, estimated[-1].stat)
    assert found["Intercept"][1:4] == pytest.approx(wanted, rel=1e-15)
    assert found["Intercept"][5:7] == pytest.approx((estimated[-1].lb, estimated[-1].ub))
    sheet = book[book.sheetnames[1]]
    p = next(c for c in sheet[3] if isinstance(c.value, float) and "< .001" in c.number_format)
    assert p.value == pytest.approx(estimated[-1].p, rel=1e-15)
    assert sheet["B3"].number_format == "0.00" and sheet.freeze_panes == "B3"
    compared = book[book.sheetnames[5 if "Table" in book.sheetnames[5] else 4]]
    formats = {c.number_format for row in compared.iter_rows() for c in row if c.value is not None}
    assert '"("0.00")"' in formats and "#,##0" in formats
    assert [len(book[n]._images) for n in book.sheetnames].count(1) == 1


def test_excel_does_not_run_what_a_label_holds(tmp_path) -> None:
    import openpyxl

    table = Table("=T", (Column("a", "=A()", "text"),), (Row("=1+1", ("=cmd|x",)), Row("1-2", ("\x07bell",))))
    sheet = openpyxl.load_workbook(export(table, tmp_path / "r.xlsx"))["Table 1 =T"]
    cells = {c.value: c.data_type for row in sheet.iter_rows() for c in row if c.value}
    assert set(cells.values()) == {"s"} and {"=1+1", "=cmd|x", "1-2", "bell"} <= set(cells)


def test_excel_can_stack_everything_on_one_sheet(parts) -> None:
    import openpyxl

    from terrace.report.excel import workbook_xlsx

    book = openpyxl.load_workbook(io.BytesIO(workbook_xlsx("T", parts, layout="stacked")))
    assert len(book.sheetnames) == 1
    column = [c.value for c in book.active["A"] if c.value]
    assert [x for x in column if re.match(r"(Table|Figure) \d", x)] == [
        "Table 1. Fixed effects", "Table 2. Random effects", "Table 3. Model fit",
        "Figure 1. Normal QQ plot of residuals", "Table 4. Models compared",
    ]  # fmt: skip


def test_csv_of_one_table_is_rectangular_and_exact(tmp_path) -> None:
    fit = fx.three_level()
    raw = export(fit.tables()[1], tmp_path / "r.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert {len(r) for r in rows} == {6}
    assert [float(r[2]) for r in rows[1:]] == [r.estimate for r in fit.random]
    assert rows[1][0] == "region, identity" and rows[-1][0] == ""


def test_csv_of_several_tables_and_plots(parts, tmp_path) -> None:
    rows = list(csv.reader(io.StringIO(export(parts, tmp_path / "r.csv").read_text("utf-8-sig"))))
    titles = [r[0] for r in rows if len(r) == 1]
    assert titles == ["Fixed effects", "Random effects", "Model fit", "Normal QQ plot of residuals", "Models compared"]
    tsv = export(parts, tmp_path / "r.tsv").read_text("utf-8-sig")
    assert "Term\tEstimate\tSE" in tsv


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-x", "@SUM(A1)", "\tx", " =1", "-1+2"])
def test_no_cell_of_a_report_is_run_as_a_formula(text: str, tmp_path) -> None:
    columns = (Column("v", text), Column("w", "Plain", "estimate"))
    table = Table("T", columns, (Row(text, (text, -5.25)), Row("-3", ("plain", -1e-7))), "Level")
    cells = list(csv.reader(io.StringIO(export([table], tmp_path / "t.csv").read_text("utf-8-sig"))))
    cells += [line.split("\t") for line in clipboard(table)["tsv"].splitlines()]
    flat = [cell for row in cells for cell in row]
    assert not [c for c in flat if c.lstrip()[:1] in tuple("=+@") or c.startswith("\t") or c in ("-x", "-1+2")]
    assert sum(c.startswith("'") for c in flat) >= 3
    assert flat.count("-5.25") == 2 and flat.count("-1e-07") == 2 and flat.count("-3") == 2


def test_plot_data_as_csv(tmp_path) -> None:
    values = np.random.default_rng(1).normal(size=30)
    rows = list(csv.DictReader(io.StringIO(export(qq_plot(values), tmp_path / "p.csv").read_text("utf-8-sig"))))
    points = [float(r["y"]) for r in rows if r["kind"] == "points"]
    assert points == sorted(values.tolist())


def test_latex_is_balanced_and_escaped(parts, tmp_path) -> None:
    out = export(parts, tmp_path / "my report.tex", title="50% & _x_")
    text = out.read_text("utf-8")
    body = re.sub(r"\\[\\{}$&#%_]", "", re.sub(r"\\begin\{verbatim\}.*?\\end\{verbatim\}", "", text, flags=re.S))
    assert body.count("{") == body.count("}") and body.count("$") % 2 == 0
    for name in re.findall(r"\\begin\{(\w+)\}", text):
        assert text.count(rf"\begin{{{name}}}") == text.count(rf"\end{{{name}}}")
    assert r"50\% \& \_x\_" in text
    assert r"keepaspectratio]{my-report-figure1.pdf}" in text
    assert (tmp_path / "my-report-figure1.pdf").read_bytes().startswith(b"%PDF")


def test_latex_rows_have_all_columns() -> None:
    for make in fx.EVERY:
        for table in make().tables():
            text = table_latex(table)
            rows = text.split(r"\midrule", 1)[1].split(r"\bottomrule")[0].strip().split(" \\\\\n")
            for row in rows:
                plain = re.sub(r"\\&", "", row)
                assert r"\multicolumn" in plain or plain.count("&") == len(table.columns)
    text = table_latex(fx.boundary().tables()[1])
    assert r"Var(ses) $\dagger$ & $1.70\times 10^{-9}$" in text
    assert "{[}2.92, 4.94{]}" in text, "a row must not begin an optional argument"


def test_markdown_tables_are_rectangular(parts, tmp_path) -> None:
    text = export(parts, tmp_path / "r.md", title="T").read_text("utf-8")
    assert "![Figure 1. Normal QQ plot of residuals](<r-figure1.png>)" in text
    assert (tmp_path / "r-figure1.png").exists()
    for make in fx.EVERY:
        for table in make().tables():
            rows = [x for x in table_markdown(table).split("\n") if x.startswith("|")]
            assert {len(re.findall(r"(?<!\\)\|", x)) for x in rows} == {len(table.columns) + 2}
            assert len(rows) == 2 + len(table.rows)
    assert r"\<b\>A & B\</b\> \| 50%" in table_markdown(fx.unicode_names().tables()[0])


def test_text_is_the_page_of_the_fit(parts, tmp_path) -> None:
    from terrace.report.text.text import fit_text

    text = export(parts, tmp_path / "r.txt", title="Title").read_text("utf-8")
    assert text.startswith("Title\n=====\n") and fit_text(parts[1]) in text
    assert "[Plot: Normal QQ plot of residuals]" in text and "\na    b\n1    2\n" in text


def test_pdf_has_pages_and_embedded_letters(parts, tmp_path) -> None:
    many = Table("Long", (Column("a", "A"),), tuple(Row(f"row {i}", (float(i),)) for i in range(120)))
    raw = export(["# Text\n\nWords.", parts[2], many], tmp_path / "r.pdf", title="T").read_bytes()
    assert raw.startswith(b"%PDF") and raw.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type /Page\b", raw)) == 4
    assert b"/Type3" not in raw, "letters are embedded as TrueType"
    one = export(parts[2], tmp_path / "plot.pdf").read_bytes()
    assert len(re.findall(rb"/Type /Page\b", one)) == 1


def test_extensions_in_capitals(parts, tmp_path) -> None:
    assert export(parts[0], tmp_path / "r.HTML").read_text("utf-8").rstrip().endswith("</html>")
    assert zipfile.ZipFile(export(parts[0], tmp_path / "r.Docx")).testzip() is None


# --- what goes wrong ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("r.odt", "unknown-format"),
        ("report", "unknown-format"),
        ("no/such/r.html", "no-such-folder"),
        ("", "unknown-format"),
    ],
)
def test_bad_paths(name, code, tmp_path) -> None:
    with pytest.raises(TerraceError) as caught:
        export(fx.two_level(), tmp_path / name)
    assert caught.value.code == code and caught.value.advice
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_needs_replace(tmp_path) -> None:
    out = tmp_path / "r.html"
    out.write_text("mine")
    with pytest.raises(DataError) as caught:
        export(fx.two_level(), out)
    assert caught.value.code == "file-exists" and "replace" in caught.value.advice
    assert out.read_text() == "mine"
    export(fx.two_level(), out, replace=True)
    assert "<html" in out.read_text("utf-8")


def test_an_existing_figure_beside_the_document_needs_replace(plot, tmp_path) -> None:
    (tmp_path / "r-figure1.png").write_text("mine")
    with pytest.raises(DataError, match="r-figure1"):
        export([plot], tmp_path / "r.md")
    assert (tmp_path / "r-figure1.png").read_text() == "mine" and not (tmp_path / "r.md").exists()


def test_pictures_hold_one_plot(plot, tmp_path) -> None:
    assert export(plot, tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ExportError, match="one plot"):
        export([plot, plot], tmp_path / "q.svg")
    with pytest.raises(ExportError, match="one plot"):
        export(fx.two_level(), tmp_path / "q.png")


def test_nothing_to_write(tmp_path) -> None:
    with pytest.raises(ExportError, match="nothing to export"):
        export([], tmp_path / "r.html")
    with pytest.raises(ExportError, match="no table"):
        export("only text", tmp_path / "r.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch) -> None:
    out = tmp_path / "r.html"
    out.write_text("old")

    def fail(_: str, __: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(DataError, match="cannot be written: permission denied") as caught:
        write_bytes(out, b"new", replace=True)
    assert caught.value.code == "cannot-write"
    assert out.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["r.html"]


def test_permissions_are_those_of_ordinary_files(tmp_path) -> None:
    ordinary = tmp_path / "o"
    ordinary.write_text("")
    made = write_bytes(tmp_path / "n", b"x")
    assert stat.S_IMODE(made.stat().st_mode) == stat.S_IMODE(ordinary.stat().st_mode)
    made.chmod(0o640)
    write_bytes(made, b"y", replace=True)
    assert stat.S_IMODE(made.stat().st_mode) == 0o640


def test_a_plot_and_a_table_in_one_workbook(tmp_path) -> None:
    values = np.random.default_rng(2).normal(size=200)
    out = export([histogram_plot(values), fx.two_level().tables()[0]], tmp_path / "r.xlsx")
    names = zipfile.ZipFile(out).namelist()
    assert any(n.endswith(".png") for n in names)


def _tables(parts) -> list[Table]:
    from terrace.report.parts import number_parts

    return [p for p, _ in number_parts(parts) if isinstance(p, Table)]


def test_tables_are_as_wide_as_the_text_in_letters_of_one_size(parts) -> None:
    from terrace.report import pdf_fonts, sheet

    for table in _tables(parts):
        (grid,) = sheet.grids(table, 451.3, pdf_fonts.measured)
        assert grid.size == 10.0, table.title
        across = 2 * sheet.EDGE + grid.stub + sum(w + sheet.GAP for w in grid.widths)
        assert across == pytest.approx(451.3, abs=1e-9), table.title
        for lines, width in zip(grid.heads, (grid.stub, *grid.widths)):
            assert all(pdf_fonts.width(t, grid.size, True) <= width + 0.02 for t in lines), lines


def test_long_heads_break_before_letters_shrink_and_columns_go_below_each_other_last() -> None:
    from terrace.report import pdf_fonts, sheet

    heads = ("Observations", "Parameters", "Log restricted-likelihood", "AIC", "BIC", "Weight")
    table = Table("T", tuple(Column(f"c{k}", h, "fixed", 2) for k, h in enumerate(heads)), (Row("m", (46652.4,) * 6),))
    (grid,) = sheet.grids(table, 451.3, pdf_fonts.measured)
    assert grid.heads[3] == ("Log", "restricted-", "likelihood") and grid.size == 10.0
    wide = replace(table, columns=table.columns * 3, rows=(Row("m", tuple(range(18))),))
    pieces = sheet.grids(wide, 451.3, pdf_fonts.measured)
    assert len(pieces) > 1
    assert [v for g in pieces for v in g.content.table.rows[0].values] == list(range(18)), "each column once"


def test_long_labels_get_smaller_letters_where_that_saves_many_lines() -> None:
    from terrace.report import pdf_fonts, sheet

    columns = tuple(Column(f"m{j}", f"Model {j}", "estimate") for j in range(4))
    values = (-23557.91, -23320.5, -23318.23, -23139.44)
    label = "Sector of the school: Catholic × Socioeconomic status of the student"
    long = Table("T", columns, tuple(Row(f"{label} {k}", values, around=("", " (0.244)")) for k in range(12)))
    (grid,) = sheet.grids(long, 451.3, pdf_fonts.measured)
    assert 8.0 <= grid.size < 10.0 and max(map(len, grid.labels)) <= 4
    one = replace(long, rows=(long.rows[0], *(Row(f"x{k}", values, around=("", " (0.244)")) for k in range(40))))
    (grid,) = sheet.grids(one, 451.3, pdf_fonts.measured)
    assert grid.size >= 9.0, "one long label among many short ones just breaks"


def test_what_stands_behind_a_number_keeps_its_blank() -> None:
    rows = (Row("x", (12.637,), around=("", " (0.244)")), Row("n", (3.0,)))
    table = Table("T", (Column("a", "a", "estimate"),), rows)
    assert "\u00a0(0.244)</td>" in table_html(table) and "& ~(0.244)" in table_latex(table)
    assert "\u00a0" not in clipboard(table)["html"], "a spreadsheet takes it as text"


def test_words_are_slanted_among_numbers_and_a_listing_of_texts_is_not() -> None:
    columns = (Column("b", "b", "estimate"), Column("c", "c", "estimate"))
    rows = (Row("x", ("reference", "1.50")), Row("y", (2.0, "Public")), Row("z", (None, "3")))
    lines = shown(Table("T", columns, rows)).lines
    assert [[c.quiet for c in x.cells] for x in lines] == [[True, False], [False, False], [False, False]]
    html = table_html(Table("T", columns, rows))
    assert html.count("italic") == 1 and re.search(r"italic[^>]*>reference", html)
    latex = table_latex(Table("T", columns, rows))
    assert r"\textit{reference}" in latex and r"\textit{Public}" not in latex and r"\textit{1.50}" not in latex


@pytest.mark.parametrize("above", range(24, 44))
def test_a_command_stands_on_the_page_of_its_table(above: int, tmp_path) -> None:
    """Whatever stands before: neither a heading nor a command ends a page, and a short table is not divided."""
    from pypdf import PdfReader

    table = Table("T", (Column("a", "A", "count"),), tuple(Row(f"r{k}", (k,)) for k in range(10)))
    content = ["\n\n".join(["A text."] * above), "# Model", ". estat x", table, "Behind."]
    pages = [p.extract_text() for p in PdfReader(export(content, tmp_path / "r.pdf")).pages]
    (page,) = [p for p in pages if "Model" in p]
    assert all(x in page for x in ("estat x", "Table 1", "r0", "r9"))


def test_word_breaks_no_row_and_no_head_from_its_table(parts, tmp_path) -> None:
    import docx

    document = docx.Document(export(parts, tmp_path / "r.docx"))
    for table in document.tables:
        assert all("w:cantSplit" in row._tr.xml for row in table.rows)
        assert all(p.paragraph_format.keep_with_next for c in table.rows[0].cells for p in c.paragraphs)
        assert "w:tblHeader" in table.rows[0]._tr.xml
    commands = [p for p in document.paragraphs if p.style.name == "Terrace Command"]
    assert commands and all(p.style.paragraph_format.keep_with_next for p in commands)


def test_excel_sheets_print_on_one_page_across_with_notes_in_lines(tmp_path) -> None:
    import openpyxl

    note = "A long note. " * 20
    table = Table("T", (Column("a", "A", "fixed", 2), Column("b", "B")), (Row("x", (46652.4, 0.5)),), notes=(note,))
    sheet = openpyxl.load_workbook(export(table, tmp_path / "r.xlsx"))["Table 1 T"]
    setup = sheet.page_setup
    assert sheet.sheet_properties.pageSetUpPr.fitToPage and (setup.fitToWidth, setup.fitToHeight) == (1, 0)
    assert [str(r) for r in sheet.merged_cells.ranges] == ["A4:C4"]
    assert sheet["A4"].alignment.wrap_text and sheet.row_dimensions[4].height > 60
    assert sheet["B3"].number_format == "#,##0.00" and not sheet.sheet_view.showGridLines
    assert sheet.print_title_rows == "$1:$2" and setup.orientation == "portrait"
    columns = tuple(Column(f"c{k}", f"A column {k}") for k in range(14))
    wide = Table("T", columns, (Row("A label of some length", tuple(float(k) for k in range(14))),))
    lying = openpyxl.load_workbook(export(wide, tmp_path / "w.xlsx"))["Table 1 T"]
    assert lying.page_setup.orientation == "landscape" and lying.page_setup.fitToWidth == 1


# --- stars and parentheses move no decimal point ------------------------------------------------------------------
def starred() -> Table:
    """Estimates with and without stars over standard errors in parentheses."""
    columns = (Column("a", "(1)"), Column("b", "(2)"))
    return Table("Models", columns, (
        Row("x", (0.822, -10.5), marks=("***", "*")),
        Row("", (0.059, 1.25), format="bracketed"),
        Row("w", (0.017, "reference")),
        Row("group", kind="group"),
        Row("z", (-1.5, None), marks=("*", "")),
    ))  # fmt: skip


def test_html_gives_what_stands_behind_a_number_a_cell_of_its_own() -> None:
    for html, parted in ((table_html(starred()), True), (clipboard(starred())["html"], False)):
        widths, behind = set(), []
        for row in re.findall(r"<tr>(.*?)</tr>", html):
            cells = re.findall(r"<t([hd])([^>]*)>([^<]*)</t", row)
            widths.add(sum(int((re.findall(r'colspan="(\d)"', attributes) or ["1"])[0]) for _, attributes, _ in cells))
            texts = [text for kind, _, text in cells if kind == "d"]
            behind += [t for t in texts if t and not t[-1].isdigit()]
        assert widths == {5}
        assert behind[:2] == ["***", "*"] and "reference" in behind
        # spreadsheets read parentheses as a sign where they do not stand in one cell with their number
        assert [t for t in behind if ")" in t] == ([")", ")"] if parted else ["(0.059)", "(1.25)"])


def test_latex_gives_it_a_column_of_its_own() -> None:
    tex = table_latex(starred())
    assert r"\begin{tabular}{lr@{}lr@{}l}" in tex
    body = tex.split(r"\midrule")[1].split(r"\bottomrule")[0].strip().split(r"\\")[:-1]
    for line in body:
        wide = sum(int(n) - 1 for n in re.findall(r"\\multicolumn\{(\d)\}", line))
        assert line.count("&") + wide == 4
    assert "0.822 & ***" in body[0] and "(0.059 & )" in body[1] and r"$-1.500$ & *" in body[4]


def test_word_leaves_room_for_it(tmp_path) -> None:
    import docx

    from terrace.report import pdf_fonts

    grid = docx.Document(str(export([starred()], tmp_path / "a.docx"))).tables[0]
    rooms = set()
    for row in (1, 2, 3, 5):
        paragraph = grid.cell(row, 1).paragraphs[0]
        tail = re.search(r"[*)]*$", paragraph.text)[0]  # type: ignore[index]
        rooms.add(round(paragraph.paragraph_format.right_indent.pt + pdf_fonts.width(tail, 10.0), 0))
    assert len(rooms) == 1


def test_pdf_puts_numbers_at_one_place(monkeypatch) -> None:
    from terrace.report import pdf, pdf_flow

    ends: dict[str, float] = {}

    def put(self, x, w, words, y, align, **style) -> None:
        ends.setdefault(words, round(x + w if align == "right" else x, 6))

    monkeypatch.setattr(pdf_flow.GridFlow, "_put", put)
    pdf.document_pdf("", [starred()])
    places = {ends[t] for t in ("0.822", "(0.059", "0.017", "−1.500")}
    assert len(places) == 1 and ends["***"] in places
