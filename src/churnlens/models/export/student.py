"""The tuned model in the form that a deployment asks for."""

from __future__ import annotations

import shutil
from pathlib import Path

from churnlens.datasets.atomic import temporary_sibling
from churnlens.models.export.agreement import Prompts
from churnlens.models.export.gguf_file import check_writable
from churnlens.models.export.merge import check_source, merge
from churnlens.models.export.ollama import to_gguf
from churnlens.models.export.onnx_file import check_onnx, to_onnx
from churnlens.models.export.report import ExportReport, Form, check_target
from churnlens.options import Dtype


def export_student(
    adapter: Path,
    base: Path,
    target: Path,
    form: Form,
    prompts: Prompts,
    dtype: Dtype = "float32",
) -> ExportReport:
    """Export a tuned model, compared with its adapter; whole or not at all.

    Args:
        adapter: folder of the adapter, or of a wholly tuned model.
        base: folder of the model that it was trained on.
        target: new folder, or an export that is replaced.
        form: `merged` (a folder for transformers and vLLM), `gguf` (llama.cpp, with a Modelfile
            for Ollama) or `onnx` (ONNX Runtime; needs the extra `export`).
        prompts: what to compare on; 20 are usual.
        dtype: of the written weights; only float32 is held to the tolerance.

    Raises:
        ExportError: see `merge`, `write_gguf`; nothing is written then.
        ModelError: when a folder is absent, unsafe or damaged.
    """
    if form == "merged":
        return merge(base, adapter, target, prompts, dtype)
    check_target(target)
    check_source(base, adapter, prompts)
    check_onnx(dtype) if form == "onnx" else check_writable(base, adapter, dtype)
    scratch = temporary_sibling(target)
    try:
        report = merge(base, adapter, scratch, prompts)
        if form == "onnx":
            return to_onnx(scratch, target, prompts, report)
        return to_gguf(scratch, target, prompts, report, dtype)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
