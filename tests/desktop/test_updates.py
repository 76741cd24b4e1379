"""New versions: a signed list, asked for only where it may be, plainly and in time, and what the window tells of it."""

from __future__ import annotations

import ast
import datetime as dt
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from nacl.signing import SigningKey
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QPushButton, QWidget
from waiting import settled, show, wait_until

import terrace
import terrace_desktop
from terrace.version import __version__
from terrace_desktop.app import app
from terrace_desktop.app.window import MainWindow
from terrace_desktop.project.notices import Notices
from terrace_desktop.ui.settings import Settings
from terrace_desktop.upkeep import fetch, update_flow
from terrace_desktop.upkeep.feed import (
    FeedError,
    Release,
    ReleaseFile,
    ReleaseList,
    list_of,
    list_text,
    newer,
    not_before,
    opened,
    signed,
)
from terrace_desktop.upkeep.installation import Installation, installation, policy_files
from terrace_desktop.upkeep.update_flow import UpdateFlow

SECRET = SigningKey.generate()
KEY = bytes(SECRET.verify_key).hex()
PLACE = Installation("https://releases.example.org/list.json", KEY)
FILE = ReleaseFile("windows", "https://releases.example.org/t.exe", "0123456789abcdef" * 4, 1000)
NEXT = Release("99.3.0", dt.date(2027, 2, 1), ("Größere Modelle.", "Two.", "Three.", "Four.", "Five."),
               "https://releases.example.org/99.3.0", (FILE,))  # fmt: skip
LAST = Release("99.2.0", dt.date(2027, 1, 1), ("An older one.",), "https://releases.example.org/99.2.0")
MADE = dt.datetime(2027, 2, 2, 9, 30, tzinfo=dt.UTC)
FEED = signed([LAST, NEXT], bytes(SECRET), MADE)


# --- the list --------------------------------------------------------------------------------------------------
def test_a_list_comes_back_as_it_was_signed() -> None:
    assert opened(FEED, KEY) == ReleaseList(MADE, (LAST, NEXT))


def test_keys_and_signatures_are_those_of_the_standard() -> None:
    """RFC 8032, section 7.1, test 2."""
    key = SigningKey(bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
    assert bytes(key.verify_key).hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert key.sign(b"\x72").signature.hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


def test_a_word_that_was_changed_is_found() -> None:
    whole = json.loads(FEED)
    for change in (
        {"list": whole["list"].replace("t.exe", "u.exe")}, {"list": whole["list"] + " "}, {"list": ""},
        {"signature": "AAAA" + whole["signature"][4:]}, {"signature": ""}, {"signature": None},
    ):  # fmt: skip
        with pytest.raises(FeedError, match="not signed"):
            opened(json.dumps({**whole, **change}).encode(), KEY)
    for content in (b"", b"[]", b"{}", b"<html>", b"\xff", b"[" * 100_000):
        with pytest.raises(FeedError, match="not signed"):
            opened(content, KEY)


def test_a_signature_for_something_else_is_none() -> None:
    """What is signed is a list of releases of Terrace: the same words signed for another purpose do not pass."""
    import base64

    text = list_text([NEXT])
    bare = base64.b64encode(SECRET.sign(text.encode()).signature).decode()
    with pytest.raises(FeedError, match="not signed"):
        opened(json.dumps({"list": text, "signature": bare}).encode(), KEY)
    other = bytes(SigningKey.generate().verify_key).hex()
    with pytest.raises(FeedError, match="not signed"):
        opened(FEED, other)


@pytest.mark.parametrize("key", ["", "0" * 64, "f" * 64, KEY[:-1], KEY + "0", KEY.upper(), "g" * 64])
def test_without_a_key_there_is_no_list(key: str) -> None:
    if key == KEY:  # all digits
        return
    with pytest.raises(FeedError, match="no key"):
        opened(FEED, key)
    assert not replace(PLACE, key=key).can_look


@pytest.mark.parametrize(
    "text",
    [
        '{"program": "other", "form": 1, "made": "2027-02-02", "releases": []}',
        '{"program": "terrace", "form": 1, "made": "2027-02-02"}',
        '{"program": "terrace", "form": 1, "releases": []}',
        '{"program": "terrace", "form": 1, "made": "2027-02-02", "releases": [{"version": "1"}]}',
        list_text([NEXT]).replace('"size": 1000', '"size": 1e999'),
        list_text([replace(NEXT, new="a word")]).replace('["a", " ", "w", "o", "r", "d"]', '"a word"'),
        list_text([replace(NEXT, page="https://")]),
        list_text([replace(NEXT, page="https://releases.example.org@example.net/")]),
        list_text([replace(NEXT, page="https://releases.example.org/ 99")]),
        list_text([replace(NEXT, page="https://rele\u0430ses.example.org/")]),  # a letter of another alphabet
        list_text([replace(NEXT, page="http://releases.example.org")]),
        list_text([replace(NEXT, page="file:///etc/passwd")]),
        list_text([replace(NEXT, version="next")]),
        list_text([replace(NEXT, files=(replace(FILE, sha256="12"),))]),
        list_text([replace(NEXT, files=(replace(FILE, address="http://a"),))]),
    ],
)
def test_a_list_that_cannot_be_trusted_is_refused(text: str) -> None:
    with pytest.raises(FeedError, match="cannot be read"):
        list_of(text)


def test_a_list_of_a_later_form_says_so_and_later_members_do_not_matter() -> None:
    found = json.loads(list_text([NEXT]))
    with pytest.raises(FeedError, match="later form"):
        list_of(json.dumps({**found, "form": 2}))
    found["releases"][0]["mood"] = "sunny"
    assert list_of(json.dumps({**found, "more": 1})).releases == (NEXT,)


def test_signs_that_steer_a_terminal_or_turn_letters_round_are_not_told() -> None:
    (found,) = list_of(list_text([replace(NEXT, version=" 99.3.0\n", new=("a\x1b[31m b\u202ec\x00\n d",))])).releases
    assert found.new == ("a[31m bc d",) and found.version == "99.3.0"


def test_an_older_list_does_not_take_the_place_of_one_that_was_seen() -> None:
    found = opened(FEED, KEY)
    for seen in ("", "nonsense", "2027-02-02T09:30:00+00:00", "2027-02-02T11:30:00+02:00", "2027-01-31T00:00:00+00:00"):
        assert not_before(found, seen) is found
    with pytest.raises(FeedError, match="older"):
        not_before(found, "2027-02-02T09:30:01+00:00")


def test_versions_are_told_newest_first_without_trial_ones() -> None:
    def of(version: str) -> Release:
        return replace(NEXT, version=version)

    found = newer([of("0.9"), of("0.10.1"), of("1.0rc1"), of("0.2"), of("0.10")], "0.9.0")
    assert [r.version for r in found] == ["0.10.1", "0.10"]


# --- asking ----------------------------------------------------------------------------------------------------
@contextmanager
def server(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[tuple[str, list[tuple[str, dict[str, str]]]]]:
    """A server of this machine: its address, and the paths and headers that were asked for."""
    asked: list[tuple[str, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, dict(self.headers.items())))
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}/list.json", asked
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


def send(handler: BaseHTTPRequestHandler, content: bytes, code: int = 200, **headers: str) -> None:
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_nothing_is_sent_but_the_plain_question() -> None:
    with server(lambda h: send(h, FEED)) as (address, asked):
        assert fetch.fetch(address) == FEED
    ((path, headers),) = asked
    assert path == "/list.json"
    host = headers.pop("Host")
    assert host.startswith("127.0.0.1") and headers == {
        "User-Agent": "Terrace", "Accept-Encoding": "identity", "Connection": "close",
    }  # fmt: skip


def test_proxies_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with server(lambda h: send(h, FEED)) as (address, asked):
        monkeypatch.setenv("http_proxy", address.removesuffix("/list.json"))
        assert fetch.fetch("http://localhost:9/list.json") == FEED
    assert asked[0][0] == "http://localhost:9/list.json"


@pytest.mark.parametrize("address", ["http://releases.example.org/l", "file:///etc/passwd", "ftp://example.org", ""])
def test_other_addresses_than_https_are_refused(address: str) -> None:
    with pytest.raises(FeedError, match="https"):
        fetch.fetch(address)
    with server(lambda h: send(h, b"", 302, Location=address or "http://releases.example.org/")) as (here, asked):
        with pytest.raises(FeedError, match=r"https|cannot be reached"):
            fetch.fetch(here)
        assert len(asked) == 1


def test_nobody_is_led_from_https_to_http() -> None:
    fetch._allowed("http://localhost:9/")
    fetch._allowed("https://mirror.example.org/", "https")
    with pytest.raises(FeedError, match="https"):
        fetch._allowed("http://localhost:9/", "https")


def test_a_list_that_is_not_there_is_an_error_in_words() -> None:
    with server(lambda h: send(h, b"gone", 404)) as (address, _), pytest.raises(FeedError, match="cannot be reached"):
        fetch.fetch(address)
    with pytest.raises(FeedError, match="cannot be reached"):  # nobody listens there any more
        fetch.fetch(address)


def test_an_endless_list_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "MOST", 50_000)
    with server(lambda h: send(h, b"x" * 200_000)) as (address, _), pytest.raises(FeedError, match="too large"):
        fetch.fetch(address)


def test_a_server_that_hangs_is_left() -> None:
    held = threading.Event()

    def hang(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"{")
        handler.wfile.flush()
        held.wait(20)

    with server(hang) as (address, _):
        with pytest.raises(FeedError, match="cannot be reached"):
            fetch.fetch(address, seconds=0.3)
        held.set()


# --- what the installation says --------------------------------------------------------------------------------
def test_the_sources_name_no_place_and_no_key() -> None:
    assert installation(policies=[Path("none")]) == Installation()
    assert not Installation().can_look


def test_an_administrator_forbids_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, policy = tmp_path / "installation.json", tmp_path / "policy.json"
    file.write_text(json.dumps({"feed": PLACE.feed, "key": KEY, "mail": "help@example.org"}))
    assert installation(file, [policy]) == replace(PLACE, mail="help@example.org") and PLACE.can_look
    for text in ('{"updates": "never"}', '\ufeff{"updates": "Never "}', "never", "[]", "", "{}", '{"Updates": "never"}',
                 '{"updates": false}'):  # fmt: skip
        policy.write_text(text, encoding="utf-8")  # whoever put it there wanted to forbid something
        assert not installation(file, [policy]).can_look, text
        assert not installation(file, [tmp_path / "first.json", policy]).can_look, text
    policy.write_text('{"updates": "never"}', encoding="utf-16")
    assert not installation(file, [policy]).can_look
    policy.write_text('\ufeff{"updates": "ask"}', encoding="utf-8")
    assert installation(file, [policy]).can_look
    policy.unlink()
    monkeypatch.setenv("TERRACE_UPDATES", "Never")
    assert not installation(file, [policy]).can_look
    file.write_text("not JSON")
    assert installation(file, [policy]) == Installation(forbidden=True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is one folder")
def test_the_folder_of_all_counts_where_a_desktop_has_one_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    of_all = Path("/etc/xdg/terrace/policy.json")
    monkeypatch.delenv("XDG_CONFIG_DIRS", raising=False)
    assert policy_files() == [of_all]
    monkeypatch.setenv("XDG_CONFIG_DIRS", "/etc/xdg/xdg-ubuntu:/etc/xdg")
    assert policy_files() == [Path("/etc/xdg/xdg-ubuntu/terrace/policy.json"), of_all]
    monkeypatch.setenv("XDG_CONFIG_DIRS", "/home/me/none")
    assert of_all in policy_files()


# --- in the window ---------------------------------------------------------------------------------------------
class Bench:
    """A flow with what it stands on, and a list in place of the network."""

    def __init__(self, settings: Settings, place: Installation = PLACE, feed: bytes = FEED) -> None:
        self.settings, self.window, self.notices = settings, QWidget(), Notices()
        self.asked: list[str] = []
        self.threads: set[str] = set()
        self.said: list[str] = []
        self.questions: list[bool] = []
        self.feed, self.offline = feed, False
        self.flow = UpdateFlow(self.window, settings, self.notices, place, self.get)
        self.flow.told.connect(self.said.append)
        self.flow.question.connect(self.questions.append)

    def get(self, address: str, _cancelled: Callable[[], bool]) -> bytes:
        self.asked.append(address)
        self.threads.add(threading.current_thread().name)
        if self.offline:
            raise FeedError("The list of versions cannot be reached.", code="offline")
        return self.feed

    def answered(self) -> None:
        worker = self.flow._worker
        wait_until(lambda: worker is None or not worker.busy, "the list")

    def click(self, name: str) -> None:
        found = self.notices.findChild(QPushButton, name)
        assert found is not None
        found.click()
        settled()


@pytest.fixture
def make(settings: Settings) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def new(**options: object) -> Bench:
        made.append(Bench(settings, **options))  # type: ignore[arg-type]
        return made[-1]

    yield new
    for bench in made:
        bench.flow.stop()
        bench.window.deleteLater()
        bench.notices.deleteLater()


def test_it_asks_once_and_looks_once_a_day_where_the_answer_is_yes(make: Callable[..., Bench]) -> None:
    bench = make()
    bench.flow.start()
    assert bench.questions == [True] and bench.asked == []
    bench.flow.choose("yes")
    bench.answered()
    assert bench.questions == [True, False] and bench.asked == [PLACE.feed]
    assert bench.threads == {"terrace-updates"}
    again = make()
    again.flow.start()  # on the same day
    assert again.questions == [] and again.asked == [] and again.flow._worker is None
    again.settings.set_number("update_day", dt.date.today().toordinal() - 1)
    again.flow.start()
    again.answered()
    assert again.asked == [PLACE.feed]


def test_no_is_an_answer_that_can_be_changed(make: Callable[..., Bench]) -> None:
    bench = make()
    chosen: list[str] = []
    bench.flow.chosen.connect(chosen.append)
    bench.flow.choose("no")
    assert "in the Help menu" in bench.said[-1] and bench.asked == []
    other = make()
    other.flow.start()
    assert other.questions == [] and other.asked == []
    bench.flow.choose("yes")
    bench.answered()
    assert chosen == ["update_no", "update_yes"] and bench.asked == [PLACE.feed]


@pytest.mark.parametrize(
    "place", [Installation(), replace(PLACE, key=""), replace(PLACE, key="0" * 64), replace(PLACE, feed=""),
              replace(PLACE, forbidden=True)],
)  # fmt: skip
def test_where_it_may_not_look_it_never_does(make: Callable[..., Bench], place: Installation) -> None:
    bench = make(place=place)
    bench.settings.set_text("updates", "yes")  # from an installation that could
    bench.flow.start()
    bench.flow.look()
    assert bench.questions == [] and bench.asked == [] and bench.flow._worker is None
    assert ("switched off" if place.forbidden else "no list of versions") in bench.said[-1]
    enabled = {a.name: a.enabled() for a in bench.flow.actions()}
    assert enabled == {"update_look": True, "update_yes": False, "update_no": False}


def test_offline_it_is_silent_unless_asked(make: Callable[..., Bench]) -> None:
    bench = make()
    bench.offline = True
    bench.flow.choose("yes")
    bench.answered()
    assert bench.said == [] and bench.notices.isHidden()
    bench.flow.look()
    bench.answered()
    assert bench.said == ["Looking for a new version…", "The list of versions cannot be reached."]


def test_a_list_of_another_hand_is_not_used(make: Callable[..., Bench]) -> None:
    bench = make(feed=signed([NEXT], bytes(SigningKey.generate())))
    bench.flow.look()
    bench.answered()
    assert bench.notices.isHidden() and "not signed" in bench.said[-1]


def test_the_notice_tells_what_is_new_and_opens_the_page(
    make: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    gone: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: gone.append(url.toString()))
    bench = make()
    bench.flow.look()
    bench.answered()
    assert bench.notices.message("update").splitlines() == [
        f"Terrace 99.3.0 is available. You have {__version__}.", "• Größere Modelle.", "• Two.", "• Three.", "• Four.",
        "and 2 more",
    ]  # fmt: skip
    bench.click("update_page")
    assert gone == [NEXT.page]
    bench.notices.clear()  # another project is opened
    assert bench.notices.message("update")
    bench.click("update_dismiss")
    assert bench.notices.message("update") == ""
    bench.flow.choose("yes")
    bench.answered()
    assert bench.notices.message("update"), "later means later"


def test_a_version_that_is_skipped_is_not_told_again(make: Callable[..., Bench]) -> None:
    bench = make()
    bench.flow.choose("yes")
    bench.answered()
    bench.click("update_skip")
    assert bench.notices.message("update") == ""
    bench.flow.choose("yes")
    bench.answered()
    assert bench.notices.message("update") == ""
    bench.flow.look()  # asked for
    bench.answered()
    assert bench.notices.message("update")
    bench.notices.dismiss("update")
    bench.feed = signed([replace(NEXT, version="99.4")], bytes(SECRET), MADE)
    bench.flow.choose("yes")
    bench.answered()
    assert "99.4" in bench.notices.message("update")


def test_the_newest_version_says_so(make: Callable[..., Bench]) -> None:
    bench = make(feed=signed([replace(NEXT, version=__version__)], bytes(SECRET)))
    bench.flow.look()
    bench.answered()
    assert bench.said == ["Looking for a new version…", f"Terrace {__version__} is the newest version."]


def test_a_list_of_before_is_not_used(make: Callable[..., Bench]) -> None:
    bench = make()
    bench.flow.look()
    bench.answered()
    bench.notices.dismiss("update")
    bench.feed = signed([LAST], bytes(SECRET), MADE - dt.timedelta(days=20))
    bench.flow.choose("yes")
    bench.answered()
    assert bench.notices.isHidden() and "older" not in bench.said[-1], "silent, unless asked"
    again = make(feed=bench.feed)
    again.flow.look()
    again.answered()
    assert again.notices.isHidden() and again.said[-1].startswith("The list of versions is older than one seen before")


def test_whoever_asks_is_told_also_where_no_answer_comes(make: Callable[..., Bench], monkeypatch) -> None:
    monkeypatch.setattr(update_flow, "PATIENCE", 1)
    bench, held = make(), threading.Event()
    bench.flow._get = lambda *_: (held.wait(20), FEED)[1]
    bench.flow.choose("yes")
    assert bench.said == []
    bench.flow.look()  # while the one of today still waits
    wait_until(lambda: len(bench.said) == 2, "the words")
    assert bench.said[1].startswith("The list of versions cannot be reached.")
    held.set()
    bench.answered()
    assert bench.said[2:] == [] and bench.notices.message("update"), "what comes late is told in the window"


def test_what_is_new_is_told_as_plain_lines_of_a_length_that_can_be_read(make: Callable[..., Bench]) -> None:
    bench = make(feed=signed([replace(NEXT, new=("<img src='https://example.net/i'>", "x" * 5000))], bytes(SECRET)))
    bench.flow.look()
    bench.answered()
    shown = bench.notices._shown["update"].message
    assert shown.textFormat() == Qt.TextFormat.PlainText
    assert [len(line) for line in shown.text().splitlines()[1:]] == [35, 203]


def test_the_start_page_asks_and_the_menu_shows_the_answer(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, asked = threading.Event(), threading.Event()

    def slow(_address: str, _cancelled: Callable[[], bool]) -> bytes:
        asked.set()
        held.wait(20)
        return FEED

    monkeypatch.setattr("terrace_desktop.app.window.installation", lambda: PLACE)
    window = MainWindow(settings)
    window.updates._get = slow
    show(window)
    window.begin()
    line = window.start.updates
    assert line.isVisible() and "releases.example.org" in line.text.text()
    line.findChild(QPushButton, "start_updates_yes").click()
    assert line.isHidden() and window.actions_["update_yes"].isChecked()
    assert asked.wait(20)
    assert Settings(settings.store.file()).text("updates") == "yes"
    window.close()  # while the server has not answered
    assert window.isHidden()
    held.set()
    wait_until(lambda: not any(t.name == "terrace-updates" for t in threading.enumerate()), "the thread to end")
    window.deleteLater()


def test_the_command_line_tells(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(update_flow, "fetch", lambda *_: FEED)
    assert update_flow.print_update(PLACE, settings) == 0
    out = capsys.readouterr().out
    assert "Terrace 99.3.0 (2027-02-01): https://releases.example.org/99.3.0" in out and FILE.sha256 in out
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)  # it shows no window
    assert app.main(["--look-for-update"]) == 1
    assert "no list of versions" in capsys.readouterr().err


def test_the_command_line_takes_no_older_list_than_one_seen(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Settings(settings.store.file())
    monkeypatch.setattr(update_flow, "fetch", lambda *_: FEED)
    assert update_flow.print_update(PLACE, place) == 0 and "99.3.0" in capsys.readouterr().out
    older = signed([LAST], bytes(SECRET), MADE - dt.timedelta(seconds=1))
    monkeypatch.setattr(update_flow, "fetch", lambda *_: older)
    again = Settings(settings.store.file())  # as the next start reads them, and as the window does
    assert update_flow.print_update(PLACE, again) == 1
    said = capsys.readouterr()
    assert said.out == "" and "older than one seen before" in said.err
    assert Settings(settings.store.file()).text("update_list") == MADE.isoformat()


# --- nothing else ----------------------------------------------------------------------------------------------
def test_one_module_alone_can_use_the_network() -> None:
    """By the imports of both packages; that nothing is sent while the program works is seen in `test_app.py`."""
    names = ("socket", "ssl", "http", "urllib", "ftplib", "smtplib", "xmlrpc", "asyncio", "socketserver", "requests",
             "PySide6.QtNetwork", "PySide6.QtWebEngineCore", "fsspec", "pyarrow.flight")  # fmt: skip
    last = re.compile("|".join(name.rpartition(".")[2] for name in names))  # most files have none and need no parsing
    uses: set[tuple[str, str]] = set()
    for package in (terrace, terrace_desktop):
        for path in Path(package.__file__).parent.rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(text)) if last.search(text) else ():
                found = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    found = [f"{node.module}.{a.name}" for a in node.names]
                uses |= {(path.name, n) for n in found if any(f"{n}.".startswith(f"{name}.") for name in names)}
    uses = {(file, name) for file, name in uses if not name.startswith("urllib.parse")}
    assert {file for file, _ in uses} == {"fetch.py"}, uses
