"""Text as it comes from people: encodings, titles, comments, footers, ragged rows, quotes, dates; whole and streamed.

What is right is known from how each text was made.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from terrace.data.dataset import Dataset
from terrace.data.progress import Report
from terrace.data.read import read, stream
from terrace.data.readers import encoding as encoding_module
from terrace.data.readers.detect import MISSING
from terrace.data.readers.encoding import DOUBT, find_encoding
from terrace.data.readers.survey import FileBytes, survey
from terrace.errors import Cancelled, DataError
from terrace.session.session import Session


def made(folder: Path, text: str | bytes, encoding: str = "utf-8", name: str = "t.csv") -> Path:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return file


def values(data: Dataset) -> dict[str, list]:
    return {n: [None if pd.isna(v) else v for v in data.frame[n].tolist()] for n in data.names}


def told(data: Dataset, *words: str) -> bool:
    return any(all(w in note for w in words) for note in data.notes)


# --- encodings ------------------------------------------------------------------------------------------------------
WORDS = {
    "cp932": "名前 山田 鈴木 学校 年齢 東京 大阪 佐藤 高橋",
    "gb18030": "姓名 王伟 李娜 学校 年龄 北京 上海 学生 老师",
    "big5": "姓名 王偉 李娜 學校 年齡 臺北 高雄 學生 老師",
    "cp949": "이름 김철수 학교 나이 서울 부산 남자 여자 학생",
    "cp1251": "имя Иван Ольга Мария возраст школа Москва город учитель",
    "koi8-r": "имя Иван Ольга Мария возраст школа Москва город учитель",
    "cp1250": "příliš žluťoučký kůň úpěl ďábelské škola věk město dítě",
    "cp1252": "Größe Straße Müller Köln Mädchen Übung schön für weiß",
    "cp1253": "όνομα ηλικία σχολείο Αθήνα Γιώργος Μαρία φύλο άνδρας πόλη",
    "cp1255": "שם גיל בית ספר עיר ילד ילדה כיתה מורה",
    "cp1256": "اسم العمر المدرسة مدينة القاهرة طالب محمد فاطمة معلم",
    "cp874": "ชื่อ อายุ โรงเรียน กรุงเทพ นักเรียน ชาย หญิง เมือง ครู",
}


@pytest.mark.parametrize("encoding", WORDS)
def test_an_encoding_is_guessed_with_a_confidence(tmp_path: Path, encoding: str) -> None:
    name, *words = WORDS[encoding].split()
    text = f"x,{name}\n" + "".join(f"{k},{w}\n" for k, w in enumerate(words * 2))
    data = read(made(tmp_path, text, encoding))
    assert data.frame.iloc[:, 1].tolist() == words * 2
    assert told(data, f"The encoding {encoding} is guessed", "confidence 0.")


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", [*WORDS, "utf-8", "utf-8-sig", "utf-16"])
def test_an_encoding_is_the_same_wherever_the_blocks_of_a_file_end(
    tmp_path: Path, encoding: str, ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, *words = WORDS.get(encoding, WORDS["cp1252"]).split()
    text = f"x,{name}{ends}" + "".join(f"{k},{w}{ends}" for k, w in enumerate(["plain", *words * 3]))
    path = made(tmp_path, text, encoding)
    whole = find_encoding(path.read_bytes(), path)
    monkeypatch.setattr(encoding_module, "_BLOCK", 13)
    with open(path, "rb", buffering=0) as file:
        assert find_encoding(FileBytes(file), path) == find_encoding(memoryview(path.read_bytes()), path) == whole


def test_doubt_names_the_option_and_the_second_guess(tmp_path: Path) -> None:
    data = read(made(tmp_path, "x,имя\n1,Иван\n", "cp1251"))
    note = next(n for n in data.notes if "guessed" in n)
    assert "may be wrong" in note and "try encoding(mac_cyrillic)" in note
    assert find_encoding("x,имя\n1,Иван\n".encode("cp1251"), tmp_path).confidence < DOUBT
    again = read(made(tmp_path, "x,имя\n1,Иван\n", "koi8-r"), encoding="koi8-r")
    assert again.names == ("x", "имя") and not told(again, "guessed")


def test_one_undefined_byte_changes_no_other(tmp_path: Path) -> None:
    rows = "name,x\nCos d’Estournel,1\nA – B,2\n".encode("cp1252")
    data = read(made(tmp_path, rows + b"\x81,3\n"))
    assert data.frame["name"].tolist() == ["Cos d’Estournel", "A – B", "\ufffd"]
    assert told(data, "Row 4", "byte", "cp1252")
    names = ["Zoë", "Jürgen", "Grün", "Fuß", "Bär", "Öl", "Ära", "Anaïs"]
    rows = ("name,x\n" + "".join(f"{n},1\n" for n in names)).encode()
    data = read(made(tmp_path, rows + b"M\xfcller,2\n"))
    assert data.frame["name"].tolist() == [*names, "M\ufffdller"]
    assert told(data, "Row 10", "utf-8")


def test_a_bad_byte_in_a_short_file_changes_no_other(tmp_path: Path) -> None:
    rows = "name,x\nJosé,1\nMüller,2\n".encode()
    for bad, left in ((b"br\xffk", "br\ufffdk"), (b"Gr\xfcn", "Gr\ufffdn")):  # gb18030 has a letter for the second
        data = read(made(tmp_path, rows + bad + b",5\n"))
        assert data.frame["name"].tolist() == ["José", "Müller", left]
        assert told(data, "Row 4", "utf-8") and told(data, "encoding(")
    # iso8859 fits every byte, and makes control characters of what is no letter: it is not taken for that
    data = read(made(tmp_path, "name;x\nMüller;1\n".encode("cp1252") + b"\x90\x81;2\n\x80 5;3\n"))
    assert data.frame["name"].tolist() == ["Müller", "\ufffd\ufffd", "€ 5"]


@pytest.mark.parametrize("encoding", ["gb18030", "cp932", "big5", "cp949", "euc_jp", "cp1252", "cp1251", "koi8-r"])
def test_no_text_of_another_encoding_is_taken_for_broken_utf8(tmp_path: Path, encoding: str) -> None:
    words = "".join(WORDS["cp932" if encoding == "euc_jp" else encoding].split())
    generator = random.Random(5)
    for _ in range(300):
        letters = "".join(generator.choices(words, k=generator.randint(1, 12)))
        try:
            letters.encode(encoding).decode()
        except UnicodeDecodeError:
            assert find_encoding(f"x,{letters}\n".encode(encoding), tmp_path).name != "utf-8", letters


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_encodings_without_a_mark(tmp_path: Path, encoding: str) -> None:
    assert values(read(made(tmp_path, "név,x\nZoë,1\nÅsa,2\n", encoding))) == {"név": ["Zoë", "Åsa"], "x": [1, 2]}


# --- what stands around the data ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("Survey 2019,,\n,,\nid,x,y\n1,2,3\n2,3,4\n", "Row 1 above the names"),
        ("A title, with a comma\n\nid;x;y\n1;2;3\n2;3;4\n", "Row 1 above the names"),
        ("Survey, wave 1, Rome\nMade in May, by us, all\n\nid,x,y\n1,2,3\n2,3,4\n", "Rows 1 and 2 above the names"),
        ("Umfrage; Welle 1; Rom\n\nid;x;y\n1;2;3\n2;3;4\n", "Row 1 above the names"),
        ("id,x,y\n1,2,3\n2,3,4\n\nNote: weighted, as agreed\nWith thanks, and, so\n", "Rows 5 and 6 below the data"),
        ("id,x,y\n1,2,3\n2,3,4\n\nSource: the register, 2019, 2020\n", "Row 5 below the data"),
        ("# by X, v2\n# again\nid,x,y\n1,2,3\n2,3,4\n", "Rows 1 and 2 left out, which begin with #"),
        ("id,x,y\n1,2,3\n# a remark\n2,3,4\n", "Row 3 left out"),
        ("id,x,y\n1,2,3\n2,3,4\n\nSource: the register, 2019\n", "Row 5 below the data"),
        ("id,x,y\n1,2,3\n2,3,4\nNote: made up,,\n", "Row 4 below the data"),
        ("id,x,y\n,kg,cm\n1,2,3\n2,3,4\n", "Row 2 below the names read as labels"),
        ("id,x,y\n1,2,3\n2,3,\x004\n", "Row 3 with zero bytes"),
        ("id,x,y\n1,2,3\n\ufeff2,3,4\n", "Row 3 with byte order marks"),
        ("id,x,y\n1,2,3\n2,3,4", "The last line has no line end"),
        ("id x  y\n 1 2  3\n 2 3  4\n", ""),
        ("id,x,y\r1,2,3\r2,3,4\r", ""),
        ("id,x,y\r\n1,2,3\n2,3,4\r", ""),
        ("id,x,y\n1,2,3,,\n2,3,4,,\n", ""),
    ],
)
def test_the_same_table_with_all_that_people_add(tmp_path: Path, text: str, note: str) -> None:
    data = read(made(tmp_path, text if "\0" not in text else text + "2,3,4\n" * 60))
    found = values(data)
    assert {n: v[:2] for n, v in found.items()} == {"id": [1, 2], "x": [2, 3], "y": [3, 4]}
    assert not note or told(data, note)


def test_footers_and_titles_of_a_large_file(tmp_path: Path) -> None:
    body = "".join(f"{k},{k + 1},{k % 7}\n" for k in range(30_000))
    data = read(made(tmp_path, f"A title\n\nid,x,y\n{body}\nSource: us\n"))
    assert len(data) == 30_000
    np.testing.assert_array_equal(data.numeric("x"), np.arange(30_000) + 1)
    assert told(data, "Row 30005", "below the data")
    data = read(made(tmp_path, f"id,x,y\n{body}Note: ours,,\n"))
    assert len(data) == 30_000 and not data.is_text("id")


def test_what_begins_with_the_sign_of_a_comment_and_is_none(tmp_path: Path) -> None:
    assert read(made(tmp_path, "#id,x\n1,2\n2,3\n")).names == ("id", "x")
    assert values(read(made(tmp_path, "a,x\n#N/A,2\n3,3\n5,4\n")))["a"] == [None, 3, 5]
    assert values(read(made(tmp_path, "tag,x\nq,1\n#a,2\nr,3\nz,1\n")))["tag"] == ["q", "#a", "r", "z"]


def test_columns_of_fixed_width(tmp_path: Path) -> None:
    text = "name      age  height\nAnn Lee    23   180.5\nBo         31\nCy Young   44   170.1\nDi         50   160.0\n"
    assert values(read(made(tmp_path, text, name="t.txt"))) == {
        "name": ["Ann Lee", "Bo", "Cy Young", "Di"], "age": [23, 31, 44, 50], "height": [180.5, None, 170.1, 160.0],
    }  # fmt: skip


def test_row_names_of_r(tmp_path: Path) -> None:
    data = read(made(tmp_path, '"a" "b"\n"1" 1.5 2\n"2" 3 4\n', name="t.txt"))
    assert values(data) == {"row": [1, 2], "a": [1.5, 3.0], "b": [2, 4]}


# --- ragged rows and quotes -----------------------------------------------------------------------------------------
def test_short_rows_are_named(tmp_path: Path) -> None:
    data = read(made(tmp_path, "a,b,c\n1,2,3\n4,5\n6,7,8\n9\n1,2,3\n"))
    assert values(data) == {"a": [1, 4, 6, 9, 1], "b": [2, 5, 7, None, 2], "c": [3, None, 8, None, 3]}
    assert told(data, "Rows 3 and 5 with fewer than 3 fields")


def test_quotation_marks(tmp_path: Path) -> None:
    data = read(made(tmp_path, 'id,t,x\n1,"abc,2\n2,b,3\n3,"def",4\n4,e,5\n'))
    assert values(data) == {"id": [1, 2, 3, 4], "t": ['"abc', "b", "def", "e"], "x": [2, 3, 4, 5]}
    assert told(data, "Row 2", "quotation mark")
    data = read(made(tmp_path, 'id,t,x\n1,"abc,2\n2,b",3\n3,def,4\n'))
    assert told(data, "begins in row 2 runs to row 3")
    data = read(made(tmp_path, 'id, t, x\n1, "say ""hi"", ok", 2\n2, "a\nb", 3\n'))
    assert values(data)["t"] == ['say "hi", ok', "a\nb"]
    assert not told(data, "quot")
    data = read(made(tmp_path, 'id,t,x\n1,"say \\"hi\\", ok",2\n2,"b",3\n'))
    assert values(data)["t"] == ['say "hi", ok', "b"]
    data = read(made(tmp_path, 'id,t,x\n1,"a,2\n2,"b,3\n3,"c,4\n'))
    assert values(data)["t"] == ['"a', '"b', '"c'] and told(data, "Rows 2, 3 and 4", "quotation mark")
    with pytest.raises(DataError, match="opened in row 3"):
        read(made(tmp_path, 'a,b\n1,2\n3,"open\n5,6\n'))


@pytest.mark.parametrize("block", [16, 64, 1 << 18])
def test_counts_agree_with_a_count_by_hand(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr("terrace.data.readers.survey.BLOCK", block)
    rng = np.random.default_rng(5)
    for _ in range(60):
        n = int(rng.integers(1, 30))
        fields = ["a", '"b, c"', '"d\ne"', '"f""g"', "", "1.5", "-0.5"]
        rows = [[str(rng.integers(0, 300)), str(rng.choice(fields))] for _ in range(n)]
        blanks = rng.integers(0, 2, n)
        text = "".join(",".join(r) + "\n" + "\n" * int(b) for r, b in zip(rows, blanks, strict=True))
        found = survey(text.encode(), 0, ",", Report(""))
        assert (found.rows, found.delimiters) == (n, n)
        assert found.breaks == sum(r[1].count("\n") for r in rows)
        assert found.quotes_fit and found.ends and not found.zeros
    for text in ("a,007\n", "a,-01\n", "00,1\n"):
        assert survey(text.encode(), 0, ",", Report("")).zeros
    for text in ("a,1.007\n", "1e-05,0.5\n"):
        assert not survey(text.encode(), 0, ",", Report("")).zeros


@pytest.mark.parametrize("block", [8, 16, 64, 1 << 18])
def test_blank_and_padded_fields_are_told_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr("terrace.data.readers.survey.BLOCK", block)
    rng = np.random.default_rng(6)
    fields = ["", "1", "two words", "a b c d", "0.5", ""]
    for k in range(200):
        n, m = int(rng.integers(1, 9)), int(rng.integers(2, 5))
        rows = [[str(rng.choice(fields)) for _ in range(m)] for _ in range(n)]
        wanted = sum(not f for row in rows for f in row)
        text = "\n".join(map(",".join, rows)) + "\n" * (k % 2)
        found = survey(text.encode(), 0, ",", Report(""))
        assert (found.blanks, found.padded, found.rows, found.delimiters) == (wanted, False, n, n * (m - 1)), text
        at = rng.integers(0, n), rng.integers(0, m)
        rows[at[0]][at[1]] = str(rng.choice([" 1", "1 ", "+1"]))
        text = "\n".join(map(",".join, rows)) + "\n" * (k % 2)
        assert survey(text.encode(), 0, ",", Report("")).padded, text
    for text in ('1,"a"\n,\n', "1,\r\n,2\r\n", "1,\n\n,2\n"):
        assert survey(text.encode(), 0, ",", Report("")).blanks is None


# --- values ---------------------------------------------------------------------------------------------------------
def test_signs_of_missing_are_counted(tmp_path: Path) -> None:
    data = read(made(tmp_path, "a,b,c\n1,2,x\n NA ,3,NA\n3, ,N/A\n4,-,-\n"))
    assert values(data) == {"a": [1, None, 3, 4], "b": [2, 3, None, None], "c": ["x", None, None, "-"]}
    assert told(data, "Read as missing: NA (2), N/A (1).")
    assert told(data, "b: '-' read as missing (one value, the first in row 5).")


@pytest.mark.parametrize(
    ("written", "wanted", "words"),
    [
        (["2019-12-01T10:00:00Z", "2020-01-01T10:00Z"],
         [dt.datetime(2019, 12, 1, 10), dt.datetime(2020, 1, 1, 10)], "UTC"),
        (["2019-12-01 10:00+02:00", "2020-01-01 10:00-0130"],
         [dt.datetime(2019, 12, 1, 8), dt.datetime(2020, 1, 1, 11, 30)], "UTC"),
        (["2019/12/01", "2020/01/01"], [dt.date(2019, 12, 1), dt.date(2020, 1, 1)], "days"),
        (["1/2/2020", "13/2/2020"], [dt.date(2020, 2, 1), dt.date(2020, 2, 13)], "'13/2/2020' in row 3"),
        (["1/2/2020", "2/13/2020"], [dt.date(2020, 1, 2), dt.date(2020, 2, 13)], "'2/13/2020' in row 3"),
        (["01.02.2020", "03.02.2020"], [dt.date(2020, 2, 1), dt.date(2020, 2, 3)], "dots"),
        (["1Jan2020", "02feb2021"], [dt.date(2020, 1, 1), dt.date(2021, 2, 2)], "days"),
        (["12/31/2020 1:05 PM", "1/1/2021 12:00 AM"], [dt.datetime(2020, 12, 31, 13, 5), dt.datetime(2021, 1, 1)],
         "row 2"),
    ],
)  # fmt: skip
def test_dates(tmp_path: Path, written: list[str], wanted: list, words: str) -> None:
    data = read(made(tmp_path, "id;d\n" + "".join(f"{k};{w}\n" for k, w in enumerate(written)) + "9;\n"))
    epoch, unit = dt.datetime(1960, 1, 1), dt.timedelta(days=1)
    if isinstance(wanted[0], dt.datetime):
        unit = dt.timedelta(milliseconds=1)
    moments = [dt.datetime(w.year, w.month, w.day) if not isinstance(w, dt.datetime) else w for w in wanted]
    np.testing.assert_array_equal(data.numeric("d"), [*((m - epoch) / unit for m in moments), np.nan])
    assert data.variable("d").format == ("%tc" if unit.days == 0 else "%td")
    assert told(data, "d: ", words)


@pytest.mark.parametrize("written", [["1/2/2020", "3/4/2021"], ["13/2/2020", "2/13/2020"], ["10:30", "31:45"]])
def test_what_may_mean_two_things_stays_text(tmp_path: Path, written: list[str]) -> None:
    data = read(made(tmp_path, "id,d\n" + "".join(f"{k},{w}\n" for k, w in enumerate(written))))
    assert data.frame["d"].tolist() == written
    assert told(data, "d: ", "text")


def test_durations_are_seconds(tmp_path: Path) -> None:
    data = read(made(tmp_path, "a,b\n1:30:00,PT1H30M\n26:00:01.5,P1D\n,\n"))
    np.testing.assert_array_equal(data.numeric("a"), [5400, 93601.5, np.nan])
    np.testing.assert_array_equal(data.numeric("b"), [5400, 86400, np.nan])


@pytest.mark.parametrize(
    ("written", "seconds", "words"),
    [
        (["7:30", "08:15", "23:59", "0:05"], [27000, 29700, 86340, 300], "such as 7:30, are read as hours and minutes"),
        (["7:30 am", "12:05 AM", "12:00 p.m."], [27000, 300, 43200], "in seconds since midnight"),
        (["7:30:05 PM", "7:30 PM"], [70205, 70200], "in seconds since midnight"),
        (["7:30:05", "8:15"], [27005, 29700], "such as 8:15, are read as hours and minutes"),
        (["8:15", "7:30:05.5"], [29700, 27005.5], "such as 8:15, are read as hours and minutes"),
    ],
)
def test_times_of_day_are_seconds_since_midnight(
    tmp_path: Path, written: list[str], seconds: list[float], words: str
) -> None:
    path = made(tmp_path, "id;t\n" + "".join(f"{k};{w}\n" for k, w in enumerate(written)) + "9;\n")
    for data in (read(path), stream(path)):
        assert told(data, "t: ", words)
    np.testing.assert_array_equal(read(path).numeric("t"), [*seconds, np.nan])


@pytest.mark.parametrize("written", [["7:30", "noon"], ["7:30", "13:05 pm"], ["7:30", "24:10"], ["7:30", "8:60"]])
def test_what_is_no_time_of_day_keeps_all_of_them_text(tmp_path: Path, written: list[str]) -> None:
    data = read(made(tmp_path, "id,t\n" + "".join(f"{k},{w}\n" for k, w in enumerate(written))))
    assert data.frame["t"].tolist() == written


@pytest.mark.parametrize(
    ("delimiter", "fields"),
    [(";", ["1,234", "2,345", " NA", "1,012,345"]), (",", ['"1,234"', '"2,345"', '" NA "', '"1,012,345"']),
     (";", [" 1,234", "2,345", ".  ", "1,012,345 "])],
)  # fmt: skip
def test_thousands_beside_signs_of_missing_with_blanks(tmp_path: Path, delimiter: str, fields: list[str]) -> None:
    data = read(made(tmp_path, f"id{delimiter}x\n" + "".join(f"{k}{delimiter}{f}\n" for k, f in enumerate(fields))))
    np.testing.assert_array_equal(data.numeric("x"), [1234, 2345, np.nan, 1012345])


@pytest.mark.parametrize(
    ("lines", "names", "left_out"),
    [
        ("# measured, 2020\n", "v1 v2", "Row 1 left out"), ("#1,2.5\n", "v1 v2", "Row 1 left out"),
        ("# id, x\n", "id x", ""), ("# id, x\n#1,2.5\n", "id x", "Row 2 left out"),
        ("# a, remark\nid,x\n", "id x", "Row 1 left out"),
    ],
)  # fmt: skip
def test_lines_with_a_number_sign_as_wide_as_the_table(
    tmp_path: Path, lines: str, names: str, left_out: str
) -> None:
    """Above numbers such a line holds their names, where names can look like that."""
    data = read(made(tmp_path, lines + "".join(f"{k},{1.5 * k}\n" for k in range(1, 9))))
    assert data.names == tuple(names.split())
    assert data.numeric(data.names[0]).tolist() == [*range(1, 9)]
    assert told(data, left_out, "begins with #") if left_out else not told(data, "left out")


# --- import delimited -----------------------------------------------------------------------------------------------
TABLE = "Title;;\n;;\nid;x;y\n1;1.234,5;007\n2;2,5;008\n% gone\n3;3,5;009\n4;4,5;010\n"


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ("", {"id": [1, 2, 3, 4], "x": [1234.5, 2.5, 3.5, 4.5]}),
        ("varnames(3) rowrange(5:7)", {"id": [2, 3], "x": [2.5, 3.5]}),
        ("rowrange(7:)", {"id": [3, 4], "x": [3.5, 4.5]}),
        ("rowrange(:4)", {"id": [1], "x": [1234.5]}),
        ("colrange(2:2)", {"x": [1234.5, 2.5, 3.5, 4.5]}),
        ("skip(3) varnames(nonames) colrange(:2)", {"v1": [1, 2, 3, 4], "v2": [1234.5, 2.5, 3.5, 4.5]}),
        ("varnames(4) rowrange(5)", {"_1": [2, 3, 4], "_1_234_5": [2.5, 3.5, 4.5]}),
        ("stringcols(1) colrange(1:2)", {"id": ["1", "2", "3", "4"], "x": [1234.5, 2.5, 3.5, 4.5]}),
        ("stringcols(_all)", {"id": ["1", "2", "3", "4"], "x": ["1.234,5", "2,5", "3,5", "4,5"]}),
        ('decimal(".") thousands(",")', {"id": [1, 2, 3, 4], "x": ["1.234,5", "2,5", "3,5", "4,5"]}),
    ],
)
def test_import_delimited_honours_its_options(tmp_path: Path, options: str, wanted: dict[str, list]) -> None:
    session = Session()
    done = session.run(f'import delimited "{made(tmp_path, TABLE)}", comment("%") {options}')
    assert not done.error, done.error
    found = values(session.data)
    if options.startswith("decimal"):  # the comma is between thousands then
        assert found["id"] == wanted["id"]
        return
    assert {n: v for n, v in found.items() if n in wanted} == wanted


@pytest.mark.parametrize(
    "option", ["varnames(99)", "varnames(x)", "rowrange(5:4)", "rowrange(0:3)", "colrange(7:9)", "thousands(..)",
               'decimal(",") thousands(",")', "skip(-1)", "stringcols(0)",
               "stringcols(1 5)", "encoding(rot13)", "encoding(utf-16)", "encoding(utf-32)", "encoding(nonsense)"],
)  # fmt: skip
def test_import_delimited_refuses_what_makes_no_sense(tmp_path: Path, option: str) -> None:
    error = Session().run(f'import delimited "{made(tmp_path, TABLE)}", {option}').error
    assert error and error[0] not in ("internal", "unreadable-file", "no-rows"), error


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_a_wide_encoding_is_named_without_the_order_of_its_bytes(tmp_path: Path, encoding: str) -> None:
    for mark in ("", "\ufeff"):
        (tmp_path / "d.csv").write_bytes(f"{mark}id,x\n1,2.5\n2,3.5\n".encode(encoding))
        data = read(tmp_path / "d.csv", encoding=encoding[:6])
        assert values(data) == {"id": [1, 2], "x": [2.5, 3.5]}


@pytest.mark.parametrize("words", [("",), ("", "NA"), ("NA", "."), ("", " ")])
def test_words_of_missing_are_counted_beside_empty_fields(tmp_path: Path, words: tuple[str, ...]) -> None:
    rng = np.random.default_rng(7)
    rows = [[str(rng.choice([*words, "1.5", "2.25"])) for _ in range(3)] for _ in range(400)]
    data = read(made(tmp_path, "a,b,c\n" + "".join(",".join(row) + "\n" for row in rows)))
    counts = Counter(f for row in rows for f in row if f.strip() in MISSING and f.strip())
    said = [note for note in data.notes if "Read as missing" in note]
    wanted = ", ".join(f"{word} ({n})" for word, n in counts.most_common())
    assert said == ([f"Read as missing: {wanted}."] if counts else [])
    assert int(data.frame.isna().to_numpy().sum()) == sum(f.strip() in MISSING for row in rows for f in row)


# --- many columns, and the same file in parts -----------------------------------------------------------------------
def test_thousands_of_columns_are_as_each_by_itself(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    n, m = 25, 300
    block = [
        [rng.integers(0, 2), rng.integers(0, 9), np.round(rng.normal(), 3), k + 1, rng.integers(0, 10**6)][j % 5]
        for k in range(n) for j in range(m)
    ]  # fmt: skip
    table = np.array(block, dtype=object).reshape(n, m)
    names = [f"v{j}" if j % 7 else f"c_{j}_id" for j in range(m)]
    text = ",".join(names) + "\n" + "".join(",".join(map(str, row)) + "\n" for row in table)
    whole = read(made(tmp_path, text))
    np.testing.assert_array_equal(whole.frame.to_numpy(dtype=float), table.astype(float))
    for first in range(0, m, 60):
        part = names[first : first + 60]
        text = ",".join(part) + "\n" + "".join(",".join(map(str, row[first : first + 60])) + "\n" for row in table)
        data = read(made(tmp_path, text))
        assert data.variables == whole.variables[first : first + 60]
        assert data.frame.dtypes.tolist() == whole.frame[part].dtypes.tolist()


def test_short_columns_of_many_kinds_are_as_long_ones(tmp_path: Path) -> None:
    """Columns of a few rows take a quicker way where all are words; repeated, so that they are long, they must not."""
    pools = [
        ["ab", "b1", "Zoë"], ["1.5", "2", "NA"], ["007", "10", "2"], ["may", "june", "x"], ["1 May 2019", "2 Jun 2019"],
        ["May 1, 2019", "Jun 2, 2019"], ["x", "x ", "y"], ["NA", "nan", "missing"], ["1", "missing", "3"],
        ["P1D", "PT2H"], ["inf", "1", "2"], ["infinity", "x"], ["true", "false"], ["12345678901234567890", "1"],
        ["", "a", "b"], ["5%", "6%"], ["n.a.", "2", "3"], ["None", "1"], ["é", "-"], ["2019-01-02", "2019-01-03"],
        ["10:00", "11:30"], [".a", "2"],
    ]  # fmt: skip
    m = 250
    names = [f"c{j}" for j in range(m)]
    rows = [[pools[j % len(pools)][(k + j) % len(pools[j % len(pools)])] for j in range(m)] for k in range(6)]
    lines = [",".join(f'"{c}"' if "," in c else c for c in row) + "\n" for row in rows]
    head = ",".join(names) + "\n"
    short, long = (read(made(tmp_path, head + "".join(lines * times))) for times in (1, 40))
    pd.testing.assert_frame_equal(short.frame, long.frame.iloc[:6], check_dtype=False)
    assert [short.is_text(n) for n in names] == [long.is_text(n) for n in names]
    assert [v.format for v in short.variables] == [v.format for v in long.variables]
    apart = [{n.split(":")[0] for n in data.notes if "differ only in blanks" in n} for data in (short, long)]
    assert apart[0] == apart[1] == {n for j, n in enumerate(names) if pools[j % len(pools)][1] == "x "}


def test_columns_of_one_name(tmp_path: Path) -> None:
    n = 20_000
    file = made(tmp_path, ",".join(["x"] * n) + "\n" + ",".join(["1"] * n) + "\n")
    data = read(file)
    assert data.names[:3] == ("x", "x_2", "x_3") and data.names[-1] == f"x_{n}"
    assert told(data, f"{n - 1 - 50:,} more columns")
    with pytest.raises(Cancelled):
        read(file, cancel=lambda: True)


def _column(rng: np.random.Generator, n: int) -> list[str]:
    kind = rng.integers(0, 9)
    texts = [
        lambda: str(rng.integers(0, 50)), lambda: f"{rng.normal():.3f}", lambda: str(rng.choice(["a", "b b", "ü"])),
        lambda: f"20{rng.integers(10, 30)}-0{rng.integers(1, 10)}-1{rng.integers(0, 10)}",
        lambda: f"{rng.integers(13, 28)}/{rng.integers(1, 13)}/2020", lambda: f"{rng.integers(0, 100):03d}",
        lambda: str(rng.choice(["TRUE", "FALSE"])), lambda: f"{rng.integers(0, 30)}:0{rng.integers(0, 10)}:15",
        lambda: str(rng.choice(["1", "2", "-", "3.5"])),
    ][kind]  # fmt: skip
    missing = rng.choice(["", "NA", " NA ", "."], n)
    return [str(missing[k]) if rng.random() < 0.1 else texts() for k in range(n)]


@pytest.mark.parametrize("seed", range(25))
def test_a_file_in_parts_is_the_file_at_once(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(5, 40)), int(rng.integers(2, 7))
    rows = list(zip(*(_column(rng, n) for _ in range(m)), strict=True))
    mark = str(rng.choice([",", ";", "\t"]))
    title = rng.choice(["", f"A title{mark * (m - 1)}\n"])
    text = title + mark.join(f"n{j}" for j in range(m)) + "\n" + "".join(mark.join(r) + "\n" for r in rows)
    file = made(tmp_path, text, str(rng.choice(["utf-8", "utf-8-sig", "cp1252", "utf-16"])))
    whole, parts = read(file), stream(file)
    assert parts.names == whole.names
    assert [v.format for v in parts.variables] == [v.format for v in whole.variables]
    read_in_parts = parts.load(parts.names, "the comparison")
    for name in whole.names:
        a, b = whole.frame[name], read_in_parts.frame[name]
        assert [None if pd.isna(v) else v for v in a] == [None if pd.isna(v) else v for v in b], name


def test_a_late_sign_of_missing_in_a_file_in_parts(tmp_path: Path) -> None:
    rows = [f"{k},{k % 7}\n" for k in range(30_000)]
    file = made(tmp_path, "id,x\n" + "".join(rows) + "30000,-\n")
    whole, parts = read(file), stream(file).load(("id", "x"), "the comparison")
    np.testing.assert_array_equal(parts.numeric("x"), whole.numeric("x"))
    assert np.isnan(whole.numeric("x")[-1]) and told(whole, "x: '-' read as missing", "row 30002")
    assert told(stream(file).widened(1, "signs"), "x: ", "missing")
    file = made(tmp_path, "id,x\n" + "".join(rows) + "30000,none\n")  # which may mean zero
    assert read(file).is_text("x") and told(read(file), "'none' in row 30002")
    assert stream(file).load(("x",), "the comparison").frame["x"].tolist() == read(file).frame["x"].tolist()


# --- stopping, and files that are not what they begin like ----------------------------------------------------------
LARGE = "id,x,t\n" + "".join(f"{k},{k / 8},word {k % 7}\n" for k in range(100_000))


def test_a_file_is_counted_as_its_bytes_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terrace.data.readers.survey.BLOCK", 64)
    rng = np.random.default_rng(9)
    for _ in range(50):
        content = bytes(rng.choice(list(b'ab012.,,,\n\n\r" '), int(rng.integers(1, 400))).astype(np.uint8))
        file = made(tmp_path, content)
        with open(file, "rb", buffering=0) as opened:
            assert survey(FileBytes(opened), 0, ",", Report("")) == survey(content, 0, ",", Report(""))


def test_who_stops_does_not_wait_for_the_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = made(tmp_path, LARGE)
    begun, go_on = threading.Event(), threading.Event()

    def held(*given: object, **options: object) -> None:
        begun.set()
        assert go_on.wait(60)
        raise ValueError

    monkeypatch.setattr(pd, "read_csv", held)
    try:
        with pytest.raises(Cancelled):
            read(file, cancel=begun.is_set)  # asked for while the parser does not come back
    finally:
        go_on.set()


@pytest.mark.parametrize("at", [0.3, 0.999])
@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        ("", "", ""), ("word 3", "w\u00f6rt 3", ""), ("word 3", "w\u00f6rt 3", "cp1252"), ("word 3", '"word"', ""),
        (",word 3", "", "fewer"),
    ],
)  # fmt: skip
def test_a_large_file_is_not_taken_for_what_it_begins_like(
    tmp_path: Path, old: str, new: str, note: str, at: float
) -> None:
    head, tail = LARGE[: int(at * len(LARGE))], LARGE[int(at * len(LARGE)) :]
    text = head + tail.replace(old, new, 1)
    file = tmp_path / "d.csv"
    file.write_bytes(text.encode("cp1252" if note == "cp1252" else "utf-8"))
    data = read(file)
    rows = [row + [None] * (3 - len(row)) for row in csv.reader(text.splitlines()[1:])]
    assert data.frame["id"].tolist() == [int(row[0]) for row in rows]
    assert data.frame["x"].tolist() == [float(row[1]) for row in rows]
    assert [None if pd.isna(t) else t for t in data.frame["t"]] == [row[2] for row in rows]
    assert not note or told(data, note)


def test_a_line_end_of_one_letter_inside_quotation_marks_is_text(tmp_path: Path) -> None:
    path = tmp_path / "cr.csv"
    path.write_bytes(b't,x\n"a\rb",1\n"c\r\nd",2\n"e\nf",3\n')
    data = read(path)
    assert [t.replace("\r\n", "\n") for t in data.frame["t"]] == ["a\rb", "c\nd", "e\nf"]
    assert data.frame["x"].tolist() == [1, 2, 3]


# --- what numbers may lose ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("mark", [",", ";", "\t", "|", "-"])
def test_zeros_before_a_number_are_seen_wherever_they_stand(monkeypatch: pytest.MonkeyPatch, mark: str) -> None:
    monkeypatch.setattr("terrace.data.readers.survey.BLOCK", 32)
    rng = np.random.default_rng(3)
    texts = ["0", "0.05", "10", "100.07", "1e-05", "2E+07", "2020-01-02", "2020.05", "a07", "10:05", "-0.5", "", "0x1"]
    plain = [text for text in texts if mark not in text]
    for _ in range(200):
        fields = [str(rng.choice(plain)) for _ in range(int(rng.integers(1, 40)))]
        ends = [str(rng.choice([mark, "\n"])) for _ in fields]
        assert not survey("".join(map("".join, zip(fields, ends, strict=True))).encode(), 0, mark, Report("")).zeros
        fields[int(rng.integers(len(fields)))] = str(rng.choice(["007", "-01", "+00", " 01", '"05"', "00"]))
        assert survey("".join(map("".join, zip(fields, ends, strict=True))).encode(), 0, mark, Report("")).zeros


def test_blanks_and_signs_at_the_edge_of_a_field_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terrace.data.readers.survey.BLOCK", 32)
    rng = np.random.default_rng(4)
    for _ in range(300):
        fields = [str(rng.choice(["a b", "1+2", "x\ty", "1.5", "", "word"])) for _ in range(int(rng.integers(1, 40)))]
        padded = rng.random() < 0.5
        if padded:
            fields[int(rng.integers(len(fields)))] = str(rng.choice([" a", "a ", "+1", "1\t", " "]))
        text = "".join(field + str(rng.choice([",", "\n", "\r\n"])) for field in fields)
        assert survey(text.encode(), 0, ",", Report("")).padded == padded
