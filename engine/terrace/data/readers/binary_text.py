"""Text of binary files in the encoding that they name, that is given, or that fits."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from terrace.errors import DataError

LATIN = "ISO-8859-1"
"""What to ask a library for that is to leave the bytes as they are."""
_WESTERN = "".join(bytes([k]).decode("cp1252", "ignore") or chr(k) for k in range(256))
"""cp1252, whose five undefined bytes become the control characters that they are in Latin-1: no text is lost."""


def _western(raw: bytes) -> str:
    return codecs.charmap_decode(raw, "strict", _WESTERN)[0]


class Decoder:
    """From bytes to text, once all bytes have been seen.

    Without an encoding text is UTF-8 wherever all of it can be, and cp1252 otherwise, the most common of the others;
    text that is not UTF-8 hardly ever can be read as such throughout. `silent` is what does not name its encoding, as
    the beginning of a sentence; empty for files that have to be in UTF-8.
    """

    def __init__(self, path: Path, encoding: str | None, silent: str = "") -> None:
        self._path, self._silent = path, silent
        self._given = encoding and known_encoding(encoding)
        self._any, self._utf8 = False, True

    def see(self, texts: Iterable[bytes]) -> None:
        """Look at texts of the file. Raises `DataError` where one cannot be in the encoding that was given."""
        for text in texts:
            if text.isascii():
                continue
            self._any = True
            try:
                text.decode(self._given or "utf-8")
            except UnicodeDecodeError:
                if self._given:
                    raise not_in(self._path, self._given, text) from None
                self._utf8 = False

    def text(self, raw: bytes) -> str:
        """One text."""
        if self._given or self._utf8:
            return raw.decode(self._given or "utf-8")
        return _western(raw)

    def notes(self) -> list[str]:
        """What was decided, where the file does not say or is not what it says."""
        if self._given or not self._any or self._utf8:
            return []
        if not self._silent:
            return ["The text in it is not in the encoding it declares; read as cp1252."]
        return [
            f"{self._silent} does not say how its text is encoded, so it is read as cp1252 (Western European). If "
            "letters look wrong, open it with the option encoding(), for example encoding(cp1251)."
        ]


class LatinText:
    """Texts that were read as if they were Latin-1, which gives each byte as one character, whatever they are.

    `encoding` is a name for people where Python does not know it: what is plain ASCII is read all the same.
    """

    def __init__(self, path: Path, encoding: str) -> None:
        self._path, self._encoding = path, encoding
        try:
            known = codecs.lookup(encoding).name
        except LookupError:
            known = ""
        self._known, self._western = known != "", known == "cp1252"
        # In these letters are written with the bytes of ASCII.
        self._plain = not encoding.lower().replace("-", "").startswith(("iso2022", "utf7", "hz"))

    def of(self, text: str) -> str:
        """One text as it is meant. Raises `DataError` where it is not in the encoding."""
        if text.isascii() and self._plain:
            return text
        raw = text.encode("latin-1")
        if not self._known:
            raise DataError(
                f"{self._path.name} is in the encoding {self._encoding}, which Terrace does not know.",
                code="unknown-encoding",
                subject="encoding",
                advice="Name one that is close to it with the option encoding(), or save the file as UTF-8 in the "
                "program it comes from.",
            )
        try:
            return _western(raw) if self._western else raw.decode(self._encoding)
        except UnicodeDecodeError as error:
            # A text of fixed width may end within a letter. That is known by the letters before it: one byte that is
            # no ASCII, and alone, rather tells of another encoding.
            if error.reason == "unexpected end of data" and not (whole := raw[: error.start]).isascii():
                return whole.decode(self._encoding)
            raise not_in(self._path, self._encoding, raw) from None

    def column(self, values: pd.Series) -> pd.Series:
        """A column of texts, each of which is decoded once."""
        found = pd.unique(values)
        meant = {t: self.of(t) for t in found if isinstance(t, str)}
        return values if all(a is b for a, b in meant.items()) else values.map(meant)


def known_encoding(encoding: str) -> str:
    """The encoding as Python calls it; `DataError` for a name that it does not know."""
    try:
        "".encode(encoding)
        return codecs.lookup(encoding).name
    except LookupError:
        raise DataError(
            f"{encoding!r} is not an encoding that Terrace knows.",
            code="no-such-encoding",
            subject="encoding",
            advice="Write, for example, utf-8, cp1252, cp1251, gb18030, shift_jis or mac_roman.",
        ) from None


def not_in(path: Path, encoding: str, example: bytes) -> DataError:
    """The error where a text of the file is not in the encoding that it was to be read in."""
    shown = example[:40].decode("ascii", "backslashreplace")
    return DataError(
        f"{path.name} is not in the encoding {encoding}: its text {shown!r} cannot be decoded.",
        code="wrong-encoding",
        subject="encoding",
        advice="Choose another with the option encoding(), for example encoding(cp1252), or leave the option out.",
    )
