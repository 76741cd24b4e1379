"""The list of releases: one JSON file with the list as text and the signature of its bytes.

The signature is Ed25519 (RFC 8032), checked by libsodium through PyNaCl before the list is read: whoever serves the
file, or stands between, cannot change a word of it. Of libraries that sign, PyNaCl is the smallest that is well kept
(libsodium alone, under 6 MB installed; ``cryptography`` brings an OpenSSL of its own). A signature
stands for lists of releases of Terrace alone: what is signed begins with `PREFIX`.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from terrace.errors import TerraceError
from terrace_desktop.upkeep.installation import has_form_of_key

FORM = 1
"""The form of the list. A later program may add members; where it changes their sense, it raises the form."""
PREFIX = b"terrace releases\n"
_SHA = re.compile(r"[0-9a-f]{64}")


class FeedError(TerraceError):
    """A list of releases that is not used, and why."""


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """A file to download: for which ``system`` (``windows``, ``macos``, ``linux-deb``), where, and its SHA-256."""

    system: str
    address: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Release:
    """A version, when it came out, what is new in it (a line each), its page, and its files."""

    version: str
    date: dt.date
    new: tuple[str, ...]
    page: str
    files: tuple[ReleaseFile, ...] = ()


def opened(content: bytes, key: str) -> tuple[Release, ...]:
    """The releases of a signed list. Raises `FeedError` for whatever was not signed with this key, or is no list."""
    return releases_of(_verified(content, key))


def releases_of(text: str) -> tuple[Release, ...]:
    """The releases of a list, signed or not. Raises `FeedError` for what is none."""
    try:
        found = json.loads(text)
        if found["program"] != "terrace":
            raise ValueError("another program")
        if found["form"] > FORM:
            raise FeedError("The list of versions is of a later form than this version of Terrace reads.",
                            code="later-feed", advice="Look for a new version on the web page of Terrace.")  # fmt: skip
        return tuple(_release(entry) for entry in found["releases"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise FeedError("The list of versions cannot be read.", code="bad-feed") from None


def signed(releases: Sequence[Release], secret: bytes) -> bytes:
    """The file of a list, signed with a secret key (32 bytes)."""
    from nacl.signing import SigningKey

    text = list_text(releases)
    signature = SigningKey(secret).sign(PREFIX + text.encode()).signature
    whole = {"signature": base64.b64encode(signature).decode("ascii"), "list": text}
    return json.dumps(whole, ensure_ascii=False, indent=1).encode() + b"\n"


def list_text(releases: Sequence[Release]) -> str:
    """The text that is signed."""
    entries = [
        {
            "version": r.version, "date": r.date.isoformat(), "new": list(r.new), "page": r.page,
            "files": [{"system": f.system, "address": f.address, "sha256": f.sha256, "size": f.size} for f in r.files],
        }
        for r in releases
    ]  # fmt: skip
    return json.dumps({"program": "terrace", "form": FORM, "releases": entries}, ensure_ascii=False)


def _verified(content: bytes, key: str) -> str:
    if not has_form_of_key(key):
        raise FeedError("This installation has no key to check the list of versions with.", code="no-key",
                        advice="Look for a new version on the web page of Terrace.")  # fmt: skip
    from nacl.exceptions import CryptoError
    from nacl.signing import VerifyKey

    try:
        found = json.loads(content)
        text = str(found["list"])
        signature = base64.b64decode(found["signature"], validate=True)
        VerifyKey(bytes.fromhex(key)).verify(PREFIX + text.encode(), signature)
    except (CryptoError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise FeedError("The list of versions is not signed by the makers of Terrace, so it is not used.",
                        code="not-signed", advice="Try again later. If it stays so, tell your administrator."
                        ) from None  # fmt: skip
    return text


def _release(entry: dict[str, Any]) -> Release:
    page, version = str(entry["page"]), str(entry["version"])
    if not page.startswith("https://"):
        raise ValueError(page)
    from packaging.version import Version

    Version(version)  # raises a ValueError for what is none
    files = tuple(_file(f) for f in entry.get("files", ()))
    new = tuple(" ".join(str(line).split()) for line in entry["new"])
    return Release(version, dt.date.fromisoformat(entry["date"]), new, page, files)


def _file(entry: dict[str, Any]) -> ReleaseFile:
    out = ReleaseFile(str(entry["system"]), str(entry["address"]), str(entry["sha256"]), int(entry["size"]))
    if not out.address.startswith("https://") or _SHA.fullmatch(out.sha256) is None:
        raise ValueError(out.address)
    return out


def newer(releases: Sequence[Release], version: str) -> tuple[Release, ...]:
    """Those that came out after a version, the newest first; without those that are for trying out."""
    from packaging.version import Version

    now = Version(version)
    found = [(Version(r.version), r) for r in releases]
    later = [(v, r) for v, r in found if v > now and not v.is_prerelease]
    return tuple(r for _v, r in sorted(later, key=lambda pair: pair[0], reverse=True))
