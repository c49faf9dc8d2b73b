"""A prompt is taken for a significant gain and for nothing less; what was scored is kept."""

import numpy as np
import pytest

from churnlens.options import PromptSearchOptions
from churnlens.tasks.summary.prompt_search import history_rows, search_prompts, with_examples
from churnlens.tasks.summary.references import references_of
from churnlens.tasks.summary.writers import Draft
from tasks.summary.support import PROMPT, SUMMARY, demo, dialogue

N = 40
DIALOGUES = [dialogue(f"problem {n}", "answer", key=str(n)) for n in range(N)]
NOISE = np.random.default_rng(0).uniform(0.2, 0.4, N)
GAINS = {"baseline": 0.0, "better": 0.2, "level": 0.0, "worse": -0.2}


class Writes:
    def __init__(self, prompt):
        self.name = prompt.name

    def speaks(self, language):
        return True

    def write(self, dialogues):
        return [Draft(summary=SUMMARY, model=self.name) for _ in dialogues]


class Memory(dict):
    def put(self, key, frame):
        self[key] = frame


def items(drafts):
    return NOISE[: len(drafts)] + GAINS[drafts[0].model]


def prompts(*names):
    return [PROMPT.model_copy(update={"name": name}) for name in names]


def search(names, store=None, score=items, recipe=(), **options):
    store = Memory() if store is None else store
    given = (prompts(*names), DIALOGUES, Writes, score, store, PromptSearchOptions(**options))
    return search_prompts(*given, recipe)


def test_a_significant_gain_is_taken_and_the_history_kept():
    found = search(GAINS)
    assert found.chosen.name == "better"
    assert [trial.name for trial in found.history] == list(GAINS)
    assert [trial.significant for trial in found.history] == [False, True, False, False]
    gain = found.history[1].against_baseline.result.difference
    assert gain.value == pytest.approx(0.2) and gain.low > 0
    assert [row["chosen"] for row in history_rows(found)] == [False, True, False, False]


def test_without_one_the_baseline_stays():
    assert search(["baseline", "level", "worse"]).chosen.name == "baseline"
    assert search(["baseline"]).chosen.name == "baseline"


def test_many_candidates_need_a_stronger_gain():
    rng = np.random.default_rng(1)
    small = rng.normal(0.02, 0.05, N)

    def score(drafts):
        return NOISE + (0 if drafts[0].model == "baseline" else 1) * small

    alone = search(["baseline", "c0"], score=score)
    many = search(["baseline", *(f"c{n}" for n in range(20))], score=score)
    assert alone.history[1].against_baseline.holm < many.history[1].against_baseline.holm
    assert alone.chosen.name == "c0" and many.chosen.name == "baseline"


def test_what_was_scored_is_not_scored_again():
    store, calls = Memory(), []

    def score(drafts):
        calls.append(drafts[0].model)
        return items(drafts)

    first = search(["baseline", "better"], store, score)
    second = search(["baseline", "better", "level"], store, score)
    assert calls == ["baseline", "better", "level"]
    assert [trial.cached for trial in second.history] == [True, True, False]
    assert first.chosen == second.chosen
    other = search(["baseline"], store, score, recipe=[{"max_new_tokens": 99}])
    assert [trial.cached for trial in other.history] == [False]


def test_wrong_calls_are_told():
    with pytest.raises(ValueError, match="different names"):
        search(["baseline", "baseline"])
    with pytest.raises(ValueError, match="score: got shape"):
        search(["baseline"], score=lambda drafts: np.zeros(2))
    with pytest.raises(ValueError, match="score"):
        search(["baseline"], score=lambda drafts: np.full(len(drafts), np.nan))


def test_few_shot_takes_short_dialogues_of_different_answers():
    pairs = [(d, references_of(d)[0]) for d in demo() if d.language == "en"]
    prompt = with_examples(PROMPT, pairs, 3)
    kinds = {(e.summary.accepted, e.summary.negative_emotion) for e in prompt.examples}
    assert len(prompt.examples) == len(kinds) == 3
    assert prompt.name == "baseline, 3 examples"
