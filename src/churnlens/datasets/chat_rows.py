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

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

from kedro.io.core import AbstractDataset, DatasetError

from churnlens.datasets.atomic import MANIFEST, is_complete, write_file, write_folder
from churnlens.datasets.imported import INFO, Source, by_own_keys, items_of, sources
from churnlens.datasets.jsonl import Rows, dump_rows

Form = Literal["messages", "sharegpt", "alpaca"]
Row = dict[str, Any]
Splits = dict[str, Rows]
Turns = list[dict[str, str]]

_SHOWN = 10
_EMPTY: tuple[Any, ...] = (None, "", [])
_SPLIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
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
_READ = {"messages": from_messages, "sharegpt": from_sharegpt, "alpaca": from_alpaca}
_WRITE = {"messages": to_messages, "sharegpt": to_sharegpt, "alpaca": to_alpaca}


class ChatRowsDataset(AbstractDataset[Splits, Splits]):
    """Splits of training rows as a folder of `<split>.jsonl`, which LLaMA-Factory reads as it is.

    Example of a catalog entry::

        churn.training_rows:
          type: churnlens.datasets.chat_rows.ChatRowsDataset
          filepath: data/05_model_input/churn/rows
          form: messages
    """

    def __init__(
        self,
        *,
        filepath: str,
        form: Form = "messages",
        imported: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Keep splits in the folder `filepath`.

        Rows are saved in `form` and loaded from any. An `imported` folder was made elsewhere: it
        needs no manifest, may hold JSON arrays and columns of other names (see
        `datasets.imported`), and is never written.
        """
        if form not in get_args(Form):
            raise DatasetError(f"form: got {str(form)[:40]!r}, expected one of {get_args(Form)}")
        self._filepath, self._form, self._imported = Path(filepath), form, imported
        self.metadata = metadata

    def load(self) -> Splits:
        """Return split → rows; a row without an id gets `<split>-<place>`.

        Raises:
            DatasetError: when the folder is absent or torn, or naming every row at fault.
        """
        found = self._sources()
        if not found:
            raise DatasetError(f"no <split>.jsonl in {self._filepath}; run the stage that makes it")
        if not self._exists():
            raise DatasetError(
                f"{self._filepath} is torn: expected every file as its {MANIFEST} names it; run "
                "the stage that makes it again (a folder made elsewhere needs `imported: true`)"
            )
        faults: list[str] = []
        splits = {split: _rows_of(source, faults) for split, source in found.items()}
        _stop_at(faults, self._filepath)
        return {
            split: [_named(row, f"{split}-{place}") for place, row in enumerate(rows, 1)]
            for split, rows in splits.items()
        }

    def save(self, data: Splits) -> None:
        """Write every split in the dataset's form with `dataset_info.json`, or nothing.

        Raises:
            DatasetError: naming every row that the form cannot hold.
        """
        if self._imported:
            raise DatasetError(f"{self._filepath} is imported; save to a folder of its own")
        wrong = [name[:20] for name, rows in data.items() if not (_SPLIT.fullmatch(name) and rows)]
        if wrong or not data:
            raise DatasetError(
                f"splits {wrong[:3]}: expected rows under names of letters, digits, - and _"
            )
        write, faults = _WRITE[self._form], list[str]()
        splits = {
            split: _convert(rows, write, f"{split}, row", faults) for split, rows in data.items()
        }
        _stop_at(faults, self._filepath)

        def fill(folder: Path) -> None:
            for split, rows in splits.items():
                write_file(folder / f"{split}.jsonl", dump_rows(rows))
            info = json.dumps(dataset_info(self._form, splits), indent=2)
            write_file(folder / INFO, info.encode("utf-8"))

        write_folder(self._filepath, fill)

    def _sources(self) -> dict[str, Source]:
        if self._imported:
            return sources(self._filepath)
        return {path.stem: Source(path) for path in sorted(self._filepath.glob("*.jsonl"))}

    def _exists(self) -> bool:
        if self._imported:
            return bool(self._sources())
        return is_complete(self._filepath)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "form": self._form, "imported": self._imported}


def _named(row: Row, name: str) -> Row:
    """Return a row with an id, first: its own, or `name` where that is nothing."""
    given = row.get("id")
    return {"id": name, **row, **({"id": name} if given in _EMPTY else {})}


def _rows_of(source: Source, faults: list[str]) -> Rows:
    items = items_of(source.path)
    kind = "line" if isinstance(items[0] if items else None, bytes) else "row"
    read = partial(_read, entry=source.entry)
    return _convert(items, read, f"{source.path.name}, {kind}", faults)


def _read(item: Any, entry: Mapping[str, Any] | None = None) -> Row | None:
    """Return the row of a line, or of an item of an array, in any form; None for an empty line."""
    if isinstance(item, bytes) and not item.strip():
        return None
    row = by_own_keys(_parsed(item) if isinstance(item, bytes) else item, entry)
    return _READ[detect_format(row)](row)


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise RowError("other bytes", "utf-8", "save the file as utf-8") from None
    except (ValueError, RecursionError):
        raise RowError("no JSON", "one JSON object", "write each row on one line") from None


def _convert(
    items: Iterable[Any], convert: Callable[[Any], Row | None], place: str, faults: list[str]
) -> Rows:
    """Return the rows that can be converted; add a fault for each of the others."""
    rows = []
    for number, item in enumerate(items, 1):
        try:
            rows += [_storable(row)] if (row := convert(item)) is not None else []
        except RowError as error:
            faults.append(f"{place} {number}: {error}")
    return rows


def _stop_at(faults: list[str], path: Path) -> None:
    if faults:
        more = [f"and {len(faults) - _SHOWN} more"] if len(faults) > _SHOWN else []
        listed = "\n".join(f"- {line}" for line in faults[:_SHOWN] + more)
        raise DatasetError(f"{path}: {len(faults)} rows are not chat rows:\n{listed}")


def _storable(row: Row) -> Row:
    """Return `row` itself when JSON and utf-8 can hold it."""
    try:
        json.dumps(row, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (TypeError, ValueError, RecursionError):
        raise RowError("a value that is not JSON, or half a character", "JSON", "mend it") from None
    return row


def _others(row: Row, *own: str) -> Row:
    """Return the other keys of a row, without empty columns that belong to a form."""
    taken = [key for key in _TAKEN if key in row and key not in own]
    if filled := [key for key in taken if row[key] not in _EMPTY]:
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
