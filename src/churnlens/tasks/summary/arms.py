"""The same dialogues summarised in several ways, to tell what grammar and tuning are worth.

Beside the four arms that a model writes stand the extractive writer and the lead; the constant
answer is the floor of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from churnlens.dialogues.form import Dialogue
from churnlens.evaluation.paired import compare_arms
from churnlens.evaluation.recipe_overlap import Embedder
from churnlens.models.generation import Request
from churnlens.options import SummaryScoreOptions
from churnlens.schema import Language
from churnlens.tasks.arms import Arm
from churnlens.tasks.summary.contract import TEXTS
from churnlens.tasks.summary.prompting import SummaryPrompt
from churnlens.tasks.summary.references import references_of
from churnlens.tasks.summary.scores import Batch, overall_items, score_drafts
from churnlens.tasks.summary.writers import Draft, ModelWriter, Writer

Drafts = Mapping[str, Sequence[Draft]]
METRIC = "overall"  # see `scores.overall_items`
PAIRS = (
    ("tuned_grammar", "base_grammar"),
    ("tuned", "base"),
    ("tuned_grammar", "extractive"),
    ("base_grammar", "extractive"),
)


def ask_arm(
    dialogues: Sequence[Dialogue], arm: Arm, prompt: SummaryPrompt, max_new_tokens: int
) -> list[Request]:
    """Return what an arm is asked: one request a dialogue."""
    writer = ModelWriter("", None, prompt, (), max_new_tokens, arm.grammar)
    return [writer.request(each) for each in dialogues]


def drafts_of(name: str, dialogues: Sequence[Dialogue], texts: Sequence[str]) -> list[Draft]:
    """Return the raw texts of an arm as drafts, unmended; one that is no summary has an error."""
    blank = SummaryPrompt(system={}, ask={})
    writer = ModelWriter(name, None, blank, ())
    return [writer.draft(*pair) for pair in zip(dialogues, texts, strict=True)]


def score_arms(
    drafts: Drafts,
    floor: Writer,
    dialogues: Sequence[Dialogue],
    options: SummaryScoreOptions,
    embedder: Embedder | None = None,
) -> dict[Language, dict[str, Any]]:
    """Return language → arm → figures of `score_drafts`, and the paired comparisons.

    Args:
        drafts: arm → one draft a dialogue, in order.
        floor: the constant answer.
        dialogues: with references.
        options: of the bootstrap.
        embedder: see `Batch`.

    Returns:
        Language → `n`, `arms` and `comparisons` (of `PAIRS`, adjusted by Holm).
    """
    found: dict[Language, dict[str, Any]] = {}
    for language in sorted({each.language for each in dialogues}):
        places = [at for at, each in enumerate(dialogues) if each.language == language]
        own = [dialogues[at] for at in places]
        batch = Batch(own, [references_of(each) for each in own], language, embedder)
        told = {name: [each[at] for at in places] for name, each in drafts.items()}
        constant = floor.write(own)
        found[language] = {
            "n": len(own),
            "arms": {n: score_drafts(each, constant, batch, options) for n, each in told.items()},
            "comparisons": _compare(told, batch, options.seed),
        }
    return found


def _compare(drafts: Drafts, batch: Batch, seed: int) -> list[dict[str, Any]]:
    """Return the paired differences over dialogues."""
    scores = {name: {METRIC: overall_items(each, batch)} for name, each in drafts.items()}
    units = [each.id for each in batch.dialogues]
    rows = compare_arms(scores, PAIRS, [METRIC], units, seed=seed)
    return [row.model_dump(mode="json") for row in rows]


def beside(dialogues: Sequence[Dialogue], drafts: Drafts, most: int) -> list[dict[str, Any]]:
    """Return the first dialogues with the two texts of each arm beside the reference."""
    return [
        {
            "id": dialogue.id,
            "language": dialogue.language,
            "texts": {
                "gold": _texts(references_of(dialogue)[0]),
                **{name: _texts(each[at].summary) for name, each in drafts.items()},
            },
        }
        for at, dialogue in enumerate(dialogues[:most])
    ]


def _texts(summary: Any) -> list[str]:
    return [str(getattr(summary, field)) for field in TEXTS] if summary else []
