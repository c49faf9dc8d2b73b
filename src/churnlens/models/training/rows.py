"""Training rows as token ids, with the loss on the answer and on nothing else.

A row is `{"id", "messages": [{"role", "content"}, …]}`; its last message is the answer. Nothing is
ever cut: a row that is not whole is a fault, and all faults of all rows are found before a model
is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from churnlens.models.training.faults import Fault, stop_at

IGNORED = -100
_ROLES = ("system", "user", "assistant")


@dataclass(frozen=True)
class EncodedRow:
    """A row for training.

    Attributes:
        key: the id of the row.
        input_ids: the whole conversation up to the end token of its last answer.
        labels: the same where the model learns (answer and end token), -100 elsewhere.
    """

    key: str
    input_ids: tuple[int, ...]
    labels: tuple[int, ...]

    @property
    def prompt(self) -> tuple[int, ...]:
        """The tokens before the first that is learned."""
        first = next((n for n, label in enumerate(self.labels) if label != IGNORED), None)
        return self.input_ids[:first]


def encode_rows(
    rows: Sequence[Mapping[str, Any]], tokenizer: Any, max_length: int
) -> list[EncodedRow]:
    """Encode rows by the tokenizer's chat template.

    Prompt and answer are tokenised apart, as in generation, where the prompt is all there is. What
    the template puts behind the answer is kept up to its first special token.

    Args:
        rows: see the module.
        tokenizer: a fast tokenizer with a chat template.
        max_length: tokens that a row may have.

    Raises:
        TrainingError: with every fault of every row.
    """
    encoded, faults = try_encode(rows, tokenizer, max_length)
    stop_at(faults)
    return encoded


def try_encode(
    rows: Sequence[Mapping[str, Any]], tokenizer: Any, max_length: int
) -> tuple[list[EncodedRow], list[Fault]]:
    """Encode the rows that can be, and return the faults of the others."""
    if not tokenizer.chat_template:
        return [], [Fault("no chat template", "-")]
    special = [str(t) for t in tokenizer.added_tokens_decoder.values() if t.special]
    encoded: list[EncodedRow] = []
    faults: list[Fault] = [] if rows else [Fault("no rows", "-")]
    for number, row in enumerate(rows):
        key = _key(row, number)
        found = list(_message_faults(row, key, special))
        if found:
            found += _too_long(row, key, tokenizer, max_length)
        else:
            done = _encode(row["messages"], key, tokenizer)
            found = [done] if isinstance(done, Fault) else check_encoded([done], max_length)
            encoded += [done] if isinstance(done, EncodedRow) and not found else []
        faults += found
    return encoded, faults + _twice([_key(row, number) for number, row in enumerate(rows)])


def check_encoded(rows: Sequence[EncodedRow], max_length: int) -> list[Fault]:
    """Return the faults of encoded rows: too long, nothing to learn, or labels of other tokens."""
    faults = []
    for row in rows:
        learned = sum(label != IGNORED for label in row.labels)
        pairs = zip(row.input_ids, row.labels, strict=False)
        if len(row.labels) != len(row.input_ids) or any(b not in {IGNORED, a} for a, b in pairs):
            faults.append(Fault("labels that are not the tokens", row.key))
        elif not learned:
            faults.append(Fault("no token is trained on", row.key))
        if (got := len(row.input_ids)) > max_length:
            detail = f"{got} tokens ({learned} of them answer), expected at most {max_length}"
            faults.append(Fault("does not fit", row.key, detail))
    return faults


def shared(training: Sequence[EncodedRow], validation: Sequence[EncodedRow]) -> list[Fault]:
    """Return a fault for every validation row whose prompt training has too, whatever its answer.

    A prompt twice says nothing new, and the loss on it would be that of what was learned.
    """
    prompts = {row.prompt for row in training}
    both = [row.key for row in validation if row.prompt in prompts]
    return [Fault("in training and in validation", key) for key in both]


def same_ids(training: Sequence[Any], validation: Sequence[Any]) -> list[Fault]:
    """Return a fault for every id that both splits have, be its rows at fault or not."""
    keys = {given for row in training if (given := _given(row))}
    both = dict.fromkeys(given for row in validation if (given := _given(row)) in keys)
    return [Fault("in training and in validation", key) for key in both]


def _given(row: Any) -> str:
    """Return the id of a row; empty where it has none."""
    given = row.get("id") if isinstance(row, Mapping) else None
    return str(given) if isinstance(given, str | int) else ""


def _key(row: Any, number: int) -> str:
    return _given(row) or f"row {number + 1}"


def _twice(keys: Sequence[str]) -> list[Fault]:
    seen: set[str] = set()
    again = [key for key in keys if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
    return [Fault("the same id twice", key) for key in again]


def _message_faults(row: Any, key: str, special: Iterable[str]) -> Iterable[Fault]:
    """Find what is wrong with the messages of a row, whatever the tokenizer does with them."""
    messages = row.get("messages") if isinstance(row, Mapping) else None
    if not isinstance(messages, Sequence) or not messages or not all(map(_is_message, messages)):
        yield Fault("not a row of messages", key)
        return
    if messages[-1]["role"] != "assistant":
        yield Fault("no assistant turn at the end", key)
    elif not any(m["role"] == "user" for m in messages[:-1]):
        yield Fault("nothing to answer", key)
    elif not messages[-1]["content"].strip():
        yield Fault("empty answer", key)
    if found := sorted({t for t in special for m in messages if t in m["content"]}):
        yield Fault("special tokens in the text", key, ", ".join(found[:3]))


def _too_long(row: Any, key: str, tokenizer: Any, max_length: int) -> list[Fault]:
    """Say that a row which cannot be rendered is too long all the same, by its texts alone."""
    messages = row.get("messages") if isinstance(row, Mapping) else None
    if not isinstance(messages, Sequence) or not all(map(_is_message, messages)):
        return []
    texts = [message["content"] for message in messages]
    got = sum(len(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts)
    detail = f"{got} tokens of text, expected at most {max_length}"
    return [Fault("does not fit", key, detail)] if got > max_length else []


def _is_message(message: Any) -> bool:
    return (
        isinstance(message, Mapping)
        and message.get("role") in _ROLES
        and isinstance(message.get("content"), str)
    )


def _encode(messages: Sequence[Mapping[str, str]], key: str, tokenizer: Any) -> EncodedRow | Fault:
    """Render and tokenise one row, whose messages are in order."""
    plain = [{"role": m["role"], "content": m["content"]} for m in messages]
    render = tokenizer.apply_chat_template
    prompt = render(plain[:-1], tokenize=False, add_generation_prompt=True)
    whole = render(plain, tokenize=False)
    if not whole.startswith(prompt + plain[-1]["content"]):
        return Fault("the template changes the answer", key)

    def tokens(text: str) -> list[int]:
        return list(tokenizer(text, add_special_tokens=False)["input_ids"])

    special = {number for number, t in tokenizer.added_tokens_decoder.items() if t.special}
    head, tail = tokens(prompt), tokens(whole[len(prompt) :])
    ends = [at for at, token in enumerate(tail) if token in special]
    if not ends:
        return Fault("the template changes the answer", key, "no end token behind it")
    answer = tail[: ends[0] + 1]
    return EncodedRow(key, (*head, *answer), (*[IGNORED] * len(head), *answer))
