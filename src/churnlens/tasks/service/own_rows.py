"""Rows to train on: the written dialogues, a company's own file, and general rows beside them.

A file of one's own holds rows as alpaca, sharegpt or messages, one JSON object a line or all in
one list, such as the public `[{"instruction", "input", "output"}, …]`. Rows at fault are left out
and counted; the others are redacted before anything is written.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from churnlens.datasets.chat_forms import from_alpaca
from churnlens.dialogues.splits import draw_sides
from churnlens.dialogues.words import language_of
from churnlens.options import ServiceRowsOptions
from churnlens.privacy.redaction import redact
from churnlens.retrieval.lexical import LexicalIndex
from churnlens.retrieval.tokenize import tokenize
from churnlens.schema import Language
from churnlens.tasks.service.book import Book
from churnlens.tasks.service.handbook import Handbook
from churnlens.tasks.service.knowledge import LANGUAGES
from churnlens.tasks.service.prompts import ServicePrompts
from churnlens.tasks.service.question_rows import question_rows
from churnlens.tasks.service.routing import template_families
from churnlens.tasks.service.row_check import RowCheck, check_rows, messages_of
from churnlens.tasks.service.rows import Find, Row, training_rows
from churnlens.tasks.service.scripts import split_scripts

SPLITS = ("training", "validation")


def parse_file(text: str) -> list[Any]:
    """Return the rows of a file, a list or a line each; None for a line that is no JSON."""
    plain = text.lstrip("\ufeff \t\r\n")
    if plain.startswith("["):
        whole = _json(plain)
        return whole if isinstance(whole, list) else [None]
    return [_json(line) for line in plain.split("\n") if line.strip()]


def own_rows(text: str, book: Book, near: float) -> tuple[list[Row], RowCheck]:
    """Return the sound rows of a file with their families, redacted, and what is wrong with others.

    Args:
        text: of the file, see the module.
        book: rules and figures by which rows are checked.
        near: least likeness of two requests of one family.
    """
    given = parse_file(text)
    checked = check_rows(given, book.rules, book.handbook)
    wrong = {fault.row for fault in checked.faults}
    sound = [(n, messages_of(row)) for n, row in enumerate(given, 1) if n not in wrong]
    rows = [_own_row(number, messages) for number, messages in sound]
    names = families_of([_asked(row) for row in rows], near)
    return [{**row, "family": name} for row, name in zip(rows, names, strict=True)], checked


def families_of(texts: Sequence[str], near: float) -> list[str]:
    """Return the family of each request: those alike in their words or letters are of one."""
    return [f"own{name}" for name in template_families(texts, [""] * len(texts), near)]


def split_rows(
    book: Book, prompts: ServicePrompts, own: Sequence[Row], options: ServiceRowsOptions
) -> dict[str, list[Row]]:
    """Return the rows by split: `training`, `validation` and `general`; empty splits are left out.

    No situation of the written dialogues and no family of own rows is in two splits.
    """
    splits: dict[str, list[Row]] = {name: [] for name in SPLITS}
    if options.written:
        sides = split_scripts(list(book.scripts), options.held_out, options.seed)
        find = word_finder(book.handbook)
        for name, scripts in zip(SPLITS, sides.values(), strict=True):
            splits[name] += training_rows(scripts, book.handbook, prompts, find, options.shown)
        splits["training"] += question_rows(
            book.handbook, prompts, find, options.shown, LANGUAGES, options.seed
        )
    shares = dict(zip(SPLITS, (1 - options.held_out, options.held_out), strict=True))
    families = [row["family"] for row in own]
    drawn = draw_sides(families, shares, options.seed, may_be_empty=options.written or not own)
    for row, side in zip(own, drawn, strict=True):
        splits[side].append(row)
    splits["general"] = [{**from_alpaca(row), "family": "general"} for row in book.general]
    return {name: rows for name, rows in splits.items() if rows}


def report_of(splits: Mapping[str, Sequence[Row]], checked: RowCheck) -> dict[str, Any]:
    """Return what the rows are: by split and language, families, and the faults of own rows."""
    return {
        "splits": {
            name: {
                "rows": len(rows),
                "families": len({row["family"] for row in rows}),
                "languages": dict(sorted(Counter(row["language"] for row in rows).items())),
            }
            for name, rows in splits.items()
        },
        "own": {"rows": checked.rows, "faulty": checked.faulty, "faults": checked.counts},
    }


def word_finder(handbook: Handbook) -> Find:
    """Return what finds passages by words alone, without a model."""
    keys = list(handbook.passages)
    indices = {
        language: LexicalIndex.build(
            [
                tokenize(f"{passage.title.of(language)} {handbook.text(key, language)}")
                for key, passage in handbook.passages.items()
            ]
        )
        for language in LANGUAGES
    }

    def find(text: str, language: Language) -> list[str]:
        hits = indices[language].search(tokenize(text), len(keys))
        return [keys[at] for at in hits.positions]

    return find


def _own_row(number: int, messages: Sequence[Mapping[str, str]]) -> Row:
    said = [{"role": m["role"], "content": redact(m["content"]).text} for m in messages]
    language = language_of(m["content"] for m in said if m["role"] == "user")
    return {"id": f"own-{number}", "messages": said, "language": language}


def _asked(row: Row) -> str:
    return next(m["content"] for m in row["messages"] if m["role"] == "user")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
