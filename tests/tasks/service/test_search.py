import numpy as np
import pytest

from churnlens.options import AssistantOptions, SearchOptions
from churnlens.tasks.service.floor import nearest_faq
from churnlens.tasks.service.handbook import Handbook
from churnlens.tasks.service.knowledge import build_knowledge
from churnlens.tasks.service.search import build_indices, known_texts, sentences_of
from tasks.service.support import HANDBOOK, PROMPTS, RULES, WordEncoder, conversation, knowledge


def test_every_known_question_finds_its_passage():
    for language in ("en", "zh"):
        asked = list(HANDBOOK.questions(language))
        found = [knowledge().find(question, language)[0].passage for _, question in asked]
        right = [key == want for key, (want, _) in zip(found, asked, strict=True)]
        assert np.mean(right) > 0.97


def test_scores_fall_and_confidences_are_shares():
    found = knowledge().find("How long does delivery take?", "en")
    assert len(found) == len(HANDBOOK.passages)
    scores = [each.score for each in found]
    assert scores == sorted(scores, reverse=True)
    assert sum(each.confidence for each in found) == pytest.approx(1)


def test_scores_are_standardised_sums():
    index, encoder = knowledge().indices["en"], WordEncoder()
    vector = encoder.encode(["parcel late"], query=True)[0]
    found = index.search(
        "parcel late", vector, SearchOptions(meaning=1, sentence=0, lexical=0, discriminant=0)
    )
    cosines = np.array([each.cosine for each in found])
    expected = (cosines - cosines.mean()) / cosines.std()
    assert [each.score for each in found] == pytest.approx(expected, abs=1e-5)


def test_a_sentence_finds_its_passage_where_the_whole_text_says_more():
    index, encoder = knowledge().indices["en"], WordEncoder()
    alone = SearchOptions(meaning=0, lexical=0, discriminant=0, sentence=1)
    for key, text in sentences_of(HANDBOOK, "en")[:20]:
        vector = encoder.encode([text], query=True)[0]
        assert index.search("", vector, alone)[0].passage == key


def test_sentences_are_the_whole_text_and_stand_last():
    for language, space, count in (("en", " ", 3), ("zh", "", 2)):
        found = sentences_of(HANDBOOK, language)
        assert known_texts(HANDBOOK, language)[-len(found) :] == found
        title = HANDBOOK.passages["bank.limit"].title.of(language)
        said = [text.removeprefix(f"{title}. ") for key, text in found if key == "bank.limit"]
        assert len(said) == count
        assert space.join(said) == HANDBOOK.text("bank.limit", language)


def test_a_word_that_nobody_uses_leaves_the_words_level():
    found = knowledge().find("xylophone", "en")
    assert all(np.isfinite(each.score) for each in found)


def test_a_new_passage_is_found_without_training():
    gym = {
        "intent": "gym", "kind": "fact", "title": {"en": "Gym", "zh": "健身房"},
        "text": {"en": "The gym opens at {gym_open}.", "zh": "健身房 {gym_open} 开门。"},
        "asked": {"en": ["When does the gym open?"], "zh": ["健身房几点开门"]},
    }  # fmt: skip
    values = HANDBOOK.model_dump()
    values["facts"]["gym_open"] = "06:30"
    values["passages"]["gym.open"] = gym
    index = build_indices(Handbook.model_validate(values), encoder := WordEncoder())["en"]
    vector = encoder.encode(["gym opening"], query=True)[0]
    assert index.search("gym opening", vector, SearchOptions())[0].passage == "gym.open"


def test_requests_of_others_are_out_of_scope():
    index = build_indices(HANDBOOK, encoder := WordEncoder(), others=["Sing a sea shanty"])["en"]
    vector = encoder.encode(["sing me a shanty"], query=True)[0]
    found = index.search("sing me a shanty", vector, SearchOptions())
    assert found[0].passage == "conduct.scope"


def test_rules_that_name_a_passage_that_is_not_there_are_refused():
    values = HANDBOOK.model_dump()
    values["passages"].pop("conduct.secrets")
    with pytest.raises(ValueError, match=r"no such passage in the handbook: conduct\.secrets"):
        build_knowledge(
            Handbook.model_validate(values), RULES, PROMPTS, WordEncoder(), AssistantOptions()
        )


def test_the_floor_answers_whatever_is_asked():
    got = nearest_faq(conversation("What did my wife order?"), knowledge())
    assert (got.status, got.model, len(got.citations)) == ("answered", "nearest-faq", 1)
    assert got.text == HANDBOOK.text(got.citations[0], "en")
