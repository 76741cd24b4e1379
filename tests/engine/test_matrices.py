"""Matrix expressions against NumPy, and the commands about matrices."""

from __future__ import annotations

import numpy as np
import pytest
from data_support import dataset, ok, refused, session_on
from hypothesis import given
from hypothesis import strategies as st

from terrace.session.session import Session


@pytest.fixture
def session() -> Session:
    return session_on(dataset(x=[1.0, 2.0, 4.0], y=[0.5, np.nan, -1.0]))


def values(session: Session, expression: str) -> np.ndarray:
    ok(session, f"matrix _it = {expression}")
    return session.state.matrices["_it"].values


def typed(a: np.ndarray) -> str:
    return "(" + "\\".join(",".join(repr(float(v)) for v in row) for row in a) + ")"


numbers = st.integers(-50, 50).map(float)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r, k, c = (draw(st.integers(1, 4)) for _ in range(3))
    make = lambda i, j: np.array([[draw(numbers) for _ in range(j)] for _ in range(i)])  # noqa: E731
    return make(r, k), make(k, c), make(r, k)


@given(pairs())
def test_arithmetic_is_that_of_numpy(found: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    a, b, c = found
    s = session_on(None)
    for name, matrix in (("A", a), ("B", b), ("C", c)):
        ok(s, f"matrix {name} = {typed(matrix)}")
    single = a.shape == (1, 1) or b.shape == (1, 1)
    cases = {
        "A+C": a + c,
        "A - 2*C": a - 2 * c,
        "-A + C/4": -a + c / 4,
        "A'": a.T,
        "A*B": a * b if single else a @ b,
        "A*C'": a * c.T if a.size == 1 else a @ c.T,
        "A # B": np.kron(a, b),
        "A , C": np.hstack([a, c]),
        "A \\ C": np.vstack([a, c]),
        "(A\\C)'": np.vstack([a, c]).T,
        "hadamard(A, C)": a * c,
        "A[1...,1]": a[:, :1],
        "2*A[1,1..1]'": 2 * a[:1, :1],
        "J(2, 3, A[1,1])": np.full((2, 3), a[0, 0]),
        "vec(A)": a.T.reshape(-1, 1),
        "diag(A[1,1...])": np.diag(a[0]),
        "trace(A*A')": np.array([[np.trace(a @ a.T)]]),
        "det(I(2)*3)": np.array([[9.0]]),
    }
    for expression, expected in cases.items():
        np.testing.assert_allclose(values(s, expression), expected, err_msg=expression, atol=1e-9)


@given(st.integers(1, 5), st.integers(0, 10_000))
def test_inverses(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n + 3, n))
    a = x.T @ x + np.eye(n)
    s = session_on(None)
    ok(s, f"matrix A = {typed(a)}")
    a = s.state.matrices["A"].values
    np.testing.assert_allclose(values(s, "inv(A)"), np.linalg.inv(a), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(values(s, "invsym(A)"), np.linalg.inv(a), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(values(s, "cholesky(A)*cholesky(A)'"), a, rtol=1e-9, atol=1e-9)
    ok(s, "matrix symeigen X v = A")
    vectors, roots = s.state.matrices["X"].values, s.state.matrices["v"].values
    np.testing.assert_allclose(vectors @ np.diag(roots[0]) @ vectors.T, a, rtol=1e-8, atol=1e-9)
    assert np.all(np.diff(roots[0]) <= 1e-12)


def test_a_singular_symmetric_matrix_has_a_generalised_inverse(session: Session) -> None:
    a = np.array([[4.0, 2, 6], [2, 3, 5], [6, 5, 11]])  # the third is the sum of the others
    g = values(session, f"invsym({typed(a)})")
    np.testing.assert_allclose(a @ g @ a, a, atol=1e-9)
    assert np.all(g[2] == 0) and np.all(g[:, 2] == 0)


def test_names_travel(session: Session) -> None:
    ok(session, "matrix A = (1,2\\3,4)")
    ok(session, "matrix rownames A = a b")
    ok(session, "matrix colnames A = x y")
    assert ok(session, 'display A["b","x"] " " el(A,1,2) " " rowsof(A)').text == "3 2 2"
    ok(session, "matrix B = A'*A")
    b = session.state.matrices["B"]
    assert (b.rows, b.columns) == (("x", "y"), ("x", "y"))
    ok(session, 'matrix C = A["b",1...]')
    c = session.state.matrices["C"]
    assert (c.rows, c.columns, c.values.tolist()) == (("b",), ("x", "y"), [[3.0, 4.0]])
    ok(session, "matrix A[1,2] = 9 + 1")
    assert session.state.matrices["A"].values.tolist() == [[1, 10], [3, 4]]
    assert ok(session, "matrix list A, format(%5.1f)").tables[0].rows[0].values == (1.0, 10.0)
    assert ok(session, "matrix list A, format(%5.1f)").text.splitlines()[4].split() == ["a", "1.0", "10.0"]
    bare = ok(session, "matrix list A, nonames noheader").text.splitlines()
    assert bare[3].split() == ["1", "10"] and "A" not in "".join(bare)


def test_accum_mkmat_svmat(session: Session) -> None:
    ok(session, "matrix accum A = x y")
    x = np.array([[1, 0.5, 1], [4, -1, 1]])
    np.testing.assert_allclose(session.state.matrices["A"].values, x.T @ x)
    ok(session, "matrix accum S = x, deviations noconstant means(m)")
    assert session.state.matrices["S"].values.item() == pytest.approx(14 / 3)
    ok(session, "mkmat x y, matrix(Q)")
    np.testing.assert_array_equal(session.state.matrices["Q"].values, [[1, 0.5], [2, np.nan], [4, -1]])
    ok(session, "matrix P = (7\\8\\9\\10)")
    ok(session, "svmat P")
    assert len(session.data) == 4 and session.data.numeric("P1").tolist() == [7, 8, 9, 10]
    ok(session, "undo")
    assert "P1" not in session.data


def test_refused(session: Session) -> None:
    ok(session, "matrix A = (1,2\\3,4)")
    for command, code in {
        "matrix B = A + (1,2,3)": "conformability",
        "matrix B = A * (1,2,3)": "conformability",
        "matrix B = A / A": "conformability",
        "matrix B = inv((1,2\\2,4))": "conformability",
        "matrix B = cholesky((1,2\\2,1))": "conformability",
        "matrix B = (1,2\\3)": "conformability",
        "matrix B = nothing*2": "no-such-matrix",
        "matrix B = x": "no-such-matrix",
        'matrix B = A["q",1]': "matrix-index",
        "matrix B = A[1..3,1]": "matrix-index",
        "matrix B = I(1,2)": "arguments",
        "matrix B = A +": "syntax",
        "matrix B = A A": "syntax",
        "matrix A[3,1] = 2": "matrix-index",
        "matrix rownames A = a b c": "conformability",
        "matrix symeigen X v = A": "conformability",
        "matrix list q": "no-such-matrix",
        "svmat A, names(x)": "ok",
    }.items():
        if code == "ok":
            ok(session, command)
        else:
            assert refused(session, command) == code, command
