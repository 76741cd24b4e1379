"""The benchmarks can run: models parse, every peer has its cases, answers and tables are read as they are written.

No time is looked at here.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import page
import pytest
from cases import BOOTSTRAP, CASES, COMMAND, DATA, GIB, ITSELF, MIB, OPEN, PEERS, SIMULATED, Case, Published
from claim import README, claim, in_readme
from compared import Kept, Result, Store, memory, rows, section
from datasets import crossed, hand_over, simulated, taken
from ratings import Size, ratings
from rounds import Plan, disagreement, measure, measure_first
from sides import ONE, R_PEERS, TERRACE, Answer, SideError, parse
from simulations import SIMULATIONS

import terrace

HERE = Path(__file__).resolve().parent
SOURCES = {name: HERE / "peers" / (f"{name}.R" if name in R_PEERS else f"{name}_peer.py") for name in PEERS}
KEYS = {case.key: case for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)
def test_a_case_is_a_model_that_its_peers_have(case: Case) -> None:
    assert case.timed in (COMMAND, OPEN) or terrace.parse_mixed(case.command, None) is not None
    assert case.data in DATA
    assert set(case.peers) <= {*PEERS, ITSELF}
    assert set(case.wanted) <= {*case.peers, *(p.peer for p in case.published)}
    assert not case.beside or (case.beside in KEYS and ITSELF in case.peers)
    assert (case.timed == BOOTSTRAP) == bool(case.replicates)
    for peer in case.peers:
        if peer != ITSELF:
            entry = rf'^ +"?{re.escape(case.key)}"?( =|:)'
            assert re.search(entry, SOURCES[peer].read_text(encoding="utf-8"), re.MULTILINE), peer


def test_every_case_has_a_key_of_its_own_and_every_peer_a_case() -> None:
    assert len(KEYS) == len(CASES)
    assert {peer for case in CASES for peer in case.peers} == {*PEERS, ITSELF}
    assert {name for name, data in DATA.items() if not data.file} == set(SIMULATIONS)


def test_every_case_has_its_physical_limit() -> None:
    table = (HERE / "LIMITS.md").read_text(encoding="utf-8").partition("## Row by row")[2]
    named = [key for line in table.splitlines() for key in re.findall(r"`([^`]+)`", line.partition(" | ")[0])]
    assert sorted(named) == sorted(KEYS)


def test_answers() -> None:
    assert parse("ok 0.012 0.011 -1014.9268") == Answer(0.012, 0.011, -1014.9268)
    assert parse("ok 1 2 -3 9.5,4 7", 12) == Answer(1.0, 2.0, -3.0, (4.0, 9.5), 7, memory=12)
    assert parse("ok 1 2 -3 - 7") == Answer(1.0, 2.0, -3.0, (), 7)
    assert parse("failed iteration limit").failure == "iteration limit"


@pytest.mark.parametrize(
    ("peer", "words"),
    [
        (Answer(value=-1000.001, df=(4.0, 9.5)), ""),
        (Answer(value=-1000.001), ""),
        (Answer(value=-1000.02, df=(4.0, 9.5)), "log-likelihood"),
        (Answer(value=float("nan")), "log-likelihood"),
        (Answer(value=-1000.0, df=(4.0, 9.6)), "degrees of freedom"),
        (Answer(value=-1000.0, df=(4.0,)), "1 degrees of freedom"),
    ],
)
def test_another_optimum_is_noticed(peer: Answer, words: str) -> None:
    found = disagreement(Answer(value=-1000.0, df=(4.0, 9.5)), peer)
    assert (found == "") if not words else (words in found)


class FakeSide:
    """Answers with the seconds given, the last of them for ever; an exception is raised."""

    def __init__(self, name: str, order: list[str], *seconds: float | Exception, ll: float = -10.0) -> None:
        self.name, self.order, self.seconds, self.ll = name, order, list(seconds), ll
        self.asked: list[tuple[str, str, int]] = []

    def load(self, case: str, data: str) -> None:
        pass

    def run(self, case: str, data: str, times: int = 1) -> Answer:
        self.order.append(self.name)
        self.asked.append((case, data, times))
        now = self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0]
        if isinstance(now, Exception):
            raise now
        return Answer(now, now, self.ll)

    def close(self) -> None:
        self.order.append("closed")


def test_rounds_take_turns_and_the_first_fit_does_not_count() -> None:
    order: list[str] = []
    sides = {TERRACE: FakeSide(TERRACE, order, 9.0, 1.0), "lme4": FakeSide("lme4", order, 9.0, 4.0)}
    case = Case("pig", "", "pig", "", ("lme4", "nlme"))
    found = measure(case, sides, Plan(runs=3, seconds=0.0), {})  # type: ignore[arg-type]
    assert found[TERRACE].times == [1.0] * 3 and found["lme4"].times == [4.0] * 3
    assert order == [TERRACE, "lme4", TERRACE, "lme4", "lme4", TERRACE, TERRACE, "lme4"]


def test_a_long_peer_has_fewer_runs_and_a_dead_one_is_named() -> None:
    order: list[str] = []
    sides = {
        TERRACE: FakeSide(TERRACE, order, 1.0),
        "long": FakeSide("long", order, 60.0),
        "dead": FakeSide("dead", order, 2.0, SideError("ended")),
        "other": FakeSide("other", order, 2.0, ll=-11.0),
        "gpboost": FakeSide("gpboost", order, 2.0, ll=-10.0002),
    }
    case = Case("pig", "", "pig", "", ("long", "dead", "other", "gpboost"))
    found = measure(case, sides, Plan(runs=3, seconds=0.0), {})  # type: ignore[arg-type]
    assert found["long"].times == [60.0]
    assert found["dead"].problem == "ended"
    assert "log-likelihood" in found["other"].problem and not found["other"].times
    assert found["gpboost"].times == [2.0] * 3  # 2·10⁻⁵ away, by its random numbers
    assert len(found[TERRACE].times) == 3


def test_of_a_peer_with_several_threads_and_with_one_the_better_counts() -> None:
    order: list[str] = []
    for own, one, counts in ((4.0, 2.0, 2.0), (2.0, 4.0, 2.0), (SideError("ended"), 4.0, 4.0)):
        sides = {TERRACE: FakeSide(TERRACE, order, 1.0)}
        sides |= {"mixedlm": FakeSide("", order, own), "mixedlm" + ONE: FakeSide("", order, one)}
        found = measure(Case("pig", "", "pig", "", ("mixedlm",)), sides, Plan(runs=2, seconds=0.0), {})  # type: ignore[arg-type]
        assert list(found) == [TERRACE, "mixedlm"] and found["mixedlm"].times == [counts] * 2


def test_where_terrace_takes_long_it_does_not_take_part_in_every_round() -> None:
    order: list[str] = []
    sides = {TERRACE: FakeSide(TERRACE, order, 60.0), "lme4": FakeSide("lme4", order, 2.0)}
    found = measure(Case("pig", "", "pig", "", ("lme4",)), sides, Plan(runs=3, seconds=0.0), {})  # type: ignore[arg-type]
    assert found[TERRACE].times == [60.0] and len(found["lme4"].times) == 3


def test_short_fits_are_repeated_in_a_round_as_clocks_of_cpu_time_are_coarse() -> None:
    side = FakeSide(TERRACE, [], 0.004)
    case = Case("pig", "", "pig", "")
    measure(case, {TERRACE: side}, Plan(runs=2, most=2, least=0.03, repeats=20), {})  # type: ignore[arg-type]
    assert [times for _, _, times in side.asked] == [1, 8, 8]


def test_beside_itself_stands_another_case_on_its_own_data() -> None:
    side = FakeSide(TERRACE, [], 1.0)
    case = Case("gaps", "", "some", "", (ITSELF,), beside="all")
    found = measure(case, {TERRACE: side}, Plan(runs=1, seconds=0.0), {"all": "whole"})  # type: ignore[arg-type]
    assert set(found) == {TERRACE, ITSELF} and not found[ITSELF].problem
    assert {(key, data) for key, data, _ in side.asked} == {("gaps", "some"), ("all", "whole")}


def test_the_first_fit_of_a_process_is_one_of_a_new_process_each_round() -> None:
    order: list[str] = []
    case = Case("first", "", "pig", "", (ITSELF,), timed="first")
    found = measure_first(case, lambda: FakeSide(TERRACE, order, 3.0, 1.0), Plan(runs=2))  # type: ignore[arg-type, return-value]
    assert found[TERRACE].times == [3.0, 3.0] and found[ITSELF].times == [1.0, 1.0]
    assert order == [TERRACE, TERRACE, "closed"] * 2


def test_simulated_data_have_the_groups_asked_for_and_are_handed_over_whole(tmp_path: Path) -> None:
    data = simulated(500, 20, effects=3, covariates=1)
    assert data.names == ("y", "g", "x", "x2")
    assert len(data) == 500 and data.frame["g"].nunique() == 20 and data.frame["g"].is_monotonic_increasing
    assert crossed(300, 10, 5).frame[["a", "b"]].nunique().tolist() == [10, 5]
    hand_over(data, SIMULATED, tmp_path)
    assert (tmp_path / "simulated.names").read_text(encoding="utf-8").splitlines()[:2] == ["y\tnumber", "g\tfactor"]
    assert (tmp_path / "simulated.doubles").stat().st_size == 500 * 4 * 8
    assert all(np.array_equal(data.numeric(name), values) for name, values in taken(SIMULATED, tmp_path).items())


def test_ratings_are_the_same_each_time_and_uneven_as_on_a_site() -> None:
    size = Size(20_000, 500, 300)
    frame = ratings(size, seed=3)
    assert set(frame.columns) == {"y", "x", "user", "item"} and len(frame) == 20_000
    assert frame.user.nunique() <= 500 and frame.item.nunique() == 300
    assert not frame.duplicated(["user", "item"]).any()  # nobody rates an item twice
    assert frame.equals(ratings(size, seed=3)) and not frame.equals(ratings(size, seed=4))
    by_item, by_user = (frame[name].value_counts().to_numpy() for name in ("item", "user"))
    assert by_item[:30].sum() > 0.3 * len(frame)  # a tenth of the items
    assert np.log(by_user).std() > 0.7


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.00321, "3.21 ms"), (0.0456, "45.6 ms"), (0.25, "250 ms"), (12.34, "12.3 s"), (123.4, "123 s")],
)
def test_durations_have_three_digits(seconds: float, words: str) -> None:
    assert page.duration(seconds) == words


def test_memory_in_words() -> None:
    assert [memory(size) for size in (None, 0, 3 * MIB, 1.5 * GIB)] == ["–", "< 1 MiB", "3 MiB", "1.50 GiB"]


def test_a_section_of_the_page_replaces_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGE", tmp_path / "RESULTS.md")
    page.write_section("startup", "one")
    page.write_section("compare", "two")
    page.write_section("startup", "three\n\nfour")
    text = page.PAGE.read_text(encoding="utf-8")
    assert "one" not in text and text.index("two") < text.index("three\n\nfour")
    page.write_section("startup", "five")
    assert page.PAGE.read_text(encoding="utf-8").count("<!-- end -->") == 2


CASE = Case(
    "pig", "pig", "pig", "", ("lme4", "nlme"), {"lme4": 5, "other": 60}, cpu=1.0, memory=GIB,
    published=(Published("other", 100.0, "somewhere", 2 * GIB),),
)  # fmt: skip
OURS = Kept(2.0, 4.0, 2 * GIB, 5, 7)


def _row(case: Case, ours: Kept, peer: Kept) -> list[str]:
    return rows(case, Result("now", ours, {"lme4": peer}), [])[0]


def test_what_is_wanted_and_missed_is_bold() -> None:
    row = _row(CASE, OURS, Kept(8.0, 8.0, 3 * MIB, 4))
    assert row[1:] == ["lme4", "8.00 s", "**2.00 s**", "**4.00**", "≥ 5.00, ≤ 1.00 s, ≤ 1.00 GiB", "2.00", "3 MiB",
                       "**2.00 GiB**", "4, 5", "7"]  # fmt: skip
    row = _row(CASE, replace(OURS, cpu=0.5, memory=MIB), Kept(8.0, 8.0, 3 * MIB, 4))
    assert not any("**" in cell for cell in row)


def test_a_published_number_says_so_and_a_failure_has_no_ratio() -> None:
    notes: list[str] = []
    found = rows(CASE, Result("now", OURS, {"nlme": Kept(problem="ended")}), notes)
    assert [row[1] for row in found] == ["nlme", "other, published"]
    assert found[0][4] == "–" and found[1][4] == "**50.0**"
    assert any("ended" in note for note in notes) and any("somewhere" in note for note in notes)
    failed = rows(CASE, Result("now", Kept(problem="stopped: no memory"), {"lme4": Kept(1.0, 1.0)}), notes)
    assert failed[0][3:5] == ["**fails**", "–"] and "no memory" in notes[-2] + notes[-3]


def test_more_than_the_second_fit_is_a_difference() -> None:
    case = Case("first", "first", "pig", "", (ITSELF,), timed="first", more=0.05)
    for cpu, bold in ((0.30, True), (0.05, False)):
        (row,) = rows(case, Result("now", Kept(cpu, cpu, 0, 1), {ITSELF: Kept(0.01, 0.01, 0, 1)}), [])
        assert row[3].startswith("**") == bold and row[5] == "≤ 50.0 ms more"


def test_what_is_kept_is_read_as_it_was_written(tmp_path: Path) -> None:
    store = Store({"pig": Result("now", OURS, {"lme4": Kept(8.0, 8.0, None, 4)})}, ["a machine"], {"lme4": "lme4 1.1"})
    store.write(tmp_path / "kept.json")
    assert Store.read(tmp_path / "kept.json") == store


def test_the_claim_counts_what_is_behind_and_what_failed() -> None:
    peers = {"lme4": Kept(8.0, 8.0, None, 4), "gpboost": Kept(1.0, 1.0, None, 4), "nlme": Kept(problem="ended")}
    said = " ".join(claim(Store({"pig": Result("now", OURS, peers)})).split())
    assert "ahead of lme4 and gpboost in 1 of 2 " in said and "behind gpboost in the others." in said
    said = " ".join(claim(Store({"pig": Result("now", Kept(problem="no memory"), peers)})).split())
    assert "in 0 of 2 " in said


def test_the_page_and_the_readme_say_what_was_measured() -> None:
    store = Store.read()
    text = page.PAGE.read_text(encoding="utf-8")
    assert f"<!-- compare -->\n{section(store)}\n<!-- end -->" in text, "tests/benchmarks/run.py --render writes it"
    said = in_readme(README.read_text(encoding="utf-8"))
    assert said == claim(store), "tests/benchmarks/claim.py --write puts it into the README"
