"""ONNX: the same model in another runtime, or a refusal that names the extra."""

import os

import pytest
import torch

from churnlens.models.export import onnx_file as module
from churnlens.models.export.agreement import load_on_cpu, outputs
from churnlens.models.export.report import ExportError
from churnlens.models.export.student import export_student
from churnlens.models.loading import load_tokenizer


@pytest.fixture(scope="module")
def exported(tiny_lm, adapter, prompts, tmp_path_factory):
    for package in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(package, reason="needs churnlens[export]")
    target = tmp_path_factory.mktemp("export") / "onnx"
    return export_student(adapter, tiny_lm, target, "onnx", prompts), target


def test_the_graph_is_the_adapter_on_its_base(exported, adapter):
    report, folder = exported
    assert (report.form, report.dtype, report.same_texts) == ("onnx", "float32", 20)
    assert 0 < report.max_difference <= 1e-3 and "no cache" in report.notes[0]
    assert load_tokenizer(folder).chat_template == load_tokenizer(adapter).chat_template
    assert {"model.onnx", "model.onnx.data", "card.json"} <= report.files.keys()
    assert not any(folder.glob("*.safetensors")) and os.listdir(folder.parent) == ["onnx"]


def test_any_batch_and_length_give_the_same_logits(exported, tiny_lm, adapter):
    import numpy as np
    import onnxruntime

    from churnlens.models.export.merge import load_tuned

    model = load_tuned(tiny_lm, adapter)
    session = onnxruntime.InferenceSession(exported[1] / "model.onnx")
    for rows, tokens in ((1, 1), (1, 70), (3, 20)):
        ids = torch.randint(3, 300, (rows, tokens), generator=torch.Generator().manual_seed(7))
        given = {"input_ids": ids.numpy(), "attention_mask": np.ones_like(ids.numpy())}
        with torch.inference_mode():
            expected = model(ids).logits
        got = torch.from_numpy(session.run(None, given)[0])
        torch.testing.assert_close(got, expected, atol=1e-3, rtol=0)


def test_a_graph_of_another_model_is_refused(tiny_lm, adapter, prompts, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime", reason="needs churnlens[export]")

    def other(path, ids, ends):
        model = load_on_cpu(tiny_lm)  # without the adapter
        return outputs(model, load_tokenizer(tiny_lm), prompts)

    monkeypatch.setattr(module, "write_graph", lambda model, path: None)
    monkeypatch.setattr(module, "run_graph", other)
    with pytest.raises(ExportError, match="the ONNX graph: logits differ"):
        export_student(adapter, tiny_lm, tmp_path / "x", "onnx", prompts)
    assert os.listdir(tmp_path) == []


def test_without_the_packages_the_extra_is_named(tiny_lm, adapter, prompts, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ExportError, match=r"without onnx, onnxscript, .*pip install -e"):
        export_student(adapter, tiny_lm, tmp_path / "x", "onnx", prompts)
    assert os.listdir(tmp_path) == []


def test_another_precision_is_refused(tiny_lm, adapter, prompts, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: object())
    with pytest.raises(ExportError, match="float32 only, got float16"):
        export_student(adapter, tiny_lm, tmp_path / "x", "onnx", prompts, "float16")
