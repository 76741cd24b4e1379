"""The libraries that ship and their terms: gathered, found again in the text, and printed by ``terrace licences``."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from test_licences import shipped as by_metadata

from terrace import libraries
from terrace.cli import FAILED, OK, main
from terrace.libraries import Library


@pytest.fixture(scope="module")
def gathered() -> list[Library]:
    return [libraries.library(d) for d in libraries.shipped()]


def test_all_that_is_installed_with_terrace_is_among_them(gathered: list[Library]) -> None:
    assert {canonicalize_name(lib.name) for lib in gathered} == by_metadata().keys() - {"terrace-mixed"}


def test_each_has_a_licence_and_its_text(gathered: list[Library]) -> None:
    assert [lib.name for lib in gathered if not lib.licence or not lib.texts] == []


def test_the_texts_are_those_of_the_wheels(gathered: list[Library]) -> None:
    texts = {lib.name: "\n".join(text for _, text in lib.texts) for lib in gathered}
    assert "NumPy Developers" in texts["numpy"] and "Bitstream Vera" in texts["matplotlib"]  # its fonts
    assert "PDFium" in texts["pypdfium2"] and "libxml2" in texts["lxml"]  # what is compiled in
    assert "LESSER GENERAL PUBLIC LICENSE" in texts["PySide6_Essentials"]
    assert "DarkGarden" not in texts["reportlab"]


def test_a_text_is_kept_once(tmp_path: Path) -> None:
    info = tmp_path / "made-1.0.dist-info"
    (info / "licenses").mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: made\nVersion: 1.0\nLicense: MIT\n\n")
    for name, text in {"LICENSE": "same", "LICENSE.txt": "same", "NOTICE": "other", "readme.txt": "nothing"}.items():
        (info / "licenses" / name).write_text(text)
    names = ["METADATA", *(f"licenses/{f.name}" for f in (info / "licenses").iterdir())]
    (info / "RECORD").write_text("".join(f"made-1.0.dist-info/{n},,\n" for n in names))
    found = libraries.library(metadata.Distribution.at(info))
    assert found == Library("made", "1.0", "MIT", (("LICENSE", "same"), ("NOTICE", "other")))


def test_each_is_found_again_in_the_text() -> None:
    first = Library("a", "1", "MIT", (("LICENSE", "text of a"),))
    made = [first, Library("b_c", "2", "", (("COPYING", "text\n of b"),))]
    text = libraries.page(made)
    (whole, about), *rest = libraries.parts(text)
    assert whole.startswith("Terrace ") and "PySide6-Essentials==" in about and "a 1: MIT" in about
    assert rest == [("a 1: MIT", "a 1: MIT\n\n[LICENSE]\n\ntext of a"), ("b_c 2", "b_c 2\n\n[COPYING]\n\ntext\n of b")]
    assert [libraries.part(text, name) for name in ("A", "b-c", "b")] == [rest[0][1], rest[1][1], ""]


def test_an_installed_program_shows_the_text_it_was_built_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "THIRD-PARTY.txt").write_text("as built", encoding="utf-8")
    monkeypatch.setattr(libraries, "resource_path", lambda _folder, name: tmp_path / name)
    assert libraries.third_party() == "as built"


def test_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["licences"]) == OK
    listed = capsys.readouterr().out
    assert f"numpy {metadata.version('numpy')}: BSD" in listed and "Terrace itself: BSD-3-Clause" in listed
    assert main(["licences", "SciPy"]) == OK
    one = capsys.readouterr().out
    assert one.startswith("scipy ") and "SciPy Developers" in one and "NumPy Developers" not in one.split("\n")[0]
    assert main(["licences", "--all"]) == OK
    whole = capsys.readouterr().out
    assert one.strip().split("\n", 2)[2].strip() in whole and whole.startswith("Terrace ")
    assert main(["licences", "nosuch"]) == FAILED
    assert "nosuch does not come with Terrace" in capsys.readouterr().err
