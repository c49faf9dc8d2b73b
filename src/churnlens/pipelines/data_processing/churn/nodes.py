"""From the validated customer table to redacted feedback and one document per customer."""

from __future__ import annotations

from typing import Any

import pandas as pd

from churnlens.evidence.themes import label_feedback
from churnlens.options import DataProcessingOptions
from churnlens.privacy.redaction import redact_column
from churnlens.privacy.untrusted import clean
from churnlens.schema import Column, Schema, parse_schema
from churnlens.tasks.churn.loading import check_customers


def select_table(
    customers: pd.DataFrame, schema: dict[str, Any]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return what may be computed with, and the schema that says what it means.

    The schema stays beside the table, so that whatever is built from it is read with the schema
    that it was built with, whichever schema file the reader has.

    Args:
        customers: the validated table, one row a customer.
        schema: the parsed schema file.

    Returns:
        Key, outcome and attributes, and no text: frame of shape (n_customers, 2 + n_attributes),
        in the order of the file; and the schema as it was understood.
    """
    described = parse_schema(schema)
    names = [column.name for column in described.attributes() if column.name in customers]
    table = customers[[described.key, described.outcome.column, *names]].reset_index(drop=True)
    return table, described.model_dump(mode="json", exclude_defaults=True)


def redact_feedback(
    customers: pd.DataFrame, schema: dict[str, Any], options: DataProcessingOptions
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Clean and redact feedback before anything else reads it.

    Args:
        customers: the validated table.
        schema: the parsed schema file.
        options: the shortest text that counts as feedback.

    Returns:
        Frame with columns `customer` and `feedback` (redacted; empty when there is none), one row
        per customer in the table's order; and the counts of what was removed, by kind.
    """
    described = parse_schema(schema)
    absent = pd.Series("", index=customers.index)
    texts = [clean(text).strip() for text in customers.get(described.feedback, absent)]
    names = [str(name) for name in customers.get(described.person, absent)]
    redacted, counts = redact_column(texts, names)
    kept = [text if len(text) >= options.min_feedback_chars else "" for text in redacted]
    frame = pd.DataFrame({"customer": customers[described.key].to_numpy(), "feedback": kept})
    report = {
        "customers": len(frame),
        "with_feedback": int((frame["feedback"] != "").sum()),
        "removed": dict(sorted(counts.items())),
    }
    return frame, report


def label_reasons(feedback: pd.DataFrame, schema: dict[str, Any]) -> pd.DataFrame:
    """Return the reasons that each feedback gives, with the quoted span of each.

    Returns:
        Frame with columns `row` (position of the customer), `reason`, `polarity` (complaint or
        praise), `start`, `end` (characters of the redacted text), `customer`.
    """
    labels = label_feedback(feedback["feedback"].tolist(), parse_schema(schema))
    return labels.assign(customer=feedback["customer"].to_numpy()[labels["row"].to_numpy()])


def _phrases(cells: pd.Series, column: Column) -> pd.Series:
    if column.kind == "number":
        return f"{column.label.en} " + cells.map("{:g}".format) + f" {column.unit}".rstrip()
    labels = {value.value: value.label.en for value in column.values}
    return cells.map(labels).astype(str)


def build_documents(
    table: pd.DataFrame, feedback: pd.DataFrame, schema: dict[str, Any]
) -> pd.DataFrame:
    """Write one document per customer: attributes and redacted feedback, never the outcome.

    Returns:
        Frame with one row per customer in the table's order: `customer`; `text`, which is searched
        by words; `passage`, which is embedded: the feedback alone, because near-repeats are told
        by what was said and not by who said it, or the attributes where nothing was said.

    Raises:
        DatasetError: when table and feedback are not of the same customers.
    """
    described: Schema = parse_schema(schema)
    check_customers(table[described.key], feedback["customer"], "feedback")
    columns = [column for column in described.attributes() if column.name in table]
    phrases = pd.DataFrame({c.name: _phrases(table[c.name], c) for c in columns})
    profile = phrases.agg("; ".join, axis=1)
    said = feedback["feedback"].to_numpy()
    pairs = list(zip(said, profile, strict=True))
    return pd.DataFrame(
        {
            "customer": table[described.key].to_numpy(),
            "text": [f"{text}\n{facts}" if text else facts for text, facts in pairs],
            "passage": [text or facts for text, facts in pairs],
        }
    )
