"""The compiled words of one schema: which phrase mentions which column, value or named group."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Literal

from churnlens.evidence.parsing.vocabulary import Phrase, phrase, vocabulary
from churnlens.schema import Column, Schema, Value, Words

YES = frozenset({"yes", "y", "true", "t", "1", "是", "有"})
NO = frozenset({"no", "n", "false", "f", "0", "none", "否", "无"})
FUZZY_LENGTH = 5  # a word of the schema may be one edit away from what was typed, from 5 letters
_EQUALS = ("=", ":", "is", "是", "为")
_SUMS_EN = ("cumulative", "accumulated", "lifetime", "total", "overall", "aggregate", "all-time")
_SUMS_ZH = ("累计", "累积", "累计贡献", "总共贡献", "历史累计", "总计")
_SUMS = (*_SUMS_EN, *_SUMS_ZH)
_MONEY_EN = (
    "billing", "billings", "bill", "bills", "charge", "invoice", "invoices", "invoiced amount",
    "payment", "spend", "spending", "fees", "cost", "revenue", "amount", "receipts", "outlay",
    "billed amount", "contribution",
)  # fmt: skip
_MONEY_ZH = (
    "收入", "营收", "贡献", "费用", "消费", "账单", "缴费", "支付", "付款", "花费", "支出", "金额",
    "消费额", "缴费额", "账单金额", "消费金额", "缴费金额", "收入贡献", "出账", "话费",
)  # fmt: skip
_KEPT = frozenset({"join", "per"})  # general roles that a word of the schema keeps
_CORE = frozenset({"noun", "left", "stayed", "why", "compare", "many"})


@dataclass(frozen=True, slots=True)
class Mention:
    """What a phrase of the schema refers to.

    Attributes:
        kind: `value` and `term` select customers, `column` only names an attribute.
        name: value of a `value`, name of a `term`.
        op: `ne` for the explicit form "contract ≠ One year", otherwise `eq`.
        bare: the phrase has no preposition of its own ("tech support", not "with tech support"),
            so that "without X or …" reaches it.
        negative: the phrase says "without" itself ("no internet").
        also: a number column that the phrase names too, when a number is beside it (月付 80 元).
    """

    kind: Literal["value", "column", "term"]
    column: str = ""
    name: str = ""
    op: Literal["eq", "ne"] = "eq"
    bare: bool = False
    negative: bool = False
    also: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One phrase: its roles in the grammar and, if it is the schema's, what it mentions."""

    roles: frozenset[str]
    mention: Mention | None = None


@dataclass
class Lexicon:
    """All phrases of a schema and of the general vocabulary.

    Attributes:
        phrases: lemmas of a phrase → entry.
        longest: number of tokens of the longest phrase.
        words: every lemma that some phrase uses.
        joined: two or more lemmas written as one word ("echeck") → the lemmas.
        near: one deletion of a word of the schema → the words (for typing errors).
    """

    schema: Schema
    phrases: dict[Phrase, Entry] = field(default_factory=dict)
    longest: int = 1
    words: frozenset[str] = frozenset()
    joined: dict[str, Phrase] = field(default_factory=dict)
    near: dict[str, list[str]] = field(default_factory=dict)


def positive_value(column: Column) -> str | None:
    """Return the value of a yes/no column that says yes, if there is one."""
    return next((v.value for v in column.values if v.value.lower() in YES), None)


def negative_value(column: Column) -> str | None:
    """Return the value that says "has not", if there is one (`No` of an internet service too)."""
    return next((v.value for v in column.values if v.value.lower() in NO), None)


def _all(*words: Words) -> Iterator[str]:
    for each in words:
        yield from (*each.en, *each.zh)


def _starts(words: Phrase, role: str) -> int:
    """Return how many leading tokens form a phrase of `role`, 0 if none does."""
    general = vocabulary()
    return max(
        (
            n
            for n in range(1, len(words))
            if role in general.get(words[:n], Entry(frozenset()).roles)
        ),
        default=0,
    )


def is_duration(words: Phrase) -> bool:
    """Whether a phrase is only a number with a unit of time, such as the value "Two year"."""
    return len(words) == 2 and words[0].isdigit() and words[1] in {"year", "month", "week", "day"}


def name_phrase(name: str) -> Phrase:
    """Return a column name as words: TechSupport, tech_support and techsupport are one."""
    return phrase(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))


class _Builder:
    """Collects the phrases of a schema; what is added later wins."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.phrases = {words: Entry(roles) for words, roles in vocabulary().items()}

    def give_role(self, texts: Iterable[str], role: str) -> None:
        """Give a role to phrases that mention nothing."""
        for words in map(phrase, texts):
            there = self.phrases.get(words, Entry(frozenset()))
            if words and there.mention is None:
                self.phrases[words] = Entry(there.roles | {role})

    def mention(self, words: Phrase, mention: Mention) -> None:
        """Let a phrase mention something of the schema."""
        there = self.phrases.get(words, Entry(frozenset()))
        known = there.mention
        if not words:
            return
        if known and known.also:
            mention = replace(mention, also=known.also)
        elif known and known.kind == "column" and mention.kind == "value":
            number = self.schema.column(known.column).kind == "number"
            mention = replace(mention, also=known.column if number else "")
        units = {role for role in there.roles if role.startswith("unit.")}
        roles = frozenset({mention.kind}) | (there.roles & _KEPT) | units
        self.phrases[words] = Entry(roles, mention)

    def general(self) -> None:
        """Outcome, nouns, and what the table does not hold."""
        schema = self.schema
        if not schema.feedback:
            for words, entry in list(self.phrases.items()):
                if "tone" in entry.roles and entry.roles <= {"tone", "neutral"}:
                    self.phrases[words] = Entry(frozenset({"unknown.unknown_topic"}))
        self.give_role([schema.noun.en, schema.noun.zh], "noun")
        self.give_role(_all(schema.outcome.left_words), "left")
        self.give_role(_all(schema.outcome.stayed_words), "stayed")
        self.give_role(_all(schema.unanswerable), "unknown.unknown_topic")
        for column in schema.columns:
            if column.kind in ("key", "text") and column.name != schema.feedback:
                personal = Entry(frozenset({"unknown.personal_data"}))
                self.phrases[name_phrase(column.name)] = personal
            elif column.kind == "number":
                self.give_role([column.unit], "link")

    def column(self, column: Column) -> None:
        """The mentions of a column, which select nobody, except for a property that one has."""
        name, yes = name_phrase(column.name), positive_value(column)
        spoken = [name, *map(phrase, (column.label.en, column.label.zh, *_all(column.words)))]
        told = [phrase(text) for text in _texts(column.value(yes))] if yes else []
        for words in spoken:
            inside = any(_contains(each, words) for each in told)
            if yes and (inside or words == name):
                self.mention(words, Mention("value", column.name, yes, bare=True))
            else:
                self.mention(words, Mention("column", column.name))
        for words, value in product(spoken, column.values):
            raw = phrase(value.value)
            equal = Mention("value", column.name, value.value)
            for sign in _EQUALS:
                self.mention((*words, sign, *raw), equal)
            self.mention((*words, "!=", *raw), replace(equal, op="ne"))

    def amounts(self, column: Column) -> None:
        """The other ways to name a sum that grows: "cumulative billings", 累计贡献收入."""
        spoken = {phrase(text) for text in (column.label.en, column.label.zh, *_all(column.words))}
        summed = {words for words in spoken for head in _SUMS if _contains(words, phrase(head))}
        if column.kind == "number" and len(summed) > 1:
            mention = Mention("column", column.name)
            for head, tail in (*product(_SUMS_EN, _MONEY_EN), *product(_SUMS_ZH, _MONEY_ZH)):
                words = phrase(f"{head} {tail}")
                if self.phrases.get(words, Entry(frozenset())).mention is None:
                    self.phrases[words] = Entry(frozenset({"column"}), mention)

    def value(self, column: Column, value: Value) -> None:
        """The words of a value, with and without their preposition."""
        bare = Mention("value", column.name, value.value, bare=True)
        raw = phrase(value.value)
        plain = value.value.lower() not in YES | NO and not all(each.isdigit() for each in raw)
        if plain and not value.absent and not is_duration(raw):
            self.mention(raw, bare)
        for words in map(phrase, _all(value.words)):
            own = _starts(words, "with")
            own = 0 if words[own:] in vocabulary() else own
            if own and value.value == positive_value(column):
                self.mention(words[own:], bare)
            elif not is_duration(words):
                negative = bool(_starts(words, "neg")) and value.value != positive_value(column)
                whole = not own and not negative
                self.mention(words, replace(bare, bare=whole, negative=negative))

    def labels(self) -> None:
        """The labels that are printed; what does not apply shares its label and yields it."""
        spoken = [
            (phrase(text), column, value)
            for column in self.schema.attributes()
            for value in column.values
            for text in (value.label.en, value.label.zh)
        ]
        shared = Counter(words for words, _, _ in spoken)
        for words, column, value in spoken:
            there = self.phrases.get(words, Entry(frozenset())).mention
            if (value.absent and shared[words] > 1) or (there and there.kind == "term"):
                continue
            negative = bool(_starts(words, "neg")) and value.value != positive_value(column)
            self.mention(words, Mention("value", column.name, value.value, negative=negative))

    def terms(self) -> None:
        """The named groups, by their names, labels and words."""
        for term in self.schema.terms:
            heads = (term.label.en.split("(")[0], term.label.zh.split("（")[0])
            for text in (term.name, *heads, term.label.en, term.label.zh, *_all(term.words)):
                self.mention(phrase(text), Mention("term", name=term.name, bare=True))

    def outcome(self) -> None:
        """The outcome column said outright: "Churn = Yes"."""
        column = self.schema.column(self.schema.outcome.column)
        for words in (name_phrase(column.name), phrase(column.label.en), phrase(column.label.zh)):
            self.phrases.setdefault(words, Entry(frozenset({"left"})))
            for value, sign in product(column.values, _EQUALS):
                role = "stayed" if value.value == self.schema.outcome.stayed else "left"
                self.phrases[*words, sign, *phrase(value.value)] = Entry(frozenset({role}))

    def reasons(self) -> None:
        """The words of reasons: harmless, unless they hold a mention ("lack of tech support")."""
        mentions = {words for words, entry in self.phrases.items() if entry.mention}
        longest = max(map(len, mentions), default=0)
        for reason in self.schema.reasons:
            labels = (reason.label.en, reason.label.zh)
            for text in (*labels, *_all(reason.complaint, reason.praise)):
                words = phrase(text)
                general = self.phrases.get(words, Entry(frozenset())).roles
                if "neutral" not in general and mentions.isdisjoint(_spans(words, longest)):
                    self.give_role([text], "anchor")
                    self.give_role([text], f"reason.{reason.name}")

    def build(self) -> Lexicon:
        """Register everything in the order of precedence."""
        self.general()
        attributes = self.schema.attributes()
        for column in attributes:
            self.column(column)
            self.amounts(column)
        for column in attributes:
            for value in column.values:
                self.value(column, value)
        self.terms()
        self.labels()
        self.outcome()
        self.reasons()
        return _index(Lexicon(self.schema, self.phrases))


def _texts(value: Value) -> list[str]:
    return [value.label.en, value.label.zh, *_all(value.words)]


def _spans(words: Phrase, longest: int) -> Iterator[Phrase]:
    for start in range(len(words)):
        for end in range(start + 1, min(len(words), start + longest) + 1):
            yield words[start:end]


def _contains(words: Phrase, part: Phrase) -> bool:
    return any(words[i : i + len(part)] == part for i in range(len(words) - len(part) + 1))


def deletions(word: str) -> set[str]:
    """Return the word and everything that is one letter shorter."""
    return {word} | {word[:i] + word[i + 1 :] for i in range(len(word))}


def _index(lexicon: Lexicon) -> Lexicon:
    """Fill the indexes for joined words and for typing errors."""
    targets: set[str] = set()
    for words, entry in lexicon.phrases.items():
        if entry.mention:
            targets |= {word for word in words if word.isascii() and len(word) >= FUZZY_LENGTH}
        elif entry.roles & _CORE:
            targets |= {word for word in words if word.isascii() and len(word) > FUZZY_LENGTH}
        if len(words) > 1 and entry.mention and all(word.isascii() for word in words):
            lexicon.joined.setdefault("".join(words), words)
    for word in sorted(targets):
        for short in sorted(deletions(word)):
            lexicon.near.setdefault(short, []).append(word)
    lexicon.longest = max(map(len, lexicon.phrases))
    lexicon.words = frozenset(word for words in lexicon.phrases for word in words)
    return lexicon


def build_lexicon(schema: Schema) -> Lexicon:
    """Compile the words of a schema; about a tenth of a second, done once a schema."""
    return _Builder(schema).build()
