"""The prompts that a search tries with one model, and how its drafts are scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from churnlens.dialogues.form import Dialogue
from churnlens.engine.shards import Store
from churnlens.options import PromptSearchOptions
from churnlens.schema import Language
from churnlens.tasks.summary.prompt_search import (
    Items,
    PromptSearch,
    search_prompts,
    with_examples,
)
from churnlens.tasks.summary.prompting import PromptBook, SummaryPrompt
from churnlens.tasks.summary.references import references_of
from churnlens.tasks.summary.scores import Batch, overall_items
from churnlens.tasks.summary.writers import Draft, ModelWriter


def find_prompt(
    training: Sequence[Dialogue],
    development: Sequence[Dialogue],
    book: PromptBook,
    writer: ModelWriter,
    store: Store,
    options: PromptSearchOptions,
    recipe: Sequence[Any] = (),
) -> PromptSearch:
    """Try the prompts of a book, and its baseline with examples, in the languages of a model.

    Args:
        training: dialogues that examples are taken from.
        development: dialogues that prompts are scored on; never a test.
        book: the baseline and the candidates.
        writer: of the model; its own prompt does not count.
        store: of scores.
        options: see there.
        recipe: see `search_prompts`.

    Raises:
        ValueError: when no development dialogue has a reference in a language of the model.
    """
    told = [each for each in development if writer.speaks(each.language) and references_of(each)]
    if not told:
        raise ValueError(
            f"expected validation dialogues with a reference in a language of {writer.name}, got "
            "none; next: a model that writes the language of your dialogues"
        )
    shown = told[: options.dialogues]
    languages = sorted({each.language for each in shown})
    shot = [few_shot(book.baseline, training, languages, count) for count in options.examples]
    return search_prompts(
        [book.baseline, *book.candidates, *(each for each in shot if each.examples)],
        shown,
        lambda prompt: replace(writer, prompt=prompt),
        scorer(shown),
        store,
        options,
        recipe,
    )


def few_shot(
    prompt: SummaryPrompt, training: Sequence[Dialogue], languages: Sequence[Language], count: int
) -> SummaryPrompt:
    """Return a prompt with `count` examples in each language, as far as there are."""
    pairs = [(each, refs[0]) for each in training if (refs := references_of(each))]
    shown = [
        with_examples(prompt, [pair for pair in pairs if pair[0].language == language], count)
        for language in languages
    ]
    examples = tuple(example for each in shown for example in each.examples)
    name = f"{prompt.name}, {count} examples"
    return prompt.model_copy(update={"examples": examples, "name": name})


def scorer(dialogues: Sequence[Dialogue]) -> Items:
    """Return drafts → scores by `overall_items`, each language by itself, for these dialogues."""

    def score(drafts: Sequence[Draft]) -> np.ndarray:
        scores = np.zeros(len(drafts))
        for language in {each.language for each in dialogues}:
            places = [at for at, each in enumerate(dialogues) if each.language == language]
            own = [dialogues[at] for at in places]
            batch = Batch(own, [references_of(each) for each in own], language)
            scores[places] = overall_items([drafts[at] for at in places], batch)
        return scores

    return score
