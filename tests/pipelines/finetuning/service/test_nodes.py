from types import SimpleNamespace

import pytest

from churnlens.datasets.shards import ShardStore
from churnlens.models.generation import Completion
from churnlens.options import PUBLIC_RECIPE, ServiceFinetuningOptions, ServiceRowsOptions
from churnlens.pipelines.data_processing.service.nodes import make_service_rows
from churnlens.pipelines.finetuning import students
from churnlens.pipelines.finetuning.service import nodes
from churnlens.tasks.service.book import read_folder
from tasks.service.support import CONF, PROMPTS

BOOK = read_folder(CONF)
WORDS = PROMPTS.model_dump()


@pytest.fixture
def trained(monkeypatch):
    given = {}

    def train(training, validation, **others):
        given.update(others, training=training, validation=validation)
        return SimpleNamespace(folder="folder", history=[])

    spec = SimpleNamespace(languages=("en",))
    monkeypatch.setattr(nodes, "train", train)
    monkeypatch.setattr(students, "check_rows", lambda *rows: None)
    monkeypatch.setattr(nodes, "spec_of", lambda lock, name: spec)
    monkeypatch.setattr(nodes, "verify", lambda spec, root: root)
    return given


@pytest.fixture(scope="module")
def rows():
    return make_service_rows(BOOK, "", WORDS, ServiceRowsOptions())[0]


def test_the_student_learns_its_languages_with_general_rows_among_them(trained, rows, tmp_path):
    options = ServiceFinetuningOptions(max_rows=40, max_validation_rows=6, general=20)
    nodes.train_assistant(rows, rows["general"], {}, "root", tmp_path, options)
    families = [row["family"] for row in trained["training"]]
    assert {row["language"] for row in trained["training"]} == {"en"}
    assert (len(families), families.count("general")) == (48, 8)
    assert len(trained["validation"]) == 6
    assert not set(families) & {row["family"] for row in trained["validation"]}


class Base:
    weights_sha256 = "0"

    def __init__(self, folder, **options):
        pass

    def generate(self, requests):
        return [
            Completion(key=each.key, text=f"Said of {each.key}.", finished=True, tokens=4)
            for each in requests
        ]


def test_general_rows_are_answered_by_the_base(trained, rows, monkeypatch, tmp_path):
    monkeypatch.setattr(nodes, "Generator", Base)
    store, options = ShardStore(tmp_path), ServiceFinetuningOptions()
    written = [row for row in rows["general"] if row["language"] == "en"]
    said = nodes.rehearse(rows, {}, "root", store, options)
    assert [row["id"] for row in said] == [row["id"] for row in written]
    assert {row["messages"][-1]["content"] for row in said} == {
        f"Said of {row['id']}." for row in written
    }
    assert [row["messages"][:-1] for row in said] == [row["messages"][:-1] for row in written]
    off = options.model_copy(update={"rehearse": False})
    assert nodes.rehearse(rows, {}, "root", store, off) == written


def test_the_public_recipe_is_trained_with(trained, rows, tmp_path):
    options = ServiceFinetuningOptions(recipe="public", max_rows=4, max_validation_rows=2)
    nodes.train_assistant(rows, rows["general"], {}, "root", tmp_path, options)
    settings = trained["options"].model_dump()
    assert {name: settings[name] for name in PUBLIC_RECIPE} == PUBLIC_RECIPE
