"""Chat rows: what each form holds comes back equal, what it cannot hold is named and never shown."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kedro.io.core import DatasetError

from churnlens.datasets.atomic import MANIFEST, is_complete
from churnlens.datasets.chat_forms import (
    RowError,
    dataset_info,
    detect_format,
    from_alpaca,
    from_messages,
    from_sharegpt,
    to_alpaca,
    to_messages,
    to_sharegpt,
)
from churnlens.datasets.chat_rows import INFO, ChatRowsDataset

REAL = Path(
    os.environ.get("CHURNLENS_REAL_DATA", Path(__file__).parents[2].parent / "shared" / "data")
)
FORMS = {
    "messages": (to_messages, from_messages),
    "sharegpt": (to_sharegpt, from_sharegpt),
    "alpaca": (to_alpaca, from_alpaca),
}
SECRET = "Anna Schmidt, 0151 23456789"


def say(*texts, system=None):
    turns = [{"role": "system", "content": system}] if system is not None else []
    return turns + [
        {"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts)
    ]


ROW = {
    "id": "q1",
    "messages": say("Why fiber?", "Price.", "为什么?", "{}", system="Be brief."),
    "n": 3,
}

signs = st.characters(exclude_categories=["Cs"])
texts = st.text(signs, max_size=12)
pairs = st.lists(st.tuples(texts, texts), min_size=1, max_size=4)
free_keys = st.sampled_from(["family", "seed", "teacher", "维度"])
extras = st.dictionaries(free_keys, st.none() | st.integers() | texts | st.lists(texts, max_size=2))


@st.composite
def rows(draw, least_system=0):
    system = draw(st.none() | st.text(signs, min_size=least_system, max_size=9))
    flat = [text for pair in draw(pairs) for text in pair]
    return {**draw(extras), "id": draw(texts), "messages": say(*flat, system=system)}


@pytest.mark.parametrize("form", FORMS)
@given(data=st.data())
def test_every_row_that_a_form_holds_comes_back_equal(form, data):
    row = data.draw(rows(least_system=1 if form == "alpaca" else 0))
    before = json.dumps(row)
    to, back = FORMS[form]
    written = to(row)
    assert detect_format(written) == form
    assert back(json.loads(json.dumps(written))) == row
    assert json.dumps(row) == before


def test_the_forms_are_the_public_ones():
    assert to_alpaca(ROW) == {
        "id": "q1",
        "n": 3,
        "instruction": "为什么?",
        "input": "",
        "output": "{}",
        "system": "Be brief.",
        "history": [["Why fiber?", "Price."]],
    }
    assert to_sharegpt({"id": 1, "messages": say("a", "b", system="s")}) == {
        "id": 1,
        "conversations": [
            {"from": "system", "value": "s"},
            {"from": "human", "value": "a"},
            {"from": "gpt", "value": "b"},
        ],
    }
    assert to_messages(ROW) == ROW


@pytest.mark.parametrize(
    ("given_row", "messages"),
    [
        ({"instruction": "Sum up.", "input": "Text", "output": "o"}, say("Sum up.\nText", "o")),
        ({"instruction": "", "input": "Text", "output": "o"}, say("Text", "o")),
        ({"instruction": "a", "input": None, "output": "", "history": None}, say("a", "")),
        ({"instruction": "a", "output": "o", "system": ""}, say("a", "o")),
        (
            {"instruction": "c", "output": "d", "system": "s", "history": [["a", "b"]]},
            say("a", "b", "c", "d", system="s"),
        ),
    ],
)
def test_alpaca_is_read_as_its_trainers_read_it(given_row, messages):
    assert from_alpaca(given_row) == {"messages": messages}


def test_sharegpt_may_have_its_system_text_in_a_column():
    turns = [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]
    first = {"from": "system", "value": "s"}
    want = {"messages": say("a", "b", system="s")}
    assert from_sharegpt({"conversations": turns, "system": "s"}) == want
    assert from_sharegpt({"conversations": [first, *turns], "system": "s", "tools": ""}) == want
    assert from_sharegpt({"conversations": [first, *turns], "system": None}) == want
    with pytest.raises(RowError, match="two system texts"):
        from_sharegpt({"conversations": [first, *turns], "system": "other"})


WRONG_ORDER = [
    say("a"),
    say("a", "b", "c"),
    say(system="s"),
    say("a", "b")[::-1],
    [*say("a", "b"), *say(system="late"), *say("c", "d")],
    [*say("a", "b"), *say("c", "d")[::-1]],
    say("a", "b", system="s")[:1] * 2 + say("a", "b"),
]


@pytest.mark.parametrize("messages", WRONG_ORDER)
@pytest.mark.parametrize("form", FORMS)
def test_no_form_takes_turns_that_trainers_would_skip(form, messages):
    to, back = FORMS[form]
    with pytest.raises(RowError, match="as turn . of"):
        to({"id": 1, "messages": messages})
    if form == "sharegpt":
        names = {"user": "human", "assistant": "gpt", "system": "system"}
        turns = [{"from": names[m["role"]], "value": m["content"]} for m in messages]
        with pytest.raises(RowError, match="as turn . of"):
            back({"conversations": turns})


@pytest.mark.parametrize(
    ("to", "row", "fault"),
    [
        (to_alpaca, {"messages": say("a", "b", system="")}, "an empty system turn"),
        (to_alpaca, {"messages": say("a", "b"), "history": [1]}, "a filled `history`"),
        (to_sharegpt, {"messages": say("a", "b"), "system": SECRET}, "a filled `system`"),
        (to_messages, {"messages": say("a", "b"), "tools": [SECRET]}, "a filled `tools`"),
        (from_messages, {"messages": say("a", "b"), "images": [SECRET]}, "a filled `images`"),
        (from_alpaca, {"instruction": "a", "output": "b", "chosen": SECRET}, "a filled `chosen`"),
        (from_alpaca, {"instruction": "a", "output": {"b": SECRET}}, "an object as `output`"),
        (from_alpaca, {"instruction": SECRET}, "nothing as `output`"),
        (from_alpaca, {"instruction": "a", "output": "b", "history": [[SECRET]]}, "another `hist"),
        (from_alpaca, {"instruction": "a", "output": "b", "history": [["a", 1]]}, "another value"),
        (from_alpaca, {"instruction": "a", "output": "b", "system": [SECRET]}, "a list as"),
        (from_sharegpt, {"conversations": SECRET}, "a text, expected a list of turns"),
        (from_sharegpt, {"conversations": []}, "an empty list, expected a list of turns"),
        (from_sharegpt, {"conversations": [SECRET]}, "a text as turn 1"),
        (from_sharegpt, {"conversations": [{"from": SECRET, "value": "a"}]}, "another value as"),
        (from_sharegpt, {"conversations": [{"from": ["gpt"], "value": "a"}]}, "another value as"),
        (from_sharegpt, {"conversations": [{"from": "observation"}]}, "observation as `from` of"),
        (from_sharegpt, {"conversations": [{"from": "human", "text": SECRET}]}, "more keys in"),
        (from_messages, {"messages": [{"role": "tool", "content": SECRET}]}, "tool as `role` of"),
        (from_messages, {"messages": [{"role": "user"}]}, "nothing as `content` in turn 1"),
    ],
)
def test_what_a_form_cannot_hold_is_named_and_never_shown(to, row, fault):
    with pytest.raises(RowError, match=fault) as caught:
        to(row)
    told = str(caught.value)
    assert "expected " in told and "next: " in told
    assert "Anna" not in told and len(told) < 300


@pytest.mark.parametrize(
    "row",
    [[], "a", None, {}, {"text": "a"}, {"messages": None}, {"messages": [], "conversations": []}],
)
def test_a_row_in_no_form_or_in_two_is_refused(row):
    with pytest.raises(RowError, match="expected"):
        detect_format(row)


def test_columns_that_are_null_do_not_count():
    row = {"messages": say("a", "b"), "conversations": None, "instruction": None, "tools": ""}
    assert detect_format(row) == "messages"
    assert from_messages(row) == {"messages": say("a", "b")}


SPLITS = {
    "train": [ROW, {"id": "q2", "messages": say("a\u2028b", "c\nd"), "n": None}],
    "validation": [{"id": "q3", "messages": say("x", "y")}],
}


@pytest.mark.parametrize("form", FORMS)
def test_a_folder_comes_back_as_it_was(tmp_path, form):
    folder = tmp_path / "rows"
    dataset = ChatRowsDataset(filepath=str(folder), form=form)
    assert not dataset.exists()
    dataset.save(SPLITS)
    assert dataset.exists() and is_complete(folder)
    assert dataset.load() == SPLITS
    assert "为什么" in (folder / "train.jsonl").read_text(encoding="utf-8")
    dataset.save({"train": SPLITS["validation"]})
    assert sorted(path.name for path in folder.iterdir()) == [INFO, MANIFEST, "train.jsonl"]
    assert sorted(json.loads((folder / INFO).read_text(encoding="utf-8"))) == ["train"]


def as_documented(row, info):
    """Read a row by the rules that LLaMA-Factory documents, with nothing but `dataset_info`."""
    columns = info["columns"]
    if info["formatting"] == "alpaca":
        turns = [text for pair in row[columns["history"]] for text in pair]
        asked = [row[columns["prompt"]], row[columns["query"]]]
        turns += ["\n".join(text for text in asked if text), row[columns["response"]]]
        return row[columns["system"]] or None, turns
    tags = info["tags"]
    turns = [(t[tags["role_tag"]], t[tags["content_tag"]]) for t in row[columns["messages"]]]
    system = turns.pop(0)[1] if turns[0][0] == tags["system_tag"] else None
    assert [t[0] for t in turns] == [tags["user_tag"], tags["assistant_tag"]] * (len(turns) // 2)
    return system, [t[1] for t in turns]


@pytest.mark.parametrize("form", FORMS)
def test_the_folder_is_read_by_what_its_dataset_info_says(tmp_path, form, socket_disabled):
    from datasets import load_dataset

    ChatRowsDataset(filepath=str(tmp_path / "rows"), form=form).save(SPLITS)
    info = json.loads((tmp_path / "rows" / INFO).read_text(encoding="utf-8"))
    assert info == dataset_info(form, SPLITS)
    for split, given_rows in SPLITS.items():
        path = tmp_path / "rows" / info[split]["file_name"]
        table = load_dataset("json", data_files=str(path), cache_dir=str(tmp_path / "cache"))
        for read, row in zip(table["train"], given_rows, strict=True):
            said = [m["content"] for m in row["messages"] if m["role"] != "system"]
            system = ROW["messages"][0]["content"] if row is ROW else None
            assert as_documented(read, info[split]) == (system, said)


def test_alpaca_columns_are_named_as_documented():
    assert dataset_info("alpaca", ["train"]) == {
        "train": {
            "file_name": "train.jsonl",
            "formatting": "alpaca",
            "columns": {
                "prompt": "instruction",
                "query": "input",
                "response": "output",
                "system": "system",
                "history": "history",
            },
        }
    }


def write(folder, name, *lines):
    folder.mkdir(exist_ok=True)
    data = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    (folder / name).write_bytes(b"\r\n".join(data))
    return ChatRowsDataset(filepath=str(folder), imported=True)


def test_an_imported_folder_may_have_any_form_in_any_file(tmp_path):
    folder = tmp_path / "theirs"
    write(folder, "train.jsonl", b"\xef\xbb\xbf" + json.dumps(to_alpaca(ROW)).encode(), b"", b" ")
    write(folder, "valid.jsonl", {"messages": say("a", "b")}, to_sharegpt(ROW))
    dataset = write(folder, "test.jsonl", {"id": 0, "instruction": "a", "output": "b"})
    assert dataset.exists()
    assert dataset.load() == {
        "train": [ROW],
        "valid": [{"id": "valid-1", "messages": say("a", "b")}, ROW],
        "test": [{"id": 0, "messages": say("a", "b")}],
    }
    with pytest.raises(DatasetError, match="imported"):
        dataset.save(SPLITS)


@pytest.mark.parametrize("nothing", [None, ""])
def test_an_id_that_is_nothing_is_none(tmp_path, nothing):
    turns = {"messages": say("a", "b")}
    dataset = write(tmp_path, "train.jsonl", {"id": nothing, **turns}, {**turns, "id": 0})
    assert [list(row) for row in dataset.load()["train"]] == [["id", "messages"]] * 2
    assert [row["id"] for row in dataset.load()["train"]] == ["train-1", 0]


def test_all_faults_are_told_at_once_without_any_text(tmp_path):
    lines = [
        {"messages": say(SECRET, SECRET)},
        b"{" + SECRET.encode(),
        b'{"messages": "\xff"}',
        [SECRET],
        {"messages": say(SECRET)},
        b'{"messages": [{"role": "user", "content": "\\ud800"}, {"role": "assistant", "content": ""}]}',
        b"[" * 100_000,
        b'{"messages": [], "n": ' + b"1" * 5000 + b"}",
    ]
    dataset = write(tmp_path / "theirs", "train.jsonl", *lines, *[{}] * 9)
    with pytest.raises(DatasetError) as caught:
        dataset.load()
    told = str(caught.value).split("\n")
    assert told[0].endswith("theirs: 16 rows are not chat rows:")
    starts = [f"- train.jsonl, line {n}: got " for n in range(2, 12)]
    assert all(line.startswith(start) for line, start in zip(told[1:11], starts, strict=True))
    assert told[11:] == ["- and 6 more"]
    for line, words in zip(
        told[1:], ["no JSON", "other bytes", "a list", "user as turn 1 of 1"], strict=False
    ):
        assert f"got {words}, expected " in line
    assert "half a character" in told[5] and "no JSON" in told[6] and "no JSON" in told[7]
    assert "Anna" not in str(caught.value) and len(str(caught.value)) < 3000


def test_nothing_is_written_when_a_row_cannot_be_held(tmp_path):
    dataset = ChatRowsDataset(filepath=str(tmp_path / "rows"), form="alpaca")
    dataset.save(SPLITS)
    bad = {"id": "q9", "messages": say(SECRET, "b", system="")}
    half = {"id": "q9", "messages": say("a", "\ud800")}
    with pytest.raises(
        DatasetError, match="2 rows.*\n- train, row 1: .*\n- test, row 2: "
    ) as caught:
        dataset.save({"train": [bad, ROW], "test": [ROW, half]})
    assert "Anna" not in str(caught.value)
    assert dataset.load() == SPLITS


@pytest.mark.parametrize(
    "splits", [{}, {"train": []}, {"../x": [ROW]}, {"": [ROW]}, {"a.b": [ROW]}]
)
def test_splits_need_rows_and_plain_names(tmp_path, splits):
    with pytest.raises(DatasetError, match="expected rows under names"):
        ChatRowsDataset(filepath=str(tmp_path / "rows")).save(splits)
    assert not (tmp_path / "rows").exists()


@pytest.mark.parametrize("tear", ["train.jsonl", MANIFEST, "half"])
def test_a_torn_folder_is_refused(tmp_path, tear):
    folder = tmp_path / "rows"
    dataset = ChatRowsDataset(filepath=str(folder))
    dataset.save(SPLITS)
    if tear == "half":
        (folder / MANIFEST).write_text('{"fi', encoding="utf-8")
    else:
        (folder / tear).unlink()
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="is torn"):
        dataset.load()


def test_an_absent_folder_and_an_unknown_form_are_errors(tmp_path):
    with pytest.raises(DatasetError, match="run the stage that makes it"):
        ChatRowsDataset(filepath=str(tmp_path / "none")).load()
    with pytest.raises(DatasetError, match="got 'chatml', expected one of"):
        ChatRowsDataset(filepath=str(tmp_path / "none"), form="chatml")


def test_public_rows_are_read_and_written_in_every_form(tmp_path):
    folder = REAL / "service_zh"
    if not folder.is_dir():
        pytest.skip(f"no public chat rows at {folder}; set CHURNLENS_REAL_DATA to its parent")
    splits = ChatRowsDataset(filepath=str(folder), imported=True).load()
    assert {split: len(given_rows) for split, given_rows in splits.items()} == {
        split: sum(1 for line in (folder / f"{split}.jsonl").open(encoding="utf-8") if line.strip())
        for split in ("train", "valid")
    }
    alpaca = json.loads((folder / "customer_service_train.json").read_text(encoding="utf-8"))
    splits["alpaca"] = [{"id": n, **from_alpaca(row)} for n, row in enumerate(alpaca)]
    for form in FORMS:
        dataset = ChatRowsDataset(filepath=str(tmp_path / form), form=form)
        dataset.save(splits)
        assert dataset.load() == splits
