"""A tuned model for llama.cpp and Ollama: a GGUF file, read back and compared, and a Modelfile."""

from __future__ import annotations

import shutil
from pathlib import Path

from churnlens.models.conversion import convert_gguf
from churnlens.models.export.agreement import Prompts, compare, load_on_cpu, outputs, require
from churnlens.models.export.gguf_file import WEIGHTS, write_gguf
from churnlens.models.export.merge import rounding_note
from churnlens.models.export.modelfile import is_chatml, modelfile
from churnlens.models.export.report import ExportReport, write_export
from churnlens.models.loading import ends_of, load_tokenizer
from churnlens.models.training.card import CARD
from churnlens.options import Dtype

_OLLAMA = "ollama create NAME -f Modelfile, in this folder"


def to_gguf(
    merged: Path,
    target: Path,
    prompts: Prompts,
    report: ExportReport,
    dtype: Dtype = "float32",
) -> ExportReport:
    """Write a merged float32 model as GGUF with an Ollama Modelfile and its card.

    Args:
        merged: folder that `merge` wrote in float32.
        target: new folder, or an export that is replaced.
        prompts: what to compare on.
        report: what `merge` returned.
        dtype: float32 or float16.

    Raises:
        ExportError: when the architecture is not written here, or the file, read back, is
            another model.
    """

    def fill(folder: Path) -> ExportReport:
        write_gguf(merged, folder / WEIGHTS, dtype)
        model, tokenizer = load_on_cpu(merged), load_tokenizer(merged)
        expected, ends = outputs(model, tokenizer, prompts), ends_of(model, tokenizer)
        context = model.config.max_position_embeddings
        del model
        again = folder / "again"
        again.mkdir()
        convert_gguf(folder / WEIGHTS, again)
        written = compare(expected, outputs(load_on_cpu(again), load_tokenizer(again), prompts))
        shutil.rmtree(again)
        if dtype == "float32":
            require(written, len(prompts), "the GGUF file")
        text = modelfile(tokenizer, WEIGHTS, context, ends)
        (folder / "Modelfile").write_text(text, encoding="utf-8")
        (folder / CARD).write_bytes((merged / CARD).read_bytes())
        notes = [*report.notes, _OLLAMA, "read back by transformers; not run by llama.cpp here"]
        if not is_chatml(tokenizer):
            notes.append("the chat template is not ChatML: the Modelfile has no TEMPLATE")
        if dtype != "float32":
            notes.append(rounding_note(dtype))
        changes = {
            "form": "gguf",
            "dtype": dtype,
            "max_difference": written.max_difference,
            "same_texts": written.same_texts,
            "notes": tuple(notes),
        }
        return report.model_copy(update=changes)

    return write_export(target, fill)
