"""Two datasets into one: ``merge``, ``append``."""

from __future__ import annotations

import re

from terrace.data.transforms import combine as transforms
from terrace.data.transforms.combine import CONFLICT, MASTER, MATCHED, RESULTS, UPDATED, USING, MergeReport
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.options import Option, choice, rules
from terrace.language.grammar.tokens import Piece, words
from terrace.language.mixed_options import argument
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.files import read_using, without_labels
from terrace.session.commands.helpers.working import changed, new_name, plural
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult

_KINDS: dict[str, transforms.Kind] = {"1:1": "1:1", "m:1": "m:1", "1:m": "1:m"}
_KIND = re.compile(r"\s*([1mn])\s*:\s*([1mn])\s*", re.IGNORECASE)
_CODES = {"master": MASTER, "using": USING, "match": MATCHED, "match_update": UPDATED, "match_conflict": CONFLICT}


@command(
    "merge",
    minimum="mer",
    syntax="merge 1:1|m:1|1:m keys using FILE [, keepusing(variables) keep(results) assert(results) nogenerate "
    "generate(name) update replace noreport]",
    help="Add variables from a file by key variables. _merge says where each row was found.",
    effects=Effect.DATA | Effect.RETURNS,
)
def merge(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(
        rules(
            "nogen:erate nol:abel update replace norep:ort",
            "keepus:ing gen:erate keep assert",
            already="nonote:s sorted",  # notes stay with their file
        )
    )
    master, clauses = session.data, parsed.clauses
    kind, body = _kind(clauses.body, parsed)
    if clauses.using is None:
        raise parsed.word.error(
            "merge needs a file.", code="no-file", advice=f'Write merge {kind} {body or "id"} using "file.dta".'
        )
    if "replace" in options and "update" not in options:
        raise options["replace"].piece.error("replace needs update.", code="misplaced-option", subject="replace")
    by_rows = str(body).strip() == "_n"
    keys = () if by_rows else parse_names(body, master.names)
    if not keys and not by_rows:
        raise parsed.word.error("merge needs key variables.", code="syntax", advice=f"Write merge {kind} id using ...")
    generate = None if "nogenerate" in options else "_merge"
    if "generate" in options:
        generate = str(argument(options["generate"]))
    if generate is not None and generate in master:
        raise parsed.word.error(
            f"A variable named {generate} already exists.",
            code="variable-exists",
            subject=generate,
            advice=f"Drop it first (drop {generate}), or use nogenerate.",
        )
    using = read_using(session, clauses.using, "merge")
    using = without_labels(using) if "nolabel" in options else using
    keepusing = parse_names(argument(options["keepusing"]), using.names) if "keepusing" in options else None
    data, report = transforms.merge(
        master,
        using,
        keys,
        kind,
        keepusing=keepusing,
        keep=_results(options.get("keep")),
        generate=generate,
        update="update" in options,
        overwrite="replace" in options,
    )
    _assert(options.get("assert"), report)
    tables = () if "noreport" in options else (report_table(report, generate, "update" in options),)
    counts = {f"N_{name}": float(report.counts[code]) for name, code in _CODES.items() if code <= MATCHED}
    return changed(session, data, tables=tables, returned=counts)


def _kind(body: Piece, parsed: ParsedCommand) -> tuple[transforms.Kind, Piece]:
    found = _KIND.match(body.source, body.start, body.end)
    if not found:
        raise (body if body else parsed.word).error(
            "merge needs to know which side can have several rows with the same key.",
            code="syntax",
            advice="Write merge 1:1, merge m:1 (several rows here, one in the file) or merge 1:m, then the keys.",
        )
    kind = f"{found[1]}:{found[2]}".lower().replace("n", "m")
    if kind == "m:m":
        raise body.at(found.start(), found.end()).error(
            "m:m pairs rows in their current order, which is rarely what you want.",
            code="merge-kind",
            advice="Use m:1 or 1:m, or add a key that makes rows unique on one side.",
        )
    return _KINDS[kind], body.after(found.end()).strip()


def _results(option: Option | None) -> frozenset[int]:
    """Result codes of ``keep()`` or ``assert()``: by number or by name; all where there is no option."""
    if option is None:
        return frozenset(RESULTS)
    out = set()
    for item in words(argument(option)):
        text = str(item).lower()
        if text.isdigit() and int(text) in RESULTS:
            out.add(int(text))
            continue
        name = choice(
            item, text, "mas:ter us:ing match match_up:date match_con:flict matches", "a result of merge"
        )
        out.add(_CODES[name.removesuffix("es") if name == "matches" else name])
    if MATCHED in out:
        out |= {UPDATED, CONFLICT}
    return frozenset(out)


def _assert(option: Option | None, report: MergeReport) -> None:
    if option is None:
        return
    bad = {code: n for code, n in report.counts.items() if n and code not in _results(option)}
    if bad:
        found = ", ".join(f"{RESULTS[code]}: {n:,}" for code, n in bad.items())
        raise DataError(f"assert({option.value}) is false: {found}.", code="merge-assert", subject="assert")


def report_table(report: MergeReport, generate: str | None, update: bool) -> Table:
    """How many rows matched, and how many stood on one side only."""
    c = report.counts

    def code(k: int) -> str:
        return f" ({generate}={k})" if generate else ""

    rows = [
        Row("Not matched", (c[MASTER] + c[USING],)),
        Row("from the data in memory" + code(MASTER), (c[MASTER],), indent=1),
        Row("from the file" + code(USING), (c[USING],), indent=1),
        Row("Matched" + ("" if update else code(MATCHED)), (c[MATCHED] + c[UPDATED] + c[CONFLICT],)),
    ]
    if update:
        rows += [
            Row("not updated" + code(MATCHED), (c[MATCHED],), indent=1),
            Row("missing values updated" + code(UPDATED), (c[UPDATED],), indent=1),
            Row("values in conflict" + code(CONFLICT), (c[CONFLICT],), indent=1),
        ]
    notes: tuple[str, ...] = ()
    if report.kept_master:
        names = ", ".join(report.kept_master[:8]) + (", ..." if len(report.kept_master) > 8 else "")
        notes = (f"In both, kept as in memory: {names}.",)
    return Table("", (Column("rows", "Rows", "count"),), tuple(rows), "Result", notes, key="merge")


@command(
    "append",
    minimum="app",
    syntax="append using FILE ... [, generate(name) keep(variables) force]",
    help="Add rows from files below the data.",
    effects=Effect.DATA,
)
def append(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("force nol:abel", "gen:erate keep", already="nonote:s"))
    using = parsed.clauses.using
    if using is None or parsed.clauses.body:
        raise parsed.word.error("append needs a file.", code="no-file", advice='Write append using "file.dta".')
    generate = new_name(argument(options["generate"]), session.state.dataset) if "generate" in options else None
    others = [read_using(session, piece, "append") for piece in words(using)]
    if "nolabel" in options:
        others = [without_labels(d) for d in others]
    if "keep" in options:
        others = [d.select(parse_names(argument(options["keep"]), d.names)) for d in others]
    master = session.data_or_none
    if master is None:
        master, *others = others
    data = transforms.append(master, others, generate=generate, force="force" in options)
    added = sum(len(d) for d in others)
    new = [n for n in data.names if n not in master and n != generate]
    text = f"({plural(added, 'observation')} added" + (f"; new: {', '.join(new[:8])}" if new else "") + ")"
    return changed(session, data, text)
