"""Options of the service assistant."""

from __future__ import annotations

from pydantic import Field

from churnlens.schema import Frozen


class Similarity(Frozen):
    """A cosine in each language; an encoder does not spread both in the same way."""

    en: float = Field(ge=-1, le=1)
    zh: float = Field(ge=-1, le=1)


class SearchOptions(Frozen):
    """How passages are found; the values are for multilingual-e5-small, set on the dev questions.

    Attributes:
        lexical: weight of the words beside the meaning, both standardised over the passages.
        least: below this cosine to everything that is known, a turn is about something else.
        alone: below this one, a turn is read together with the customer's turn before it.
        scope_margin: a passage wins over "that is none of my business" when its cosine is behind by
            no more than this.
        close: a second passage is given too when its score is behind by less than this.
        sure: below this confidence the assistant asks what is meant.
        sharpness: of the confidence, a softmax over the scores.
    """

    lexical: float = Field(default=0.3, ge=0)
    least: Similarity = Similarity(en=0.855, zh=0.89)
    alone: Similarity = Similarity(en=0.87, zh=0.90)
    scope_margin: float = Field(default=0.01, ge=0)
    close: float = Field(default=0.15, ge=0)
    sure: float = Field(default=0.2, ge=0, le=1)
    sharpness: float = Field(default=2.5, gt=0)


class AssistantOptions(Frozen):
    """How the assistant replies.

    Attributes:
        search: how passages are found.
        turns: customer turns of a conversation that are kept in mind, the last ones.
        characters: of a message that are read.
        shown: passages that a model is shown.
        max_new_tokens: length of what a model writes.
    """

    search: SearchOptions = SearchOptions()
    turns: int = Field(default=8, ge=1)
    characters: int = Field(default=2000, ge=50)
    shown: int = Field(default=3, ge=1, le=10)
    max_new_tokens: int = Field(default=120, ge=16)


class ServiceRowsOptions(Frozen):
    """How training rows are made of the written dialogues.

    Attributes:
        held_out: share of the situations that are kept from training.
        general: rows of other kinds for each hundred of the assistant's own, against forgetting.
        shown: passages in a row, as at serving.
        seed: of the split.
    """

    held_out: float = Field(default=0.2, gt=0, lt=1)
    general: float = Field(default=15, ge=0, le=100)
    shown: int = Field(default=3, ge=1, le=10)
    seed: int = 7
