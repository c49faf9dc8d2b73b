"""Dialogues to assessments: scores, alerts and what follows from them, similar cases, reasons."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
import pandas as pd

from churnlens.dialogues.sides import Rows, dialogues_of
from churnlens.engine.progress import track
from churnlens.options import SatisfactionFinetuningOptions, SatisfactionInferenceOptions
from churnlens.tasks.satisfaction.action_table import ActionTable
from churnlens.tasks.satisfaction.actions import Facts, decide
from churnlens.tasks.satisfaction.loading import StoredDesk, open_desk
from churnlens.tasks.satisfaction.reason_head import ReasonHead
from churnlens.tasks.satisfaction.similar import Asked, CaseLibrary, similar_cases
from churnlens.tasks.satisfaction.tracing import explainer


def assess_dialogues(
    dialogues: Rows,
    action_table: dict[str, Any],
    finetuning: SatisfactionFinetuningOptions,
    **stored: Unpack[StoredDesk],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Assess the dialogues of the test side as a service would have.

    Args:
        dialogues: clean, with sides.
        action_table: what follows from an alert.
        finetuning: how the desk was made.
        stored: the desk.

    Returns:
        One assessment a dialogue (`id` and what `predict satisfaction` gives), all alerts, and a
        decision for each. Fault, tier and earlier credits are not known here, so that no decision
        offers money.
    """
    desk, table = open_desk(stored, finetuning), ActionTable.model_validate(action_table)
    test = dialogues_of(dialogues, "test")
    found = desk.assess(test)
    customers = {dialogue.id: dialogue.customer for dialogue in test}
    alerts = [alert for each in found for alert in each.alerts]
    decisions = [decide(table, each, Facts(customer=customers[each.dialogue])) for each in alerts]
    return (
        [{"id": each.id, **each.output()} for each in found],
        [alert.model_dump(mode="json") for alert in alerts],
        [decision.model_dump(mode="json") for decision in decisions],
    )


def explain_alerts(
    dialogues: Rows,
    alerts: list[dict[str, Any]],
    finetuning: SatisfactionFinetuningOptions,
    options: SatisfactionInferenceOptions,
    **stored: Unpack[StoredDesk],
) -> list[dict[str, Any]]:
    """Trace the score of each alert's turn back to words, turns and reasons.

    Args:
        dialogues: clean, with sides.
        alerts: from `assess_dialogues`.
        finetuning: how the desk was made.
        options: how many are explained, and how far.
        stored: the desk.

    Returns:
        One row an alert: `alert`, `dialogue`, and what `explanation.Explainer` tells.
    """
    desk = open_desk(stored, finetuning)
    said = {each.id: each for each in dialogues_of(dialogues, "test")}
    explainers = {each: explainer(desk, each, options.attribution) for each in ("en", "zh")}
    chosen = alerts[: options.explained]
    found = []
    for alert in track(chosen, len(chosen), "explain alerts"):
        dialogue = said[alert["dialogue"]]
        told = explainers[dialogue.language].explain(dialogue, alert["turn"])
        found.append({"alert": alert["id"], "dialogue": dialogue.id, **told})
    return found


def find_similar(
    documents: pd.DataFrame,
    vector_index: Any,
    reason_head: pd.DataFrame,
    test_documents: pd.DataFrame,
    test_vectors: pd.DataFrame,
    options: SatisfactionInferenceOptions,
) -> list[dict[str, Any]]:
    """Return the most similar past cases of each dialogue of the test side.

    Args:
        documents: the past cases.
        vector_index: of their vectors.
        reason_head: what tells the reason of a vector.
        test_documents: the dialogues.
        test_vectors: of them, in the same order.
        options: how many cases.

    Returns:
        One row a dialogue: `id`, and `cases` with `dialogue`, `similarity` and `reason`.
    """
    library = CaseLibrary(documents, vector_index, ReasonHead.from_table(reason_head))
    vectors = np.stack(test_vectors["vector"].tolist())
    asked = [
        Asked(dialogue, customer, vector)
        for dialogue, customer, vector in zip(
            test_documents["dialogue"], test_documents["customer"], vectors, strict=True
        )
    ]
    found = similar_cases(library, asked, max(options.similar, 1))
    return [
        {"id": each.dialogue, "cases": [case.model_dump() for case in cases[: options.similar]]}
        for each, cases in zip(asked, found, strict=True)
    ]
