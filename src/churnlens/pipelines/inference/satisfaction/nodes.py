"""Dialogues to assessments: scores, alerts and what follows from them, similar cases, reasons."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Unpack

import numpy as np
import pandas as pd

from churnlens.dialogues.sides import Rows, dialogues_of
from churnlens.engine.progress import track
from churnlens.options import SatisfactionFinetuningOptions, SatisfactionInferenceOptions
from churnlens.tasks.satisfaction.action_table import ActionTable
from churnlens.tasks.satisfaction.actions import Grant
from churnlens.tasks.satisfaction.alerts import Alert
from churnlens.tasks.satisfaction.facts import FactBook, decide_all
from churnlens.tasks.satisfaction.loading import StoredDesk, open_desk
from churnlens.tasks.satisfaction.reason_head import ReasonHead
from churnlens.tasks.satisfaction.similar import Asked, CaseLibrary, similar_cases
from churnlens.tasks.satisfaction.tracing import explainer

_NO_GRANT = datetime(1970, 1, 1, tzinfo=UTC)  # counts nothing back


def assess_dialogues(
    dialogues: Rows, finetuning: SatisfactionFinetuningOptions, **stored: Unpack[StoredDesk]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Assess the dialogues of the test side as a service would have.

    Args:
        dialogues: clean, with sides.
        finetuning: how the desk was made.
        stored: the desk.

    Returns:
        One assessment a dialogue (`id` and what `predict satisfaction` gives), and all alerts.
    """
    found = open_desk(stored, finetuning).assess(dialogues_of(dialogues, "test"))
    return (
        [{"id": each.id, **each.output()} for each in found],
        [alert.model_dump(mode="json") for each in found for alert in each.alerts],
    )


def decide_actions(
    dialogues: Rows,
    alerts: list[dict[str, Any]],
    action_table: dict[str, Any],
    desk_facts: list[dict[str, Any]] | None,
    grants: list[dict[str, Any]] | None,
    options: SatisfactionInferenceOptions,
) -> list[dict[str, Any]]:
    """Look up what follows from each alert.

    Args:
        dialogues: clean, with sides.
        alerts: from `assess_dialogues`.
        action_table: what follows from what.
        desk_facts: rows of `FactBook.of`; None where nobody says whose fault it was.
        grants: the log of what was granted; None where nothing was.
        options: the moment of the decisions.

    Returns:
        A decision for each alert. Where fault or tier are not known none offers money.
    """
    log = [Grant.model_validate(each) for each in grants or ()]
    decisions = decide_all(
        ActionTable.model_validate(action_table),
        [Alert.model_validate(each) for each in alerts],
        {each.id: each.customer for each in dialogues_of(dialogues, "test")},
        FactBook.of(desk_facts or ()),
        log,
        options.as_of or max((each.time for each in log), default=_NO_GRANT),
    )
    return [decision.model_dump(mode="json") for decision in decisions]


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
        One row an alert: `alert`, `dialogue`, and what `explanation.Explainer` tells; none where
        turns are foretold (`kind: predict`), since their own words carry nothing then.
    """
    if finetuning.scorer.turns.kind != "estimate":
        return []
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
