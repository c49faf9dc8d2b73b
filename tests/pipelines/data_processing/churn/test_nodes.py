import json
from pathlib import Path

import pandas as pd
import pytest
import yaml
from kedro.io.core import DatasetError

from bank import bank_customers
from churnlens.options import DataProcessingOptions
from churnlens.pipelines.data_processing.churn.nodes import (
    build_documents,
    label_reasons,
    redact_feedback,
    select_table,
)
from churnlens.pipelines.data_processing.validation import find_faults
from churnlens.schema import parse_schema

ROOT = Path(__file__).parents[4]
BANK = yaml.safe_load((ROOT / "tests" / "schemas" / "bank.yml").read_text(encoding="utf-8"))
OPTIONS = DataProcessingOptions()


@pytest.fixture(scope="module")
def customers():
    typed, faults = find_faults(bank_customers(80).astype(str), parse_schema(BANK))
    assert not faults
    return typed


@pytest.fixture(scope="module")
def feedback(customers):
    return redact_feedback(customers, BANK, OPTIONS)[0]


def test_the_kept_schema_says_the_same_as_the_file(customers):
    _, kept = select_table(customers, BANK)
    assert parse_schema(kept) == parse_schema(BANK)
    assert json.loads(json.dumps(kept)) == kept


def test_the_table_has_key_outcome_and_attributes_and_no_text(customers):
    table, _ = select_table(customers, BANK)
    assert list(table)[:2] == ["CustomerId", "Exited"]
    assert set(customers) - set(table) == {"Surname", "Feedback"}
    assert len(table) == len(customers)


def test_a_personal_number_never_reaches_the_table(customers):
    columns = [
        {**column, "personal": True} if column["name"] == "EstimatedSalary" else column
        for column in BANK["columns"]
    ]
    assert "EstimatedSalary" not in select_table(customers, {**BANK, "columns": columns})[0]


def test_feedback_is_redacted_counted_and_the_table_stays_as_it_was(customers):
    spoken = customers.copy()
    spoken.loc[0, ["Surname", "Feedback"]] = ["Hargrave", "Hargrave here, call 617-555-0142 now."]
    spoken.loc[1, "Feedback"] = "too dear"
    before = spoken.copy()
    frame, report = redact_feedback(spoken, BANK, OPTIONS)
    pd.testing.assert_frame_equal(spoken, before)
    assert frame["feedback"][0] == "[name] here, call [phone] now."
    assert frame["feedback"][1] == ""  # shorter than min_feedback_chars
    assert report["customers"] == len(customers)
    assert report["with_feedback"] == (frame["feedback"] != "").sum()
    assert report["removed"]["phone"] == 1


def test_a_table_without_feedback_has_none(customers):
    frame, report = redact_feedback(customers.drop(columns=["Feedback", "Surname"]), BANK, OPTIONS)
    assert (frame["feedback"] == "").all()
    assert report["with_feedback"] == 0
    assert label_reasons(frame, BANK).empty


def test_reasons_quote_the_text_that_they_label(feedback):
    reasons = label_reasons(feedback, BANK)
    assert {"fees", "interest", "service"} <= set(reasons["reason"])
    for row, start, end in zip(reasons["row"], reasons["start"], reasons["end"], strict=True):
        assert feedback["feedback"][row][start:end].strip()


def test_reasons_name_the_customer_of_their_row(feedback):
    reasons = label_reasons(feedback, BANK)
    assert reasons["customer"].tolist() == feedback["customer"][reasons["row"]].tolist()


@pytest.mark.parametrize("change", [lambda f: f[::-1], lambda f: f[:-1]])
def test_documents_of_two_tables_are_refused_without_naming_anyone(customers, feedback, change):
    table, _ = select_table(customers, BANK)
    with pytest.raises(DatasetError, match="feedback: the rows are not of the customers") as told:
        build_documents(table, change(feedback), BANK)
    assert not [key for key in table["CustomerId"] if key in str(told.value)]


def test_documents_never_know_the_outcome(customers, feedback):
    table, _ = select_table(customers, BANK)
    turned = table.assign(Exited=table["Exited"].map({"0": "1", "1": "0"}))
    documents = build_documents(table, feedback, BANK)
    pd.testing.assert_frame_equal(documents, build_documents(turned, feedback, BANK))
    assert documents["customer"].tolist() == table["CustomerId"].tolist()


def test_a_passage_is_what_was_said_or_else_the_attributes(customers, feedback):
    documents = build_documents(select_table(customers, BANK)[0], feedback, BANK)
    said = (feedback["feedback"] != "").to_numpy()
    assert (documents["passage"][said] == feedback["feedback"][said]).all()
    assert documents["passage"][~said].str.startswith("credit score ").all()
    assert documents["text"].str.contains("credit score").all()
