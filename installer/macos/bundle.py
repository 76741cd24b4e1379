"""Terrace.app and its disk image: ``build(frozen, out)``.

PyInstaller lays the .app out beside the frozen folder (``BUNDLE`` in terrace.spec), with ``info`` as its Info.plist.
What is added here is signing, notarising and the image, as far as the environment has what they need:

    TERRACE_SIGN_MACOS      the certificate in the keychain, such as "Developer ID Application: NAME (TEAM)"
    TERRACE_NOTARY_PROFILE  the name under which ``xcrun notarytool store-credentials`` keeps those of the notary

Without the first, the program has a signature that names nobody, which Apple's processors ask for at least, and its
first start has to be allowed by hand (docs/installing.md).
"""

from __future__ import annotations

import os
import plistlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from installer import freeze, identity, trust

SIGN, NOTARY = "TERRACE_SIGN_MACOS", "TERRACE_NOTARY_PROFILE"
ENTITLEMENTS = Path(__file__).with_name("entitlements.plist")
TYPE = f"{identity.APP_ID}.project"
"""What macOS calls a project file (uniform type identifier)."""

OLDEST = (11, 0)  # the first for Apple's own processors; libraries may ask for more
_MACH_O = {bytes.fromhex(magic) for magic in ("cffaedfe", "cefaedfe", "cafebabe", "feedfacf")}
Command = list[str]


def oldest_system(wheels: Iterable[str]) -> str:
    """The oldest macOS that all libraries run on, by the tags in their WHEEL files, one text each."""
    needed = [OLDEST]
    for text in wheels:
        versions = [(int(a), int(b)) for a, b in re.findall(r"^Tag: .*-macosx_(\d+)_(\d+)_", text, re.MULTILINE)]
        needed += [min(versions)] if versions else []
    return ".".join(map(str, max(needed)))


def wheels() -> Iterator[str]:
    """The WHEEL files of the environment that is frozen."""
    for file in sorted(freeze.VENV.glob("lib/python*/site-packages/*.dist-info/WHEEL")):
        yield file.read_text(encoding="utf-8")


def info(oldest: str = "") -> dict[str, Any]:
    """The Info.plist: names, the icon, the oldest macOS, and that project files are the program's own."""
    version = identity.version()
    numbers = re.match(r"[\d.]*\d", version)
    return {
        "CFBundleName": identity.NAME,
        "CFBundleDisplayName": identity.NAME,
        "CFBundleIdentifier": identity.APP_ID,
        "CFBundleExecutable": identity.WINDOW,
        "CFBundleIconFile": "terrace.icns",
        "CFBundlePackageType": "APPL",
        "CFBundleShortVersionString": version,
        "CFBundleVersion": numbers[0] if numbers else "0",
        "LSMinimumSystemVersion": oldest or oldest_system(wheels()),
        "LSApplicationCategoryType": "public.app-category.education",
        "NSHumanReadableCopyright": f"{identity.PUBLISHER}, {identity.LICENCE}",
        "NSHighResolutionCapable": True,
        "NSRequiresAquaSystemAppearance": False,  # dark windows where the system is dark
        "CFBundleDocumentTypes": [{
            "CFBundleTypeName": identity.FILE_KIND, "CFBundleTypeRole": "Editor", "LSHandlerRank": "Owner",
            "CFBundleTypeIconFile": "terrace.icns", "LSItemContentTypes": [TYPE],
        }],
        "UTExportedTypeDeclarations": [{
            "UTTypeIdentifier": TYPE, "UTTypeDescription": identity.FILE_KIND, "UTTypeConformsTo": ["public.data"],
            "UTTypeTagSpecification": {
                "public.filename-extension": [identity.EXTENSION.removeprefix(".")],
                "public.mime-type": [identity.MIME_TYPE],
            },
        }],
    }  # fmt: skip


def machine_code(app: Path) -> list[Path]:
    """The files to sign one by one: all of machine code, the deepest first; those in a .framework by that folder."""
    found: set[Path] = set()
    for file in (f for f in app.rglob("*") if f.is_file() and not f.is_symlink()):
        with file.open("rb") as stream:
            if stream.read(4) in _MACH_O:
                frameworks = [p for p in file.parents if p.suffix == ".framework"]
                found.add(frameworks[-1] if frameworks else file)
    return sorted(found, key=lambda f: (-len(f.parts), str(f)))


def signing(app: Path, image: Path, environ: Mapping[str, str]) -> tuple[list[Command], list[Command]]:
    """The commands before the image is made, and after: without a certificate, a signature that names nobody."""
    identity_of = environ.get(SIGN, "")
    if not identity_of:
        return [["codesign", "--force", "--deep", "--sign", "-", str(app)]], []
    sign = ["codesign", "--force", "--timestamp", "--options", "runtime", "--sign", identity_of]
    before = [[*sign, "--entitlements", str(ENTITLEMENTS), str(file)] for file in [*machine_code(app), app]]
    before.append(["codesign", "--verify", "--deep", "--strict", str(app)])
    after = [["codesign", "--force", "--timestamp", "--sign", identity_of, str(image)]]
    if profile := environ.get(NOTARY, ""):
        after += [
            ["xcrun", "notarytool", "submit", str(image), "--keychain-profile", profile, "--wait"],
            ["xcrun", "stapler", "staple", str(image)],
            ["spctl", "--assess", "--type", "open", "--context", "context:primary-signature", str(image)],
        ]
    return before, after


def image_command(folder: Path, image: Path) -> Command:
    """How the image is made of a folder."""
    return ["hdiutil", "create", "-volname", identity.NAME, "-srcfolder", str(folder), "-fs", "HFS+", "-format", "UDZO",
            "-ov", str(image)]  # fmt: skip


def build(frozen: Path, out: Path) -> list[Path]:
    """Sign, pack and notarise the .app beside the frozen folder; the image. Works on macOS alone."""
    if sys.platform != "darwin":
        raise SystemExit("The disk image can only be made on macOS.")
    app = frozen.parent / f"{identity.NAME}.app"
    if not app.is_dir():
        raise SystemExit(f"{app} is missing. Freeze the program first (installer/freeze.py).")
    plist = app / "Contents" / "Info.plist"
    wanted, found = info(), plistlib.loads(plist.read_bytes())
    differing = [key for key in wanted if found.get(key) != wanted[key]]
    if differing:
        raise SystemExit(f"Info.plist differs in {', '.join(differing)}. Freeze the program again.")
    licences = app / "Contents" / "Resources" / trust.shown_in(frozen).relative_to(frozen / "_internal")
    shutil.copy(trust.shown_in(frozen), licences)  # into the .app, which was laid out before they were gathered
    console = app / "Contents" / "MacOS" / identity.CONSOLE
    if not console.exists():
        console.symlink_to(identity.WINDOW)  # one program, which goes by its name
    image = out / f"{identity.NAME}-{identity.version()}-{os.uname().machine}.dmg"
    before, after = signing(app, image, os.environ)
    if SIGN not in os.environ:
        print(f"Not signed: {SIGN} is not set.")
    elif NOTARY not in os.environ:
        print(f"Not notarised: {NOTARY} is not set.")
    for command in before:
        subprocess.run(command, check=True)
    with tempfile.TemporaryDirectory() as temporary:
        shutil.copytree(app, Path(temporary, app.name), symlinks=True)
        Path(temporary, "Applications").symlink_to("/Applications")
        subprocess.run(image_command(Path(temporary), image), check=True)
    for command in after:
        subprocess.run(command, check=True)
    return [image]
