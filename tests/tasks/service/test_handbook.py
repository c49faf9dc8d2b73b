import re

import pytest
import yaml
from pydantic import ValidationError

from churnlens.dialogues.words import language_of
from churnlens.tasks.service.handbook import NUMBER, facts_in, handbook_of, load_handbook
from tasks.service.support import CONF, HANDBOOK

PASSAGE = {
    "intent": "returns",
    "kind": "fact",
    "title": {"en": "Returns", "zh": "退货"},
    "text": {"en": "Within {days} days.", "zh": "{days} 天内。"},
    "asked": {"en": ["How long?"], "zh": ["多久？"]},
}


def one(**changes):
    return {"a.yml": {"facts": {"days": 30}, "passages": {"shop.returns": PASSAGE | changes}}}


def test_a_passage_is_filled_in_either_language():
    handbook = handbook_of(one())
    assert handbook.text("shop.returns", "en") == "Within 30 days."
    assert handbook.text("shop.returns", "zh") == "30 天内。"
    assert list(handbook.questions("zh")) == [("shop.returns", "多久？")]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"text": {"en": "Within {days} days.", "zh": "尽快。"}}, "one language only: days"),
        ({"text": {"en": "In {weeks}.", "zh": "{weeks}。"}}, "no such fact: weeks"),
        ({"text": {"en": "{days}, or 3.", "zh": "{days}"}}, "a number in the text"),
        ({"text": {"en": "Soon.", "zh": "尽快。"}}, "no passage names: days"),
        ({"kind": "case"}, "'needs' belong to a case"),
        ({"needs": ["order_number"]}, "'needs' belong to a case"),
        ({"asked": {"en": ["How long?"]}}, "a question in each language"),
        ({"intent": "Send it back"}, "intent"),
    ],
)
def test_what_does_not_hold_together_is_refused(changes, says):
    with pytest.raises(ValidationError, match=re.escape(says)):
        handbook_of(one(**changes))


def test_a_fact_stands_in_one_file_only():
    files = one() | {"b.yml": {"facts": {"days": 14}}}
    with pytest.raises(ValueError, match=r"b\.yml: in another file too: days"):
        handbook_of(files)
    with pytest.raises(ValueError, match="got 'fact'"):
        handbook_of({"a.yml": {"fact": {}}})


def test_a_folder_without_files_is_no_handbook(tmp_path):
    with pytest.raises(ValueError, match="no handbook"):
        load_handbook(tmp_path)


def test_knowledge_is_added_by_a_file(tmp_path):
    for path in (CONF / "handbook").glob("*.yml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    added = {"facts": {"gym_hours": 9}, "passages": {"gym.open": PASSAGE | {"intent": "gym"}}}
    added["passages"]["gym.open"]["text"] = {"en": "{gym_hours} hours", "zh": "{gym_hours} 小时"}
    (tmp_path / "gym.yml").write_text(yaml.safe_dump(added), "utf-8")
    assert load_handbook(tmp_path).text("gym.open", "en") == "9 hours"


def test_the_handbook_speaks_of_every_trade():
    areas = {key.partition(".")[0] for key in HANDBOOK.passages}
    assert areas >= {
        "orders", "shipping", "returns", "invoices", "account", "plans", "billing", "tech",
        "cover", "bank", "conduct",
    }  # fmt: skip


@pytest.mark.parametrize("key", HANDBOOK.passages)
def test_both_languages_state_the_same_numbers(key):
    said = [sorted(NUMBER.findall(HANDBOOK.text(key, language))) for language in ("en", "zh")]
    assert said[0] == said[1]


@pytest.mark.parametrize("key", HANDBOOK.passages)
def test_texts_and_questions_are_in_their_language(key):
    passage = HANDBOOK.passages[key]
    for part in (passage.title, passage.text):
        assert language_of([part.zh]) == "zh"
        assert not re.search("[\u3400-\u9fff]", part.en)
    assert all(re.search("[\u3400-\u9fff]", question) for question in passage.asked.zh)
    assert not any(re.search("[\u3400-\u9fff]", question) for question in passage.asked.en)


def test_intents_tell_passages_apart():
    assert len(set(HANDBOOK.intents.values())) == len(HANDBOOK.passages)


def test_facts_in_reads_names_in_braces():
    assert facts_in("{a} and {b_c}", "{a}") == {"a", "b_c"}
