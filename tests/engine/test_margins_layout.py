"""How margins stand in tables: a variable is named once, its values are rows, and every number is still there."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from data_support import ok, session_on
from hypothesis import given
from hypothesis import strategies as st

from terrace.data.dataset import Dataset, Variable
from terrace.report.html.table import table_html
from terrace.report.latex import table_latex
from terrace.report.markdown import table_markdown
from terrace.report.text.text import table_text
from terrace.results.table import Row, Table
from terrace.results.under_heads import under_heads
from terrace.session.session import Session

SEX, SES, SIZE = "Sex", "Socioeconomic status", "Size of the school"


@pytest.fixture(scope="module")
def session() -> Session:
    rng = np.random.default_rng(27)
    n, school = 240, np.arange(240) // 12
    frame = pd.DataFrame({"ses": rng.normal(size=n), "sex": rng.integers(0, 2, n).astype(float),
                          "size": rng.integers(1, 4, n).astype(float), "school": school})  # fmt: skip
    frame["y"] = frame.ses + 0.5 * frame.sex * frame.ses + rng.normal(size=20)[school] + rng.normal(size=n)
    labels = {"sex": {0.0: "Male", 1.0: "Female"}, "size": {1.0: "Small", 2.0: "Medium", 3.0: "Large"}}
    names = {"ses": SES, "sex": SEX, "size": SIZE, "y": "Reading", "school": "School"}
    out = session_on(Dataset(frame, tuple(
        Variable(str(v), label=names[str(v)], value_labels=labels.get(str(v), {})) for v in frame.columns
    )))  # fmt: skip
    ok(out, "mixed y c.ses##i.sex i.size || school:, reml")
    return out


def shape(table: Table) -> list[str]:
    """Labels with a dot for each indent; heads end in a sign."""
    return [f"{'.' * r.indent}{r.label}{' >' if r.kind == 'group' else ''}" for r in table.rows]


@pytest.mark.parametrize(
    ("command", "stub", "expected"),
    [
        ("margins sex", SEX, ["Male", "Female"]),
        ("margins, at(ses=(-1 0))", SES, ["−1", "0"]),
        ("margins sex, at(ses=(-1 0))", SEX,
         [f"{SES} = −1 >", ".Male", ".Female", f"{SES} = 0 >", ".Male", ".Female"]),
        ("margins, at(sex=(0 1) ses=(0 1))", SES, [f"{SEX} = Male >", ".0", ".1", f"{SEX} = Female >", ".0", ".1"]),
        ("margins size, at(ses=(0 1) sex=(0 1))", SIZE,
         [line for a in "01" for line in (
             f"{SES} = {a} >", *(x for b in ("Male", "Female") for x in (f".{SEX} = {b} >", "..Small", "..Medium",
                                                                          "..Large")))]),
        ("margins sex#size", SIZE, [f"{SEX}: Male >", ".Small", ".Medium", ".Large", f"{SEX}: Female >", ".Small",
                                    ".Medium", ".Large"]),
        ("margins sex, over(size)", SEX, [x for s in ("Small", "Medium", "Large")
                                          for x in (f"{SIZE}: {s} >", ".Male", ".Female")]),
        ("margins sex size", "", [f"{SEX} >", ".Male", ".Female", f"{SIZE} >", ".Small", ".Medium", ".Large"]),
        ("margins, at(ses=0) at(sex=1)", "", [f"{SES} = 0", f"{SEX} = Female"]),
        ("margins, dydx(*)", "", [SES, f"{SEX}: Female", f"{SIZE} >", ".Medium", ".Large"]),
        ("margins sex, dydx(size)", SEX, [f"{SIZE}: Medium >", ".Male", ".Female", f"{SIZE}: Large >", ".Male",
                                          ".Female"]),
        ("margins r.size, at(ses=(0 1))", "r.size",
         [x for a in "01" for x in (f"{SES} = {a} >", ".(Medium vs Small)", ".(Large vs Small)")]),
        ("margins, at(ses=(-1 0)) contrast(atcontrast(r))", SES, ["(0 vs −1)"]),
        ("margins sex, at(ses=(0 1)) pwcompare", f"{SES}, {SEX}",
         ["0, Female vs 0, Male", "1, Male vs 0, Male", "1, Female vs 0, Male", "1, Male vs 0, Female",
          "1, Female vs 0, Female", "1, Female vs 1, Male"]),
        ("contrast r.size r.sex", "Contrast", ["r.size >", ".(Medium vs Small)", ".(Large vs Small)", "r.sex >",
                                               ".(Female vs Male)"]),
        ("pwcompare size sex", "size sex", ["size >", ".Medium vs Small", ".Large vs Small", ".Large vs Medium",
                                            "sex >", ".Female vs Male"]),
    ],
)  # fmt: skip
def test_rows_and_heads(session: Session, command: str, stub: str, expected: list[str]) -> None:
    table = ok(session, command).tables[0]
    assert shape(table) == expected and table.stub == stub
    assert "1:" not in " ".join(table.notes), "the rows say what the settings are"


def test_what_all_settings_share_is_a_note(session: Session) -> None:
    table = ok(session, "margins sex, at(ses=(0 1) size=2)").tables[0]
    assert f"At {SIZE} = Medium." in table.notes
    assert f"At {SES} = 1, {SIZE} = Medium." in ok(session, "margins sex, at(ses=1 size=2)").tables[0].notes
    silent = ok(session, "margins sex, at(ses=(0 1) size=2) noatlegend").tables[0]
    assert not any(n.startswith("At") for n in silent.notes)


@pytest.mark.parametrize("command", ["margins size, at(ses=(0 1) sex=(0 1))", "margins sex, dydx(*)"])
def test_numbers_belong_to_the_names_that_commands_use(session: Session, command: str) -> None:
    """Each row holds what lincom finds under the name that stands beside it, wherever the row stands."""
    table = ok(session, f"{command} post").tables[0]
    own = [r for r in table.rows if r.values]
    assert len({r.values[-1] for r in own}) == len(own) > 6
    for row in own:
        found = ok(session, f"lincom {row.values[-1]}").tables[0].rows[0]
        assert found.values[0] == pytest.approx(row.values[0], rel=1e-9)
    ok(session, "mixed y c.ses##i.sex i.size || school:, reml")


def test_every_format_indents_rows_under_heads_that_span_the_table(session: Session) -> None:
    table = ok(session, "margins sex, at(ses=(-1 0))").tables[0]
    text = table_text(table).split("\n")
    assert f"{SES} = -1" in text and sum(line.startswith("  Male") for line in text) == 2
    assert all(re.match(r"  Female {1,6}[\d-]", x) for x in text if "Female" in x), "a head widens no column of labels"
    latex = table_latex(table)
    assert rf"\textit{{{SES} = $-$1}}" in latex and latex.count(r"\quad Male &") == 2
    assert table_html(table).count(f"{SES} = −1") == 1 and table_markdown(table).count("&emsp;Male") == 2


@given(st.lists(st.tuples(st.lists(st.sampled_from("ab"), max_size=3), st.integers(0, 9)), max_size=12))
def test_heads_can_be_read_back(entries: list[tuple[list[str], int]]) -> None:
    """Reading a table from the top, each row stands under its own heads and no others."""
    rows = under_heads((heads, Row(str(k))) for heads, k in entries)
    path: list[str] = []
    read = []
    for row in rows:
        path = path[: row.indent]
        if row.kind == "group":
            path.append(row.label)
        else:
            assert len(path) == row.indent
            read.append((path, int(row.label)))
    assert read == entries
