"""Every command ends soon after Cancel, or is refused by its size; nothing of it has happened then.

The commands here would run for hours or fill the memory: that the tests end is what they say. No time is measured.
"""

from __future__ import annotations

import itertools
import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest

from terrace.data import beside
from terrace.language.expressions import matrices
from terrace.progress import CancelCheck
from terrace.session import stopping
from terrace.session.session import Session

pytestmark = pytest.mark.timeout(60)
ROWS = ["set obs 200000", "generate x = _n", "generate y = 1"]


def soon() -> CancelCheck:
    """The wish to cancel, a moment after the first that asks for it."""
    asked = itertools.count()
    return lambda: next(asked) > 2


@pytest.mark.parametrize(
    "commands",
    [
        ["while 1 {\n}"],
        ["while 1 {\n local a = 1\n}"],
        ["forvalues i = 1/1e15 {\n}"],
        ["forvalues i = 1/1e15 {\n capture display nothing\n}"],
        ["capture {\n while 1 {\n  capture noisily display nothing\n }\n}"],
        ["program p\n while 1 {\n }\nend", "capture p"],
        ["sample hsb", "bootstrap r(mean), reps(1000000) processes(1): summarize ses"],
        ["sample hsb", "simulate, reps(1000000): summarize ses"],
        ["sample hsb", "mixed mathach ses || id:", "estat bootstrap, reps(1000000)"],
        ["sample hsb", "mixed mathach ses || id:", "jackknife _b[ses], processes(1): mixed mathach ses || id:"],
        [*ROWS, "by x: summarize y"],
        [*ROWS, "statsby m = r(mean), by(x): summarize y"],
        [*ROWS, "reshape wide y, i(x) j(x)"],
        [*ROWS, "kdensity x, n(10000000)"],
        [*ROWS, "_pctile x, nquantiles(200000)"],
        [*ROWS, 'generate t = word(strdup("a ", 1000000), x)'],
        [*ROWS, 'generate t = ustrregexra(strdup(string(x), 100), "[0-9]", "a")'],
        [*ROWS, "matrix A = J(5000, 5000, 1)*J(5000, 5000, 1)*J(5000, 5000, 1)*J(5000, 5000, 1)*J(5000, 5000, 1)"],
    ],
    ids=lambda commands: commands[-1].replace("\n", ";")[:50],
)
def test_what_would_run_for_long_is_cancelled(commands: list[str]) -> None:
    session = Session()
    for text in commands[:-1]:
        assert session.run(text).ok, text
    before = session.state
    outcome = session.run(commands[-1], cancel=soon())
    assert outcome.error is not None and outcome.error[0] == "cancelled"
    assert session.state is before
    assert session.run("display 1 + 1").text == "2"  # nothing comes after it


@pytest.mark.parametrize(
    ("commands", "code"),
    [
        (["display " + "abs(" * 6000 + "1" + ")" * 6000], "too-deep"),
        (["display " + "(" * 6000 + "1" + ")" * 6000], "too-deep"),
        (["display " + "!" * 6000 + "1"], "too-deep"),
        (["display " + "`" * 6000], "too-deep"),
        (["display " + "`a" * 6000 + "'" * 6000], "too-deep"),
        (["matrix A = " + "(" * 6000 + "1" + ")" * 6000], "too-deep"),
        (["quietly " * 6000 + "display 1"], "too-deep"),
        (["if 1 {\n" * 2000 + "display 1\n" + "}\n" * 2000], "too-deep"),
        (["if 1 {" * 2000 + "}" * 2000], "too-deep"),
        (["foreach i in 1 {\n" * 2000 + "}\n" * 2000], "too-deep"),
        (["else " * 3000 + "display 1"], "else"),
        (["program p\n p\nend", "p"], "too-deep"),
        (["matrix A = J(100, 100, 1)", "matrix B = A#A#A#A#A#A"], "too-large"),
        (["matrix A = J(5000, 1, 1)", "matrix B = (A\\A)*(A\\A)'"], "too-large"),
        (["matrix A = J(10000, 10000, 1)"], "conformability"),
        (['display strdup("x", 10000000000)'], "arguments"),
        (['display _dup(10000000000) "x"'], "too-long"),
        (["display _skip(10000000000)"], "too-long"),
        (["display %1000000000.0f 1"], "bad-format"),
        (["scalar s = \"x\"", *["scalar s = s + s"] * 23, "scalar s = s + s"], "too-long"),
        (["local a x", *["local a \"`a'`a'\""] * 23, "local a \"`a'`a'\""], "too-long"),
        (["global z", *[f"global m{k} \\$m{k - 1}\\$m{k - 1}" for k in range(1, 40)], "display $m39"], "too-long"),
        (["set obs 1000000000000"], "setting-value"),
        (["set obs 100", "expand 1000000000"], "too-many-rows"),
        (['numlist "1/1000000000000"'], "numlist"),
        (["sample hsb", "xtile q = ses, nquantiles(1000000000)"], "option-number"),
        (["sample hsb", "pctile q = ses, nquantiles(1000000000)"], "option-number"),
        (["sample hsb", "bootstrap r(mean), reps(1000000000000): summarize ses"], "option-number"),
        (["sample hsb", "simulate, reps(1000000000000): summarize ses"], "option-number"),
        (["sample hsb", "histogram ses, bin(1000000000)"], "too-many-bins"),
        (["sample hsb", "summarize " + "s*e" * 3000], "no-such-variable"),
        (["sample hsb", "kdensity ses, n(1000000000)"], "option-number"),
        (["sample hsb", "egen q = cut(ses), group(1000000000)"], "option-number"),
        (["sample hsb", "egen q = seq(), to(1e300)"], "option-number"),
        (["sample hsb", "bootstrap r(mean), reps(2) size(1000000000): summarize ses"], "option-number"),
        (["matrix A = J(2, 2, 1)", "matrix B = A[1..1000000000, 1]"], "matrix-index"),
        (["matrix A = J(2, 2, 1)", "matrix B = A[1..1e300, 1]"], "matrix-index"),
        (["set obs 2", "generate double t = 1", "replace t = 1e300 in 2", "tsset t", "tsfill"], "too-large"),
    ],
    ids=lambda what: what[-1].replace("\n", ";")[:40] if isinstance(what, list) else what,
)
def test_what_no_memory_holds_is_refused_in_words(commands: list[str], code: str) -> None:
    session = Session()
    for text in commands[:-1]:
        assert session.run(text).ok or code == "too-long", text
    outcome = session.run(commands[-1])
    assert outcome.error is not None and outcome.error[0] == code, outcome.error
    assert len(outcome.error[1]) <= 1000


def test_quantiles_go_up_to_one_for_each_row() -> None:
    session = Session()
    for text in ("set obs 9", "generate x = _n", "xtile q = x, nquantiles(9)"):
        assert session.run(text).ok
    assert session.data.numeric("q").tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    ("owner", "name", "commands"),
    [
        (np, "argsort", ["sort y"]),
        (np, "argsort", ["generate g = mod(x, 2)", "collapse (iqr) y, by(g)"]),
        (np, "argsort", ["gsort -y"]),
        (pd, "factorize", ["generate t = string(x)", "sort t"]),
        (pd, "factorize", ["generate t = string(x)", "levelsof t"]),
        (np.linalg, "inv", ["matrix A = I(3)", "matrix B = inv(A)"]),
        (np.linalg, "cholesky", ["matrix A = I(3)", "matrix B = cholesky(A)"]),
        (np.linalg, "det", ["matrix A = I(3)", "display det(A)"]),
        (np.linalg, "det", ["matrix A = I(3)", "matrix B = 2 * det(A) * A"]),
        (np.linalg, "eigh", ["matrix A = I(3)", "matrix symeigen X v = A"]),
    ],
)
def test_a_call_of_compiled_code_that_goes_on_is_left_alone(
    owner: Any, name: str, commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing interrupts such a call, as nothing interrupts waiting for a lock: only who waits for it can be."""
    session = Session()
    for text in ("set obs 5", "generate x = _n", "generate y = 0.5 - x", *commands[:-1]):
        assert session.run(text).ok, text
    before, release, left = session.state, threading.Event(), threading.Event()
    call, daemons = getattr(owner, name), []

    def goes_on(*values: Any, **options: Any) -> Any:
        daemons.append(threading.current_thread().daemon)
        release.wait()
        left.set()
        return call(*values, **options)

    monkeypatch.setattr(beside, "MANY", 0)
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, goes_on)
        outcome = session.run(commands[-1], cancel=soon())
    release.set()
    assert outcome.error is not None and outcome.error[0] == "cancelled" and session.state is before
    assert left.wait(50)
    assert daemons == [False]  # a process that ends before the library has ended hangs where that is unloaded
    again = session.run(commands[-1])
    assert again.ok, again.error


def test_what_fails_beside_fails_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "MANY", 0)
    session = Session()
    assert session.run("matrix A = J(3, 3, 1)").ok
    outcome = session.run("matrix B = inv(A)")
    assert outcome.error is not None and "singular" in outcome.error[1]


def test_products_in_parts_are_those_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrices, "_BLOCK", 1000)
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(50, 7)), rng.normal(size=(7, 20))
    np.testing.assert_allclose(matrices._product(a, b), a @ b, rtol=1e-12, atol=1e-12)


def test_an_interruption_that_comes_late_reaches_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that end while they are being interrupted, hundreds of times: each is done or cancelled, and no more."""
    monkeypatch.setattr(stopping, "_POLL", 0.0005)
    monkeypatch.setattr(stopping, "_PATIENCE", 0.0)
    session = Session()
    ended = set()
    for k in range(400):
        outcome = session.run(f"local a = {k}", cancel=lambda: True)
        ended.add("done" if outcome.error is None else outcome.error[0])
        if outcome.ok:
            assert session.state.locals["a"] == str(k)
    assert ended <= {"done", "cancelled"}
    assert session.cancel is None
    assert not stopping._watched


def test_only_the_thread_that_works_is_interrupted() -> None:
    heard: list[str] = []
    session = Session()

    work = threading.Thread(target=lambda: heard.append(str(session.run("while 1 {\n}", cancel=soon()).error)))
    work.start()
    assert Session().run("display 2 + 2").text == "4"
    work.join()
    assert "cancelled" in heard[0]
