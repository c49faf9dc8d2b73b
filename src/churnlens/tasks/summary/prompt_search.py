"""Prompts tried on a development set; one is taken only where it is significantly better.

Every candidate is held against the baseline on the same dialogues: paired bootstrap interval above
zero, and a p-value under `alpha` after Holm's correction over all candidates that were tried. What
was scored before, under the hash of prompt, writer and dialogues, is not scored again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from churnlens.dialogues.form import Dialogue
from churnlens.engine.shards import Store, content_key
from churnlens.evaluation.paired import ArmComparison, compare_arms
from churnlens.options import PromptSearchOptions
from churnlens.schema import Frozen
from churnlens.tasks.summary.contract import Reference, Summary
from churnlens.tasks.summary.prompting import Example, SummaryPrompt
from churnlens.tasks.summary.writers import Draft, Writer

Items = Callable[[Sequence[Draft]], np.ndarray]
METRIC = "score"


class PromptTrial(Frozen):
    """One prompt and what it came to.

    Attributes:
        key: content hash of all that its scores depend on.
        score: mean over the development dialogues.
        cached: whether it was scored by an earlier call.
        against_baseline: the paired comparison; None for the baseline itself.
        significant: whether it may be taken.
    """

    name: str
    key: str
    score: float
    cached: bool
    against_baseline: ArmComparison | None = None
    significant: bool = False


class PromptSearch(Frozen):
    """The history of a search, baseline first, and the prompt that it ended with."""

    chosen: SummaryPrompt
    history: tuple[PromptTrial, ...]


def search_prompts(
    prompts: Sequence[SummaryPrompt],
    dialogues: Sequence[Dialogue],
    writer: Callable[[SummaryPrompt], Writer],
    score: Items,
    store: Store,
    options: PromptSearchOptions,
    recipe: Sequence[Any] = (),
) -> PromptSearch:
    """Score prompts on the development side and choose one.

    Args:
        prompts: the baseline, then the candidates; names differ.
        dialogues: of the development side, never of a test.
        writer: prompt → what writes with it.
        score: drafts in the order of the dialogues → scores, shape (n_dialogues,), higher is
            better; 0 for a draft that failed.
        store: of scores.
        options: `alpha`, `seed`, and how many dialogues are taken.
        recipe: JSON-able description of writer and score, part of the key of what is stored.

    Raises:
        ValueError: without prompts or dialogues, or for a name used twice.
    """
    names = [prompt.name for prompt in prompts]
    if not names or not dialogues or len(set(names)) < len(names):
        raise ValueError(f"expected dialogues and prompts of different names, got {len(names)}")
    shown = list(dialogues)[: options.dialogues]
    scored = [
        _scored(prompt, shown, writer(prompt), score, (store, list(recipe))) for prompt in prompts
    ]
    arms = {name: {METRIC: items} for name, (_, items, _) in zip(names, scored, strict=True)}
    pairs = [(name, names[0]) for name in names[1:]]
    rows = compare_arms(arms, pairs, [METRIC], [each.id for each in shown], seed=options.seed)
    against = {row.first: row for row in rows}
    history = tuple(
        PromptTrial(
            name=name,
            key=key,
            score=float(np.mean(items)),
            cached=cached,
            against_baseline=against.get(name),
            significant=_better(against.get(name), options.alpha),
        )
        for name, (key, items, cached) in zip(names, scored, strict=True)
    )
    better = [trial for trial in history if trial.significant]
    best = max(better, key=lambda trial: trial.score).name if better else names[0]
    return PromptSearch(chosen=prompts[names.index(best)], history=history)


def _scored(
    prompt: SummaryPrompt,
    dialogues: Sequence[Dialogue],
    writer: Writer,
    score: Items,
    kept_in: tuple[Store, list[Any]],
) -> tuple[str, np.ndarray, bool]:
    store, recipe = kept_in
    told = [each.model_dump(mode="json") for each in dialogues]
    key = content_key("prompt", prompt.model_dump(mode="json"), writer.name, told, recipe)
    kept = store.get(key)
    if kept is not None:
        return key, kept[METRIC].to_numpy(float), True
    items = np.asarray(score(writer.write(dialogues)), float)
    if items.shape != (len(dialogues),) or not np.isfinite(items).all():
        raise ValueError(f"score: got shape {items.shape}, expected ({len(dialogues)},), finite")
    store.put(key, pd.DataFrame({METRIC: items}))
    return key, items, False


def _better(row: ArmComparison | None, alpha: float) -> bool:
    if row is None or row.result is None or row.holm is None:
        return False
    return row.result.difference.low > 0 and row.holm < alpha


def with_examples(
    prompt: SummaryPrompt,
    pairs: Sequence[tuple[Dialogue, Reference]],
    count: int,
    max_chars: int = 1200,
) -> SummaryPrompt:
    """Return the few-shot form of a prompt: short training dialogues whose closed values differ.

    Args:
        prompt: without examples.
        pairs: of the training side, in one language.
        count: of examples.
        max_chars: of a dialogue that may be one.
    """
    chosen: dict[tuple[str, str], Example] = {}
    sized = sorted(pairs, key=lambda pair: (sum(len(t.text) for t in pair[0].turns), pair[0].id))
    for dialogue, reference in sized:
        whole = reference.user_problem and reference.agent_solution
        if not whole or sum(len(turn.text) for turn in dialogue.turns) > max_chars:
            continue
        summary: Summary = reference.summary()
        kind = (summary.accepted, summary.negative_emotion)
        chosen.setdefault(kind, Example(dialogue=dialogue, summary=summary))
    examples = tuple(chosen.values())[:count]
    name = f"{prompt.name}, {len(examples)} examples"
    return prompt.model_copy(update={"examples": examples, "name": name})


def history_rows(search: PromptSearch) -> list[dict[str, Any]]:
    """Return the history as JSON-able rows, the chosen prompt marked."""
    rows: list[Mapping[str, Any]] = [trial.model_dump(mode="json") for trial in search.history]
    return [{**row, "chosen": row["name"] == search.chosen.name} for row in rows]
