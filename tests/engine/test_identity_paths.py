"""No path from a file or a frame to a group code goes through a float: each identifier is a group with its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from identity_support import LONG, ZEROS, apart, outcome, padded, rows_of, spread, whole

import terrace
from terrace.data.dataset import Dataset
from terrace.data.formats import WRITTEN
from terrace.data.readers.frames import as_dataset
from terrace.data.streams.batches import StreamedData, TypeGivenUp
from terrace.data.write import write

INT64 = st.integers(-(2**63), 2**63 - 1)
UINT64 = st.integers(0, 2**64 - 1)


def objects(rows: Sequence[Any]) -> np.ndarray[Any, Any]:
    out = np.empty(len(rows), dtype=object)
    out[:] = rows
    return out


def with_outcome(column: Any) -> pd.DataFrame:
    return pd.DataFrame({"y": outcome(len(column)), "id": column})


# --- frames ----------------------------------------------------------------------------------------------------
Make = Callable[[Sequence[Any]], Any]
ANY: dict[str, Make] = {
    "objects": lambda rows: with_outcome(objects(rows)),
    "decimals": lambda rows: with_outcome(objects([None if r is None else Decimal(r) for r in rows])),
    "categories": lambda rows: with_outcome(pd.Categorical(objects(rows))),
    "text": lambda rows: with_outcome(objects([None if r is None else str(r) for r in rows])),
    "dict": lambda rows: {"y": outcome(len(rows)), "id": list(rows)},
    "records": lambda rows: [{"y": y, "id": r} for y, r in zip(outcome(len(rows)), rows, strict=True)],
    "records-without-the-key": lambda rows: [
        {"y": y} if r is None else {"y": y, "id": r} for y, r in zip(outcome(len(rows)), rows, strict=True)
    ],
    "dict-of-dicts": lambda rows: {
        "y": dict(enumerate(outcome(len(rows)))), "id": {k: r for k, r in enumerate(rows) if r is not None}
    },
}  # fmt: skip


@pytest.mark.parametrize("path", ANY)
@given(rows=rows_of(whole))
def test_whole_numbers_of_any_size(path: str, rows: list[Any]) -> None:
    apart(as_dataset(ANY[path](rows)), rows)


@pytest.mark.parametrize("dtype", ["Int64", "int64[pyarrow]", pd.ArrowDtype(pa.decimal128(38, 4))])
@given(rows=rows_of(INT64))
def test_types_with_a_missing_value_beside_whole_numbers(dtype: Any, rows: list[Any]) -> None:
    values = rows if isinstance(dtype, str) else [None if r is None else Decimal(r) for r in rows]
    apart(as_dataset(with_outcome(pd.array(values, dtype=dtype))), rows)
    apart(as_dataset(with_outcome(pd.Series(pd.array(values, dtype=dtype)).astype("category"))), rows)


@pytest.mark.parametrize("dtype", ["uint64", "UInt64", "uint64[pyarrow]"])
@given(rows=rows_of(UINT64, missing=False))
def test_unsigned_whole_numbers(dtype: str, rows: list[Any]) -> None:
    column = pd.Series(np.array(rows, dtype=np.uint64)).astype(dtype)  # type: ignore[call-overload]
    apart(as_dataset(with_outcome(column)), rows)


@given(rows=rows_of(INT64, missing=False))
def test_columns_that_are_matched_by_their_indexes(rows: list[Any]) -> None:
    """pandas makes floats of whole numbers where a row has none."""
    n = len(rows)
    ids = pd.Series(np.array(rows, dtype=np.int64), index=range(n))
    y = pd.Series(outcome(n + 1), index=range(n + 1))
    apart(as_dataset({"y": y, "id": ids}), [*rows, None])


@given(rows=rows_of(INT64))
def test_masked_and_structured_arrays(rows: list[Any]) -> None:
    gone = [r is None for r in rows]
    plain = np.array([0 if r is None else r for r in rows], dtype=np.int64)
    apart(as_dataset({"y": outcome(len(rows)), "id": np.ma.array(plain, mask=gone)}), rows)
    fields = np.zeros(len(rows), dtype=[("y", float), ("id", np.int64)])
    fields["id"] = plain
    apart(as_dataset(fields), plain.tolist())
    apart(as_dataset([*fields]), plain.tolist())


@given(rows=rows_of(padded))
def test_zeros_in_front_stay(rows: list[Any]) -> None:
    data = as_dataset(ANY["objects"](rows))
    apart(data, rows)
    assert data.is_text("id")


@pytest.mark.parametrize("dtype", [np.longdouble])
def test_long_doubles_hold_more_than_doubles(dtype: Any) -> None:
    if np.finfo(dtype).nmant < 60:
        pytest.skip("long doubles are doubles on this machine")
    apart(as_dataset(with_outcome(np.array(spread(LONG, missing=None), dtype=dtype))), spread(LONG, missing=None))


# --- files -----------------------------------------------------------------------------------------------------
def csv(folder: Path, rows: Sequence[Any], *, mark: str = "", delimiter: str = ",") -> Path:
    lines = [f"{y}{delimiter}{mark if r is None else r}" for y, r in zip(outcome(len(rows)), rows, strict=True)]
    path = folder / "rows.csv"
    path.write_text("\n".join([f"y{delimiter}id", *lines]) + "\n", encoding="utf-8")
    return path


def parquet(folder: Path, array: Any, *, statistics: bool = True) -> Path:
    path = folder / "rows.parquet"
    table = pa.table({"y": outcome(len(array)), "id": array})
    pq.write_table(table, path, row_group_size=5, write_statistics=statistics)
    return path


def excel(folder: Path, rows: Sequence[Any]) -> Path:
    """A workbook with text as text, and whole numbers with all digits, as other programs than openpyxl write them."""
    book = openpyxl.Workbook()
    book.active.append(["y", "id"])
    for y, r in zip(outcome(len(rows)), rows, strict=True):
        book.active.append([y, r])
        if isinstance(r, int):
            cell = book.active.cell(book.active.max_row, 2)
            cell._value = str(r)
    path = folder / "rows.xlsx"
    book.save(path)
    return path


def all_rows(data: Dataset) -> Dataset:
    """The rows of a file: of a streamed one in batches of seven."""
    if isinstance(data, StreamedData):
        return replace(data, batch_rows=7).load(data.names, "this test")
    return data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("identity")


@pytest.mark.parametrize("open_", [terrace.read, terrace.stream], ids=["read", "streamed"])
@given(
    rows=rows_of(st.one_of(whole, padded, st.sampled_from(["A 1", "b"]))),
    mark=st.sampled_from(["", ".", "NA", "  ", " NA"]),
    delimiter=st.sampled_from(",;\t"),
)
def test_text_files(folder: Path, open_: Any, rows: list[Any], mark: str, delimiter: str) -> None:
    rows = [None if r is None else str(r) for r in rows]
    apart(all_rows(open_(csv(folder, rows, mark=mark, delimiter=delimiter))), rows)


@pytest.mark.parametrize("statistics", [True, False])
@pytest.mark.parametrize("open_", [terrace.read, terrace.stream], ids=["read", "streamed"])
@given(rows=rows_of(INT64), data=st.data())
def test_parquet(folder: Path, open_: Any, statistics: bool, rows: list[Any], data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["int64", "decimal", "scaled", "dictionary"]))
    array = pa.array(rows, pa.int64())
    if kind == "decimal":
        array = array.cast(pa.decimal128(38, 0))
    elif kind == "scaled":
        array = pa.array([None if r is None else Decimal(r) for r in rows], pa.decimal128(38, 5))
    elif kind == "dictionary":
        array = array.dictionary_encode()
    apart(all_rows(open_(parquet(folder, array, statistics=statistics))), rows)


@pytest.mark.parametrize("open_", [terrace.read, terrace.stream], ids=["read", "streamed"])
@given(rows=rows_of(UINT64))
def test_parquet_of_unsigned_numbers(folder: Path, open_: Any, rows: list[Any]) -> None:
    apart(all_rows(open_(parquet(folder, pa.array(rows, pa.uint64())))), rows)


@given(rows=rows_of(st.one_of(whole, padded)))
def test_excel_cells_of_text_and_whole_numbers(folder: Path, rows: list[Any]) -> None:
    apart(terrace.read(excel(folder, rows)), rows) if all(isinstance(r, int | None) for r in rows) else None
    rows = [None if r is None else str(r) for r in rows]
    apart(terrace.read(excel(folder, rows)), rows)


@pytest.mark.parametrize("extension", WRITTEN)
@given(rows=rows_of(st.one_of(whole, padded)))
def test_saved_and_opened_again(folder: Path, extension: str, rows: list[Any]) -> None:
    rows = [None if r is None else str(r) for r in rows]
    path = write(as_dataset(ANY["objects"](rows)), folder / f"again{extension}", replace=True).path
    apart(terrace.read(path), rows)


@dataclass(frozen=True)
class Late:
    """A value that the first rows of a file do not lead one to expect."""

    id: str
    value: str
    before: str = "7"


LATE = [
    Late("long", str(2**53 + 1)), Late("longer", "9" * 30), Late("negative", f"-{2**63 + 5}"), Late("zeros", "007"),
    Late("signed", "-07"), Late("float", str(2**53 + 1), "7.5"), Late("float-zeros", "07", "7.5"), Late("hex", "0x7"),
]  # fmt: skip


@pytest.mark.parametrize("late", LATE, ids=lambda late: late.id)
def test_a_late_identifier_changes_the_type_of_a_streamed_column(tmp_path: Path, late: Late) -> None:
    rows = ([late.before, "7", "8"] * 4001)[:12_000] + [late.value] * 3 + [str(2**53)] * 3
    path = csv(tmp_path, rows)
    memory = terrace.read(path)
    apart(memory, rows)
    apart(terrace.stream(path).load(("y", "id"), "this test"), rows)
    streamed = terrace.fit("mixed y || id:", terrace.stream(path))
    assert streamed.groups[0].n_groups == len(set(rows))
    assert streamed.ll == pytest.approx(terrace.fit("mixed y || id:", memory).ll, rel=1e-9)


def test_a_late_long_number_in_parquet_without_statistics(tmp_path: Path) -> None:
    rows = [7, 8] * 6000 + [2**53 + 1, 2**53] * 3
    for array in (pa.array(rows), pa.array([Decimal(r) for r in rows], pa.decimal128(30, 2))):
        path = parquet(tmp_path, array, statistics=False)
        apart(all_rows(terrace.stream(path)), rows)
        assert terrace.fit("mixed y || id:", terrace.stream(path)).groups[0].n_groups == 4


# --- to the fit ------------------------------------------------------------------------------------------------
FILES: dict[str, Callable[[Path, list[Any]], Any]] = {
    "csv": lambda folder, rows: terrace.read(csv(folder, rows)),
    "streamed csv": lambda folder, rows: terrace.stream(csv(folder, rows)),
    "parquet": lambda folder, rows: terrace.read(parquet(folder, pa.array(rows))),
    "streamed parquet": lambda folder, rows: terrace.stream(parquet(folder, pa.array(rows))),
    "excel": lambda folder, rows: terrace.read(excel(folder, rows)),
}


@pytest.mark.parametrize("path", [*ANY, *FILES])
@pytest.mark.parametrize("ids", [LONG, ZEROS], ids=["long", "zeros"])
def test_the_fit_is_that_of_groups_numbered_one_two_three(tmp_path: Path, path: str, ids: list[Any]) -> None:
    rows = spread(ids)
    if path == "decimals" and ids is ZEROS:
        pytest.skip("a number has no zeros in front")
    made = FILES[path](tmp_path, rows) if path in FILES else ANY[path](rows)
    fit = terrace.fit("mixed y || id:", made)
    numbered = with_outcome([None if r is None else float(ids.index(r)) for r in rows])
    wanted = terrace.fit("mixed y || id:", numbered)
    assert (fit.groups[0].n_groups, fit.groups[0].min, fit.groups[0].max) == (6, 5, 6)
    assert fit.ll == pytest.approx(wanted.ll, rel=1e-10)
    assert [r.estimate for r in fit.random] == pytest.approx([r.estimate for r in wanted.random], rel=1e-6, abs=1e-9)


# --- what is said ----------------------------------------------------------------------------------------------
def test_the_notes_say_why_a_column_is_text(tmp_path: Path) -> None:
    assert "id: its numbers have more digits than a number can hold, so it is read as text." in terrace.read(
        csv(tmp_path, spread(LONG))
    ).notes
    zeros = "id: some of its numbers begin with zeros (01 is the first), so it is text: 01 is not 1."
    assert zeros in terrace.read(csv(tmp_path, spread(ZEROS))).notes
    assert zeros in terrace.stream(csv(tmp_path, spread(ZEROS))).notes
    assert zeros in as_dataset({"id": spread(ZEROS)}).notes
    assert zeros in terrace.read(excel(tmp_path, spread(ZEROS))).notes


OPEN = pytest.mark.parametrize("open_", [terrace.read, terrace.stream], ids=["read", "streamed"])


def spellings(data: Dataset) -> list[str]:
    told = ("one value", "same value", "only in blanks")
    return [n for n in data.notes if n.startswith("id: ") and any(words in n for words in told)]


@OPEN
@given(
    ids=st.lists(st.integers(-99, 999), min_size=2, max_size=12),
    pad=st.sampled_from(["{:>6}", "{:<6}", " {}", " {} ", "{}", '"{}"', '" {}"']),
    header=st.sampled_from(["id,y", "id, y", " id ,y"]),
)
def test_numbers_that_are_padded_alike_are_numbers_without_a_word(
    folder: Path, open_: Any, ids: list[int], pad: str, header: str
) -> None:
    path = folder / "padded.csv"
    path.write_text(header + "\n" + "".join(f"{pad.format(i)}, 1.5\n" for i in ids), encoding="utf-8")
    data = open_(path)
    assert not data.is_text("id") and not data.is_text("y")
    np.testing.assert_array_equal(all_rows(data).numeric("id"), ids)
    assert spellings(data) == []


@OPEN
@pytest.mark.parametrize(
    ("fields", "both", "where", "values"),
    [
        (["3", " 1", "2", "1"], "' 1' and '1'", "rows 3 and 5 of the file", [3, 1, 2, 1]),
        (["1 ", "2", "1"], "'1 ' and '1'", "rows 2 and 4 of the file", [1, 2, 1]),
        (['" 1"', "1"], "' 1' and '1'", "rows 2 and 3 of the file", [1, 1]),
        (["+1", "1", "2"], "'+1' and '1'", "rows 2 and 3 of the file", [1, 1, 2]),
        ([" 1", "NA", " NA", "1"], "' 1' and '1'", "rows 2 and 5 of the file", [1, np.nan, np.nan, 1]),
        ([" 07", "07", "8"], "' 07' and '07'", "rows 2 and 3 of the file", ["07", "07", "8"]),
    ],
)
def test_one_number_in_two_spellings_is_told_with_its_rows(
    tmp_path: Path, open_: Any, fields: list[str], both: str, where: str, values: list[Any]
) -> None:
    path = csv(tmp_path, fields)
    data = open_(path)
    (note,) = spellings(data)
    assert note.startswith("id: ") and both in note and where in note
    got = all_rows(data).frame["id"].tolist()
    assert got == values if isinstance(values[0], str) else np.array_equal(got, values, equal_nan=True)


@OPEN
def test_text_that_differs_in_blanks_stays_apart_and_is_told(tmp_path: Path, open_: Any) -> None:
    data = open_(csv(tmp_path, ["b", "a ", "b", "a", "+7", "7"]))
    assert len(set(all_rows(data).frame["id"])) == 5
    (note,) = spellings(data)
    assert "'a ' and 'a' (rows 2 and 4 of the data) differ only in blanks" in note


@pytest.mark.parametrize("late", [" 7", "7 ", "+7"])
def test_a_late_second_spelling_is_told_of_a_streamed_file(tmp_path: Path, late: str) -> None:
    path = csv(tmp_path, ["7", "8", "10"] * 4000 + [late, "9"])
    data = terrace.stream(path)
    assert spellings(data) == []
    with pytest.raises(TypeGivenUp) as caught:
        for _ in data.batches(["id"]):
            pass
    again = caught.value.data
    assert len(spellings(again)) == 1 and not again.is_text("id")
    np.testing.assert_array_equal(all_rows(again).numeric("id")[-2:], [7, 9])
    assert terrace.fit("mixed y || id:", data).groups[0].n_groups == 4


def test_cells_of_numbers_and_text_that_become_one_are_told(tmp_path: Path) -> None:
    rows: list[Any] = [1, "2", "1", " 1", "a"]
    data = terrace.read(excel(tmp_path, rows))
    assert data.frame["id"].tolist() == ["1", "2", "1", " 1", "a"]
    joined = [n for n in spellings(data) if "as a number" in n]
    assert len(joined) == 1 and "'1' in row 4 is text, and row 2 holds it as a number" in joined[0]
    assert any("'1' and ' 1' (rows 1 and 4 of the data) differ only in blanks" in n for n in spellings(data))
    assert spellings(terrace.read(excel(tmp_path, [1, 2, 10]))) == []


def test_numbers_that_lose_nothing_stay_numbers(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    text = "a,b,c,d,e\n0,0.5,1e20,9007199254740992,-0.25\n10,-0.5,3E+17,100,0\n.,0,0e0,-0,.\n"
    path.write_text(text, encoding="utf-8")
    for data in (terrace.read(path), all_rows(terrace.stream(path))):
        assert not any(map(data.is_text, data.names))
        np.testing.assert_array_equal(data.numeric("d"), [2.0**53, 100, 0])
        np.testing.assert_array_equal(data.numeric("c"), [1e20, 3e17, 0])


def test_numbers_that_were_merged_before_are_told(tmp_path: Path) -> None:
    """A float column, as pandas makes of long identifiers with one missing: what is lost is lost, and said."""
    ids = pd.Series([float(i) for i in spread(LONG, missing=None)])
    data = as_dataset(with_outcome(ids))
    assert any(n.startswith("id: its numbers lie beyond 9007199254740992") for n in data.notes)
    fit = terrace.fit("mixed y || id:", data)
    assert [w.subject for w in fit.warnings if w.code == "merged-groups"] == ["id"]
    assert fit.groups[0].n_groups == ids.nunique()
    short = terrace.fit("mixed y || id:", with_outcome(spread([1.0, 2.0, 3.0])))
    assert "merged-groups" not in [w.code for w in short.warnings]


@pytest.mark.parametrize("ids", [LONG, ZEROS], ids=["long", "zeros"])
def test_such_identifiers_are_no_covariate(ids: list[Any]) -> None:
    data = {"id": spread(ids), "g": spread(range(6), missing=None), "y": outcome(36)}
    with pytest.raises(terrace.TerraceError, match="id holds numbers stored as text") as caught:
        terrace.fit("mixed y id || g:", data)
    assert "destring id" in caught.value.advice
