"""What whoever makes a release does for programs to be told of it: the signed list, and where they find it."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

import pytest
from nacl.signing import SigningKey

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from installer import installation as place  # noqa: E402 - found by the line above
from installer.feed import main  # noqa: E402
from terrace_desktop.upkeep.feed import opened  # noqa: E402
from terrace_desktop.upkeep.installation import installation  # noqa: E402

OTHER = bytes(SigningKey.generate().verify_key).hex()
FEED = "https://releases.example.org/list.json"


def test_a_feed_is_made_signed_and_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret, made, feed = (str(tmp_path / n) for n in ("secret", "list.json", "feed.json"))
    (tmp_path / "t.deb").write_bytes(b"abc")
    assert main(["keys", secret]) == 0
    key = capsys.readouterr().out.strip()
    assert main(["keys", secret]) == 1, "a key that is there is not replaced"
    page = ["--page", "https://releases.example.org/9"]
    files = ["--file", f"linux-deb={tmp_path / 't.deb'}=https://releases.example.org/t.deb"]
    assert main(["make", made, "--version", "98.0", *page]) == 0
    assert main(["make", made, "--version", "99.0", "--date", "2027-02-01", "--new", "One.", *page, *files]) == 0
    assert main(["sign", made, feed, "--key-file", secret]) == 0
    first, second = opened(Path(feed).read_bytes(), key).releases
    assert (first.version, first.date, first.new) == ("99.0", dt.date(2027, 2, 1), ("One.",))
    # of "abc", FIPS 180-2, appendix B.1
    assert first.files[0].sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert second.version == "98.0"
    assert main(["verify", feed, "--key", key, "--files", str(tmp_path)]) == 0
    (tmp_path / "t.deb").write_bytes(b"another package")
    assert main(["verify", feed, "--key", key, "--files", str(tmp_path)]) == 1
    assert main(["verify", feed, "--key", OTHER]) == 1
    assert main(["make", made, "--version", "99.1", "--page", "http://plain"]) == 1


def test_a_release_knows_where_its_successors_are_listed(tmp_path: Path) -> None:
    file = tmp_path / "installation.json"
    assert place.main(["--feed", FEED, "--key", OTHER, "--mail", " reports@example.org "], file) == 0
    found = installation(file, policies=())
    assert (found.feed, found.key, found.mail, found.can_look) == (FEED, OTHER, "reports@example.org", True)


def test_without_variables_nothing_is_different(tmp_path: Path) -> None:
    """The workflow names them all; those that a repository does not have are empty."""
    file = tmp_path / "installation.json"
    assert place.main(["--feed", "", "--key", "", "--mail", ""], file) == 0
    assert file.read_bytes() == place.FILE.read_bytes()
    assert json.loads(file.read_text(encoding="utf-8")) == {"feed": "", "key": "", "mail": ""}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--feed", FEED], ["--key", OTHER], ["--feed", "http://example.org/list.json", "--key", OTHER],
        ["--feed", FEED, "--key", OTHER[:-1]], ["--feed", FEED, "--key", "0" * 64], ["--mail", "nobody"],
    ],
)  # fmt: skip
def test_what_the_program_would_not_use_is_refused(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "installation.json"
    assert place.main(arguments, file) == 1
    assert not file.exists() and "installation.py: --" in capsys.readouterr().err
