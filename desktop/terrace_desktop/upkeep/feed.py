"""The list of releases: one JSON file with the list as text and the signature of its bytes.

The signature is Ed25519 (RFC 8032), checked by libsodium through PyNaCl before the list is read: whoever serves the
file, or stands between, cannot change a word of it. Of libraries that sign, PyNaCl is the smallest that is well kept
(libsodium alone, under 6 MB installed; ``cryptography`` brings an OpenSSL of its own). A signature
stands for lists of releases of Terrace alone: what is signed begins with `PREFIX`. A list says when it was made, so
that an older one, whose signature is as good, cannot be put in the place of one that has been seen.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

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


@dataclass(frozen=True, slots=True)
class ReleaseList:
    """When the list was made, with its time zone, and what is in it."""

    made: dt.datetime
    releases: tuple[Release, ...]


def opened(content: bytes, key: str) -> ReleaseList:
    """What a signed list says. Raises `FeedError` for whatever was not signed with this key, or is no list."""
    return list_of(_verified(content, key))


def list_of(text: str) -> ReleaseList:
    """What a list says, signed or not. Raises `FeedError` for what is none."""
    try:
        found = json.loads(text)
        if found["program"] != "terrace":
            raise ValueError("another program")
        if found["form"] > FORM:
            raise FeedError("The list of versions is of a later form than this version of Terrace reads.",
                            code="later-feed", advice="Look for a new version on the web page of Terrace.")  # fmt: skip
        made = dt.datetime.fromisoformat(found["made"])
        return ReleaseList(made.astimezone(dt.UTC), tuple(_release(entry) for entry in found["releases"]))
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
        raise FeedError("The list of versions cannot be read.", code="bad-feed") from None


def not_before(found: ReleaseList, seen: str) -> ReleaseList:
    """The list, unless it was made before the one that was `seen` last (ISO 8601, or empty): raises `FeedError`."""
    try:
        last = dt.datetime.fromisoformat(seen).astimezone(dt.UTC)
    except ValueError:
        return found
    if found.made < last:
        raise FeedError("The list of versions is older than one seen before, so it is not used.", code="old-feed",
                        advice="Try again later. If it stays so, tell your administrator.")  # fmt: skip
    return found


def signed(releases: Sequence[Release], secret: bytes, made: dt.datetime | None = None) -> bytes:
    """The file of a list, signed with a secret key (32 bytes); `made` is now unless given."""
    from nacl.signing import SigningKey

    text = list_text(releases, made)
    signature = SigningKey(secret).sign(PREFIX + text.encode()).signature
    whole = {"signature": base64.b64encode(signature).decode("ascii"), "list": text}
    return json.dumps(whole, ensure_ascii=False, indent=1).encode() + b"\n"


def list_text(releases: Sequence[Release], made: dt.datetime | None = None) -> str:
    """The text that is signed; `made` is now unless given."""
    entries = [
        {
            "version": r.version, "date": r.date.isoformat(), "new": list(r.new), "page": r.page,
            "files": [{"system": f.system, "address": f.address, "sha256": f.sha256, "size": f.size} for f in r.files],
        }
        for r in releases
    ]  # fmt: skip
    time = (made or dt.datetime.now(dt.UTC)).isoformat(timespec="seconds")
    whole = {"program": "terrace", "form": FORM, "made": time, "releases": entries}
    return json.dumps(whole, ensure_ascii=False)


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
    from packaging.version import Version

    version = str(Version(entry["version"]))  # raises a ValueError for what is none
    if not isinstance(entry["new"], list):
        raise TypeError("what is new is no list")
    files = tuple(_file(f) for f in entry.get("files", ()))
    new = tuple(_line(str(line)) for line in entry["new"])
    return Release(version, dt.date.fromisoformat(entry["date"]), new, _https(entry["page"]), files)


def _file(entry: dict[str, Any]) -> ReleaseFile:
    out = ReleaseFile(_line(str(entry["system"])), _https(entry["address"]), str(entry["sha256"]), int(entry["size"]))
    if _SHA.fullmatch(out.sha256) is None or out.size < 0:
        raise ValueError(out.sha256)
    return out


def _line(text: str) -> str:
    """A text as one line without signs that steer a terminal or turn the order of letters round."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


def _https(address: str) -> str:
    """An address that a browser opens as it reads: https, with a server and no name of a user before it."""
    parts = urlsplit(address)
    plain = address.isascii() and address.isprintable() and " " not in address
    if not plain or parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise ValueError(address)
    return address


def newer(releases: Sequence[Release], version: str) -> tuple[Release, ...]:
    """Those that came out after a version, the newest first; without those that are for trying out."""
    from packaging.version import Version

    now = Version(version)
    found = [(Version(r.version), r) for r in releases]
    later = [(v, r) for v, r in found if v > now and not v.is_prerelease]
    return tuple(r for _v, r in sorted(later, key=lambda pair: pair[0], reverse=True))
