"""Training rows in the chat forms that other trainers read and publish.

A row is `{"id", "messages": [{"role", "content"}, …]}` with any other keys. Its messages are one
conversation: a system turn or none, then user and assistant by turns, the assistant last. Trainers
skip any other order in silence, so no form takes it here. The forms and `dataset_info.json` are
those that LLaMA-Factory documents (`data/README.md` of its repository):

- `messages`: the row itself, as OpenAI has it;
- `sharegpt`: `{conversations: [{from: system|human|gpt, value}, …]}`, read with a `system` column;
- `alpaca`: `{instruction, input, output, system, history: [[user, assistant], …]}`.

All functions return new rows and keep the other keys. No error shows the text of a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

Form = Literal["messages", "sharegpt", "alpaca"]
Row = dict[str, Any]
Turns = list[dict[str, str]]

EMPTY: tuple[Any, ...] = (None, "", [])
_ROLES = {"system": "system", "user": "user", "assistant": "assistant"}
_FROM = {"human": "user", "gpt": "assistant", **_ROLES}
_TURNS = ("user", "assistant")
_TO = {"user": "human", "assistant": "gpt", "system": "system"}
_KNOWN_ROLES = [*_FROM, "tool", "function", "function_call", "observation", "developer"]
_MARKS = dict(zip(get_args(Form), ("messages", "conversations", "instruction"), strict=True))
_ALPACA = ("instruction", "input", "output", "system", "history")
_NOT_OURS = ("tools", "images", "videos", "audios", "chosen", "rejected", "kto_tag")
_TAKEN = ("messages", "conversations", *_ALPACA, *_NOT_OURS)


class RowError(ValueError):
    """A row that is not in its form, or that a form cannot hold; never shows the row's text."""

    def __init__(self, got: str, expected: str, step: str) -> None:
        super().__init__(f"got {got}, expected {expected}; next: {step}")


def detect_format(row: Mapping[str, Any]) -> Form:
    """Return the form of a row, by its keys.

    Raises:
        RowError: when the row is no object, or has the keys of no form or of several.
    """
    if not isinstance(row, Mapping):
        raise RowError(_kind(row), "an object", "write one JSON object a line")
    found: list[Form] = [form for form, key in _MARKS.items() if row.get(key) is not None]
    if len(found) != 1:
        got = f"the keys of {' and '.join(found) or 'no form'}"
        raise RowError(got, f"one of {', '.join(_MARKS.values())}", "rename or remove keys")
    return found[0]


def to_messages(row: Row) -> Row:
    """Return a row in the form `messages`: itself, checked; see `RowError`."""
    return {**_others(row, "messages"), "messages": _conversation(row.get("messages"))}


from_messages = to_messages


def to_sharegpt(row: Row) -> Row:
    """Return a row in the form `sharegpt`, a system turn first; see `RowError`."""
    turns = [
        {"from": _TO[turn["role"]], "value": turn["content"]}
        for turn in _conversation(row.get("messages"))
    ]
    return {**_others(row, "messages"), "conversations": turns}


def from_sharegpt(row: Row) -> Row:
    """Read a row of the form `sharegpt`; a system turn or a `system` column, see `RowError`."""
    turns = _turns(row.get("conversations"), "from", "value", _FROM)
    system = _text(row, "system", default="")
    if system and turns[0]["role"] != "system":
        turns = [{"role": "system", "content": system}, *turns]
    elif system not in {"", turns[0]["content"]}:
        raise RowError("two system texts", "one", "keep the `system` key or the system turn")
    return {**_others(row, "conversations", "system"), "messages": _in_order(turns)}


def to_alpaca(row: Row) -> Row:
    """Return a row in the form `alpaca`: the last two turns, the earlier ones as `history`.

    Raises:
        RowError: also for an empty system turn, which the form cannot tell from none.
    """
    turns = _conversation(row.get("messages"))
    system = turns.pop(0)["content"] if turns[0]["role"] == "system" else None
    if system == "":
        raise RowError("an empty system turn", "a text, or no system turn", "remove the turn")
    texts = [turn["content"] for turn in turns]
    *history, (asked, answer) = map(list, zip(texts[::2], texts[1::2], strict=True))
    values = (asked, "", answer, system or "", history)
    return {**_others(row, "messages"), **dict(zip(_ALPACA, values, strict=True))}


def from_alpaca(row: Row) -> Row:
    """Read a row of the form `alpaca`, a filled `input` as the user's next line; see `RowError`."""
    history = row.get("history") or []
    if not isinstance(history, list) or any(
        not isinstance(e, list) or len(e) != 2 for e in history
    ):
        raise RowError("another `history`", "a list of [user, assistant]", "write earlier turns so")
    asked = filter(None, (_text(row, "instruction"), _text(row, "input", default="")))
    texts = [text for pair in history for text in pair] + ["\n".join(asked), _text(row, "output")]
    turns = [{"role": "system", "content": system}] if (system := row.get("system")) else []
    turns += [{"role": _TURNS[n % 2], "content": text} for n, text in enumerate(texts)]
    return {**_others(row, *_ALPACA), "messages": _conversation(turns)}


def dataset_info(form: Form, splits: Iterable[str]) -> dict[str, Any]:
    """Return what LLaMA-Factory must know about the files `<split>.jsonl` of one form.

    The splits are the names for its options `dataset` and `eval_dataset`.
    """
    return {split: {"file_name": f"{split}.jsonl", **_INFO[form]} for split in splits}


def _tagged(messages: str, role: str, content: str, user: str, assistant: str) -> dict[str, Any]:
    tags = {"role_tag": role, "content_tag": content, "user_tag": user, "assistant_tag": assistant}
    return {
        "formatting": "sharegpt",
        "columns": {"messages": messages},
        "tags": {**tags, "system_tag": "system"},
    }


_COLUMNS = ("prompt", "query", "response", "system", "history")
_INFO: dict[Form, dict[str, Any]] = {
    "messages": _tagged("messages", "role", "content", "user", "assistant"),
    "sharegpt": _tagged("conversations", "from", "value", "human", "gpt"),
    "alpaca": {"formatting": "alpaca", "columns": dict(zip(_COLUMNS, _ALPACA, strict=True))},
}
READERS = {"messages": from_messages, "sharegpt": from_sharegpt, "alpaca": from_alpaca}
WRITERS = {"messages": to_messages, "sharegpt": to_sharegpt, "alpaca": to_alpaca}


def _others(row: Row, *own: str) -> Row:
    """Return the other keys of a row, without empty columns that belong to a form."""
    taken = [key for key in _TAKEN if key in row and key not in own]
    if filled := [key for key in taken if row[key] not in EMPTY]:
        raise RowError(f"a filled `{filled[0]}`", "keys that no form uses", "remove or rename it")
    return {key: value for key, value in row.items() if key not in {*taken, *own}}


def _conversation(messages: Any) -> Turns:
    return _in_order(_turns(messages, "role", "content", _ROLES))


def _turns(turns: Any, role: str, text: str, roles: Mapping[str, str]) -> Turns:
    """Return turns with our keys and roles, in whatever order they are."""
    if not isinstance(turns, list) or not turns:
        raise RowError(_kind(turns), "a list of turns", "write the turns as a list")
    return [
        {
            "role": roles[_role(turn, place, role, text, roles)],
            "content": _text(turn, text, where=f" in turn {place}"),
        }
        for place, turn in enumerate(turns, 1)
    ]


def _role(turn: Any, place: int, key: str, text: str, roles: Iterable[str]) -> str:
    if not isinstance(turn, Mapping):
        raise RowError(f"{_kind(turn)} as turn {place}", "an object", "write each turn so")
    if (role := turn.get(key)) not in list(roles):
        named = role if role in _KNOWN_ROLES else "another value"
        raise RowError(f"{named} as `{key}` of turn {place}", " or ".join(roles), "remove it")
    if any(value is not None for name, value in turn.items() if name not in {key, text}):
        raise RowError(f"more keys in turn {place}", f"{key} and {text}", "remove them")
    return str(role)


def _in_order(turns: Turns) -> Turns:
    rest = turns[turns[0]["role"] == "system" :]
    wrong = [n for n, turn in enumerate(rest) if turn["role"] != _TURNS[n % 2]]
    if wrong or len(rest) % 2 or not rest:
        place = (wrong[0] + 1 if wrong else len(rest)) + len(turns) - len(rest)
        raise RowError(
            f"{turns[place - 1]['role']} as turn {place} of {len(turns)}",
            "a system turn or none, then user and assistant by turns, the assistant last",
            "join turns of one speaker, and cut what has no answer",
        )
    return turns


def _text(row: Mapping[str, Any], key: str, default: str | None = None, where: str = "") -> str:
    value = row.get(key)
    value = default if value is None else value
    if not isinstance(value, str):
        raise RowError(f"{_kind(value)} as `{key}`{where}", "a text", "write it as a text")
    return value


def _kind(value: Any) -> str:
    """Name the JSON type of a value, never the value."""
    names = {str: "a text", list: "a list", dict: "an object", type(None): "nothing"}
    return "an empty list" if value == [] else names.get(type(value), "another value")
