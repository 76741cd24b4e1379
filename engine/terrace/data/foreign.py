"""Files that hold no data Terrace reads, by their content or their ending, and what to do about them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of Microsoft's programs up to 2003, and of locked files
_MANIFEST = 1 << 16  # bytes of a small part inside an archive that are looked at


@dataclass(frozen=True, slots=True)
class Foreign:
    """A kind of file that is not read: its name with the article, and what a user can do; empty where nothing special.

    `content` tells it by the first 512 bytes of a file, where that can be told.
    """

    article: str
    endings: tuple[str, ...] = ()
    advice: str = ""
    content: Callable[[bytes], bool] | None = None
    code: str = "unknown-format"


def begins(*beginnings: bytes) -> Callable[[bytes], bool]:
    """Whether the first bytes of a file are one of these."""
    return lambda head: head.startswith(beginnings)


def _says(*beginnings: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(beginnings)


_AS_TABLE = "Copy its table into a spreadsheet, and save that."
_FROM_PROGRAM = "Save the data from {} as CSV or Excel."
LOCKED = Foreign("protected by a password", code="locked-file",
                 advice="Open it in the program it comes from, remove the password and save it.")  # fmt: skip
WORD = Foreign("a Word document", (".docx", ".doc"), _AS_TABLE)
SLIDES = Foreign("a PowerPoint presentation", (".pptx", ".ppt"), _AS_TABLE)
NUMBERS = Foreign("a Numbers spreadsheet", (".numbers",), "In Numbers, choose Export To, then Excel or CSV.")
WRITING = Foreign("an OpenDocument text", (".odt", ".odp", ".odg"), _AS_TABLE)
VIEWER = Foreign("a file of SPSS output", (".spv", ".spo"), "Open the data file itself, .sav. Output files hold no "
                                                            "data.")

FOREIGN = (
    WORD, SLIDES, NUMBERS, WRITING, VIEWER,
    Foreign("a shortcut to a Google document", (".gsheet", ".gdoc", ".gslides"),
            "It holds only a link. In Google Sheets, choose File, Download, and Excel or CSV.",
            lambda head: head.lstrip().startswith(b"{") and b'"doc_id"' in head),
    Foreign("a pointer to a file that Git LFS keeps elsewhere", (),
            "Fetch the file itself with git lfs pull.", begins(b"version https://git-lfs.github.com/spec")),
    Foreign("a placeholder for a file that is still in iCloud", (".icloud",),
            "Download the file in Finder first, then open it."),
    Foreign("a PDF document", (".pdf",), _AS_TABLE, begins(b"%PDF")),
    Foreign("a PostScript file", (".ps", ".eps"), "", begins(b"%!PS")),
    Foreign("an image", (".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".bmp", ".svg"), "",
            begins(b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*")),
    Foreign("a web page", (".html", ".htm", ".mhtml"), "Open it in a spreadsheet program and save it as .xlsx or CSV.",
            _says(b"<!doctype html", b"<html", b"<table", b"<meta ")),
    Foreign("an XML spreadsheet of Excel 2003", (),
            "Open it in Excel and save it as .xlsx.",
            lambda head: head.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<?xml") and b"Excel.Sheet" in head),
    Foreign("an XML file", (".xml",), "Open it in a spreadsheet program and save it as .xlsx or CSV.",
            _says(b"<?xml")),
    Foreign("a rich text document", (".rtf",), _AS_TABLE, begins(b"{\\rtf")),
    Foreign("a Stata graph", (".gph",), "A graph holds no dataset; open the .dta file.",
            begins(b"StataFileTM", b"<stata_graph")),
    Foreign("a do-file of Stata", (".do", ".ado"), "It holds commands. Run it, or open the data that it uses."),
    Foreign("a log of Stata", (".smcl",), "It holds output. Open the .dta file.", begins(b"{smcl}")),
    Foreign("a file of SPSS commands", (".sps",), "It holds commands. Open the data that they read, .sav or .dat."),
    Foreign("a program of SAS", (".sas",), "It holds commands. Open the data that they read."),
    Foreign("a SAS catalog of value labels", (".sas7bcat",),
            "Open the .sas7bdat file beside it; labels are taken from the catalog."),
    Foreign("an R script", (".r", ".rmd", ".qmd"), "It holds commands. Save the data frame with saveRDS()."),
    Foreign("a Minitab worksheet", (".mtw", ".mpj", ".mpx", ".mwx"), _FROM_PROGRAM.format("Minitab")),
    Foreign("a JMP data table", (".jmp",), _FROM_PROGRAM.format("JMP"),
            begins(b"\xff\xff\x00\x00\x07\x00\x00\x00\x04")),
    Foreign("an EViews workfile", (".wf1", ".wf2"), _FROM_PROGRAM.format("EViews"), begins(b"New MicroTSP Workfile")),
    Foreign("a MATLAB file", (".mat",), "In MATLAB, save the table with writetable().",
            begins(b"MATLAB 5.0 MAT-file")),
    Foreign("an HDF5 file", (".h5", ".hdf5"), "", begins(b"\x89HDF\r\n\x1a\n")),
    Foreign("a pickle of Python", (".pkl", ".pickle"),
            "A pickle can run programs. In pandas, save it with to_parquet()."),
    Foreign("a NumPy array", (".npy", ".npz"), "", begins(b"\x93NUMPY")),
    Foreign("an Access database", (".mdb", ".accdb"), "In Access, export the table to Excel or as text.",
            lambda head: head[4:19] in (b"Standard Jet DB", b"Standard ACE DB")),
    Foreign("a dBase file", (".dbf",), "Open it in a spreadsheet program and save it as .xlsx or CSV."),
    Foreign("a tar archive", (".tar",), "Unpack it, and open the data file.", lambda head: head[257:262] == b"ustar"),
    Foreign("a 7z archive", (".7z",), "Unpack it, and open the data file.", begins(b"7z\xbc\xaf\x27\x1c")),
    Foreign("a RAR archive", (".rar",), "Unpack it, and open the data file.", begins(b"Rar!\x1a\x07")),
    Foreign("a program", (".exe", ".dll", ".so"), "", begins(b"MZ\x90\x00", b"\x7fELF")),
    Foreign("a property list of Apple", (".plist", ".webloc"), "", begins(b"bplist00")),
)  # fmt: skip

OTHERS = {ending: foreign for foreign in FOREIGN for ending in foreign.endings}
"""By ending."""


def foreign_by_head(head: bytes) -> Foreign | None:
    """What the first bytes of a file tell."""
    return next((f for f in FOREIGN if f.content is not None and f.content(head)), None)


def inside(path: Path, head: bytes) -> Foreign | str | None:
    """What an archive or a container holds: the key of a format, something that is not read, or None.

    None also where it is damaged, so that whoever reads it says so.
    """
    try:
        if head.startswith(ZIP):
            return _inside_zip(path)
        if head.startswith(OLE):
            return _inside_ole(path)
    except (OSError, ValueError, RuntimeError, EOFError, zlib.error, zipfile.BadZipFile):
        pass
    return None


def _inside_zip(path: Path) -> Foreign | str | None:
    with zipfile.ZipFile(path) as archive:
        names = {n.replace("\\", "/").lstrip("/").lower(): n for n in archive.namelist()}

        def text(name: str) -> bytes:
            with archive.open(names[name]) as stream:
                return stream.read(_MANIFEST)

        if "mimetype" in names:
            kind = text("mimetype")
            if kind.startswith(b"application/vnd.oasis.opendocument"):
                return "ods" if b"spreadsheet" in kind else WRITING
        if "internal.sqlite" in names:
            return "jasp"
        manifest = text("meta-inf/manifest.mf") if "meta-inf/manifest.mf" in names else b""
        if "metadata.json" in names and "data.bin" in names:
            about = manifest + (text("meta") if "meta" in names else b"")
            return "jamovi" if b"jamovi" in about else "jasp"
        if b"allowPivoting" in manifest:
            return VIEWER
    if any(n.endswith(".iwa") or n == "index.zip" for n in names):
        return NUMBERS
    if "[content_types].xml" in names:
        if any(n.rpartition("/")[2] == "workbook.bin" for n in names):
            return "xlsb"
        if any(n.startswith("word/") for n in names):
            return WORD
        if any(n.startswith("ppt/") for n in names):
            return SLIDES
        return "excel"
    return "compressed"


_STREAMS: dict[str, Foreign | str] = {
    "EncryptedPackage": LOCKED, "Workbook": "xls", "Book": "xls", "WordDocument": WORD, "PowerPoint Document": SLIDES
}  # fmt: skip
_BLOCK = 1 << 20


def _inside_ole(path: Path) -> Foreign | str | None:
    """By the names of streams in its directory, which stand there in UTF-16; the first of `_STREAMS` that is there."""
    names = {name: name.encode("utf-16-le") + b"\0\0" for name in _STREAMS}
    longest = max(map(len, names.values()))
    found: set[str] = set()
    content = b""
    with open(path, "rb") as file:  # not mapped: a file that another program cuts meanwhile would end the process
        while block := file.read(_BLOCK):
            content = content[-longest:] + block
            found |= {name for name, written in names.items() if written in content}
    return next((kind for name, kind in _STREAMS.items() if name in found), None)
