"""Training rows of the assistant: what it is shown and what it says, as at serving.

A row is one turn of the assistant: the system turn with the rules and a few passages, the
conversation until then, and as the answer what it does, its words, and the passages in brackets.
The passages are those that the turn rests on, which come first as they do at serving, and others
that a search brings. Facts are in the passages: new ones need no training.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from churnlens.schema import Language
from churnlens.tasks.service.handbook import Handbook
from churnlens.tasks.service.prompts import DOES, ServicePrompts
from churnlens.tasks.service.scripts import Said, Script

Row = dict[str, Any]
Find = Callable[[str, Language], Sequence[str]]
"""Customer's words and language → passage ids, the likeliest first."""


class Shown(NamedTuple):
    """What the system turn of a row shows: passages of a handbook by id, the likeliest first."""

    handbook: Handbook
    prompts: ServicePrompts
    language: Language
    passages: list[str]


def written(said: Said, language: Language) -> str:
    """Return a turn of the assistant as a model writes it: `asks: … [shipping.late]`.

    Raises:
        ValueError: for a turn of the customer.
    """
    if said.status is None:
        raise ValueError("got a turn of the customer, expected one of the assistant")
    mark = "：" if language == "zh" else ": "
    cited = " ".join(f"[{key}]" for key in said.citations)
    return f"{DOES[said.status].of(language)}{mark}{said.text} {cited}".strip()


def training_rows(
    scripts: Iterable[Script],
    handbook: Handbook,
    prompts: ServicePrompts,
    find: Find,
    shown: int,
) -> list[Row]:
    """Return a row for every turn of the assistant.

    Args:
        scripts: of one side of a split.
        handbook: of the passages that they cite.
        prompts: of the system turn.
        find: brings the passages that stand beside those of the turn.
        shown: passages in a row; more where a turn rests on more.

    Returns:
        Rows `{"id", "messages", "language", "family", "passages", "status"}`; see
        `datasets.chat_forms`.
    """
    return [
        _row(script, place, handbook, prompts, find, shown)
        for script in scripts
        for place in range(1, len(script.turns), 2)
    ]


def row_of(
    key: str, family: str, shown: Shown, said: Said, earlier: Sequence[Mapping[str, str]]
) -> Row:
    """Return a row, see `training_rows`.

    Args:
        key: id of the row.
        family: what it is alike to, its language left out.
        shown: the passages of the system turn.
        said: by the assistant.
        earlier: messages before that, the customer's last.
    """
    system = shown.prompts.instructions(shown.handbook, shown.passages, shown.language)
    answer = {"role": "assistant", "content": written(said, shown.language)}
    return {
        "id": key,
        "messages": [{"role": "system", "content": system}, *earlier, answer],
        "language": shown.language,
        "family": f"{shown.language}-{family}",
        "passages": sorted(shown.passages),
        "status": said.status,
    }


def _row(
    script: Script,
    place: int,
    handbook: Handbook,
    prompts: ServicePrompts,
    find: Find,
    shown: int,
) -> Row:
    said, asked = script.turns[place], script.turns[place - 1]
    keys = with_others(said.citations, find(asked.text, script.language), shown)
    earlier = [
        {"role": "assistant" if turn.status else "user", "content": turn.text}
        for turn in script.turns[:place]
    ]
    system = Shown(handbook, prompts, script.language, keys)
    return row_of(f"{script.id}-{(place + 1) // 2}", script.family, system, said, earlier)


def with_others(own: Sequence[str], found: Sequence[str], shown: int) -> list[str]:
    """Return passages of an answer and found ones after them, `shown` in all or all of its own."""
    others = [key for key in found if key not in own]
    return [*own, *others[: max(0, shown - len(own))]]


def mixed(own: Sequence[Row], general: Sequence[Row], share: float) -> list[Row]:
    """Return the own rows with general ones among them, against forgetting; always the same.

    Args:
        own: rows of the assistant.
        general: rows of other kinds, with ids.
        share: general rows for each hundred of the own; all of them where there are fewer.
    """
    kept = list(general)[: round(len(own) * share / 100)]
    return sorted([*own, *kept], key=lambda row: hashlib.sha256(row["id"].encode()).digest())
