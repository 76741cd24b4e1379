"""The papers of the project: what they say of the version, their links, and the forms for issues."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import terrace

ROOT = Path(__file__).resolve().parents[2]
PAPERS = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md")
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[0-9]*.yml"))


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_citation_is_of_this_version() -> None:
    cited = loaded(ROOT / "CITATION.cff")
    assert str(cited["version"]) == terrace.__version__
    assert cited["license"] == "BSD-3-Clause" and cited["authors"] == [{"name": "The Terrace developers"}]
    assert {"cff-version", "message", "title"} <= cited.keys()


def test_the_changelog_begins_with_what_is_new() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    heads = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    assert heads[0] == "Unreleased" or heads[0].startswith(f"{terrace.__version__} - ")
    assert all(re.fullmatch(r"Unreleased|\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d", h) for h in heads)
    parts = set(re.findall(r"^### (.+)$", text, flags=re.MULTILINE))
    assert parts <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.mark.parametrize("name", PAPERS)
def test_links_of_papers_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)", (ROOT / name).read_text(encoding="utf-8")):
        assert "://" in target or (ROOT / target).exists(), target


@pytest.mark.parametrize("form", FORMS, ids=lambda p: p.stem)
def test_a_form_for_issues_is_whole(form: Path) -> None:
    given = loaded(form)
    assert {"name", "description", "body"} <= given.keys()
    ids = [part["id"] for part in given["body"]]
    assert len(set(ids)) == len(ids) > 0
    for part in given["body"]:
        assert part["type"] in ("textarea", "input", "dropdown", "checkboxes") and part["attributes"]["label"]
    assert any(part.get("validations", {}).get("required") for part in given["body"])


def test_there_are_forms() -> None:
    assert len(FORMS) == 3
