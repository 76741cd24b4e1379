"""Codebooks as people write them: every form says the same of the same data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.importing.codebook import read_codebook
from terrace.data.importing.made import read_as
from terrace.data.importing.reading import Reading
from terrace.data.write import write
from terrace.errors import DataError

ONE_ROW = {
    "semicolons": 'Variable,Label,Values,Measure,Missing\nsector,School type,"1=Public; 2=Catholic; -9=refused"'
    ",nominal,-9\nses,Status,,continuous,-99\n",
    "colons": 'name;label;value labels;level;missing values\nSECTOR;School type;"1: Public, '
    '2: Catholic, -9: refused";Categorical;"-9"\nses;Status;;scale;"-99"\n',
    "lines": 'Var\tDescription\tCodes\tScale\tMissing\nsector\tSchool type\t"1 Public\n2 Catholic\n-9 refused"\t'
    "nominal\t-9\nses\tStatus\t\tmetric\t-99\n",
    "in German": "Variablenname;Beschreibung;Werte;Skalenniveau;Fehlende Werte\nsector;School "
    'type;"1 = Public | 2 = Catholic | -9 = refused";nominal;-9\nses;Status;;metrisch;-99\n',
    "labels of missing codes": 'variable,label,values,measure,missing\nsector,School type,"1=Public; 2=Catholic"'
    ",nominal,-9=refused\nses,Status,,interval,-99\n",
}  # fmt: skip
ONE_VALUE = {
    "named in each row": "variable,label,value,value label,measure,missing\nsector,School type,1,Public,"
    "nominal,\nsector,School type,2,Catholic,nominal,\nsector,,-9,refused,,yes\nses,Status,,,continuous,-99\n",
    "named once": "Variable;Variable label;Code;Category;Measurement level;Missing\nsector;School type;1;Public;"
    "nominal;\n;;2;Catholic;;\n;;-9;refused;;x\nses;Status;;;continuous;-99\n",
}  # fmt: skip
DATA = "sector,ses,other\n1,0.5,3\n2,-99,4\n-9,0.7,5\n1,0.1,6\n2,0.2,7\n"


@pytest.mark.parametrize("form", [*ONE_ROW, *ONE_VALUE])
def test_every_form_says_the_same(tmp_path: Path, form: str) -> None:
    book = tmp_path / "book.csv"
    book.write_text((ONE_ROW | ONE_VALUE)[form])
    (tmp_path / "f.csv").write_text(DATA)
    made = read_as(tmp_path / "f.csv", Reading(codebook=str(book)))
    sector, ses = made.data.variable("sector"), made.data.variable("ses")
    assert sector.label == "School type" and sector.measure is Measure.NOMINAL
    assert dict(sector.value_labels) == {1: "Public", 2: "Catholic", -9: "refused"}
    assert sector.missing_codes == (-9,) and ses.missing_codes == (-99,)
    assert ses.label == "Status" and ses.measure is Measure.CONTINUOUS and not ses.value_labels
    assert made.data.frame["ses"].tolist() == [0.5, -99, 0.7, 0.1, 0.2]
    assert made.matched is not None and made.matched.labelled == ("sector",)
    assert made.matched.text == "2 variables are described by the codebook, 1 with value labels."


def test_what_the_codebook_and_the_data_do_not_share_is_told(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("variable,label\nses,Status\ngone,Not there\nAlso,Nor this\n")
    (tmp_path / "f.csv").write_text(DATA)
    made = read_as(tmp_path / "f.csv", Reading(codebook=str(tmp_path / "b.csv")))
    assert made.matched is not None and made.matched.unknown == ("gone", "Also")
    assert "Not in the data: gone, Also." in made.data.notes[-1]


def test_labels_of_text_and_of_the_user_come_before_those_of_the_codebook(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("variable,label,values,measure\nsex,Sex,m=male; f=female,nominal\n")
    (tmp_path / "f.csv").write_text("sex,y\nm,1\nf,2\n")
    reading = Reading(codebook=str(tmp_path / "b.csv")).with_label("sex", "Mine")
    reading = reading.with_measure("sex", Measure.IDENTIFIER)
    sex = read_as(tmp_path / "f.csv", reading).data.variable("sex")
    assert dict(sex.value_labels) == {"m": "male", "f": "female"}
    assert sex.label == "Mine" and sex.measure is Measure.IDENTIFIER


def test_measure_is_guessed_by_the_labels_of_the_codebook(tmp_path: Path) -> None:
    labels = "; ".join(f"{k}=C{k}" for k in range(30))
    (tmp_path / "b.csv").write_text(f"variable,values\nland,{labels}\nsum,-9=no\n")
    rows = [f"{k % 30},{k % 41}" for k in range(90)]
    (tmp_path / "f.csv").write_text("\n".join(["land,sum", *rows]) + "\n")
    data = read_as(tmp_path / "f.csv", Reading(codebook=str(tmp_path / "b.csv"))).data
    assert [v.measure for v in data.variables] == [Measure.NOMINAL, Measure.CONTINUOUS]


def test_the_sheet_of_variables_of_an_own_workbook_is_a_codebook(tmp_path: Path) -> None:
    labels = {1: "one", 2: "two"}
    variables = (Variable("x", "The x", Measure.ORDINAL, labels, (9,)), Variable("y", "The y"))
    data = Dataset(pd.DataFrame({"x": [1.0, 2, 9, 1], "y": np.arange(4.0)}), variables)
    write(data, tmp_path / "own.xlsx")
    (tmp_path / "f.csv").write_text("x,y\n1,5\n9,6\n2,7\n")
    made = read_as(tmp_path / "f.csv", Reading(codebook=str(tmp_path / "own.xlsx")))
    assert made.data.variable("x") == variables[0]
    assert made.data.variable("y").label == "The y"


def test_a_table_without_names_of_variables_is_no_codebook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.active.append([1, 2])
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(DataError) as caught:
        read_codebook(tmp_path / "t.xlsx")
    assert caught.value.code == "not-a-codebook"
