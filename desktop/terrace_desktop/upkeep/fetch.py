"""The one place of the program that uses the network: a plain GET of the list of releases.

What is sent is what any request needs: the name of the server, the path, and ``User-Agent: Terrace`` without a version;
no cookie, no name, nothing of the data or of the machine. The proxies of the system and of the environment are used.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from terrace.errors import Cancelled
from terrace_desktop.upkeep.feed import FeedError

if TYPE_CHECKING:
    import ssl
    import urllib.request
    from email.message import Message

SECONDS = 10.0
"""How long all of it may take."""
MOST = 1 << 20  # bytes
_PIECE = 1 << 14
_LOCAL = ("127.0.0.1", "localhost", "::1")
# Where systems keep whom they trust: OpenSSL looks where it was built for, which need not be the system it runs on.
_TRUSTED = (
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)  # fmt: skip


def fetch(address: str, cancelled: Callable[[], bool] = lambda: False, seconds: float = SECONDS) -> bytes:
    """What stands at an https address. Raises `FeedError` where it is not there, or not in time, and `Cancelled`."""
    import http.client
    import urllib.request

    class Redirects(urllib.request.HTTPRedirectHandler):
        """Follows from https to https alone."""

        def redirect_request(
            self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str,
        ) -> urllib.request.Request | None:  # fmt: skip
            _allowed(newurl, urlsplit(address).scheme)
            return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]

    _allowed(address)
    last = time.monotonic() + seconds
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=_trust()), Redirects())
    opener.addheaders = [("User-Agent", "Terrace")]
    pieces: list[bytes] = []
    try:
        with opener.open(address, timeout=seconds) as answer:
            while piece := answer.read1(_PIECE):
                pieces.append(piece)
                if cancelled():
                    raise Cancelled
                if time.monotonic() > last:
                    raise TimeoutError
                if sum(map(len, pieces)) > MOST:
                    raise FeedError("The list of versions is too large, so it is not used.", code="bad-feed")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise FeedError("The list of versions cannot be reached.", code="offline",
                        advice="Check your connection and try again.") from error  # fmt: skip
    return b"".join(pieces)


def _allowed(address: str, least: str = "http") -> None:
    """Raises `FeedError` for what is not https; a server of this machine may do with http, where `least` is that."""
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == least == "http" and parts.hostname in _LOCAL):
        raise FeedError("The address of the list of versions does not begin with https, so it is not used.",
                        code="bad-address")  # fmt: skip


def _trust() -> ssl.SSLContext:
    import ssl

    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        for file in filter(lambda name: Path(name).is_file(), _TRUSTED):
            context.load_verify_locations(file)
            break
    return context
