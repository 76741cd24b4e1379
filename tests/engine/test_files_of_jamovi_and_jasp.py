"""Files of jamovi and JASP, written as those programs write them.

Their sources say how: `omv.py` of jamovi, `internalDbDefinition.sql` of JASP.
"""

from __future__ import annotations

import json
import sqlite3
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from terrace.data.dataset import Measure
from terrace.data.read import read
from terrace.errors import DataError

GONE = -(2**31)


def archive(path: Path, fields: list[dict[str, Any]], columns: list[list[Any]], levels: dict[str, Any], *, about: str,
            strings: bytes = b"") -> Path:  # fmt: skip
    """A zip of description, levels and values; columns of floats take 8 bytes a value, others 4."""
    content = b"".join(struct.pack("<d" if isinstance(v, float) else "<i", v) for column in columns for v in column)
    described = {"dataSet": {"rowCount": len(columns[0]), "columnCount": len(columns), "fields": fields}}
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("META-INF/MANIFEST.MF" if "JASP" in about else "meta", f"Manifest-Version: 1.0\n{about}\n")
        out.writestr("metadata.json", json.dumps(described))
        out.writestr("xdata.json", json.dumps({k: {"labels": v} for k, v in levels.items()}))
        out.writestr("data.bin", content)
        if strings:
            out.writestr("strings.bin", strings)
    return path


def jamovi(path: Path, version: int = 11) -> Path:
    def field(name: str, data: str, measure: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "columnType": "Data", "dataType": data, "measureType": measure} | more

    fields = [
        field("x", "Decimal", "Continuous", description="The x", missingValues=["== 99"]),
        field("sex", "Integer", "Nominal", missingValues=["<= -1"]),
        field("dose", "Text", "Ordinal"),
        field("who", "Text", "ID"),
        field("Filter 1", "Integer", "Nominal", columnType="Filter", active=True),
    ]
    columns = [[1.5, 99.0, float("nan")], [1, -3, GONE], [2, 0, GONE], [0, GONE, 5], [1, 0, 1]]
    levels = {"sex": [[-3, "-3", "-3", False], [1, "male", "1", False]],
              "dose": [[0, "low", "low", False], [1, "mid", "mid", False], [2, "high", "high", False]]}  # fmt: skip
    about = f"jamovi-Archive-Version: {version}.0"
    return archive(path, fields, columns, levels, about=about, strings="Anna\0Åse\0".encode())


def test_jamovi_types_labels_levels_and_missing_values(tmp_path: Path) -> None:
    data = read(jamovi(tmp_path / "d.omv"))
    assert data.names == ("x", "sex", "dose", "who", "Filter_1")
    np.testing.assert_array_equal(data.numeric("x"), [1.5, np.nan, np.nan])
    np.testing.assert_array_equal(data.numeric("sex"), [1, np.nan, np.nan])
    np.testing.assert_array_equal(data.numeric("dose"), [3, 1, np.nan])
    assert [None if pd.isna(v) else v for v in data.frame["who"]] == ["Anna", None, "Åse"]
    x, sex, dose, who = data.variables[:4]
    assert (x.label, x.missing_codes, sex.missing_codes) == ("The x", (99,), (-3,))
    assert dict(sex.value_labels) == {1: "male"} and dict(dose.value_labels) == {1: "low", 2: "mid", 3: "high"}
    expected = [Measure.CONTINUOUS, Measure.NOMINAL, Measure.ORDINAL, Measure.IDENTIFIER]
    assert [x.measure, sex.measure, dose.measure, who.measure] == expected
    assert any("is a filter of jamovi. All rows are read" in note for note in data.notes)


def test_a_newer_jamovi_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="newer version of jamovi"):
        read(jamovi(tmp_path / "d.omv", version=13))


def test_jasp_before_databases(tmp_path: Path) -> None:
    fields = [{"name": "x", "measureType": "Continuous", "type": "number"},
              {"name": "g", "measureType": "NominalText", "type": "integer"},
              {"name": "k", "measureType": "Ordinal", "type": "integer"}]  # fmt: skip
    levels = {"g": [[1, "b"], [2, "a"]], "k": [[5, "five"], [6, "6"]]}
    columns = [[1.5, float("nan")], [2, GONE], [5, 6]]
    data = read(archive(tmp_path / "d.jasp", fields, columns, levels, about="JASP-Archive-Version: 2.0"))
    np.testing.assert_array_equal(data.frame.to_numpy(dtype=float), [[1.5, 2, 5], [np.nan, np.nan, 6]])
    assert dict(data.variable("g").value_labels) == {1: "b", 2: "a"}
    assert dict(data.variable("k").value_labels) == {5: "five"} and data.variable("k").measure is Measure.ORDINAL


def jasp(path: Path) -> Path:
    """As JASP 0.19 does: a cell points at a label by its number, or is a number of its own."""
    base = path.with_suffix(".sqlite")
    with sqlite3.connect(base) as database:
        database.executescript(
            """
            CREATE TABLE DataSets (id INTEGER PRIMARY KEY, description TEXT);
            CREATE TABLE Columns (id INTEGER PRIMARY KEY, dataSet INT, name TEXT, title TEXT, description TEXT,
                                  columnType TEXT, colIdx INT);
            CREATE TABLE Labels (id INTEGER PRIMARY KEY, columnId INT, value INT, ordering INT, filterAllows INT,
                                 label TEXT, originalValueJson TEXT, description TEXT);
            CREATE TABLE DataSet_1 (rowNumber INTEGER PRIMARY KEY, Filter_1 INT, Column_4_DBL REAL, Column_4_INT INT,
                                    Column_5_DBL REAL, Column_5_INT INT, Column_7_DBL REAL, Column_7_INT INT);
            INSERT INTO DataSets VALUES (1, '');
            INSERT INTO Columns VALUES (5, 1, 'g', 'The group', '', 'nominal', 1), (4, 1, 'x', 'x', '', 'scale', 0),
                                       (7, 1, 'k', '', '', 'ordinal', 2);
            INSERT INTO Labels VALUES (1, 5, 0, 0, 1, 'low', '"low"', ''), (2, 5, 1, 1, 1, 'high', '"high"', ''),
                                      (3, 7, 0, 0, 1, 'never', '1', ''), (4, 7, 1, 1, 1, '2', '2', '');
            """
        )
        rows = [(2, 1, "NaN", GONE, "NaN", 1, 2.0, 1), (1, 1, 0.5, -1, "NaN", 0, 1.0, 0),
                (3, 0, 2.5, -1, "NaN", GONE, "NaN", GONE)]  # fmt: skip
        database.executemany("INSERT INTO DataSet_1 VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    database.close()
    with zipfile.ZipFile(path, "w") as out:
        out.write(base, "internal.sqlite")
    return path


def test_jasp_database(tmp_path: Path) -> None:
    data = read(jasp(tmp_path / "d.jasp"))
    assert data.names == ("x", "g", "k")
    expected = [[0.5, 1, 1], [np.nan, 2, 2], [2.5, np.nan, np.nan]]
    np.testing.assert_array_equal(data.frame.to_numpy(dtype=float), expected)
    assert dict(data.variable("g").value_labels) == {1: "low", 2: "high"}
    assert dict(data.variable("k").value_labels) == {1: "never"}
    assert [v.measure for v in data.variables] == [Measure.CONTINUOUS, Measure.NOMINAL, Measure.ORDINAL]
    assert data.variable("g").label == "The group"
    assert "A JASP filter leaves out 1 row. All rows are read." in data.notes


def test_the_ending_is_found_by_what_is_inside(tmp_path: Path) -> None:
    for path, ending in ((jamovi(tmp_path / "a.omv"), "omv"), (jasp(tmp_path / "b.jasp"), "jasp")):
        with pytest.raises(DataError) as caught:
            read(path.rename(path.with_suffix(".zip")))
        assert caught.value.code == "wrong-extension" and ending in caught.value.advice
