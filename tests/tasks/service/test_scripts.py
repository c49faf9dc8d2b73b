import re
from collections import Counter

import pytest

from churnlens.dialogues.near import near_pairs
from churnlens.dialogues.words import language_of
from churnlens.evaluation.number_fidelity import unsupported_numbers
from churnlens.tasks.service.scripts import (
    ScriptError,
    read_said,
    read_scripts,
    split_citations,
    split_scripts,
)
from tasks.service.support import HANDBOOK, RULES, SCRIPTS

TEXT = """# Shop
## too_late
customer: Can I return it?
asks: When did it come? [returns.window]
customer: 40 days ago
refuses: That is over: {return_days} days. [returns.window] [returns.warranty]

客户：能退吗
回答：签收后 {return_days} 天内可以。[returns.window]
"""


def test_a_text_is_read_into_dialogues():
    first, second = read_scripts(TEXT, "en", HANDBOOK)
    assert (first.id, second.id) == ("en-too_late-1", "en-too_late-2")
    assert [turn.status for turn in first.turns] == [None, "asks", None, "refused"]
    assert first.turns[3].text == "That is over: 30 days."
    assert first.citations == ("returns.window", "returns.warranty")
    assert second.turns[1].text == "签收后 30 天内可以。"


def test_a_script_is_a_dialogue_of_its_family():
    dialogue = read_scripts(TEXT, "en", HANDBOOK)[0].dialogue()
    assert [turn.speaker for turn in dialogue.turns] == ["customer", "agent"] * 2
    assert dialogue.labels == {"family": "en-too_late"}
    assert dialogue.turns[1].act == "asks"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("customer: hi\nasks: what? [returns.window]", "line 1: expected a heading"),
        ("## a\ncustomer: hi\nsays: yes [returns.window]", "line 3: expected one of"),
        ("## a\ncustomer: hi", "line 2: expected customer and assistant by turns"),
        ("## a\nasks: what? [returns.window]\ncustomer: hi", "the customer first"),
        ("## a\ncustomer: hi\nanswers: yes", "line 3: expected passage ids"),
        ("## a\ncustomer: hi [returns.window]\nanswers: yes [returns.window]", "no other"),
        ("## a\ncustomer: hi\nanswers: yes [returns.nothing]", "no such passage: returns.nothing"),
        ("## a\ncustomer: hi\nanswers: {day} days [returns.window]", "no such fact"),
        ("## a\ncustomer: hi\nanswers: {return_days days [returns.window]", "brace"),
    ],
)
def test_a_line_at_fault_is_named(text, says):
    with pytest.raises(ScriptError, match=re.escape(says)):
        read_scripts(text, "en", HANDBOOK)


def test_citations_stand_at_the_end_only():
    assert split_citations("See [a.b] there. [a.b] [c.d][a.b]") == (
        "See [a.b] there.",
        ("a.b", "c.d"),
    )
    assert split_citations("Nothing. ") == ("Nothing.", ())


def test_what_a_model_writes_is_read_as_one_turn():
    said = read_said("asks: Which\n number? [shipping.late] [no.such]", HANDBOOK)
    assert (said.status, said.text, said.citations) == (
        "asks",
        "Which number?",
        ("shipping.late",),
    )
    assert read_said("转交：好的。[shipping.late]", HANDBOOK).status == "handed_over"
    for text in ("Which number?", "customer: hi", "", "asks:"):
        with pytest.raises(ScriptError):
            read_said(text, HANDBOOK)


def test_there_are_dialogues_enough_in_both_languages():
    dialogues = Counter(script.language for script in SCRIPTS)
    situations = Counter(lang for lang, _ in {(s.language, s.family) for s in SCRIPTS})
    several = Counter(script.language for script in SCRIPTS if len(script.turns) > 2)
    for language in ("en", "zh"):
        assert dialogues[language] >= 120
        assert situations[language] >= 60
        assert several[language] >= 50


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_passage_is_spoken_of(language):
    cited = {key for s in SCRIPTS if s.language == language for key in s.citations}
    assert cited == HANDBOOK.passages.keys()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.id)
def test_no_figure_is_invented(script):
    said = []
    for turn in script.turns:
        if not turn.status:
            said.append(turn.text)
            continue
        passages = [HANDBOOK.text(key, script.language) for key in turn.citations]
        assert unsupported_numbers(turn.text, "\n".join(said + passages)) == ()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.id)
def test_no_turn_claims_to_see_records_or_asks_for_secrets(script):
    for turn in script.turns:
        if turn.status:
            assert not RULES.claims_record(turn.text)
            assert not RULES.asks_secret(turn.text)


def test_the_assistant_speaks_the_language_of_the_file():
    for script in SCRIPTS:
        for turn in script.turns:
            if turn.status or len(turn.text) > 15:
                assert language_of([turn.text]) == script.language, script.id


def test_no_two_dialogues_are_nearly_the_same():
    texts = ["\n".join(turn.text for turn in script.turns) for script in SCRIPTS]
    assert near_pairs(texts, 0.5) == []
    first = Counter(script.turns[0].text for script in SCRIPTS)
    assert first.most_common(1)[0][1] == 1


def test_a_case_is_handed_over_only_with_what_it_needs():
    for script in SCRIPTS:
        for place, turn in enumerate(script.turns):
            needs = HANDBOOK.passages[turn.citations[0]].needs if turn.citations else ()
            if turn.status == "handed_over" and needs and needs[0] != "transaction":
                words = "\n".join(each.text for each in script.turns[:place:2])
                assert RULES.slot(needs[0], words), script.id


def test_a_situation_stays_on_one_side():
    sides = split_scripts(SCRIPTS, 0.2, 7)
    families = {
        side: {(script.language, script.family) for script in scripts}
        for side, scripts in sides.items()
    }
    assert not families["train"] & families["held_out"]
    assert sum(map(len, sides.values())) == len(SCRIPTS)
    assert 0.1 < len(sides["held_out"]) / len(SCRIPTS) < 0.3
    assert {script.language for script in sides["held_out"]} == {"en", "zh"}
