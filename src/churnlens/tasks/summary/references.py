"""The reference of a dialogue, in whichever of the known ways a file tells it.

- labels named like the fields, with `<field>_evidence` as places joined by ``;`` (demo data);
- a reference text that is JSON with the four keys of either language, whose last two values may be
  sentences: 用户接受客服方案并表示感谢 (the public recipe's form);
- reference texts of sentences, the first about the problem, the rest about the solution, with a
  label `is_negative` (TweetSumm). Whether it was accepted stays open.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from churnlens.dialogues.form import Dialogue
from churnlens.tasks.summary.contract import (
    CLOSED,
    FIELDS,
    KEYS,
    TEXTS,
    Answer,
    FieldName,
    Reference,
    bounded,
)

_WORDS: Final[dict[Answer, str]] = {
    "yes": "yes y true 1 是 有 接受 已接受 同意",
    "no": "no n false 0 否 无 没有 不接受 未接受 拒绝 不同意",
    "unclear": "unclear unknown n/a none 未明确 不明确 未知 未提及 不清楚 无法判断",
}
_EXACT: Final = {word: answer for answer, words in _WORDS.items() for word in words.split()}
# Asked in this order: what leaves it open, then what denies, then what affirms.
_RULES: Final[dict[FieldName, tuple[tuple[Answer, re.Pattern[str]], ...]]] = {
    "accepted": (
        (
            "unclear",
            re.compile(
                r"未明确|不明确|未知|未表态|没有表态|未表示|没有表示|未回复|没有回复|未回应|无法判断|不确定|考虑"
                r"|\b(?:unclear|unknown|undecided|unsure|did not (?:say|reply|answer)|no reply"
                r"|not (?:stated|clear|known)|whether)\b"
            ),
        ),
        (
            "no",
            re.compile(
                r"不接受|未接受|没有接受|没接受|不同意|未同意|没有同意|不认可|不满意|拒绝|不愿"
                r"|\b(?:not|never|n't|refus\w+|declin\w+|reject\w+|unwilling|disagree\w*)\b|n't\b"
            ),
        ),
        (
            "yes",
            re.compile(
                r"接受|同意|认可|采纳|满意|感谢"
                r"|\b(?:accept\w*|agree\w*|took|takes|satisfied|thank\w*)\b"
            ),
        ),
    ),
    "negative_emotion": (
        (
            "unclear",
            re.compile(
                r"未明确|不明确|未知|无法判断|不确定"
                r"|\b(?:unclear|unknown|ambiguous|not (?:stated|clear|known))\b"
            ),
        ),
        (
            "no",
            re.compile(
                r"没有|无(?!奈|语)|未|并不|不存在|平和|礼貌|正面|中性|感谢|(?<!不)满意"
                r"|\b(?:no|not|never|without|neutral|positive|calm|polite|n't)\b|n't\b"
            ),
        ),
        (
            "yes",
            re.compile(
                r"负面|不满|生气|愤怒|失望|着急|焦急|抱怨|投诉|无奈|烦|激动|气愤|有"
                r"|\b(?:negative|angry|anger|upset|annoyed|disappointed|frustrated|complain\w*|furious)\b"
            ),
        ),
    ),
}
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=\S)|(?<=[。！？])")


def answer_of(field: FieldName, value: object) -> Answer | None:
    """Return the closed value that a text stands for; None where no rule reads it.

    A single word goes by its meaning. In a sentence, words that leave it open count before words
    that deny, and these before words that affirm: 用户没有表现出负面情绪 is no.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    told = str(value).strip().strip("。.！!").casefold() if isinstance(value, str | int) else ""
    if told in _EXACT:
        return _EXACT[told]
    rules = _RULES.get(field, ())
    return next((answer for answer, rule in rules if told and rule.search(told)), None)


def references_of(dialogue: Dialogue) -> tuple[Reference, ...]:
    """Return every reference of a dialogue, planted truth before people's; none for none."""
    if any(dialogue.labels.get(field) for field in FIELDS):
        return (_from_labels(dialogue.labels),)
    read = (_from_text(text, dialogue.labels) for text in dialogue.references)
    return tuple(reference for reference in read if reference)


def _from_labels(labels: Mapping[str, str]) -> Reference:
    evidence = {field: _turns(labels.get(f"{field}_evidence")) for field in FIELDS}
    return _made({field: labels.get(field, "") for field in FIELDS}, evidence)


def _turns(joined: str | None) -> tuple[int, ...]:
    return tuple(int(each) for each in (joined or "").split(";") if each.strip().isdigit())


def _made(
    values: Mapping[FieldName, Any], evidence: Mapping[FieldName, tuple[int, ...]] | None = None
) -> Reference:
    return Reference(
        **{field: bounded(str(values.get(field) or "")) for field in TEXTS},
        **{field: answer_of(field, values.get(field)) for field in CLOSED},
        evidence={field: at for field, at in (evidence or {}).items() if at},
    )


def _from_text(text: str, labels: Mapping[str, str]) -> Reference | None:
    if text.lstrip().startswith("{"):
        return _from_json(text)
    first, *rest = [each.strip() for each in _SENTENCE.split(text) if each.strip()] or [""]
    values: dict[FieldName, Any] = {"user_problem": first, "agent_solution": " ".join(rest)}
    return _made(values | {"negative_emotion": labels.get("is_negative")}) if first else None


def _from_json(text: str) -> Reference | None:
    """Read the four keys of either language, in any order; None where a key is missing."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return None
    for keys in KEYS.values():
        if isinstance(raw, dict) and all(key in raw for key in keys.values()):
            return _made({field: raw[keys[field]] for field in FIELDS})
    return None


def unread(dialogue: Dialogue) -> int:
    """Return how many reference texts of a dialogue are in no known form, to be counted."""
    if any(dialogue.labels.get(field) for field in FIELDS):
        return 0
    return len(dialogue.references) - len(references_of(dialogue))
