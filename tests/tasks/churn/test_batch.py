import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.tasks import batch
from churnlens.tasks.churn.answers import Answer
from churnlens.tasks.churn.batch import EXPECTED, MAX_QUERY_CHARS, answers_of, read_query


def parse_rows(text):
    return batch.parse_rows(text, read_query, EXPECTED)


def parse_row(line, number):
    return batch.parse_row(line, number, read_query, EXPECTED)


def answer_rows(rows, answerer, store, recipe, size):
    return batch.predict_rows(rows, answers_of(answerer), store, recipe, size)


class MemoryStore(dict):
    def put(self, key, frame):
        self[key] = frame


class Answerer:
    def __init__(self, stop_after=None):
        self.asked = []
        self.stop_after = stop_after

    def __call__(self, questions):
        if self.stop_after is not None and len(self.asked) >= self.stop_after:
            raise KeyboardInterrupt
        self.asked += questions
        return [
            Answer(question=q, status="answered", summary="s", model="m", language="en")
            for q in questions
        ]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("{", "not JSON"),
        ("[1]", "got list"),
        ('{"id": 1}', "no query"),
        ('{"id": 1, "query": "  "}', "no query"),
        ('{"id": 1, "query": 5}', "no query"),
        (json.dumps({"id": 1, "query": "x" * (MAX_QUERY_CHARS + 1)}), "2001 characters"),
        ('{"id": 1, "query": "Why do fiber \\ud83d customers leave?"}', "query holds half"),
        ('{"id": "a\\ud83d", "query": "Why?"}', "id holds half"),
        (f'{{"id": {"9" * 5000}, "query": "Why?"}}', "not JSON"),
    ],
)
def test_a_bad_row_says_why(line, error):
    assert error in parse_row(line, 1).error


def test_ids_are_kept_and_missing_ones_named_by_line():
    rows = parse_rows('{"id": "a", "query": "q"}\n\n{"query": "r"}\n{"id": 7, "query": "s"}')
    assert [row.id for row in rows] == ["a", "line 3", 7]


ANYTHING = st.text(st.characters())  # lone surrogates included


@given(ANYTHING | st.builds(lambda i, q: json.dumps({"id": i, "query": q}), ANYTHING, ANYTHING))
def test_any_line_is_a_row_that_can_be_written(line):
    row = parse_row(line, 3)
    assert bool(row.given) != bool(row.error)
    assert json.dumps(row.model_dump(), ensure_ascii=False).encode()


def test_bad_rows_are_answered_in_place_and_do_not_stop_the_rest():
    rows = parse_rows('{"id": 1, "query": "a"}\noops\n{"id": 2, "query": "b"}')
    done = answer_rows(rows, Answerer(), MemoryStore(), ["r"], size=2)
    assert [row["id"] for row in done] == [1, "line 2", 2]
    assert [row.get("answer", {}).get("question") for row in done] == ["a", None, "b"]
    assert "error" in done[1]


def test_only_bad_rows_need_no_answer():
    done = answer_rows(parse_rows("oops"), Answerer(), MemoryStore(), ["r"], size=2)
    assert done == [{"id": "line 1", "error": "not JSON; expected an object with id and query"}]


def test_a_stopped_run_goes_on_where_it_was():
    text = "\n".join(json.dumps({"id": n, "query": f"q{n}"}) for n in range(6))
    rows, store = parse_rows(text), MemoryStore()
    first, second = Answerer(stop_after=4), Answerer()
    with pytest.raises(KeyboardInterrupt):
        answer_rows(rows, first, store, ["r"], size=2)
    done = answer_rows(rows, second, store, ["r"], size=2)
    assert second.asked == ["q4", "q5"]
    assert [row["answer"]["question"] for row in done] == [f"q{n}" for n in range(6)]


class Stumbler(Answerer):
    """Cannot answer `bad`, alone or among others, until it is mended."""

    mended = False

    def __call__(self, questions):
        if "bad" in questions and not self.mended:
            raise ValueError("no grammar for bad, asked by anna@example.org " + "x" * 999)
        return super().__call__(questions)


def test_a_question_that_fails_is_an_error_of_its_own_and_is_asked_again(caplog):
    queries = ("a", "bad", "b", "c")
    text = "\n".join(json.dumps({"id": n, "query": q}) for n, q in enumerate(queries))
    rows, store, stumbler = parse_rows(text), MemoryStore(), Stumbler()
    done = answer_rows(rows, stumbler, store, ["r"], size=2)
    assert [row.get("answer", {}).get("question") for row in done] == ["a", None, "b", "c"]
    assert done[1]["error"].startswith("ValueError: no grammar for bad")
    assert "anna@" not in done[1]["error"] and len(done[1]["error"]) < 300
    assert "bad" not in stumbler.asked and "ValueError" in caplog.text
    stumbler.mended = True
    done = answer_rows(rows, stumbler, store, ["r"], size=2)
    assert done[1] == {"id": 1, "answer": done[1]["answer"]}
    assert stumbler.asked.count("b") == 1, "what was answered is kept"


def test_an_answer_that_is_lost_stops_the_run():
    rows = parse_rows('{"query": "a"}\n{"query": "b"}')
    with pytest.raises(ValueError, match="predict"):
        answer_rows(rows, lambda questions: [], MemoryStore(), ["r"], size=2)
