"""From raw dialogues to redacted, clean ones with a side each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd
from kedro.io.core import DatasetError

from churnlens.dialogues.cleaning import Cleaned, clean_dialogue
from churnlens.dialogues.form import Dialogue, Reading
from churnlens.dialogues.keys import customer_key
from churnlens.dialogues.sides import Divided, Rows, divide, rows_of
from churnlens.options import DialogueOptions
from churnlens.pipelines.data_processing.dialogue_files import first_faults
from churnlens.schema import parse_schema


def prepare_dialogues(
    dialogues: Reading,
    options: DialogueOptions,
    customer_table: pd.DataFrame | None = None,
    schema: dict[str, Any] | None = None,
) -> tuple[Rows, dict[str, Any]]:
    """Redact and clean every dialogue, and give it a side.

    Nothing is written before it is redacted: texts, references, labels that are prose, and keys
    of customers that are personal data.

    Args:
        dialogues: what was read, and what could not be.
        options: how they are divided.
        customer_table: raw; a customer's name in it is redacted in the customer's dialogues. None
            where there is none.
        schema: of the table: which columns are the key and the name.

    Returns:
        One row a dialogue in the order of the file: the fields of `Dialogue` but for defaults,
        `side`, and `group`, which no two sides share. And the counts: what was read with its
        faults, removed by kind, told apart, dropped, and where the rest went.

    Raises:
        DatasetError: when no dialogue is left, or a side stays empty.
    """
    taken = _evenly(dialogues.dialogues, options.max_dialogues)
    names = _names(customer_table, schema)
    cleaned = [_clean(each, names.get(_plain(each.customer), ())) for each in taken]
    kept = [each.dialogue for each in cleaned if each.dialogue.words_of("customer")]
    if not kept:
        raise DatasetError(
            "dialogues: no customer says a word once they are clean; next: look at the file with "
            "`kedro check-data FILE --task summary`"
        )
    try:
        divided = divide(kept, options)
    except ValueError as error:
        raise DatasetError(f"dialogues: {error} (data_processing.seed and its shares)") from None
    report = {
        "read": dialogues.counts() | {"first_faults": first_faults(dialogues)},
        "taken": len(taken),
        "named_in_table": sum(_plain(each.customer) in names for each in taken),
        **_cleaning(taken, cleaned),
        "dropped_without_customer": len(cleaned) - len(kept),
        **_places(divided),
    }
    return rows_of(divided), report


def _evenly(dialogues: Sequence[Dialogue], most: int | None) -> Sequence[Dialogue]:
    """Return at most so many dialogues, evenly from the whole list; all of them for None."""
    if most is None or len(dialogues) <= most:
        return dialogues
    return [dialogues[at * len(dialogues) // most] for at in range(most)]


def _names(table: pd.DataFrame | None, schema: dict[str, Any] | None) -> dict[str, list[str]]:
    """Return key → names of the customers whom the table names, all names where a key stands twice.

    Keys are compared as `_plain` writes them. Nobody where the table has no such column.
    """
    if table is None or schema is None:
        return {}
    described = parse_schema(schema)
    if not {described.key, described.person} <= set(table):
        return {}
    names: dict[str, list[str]] = {}
    for key, name in zip(table[described.key], table[described.person], strict=True):
        if isinstance(name, str) and name.strip():
            names.setdefault(_plain(key), []).append(name)
    return names


def _plain(key: str | None) -> str:
    return (key or "").strip().casefold()


def _clean(dialogue: Dialogue, names: Sequence[str]) -> Cleaned:
    key = customer_key(dialogue.customer)
    return clean_dialogue(dialogue.model_copy(update={"customer": key}), names)


def _cleaning(raw: Sequence[Dialogue], cleaned: Sequence[Cleaned]) -> dict[str, Any]:
    """Return what was removed, whose keys were hashed, and whose lines were machines'."""
    removed = sum((each.removed for each in cleaned), Counter[str]())
    pairs = list(zip(raw, (each.dialogue for each in cleaned), strict=True))
    told = Counter(
        f"{before.speaker} to {after.speaker}"
        for one, other in pairs
        for before, after in zip(one.turns, other.turns, strict=True)
        if before.speaker != after.speaker
    )
    return {
        "removed": dict(sorted(removed.items())),
        "hashed_keys": sum(
            (one.customer or "").strip() != (other.customer or "") for one, other in pairs
        ),
        "told_apart": dict(sorted(told.items())),
        "empty_turns": sum(not turn.text for _, other in pairs for turn in other.turns),
    }


def _places(divided: Divided) -> dict[str, Any]:
    """Return how many dialogues are on each side, and how many customers are on several."""
    homes: dict[str, set[str]] = {}
    for dialogue, side in zip(divided.dialogues, divided.sides, strict=True):
        if dialogue.customer:
            homes.setdefault(dialogue.customer, set()).add(side)
    return {
        "sides": dict(Counter(divided.sides)),
        "groups": len(set(divided.groups)),
        "customers": len(homes),
        "customers_on_two_sides": sum(len(sides) > 1 for sides in homes.values()),
    }
