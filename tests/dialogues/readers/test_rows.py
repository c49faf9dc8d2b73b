import json

import pytest

from churnlens.dialogues.form import FaultError
from churnlens.dialogues.readers.rows import id_of, json_rows


def _rows(text):
    return [(n, str(row) if isinstance(row, FaultError) else row) for n, row in json_rows(text)]


def test_lines():
    text = '{"a": 1}\r\n\n{"a": "\u2028"}\n[1]\n{"a"\n'
    assert _rows(text) == [
        (1, {"a": 1}),
        (3, {"a": "\u2028"}),
        (4, "row: got a list, expected an object"),
        (5, "JSON: got Expecting ':' delimiter at column 5, expected one object a line"),
    ]


def test_an_array():
    assert _rows('\n[{"a": 1}, 2]') == [(1, {"a": 1}), (2, "row: got a number, expected an object")]
    assert _rows("[]") == []
    assert _rows('\n\n[{"a": 1},\n oops]')[0][0] == 4


@pytest.mark.parametrize("line", ["[" * 100_000, '{"a":' * 100_000, '{"a": ' + "9" * 5000 + "}"])
def test_what_json_itself_cannot_read(line):
    (row,) = _rows(line)
    assert "expected" in row[1]
    assert len(row[1]) < 200


def test_ids():
    assert id_of({"id": 7}, "x") == "7"
    assert id_of({"id": None}, "x") == id_of({}, "x") == id_of({"id": ""}, "x") == "x"
    for wrong in (True, 1.5, ["a"], json.loads("NaN")):
        with pytest.raises(FaultError, match="id: got"):
            id_of({"id": wrong}, "x")
