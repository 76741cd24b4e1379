"""A `Reading` as options of ``import delimited``, ``import excel`` and ``paste``, and as the text of the command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from terrace.data.dataset import Measure
from terrace.data.importing.reading import ORDERS, Reading, Type
from terrace.data.importing.several import Together, Way
from terrace.language.grammar.macros import quoted
from terrace.language.grammar.options import Option, OptionRule, rules
from terrace.language.grammar.tokens import NAME, Piece, unquoted, words
from terrace.language.mixed_options import argument
from terrace.session.commands.helpers.files import file_name
from terrace.session.commands.helpers.textfile import DELIMITERS, names_row, text_or_none, textfile_options
from terrace.session.paths import in_command
from terrace.session.session import Session

_TYPES: tuple[Type, ...] = ("text", "number", "date")
_MEASURES = ("nominal", "ordinal", "continuous", "identifier")
COLUMN_OPTIONS = (
    'drop(names) rename(old new ...) text(names) number(names) date(names) dateorder(dmy|mdy) nominal(names) '
    'ordinal(names) continuous(names) identifier(names) labels(name "Label" ...) missing(-99 NA) '
    'codes(name "-99 -98" ...) codebook(FILE)'
)
"""What can be said of columns, as the syntax of a command has it."""
_PLAIN = re.compile(r"[^\s\"'`(),\[\]{}]+")


def column_rules() -> tuple[OptionRule, ...]:
    """The options that say what columns are."""
    return rules(
        "",
        "drop rename text number date dateo:rder nominal ordinal continuous ident:ifier lab:els miss:ing codes "
        "codebook labelr:ow",
    )


def reading_of(session: Session, options: Mapping[str, Option]) -> Reading:
    """The reading that these options describe. Raises `CommandError` at one that makes no sense."""
    layout = textfile_options(options)
    text_columns = layout.pop("text", ())
    layout["sheet"] = text_or_none(options.get("sheet"))
    layout["cells"] = text_or_none(options.get("cellrange"))
    if "labelrow" in options:
        layout["labels"] = names_row(options["labelrow"])
    types: dict[str, Type] = {name: kind for kind in _TYPES for name in _names(options.get(kind))}
    measures = {name: Measure(m) for m in _MEASURES for name in _names(options.get(m))}
    reading = Reading(text_columns=text_columns, types=types, measures=measures, **layout)
    if "dateorder" in options:
        order = options["dateorder"].value.lower()
        if order not in ORDERS:
            raise options["dateorder"].piece.error(
                f"{order!r} is not an order of day and month.", code="bad-option-value", subject="dateorder",
                advice="Write dateorder(dmy) or dateorder(mdy).",
            )  # fmt: skip
        reading = replace(reading, dates=order)
    if "missing" in options:
        reading = replace(reading, missing=tuple(unquoted(w) for w in words(argument(options["missing"]))))
    if "labels" in options:
        labels = _pairs(options["labels"], "its label", 'labels(ses "Socioeconomic status")')
        reading = replace(reading, described={name: unquoted(label) for name, label in labels.items()})
    if "codes" in options:
        codes = _pairs(options["codes"], "its codes of missing values", 'codes(ses "-99 -98")')
        reading = replace(reading, codes={name: _codes(of) for name, of in codes.items()})
    if "rename" in options:
        renamed = _pairs(options["rename"], "the one that it gets", "rename(x1 ses)")
        reading = replace(reading, renamed={old: unquoted(new) for old, new in renamed.items()})
    if "drop" in options:
        reading = replace(reading, left_out=tuple(_names(options["drop"])))
    if "codebook" in options:
        reading = replace(reading, codebook=file_name(session, argument(options["codebook"]), "codebook"))
    return reading


def _names(option: Option | None) -> list[str]:
    if option is None:
        return []
    found = words(argument(option))
    for word in found:
        if not NAME.fullmatch(str(word)):
            raise word.error(f"{str(word)!r} is not the name of a variable.", code="not-a-name", subject=option.name)
    return [str(word) for word in found]


def _pairs(option: Option, second: str, example: str) -> dict[str, Piece]:
    """Names of variables, each with what stands behind it."""
    parts = words(argument(option))
    pairs = list(zip(parts[::2], parts[1::2], strict=False))
    if len(parts) % 2 or not all(NAME.fullmatch(str(name)) for name, _ in pairs):
        raise option.piece.error(
            f"{option.name}() takes names of variables, each with {second}.", code="bad-option-value",
            subject=option.name, advice=f"Write {example}.",
        )  # fmt: skip
    return {str(name): piece for name, piece in pairs}


def _codes(piece: Piece) -> tuple[str, ...]:
    return tuple(unquoted(w) for w in words(Piece.of(unquoted(piece))))


def _listed(values: tuple[str, ...]) -> str:
    return " ".join(v if _PLAIN.fullmatch(v) else quoted(v) for v in values)


# --- as text --------------------------------------------------------------------------------------------------------
def import_command(path: str | Path, kind: str, reading: Reading) -> str:
    """The command that reads a file by a reading; ``kind`` is ``import delimited`` or ``import excel``."""
    return f"{kind} {quoted(in_command(path))}, {' '.join([*reading_options(reading), 'clear'])}"


def reading_options(reading: Reading) -> list[str]:
    """The options that describe a reading."""
    marks = {mark: word for word, mark in DELIMITERS.items() if word in ("tab", "space")}
    plain: dict[str, Any] = {
        "sheet": reading.sheet, "cellrange": reading.cells,
        "delimiters": marks.get(reading.delimiter or "", reading.delimiter),
        "decimal": reading.decimal, "thousands": "none" if reading.thousands == "" else reading.thousands,
        "encoding": reading.encoding,
        "comment": reading.comment,
    }  # fmt: skip
    bare = ("encoding", "cellrange")
    out = [f"{name}({value if name in bare else quoted(value)})" for name, value in plain.items() if value is not None]
    for name, row in (("varnames", reading.names), ("labelrow", reading.labels)):
        none = "nonames" if name == "varnames" else "none"
        rows = f"{row[0]}:{row[1]}" if isinstance(row, tuple) else row or none
        out += [] if row is None else [f"{name}({rows})"]
    for name, span in (("rowrange", reading.rows), ("colrange", reading.columns)):
        out += [f"{name}({':'.join('' if k is None else str(k) for k in span)})"] if span != (None, None) else []
    if reading.skip:
        out.append(f"skip({reading.skip})")
    if reading.text_columns:
        out.append("stringcols(" + ("_all" if 0 in reading.text_columns else _several(reading.text_columns)) + ")")
    out += _of("drop", list(reading.left_out))
    if reading.renamed:
        out.append(f"rename({' '.join(f'{old} {new}' for old, new in reading.renamed.items())})")
    for type_ in _TYPES:
        out += _of(type_, [name for name, t in reading.types.items() if t == type_])
    if reading.dates:
        out.append(f"dateorder({reading.dates})")
    if reading.missing:
        out.append(f"missing({_listed(reading.missing)})")
    if reading.codes:
        out.append(f"codes({' '.join(f'{name} {quoted(_listed(codes))}' for name, codes in reading.codes.items())})")
    if reading.codebook:
        out.append(f"codebook({quoted(in_command(reading.codebook))})")
    for measure in Measure:
        out += _of(measure.value, [name for name, m in reading.measures.items() if m is measure])
    if reading.described:
        out.append(f"labels({' '.join(f'{name} {quoted(label)}' for name, label in reading.described.items())})")
    return out


def _of(option: str, names: list[str]) -> list[str]:
    return [f"{option}({' '.join(names)})"] if names else []


def _several(numbers: tuple[int, ...]) -> str:
    return " ".join(map(str, numbers))


def together_commands(files: Together, way: Way, key: str = "", number: str = "") -> list[str]:
    """The commands that open the first file and add the others to it; ``number`` is a new variable that counts them."""
    first, *others = [quoted(in_command(path)) for path in files.paths]
    if way == "append":
        options = [f"generate({number})"] if number else []
        options += ["force"] if any(c.differs for c in files.columns) else []
        said = f", {' '.join(options)}" if options else ""
        return [f"use {first}, clear", f"append using {' '.join(others)}{said}"]
    kinds = next(k.kinds for k in files.keys if k.name == key)
    merges = [f"merge {kind} {key} using {other}, nogenerate" for kind, other in zip(kinds, others, strict=True)]
    return [f"use {first}, clear", *merges]
