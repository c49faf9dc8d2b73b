import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.tasks.churn.answers import Answer
from churnlens.tasks.churn.batch import MAX_QUERY_CHARS, answer_rows, parse_row, parse_rows


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
    ],
)
def test_a_bad_row_says_why(line, error):
    assert error in parse_row(line, 1).error


def test_ids_are_kept_and_missing_ones_named_by_line():
    rows = parse_rows('{"id": "a", "query": "q"}\n\n{"query": "r"}\n{"id": 7, "query": "s"}')
    assert [row.id for row in rows] == ["a", "line 3", 7]


@given(st.text())
def test_any_line_is_a_row(line):
    row = parse_row(line, 3)
    assert bool(row.query) != bool(row.error)


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
