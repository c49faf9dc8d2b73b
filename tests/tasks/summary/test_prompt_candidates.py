"""What a prompt search tries with one model, and on which dialogues."""

from dataclasses import replace

import numpy as np
import pytest

from churnlens.models.generation import Completion
from churnlens.options import PromptSearchOptions
from churnlens.tasks.summary.contract import VALUES
from churnlens.tasks.summary.prompt_candidates import few_shot, find_prompt, scorer
from churnlens.tasks.summary.prompting import PromptBook
from churnlens.tasks.summary.references import references_of
from churnlens.tasks.summary.writers import Draft, ModelWriter
from tasks.summary.support import PROMPT, SUMMARY, demo
from tasks.summary.test_prompt_search import Memory

ROWS = demo()
TRAIN, DEVELOPMENT = ROWS[:60], ROWS[60:]
BOOK = PromptBook(baseline=PROMPT, candidates=(PROMPT.model_copy(update={"name": "other"}),))


class Learns:
    """A generator that is right where it was shown examples, and constant without."""

    def __init__(self):
        self.asked = []

    def generate(self, requests):
        self.asked += requests
        return [Completion(key=r.key, text=self.say(r), finished=True, tokens=1) for r in requests]

    @staticmethod
    def say(request):
        shown = len(request.messages) > 2
        right = {d.id: references_of(d)[0].summary() for d in DEVELOPMENT}[request.key]
        return (right if shown else SUMMARY).text("en")


def writer(languages=("en",)):
    return ModelWriter("learns", Learns(), PROMPT, languages)


def find(own, **options):
    given = PromptSearchOptions(**options)
    return find_prompt(TRAIN, DEVELOPMENT, BOOK, own, Memory(), given)


def test_examples_are_tried_beside_the_candidates_and_taken_where_they_help():
    own = writer()
    found = find(own, dialogues=12)
    assert [t.name for t in found.history] == ["baseline", "other", "baseline, 2 examples"]
    assert found.chosen.name == "baseline, 2 examples" and found.history[2].significant
    assert {d.language for d in (e.dialogue for e in found.chosen.examples)} == {"en"}
    known = {each.id for each in TRAIN}
    assert {example.dialogue.id for example in found.chosen.examples} <= known
    asked = {request.key for request in own.generator.asked}
    assert len(asked) == 12 and not asked & known


def test_without_a_dialogue_in_its_language_the_model_is_told():
    with pytest.raises(ValueError, match="a language of learns"):
        find(replace(writer(), languages=("fr",)))


def test_examples_are_of_each_language():
    shot = few_shot(PROMPT, TRAIN, ["en", "zh"], 2)
    assert [e.dialogue.language for e in shot.examples] == ["en", "en", "zh", "zh"]
    assert few_shot(PROMPT, [], ["en"], 2).examples == ()


def test_languages_are_scored_each_by_itself():
    drafts = [Draft(summary=references_of(d)[0].summary(), model="m") for d in DEVELOPMENT]
    assert set(VALUES) == {d.language for d in DEVELOPMENT}
    assert scorer(DEVELOPMENT)(drafts) == pytest.approx(np.ones(len(drafts)))
    failed = [Draft(model="m", error="none"), *drafts[1:]]
    assert scorer(DEVELOPMENT)(failed)[0] == 0
