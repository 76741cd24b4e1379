"""The encoding of a text file: by its mark, by being valid UTF-8, or else guessed from its letters, with a confidence.

All bytes beyond ASCII count, wherever they stand: a name with an accent may be in the last row.
"""

from __future__ import annotations

import codecs
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from terrace.data.readers.survey import FileBytes
from terrace.errors import DataError

Bytes = bytes | memoryview | FileBytes

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_USUAL = (
    "cp1252", "cp1251", "cp1250", "cp932", "gb18030", "cp949", "big5", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257",
    "cp1258", "cp874", "koi8-r", "euc_jp", "mac_roman", "cp850", "cp866", "iso8859-2", "iso8859-5", "iso8859-7",
    "iso8859-15", "koi8-u", "cp437", "cp852", "mac_cyrillic", "mac_latin2", "iso2022_jp", "hz",
)  # fmt: skip
"""The encodings that are guessed, the usual ones first: of two that give the same letters the first is taken."""
_WIDER = {
    "iso8859-1": "cp1252", "ascii": "cp1252", "shift_jis": "cp932", "gb2312": "gb18030", "gbk": "gb18030",
    "euc_kr": "cp949", "tis-620": "cp874", "iso8859-11": "cp874", "iso8859-9": "cp1254", "iso8859-6": "cp1256",
    "iso8859-8": "cp1255", "iso8859-13": "cp1257", "big5hkscs": "big5", "cp858": "cp850", "iso8859-4": "cp1257",
}  # fmt: skip
_BLOCK = 1 << 18
_SAMPLE = 100_000  # bytes of lines that are not ASCII
_RARE = {
    "mac_roman": 0.9, "mac_latin2": 0.7, "mac_cyrillic": 0.97, "cp437": 0.75, "cp850": 0.75, "cp852": 0.75,
    "koi8-u": 0.95, "iso8859-5": 0.85, "cp1252": 1.2,
}  # fmt: skip
"""How often these are met, relative to the others: what decides where a few letters say little."""
_SURE = 0.99
DOUBT = 0.65
"""Below this confidence a guess is called doubtful."""
_UNDEFINED = b"\x81\x8d\x8f\x90\x9d"  # no character of cp1252
_SIGNS = re.compile(  # apostrophes, quotation marks, dashes and units of cp1252 where these stand in a text
    rb"(?<=[A-Za-z])\x92(?=[A-Za-z])|(?<![A-Za-z\x80-\xff])[\x91\x93](?=[ -~])"
    rb"|(?<=[!-~])[\x92\x94](?![A-Za-z\x80-\xff])|(?<=[ \d])[\x96\x97](?=[ \d])|(?<=[!-~])\x85(?![A-Za-z\x80-\xff])"
    rb"|\x80(?= ?\d)|(?<=\d)\x80|(?<=\d )\x80"
    rb"|(?<=\d)[\xb0\xb2\xb3\xbc-\xbe]|\xb0(?=[CF]\b)|\xb5(?=[gmlMLs]\b)|(?<=[cmk]m)[\xb2\xb3]|\xb1(?= ?\d)"
)
_WORDS_IN_UTF8 = re.compile(  # a letter with an accent in a word, letters of three bytes, Greek or Cyrillic words:
    # bytes of another encoding seldom make these, while pairs of Chinese bytes are letters of two bytes now and then
    rb"(?<=[A-Za-z])[\xc3-\xc5][\x80-\xbf]|[\xc3-\xc5][\x80-\xbf](?=[A-Za-z])|(?:[\xe0-\xef][\x80-\xbf]{2})+"
    rb"|(?:[\xce-\xd1][\x80-\xbf]){3,}"
)
_CONTROLS = re.compile(r"[\x80-\x84\x86-\x9f]")  # all of C1 but the line end of IBM
_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding with its ``confidence``, from 0 to 1, which is 1 where the file says it or is valid UTF-8.

    ``second`` is the next guess, whose letters would be others; empty where there is none.
    """

    name: str
    confidence: float = 1.0
    second: str = ""

    @property
    def note(self) -> str:
        """What a user has to know of a guess; empty where it is none."""
        if self.confidence >= _SURE:
            return ""
        said = f"The encoding {self.name} is guessed from the letters, with confidence {self.confidence:.2f}"
        if self.confidence < DOUBT:
            return f"{said}, so it may be wrong. If letters look wrong, try encoding({self.second or 'utf-8'})."
        return f"{said}. If letters look wrong, choose another with encoding()" + (
            f", such as encoding({self.second})." if self.second else "."
        )


def find_encoding(data: Bytes, path: Path) -> Encoding:
    """The encoding of all these bytes. Raises `DataError` where they are no text."""
    head = bytes(data[:4096])
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name)
    if b"\0" in head and (wide := _without_mark(data)):
        return Encoding(wide)
    if _plain(data):
        return Encoding("utf-8")
    if _count_nul(data) * 200 > len(data):
        raise _no_text(path)
    valid, several, broken = _as_utf8(data)
    if valid:
        return Encoding("utf-8")
    if several >= 8 * broken:
        return Encoding("utf-8", _SURE)  # a text of that many valid letters is no accident; what is broken is told
    lines = _telling_lines(data)
    if sum(1 for line in lines for _ in _WORDS_IN_UTF8.finditer(line)) >= max(2, 2 * broken):
        return Encoding("utf-8", 0.8, "cp1252")
    return _guessed(lines)


def _plain(data: Bytes) -> bool:
    """True for ASCII without zero bytes, which nearly all large files are."""
    parts = (np.frombuffer(data[k : k + _BLOCK], dtype=np.uint8) for k in range(0, len(data), _BLOCK))
    return all(part.max() < 0x80 and part.min() for part in parts)


def _no_text(path: Path) -> DataError:
    return DataError(
        f"{path.name} is not a text file.",
        code="not-text",
        subject=str(path),
        advice="Export it as .csv or .xlsx from the program that wrote it.",
    )


def _count_nul(data: Bytes) -> int:
    return sum(bytes(data[k : k + _BLOCK]).count(0) for k in range(0, len(data), _BLOCK))


def _without_mark(data: Bytes) -> str:
    """UTF-16 or UTF-32 without a mark: blanks, digits and line ends have their zero bytes in the same places."""
    sample = bytes(data[: 1 << 16])
    sample = sample[: len(sample) // 4 * 4]
    for name, width, low in (("utf-32-le", 4, 0), ("utf-32-be", 4, 3), ("utf-16-le", 2, 0), ("utf-16-be", 2, 1)):
        if len(data) % width:
            continue
        zeros = [sample[k::width].count(0) for k in range(width)]
        least = len(sample) / width / 30  # a zero byte or two are no encoding
        if zeros[low] or not all(zeros[k] > least for k in range(width) if k != low):
            continue
        try:
            text = sample.decode(name, errors="strict" if len(data) <= len(sample) else "ignore")
        except UnicodeDecodeError:
            continue
        if any(c in text for c in "\r\n,;\t") and not any(c < " " and c not in "\t\r\n\f" for c in text):
            return name
    return ""


def _as_utf8(data: Bytes) -> tuple[bool, int, int]:
    """Whether all is valid UTF-8; letters of several bytes, and places that are broken."""
    several = broken = 0
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    lenient = codecs.getincrementaldecoder("utf-8")("replace")
    strict = True
    for k in range(0, len(data), _BLOCK):
        block = bytes(data[k : k + _BLOCK])
        if block.isascii() and not (decoder if strict else lenient).getstate()[0]:
            continue
        if strict:
            state = decoder.getstate()
            try:
                text = decoder.decode(block)
                several += len(block) - len(text)
                continue
            except UnicodeDecodeError:
                strict = False
                lenient.setstate(state)
        text = lenient.decode(block)
        bad = text.count("\ufffd")
        broken += bad
        several += _beyond_ascii(text) - bad
    pending = (decoder if strict else lenient).getstate()[0]
    return strict and not pending, several, broken + bool(pending)


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _telling_lines(data: Bytes) -> list[bytes]:
    """Lines that are not ASCII, as many as a guess needs."""
    lines: list[bytes] = []
    size, begun = 0, b""  # a line that goes on in the next block
    for k in range(0, len(data), _BLOCK):
        block = begun + data[k : k + _BLOCK]
        end = len(block) if k + _BLOCK >= len(data) else max(block.rfind(b"\n"), block.rfind(b"\r")) + 1
        if not end and len(block) < 4 * _BLOCK:
            begun = block
            continue
        begun = block[end:] if end else b""
        for found in _LINE.finditer(block, 0, end or len(block)):
            lines.append(found[0][:5000])
            size += len(lines[-1])
            if size > _SAMPLE:
                return lines
    return lines


def _guessed(lines: list[bytes]) -> Encoding:
    text = b"\n".join(lines)
    if _SIGNS.sub(b"", text).translate(None, _UNDEFINED).isascii():
        return Encoding("cp1252", 0.8, "mac_roman")
    scores = _scores(lines)
    if not scores:
        return Encoding("cp1252", 0.3, "mac_roman")
    best = max(scores, key=lambda e: scores[e])
    here = text.decode(best, errors="replace")
    others = {e: s for e, s in scores.items() if text.decode(e, errors="replace") != here}
    name = next(e for e in _USUAL if e in scores and e not in others)
    second = max(others, key=lambda e: others[e], default="")
    confidence = scores[best] / (scores[best] + others[second]) if second else 0.9
    return Encoding(name, round(min(0.98, confidence), 2), second)


def _scores(lines: list[bytes]) -> Mapping[str, float]:
    """How well each encoding fits: to all lines, or in the mean of parts of them, of which few may have a bad byte."""
    scores: dict[str, float] = dict(_fits(b"\n".join(lines)))
    parts = min(12, len(lines))
    sums: dict[str, float] = defaultdict(float)
    hits: dict[str, int] = defaultdict(int)
    if parts > 1:
        for k in range(parts):
            for name, score in _fits(b"\n".join(lines[k::parts])).items():
                sums[name] += score
                hits[name] += 1
        for name, total in sums.items():
            if hits[name] >= parts - max(1, parts // 10):
                scores[name] = max(scores.get(name, 0.0), 0.9 * total / parts)
    return scores


def _fits(text: bytes) -> Mapping[str, float]:
    import chardet

    found: dict[str, float] = {}
    for guess in chardet.detect_all(text, ignore_threshold=True):
        if not guess["encoding"]:
            continue
        name = _plain_name(str(guess["encoding"]))
        if name.startswith("iso8859") and _CONTROLS.search(text.decode(name, errors="replace")):
            continue  # these fit every byte, but no text has the control characters that they make of some
        if name in _USUAL:
            found[name] = max(found.get(name, 0.0), float(guess["confidence"]) * _RARE.get(name, 1.0))
    return found


def _plain_name(name: str) -> str:
    """The name of an encoding as `_USUAL` has it, with one that is part of another under the other's."""
    try:
        plain = codecs.lookup(name).name
    except LookupError:
        return ""
    plain = plain.replace("mac-", "mac_")
    return _WIDER.get(plain, plain)


_NO_TEXT = frozenset(
    ["base64", "bz2", "hex", "quopri", "rot-13", "uu", "zlib", "idna", "punycode", "undefined", "unicode-escape",
     "raw-unicode-escape"]
)  # fmt: skip
"""What Python calls encodings too, and no file of text is in."""


def _with_order(head: bytes, name: str, given: str) -> str:
    """`given`; of UTF-16 and UTF-32, whose normal `name` this is, with the order of the bytes where no mark has it."""
    wide = {"utf-16": 2, "utf-32": 4}.get(name)
    if wide is None or head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
        return given  # the mark of UTF-32-LE begins with that of UTF-16-LE
    little = head[wide - 1 :: wide].count(0) >= head[::wide].count(0)
    return f"{name}-{'le' if little else 'be'}"


def check_encoding(data: Bytes, path: Path, encoding: str) -> Encoding:
    """`encoding` where it exists and fits these bytes, all but a few; otherwise `DataError` naming the place.

    UTF-16 and UTF-32 without the mark that tells the order of their bytes are in the order in which they are text.
    """
    try:
        name = codecs.lookup(encoding).name
        if name in _NO_TEXT:
            raise LookupError
        head = bytes(data[:_BLOCK])
        if name.startswith(("utf-16", "utf-32")) and 0 not in head:  # every line end has a zero byte there
            raise _not_text_of(path, encoding, 0)
        encoding = _with_order(head, name, encoding)
        decoder = codecs.getincrementaldecoder(encoding)()
        lenient = codecs.getincrementaldecoder(encoding)("replace")
    except LookupError:
        raise DataError(
            f"{encoding!r} is not a known encoding.",
            code="no-such-encoding",
            subject="encoding",
            advice="Examples: utf-8, latin-1, cp1252, utf-16.",
        ) from None
    offset = good = bad = 0
    place: int | None = None
    for k in range(0, max(1, len(data)), _BLOCK):
        block = bytes(data[k : k + _BLOCK])
        last = k + _BLOCK >= len(data)
        if place is None:
            try:
                decoder.decode(block, last)
            except UnicodeError as error:
                place = offset + getattr(error, "start", 0)
        text = lenient.decode(block, last)
        wrong = text.count("\ufffd")
        bad, good = bad + wrong, good + _beyond_ascii(text) - wrong
        offset += len(block)
    if place is None:
        return Encoding(encoding)
    if bad < good:
        return Encoding(encoding, _SURE)
    raise _not_text_of(path, encoding, place)


def _not_text_of(path: Path, encoding: str, place: int) -> DataError:
    return DataError(
        f"{path.name} is not {encoding} text (byte {place + 1}).",
        code="wrong-encoding",
        subject="encoding",
        advice="Leave out the encoding to have it detected, or choose another, such as latin-1.",
    )
