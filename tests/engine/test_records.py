import json

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node
from kedro_datasets.json import JSONDataset
from pydantic import BaseModel, Field

from churnlens.engine import records
from churnlens.engine.records import (
    OTHER_MAKER,
    code_hash,
    fingerprint,
    is_current,
    node_states,
    record_now,
    record_path,
)


class Options(BaseModel):
    factor: int = 2
    writer: str = Field(default="model", exclude=True)


def double(numbers, options):
    return [number * options.factor for number in numbers]


@pytest.fixture
def node():
    return Node(func=double, inputs=["raw", "params:options"], outputs="out", name="task.double")


@pytest.fixture
def catalog(tmp_path, node):
    catalog = DataCatalog(
        {
            "raw": JSONDataset(filepath=str(tmp_path / "raw.json")),
            "out": JSONDataset(filepath=str(tmp_path / "out.json")),
        }
    )
    catalog["params:options"] = Options()
    catalog.save("raw", [1, 2])
    catalog.save("out", double([1, 2], Options()))
    keep(catalog, node, tmp_path)
    return catalog


def keep(catalog, node, folder, **more):
    """Write the record of a node as if it had just run."""
    record = record_now(catalog, node)
    more["inputs"] = record.inputs | more.pop("inputs", {})
    text = record.model_copy(update=more).model_dump_json()
    record_path(folder, node.name).write_text(text, encoding="utf-8")


def state(catalog, node, folder):
    (found,) = node_states(catalog, [node], folder)
    return found.state, found.why


def test_a_node_that_ran_is_done(catalog, node, tmp_path):
    assert state(catalog, node, tmp_path) == ("done", "")


def test_a_changed_input_makes_it_stale(catalog, node, tmp_path):
    catalog.save("raw", [1, 3])
    assert state(catalog, node, tmp_path) == ("stale", "changed since: raw")


def test_a_changed_parameter_makes_it_stale(catalog, node, tmp_path):
    catalog["params:options"] = Options(factor=3)
    assert state(catalog, node, tmp_path) == ("stale", "changed since: params:options")


def test_a_cut_output_is_torn(catalog, node, tmp_path):
    (tmp_path / "out.json").write_text("[2", encoding="utf-8")
    assert state(catalog, node, tmp_path) == ("torn", "not as written: out")


def test_a_deleted_output_is_missing(catalog, node, tmp_path):
    (tmp_path / "out.json").unlink()
    assert state(catalog, node, tmp_path) == ("missing", "no file for out")


def test_a_node_without_record_never_ran(catalog, node, tmp_path):
    record_path(tmp_path, node.name).unlink()
    assert state(catalog, node, tmp_path)[0] == "never ran"


def test_an_input_that_is_gone_has_not_changed(catalog, node, tmp_path):
    (tmp_path / "raw.json").unlink()
    assert state(catalog, node, tmp_path) == ("done", "no longer there: raw")


def test_a_file_that_the_run_was_given_is_compared_itself(catalog, node, tmp_path):
    given = tmp_path / "mine.json"
    given.write_bytes((tmp_path / "raw.json").read_bytes())
    keep(catalog, node, tmp_path, given={"raw": str(given)})
    catalog.save("raw", [7])  # what the catalog names is of another run
    assert state(catalog, node, tmp_path) == ("done", "")
    given.write_text("[9]", encoding="utf-8")
    assert state(catalog, node, tmp_path) == ("stale", "changed since: raw")


def test_two_nodes_that_read_different_contents_are_not_both_done(catalog, node, tmp_path):
    other = Node(double, ["raw", "params:options"], "second", name="task.again")
    catalog["second"] = JSONDataset(filepath=str(tmp_path / "second.json"))
    catalog.save("second", [2, 4])
    keep(catalog, other, tmp_path)
    nodes = [node, other]
    assert [each.state for each in node_states(catalog, nodes, tmp_path)] == ["done", "done"]
    keep(catalog, other, tmp_path, inputs={"raw": "of another table"})
    (tmp_path / "raw.json").unlink()
    first, second = node_states(catalog, nodes, tmp_path)
    assert first.state == "done"
    assert (second.state, second.why) == ("stale", "task.double read another raw")


def test_a_record_of_an_earlier_version_is_read(catalog, node, tmp_path):
    path = record_path(tmp_path, node.name)
    old = json.loads(path.read_text(encoding="utf-8"))
    del old["given"], old["maker"]
    path.write_text(json.dumps(old), encoding="utf-8")
    assert state(catalog, node, tmp_path) == ("done", OTHER_MAKER)
    del old["outputs"]["out"]  # the node has gained an output since
    path.write_text(json.dumps(old), encoding="utf-8")
    assert state(catalog, node, tmp_path)[0] == "torn"


def test_where_models_lie_is_no_content(catalog):
    catalog["params:model_root"] = "/somewhere"
    assert fingerprint(catalog, "params:model_root") == ""


def test_the_code_hash_follows_every_file_of_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "PACKAGE", tmp_path)
    hashes = set()
    for name, text in (("a.py", "x = 1"), ("a.py", "x = 2"), ("b.yml", "x: 1"), ("b.pyc", "")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        code_hash.cache_clear()
        hashes.add(code_hash())
    code_hash.cache_clear()
    assert len(hashes) == 3


def current(catalog, node, folder, *given):
    return is_current(catalog, node, folder, frozenset(given))


def test_a_node_is_current_until_anything_that_it_is_made_of_changes(
    catalog, node, tmp_path, monkeypatch
):
    assert current(catalog, node, tmp_path)
    assert not current(catalog, node, tmp_path, "raw")  # given as a file, and before it was not
    monkeypatch.setattr(records, "code_hash", lambda: "of other code")
    assert not current(catalog, node, tmp_path)
    assert state(catalog, node, tmp_path) == ("done", OTHER_MAKER)
    monkeypatch.undo()
    catalog["params:options"] = Options(writer="template")  # in no fingerprint, and yet a change
    assert state(catalog, node, tmp_path)[0] == "done"
    assert not current(catalog, node, tmp_path)
    catalog["params:options"] = Options()
    catalog.save("out", [2, 5])
    assert not current(catalog, node, tmp_path)
    catalog.save("out", [2, 4])
    assert current(catalog, node, tmp_path)
    record_path(tmp_path, node.name).unlink()
    assert not current(catalog, node, tmp_path)


def test_another_way_to_read_or_write_a_file_is_a_change(catalog, node, tmp_path):
    del catalog._datasets["out"]
    catalog["out"] = JSONDataset(filepath=str(tmp_path / "out.json"), save_args={"indent": 1})
    assert not current(catalog, node, tmp_path)


@pytest.mark.parametrize("name", ["raw", "out"])
def test_what_lives_in_memory_is_never_current(catalog, node, tmp_path, name):
    catalog._datasets[name] = MemoryDataset([2, 4])
    keep(catalog, node, tmp_path)
    assert not current(catalog, node, tmp_path)


def test_an_output_of_which_there_is_no_fingerprint_is_never_current(catalog, node, tmp_path):
    (tmp_path / "out.json").unlink()
    (tmp_path / "out.json").mkdir()  # a folder without a manifest
    keep(catalog, node, tmp_path)
    assert not current(catalog, node, tmp_path)
