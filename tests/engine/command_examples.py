"""An example of every command, for tests that hold for all of them.

The data are those of `prepared`: y, x, z, k (with missing values), g (12 groups), t (1 to 5 in each), c (labelled), s
(text), n (numbers as text), w (whole). The model ``mixed y x t || g:`` is fitted and stored as a, one without x as b.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.write import write
from terrace.language.grammar.command import parse_command
from terrace.session import registry
from terrace.session.project.journal import Journal
from terrace.session.project.parts import Project
from terrace.session.session import Session

EXAMPLES = r"""
use other, clear
use y x using rows.csv if x > 0, clear
sample
sample winer43, clear
sample 50
import delimited using rows.csv, clear
import delimited using rows.csv, clear missing(-9 NA) dateorder(dmy) labelrow(none)
import excel using rows.xlsx, clear
import excel using rows.xlsx, clear varnames(1) missing(-9)
paste "id\tx\r1\t2\r2\t3", clear
import excel rows.xlsx, describe
import spss using rows.sav, clear
import sas using rows.xpt, clear
import sasxport5 rows, clear
save new
xtset
xtset g t, delta(2)
xtset, clear
tsset t, clear
tsset g t, delta(2)
datasignature
datasignature set, reset saving(signed)
datasignature confirm
datasignature report
datasignature clear
summarize y x, detail
xtmixed y x || g:
mixed y x t || g: t
mixed
formula "y ~ log(w + 1) + (1 | g)"
spss "MIXED y BY c WITH x /FIXED=c x /RANDOM=INTERCEPT | SUBJECT(g)"
spss "MIXED y /RANDOM=INTERCEPT | SUBJECT(g) /RANDOM=INTERCEPT | SUBJECT(c*w)"
code, in(r) saving(model)
code
code, in(stata)
constraint 2 x = 1
constraint define 2 x = 1
constraint get 1
constraint drop 1
estimates store again
estimates restore b
estimates stats a b
estimates table a b
estimates replay b
estimates describe a
estimates drop a
estimates save kept
estimates save kept => estimates use kept
project save work
project save bare, nodata
project save work => sample winer43, clear => project use work
sample winer43, clear => project recover window
filter x > 0
fvset base 2 c
fvset base 2 c => fvset clear c
test x = 0
testnl exp(_b[x]) = 1
testparm x
lincom x - t
nlcom exp(_b[x])
predict p1
predict u1, reffects
mixed y i.c || g: => contrast c
mixed y i.c || g: => pwcompare c
mixed y i.c || g: => estat terms
estat profile x, noplot
estat bootstrap, reps(3) seed(1)
estat df, method(residual)
lrtest a b
margins, at(x = (0 1))
scalar r = 2
scalar define r = 2
scalar drop q
matrix input B = (1, 2 \ 3, 4)
matrix B = A
matrix define B = A
matrix colnames A = u v
matrix rownames A = u v
matrix symeigen X v = A
matrix accum B = y x
mkmat y x, matrix(B)
svmat A
matrix list A
matrix drop A
display 1 + 1
global name text
local name text
global name text => macro drop name
tempfile f
tempname f
tempvar f
tokenize one two
args one
program drop p
capture end
capture continue
capture if
while 0 {\n}
forvalues i = 1/2 {\n display `i'\n}
foreach v in y x {\n display 1\n}
capture program
capture program define
unab all : _all
numlist "1/5"
capture error 9
confirm variable y
syntax [varlist]
marksample touse
generate byte used = 1 => markout used k
return scalar a = 1
return local a text
return matrix a = A
log using session.log
log using session.log => log off
log using session.log => log close
cd sub
mkdir newer
erase some.do
set level 90
drop k => undo
drop k => undo join 1 "Tidying"
drop k => undo => redo
outline note "x" => undo
outline note "x" => undo => redo
outline rename 1 "The data"
outline note "A *note*", after(1)
outline heading "Results", before(1)
outline note "x" => outline edit 7 "y"
outline note "x" => outline move 7, first
outline fold 1
outline fold 1 => outline unfold 1
outline delete 1
outline title "Schools"
update using rows.csv
replace x = x + 1 => update
replace x = x + 1 => update, preview
replace x = x + 1 in 1 => refit _stale
outline look 1, decimals(3) style(apa) metric(sd) labels parts(none)
report title "Schools"
report author "A. Author"
report affiliation "Institute of Education"
report date "1 May 2026"
report head "Schools"
report style ama
report language en-gb
report paper letter
report metric sd
report decimals 3, p(2)
report last commands hashes
report parts
report part add heading "Notes", level(2)
report part add text "x" => report part edit text1 "y"
report part add text "x" => report part move text1, first
report part add text "x" => report part hide text1
report part hide _all => report reset
mixed y x || g: => mixed y || g: => report part choose models _all, show(se tests)
run some.do
do some.do
? mixed
rename x x2
label variable x "The x"
label values c 1 "eins"
label order c 3 1 2
notes replace c "One"
measure c ordinal
missing x 9
report page.txt, noplots
plot residuals
plot forest, standardized
plot partition
plot qq, saving(qq.svg)
plot residuals => figure 1, title("Residuals") xstep(50)
figure style apa
plot residuals => figure save 1 residuals.tiff
plot residuals => figure check 1
lookfor y
isid g t
isid g t, sort
levelsof c
assert x < 100
numlabel c, add
notes: a note
notes
separate y, by(c)
xtsum y
xttab c
drop in 3 => tsfill
ci means y
mean y
ttest y == 0
oneway y c
loneway y g
xtile q4 = y, nquantiles(4)
_pctile y
pctile cuts = y, nquantiles(4)
centile y
mvdecode w, mv(1)
mvencode k, mv(-9)
contract c
merge m:1 g using other
append using other
rename _all =2 => cross using other
joinby g using other
graph export G.svg, name(G)
graph drop G
graph display G
graph twoway (scatter y x)
twoway (scatter y x) (lfit y x), name(H)
scatter y x
scatter y x, saving(scatter.svg)
line y t in 1/5
xtline y
histogram y
graph box y
graph hbox y
graph bar y, over(c)
graph dot y, over(c)
graph hbar y, over(c)
margins, at(x = (0 1)) => marginsplot
kdensity y
kdensity y, generate(at d)
lowess y x
lowess y x, generate(low) nograph
pnorm y
qnorm y
graph matrix y x t
graph combine G
table c
center x
spearman y x
kwallis y, by(c)
ranksum y if c < 3, by(c)
generate new = y + x
replace y = 0 in 1
enter y x in 2/3, cells("1\t2")
insobs 2, before(3)
substitute w, find("1") with("9") whole
recode c (1 2 = 1 "low") (3 = 2), generate(c2)
egen m = mean(y), by(g)
keep y x
drop k
sort y
gsort -y
order x
format y %9.1f
clonevar y2 = y
encode s, generate(s2)
decode c, generate(c2)
tostring w, generate(w2)
destring n, generate(n2)
list y x in 1/3
collapse y, by(g)
keep g t y => reshape wide y, i(g) j(t)
keep g t y => reshape wide y, i(g) j(t) => reshape long y, i(g) j(t)
expand 2
drop in 3 => fillin g t
expand 2 => duplicates drop
duplicates tag g, generate(d)
duplicates list g
duplicates report g
codebook y
inspect y
tabulate c
tabulate c, generate(c_)
tab2 c s
tab1 c s
tabstat y x
correlate y x
pwcorr y x
regress y x
label define L2 1 "one"
label values c L => label define L 1 "eins", modify
label drop L
label data "The data"
use long, clear => mi set flong
use long, clear => mi import flong, m(m)
use long, clear => mi import flong, m(m) => mi register imputed k
use long, clear => mi import flong, m(m) => mi describe
use long, clear => mi import flong, m(m) => mi query
use long, clear => mi import flong, m(m) => mi extract 1, clear
use long, clear => mi import flong, m(m) => mi unset
export excel using out.xlsx
export delimited using out.csv
preserve => drop k => restore
preserve => restore, not
mixed y c.x##c.t || g: => simpleslopes x t, noplot
mixed y c.x##c.t || g: => johnsonneyman x t, noplot
estimates compare a b
estimates steps a b
etable, estimates(a b)
etable, estimates(a b) export(models.html)
estat influence, noplot
"""
r"""One a line, with \n where a command has several; what stands before ``=>`` makes ready for it.

``capture`` goes before those that are errors where they stand alone. A command that needs nothing after its name, such
as ``estat icc``, is an example by itself and stands here only where that is not enough.
"""
_OPTIONAL = re.compile(r"\[[^\[\]]*\]")


def examples() -> list[tuple[str, ...]]:
    """Each example with what makes ready for it; the command itself is the last."""
    written = [tuple(line.replace(r"\n", "\n").split(" => ")) for line in EXAMPLES.strip().split("\n")]
    named = {found(e[-1]).name for e in written}
    return written + [(c.name,) for c in registry.COMMANDS.values() if c.name not in named and needs_nothing(c)]


def found(text: str) -> registry.Command:
    """The command that an example is of."""
    registry.load()
    return registry.find(parse_command(text))[0]


def needs_nothing(command: registry.Command) -> bool:
    """True where nothing is left of the syntax but the name when what may be left out is."""
    left = command.syntax
    while left != (left := _OPTIONAL.sub("", left)):
        pass
    return left.split() == list(command.words)


def made() -> Dataset:
    rng = np.random.default_rng(11)
    g, t = np.repeat(np.arange(1, 13), 5), np.tile(np.arange(1, 6), 12)
    x = rng.normal(size=60).round(3)
    frame = pd.DataFrame(
        {
            "y": (1 + x + t / 2 + rng.normal(size=12)[g - 1] + rng.normal(size=60)).round(3),
            "x": x,
            "z": rng.normal(size=60).round(3),
            "k": np.where(np.arange(60) % 7 == 0, np.nan, x),
            "g": g,
            "t": t,
            "c": np.arange(60) % 3 + 1,
            "s": np.array(["one", "two"])[np.arange(60) % 2],
            "n": [f"0{i}" for i in range(60)],
            "w": np.arange(60) % 4 + 1,
        }
    )
    labels = {1: "low", 2: "middle", 3: "high"}
    described = (Variable(n, "", Measure.NOMINAL, labels) if n == "c" else Variable(n) for n in frame.columns)
    return Dataset(frame, tuple(described))


def prepared(folder: Path) -> Session:
    """A session with data, fits and a thing of each kind; `folder`, the present one, gets the files of the examples."""
    import pyreadstat

    data = made()
    for ending in (".csv", ".xlsx", ".sav", ".dta"):
        write(data, folder / f"rows{ending}")
    pyreadstat.write_xport(data.frame[["y", "x"]], folder / "rows.xpt", file_format_version=5)
    few = pd.DataFrame({"g": [1, 2, 3], "v": [1.0, 2.0, 3.0]})
    write(Dataset(few, (Variable("g"), Variable("v"))), folder / "other.dta")
    imputed = data.frame.loc[:, ["y", "x", "k", "g"]].assign(id=np.arange(60))
    copies = [imputed.assign(m=m, k=imputed["k"].fillna(float(m)) if m else imputed["k"]) for m in (0, 1, 2)]
    long = pd.concat(copies, ignore_index=True)
    write(Dataset(long, tuple(Variable(n) for n in long.columns)), folder / "long.dta")
    (folder / "some.do").write_text("display 1\n")
    (folder / "sub").mkdir()
    session = Session()
    for command in (
        "use rows.dta", "order x", "datasignature set", "order y x",
        "xtset g t", "constraint 1 x = 0", "matrix A = (2, 1 \\ 1, 3)", "matrix colnames A = a b",
        "matrix rownames A = a b", "scalar q = 1", 'label define L 1 "a"', "scatter y x, name(G)",
        "program define p\ndisplay 1\nend", "mixed y t || g:", "estimates store b", "mixed y x t || g:",
        "estimates store a",
    ):  # fmt: skip
        for outcome in session.run_do(f"{command}\n"):
            assert outcome.ok, (command, outcome.error)
    journal = Journal(folder / "window")
    journal.begin()
    journal.commit(Project.of(session))
    journal.end()
    return session
