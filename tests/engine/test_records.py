import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Node
from kedro_datasets.json import JSONDataset
from pydantic import BaseModel

from churnlens.engine.records import make_record, node_state, record_path


class Options(BaseModel):
    factor: int = 2


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
    text = make_record(catalog, node).model_dump_json()
    record_path(tmp_path, node.name).write_text(text, encoding="utf-8")
    return catalog


def state(catalog, node, folder):
    found = node_state(catalog, node, folder)
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
