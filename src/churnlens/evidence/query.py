"""A question as a typed filter, and the rows that it selects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pandas as pd

from churnlens.evidence.units import plain_number, with_unit
from churnlens.schema import Column, Condition, Frozen, Language, Schema

Ask = Literal["why", "how_many", "compare", "what_to_do"]


PROBLEMS = (
    "unknown_topic",  # a thing, place or person that no column holds
    "unknown_group",  # a group without a definition
    "unknown_measure",  # an average or a sum; rates of leaving are what is computed
    "unknown_breakdown",  # rates by a number that the schema does not divide into bands
    "unknown_attribute",  # ages where no column holds them
    "unknown_value",  # a value that its column has not ("a three-year contract")
    "unknown_time",  # dates, periods, trends
    "forecast",
    "personal_data",
    "customer_list",  # who they are, one by one
    "single_customer",  # an identifier; the words never repeat it
    "instruction",  # orders to the machine
    "off_topic",
    "unreadable",  # words that nobody knows
    "undefined_size",  # "high", "large" said of a number without a named group
    "unclear_number",  # a number that belongs to no column
    "contradiction",
    "empty",
)


class AnyOf(Frozen):
    """Alternatives ("or") over different columns; inside one column `in` says the same."""

    any_of: tuple[Condition, ...]


Filter = tuple[Condition | AnyOf, ...]


class Query(Frozen):
    """What was asked, in the closed language that the table can answer.

    Attributes:
        question: the text as typed.
        cohort: conditions that all hold; empty means every customer.
        compare_to: the other group of "A versus B"; None when nothing is compared.
        outcome: `left` ("why did they leave"), `stayed` ("why did they stay").
        ask: what kind of answer is wanted.
        by: columns whose values are put beside each other, "which contract has …"; empty when
            two groups are compared.
        problems: why the table cannot answer, one key of `PROBLEMS` and the words at fault each,
            for instance `unknown_topic: weather`; empty when it can.
        notes: what was understood without selecting anybody (`term: new`, `topic: price`) and
            what was passed over (`ignored: elucidate`).
    """

    question: str
    language: Language
    cohort: Filter = ()
    compare_to: Filter | None = None
    outcome: Literal["left", "stayed"] = "left"
    ask: Ask = "why"
    by: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def answerable(self) -> bool:
        """Whether the table can answer."""
        return not self.problems


def conditions(filters: Filter) -> Iterator[Condition]:
    """Yield every single condition of a filter, those inside "or" too."""
    for part in filters:
        yield from part.any_of if isinstance(part, AnyOf) else (part,)


_COMPARE = {"ge": np.greater_equal, "gt": np.greater, "le": np.less_equal, "lt": np.less}


def _holds(condition: Condition, table: pd.DataFrame) -> np.ndarray:
    cells = table[condition.column]
    if condition.op in _COMPARE:
        return np.asarray(
            _COMPARE[condition.op](cells.to_numpy(float), float(str(condition.value)))
        )
    wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    inside = cells.isin(list(wanted)).to_numpy(bool)
    return ~inside if condition.op in ("ne", "not_in") else inside


def select(filters: Filter, table: pd.DataFrame) -> np.ndarray:
    """Return which rows satisfy every condition.

    Args:
        filters: the conditions; an empty filter selects every row.
        table: a validated table (categories as strings, numbers as floats).

    Returns:
        Boolean array of shape (n_rows,).
    """
    mask = np.ones(len(table), dtype=bool)
    for part in filters:
        if isinstance(part, AnyOf):
            mask &= np.logical_or.reduce([_holds(each, table) for each in part.any_of])
        else:
            mask &= _holds(part, table)
    return mask


_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "ge": "at least", "gt": "more than", "le": "at most", "lt": "less than",
        "eq": "exactly", "ne": "not exactly", "or": " or ", "and": " and ", "join": ", ",
    },
    "zh": {
        "ge": "不低于", "gt": "超过", "le": "不超过", "lt": "低于", "eq": "等于", "ne": "不等于",
        "or": "或", "and": "且", "join": "、",
    },
}  # fmt: skip
_PLURAL = ("charges", "payments", "costs", "fees")
_LAST = {"ne": 1, "not_in": 2}  # an "or" after "other than those A or B" would belong to it
_ORDER = ("ge", "gt", "le", "lt")
_MEANS_YES, _MEANS_NO = ("yes", "true", "1"), ("no", "false", "0")


def _is_named(column: Column, value: str, schema: Schema) -> bool:
    """Whether the label of a value means this value alone."""
    label = column.value(value).label
    others = [
        (each.name, one.value)
        for each in schema.columns
        for one in each.values
        if (one.label.en == label.en or one.label.zh == label.zh)
        and not (one.absent and not column.value(value).absent)
    ]
    return others == [(column.name, value)]


def _value(column: Column, value: str, schema: Schema, language: Language) -> str:
    if _is_named(column, value, schema):
        return column.value(value).label.of(language)
    return f"{column.label.of(language)} = {value}"


def _denied(column: Column, value: str, schema: Schema, language: Language) -> str | None:
    """Return "not on fiber internet", 不用电子支票付款; None where that would mean less.

    "Not with tech support" would be the value "No", and not everybody else.
    """
    values = {each.value.lower() for each in column.values}
    if values.intersection(_MEANS_YES) or not _is_named(column, value, schema):
        return None
    if value.lower() in _MEANS_NO:
        label = column.label.of(language)
        return f"有{label}" if language == "zh" else f"with {label}"
    label = column.value(value).label.of(language)
    if language == "en":
        return f"who are not {label[8:]}" if label.startswith("who are ") else f"not {label}"
    return f"不{label}" if label.startswith(("用", "在", "使用")) else f"非{label}"


def _category(condition: Condition, schema: Schema, language: Language) -> str:
    """Return "on fiber internet or DSL internet", "not on fiber internet", "other than those …"."""
    column = schema.column(condition.column)
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    names = [_value(column, str(value), schema, language) for value in values]
    if condition.op in ("eq", "in"):
        shared = names[0].partition(" ")[0] + " "
        if language == "en" and all(name.startswith(shared) for name in names):
            names = [names[0], *(name.removeprefix(shared) for name in names[1:])]
        return _WORDS[language]["or"].join(names)
    if len(names) == 1 and (denied := _denied(column, str(values[0]), schema, language)):
        return denied
    if language == "zh":
        return f"除{'和'.join(names)}外"
    return f"other than those {' or '.join(names)}"


def _number(bounds: list[Condition], schema: Schema, language: Language) -> str:
    """Return "whose tenure is at least 6 months", 月费在70到90美元之间."""
    column, words = schema.column(bounds[0].column), _WORDS[language]
    if any(isinstance(bound.value, tuple) for bound in bounds):
        values = bounds[0].value if isinstance(bounds[0].value, tuple) else ()
        op, joint = ("eq", "or") if bounds[0].op == "in" else ("ne", "join")
        single = [Condition(column=column.name, op=op, value=value) for value in values]
        return words[joint].join(_number([each], schema, language) for each in single)
    numbers = [plain_number(float(str(bound.value))) for bound in bounds]
    amounts = [with_unit(number, column.unit).of(language) for number in numbers]
    spoken = [
        f"{words[bound.op]}{{}}{amount}" for bound, amount in zip(bounds, amounts, strict=True)
    ]
    between = [bound.op for bound in bounds] == ["ge", "le"]
    label = column.label.of(language)
    if language == "zh":
        if between:
            return f"{label}在{numbers[0]}到{amounts[1]}之间"
        return words["and"].join(label + each.format("") for each in spoken)
    subject = f"whose {label} {'are' if label.endswith(_PLURAL) else 'is'} "
    if between:
        return f"{subject}between {numbers[0]} and {amounts[1]}"
    return subject + words["and"].join(each.format(" ") for each in spoken)


def _phrases(filters: Filter, schema: Schema, language: Language) -> list[str]:
    """Return one phrase a clause, alternatives first so that no comma comes before an "or"."""
    either: list[str] = []
    others: dict[str, list[Condition]] = {}
    for part in filters:
        if isinstance(part, AnyOf):
            order = sorted(part.any_of, key=lambda each: _LAST.get(each.op, 0))
            words = [_phrase([each], schema, language) for each in order]
            opening = "either " if language == "en" else ""
            either.append(opening + _WORDS[language]["or"].join(words))
        elif part.op == "in":
            either.append(_phrase([part], schema, language))
        else:
            key = part.column if part.op in _ORDER else str(part)
            others.setdefault(key, []).append(part)
    return [*either, *(_phrase(bounds, schema, language) for bounds in others.values())]


def _phrase(bounds: list[Condition], schema: Schema, language: Language) -> str:
    if schema.column(bounds[0].column).kind == "category":
        return _category(bounds[0], schema, language)
    return _number(
        sorted(bounds, key=lambda each: _ORDER.index(each.op) if each.op in _ORDER else 0),
        schema,
        language,
    )


def describe(filters: Filter, schema: Schema, language: Language) -> str:
    """Return the filter as a phrase that `parse_question` reads back to an equal selection.

    Args:
        filters: the conditions; none means everybody.
        schema: the table.
        language: of the phrase.

    Returns:
        For instance "customers on fiber internet, whose tenure is at most 6 months",
        光纤上网、在网时长不超过6个月的客户, "all customers".
    """
    noun = schema.noun.of(language)
    phrases = _phrases(filters, schema, language)
    if language == "zh":
        return "、".join(phrases) + f"的{noun}" if phrases else f"全部{noun}"
    return f"{noun} {', '.join(phrases)}" if phrases else f"all {noun}"
