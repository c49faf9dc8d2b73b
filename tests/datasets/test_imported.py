"""Folders that others publish are read by what their dataset_info.json says."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kedro.io.core import DatasetError

from churnlens.datasets.chat_rows import ChatRowsDataset
from churnlens.datasets.imported import INFO, by_own_keys, items_of, sources

ASKED = [{"role": "user", "content": "why"}, {"role": "assistant", "content": "the bill"}]


def put(folder, name, content):
    (folder / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def load(folder):
    return ChatRowsDataset(filepath=str(folder), imported=True).load()


def test_an_array_is_read_without_any_info(tmp_path):
    put(tmp_path, "training.json", [{"instruction": "why", "input": "", "output": "the bill"}] * 2)
    rows = load(tmp_path)["training"]
    assert [row["id"] for row in rows] == ["training-1", "training-2"]
    assert rows[0]["messages"] == ASKED


ENTRIES = {
    "alpaca by default": (
        {},
        {"instruction": "why", "input": "", "output": "the bill"},
    ),
    "alpaca with columns": (
        {"columns": {"prompt": "question", "response": "answer"}},
        {"question": "why", "answer": "the bill"},
    ),
    "sharegpt by default": (
        {"formatting": "sharegpt"},
        {
            "conversations": [
                {"from": "human", "value": "why"},
                {"from": "gpt", "value": "the bill"},
            ]
        },
    ),
    "sharegpt with tags": (
        {
            "formatting": "sharegpt",
            "columns": {"messages": "talk"},
            "tags": {
                "role_tag": "who",
                "content_tag": "says",
                "user_tag": "customer",
                "assistant_tag": "agent",
            },
        },
        {"talk": [{"who": "customer", "says": "why"}, {"who": "agent", "says": "the bill"}]},
    ),
}


@pytest.mark.parametrize("name", ENTRIES)
@pytest.mark.parametrize("array", [True, False])
def test_columns_and_tags_are_those_of_the_info(tmp_path, name, array):
    entry, row = ENTRIES[name]
    put(tmp_path, "demo.json", [row] if array else row)
    absent = {"hf_hub_url": "somebody/rows"}
    put(tmp_path, INFO, {"training": {"file_name": "demo.json", **entry}, "other": absent})
    splits = load(tmp_path)
    assert list(splits) == ["training"]
    assert splits["training"][0]["messages"] == ASKED


def test_a_system_column_becomes_the_system_turn(tmp_path):
    entry, row = ENTRIES["sharegpt by default"]
    named = {**entry, "file_name": "a.json", "columns": {"system": "rules"}}
    put(tmp_path, "a.json", [{**row, "rules": "Be brief."}])
    put(tmp_path, INFO, {"training": named})
    assert load(tmp_path)["training"][0]["messages"][0] == {
        "role": "system",
        "content": "Be brief.",
    }


def test_a_role_that_no_tag_names_is_told_by_its_row(tmp_path):
    entry, row = ENTRIES["sharegpt with tags"]
    put(tmp_path, "a.json", [row, {"talk": [{"who": "robot", "says": "secret"}]}])
    put(tmp_path, INFO, {"training": {"file_name": "a.json", **entry}})
    with pytest.raises(DatasetError, match=r"a.json, row 2: got another value as `from`") as caught:
        load(tmp_path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["[]", '{"a": 1}', "{", '"x"'])
def test_an_info_that_is_none_is_told(tmp_path, text):
    (tmp_path / INFO).write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match="one object a split"):
        sources(tmp_path)


def test_no_entry_leads_out_of_the_folder(tmp_path):
    put(tmp_path, INFO, {"training": {"file_name": "../secret.json"}})
    with pytest.raises(DatasetError, match="outside of its folder"):
        sources(tmp_path)


def test_an_array_that_is_torn_is_told(tmp_path):
    (tmp_path / "training.json").write_text('[{"instruction"', encoding="utf-8")
    with pytest.raises(DatasetError, match="begins as a JSON array"):
        items_of(tmp_path / "training.json")


json_values = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(json_values, st.dictionaries(st.sampled_from(["columns", "tags"]), json_values))
def test_any_row_under_any_entry_is_taken_or_left(row, entry):
    for form in ("alpaca", "sharegpt"):
        by_own_keys(row, {**entry, "formatting": form})
