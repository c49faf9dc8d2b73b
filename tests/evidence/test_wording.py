"""The frames of answers, as the project ships them."""

import re

import pytest
import yaml
from pydantic import ValidationError

from churnlens.evidence.query import PROBLEMS
from churnlens.evidence.wording import Wording, as_sentence, in_words_of
from churnlens.schema import Text


@pytest.fixture(scope="module")
def frames(project):
    return yaml.safe_load((project / "prompts/churn.yml").read_text(encoding="utf-8"))["wording"]


def test_a_refusal_says_every_reason_once_in_the_language_of_the_question(frames):
    wording = Wording.model_validate(frames)
    problems = ("unknown_topic: ohio", "empty", "unknown_topic: ohio")
    told = wording.refuse(problems, "en")
    assert told == "it holds nothing about ohio; there is no question in it"
    assert wording.refuse(("unknown_topic: 收入",), "zh") == "表中没有“收入”"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("key", PROBLEMS)
def test_every_reason_has_words_of_its_own(frames, key, language):
    told = Wording.model_validate(frames).refuse((f"{key}: {{x}} a: b",), language)
    assert told and key not in told
    assert "{words}" not in told


def test_a_missing_or_unknown_reason_is_named(frames):
    off = {**frames["problems"], "brand_new": frames["problems"]["empty"]}
    off.pop("forecast")
    with pytest.raises(ValidationError, match=r"\['brand_new', 'forecast'\]"):
        Wording.model_validate(frames | {"problems": off})


def test_an_unknown_slot_is_named(frames):
    broken = Wording.model_validate(frames | {"drivers": {"en": "{nobody}", "zh": "{nobody}"}})
    with pytest.raises(KeyError, match="'drivers' has an unknown slot 'nobody'"):
        broken.say("drivers", "en", verbing="leaving")


def test_frames_speak_of_the_rows_of_another_table_and_keep_their_slots(frames):
    told = Wording.model_validate(in_words_of(Text(en="accounts", zh="账户"), frames))
    slots = {"who": "accounts in EMEA", "events": 0, "min_customers": 30, "min_events": 10}
    few = told.say("too_few", "en", customers=3, **slots)
    assert few.startswith("Too few accounts to answer: 3 accounts in EMEA, of whom 0 left.")
    assert told.say("too_few", "zh", customers=3, **slots).startswith("账户太少")
    assert told.outsiders == Text(en="all other accounts", zh="其他所有账户")
    assert "about accounts" in told.refuse(("off_topic: joke",), "en")
    assert in_words_of(Text(en="customers", zh="客户"), frames) == frames


def test_shapes_of_one_language_speak_of_the_rows_of_another_table_too():
    shapes = {"voices": "(The quoted customers|Those) who {customers}", "rate": "{subject}"}
    told = in_words_of(Text(en="accounts", zh="账户"), shapes)
    assert told == {"voices": "(The quoted accounts|Those) who {customers}", "rate": "{subject}"}


def test_as_sentence_changes_the_first_letter_only():
    assert as_sentence("customers on DSL") == "Customers on DSL"
    assert as_sentence("") == ""


def test_a_headline_is_filled_and_empty_where_a_kind_has_none(frames):
    wording = Wording.model_validate(frames)
    assert wording.headline("rate", "en", rate="41.9 %", more="unused") == "41.9 %"
    assert wording.headline("driver", "zh", rate="41.9%", rest="14.5%") == "41.9%，其余为14.5%"
    assert wording.headline("exposure", "en") == ""
    with pytest.raises(KeyError, match=r"'headlines\.driver' has an unknown slot 'rest'"):
        wording.headline("driver", "en", rate="41.9 %")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_headline_has_no_figure_that_the_full_figures_do_not_have(frames, language):
    def slots(text):
        return set(re.findall(r"{(\w+)}", text))

    for kind, text in frames["headlines"].items():
        assert slots(text[language]) <= slots(frames[f"{kind}_figures"][language])
