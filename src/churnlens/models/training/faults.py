"""What is wrong with training rows: collected first, told all at once, in bounded length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

_SHOWN = 5
_KEY_CHARS = 40  # of an id in a message
_STEPS = {
    "not a row of messages": "check the file; each row is one JSON object with id and messages",
    "no assistant turn at the end": "the last message of a row is the answer to learn",
    "nothing to answer": "put a user message before the answer",
    "empty answer": "remove the row, or write its answer again",
    "special tokens in the text": "remove them; they would end a turn or open another",
    "not a row of text and label": "each row is one JSON object with id, text and label",
    "no such class": "labels are whole numbers from 0 to classes - 1",
    "shares that are none": "give one share a class, together 1",
    "not one number as label": "regression learns one number a row",
    "does not fit": "raise max_length up to the model's context, or give the prompt less evidence",
    "the template changes the answer": "strip the answer, or use a model with a plain template",
    "no token is trained on": "check how the labels of these rows were made",
    "labels that are not the tokens": "make the labels with encode_rows",
    "the same id twice": "give every row of a split its own id",
    "in training and in validation": "split again, so that no row is in both",
    "no chat template": "use an instruction-tuned model, or give its tokenizer a template",
    "no rows": "run the stage that makes them first",
}


class TrainingError(ValueError):
    """Why nothing was trained: every fault at once, with ids and numbers, never a row's text."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a row: a kind out of a closed set, the row, and numbers."""

    kind: str
    key: str
    detail: str = ""


def stop_at(faults: Sequence[Fault], others: Sequence[str] = ()) -> None:
    """Raise one TrainingError that tells all faults and other reasons, if there are any."""
    by_kind: defaultdict[str, list[Fault]] = defaultdict(list)
    for fault in faults:
        by_kind[fault.kind].append(fault)
    lines = [*others, *(_line(kind, found) for kind, found in by_kind.items())]
    if lines:
        raise TrainingError("nothing was trained:\n" + "\n".join(f"- {line}" for line in lines))


def _line(kind: str, faults: Sequence[Fault]) -> str:
    told = ((fault.key[:_KEY_CHARS], fault.detail) for fault in faults[:_SHOWN])
    shown = [f"{key}: {detail}" if detail else key for key, detail in told]
    more = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    return f"{kind} ({len(faults)}): {'; '.join(shown)}{more}. Next: {_STEPS[kind]}"
