"""Task clv: how good every model is on a test cut that nothing was chosen on, and the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict, Unpack

import pandas as pd

from churnlens.evaluation.value import gini_curve
from churnlens.models.lock import spec_of
from churnlens.models.weights import verify
from churnlens.options import ClvReportingOptions
from churnlens.pipelines.reporting.clv.report import render_value
from churnlens.pipelines.reporting.value_plots import value_figures
from churnlens.schema import Schema, parse_schema
from churnlens.tasks.clv.arms import Parametric, predict_arms
from churnlens.tasks.clv.boosting import global_importance
from churnlens.tasks.clv.contract_rows import columns_in, read_columns
from churnlens.tasks.clv.contract_value import score_survival
from churnlens.tasks.clv.customer_values import ValueModel, arm_fit
from churnlens.tasks.clv.recovery import is_truth_of, recovery
from churnlens.tasks.clv.scoring import score_clv
from churnlens.tasks.clv.segments import segment_table
from churnlens.tasks.clv.text_arm import (
    EMBEDDED,
    LANGUAGE_MODEL,
    TextParts,
    customer_texts,
    predict_embedded,
    predict_text,
)
from churnlens.tasks.clv.value import definition


class StoredText(TypedDict):
    """A tuned language model in the catalog.

    Attributes:
        text_head: its folder; None where none was tuned.
        text_parts: its `TextParts`; empty without one.
        model_lock: names the base model.
        model_root: where fetched models are.
    """

    text_head: Path | None
    text_parts: dict[str, Any]
    model_lock: dict[str, Any]
    model_root: str


class Known(TypedDict):
    """What was valued, and its truth where it was planted.

    Attributes:
        values: of every customer.
        purchases: checked transactions.
        ledger: of contracts, else without rows.
        table_schema: of its attributes, or empty.
        ledger_truth: see `simulate_ledger`; None without.
        ledger_facts: of which transactions it is.
    """

    values: pd.DataFrame
    purchases: pd.DataFrame
    ledger: pd.DataFrame
    table_schema: dict[str, Any]
    ledger_truth: pd.DataFrame | None
    ledger_facts: dict[str, Any] | None


def predict_texts(
    train_rows: pd.DataFrame,
    test_rows: pd.DataFrame,
    table_schema: dict[str, Any],
    value_model: dict[str, Any],
    **stored: Unpack[StoredText],
) -> pd.DataFrame:
    """Return what the models that read text expect of each row of the test cut.

    Args:
        train_rows: boosting on the embedding is fitted to some of them.
        test_rows: what is predicted.
        table_schema: of the attributes, or empty.
        value_model: settings of boosting, and the trade.
        stored: the tuned language model.

    Returns:
        One column a model, one row a test row in their order.
    """
    model = ValueModel.model_validate(value_model)
    options, found = model.options.text, pd.DataFrame(index=test_rows.index)
    text_head = stored["text_head"]
    if text_head is None and not options.embedded:
        return found
    base = verify(spec_of(stored["model_lock"], options.encoder), Path(stored["model_root"]))
    schema = parse_schema(table_schema) if table_schema else None
    size = min(options.embedded_rows, len(train_rows))
    drawn = train_rows.sample(size, random_state=options.seed)
    texts = [customer_texts(r, schema, model.preset.value.currency) for r in (drawn, test_rows)]
    if text_head is not None:
        parts = TextParts.model_validate(stored["text_parts"])
        found[LANGUAGE_MODEL] = predict_text(base, text_head, parts, texts[1], options)
    if options.embedded:
        from churnlens.models.embedding import Encoder

        found[EMBEDDED] = predict_embedded(
            drawn,
            test_rows,
            (texts[0], texts[1]),
            read_columns(train_rows),
            Encoder(base).encode,
            (options, model.options.models),
        )
    return found


def evaluate_values(
    train_rows: pd.DataFrame,
    test_rows: pd.DataFrame,
    text_predictions: pd.DataFrame,
    value_model: dict[str, Any],
    options: ClvReportingOptions,
    **known: Unpack[Known],
) -> dict[str, Any]:
    """Judge all models on the same rows of the test cut.

    Args:
        train_rows: of the training cuts.
        test_rows: of the test cut.
        text_predictions: of `predict_texts`.
        value_model: fitted to the training cuts.
        options: of the bootstrap.
        known: what was valued.

    Returns:
        `definition` of value; `scores`, a `ClvScores`; `importance` of columns; `segments`;
        `survival`, a list of `SurvivalScores`, None for repeat purchase; `recovery`, a `Recovery`,
        None without planted truth.
    """
    model = ValueModel.model_validate(value_model)
    ledger, truth, table_schema = known["ledger"], known["ledger_truth"], known["table_schema"]
    schema = parse_schema(table_schema) if table_schema else None
    columns = columns_in(ledger, schema)
    parametric = arm_fit(model.preset.kind, columns, model.options.survival)
    drawn = {"resamples": options.resamples, "seed": options.seed}
    scores = score_clv(
        model.arms,
        train_rows,
        test_rows,
        model.options.models.model_copy(update=drawn),
        {str(name): text_predictions[name].to_numpy(float) for name in text_predictions},
        parametric,
        read_columns(train_rows),
    )
    found = None
    if truth is not None and is_truth_of(
        known["ledger_facts"], known["purchases"], model.preset.value
    ):
        found = recovery(known["values"], truth, **drawn).model_dump(mode="json")
    return {
        "trade": model.preset.name,
        "kind": model.preset.kind,
        "currency": model.preset.value.currency,
        "definition": definition(model.preset.value, model.margin).model_dump(),
        "scores": scores.model_dump(mode="json"),
        "curves": _curves(model, test_rows, parametric(test_rows), scores.best),
        "importance": global_importance(model.arms.fitted.tweedie.contributions(test_rows)),
        "segments": segment_table(known["values"]).to_dict("records"),
        "survival": _survival(model, ledger, schema),
        "recovery": found,
    }


def _curves(
    model: ValueModel, rows: pd.DataFrame, parametric: Parametric, best: str
) -> dict[str, list[dict[str, float]]]:
    said, actual = predict_arms(model.arms, rows, parametric), rows["target"].to_numpy(float)
    shown = {best: said[best], model.arms.arm: said[model.arms.arm], "mean_rate": said["mean_rate"]}
    return {name: gini_curve(actual, each) for name, each in {"perfect": actual, **shown}.items()}


def draw_values(metrics: dict[str, Any]) -> tuple[Any, Any]:
    """Return two matplotlib figures: Gini curve, decile calibration."""
    figures = value_figures(metrics, "en")
    return figures["gini"], figures["deciles"]


def write_value_report(
    metrics: dict[str, Any],
    transaction_report: dict[str, Any],
    values: pd.DataFrame,
    table_schema: dict[str, Any],
    options: ClvReportingOptions,
) -> str:
    """Return the report as one HTML file that needs nothing else.

    Args:
        metrics: by `evaluate_values`.
        transaction_report: of the transactions.
        values: of all customers, by rank.
        table_schema: names their attributes, or empty.
        options: language, and customers shown.
    """
    first = values.head(options.shown).to_dict("records")
    schema = parse_schema(table_schema) if table_schema else None
    return render_value(metrics, transaction_report, first, schema, options.language)  # type: ignore[arg-type]


def _survival(
    model: ValueModel, ledger: pd.DataFrame, schema: Schema | None
) -> list[dict[str, Any]] | None:
    if model.preset.kind == "repeat":
        return None
    watched = ledger.assign(entry=0.0)  # as a customer table has it, see `score_survival`
    found = score_survival(watched, columns_in(ledger, schema), model.options.survival)
    return [{**each.model_dump(mode="json"), "largest_gap": each.largest_gap} for each in found]
