"""The schema of a customer table: what its columns mean, in words of two languages.

A schema file is the only place that knows a trade. Everything that reads a question, checks a
table or writes an answer takes its column names, values, words and thresholds from here, so that
a bank or a shop is served by writing another file (see ``conf/base/schemas/telco.yml``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

Language = Literal["en", "zh"]
Operator = Literal["eq", "ne", "in", "not_in", "ge", "gt", "le", "lt"]


class Frozen(BaseModel):
    """Base of every model that is read from a file: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(Frozen):
    """One phrase in both languages, as it is printed in answers and reports."""

    en: str
    zh: str

    def of(self, language: Language) -> str:
        """Return the phrase in `language`."""
        return self.zh if language == "zh" else self.en


class Words(Frozen):
    """Phrases by which people mention a thing; matched without regard to case."""

    en: tuple[str, ...] = ()
    zh: tuple[str, ...] = ()


class Value(Frozen):
    """One allowed value of a category column.

    `label` completes the sentence "customers …": "on a month-to-month contract", 按月付费.
    `absent` marks a value that means "does not apply" (such as "No internet service"): it is
    never offered as a driver, because it restates another column.
    """

    value: str
    label: Text
    words: Words = Words()
    absent: bool = False


class Blank(Frozen):
    """What an empty cell means: `means` where `column` equals `equals`, otherwise a fault."""

    column: str
    equals: float
    means: float


class Column(Frozen):
    """One column of the table.

    Attributes:
        kind: `category` has a closed set of `values`; `number` has a unit and bounds;
            `text` is free text; `key` identifies the customer.
        unit: unit of a number, for instance `month` or `USD`.
        minimum, maximum: inclusive bounds of a number.
        integer: whether a number must be whole.
        cuts: increasing inner borders that split a number into bands for the driver search;
            bands are [minimum, cut), [cut, next cut), …
        blank: meaning of an empty cell, if one is allowed.
        required: whether the file must have the column.
        driver: whether the column is searched for drivers.
        adjust: whether the column is a declared confounder of the adjusted odds ratios.
        personal: whether values may never be printed, logged or embedded.
    """

    name: str
    kind: Literal["category", "number", "text", "key"]
    label: Text
    words: Words = Words()
    values: tuple[Value, ...] = ()
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    integer: bool = False
    cuts: tuple[float, ...] = ()
    blank: Blank | None = None
    required: bool = True
    driver: bool = True
    adjust: bool = True
    personal: bool = False

    @model_validator(mode="after")
    def _values_fit_kind(self) -> Column:
        if (self.kind == "category") != bool(self.values):
            raise ValueError(f"column {self.name}: 'values' belong to a category, and only to one")
        if list(self.cuts) != sorted(set(self.cuts)):
            raise ValueError(f"column {self.name}: 'cuts' must increase, got {list(self.cuts)}")
        return self

    def value(self, name: str) -> Value:
        """Return the allowed value called `name`; KeyError when there is none."""
        for value in self.values:
            if value.value == name:
                return value
        raise KeyError(
            f"{self.name} has no value {name!r}; it has {[v.value for v in self.values]}"
        )


class Condition(Frozen):
    """One comparison of a column with a value, the atom of every filter.

    `value` is a string for categories, a number for numbers, a tuple for `in` and `not_in`.
    """

    column: str
    op: Operator
    value: str | float | tuple[str, ...] | tuple[float, ...]


class Quantile(Frozen):
    """A threshold found in the table itself, for instance the top quarter of a charge."""

    column: str
    op: Literal["ge", "gt", "le", "lt"]
    quantile: float = Field(ge=0, le=1)


class Term(Frozen):
    """A named group such as "long-tenure" or "high-value", with its written definition.

    `match` says whether a member fulfils all parts of `means` or any of them.
    """

    name: str
    label: Text
    words: Words
    means: tuple[Condition | Quantile, ...]
    match: Literal["all", "any"] = "all"


class Reason(Frozen):
    """A reason that feedback can give. `complaint` and `praise` are phrases that show it."""

    name: str
    label: Text
    complaint: Words
    praise: Words = Words()


class Outcome(Frozen):
    """The column that says who left, with the words for leaving and for staying."""

    column: str
    left: str
    stayed: str
    left_words: Words
    stayed_words: Words


class Action(Frozen):
    """An action to propose where a driver or a reason has been found."""

    when: str = Field(description="a column name, `column=value`, or `reason:name`")
    text: Text


class RiskFormula(Frozen):
    """Parameters of the public four-component cohort risk score.

    Attributes:
        time_cap: time at which the tenure component reaches zero.
        money_floor, money_span: charge at which the charge component is 0, and its range.
        commitment: category column whose values weigh the contract component.
        weights: value of that column → weight between 0 and 1.
    """

    time_cap: float = Field(gt=0)
    money_floor: float
    money_span: float = Field(gt=0)
    commitment: str
    weights: dict[str, Annotated[float, Field(ge=0, le=1)]]


class Schema(Frozen):
    """A customer table: its columns, outcome, named groups, reasons and actions.

    Attributes:
        key: column that identifies a customer.
        time: number column that counts the time since the start, or empty.
        money: number column that holds the periodic charge, or empty.
        person: text column with the customer's name from the CRM, or empty.
        feedback: text column with the customer's words, or empty.
        risk: parameters of the public cohort risk score; None switches the score off.
        unanswerable: words for things that people ask about and the table does not hold.
    """

    name: str
    noun: Text
    key: str
    outcome: Outcome
    time: str = ""
    money: str = ""
    person: str = ""
    feedback: str = ""
    columns: tuple[Column, ...]
    terms: tuple[Term, ...] = ()
    reasons: tuple[Reason, ...] = ()
    actions: tuple[Action, ...] = ()
    risk: RiskFormula | None = None
    unanswerable: Words = Words()

    @model_validator(mode="after")
    def _names_exist(self) -> Schema:
        names = [column.name for column in self.columns]
        if len(names) != len(set(names)):
            raise ValueError(f"schema {self.name}: a column is named twice: {names}")
        roles = (self.key, self.outcome.column, self.time, self.money, self.person, self.feedback)
        used = {role for role in roles if role}
        used |= {part.column for term in self.terms for part in term.means}
        used |= {column.blank.column for column in self.columns if column.blank}
        if missing := sorted(used - set(names)):
            raise ValueError(f"schema {self.name}: unknown columns {missing}; it has {names}")
        if self.risk and not (self.time and self.money and self.risk.commitment in names):
            raise ValueError(
                f"schema {self.name}: risk needs the roles time and money and the column "
                f"{self.risk.commitment!r}; name them, or leave risk out"
            )
        printed = {self.key, self.outcome.column, self.time, self.money}
        printed |= {part.column for term in self.terms for part in term.means}
        if personal := sorted(c.name for c in self.columns if c.personal and c.name in printed):
            raise ValueError(
                f"schema {self.name}: personal columns {personal} cannot be key, outcome, time, "
                "money or part of a term, because answers print those"
            )
        return self

    def column(self, name: str) -> Column:
        """Return the column called `name`; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"schema {self.name} has no column {name!r}")

    def attributes(self) -> tuple[Column, ...]:
        """Return the columns that describe a customer: no key, text or outcome, none personal."""
        return tuple(
            column
            for column in self.columns
            if column.kind in ("category", "number")
            and column.name != self.outcome.column
            and not column.personal
        )


def parse_schema(raw: dict[str, Any]) -> Schema:
    """Build a schema from the mapping that a schema file holds.

    Raises:
        pydantic.ValidationError: naming every key that is wrong.
    """
    return Schema.model_validate(raw)


def read_schema(path: str | Path) -> Schema:
    """Read a schema file (YAML, utf-8)."""
    return parse_schema(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
