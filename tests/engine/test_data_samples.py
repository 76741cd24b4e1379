"""The bundled samples are what their descriptions say."""

import re

import numpy as np
import pytest

from terrace.data.dataset import Measure
from terrace.data.resources import resource_path
from terrace.data.samples import sample, samples
from terrace.errors import DataError

NAMES = [info.name for info in samples()]


def test_there_are_seven_and_each_is_documented() -> None:
    assert sorted(NAMES) == sorted(
        ["hsb", "ovary", "orthodont", "sleepstudy", "produc", "insteval", "winer43"]
    )
    sources = resource_path("samples", "SOURCES.md").read_text(encoding="utf-8")
    for info in samples():
        assert f"`{info.name}`" in sources
        assert info.title and info.description and info.source


@pytest.mark.parametrize("info", samples(), ids=NAMES)
def test_rows_and_the_variables_of_the_suggested_command(info) -> None:
    data = sample(info.name)
    assert len(data) == info.rows
    model, _, _ = info.command.partition(",")
    words = set(re.findall(r"[A-Za-z_]\w*", model)) - {"mixed", "c", "i", "R", "_all"}
    assert words <= set(data.names)
    for v in data.variables:
        assert v.label
        assert not np.isnan(data.numeric(v.name)).any()


def test_hsb_is_what_its_description_says() -> None:
    # Means and SDs of MathAchieve and MathAchSchool in R
    data = sample("hsb")
    ids, first = np.unique(data.numeric("id"), return_index=True)
    assert len(ids) == 160
    assert data.numeric("mathach").mean() == pytest.approx(12.75, abs=0.005)
    assert data.numeric("mathach").std(ddof=1) == pytest.approx(6.88, abs=0.005)
    assert data.numeric("ses").std(ddof=1) == pytest.approx(0.78, abs=0.005)
    assert data.numeric("sector")[first].sum() == 70
    assert data.numeric("meanses")[first].std(ddof=1) == pytest.approx(0.41, abs=0.005)
    assert data.level_label("sector", 1.0) == "Catholic"
    assert data.variable("id").measure is Measure.IDENTIFIER


def test_hsb_mean_ses_is_the_school_mean() -> None:
    frame = sample("hsb").frame
    means = frame.groupby("id")["ses"].mean()
    stored = frame.groupby("id")["meanses"].first()
    # The school file rounds, and its means include students left out here.
    assert np.corrcoef(means, stored)[0, 1] > 0.999


def test_ovary_order_and_cycle() -> None:
    data = sample("ovary")
    frame = data.frame
    for _, mare in frame.groupby("mare"):
        ordered = mare.sort_values("stime")
        assert ordered["time"].tolist() == list(range(1, len(mare) + 1))
    np.testing.assert_allclose(frame["sin1"] ** 2 + frame["cos1"] ** 2, 1, rtol=1e-12)
    # The angle comes back from sine and cosine, up to whole turns.
    turns = np.arctan2(frame["sin1"], frame["cos1"]) / (2 * np.pi) - frame["stime"]
    np.testing.assert_allclose(turns, np.round(turns), atol=1e-12)


def test_orthodont_boys_and_girls() -> None:
    data = sample("orthodont")
    children = data.frame.groupby("id")["female"].first()
    assert (len(children), int(children.sum())) == (27, 11)
    labels = data.variable("id").value_labels
    assert all(labels[i].startswith("F" if f else "M") for i, f in children.items())


def test_winer_analysis_of_variance() -> None:
    # The published analysis of variance of the table: persons 680.8, drugs 698.2, residual 112.8.
    frame = sample("winer43").frame
    table = frame.pivot(index="person", columns="drug", values="score").to_numpy(dtype=float)
    centred = table - table.mean()
    persons, drugs = centred.mean(axis=1), centred.mean(axis=0)
    assert 4 * (persons**2).sum() == pytest.approx(680.8)
    assert 5 * (drugs**2).sum() == pytest.approx(698.2)
    assert ((centred - persons[:, None] - drugs) ** 2).sum() == pytest.approx(112.8)


def test_produc_is_balanced_and_nested() -> None:
    frame = sample("produc").frame
    assert (frame.groupby("state")["year"].nunique() == 17).all()
    assert (frame.groupby("state")["region"].nunique() == 1).all()
    assert (frame["state"].nunique(), frame["region"].nunique()) == (48, 9)


def test_insteval_levels() -> None:
    frame = sample("insteval").frame
    assert (frame["s"].nunique(), frame["d"].nunique(), frame["dept"].nunique()) == (2972, 1128, 14)
    assert set(frame["y"]) == {1, 2, 3, 4, 5}


def test_an_unknown_sample_is_named_with_a_suggestion() -> None:
    with pytest.raises(DataError, match="'sleepstudi'") as caught:
        sample("sleepstudi")
    assert "sleepstudy" in caught.value.advice


def test_a_missing_resource_is_named() -> None:
    with pytest.raises(DataError, match=r"samples/none\.parquet"):
        resource_path("samples", "none.parquet")
