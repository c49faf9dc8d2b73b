import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.dialogues.form import Turn
from churnlens.evaluation.faithfulness import faithfulness
from churnlens.options import AttributionOptions, FaithfulnessOptions
from churnlens.tasks.satisfaction.attribution import attribute, explained
from churnlens.tasks.satisfaction.passages import join_turns

WORTH = {"awful": 0.3, "late": 0.1, "thanks": -0.2, "太慢": 0.15, "谢谢": -0.1}
OPTIONS = AttributionOptions()


def planted(texts):
    return np.array([0.5 + sum(w * text.count(k) for k, w in WORTH.items()) for text in texts])


def passage(*said, context=9):
    turns = tuple(Turn(speaker="customer", text=text) for text in said)
    return join_turns(turns, len(turns) - 1, context)


def one(*said, scorer=planted, options=OPTIONS):
    return attribute([passage(*said)], scorer, options)[0]


def test_an_additive_scorer_gets_its_own_weights_back():
    found = one("an awful late parcel", "thanks anyway")
    got = {word.word: word.weight for word in found.words}
    expected = {
        word: WORTH.get(word, 0) for word in ["an", "awful", "late", "parcel", "thanks", "anyway"]
    }
    assert got == pytest.approx(expected)
    assert found.p == pytest.approx(0.7)
    assert [turn.weight for turn in found.turns] == pytest.approx([0.4, -0.2])
    assert [(w.word, w.turn, w.start, w.end) for w in found.words][1] == ("awful", 0, 3, 8)
    assert [word.word for word in found.top(5)] == ["awful", "late"]
    assert [word.word for word in found.top(5, against=True)] == ["thanks"]
    assert [word.word for word in found.top(1)] == ["awful"]


def test_chinese_words_are_weighed():
    found = one("你们回复太慢了")
    assert [(word.word, word.start, word.end) for word in found.top(1)] == [("太慢", 4, 6)]


@given(
    st.lists(
        st.sampled_from(["awful", "late", "thanks", "谢谢", "one", "手机"]), min_size=1, max_size=8
    ),
    st.integers(1, 5),
)
def test_each_weight_is_the_score_without_that_word(words, batch):
    found = one("so", " ".join(words), options=AttributionOptions(batch_size=batch, max_words=50))
    naive = [
        planted(["so\n" + " ".join(words)])[0]
        - planted(["so\n" + " ".join(words[:at] + words[at + 1 :])])[0]
        for at in range(len(words))
    ]
    assert [w.word for w in found.words if w.turn == 1] == words
    assert [w.weight for w in found.words if w.turn == 1] == pytest.approx(naive)


def test_several_passages_at_once_are_as_one_by_one():
    said = [("awful late",), ("thanks", "late"), ("",), ("😀!",)]
    together = attribute([passage(*each) for each in said], planted, OPTIONS)
    assert together == [one(*each) for each in said]
    assert together[2].words == ()
    assert attribute([], planted, OPTIONS) == []


def test_of_a_long_passage_the_words_of_the_heaviest_turns_are_tried():
    options = AttributionOptions(max_words=3)
    found = one("one two", "awful late hm", "six seven", options=options)
    assert [word.word for word in found.words] == ["awful", "late", "hm"]
    assert len(found.turns) == 3


def test_of_a_dialogue_without_end_the_last_turns_are_tried():
    asked = []

    def counting(texts):
        asked.extend(texts)
        return planted(texts)

    said = [f"{n} awful" for n in range(10_000)]
    found = one(
        *said,
        options=AttributionOptions(max_turns=3, max_words=4, batch_size=2),
        scorer=lambda texts: counting(texts) / 1e4,
    )
    assert [turn.turn for turn in found.turns] == [9997, 9998, 9999]
    assert len(found.words) == 4
    assert len(asked) == 1 + 3 + 4


def test_the_weights_pass_the_test_of_deletion_and_noise_does_not():
    rng = np.random.default_rng(1)
    plain = ["my", "phone", "order", "came", "to", "the", "office"]
    passages = [passage(" ".join(rng.permutation([*plain, "awful", "late"]))) for _ in range(30)]
    found = attribute(passages, planted, OPTIONS)
    cases = [explained(*pair, str(n)) for n, pair in enumerate(zip(passages, found, strict=True))]
    options = FaithfulnessOptions(counts=(1, 2), resamples=200)
    assert faithfulness(cases, planted, options).is_faithful
    noise = [
        type(case)(case.text, case.spans, rng.normal(size=len(case.spans)), case.group)
        for case in cases
    ]
    assert not faithfulness(noise, planted, options).is_faithful
