"""The program for macOS: its Info.plist, the oldest system, and the commands that sign it and make the image."""

from __future__ import annotations

import plistlib
from pathlib import Path

import pytest

from installer import identity
from installer.macos import bundle


def test_the_oldest_system_is_the_one_that_all_libraries_run_on() -> None:
    old = "Wheel-Version: 1.0\nTag: cp311-cp311-macosx_10_9_universal2\nTag: cp311-cp311-macosx_11_0_arm64\n"
    new = "Tag: cp310-abi3-macosx_13_0_universal2\n"
    pure = "Tag: py3-none-any\n"
    assert bundle.oldest_system([pure]) == "11.0"  # none is older than Apple's own processors
    assert bundle.oldest_system([old, pure]) == "11.0"
    assert bundle.oldest_system([old, new, pure]) == "13.0"


def test_project_files_are_the_programs_own() -> None:
    info = plistlib.loads(plistlib.dumps(bundle.info("13.0")))
    (kind,), (declared,) = info["CFBundleDocumentTypes"], info["UTExportedTypeDeclarations"]
    assert kind["LSItemContentTypes"] == [declared["UTTypeIdentifier"]] == [bundle.TYPE]
    tags = declared["UTTypeTagSpecification"]
    assert tags["public.filename-extension"] == ["terrace"] and tags["public.mime-type"] == [identity.MIME_TYPE]
    assert info["CFBundleIdentifier"] == identity.APP_ID and info["CFBundleExecutable"] == identity.WINDOW
    assert info["CFBundleShortVersionString"] == identity.version() and info["LSMinimumSystemVersion"] == "13.0"


def app(folder: Path) -> Path:
    """An .app with machine code in some files."""
    made = folder / "Terrace.app"
    code = bytes.fromhex("cffaedfe") + bytes(20)
    for name in ("MacOS/terrace-desktop", "Frameworks/libx.dylib", "Frameworks/deep/er/liby.so",
                 "Frameworks/QtCore.framework/Versions/A/QtCore"):  # fmt: skip
        file = made / "Contents" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(code)
    (made / "Contents" / "MacOS" / "terrace").symlink_to("terrace-desktop")
    (made / "Contents" / "text.txt").write_text("no code")
    return made


def test_inner_files_are_signed_before_what_holds_them(tmp_path: Path) -> None:
    made = app(tmp_path)
    environ = {bundle.SIGN: "Developer ID", bundle.NOTARY: "profile"}
    before, after = bundle.signing(made, tmp_path / "t.dmg", environ)
    signed = [Path(command[-1]) for command in before if command[0] == "codesign" and "--sign" in command]
    names = [file.name for file in signed]
    assert set(names) == {"terrace-desktop", "libx.dylib", "liby.so", "QtCore.framework", "Terrace.app"}
    assert names.index("liby.so") < names.index("libx.dylib") and names[-1] == "Terrace.app"
    assert all("runtime" in c and str(bundle.ENTITLEMENTS) in c for c in before if "--sign" in c)
    assert before[-1][1] == "--verify"
    assert [c[1] for c in after] == ["--force", "notarytool", "stapler", "--assess"]


def test_without_secrets_nothing_is_notarised_and_the_signature_names_nobody(tmp_path: Path) -> None:
    before, after = bundle.signing(app(tmp_path), tmp_path / "t.dmg", {bundle.NOTARY: "profile"})
    assert [c[:5] for c in before] == [["codesign", "--force", "--deep", "--sign", "-"]] and after == []
    before, after = bundle.signing(app(tmp_path / "b"), tmp_path / "t.dmg", {bundle.SIGN: "Developer ID"})
    assert len(before) == 6 and [c[0] for c in after] == ["codesign"]


def test_users_may_replace_the_libraries_of_qt() -> None:
    granted = plistlib.loads(bundle.ENTITLEMENTS.read_bytes())
    assert granted["com.apple.security.cs.disable-library-validation"] is True and len(granted) == 2


def test_elsewhere_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(SystemExit, match="only be made on macOS"):
        bundle.build(tmp_path, tmp_path)
