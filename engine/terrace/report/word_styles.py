"""The styles, the running head and the fields of Word documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terrace.report import pdf_fonts as fonts
from terrace.report.contents import Contents
from terrace.report.sheet import FONT, HEAD_AT, MARGIN, MONO, Look, Role, looks, page_size, running_head, text_width

if TYPE_CHECKING:
    from docx.document import Document

STYLES: dict[Role, str] = {
    "title": "Title", "byline": "Subtitle", "body": "Body Text", "h1": "Heading 1", "h2": "Heading 2",
    "h3": "Heading 3", "label": "Caption", "caption": "Terrace Caption Title", "note": "Terrace Note",
    "listing": "Terrace Listing", "command": "Terrace Command", "advice": "Terrace Advice", "running": "Header",
}  # fmt: skip
"""Word's own styles where it has one, so that its navigation and lists of tables find headings and captions."""
_MOST_LETTERS = 255
"""Of a property of a document; more are refused."""


def set_up(document: Document, contents: Contents) -> None:
    """Page, styles, running head, language and properties."""
    from docx.shared import Pt

    section = document.sections[0]
    width, height = page_size(contents)
    section.page_width, section.page_height = Pt(width), Pt(height)
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Pt(MARGIN))
    section.header_distance = Pt(HEAD_AT)
    for role, look in looks(contents.style).items():
        _style(document, STYLES[role], look)
    _language(document, contents.language)
    properties = document.core_properties
    properties.title, properties.author = contents.title[:_MOST_LETTERS], contents.author[:_MOST_LETTERS]
    properties.comments = ""
    properties.language = contents.language
    _running_head(section, contents)


def _style(document: Document, name: str, look: Look) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
    from docx.shared import Pt, RGBColor

    known = {s.name for s in document.styles}
    style: Any = document.styles[name] if name in known else document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    if name not in known:
        style.base_style = document.styles["Normal"]
    font = MONO if look.mono else FONT
    style.font.name, style.font.size = font, Pt(look.size)
    style.font.bold, style.font.italic, style.font.color.rgb = look.bold, look.italic, RGBColor(0, 0, 0)
    _all_scripts(style.element, font)
    form = style.paragraph_format
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(look.line)
    form.space_before, form.space_after = Pt(look.before), Pt(look.after)
    form.first_line_indent, form.left_indent = Pt(look.first), Pt(0)
    form.alignment = WD_ALIGN_PARAGRAPH.CENTER if look.align == "center" else WD_ALIGN_PARAGRAPH.LEFT
    form.keep_with_next, form.widow_control = look.keep, True
    form.keep_together = look.keep
    _plain(style.element)


def _plain(style: Any) -> None:
    """Without the rule under a title and the letter spacing of a subtitle that the template has."""
    from docx.oxml.ns import qn

    for border in style.get_or_add_pPr().findall(qn("w:pBdr")):
        style.pPr.remove(border)
    for spacing in ("w:spacing", "w:kern"):
        for found in style.get_or_add_rPr().findall(qn(spacing)):
            style.rPr.remove(found)


def _all_scripts(style: Any, font: str) -> None:
    """Name the font for every script, since the template's theme would win over the Latin one alone."""
    from docx.oxml.ns import qn

    fonts = style.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    for script in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{script}"), font)


def _language(document: Document, language: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    defaults: Any = document.styles.element
    for found in defaults.iter(qn("w:lang")):
        found.set(qn("w:val"), language)
    normal: Any = document.styles["Normal"].element.get_or_add_rPr()
    if normal.find(qn("w:lang")) is None:
        tag = OxmlElement("w:lang")
        tag.set(qn("w:val"), language)
        normal.append(tag)


def _running_head(section: Any, contents: Contents) -> None:
    """The running head at the left and the number of the page at the right."""
    from docx.enum.text import WD_TAB_ALIGNMENT
    from docx.shared import Pt

    paragraph = section.header.paragraphs[0]
    stops = paragraph.paragraph_format.tab_stops
    for stop in list(paragraph.style.paragraph_format.tab_stops):
        stops.add_tab_stop(stop.position, WD_TAB_ALIGNMENT.CLEAR)
    stops.add_tab_stop(Pt(text_width(contents)), WD_TAB_ALIGNMENT.RIGHT)
    paragraph.add_run(printable(running_head(contents, fonts.measured)) + "\t")
    field(paragraph, " PAGE ", "1")


def field(paragraph: Any, instruction: str, shown: str) -> None:
    """A field that Word works out, with what it shows until then."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    simple = OxmlElement("w:fldSimple")
    simple.set(qn("w:instr"), instruction)
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = shown
    run.append(text)
    simple.append(run)
    paragraph._p.append(simple)


def printable(text: str) -> str:
    """Text without the control characters that XML forbids."""
    return "".join(c for c in text if c in "\t\n" or (ord(c) >= 32 and not 0xD800 <= ord(c) <= 0xDFFF))
