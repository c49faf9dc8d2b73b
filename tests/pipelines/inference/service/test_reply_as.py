"""Replies of the arms are kept, and kept replies are of the same settings, code and libraries."""

from types import SimpleNamespace

import pytest
import yaml

from churnlens.datasets import TextFolderDataset
from churnlens.datasets.shards import ShardStore
from churnlens.options import (
    ServiceFinetuningOptions,
    ServiceInferenceOptions,
)
from churnlens.pipelines.inference.service import nodes
from churnlens.pipelines.inference.service.nodes import reply_as_base
from churnlens.tasks.service.cases import Case
from tasks.service.support import CONF, ROOT

PROBES = [
    Case(id=f"probe-{number}", kind="probe", language="en", turns=(f"What is {number}?",))
    for number in range(3)
]


@pytest.fixture
def asked(monkeypatch):
    """Requests that came to the model, which is none."""
    requests = []

    class Fake:
        weights_sha256 = "of the base"

        def __init__(self, path, **_):
            pass

        def generate(self, given):
            requests.extend(given)
            return [SimpleNamespace(text="Perhaps.") for _ in given]

    monkeypatch.setattr(nodes, "Generator", Fake)
    monkeypatch.setattr(nodes, "verify", lambda spec, root: root / spec.name)
    return requests


@pytest.fixture
def inputs(tmp_path):
    lock = (ROOT / "conf/base/models.lock.yml").read_text(encoding="utf-8")
    return {
        "cases": [case.model_dump(mode="json") for case in PROBES],
        "replies": [],
        "service_book": TextFolderDataset(path=str(CONF)).load(),
        "prompts": yaml.safe_load((ROOT / "prompts/service.yml").read_text(encoding="utf-8")),
        "model_lock": yaml.safe_load(lock),
        "model_root": str(tmp_path),
        "store": ShardStore(tmp_path / "store"),
        "finetuning": ServiceFinetuningOptions(),
        "options": ServiceInferenceOptions(),
    }


def test_a_reply_is_asked_for_once(asked, inputs):
    first = reply_as_base(**inputs)
    assert [row["case"] for row in first] == [case.id for case in PROBES]
    assert reply_as_base(**inputs) == first
    assert len(asked) == len(PROBES)


@pytest.mark.parametrize(
    "changed",
    [
        {"options": ServiceInferenceOptions(assistant={"max_new_tokens": 16})},
        {"finetuning": ServiceFinetuningOptions(dtype="float32")},
    ],
)
def test_other_settings_are_asked_anew(asked, inputs, changed):
    for given in (inputs, inputs | changed):
        reply_as_base(**given)
    assert len(asked) == 2 * len(PROBES)


def test_what_other_code_or_libraries_replied_is_asked_anew(asked, inputs, monkeypatch):
    reply_as_base(**inputs)
    monkeypatch.setattr(nodes, "made_with", lambda: ["other code", "torch 1"])
    reply_as_base(**inputs)
    assert len(asked) == 2 * len(PROBES)
