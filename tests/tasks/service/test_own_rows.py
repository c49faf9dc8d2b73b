import json

import pytest

from churnlens.options import PUBLIC_RECIPE, ServiceFinetuningOptions, ServiceRowsOptions
from churnlens.tasks.service.book import Book, read_book, read_folder
from churnlens.tasks.service.own_rows import (
    families_of,
    own_rows,
    parse_file,
    report_of,
    split_rows,
    word_finder,
)
from churnlens.tasks.service.row_check import check_rows, explain
from tasks.service.support import CONF, HANDBOOK, PROMPTS, RULES, SCRIPTS

GOOD = {"instruction": "Where is my order?", "input": "", "output": "Please give me its number."}
ASK = "Could you give me the order number, so that a colleague can look?"


@pytest.fixture(scope="module")
def book():
    return read_book(read_folder(CONF))


def test_the_folder_is_the_book(book):
    assert book.handbook == HANDBOOK
    assert book.rules == RULES
    assert list(book.scripts) == SCRIPTS
    assert len(book.general) == 60
    assert len(book.others) == 60 + len(book.off_topic) > 120
    assert {row["language"] for row in book.general} == {"en", "zh"}


def test_a_book_without_its_parts_is_none():
    with pytest.raises(ValueError, match="handbook"):
        read_book({"rules.yml": "signs: []"})


def test_a_file_is_a_list_or_a_row_a_line():
    rows = [GOOD, {**GOOD, "output": ASK}]
    assert parse_file(json.dumps(rows)) == rows
    assert parse_file("\ufeff" + "\n\n".join(map(json.dumps, rows))) == rows
    assert parse_file("{broken\n" + json.dumps(GOOD)) == [None, GOOD]
    assert parse_file("[1, 2") == [None]
    assert parse_file("") == []


def test_faulty_rows_are_left_out_and_the_others_redacted(book):
    personal = {**GOOD, "instruction": "I am at jo@example.org, where is my order?"}
    bad = {**GOOD, "output": "I have checked, your order was shipped yesterday."}
    rows, checked = own_rows("\n".join(map(json.dumps, [GOOD, bad, personal])), book, 0.5)
    assert [row["id"] for row in rows] == ["own-1", "own-3"]
    assert checked.counts == {"invented_record": 1}
    assert "jo@example.org" not in json.dumps(rows)
    assert "[email]" in json.dumps(rows)


@pytest.mark.parametrize(
    "row",
    [
        GOOD,
        {
            "conversations": [
                {"from": "human", "value": "Where is my order?"},
                {"from": "gpt", "value": ASK},
            ]
        },
        {
            "messages": [
                {"role": "user", "content": "Where is my order?"},
                {"role": "assistant", "content": ASK},
            ]
        },
    ],
)
def test_every_public_form_is_taken(book, row):
    (found,), checked = own_rows(json.dumps(row), book, 0.5)
    assert checked.faulty == 0
    assert found["messages"][0] == {"role": "user", "content": "Where is my order?"}
    assert found["language"] == "en"


def test_alike_requests_are_one_family():
    texts = ["I want to cancel my order", "cancel my order please", "Where is the invoice?"]
    one, other, third = families_of(texts, 0.5)
    assert one == other != third


def test_no_family_is_in_two_splits_and_general_rows_stand_apart(book):
    said = [
        f"Question about {a} and {b}?" for a in ["lamp", "rug", "desk", "sofa"] for b in "xyzuvw"
    ]
    text = json.dumps([{**GOOD, "instruction": each} for each in said])
    own, checked = own_rows(text, book, 0.5)
    splits = split_rows(book, PROMPTS, own, ServiceRowsOptions(written=True))
    families = {name: {row["family"] for row in rows} for name, rows in splits.items()}
    assert {row["id"] for row in own} <= {row["id"] for rows in splits.values() for row in rows}
    assert not families["training"] & families["validation"]
    assert families["general"] == {"general"}
    assert all(row["messages"][-1]["role"] == "assistant" for r in splits.values() for row in r)
    report = report_of(splits, checked)
    assert report["own"] == {"rows": 24, "faulty": 0, "faults": {}}
    assert sum(report["splits"]["training"]["languages"].values()) == len(splits["training"])


def test_own_rows_alone(book):
    text = "\n".join(
        json.dumps({**GOOD, "instruction": f"{word} where?"})
        for word in ("lamp", "invoice", "courier", "refund", "contract", "voucher", "points")
    )
    own, _ = own_rows(text, book, 0.5)
    splits = split_rows(book, PROMPTS, own, ServiceRowsOptions(written=False, held_out=0.4))
    assert {row["id"][:3] for name in ("training", "validation") for row in splits[name]} == {"own"}


def test_words_find_the_passage():
    find = word_finder(HANDBOOK)
    assert "returns.window" in find("How many days do I have to return it?", "en")[:3]
    assert find("¿?", "en") == []


def test_the_public_recipe_is_that_of_the_guides():
    own = ServiceFinetuningOptions(rank=16, learning_rate=1e-3)
    assert own.settings().rank == 16
    public = own.model_copy(update={"recipe": "public"}).settings()
    assert (public.rank, public.alpha, public.learning_rate) == (8, 32, 5e-4)
    assert (public.batch_size, public.epochs, public.max_length) == (4, 3, 512)
    assert all(getattr(public, name) == value for name, value in PUBLIC_RECIPE.items())


def test_faults_are_told_with_a_right_row_that_is_right():
    told = explain(check_rows([{**GOOD, "output": ""}] * 12, RULES))
    assert told.startswith("12 of 12 rows at fault (")
    assert "write the answer" in told
    assert len(told) < 4000
    right = json.loads(told.rpartition("A right row: ")[2])
    assert check_rows([right], RULES, HANDBOOK).faults == ()


def test_a_book_holds_what_it_was_given(book):
    assert isinstance(book, Book)
