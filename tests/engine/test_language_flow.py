"""Macros and the flow of do-files: expansion, trees of commands, loops and programs in a session."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrace.data.readers.build import from_frame
from terrace.errors import CommandError, TerraceError
from terrace.language.dofile.tree import Loop, read_flow, split_if
from terrace.language.grammar.macros import escaped, expand, macro_words, number_text
from terrace.session.session import Session
from terrace.session.state import State


class Fixed:
    """Macros that are given once."""

    def __init__(self, local: dict[str, str], global_: dict[str, str] | None = None) -> None:
        self.locals = local
        self.globals = global_ or {}

    def local(self, name: str) -> str:
        return self.locals.get(name, "")

    def global_(self, name: str) -> str:
        return self.globals.get(name, "")

    def step(self, name: str, by: int) -> str:
        self.locals[name] = str(int(self.locals[name]) + by)
        return self.locals[name]

    def value(self, expression: str) -> str:
        return f"<{expression}>"

    def function(self, text: str) -> str:
        return f"[{text}]"

    def stored(self, kind: str, name: str) -> str:
        return f"{kind}.{name}"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("di `x'", "di 3"),
        ("di \"`x'\" `\"`x'\"'", "di \"3\" `\"3\"'"),
        ("``y''", "3"),
        ("v`x'_`x'", "v3_3"),
        ("$g ${g} ${g`x'}", "G G G3"),
        ("`nothing' $nothing", " "),
        ("`=`x'+1' `:word 1 of `z''", "<3+1> [word 1 of a b]"),
        ("`e(N)' `r(mean)' `c(pwd)'", "e.N r.mean c.pwd"),
        ("\\`x' \\$g", "`x' $g"),
        ("cost in $ and it's `a b'", "cost in $ and it's `a b'"),
        ("`deep'", "3"),
        ("unclosed `x", "unclosed `x"),
        ("`macval(raw)'", "`x'"),
    ],
)
def test_macros_in_a_text(text: str, wanted: str) -> None:
    macros = Fixed({"x": "3", "y": "x", "z": "a b", "deep": "``y''", "raw": "`x'"}, {"g": "G", "g3": "G3"})
    assert expand(text, macros) == wanted


def test_counting_up_and_down_as_text_is_read() -> None:
    macros = Fixed({"i": "1"})
    assert expand("`++i' `i++' `i' `--i'", macros) == "2 2 3 2"


def test_a_macro_that_stands_for_itself_is_an_error() -> None:
    with pytest.raises(CommandError, match="itself"):
        expand("`a'", Fixed({"a": "`b'", "b": "x `a'"}))


@given(st.text(alphabet="a$`'\\\"{} \nx_", max_size=20))
def test_escaped_text_comes_back_as_it_was(text: str) -> None:
    if '`"' in text or '\\`"' in text:
        return
    assert expand(escaped(text), Fixed({"x": "no", "a": "no"}, {"a": "no", "x": "no"})) == text


@given(st.lists(st.text(alphabet="ab cé.1", min_size=1, max_size=6)))
def test_words_of_a_list_come_back(words: list[str]) -> None:
    assert macro_words(" ".join(f'"{w}"' for w in words)) == words
    assert macro_words(" ".join(f"`\"{w}\"'" for w in words)) == words


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_in_a_macro_loses_no_digit(x: float) -> None:
    assert float(number_text(x)) == x


@pytest.mark.parametrize(
    ("text", "condition", "command"),
    [
        ('1 display "a"', "1", 'display "a"'),
        ('x == 1 display "a"', "x == 1", 'display "a"'),
        ('"a" == "b" continue', '"a" == "b"', "continue"),
        ("missing(x) & !y drop x", "missing(x) & !y", "drop x"),
        ("(a | b) replace x = 1 if y", "(a | b)", "replace x = 1 if y"),
        ("-1 < x", "-1 < x", ""),
    ],
)
def test_an_if_with_its_command_on_the_line(text: str, condition: str, command: str) -> None:
    assert split_if(text) == (condition, command)


def test_blocks_nest_and_know_their_lines() -> None:
    (outer,) = read_flow("foreach x in a b {\n  forv i=1/2 {\n    di 1\n  }\n}\n")
    assert isinstance(outer, Loop) and outer.kind == "foreach" and outer.line == 1
    (inner,) = outer.body
    assert isinstance(inner, Loop) and inner.kind == "forvalues" and inner.line == 2
    assert inner.body[0].line == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("foreach x in a {\ndi 1\n", "Line 1: This block is not closed"),
        ("di 1\n}\n", "Line 2: This } has no matching {"),
        ("else {\n}\n", "has no if before it"),
        ("foreach x in a\ndi 1\n", "The { of this block is missing"),
        ("program define p\ndi 1\n", "The program p has no end"),
    ],
)
def test_a_block_that_is_not_whole_is_an_error(text: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        read_flow(text)


# --- in a session -------------------------------------------------------------------------------------------
@pytest.fixture
def session() -> Session:
    rng = np.random.default_rng(4)
    g = np.repeat(np.arange(12.0), 8)
    frame = pd.DataFrame({"g": g, "x1": rng.normal(size=96), "x2": rng.normal(size=96)})
    frame["y"] = 1 + frame.x1 + rng.normal(size=12)[g.astype(int)] + rng.normal(size=96)
    return Session(State(dataset=from_frame(frame)))


def shown(session: Session, text: str) -> list[str]:
    """What the commands print, one entry a command that prints; the first error ends the test."""
    out = []
    for outcome in session.run_do(text + "\n"):
        assert outcome.ok, outcome.error
        if outcome.text:
            out.append(outcome.text)
    return out


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("local x 3\ndi `x' + 1", ["4"]),
        ("local x = 2^10\ndi \"`x'\"", ["1024"]),
        ("local x = 1/3\ndi \"`x'\"", [".3333333333333333"]),
        ("local l a \"b c\" d\ndi `: word count `l''", ["3"]),
        ("local l a \"b c\" d\ndi \"`: word 2 of `l''\"", ["b c"]),
        ("local x a\nlocal x\ndi \"-`x'-\"", ["--"]),
        ("local i = 5\nlocal ++i\nlocal --i\nlocal --i\ndi `i'", ["4"]),
        ("global g x1 x2\nforeach v of global g {\ndi \"`v'\"\n}", ["x1", "x2"]),
        ("foreach v of varlist x* {\ndi \"`v'\"\n}", ["x1", "x2"]),
        ("foreach v of newlist q1-q3 {\ndi \"`v'\"\n}", ["q1", "q2", "q3"]),
        ("foreach v of numlist 1/3 10(5)20 {\ndi `v'\n}", ["1", "2", "3", "10", "15", "20"]),
        ("local l a b\nforeach v of local l {\ndi \"`v'\"\n}", ["a", "b"]),
        ("foreach v in a \"b c\" {\ndi \"<`v'>\"\n}", ["<a>", "<b c>"]),
        ("forvalues i = 3(-1)1 {\ndi `i'\n}", ["3", "2", "1"]),
        ("forvalues i = 1/0 {\ndi `i'\n}", []),
        ("forvalues i = 0(.1).3 {\ndi `i'\n}", ["0", ".1", ".2", ".3"]),
        ("forvalues i = 1 3 to 7 {\ndi `i'\n}", ["1", "3", "5", "7"]),
        ("forvalues i = 1/5 {\nif `i' == 2 continue\nif `i' == 4 {\ncontinue, break\n}\ndi `i'\n}", ["1", "3"]),
        ("local i 0\nwhile `i' < 3 {\nlocal i = `i' + 1\n}\ndi `i'", ["3"]),
        ("if 1 == 2 {\ndi 1\n}\nelse if 2 == 2 {\ndi 2\n}\nelse {\ndi 3\n}", ["2"]),
        ("if 1 == 2 {\ndi 1\n} else {\ndi 3\n}", ["3"]),
        ('if "`none\'" == "" di "empty"\nelse di "full"', ["empty"]),
        ("if . di 1", ["1"]),
        ("forvalues i = 1/2 { di `i' }", ["1", "2"]),
        ("#delimit ;\nforeach v in a b { ;\n di\n \"`v'\" ; } ;", ["a", "b"]),
        ("quietly {\nsummarize x1\nnoisily di \"n \" r(N)\n}", ["n 96"]),
        ("summarize x1, mean\ndi `r(N)' `c(N)'", ["96 96"]),
        ("tokenize a \"b c\" d\ndi \"`2'`4'`*'\"", ["b ca b c d"]),
        ("local a x y y\nlocal b y z\ndi \"`: list a - b' `: list a | b' `: list uniq a'\"", ["x x y y z x y"]),
        ("local a x y y\ndi \"`: list sizeof a' `: list dups a' `: list posof \"y\" in a'\"", ["3 y 2"]),
        ("local s one two\ndi \"`: subinstr local s \"one\" \"1\", all'\"", ["1 two"]),
        ("di \"`: display %5.2f 2/3'\"", [" 0.67"]),
        ("di %6.1f 2.25 %-6.1f 2.25 \"|\" %4.0f .", ["   2.22.2   |   ."]),
        ('forvalues i=1/3 {\ndi "`i\'" _continue\n}\ndi " end"', ["123 end"]),
        ("version 17: di 3", ["3"]),
        ("quietly version 16.1: di 3\nversion 17", []),
        ("xi: di 3", ["3"]),
        ("di c(N) \" \" c(level)", ["96 95"]),
        ("capture noisily summarize nope\ndi _rc", ["There is no variable 'nope' in the data.", "111"]),
        ("forvalues i=1/2 {\nforeach j in a b {\ndi \"`i'`j'\"\n}\n}", ["1a", "1b", "2a", "2b"]),
        ("unab all : x*\ndi \"`all'\"", ["x1 x2"]),
    ],
)
def test_what_a_do_file_prints(session: Session, text: str, wanted: list[str]) -> None:
    quiet = {"summarize"}
    out = [x for x in shown(session, text) if not any(x.startswith(q.title()) for q in quiet) and "Mean" not in x]
    assert out == wanted


def test_models_of_a_loop_are_those_of_single_commands(session: Session) -> None:
    shown(
        session,
        "foreach m in ml reml {\n quietly mixed y x1 || g:, `m'\n estimates store `m'\n local ll_`m' = e(ll)\n}\n"
        "scalar a = `ll_ml'\nscalar b = `ll_reml'",
    )
    for method in ("ml", "reml"):
        alone = session.run(f"mixed y x1 || g:, {method}").fit
        assert alone is not None and session.stored[method].ll == alone.ll
        assert session.state.scalars["a" if method == "ml" else "b"] == alone.ll


def test_what_runs_in_a_loop_is_in_the_history_as_it_ran(session: Session) -> None:
    shown(session, "foreach v in x1 x2 {\ngenerate z`v' = `v'^2\n}")
    commands = [o.command for o in session.history]
    assert commands == ["generate zx1 = x1^2", "generate zx2 = x2^2"]
    again = Session(State(dataset=session.undo_steps[0].before["dataset"]))
    assert all(again.run(c).ok for c in commands)
    assert again.data.names == session.data.names


def test_an_error_in_a_loop_names_its_line_and_ends_the_file(session: Session) -> None:
    outcomes = list(session.run_do("di 1\nforeach v in x1 nope x2 {\n\n  summarize `v'\n}\ndi 2\n"))
    assert [o.ok for o in outcomes] == [True, True, False]
    assert outcomes[-1].line == 4 and outcomes[-1].command == "summarize nope"


def test_a_header_that_cannot_be_read_is_an_error_of_its_line(session: Session) -> None:
    for text, code in (
        ("di 1\nforeach v of varlist nope {\n}\n", "no-such-variable"),
        ("di 1\nforvalues i = a/b {\n}\n", "syntax"),
        ("di 1\nforvalues i = 1/1e400 {\n}\n", "numlist"),
        ("di 1\nforvalues i = 0(1e400)2 {\n}\n", "numlist"),
        ("di 1\nif nope == 1 {\n}\n", "no-such-variable"),
        ("di 1\nwhile {\n}\n", "no-condition"),
        ("di 1\ndi `=1 +'\n", "syntax"),
        ("di 1\ndi `: nosuch x'\n", "no-such-macro-function"),
    ):
        last = list(session.run_do(text))[-1]
        assert last.error is not None and last.line == 2, text
        assert last.error[0] == code or code in ("no-such-variable", "syntax"), (text, last.error)


def test_a_block_as_one_command_is_all_or_nothing(session: Session) -> None:
    before = session.state
    outcome = session.run("foreach v in x1 nope {\n generate q`v' = `v'\n}")
    assert outcome.error is not None and "line 2" in outcome.error[1].lower() and session.state is before
    outcome = session.run("foreach v in x1 x2 {\n generate q`v' = `v'\n di \"`v'\"\n}")
    assert outcome.ok and outcome.text == "x1\nx2" and {"qx1", "qx2"} <= set(session.data.names)
    assert session.undo().ok and "qx1" not in session.data.names


def test_capture_of_a_block_keeps_what_ran_before_the_error(session: Session) -> None:
    text = "capture {\n generate a = 1\n generate b = nope\n generate c = 1\n}\ndi _rc\ncapture {\n di 1\n}\ndi _rc"
    assert shown(session, text) == ["111", "0"]
    assert "a" in session.data.names and "c" not in session.data.names


def test_programs_have_arguments_and_macros_of_their_own(session: Session) -> None:
    out = shown(
        session,
        'program define greet\n args who how\n local x inside\n di "`how\', `who\' (`0\')"\nend\n'
        'local x outside\ngreet you hello\ndi "`x\'"\nquietly greet a b',
    )
    assert out == ["hello, you (you hello)", "outside"]
    assert session.run("program define greet\ndi 1\nend").error is not None
    assert shown(session, "capture program drop greet\nprogram greet\ndi 2\nend\ngreet") == ["2"]
    assert session.run("program drop nope").error is not None


def test_an_error_in_a_program_names_program_and_line_and_changes_nothing(session: Session) -> None:
    shown(session, "program p\n generate q = 1\n summarize nope\nend")
    before = session.state
    outcome = session.run("p")
    assert outcome.error is not None and outcome.error[1].startswith("p, line 3: ") and session.state is before


def test_programs_that_call_themselves_end(session: Session) -> None:
    shown(session, "program p\n p\nend")
    outcome = session.run("p")
    assert outcome.error is not None and outcome.error[0] == "too-deep"
    shown(session, "program f\n args n\n if `n' > 0 {\n local m = `n' - 1\n f `m'\n }\n else di \"end\"\nend")
    assert session.run("f 5").text == "end"


def test_temporary_variables_go_with_the_program(session: Session) -> None:
    shown(session, "program p\n tempvar a\n generate `a' = 1\n generate keep = `a' + 1\nend\np")
    assert "keep" in session.data.names and not [n for n in session.data.names if n.startswith("__")]
    out = shown(session, "tempvar u v\ngenerate `u' = 1\ngenerate `v' = 2\ndi \"`u'\" != \"`v'\"")
    assert out == ["1"]


def test_temporary_files_hold_data(session: Session) -> None:
    shown(session, "tempfile f\nsave \"`f'\"\ndrop x1\nuse \"`f'\", clear")
    assert "x1" in session.data.names


def test_a_do_file_has_arguments_and_macros_of_its_own(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "my file.do"
    path.write_text('args a\nlocal x inside\ndi "`a\' `2\' `x\'"\n', encoding="utf-8")
    out = shown(session, f'local x outside\ndo "{path}" one two\ndi "`x\'"')
    assert out[0].endswith("one two inside") and out[1] == "outside"
    path.write_text("di 1\nforvalues i = 1/2 {\n summarize nope`i'\n}\n", encoding="utf-8")
    outcome = session.run(f'do "{path}"')
    assert outcome.error is not None and "my file.do, line 3" in outcome.error[1]


def test_confirm_tells_capture(session: Session) -> None:
    for text, rc in (
        ("confirm variable x1", 0),
        ("confirm variable nope", 111),
        ("confirm numeric variable x1", 0),
        ("confirm string variable x1", 7),
        ("confirm new variable x1", 110),
        ("confirm new variable fresh", 0),
        ("confirm number 1.5", 0),
        ("confirm integer number 1.5", 7),
        ('confirm file "/no/such"', 601),
        ("error 459", 459),
    ):
        assert shown(session, f"capture {text}\ndi _rc") == [str(rc)], text


def test_a_log_holds_what_was_shown(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (
        "capture log close\nlog using out, replace\ndi 1+1\nforeach x in a b {\n di \"`x'\"\n}\nquietly di 5\n"
        "program p\n di \"in p\"\nend\np\nlog close\ndi 99"
    )
    shown(session, text)
    written = (tmp_path / "out.log").read_text(encoding="utf-8")
    lines = [line for line in written.split("\n") if line and not line.startswith(("log:", "opened:", "closed:"))]
    assert lines == [
        *(". di 1+1", "2", '. di "a"', "a", '. di "b"', "b", ". quietly di 5", ". p", "in p"),
    ]
    assert session.run("log using out").error is not None
    shown(session, "log using out, append\nlog close")
    assert session.run("log close").error is not None
    assert written in (tmp_path / "out.log").read_text(encoding="utf-8")


def test_folders_and_files(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown(session, "mkdir sub\ncd sub\nsave here")
    assert (tmp_path / "sub" / "here.dta").is_file()
    shown(session, "erase here.dta")
    assert not (tmp_path / "sub" / "here.dta").exists() and Path.cwd() == tmp_path
    assert shown(session, "pwd") == [str(tmp_path / "sub")] == shown(session, "di \"`c(pwd)'\"")
    for text in ("cd nowhere", "erase nothing.dta", "mkdir ../sub"):
        assert session.run(text).error is not None
    shown(session, "clear all\ncd ..")
    assert shown(session, "pwd") == [str(tmp_path)]


FILES = """
import delimited small.csv, clear
save small
use small, clear
merge 1:1 id using small, nogenerate
append using small
use small, clear
export delimited using out.csv
export excel using out.xlsx
mixed y x || g:
estimates store a
estimates store b
estimates save fit
estimates use fit
report page.md, noplots
etable, estimates(a b) export(compared.csv)
plot residuals, saving(residuals.png)
scatter y x, saving(points.png)
graph export again.svg
log using said
log close
statsby m=r(mean), by(g) saving(means): summarize y
confirm file small.dta
do other
mkdir inner
local found : dir . files "*.dta"
display `"`found'"'
erase out.csv
"""


def test_every_name_of_a_file_begins_from_the_folder_of_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, elsewhere = tmp_path / "work", tmp_path / "elsewhere"
    work.mkdir()
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    rng = np.random.default_rng(5)
    lines = [f"{i},{i // 6},{rng.normal():.3f},{rng.normal():.3f}" for i in range(60)]
    (work / "small.csv").write_text("\n".join(["id,g,y,x", *lines]))
    (work / "other.do").write_text("use small.dta, clear\n")
    session = Session()
    outcomes = list(session.run_do(FILES, folder=work))
    assert [o.error for o in outcomes if not o.ok] == []
    assert not list(elsewhere.iterdir()), "nothing is written where the program was started"
    made = {p.name for p in work.iterdir()}
    assert made >= {"small.dta", "out.xlsx", "fit.fit", "page.md", "compared.csv", "said.log", "means.dta", "inner"}
    assert made >= {"residuals.png", "points.png", "again.svg"} and "out.csv" not in made
    assert '"means.dta" "small.dta"' in [o for o in outcomes if o.type == "display"][-1].text
    assert session.state.folder == "", "for these commands only"
    assert session.run("use small").error is not None


def test_a_do_file_that_is_left_gives_the_folder_back(tmp_path: Path) -> None:
    session = Session()
    steps = session.run_do("cd ..\npwd\npwd\n", folder=tmp_path)
    assert next(steps).text == str(tmp_path.parent)
    steps.close()
    assert session.state.folder == ""


def test_a_loop_can_be_stopped(session: Session) -> None:
    calls = iter(range(1000))
    outcomes = list(session.run_do("local i 0\nwhile 1 {\nlocal ++i\n}\n", cancel=lambda: next(calls) > 20))
    assert outcomes[-1].error is not None and outcomes[-1].error[0] == "cancelled"
    calls = iter(range(1000))
    outcome = session.run("while 1 { }", cancel=lambda: next(calls) > 20)
    assert outcome.error is not None and outcome.error[0] == "cancelled"


def test_a_path_with_a_dollar_sign_is_no_macro(session: Session, tmp_path: Path) -> None:
    session.run("global x gone")
    path = tmp_path / "a$x.dta"
    outcome = session.run(f'save "{escaped(str(path))}"')
    assert outcome.ok and path.is_file()
    path.unlink()
    assert session.run(outcome.command).ok and path.is_file()  # as the history holds it
    shown(session, f'foreach v in 1 {{\n save "{escaped(str(path))}", replace\n}}')
    path.unlink()
    assert session.run(session.history[-1].command).ok and path.is_file()


def test_commands_out_of_place_say_so(session: Session) -> None:
    for text in ("continue", "end", "if 1", "while 1", "foreach x in a"):
        outcome = session.run(text)
        assert outcome.error is not None and outcome.error[0] in ("misplaced-command", "no-block"), text


def test_coded_errors_are_terrace_errors() -> None:
    outcome = Session().run("error 198")
    assert outcome.error is not None and outcome.error[0] == "user-error"
    assert issubclass(CommandError, TerraceError)


WORDS = (
    *("local", "global", "macro", "tokenize", "args", "program", "define", "drop", "end", "foreach", "forvalues", "if"),
    *("while", "else", "continue", "in", "of", "varlist", "numlist", "{", "}", "(", ")", "[", "]", ",", "=", "==", ":"),
    *("`x'", "``", "'", '"', "`\"", "\"'", "$g", "${g}", "++i", "`=1+1'", "`:word 1 of a b'", "`++i'", "x1", "y", "g"),
    *("1", "2/3", "1(1)3", ".", "confirm", "variable", "error", "return", "scalar", "matrix", "syntax", "[if]"),
    *("marksample", "unab", "display", "quietly", "capture", "noisily", "constraint", "get", "free", "fvset", "base"),
    *("mixed", "|| g:", "reml", "level(90)", "coeflegend", "e(b)", "_b[x1]", "[y]_b[x1]", "[lns1_1_1]_cons"),
    *("version 17:", "//", "/*", "*/", "///", "\n", "#delimit ;", ";"),
)


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=9))
def test_no_text_is_a_defect(words: list[str]) -> None:
    text = " ".join(words)
    frame = pd.DataFrame({"g": [1.0, 1, 2, 2], "x1": [1.0, 2, 3, 5], "y": [2.0, 1, 4, 3]})
    here = Session(State(dataset=from_frame(frame)))
    calls = iter(range(10**6))
    outcomes = [*here.run_do(text + "\n", cancel=lambda: next(calls) > 60)]
    for outcome in (*outcomes, here.run(text, cancel=lambda: next(calls) > 90)):
        assert outcome.error is None or outcome.error[0] != "internal", (outcome.command, outcome.error)
