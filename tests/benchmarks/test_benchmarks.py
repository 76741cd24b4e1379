"""The benchmarks can run: models parse, every peer has its cases, answers and tables are read as they are written.

No time is looked at here.
"""

from __future__ import annotations

import re
from pathlib import Path

import page
import pytest
from cases import CASES, DATA, PEERS, SIMULATED, Case
from datasets import crossed, hand_over, simulated
from rounds import Plan, disagreement, measure
from sides import TERRACE, Answer, SideError, parse

import terrace

HERE = Path(__file__).resolve().parent
SOURCES = {name: HERE / "peers" / (f"{name}.R" if name != "statsmodels" else "statsmodels_peer.py") for name in PEERS}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)
def test_a_case_is_a_model_that_its_peers_have(case: Case) -> None:
    assert terrace.parse_mixed(case.command, None) is not None
    assert case.data in DATA
    assert case.peers and set(case.peers) <= set(PEERS)
    assert case.wanted is None or case.wanted[0] in case.peers
    for peer in case.peers:
        entry = rf'^ +"?{re.escape(case.key)}"?( =|:)'
        assert re.search(entry, SOURCES[peer].read_text(encoding="utf-8"), re.MULTILINE), peer


def test_answers() -> None:
    assert parse("ok 0.012 0.011 -1014.9268") == Answer(0.012, 0.011, -1014.9268)
    assert parse("ok 1 2 -3 9.5,4 7") == Answer(1.0, 2.0, -3.0, (4.0, 9.5), 7)
    assert parse("ok 1 2 -3 - 7") == Answer(1.0, 2.0, -3.0, (), 7)
    assert parse("failed iteration limit").failure == "iteration limit"


@pytest.mark.parametrize(
    ("peer", "words"),
    [
        (Answer(ll=-1000.001, df=(4.0, 9.5)), ""),
        (Answer(ll=-1000.001), ""),
        (Answer(ll=-1000.02, df=(4.0, 9.5)), "log-likelihood"),
        (Answer(ll=-1000.0, df=(4.0, 9.6)), "degrees of freedom"),
        (Answer(ll=-1000.0, df=(4.0,)), "1 degrees of freedom"),
    ],
)
def test_another_optimum_is_noticed(peer: Answer, words: str) -> None:
    found = disagreement(Answer(ll=-1000.0, df=(4.0, 9.5)), peer)
    assert (found == "") if not words else (words in found)


class FakeSide:
    """Answers with the seconds given, the last of them for ever; an exception is raised."""

    def __init__(self, name: str, order: list[str], *seconds: float | Exception, ll: float = -10.0) -> None:
        self.name, self.order, self.seconds, self.ll = name, order, list(seconds), ll

    def run(self, case: str, data: str) -> Answer:
        self.order.append(self.name)
        now = self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0]
        if isinstance(now, Exception):
            raise now
        return Answer(now, now, self.ll)


def test_rounds_take_turns_and_the_first_fit_does_not_count() -> None:
    order: list[str] = []
    sides = {TERRACE: FakeSide(TERRACE, order, 9.0, 1.0), "lme4": FakeSide("lme4", order, 9.0, 4.0)}
    case = Case("pig", "", "pig", "", ("lme4", "nlme"))
    found = measure(case, sides, Plan(runs=3, seconds=0.0))  # type: ignore[arg-type]
    assert found[TERRACE].times == [1.0] * 3 and found["lme4"].times == [4.0] * 3
    assert order == [TERRACE, "lme4", TERRACE, "lme4", "lme4", TERRACE, TERRACE, "lme4"]


def test_a_long_peer_has_fewer_runs_and_a_dead_one_is_named() -> None:
    order: list[str] = []
    sides = {
        TERRACE: FakeSide(TERRACE, order, 1.0),
        "long": FakeSide("long", order, 60.0),
        "dead": FakeSide("dead", order, 2.0, SideError("dead ended")),
        "other": FakeSide("other", order, 2.0, ll=-11.0),
    }
    case = Case("pig", "", "pig", "", ("long", "dead", "other"))
    found = measure(case, sides, Plan(runs=3, seconds=0.0))  # type: ignore[arg-type]
    assert found["long"].times == [60.0]
    assert found["dead"].problem == "dead ended"
    assert "log-likelihood" in found["other"].problem and not found["other"].times
    assert len(found[TERRACE].times) == 3


def test_simulated_data_have_the_groups_asked_for_and_are_handed_over_whole(tmp_path: Path) -> None:
    data = simulated(500, 20, effects=3, covariates=1)
    assert data.names == ("y", "g", "x", "x2")
    assert len(data) == 500 and data.frame["g"].nunique() == 20 and data.frame["g"].is_monotonic_increasing
    assert crossed(300, 10, 5).frame[["a", "b"]].nunique().tolist() == [10, 5]
    hand_over(data, SIMULATED, tmp_path)
    assert (tmp_path / "simulated.names").read_text(encoding="utf-8").splitlines()[:2] == ["y\tnumber", "g\tfactor"]
    assert (tmp_path / "simulated.doubles").stat().st_size == 500 * 4 * 8


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.00321, "3.21 ms"), (0.0456, "45.6 ms"), (0.25, "250 ms"), (12.34, "12.3 s"), (123.4, "123 s")],
)
def test_durations_have_three_digits(seconds: float, words: str) -> None:
    assert page.duration(seconds) == words


def test_a_section_of_the_page_replaces_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGE", tmp_path / "RESULTS.md")
    page.write_section("startup", "one")
    page.write_section("compare", "two")
    page.write_section("startup", "three\n\nfour")
    text = page.PAGE.read_text(encoding="utf-8")
    assert "one" not in text and text.index("two") < text.index("three\n\nfour")
    page.write_section("startup", "five")
    assert page.PAGE.read_text(encoding="utf-8").count("<!-- end -->") == 2
