import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.tasks.batch import RowError, parse_row
from churnlens.tasks.service.batch import EXPECTED, read_conversation, replies_of
from churnlens.tasks.service.writers import TemplateWriter
from tasks.service.support import knowledge

ASKED = {"role": "user", "content": "How long can I return something?"}


def test_a_conversation_gives_a_reply_with_its_passages():
    (found,) = replies_of([[ASKED]], knowledge(), TemplateWriter())
    assert found["citations"] == ["returns.window"]
    assert set(found) == {"reply", "status", "citations", "intent", "language", "model"}
    json.dumps(found)


@pytest.mark.parametrize(
    "messages",
    [
        None,
        [],
        "hello",
        [{"role": "user"}],
        [{"role": "tool", "content": "x"}],
        [{"role": "user", "content": 3}],
        [{"role": "user", "content": "\ud800"}],
        [ASKED, {"role": "assistant", "content": "30 days"}],
        [{"role": "user", "content": "  "}],
        [ASKED] * 101,
    ],
)
def test_what_is_no_conversation_is_told_without_its_words(messages):
    with pytest.raises(RowError, match="message"):
        read_conversation({"id": 1, "messages": messages})


@given(st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=6))
def test_any_json_is_a_row_or_its_error(value):
    row = parse_row(json.dumps({"id": 1, "messages": value}), 1, read_conversation, EXPECTED)
    assert row.error and row.given is None
