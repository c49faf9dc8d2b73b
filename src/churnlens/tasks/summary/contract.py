"""The four fields of a summary: their keys and values in two languages, and what is none.

Inside the project a summary has the English names and values; `written` and `read` turn it into the
form of its language. A `Reference` may leave a closed field open, for a file that does not tell it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, Field

from churnlens.dialogues.form import Dialogue
from churnlens.models.grammar import Schema, compile_grammar, one_of, record, text
from churnlens.schema import Frozen, Language

Answer = Literal["yes", "no", "unclear"]
FieldName = Literal["user_problem", "agent_solution", "accepted", "negative_emotion"]
FIELDS: Final[tuple[FieldName, ...]] = get_args(FieldName)
TEXTS: Final[tuple[FieldName, ...]] = ("user_problem", "agent_solution")
CLOSED: Final[tuple[FieldName, ...]] = ("accepted", "negative_emotion")
ANSWERS: Final[tuple[Answer, ...]] = get_args(Answer)
MAX_CHARS: Final = 400
KEYS: Final[dict[Language, dict[FieldName, str]]] = {
    "en": {field: field for field in FIELDS},
    "zh": {
        "user_problem": "用户问题",
        "agent_solution": "客服方案",
        "accepted": "是否接受",
        "negative_emotion": "是否负面情绪",
    },
}
VALUES: Final[dict[Language, dict[Answer, str]]] = {
    "en": {answer: answer for answer in ANSWERS},
    "zh": {"yes": "是", "no": "否", "unclear": "未明确"},
}
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NUMBER: Final = re.compile(r"[A-Za-z]*\d[\dA-Za-z]*(?:[.,:/-]\d+)*")
_SHOWN_NUMBERS: Final = 60
_NEVER: Final = r'\p{C}\p{Zl}\p{Zp}"\\{}\[\]<>\p{N}'
_MONEY: Final = "$€£¥￥"


class SummaryError(ValueError):
    """A text that is no summary; says which part, never its words."""

    def __init__(self, what: str, got: str, expected: str) -> None:
        super().__init__(f"{what}: got {got}, expected {expected}")
        self.what = what


def _one_line(value: str) -> str:
    if _CONTROL.search(value) or not value.strip():
        raise ValueError("expected one line of text")
    return value


Line = Annotated[str, Field(min_length=1, max_length=MAX_CHARS), AfterValidator(_one_line)]


class Summary(Frozen):
    """What a dialogue was about; two lines of text and two closed values."""

    user_problem: Line
    agent_solution: Line
    accepted: Answer
    negative_emotion: Answer

    def written(self, language: Language) -> dict[str, str]:
        """Return the public form: keys and closed values of the language, keys in their order."""
        values = self.model_dump()
        told = {field: VALUES[language][values[field]] for field in CLOSED}
        return {KEYS[language][field]: told.get(field, values[field]) for field in FIELDS}

    def text(self, language: Language) -> str:
        """Return the public form as one line of JSON."""
        return json.dumps(self.written(language), ensure_ascii=False)


class Reference(Frozen):
    """What a person, or planted truth, says of a dialogue.

    Attributes:
        user_problem, agent_solution: sentences; empty where they are not told.
        accepted, negative_emotion: None where they are not told.
        evidence: field → places of the turns that show it, rising.
    """

    user_problem: str = ""
    agent_solution: str = ""
    accepted: Answer | None = None
    negative_emotion: Answer | None = None
    evidence: dict[FieldName, tuple[int, ...]] = {}

    def summary(self) -> Summary:
        """Return it as a whole summary; an open value is `unclear`.

        Raises:
            pydantic.ValidationError: when a sentence is empty or too long.
        """
        told = self.model_dump(exclude={"evidence"})
        return Summary(**told | {field: told[field] or "unclear" for field in CLOSED})


def read_summary(content: str, language: Language) -> Summary:
    """Read what a writer wrote: one JSON object with exactly the four keys, in their order.

    Raises:
        SummaryError: for anything else.
    """
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SummaryError("summary", "no JSON", "one JSON object") from error
    keys = KEYS[language]
    if not isinstance(values, dict) or list(values) != list(keys.values()):
        got = f"{len(values)} keys" if isinstance(values, dict) else type(values).__name__
        raise SummaryError("summary", got, f"the keys {', '.join(keys.values())} in this order")
    back = {value: answer for answer, value in VALUES[language].items()}
    for field in CLOSED:
        if values[keys[field]] not in tuple(back):
            raise SummaryError(keys[field], "another value", " | ".join(back))
    for field in TEXTS:
        value = values[keys[field]]
        if not isinstance(value, str) or len(value) > MAX_CHARS or not value.strip():
            raise SummaryError(keys[field], "another value", f"1 to {MAX_CHARS} characters")
        if _CONTROL.search(value):
            raise SummaryError(keys[field], "a control character", "one line of text")
    closed: dict[str, Any] = {field: back[values[keys[field]]] for field in CLOSED}
    return Summary(**{field: values[keys[field]] for field in TEXTS}, **closed)


def schema(language: Language, max_chars: int = 200) -> Schema:
    """Return the JSON schema of the public form: fixed key order, bounded text, closed values."""
    line, closed = text(max_chars), one_of(list(VALUES[language].values()))
    return record({KEYS[language][field]: line if field in TEXTS else closed for field in FIELDS})


def grammar_for(dialogue: Dialogue, max_chars: int = 200) -> str:
    """Return the grammar in which a model answers: the schema, with the dialogue's digits alone.

    A digit can only come as a number of the dialogue, written as there: no Latin letter stands at
    it, and what stands before it cannot make another number of it (12 and 5 never become 12.5). A
    sign of money stands before a number or not at all: where none may follow, a model would go on
    writing signs and spaces.
    """
    if max_chars < 40:
        raise ValueError(f"max_chars: got {max_chars}, expected 40 or more")
    said = "\n".join(turn.text for turn in dialogue.turns)
    found = dict.fromkeys(_NUMBER.findall(unicodedata.normalize("NFKC", said)))
    numbers = [number for number in found if len(number) <= 20][:_SHOWN_NUMBERS]
    whole, pattern = schema(dialogue.language, max_chars), _line_of(numbers)
    for field in TEXTS:
        whole["properties"][KEYS[dialogue.language][field]] = {
            "type": "string",
            "pattern": f"^({pattern})$",
            "maxLength": max_chars,
        }
    return compile_grammar(whole)


def _line_of(numbers: Sequence[str]) -> str:
    """Return the pattern of a line with single spaces and these numbers, each whole."""
    word = f"[^{_NEVER}{_MONEY} ]"
    words = f"({word} ?)*"
    if not numbers:
        return f"{words}{word}"
    one = "|".join(re.escape(number) for number in sorted(numbers, key=len, reverse=True))
    joint = f"[^{_NEVER}A-Za-z.,:/ -]"  # what may stand at a number's left; at its right:
    mark = f"[^{_NEVER}{_MONEY}A-Za-z ]"
    before, after = f"({joint}|{word} )", f"( |{mark} ?)"
    between = f"( |{joint}|{mark} |{after}{words}{before})"
    ending = f"({after}({words}{word})?)?"
    return f"{words}{word}|({words}{before})?({one})({between}({one}))*{ending}"


def summary_of(values: Mapping[FieldName, str]) -> Summary:
    """Return a summary of values by their English names, its lines bounded.

    Raises:
        pydantic.ValidationError: when a line is empty, or a closed value unknown.
    """
    lines = {field: bounded(values[field]) for field in TEXTS}
    return Summary.model_validate({**values, **lines})


def bounded(line: str, max_chars: int = MAX_CHARS) -> str:
    """Return a text as one line of at most `max_chars` characters, cut at a mark or a space."""
    plain = " ".join(_CONTROL.sub(" ", line).split())
    if len(plain) <= max_chars:
        return plain
    cut = max(plain.rfind(mark, 0, max_chars) for mark in (" ", "，", "。", "；"))
    return plain[: cut if cut > max_chars // 2 else max_chars].strip()
