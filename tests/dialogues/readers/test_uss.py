from churnlens.dialogues.reading import read_dialogues

TEXT = """
USER\tIs it open?\tInform\t3,3,4
SYSTEM\tNo.\tOffer\t
USER\tBad.\t\t1,2,2
USER\tOVERALL\t\t2,2,3

USER\tHello\t\t3
SYSTEM\tHi\t\t
"""


def test_turns_acts_and_ratings():
    first, second = read_dialogues(TEXT, source="MWOZ").dialogues
    assert (first.id, first.source, first.language, first.overall) == (
        "MWOZ-1",
        "MWOZ",
        "en",
        (2, 2, 3),
    )
    assert [(t.speaker, t.text, t.act, t.ratings) for t in first.turns] == [
        ("customer", "Is it open?", "Inform", (3, 3, 4)),
        ("agent", "No.", "Offer", ()),
        ("customer", "Bad.", "", (1, 2, 2)),
    ]
    assert (second.id, second.overall, len(second.turns)) == ("MWOZ-2", (), 2)


def test_windows_line_ends():
    assert read_dialogues(TEXT.replace("\n", "\r\n")) == read_dialogues(TEXT)


def test_faults_name_their_line_and_the_others_are_read():
    bad = TEXT.replace("SYSTEM\tNo.\tOffer\t", "ROBOT\tNo.\tOffer\t") + "\n\nUSER\tlast\n"
    reading = read_dialogues(bad)
    assert [dialogue.turns[0].text for dialogue in reading.dialogues] == ["Hello"]
    assert [str(fault) for fault in reading.faults] == [
        "row 3, role: got another word (5 characters), expected USER or SYSTEM",
        "row 11, line: got 2 cells, expected role, text, act and ratings",
    ]


def test_ratings_out_of_range_and_none():
    for cell in ("9", "0,3", "three"):
        reading = read_dialogues(TEXT.replace("3,3,4", cell))
        assert len(reading.dialogues) == 1
        assert reading.faults[0].what.endswith("ratings")
        assert reading.faults[0].row == 2
    assert read_dialogues("USER\tOVERALL\t\t3\n").faults[0].got == "no words of a customer"
