"""What is wrong with service rows, of whatever form, and how a right one reads.

Rows come as alpaca, sharegpt or messages (`datasets.chat_forms`), such as the public
`{"instruction", "input", "output"}`. Found is what teaches an assistant to lie or to be useless:
orders and accounts that it cannot see, figures that nobody gave, empty answers, wrong roles,
another language, requests for passwords. No fault shows a customer's words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from churnlens.datasets.chat_forms import (
    RowError,
    detect_format,
    from_alpaca,
    from_sharegpt,
    to_messages,
)
from churnlens.dialogues.words import language_of
from churnlens.evaluation.number_fidelity import unsupported_numbers
from churnlens.schema import Frozen, Language, Text
from churnlens.tasks.service.handbook import Handbook
from churnlens.tasks.service.rules import Rules

FaultKind = Literal[
    "form", "empty_answer", "invented_record", "invented_number", "asks_secret", "language", "twice"
]
_READ = {"alpaca": from_alpaca, "sharegpt": from_sharegpt, "messages": to_messages}
_RIGHT = (
    '{"instruction": "Where is my order?", "input": "", "output": "I can\'t see orders. Could you '
    'give me the order number, so that a colleague can look?"}'
)
_SAY = {
    "form": Text(
        en='write {"instruction": "Where is my order?", "input": "", "output": "…"}',
        zh='写成 {"instruction": "我的订单到哪了？", "input": "", "output": "……"}',
    ),
    "empty_answer": Text(
        en="write the answer, or remove the row", zh="补上回答，或删去这一行"
    ),
    "invented_record": Text(
        en="I can't see orders. Could you give me the order number, so that a colleague can look?",
        zh="我看不到订单，请提供订单号，由同事核查。",
    ),
    "invented_number": Text(
        en="take the figure from a passage in the system turn, or leave it out",
        zh="数字须来自系统消息中的条款，否则不写",
    ),
    "asks_secret": Text(
        en="Please don't send passwords or codes; I never need them.",
        zh="请不要发送密码或验证码，我不需要。",
    ),
    "language": Text(
        en="answer in the customer's language", zh="用客户的语言回答"
    ),
    "twice": Text(en="keep one of the equal rows", zh="相同的行只留一条"),
}  # fmt: skip


class RowFault(Frozen):
    """One fault of one row.

    Attributes:
        row: its place, from 1.
        id: its id, empty where it has none.
        turn: the message at fault, from 1; 0 for the whole row.
        detail: what was found, without a customer's words.
        example: how it reads right.
    """

    row: int
    id: str = ""
    kind: FaultKind
    turn: int = 0
    detail: str = ""
    example: str

    def __str__(self) -> str:
        """Return one line."""
        place = f", turn {self.turn}" if self.turn else ""
        return f"row {self.row}{place}: {self.kind} {self.detail}; right: {self.example}"


class RowCheck(Frozen):
    """What was found: rows, faults in order, and how many rows have each kind."""

    rows: int
    faults: tuple[RowFault, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Return kind → number of rows that have it."""
        return dict(Counter(kind for _, kind in {(f.row, f.kind) for f in self.faults}))

    @property
    def faulty(self) -> int:
        """Number of rows with a fault."""
        return len({fault.row for fault in self.faults})


def explain(checked: RowCheck, shown: int = 8) -> str:
    """Return what is wrong in lines of bounded length, each fault with how it reads right."""
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(checked.counts.items()))
    lines = [f"{checked.faulty} of {checked.rows} rows at fault ({kinds or 'no rows'})"]
    lines += [f"  - {fault}"[:300] for fault in checked.faults[:shown]]
    if (more := len(checked.faults) - shown) > 0:
        lines.append(f"  … and {more} more")
    return "\n".join([*lines, f"A right row: {_RIGHT}"])


def messages_of(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the messages of a row of any form; `RowError` when it has none."""
    messages: list[dict[str, str]] = _READ[detect_format(row)](dict(row))["messages"]
    return messages


def check_rows(
    rows: Iterable[Mapping[str, Any]], rules: Rules, handbook: Handbook | None = None
) -> RowCheck:
    """Check every row; a row at fault never stops the others.

    Args:
        rows: in any form, or none of them.
        rules: what no answer may say.
        handbook: where given, its figures are known besides those of the row itself.
    """
    faults: list[RowFault] = []
    seen: dict[str, int] = {}
    number = 0
    for number, row in enumerate(rows, 1):
        faults += _faults(row, number, rules, handbook, seen)
    return RowCheck(rows=number, faults=tuple(faults))


def _faults(
    row: Mapping[str, Any],
    number: int,
    rules: Rules,
    handbook: Handbook | None,
    seen: dict[str, int],
) -> Iterator[RowFault]:
    key = str(row.get("id", ""))[:40] if isinstance(row, Mapping) else ""

    def fault(kind: FaultKind, language: Language, turn: int = 0, detail: str = "") -> RowFault:
        example = _SAY[kind].of(language)
        return RowFault(row=number, id=key, kind=kind, turn=turn, detail=detail, example=example)

    try:
        messages = messages_of(row)
    except RowError as error:
        yield fault("form", "en", detail=str(error))
        return
    whole = "\n".join(f"{m['role']}\t{m['content'].strip()}" for m in messages)
    if (first := seen.setdefault(whole, number)) != number:
        yield fault("twice", _asked_in(messages, len(messages)), detail=f"as row {first}")
    for place, message in enumerate(messages):
        if message["role"] == "assistant":
            language = _asked_in(messages, place)
            for kind, detail in _answer_faults(messages, place, language, rules, handbook):
                yield fault(kind, language, place + 1, detail)


def _answer_faults(
    messages: Sequence[Mapping[str, str]],
    place: int,
    language: Language,
    rules: Rules,
    handbook: Handbook | None,
) -> Iterator[tuple[FaultKind, str]]:
    text = messages[place]["content"]
    if not text.strip():
        yield "empty_answer", ""
        return
    if rules.claims_record(text):
        yield "invented_record", "speaks as if it saw a record or had acted on one"
    if rules.asks_secret(text):
        yield "asks_secret", ""
    known = [message["content"] for message in messages[:place] if message["role"] != "assistant"]
    if handbook:
        known += [handbook.text(key, language) for key in handbook.passages]
    if figures := unsupported_numbers(text, "\n".join(known)):
        yield "invented_number", f"{len(figures)} that neither customer nor passages give"
    if language_of([text]) != language and len(text) > 20:
        yield "language", f"answers {language} in another language"


def _asked_in(messages: Sequence[Mapping[str, str]], place: int) -> Language:
    """Return the language of the customer's turns before a place."""
    return language_of(m["content"] for m in messages[:place] if m["role"] == "user")
