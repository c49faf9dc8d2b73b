import json

from churnlens.dialogues.reading import read_dialogues

TEXT = (
    "\tCustomer:\t@Shop no parcel\nfor a week. Agent: nobody\n\tAgent:\t@135060 @Shop Sorry ^SH\n"
    "\tAgent:\t@135060 and cc @99999\n"
)
ROW = {
    "data_split": "train",
    "dialog_id": "b06",
    "text": TEXT,
    "abstractive_summaries": ["No parcel. Agent is sorry.", " "],
    "is_negative": 1,
    "has_gratitude": 0,
    "dialog_type": "Жалоба",
}


def test_tweets_may_run_over_lines():
    (dialogue,) = read_dialogues(json.dumps(ROW)).dialogues
    assert [(turn.speaker, turn.text) for turn in dialogue.turns] == [
        ("customer", "@Shop no parcel\nfor a week. Agent: nobody"),
        ("agent", "@135060 @Shop Sorry ^SH"),
        ("agent", "@135060 and cc @99999"),
    ]
    assert dialogue.references == ("No parcel. Agent is sorry.",)
    assert (dialogue.id, dialogue.customer) == ("b06", "135060")
    assert dialogue.labels == {
        "split": "train",
        "is_negative": "1",
        "has_gratitude": "0",
        "dialog_type": "complaint",
    }


def test_an_unknown_label_is_left_out():
    text = json.dumps(ROW | {"dialog_type": float("nan")})
    assert "dialog_type" not in read_dialogues(text).dialogues[0].labels


def test_a_text_without_marks_is_a_fault():
    fault = read_dialogues(json.dumps(ROW | {"text": "Customer: hi"})).faults[0]
    assert (fault.what, fault.got, fault.id) == ("text", "no marked line", "b06")
    fault = read_dialogues(json.dumps(ROW | {"abstractive_summaries": "one"})).faults[0]
    assert (fault.got, fault.expected) == ("a text", "a list of texts")
