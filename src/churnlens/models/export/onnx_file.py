"""A merged model as an ONNX graph, run by ONNX Runtime and compared before it counts as written.

The graph maps token ids and mask to logits, without a cache of keys and values: it is for scoring
and short texts, since every new token reads the whole text again.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from churnlens.datasets.atomic import MANIFEST
from churnlens.models.export.agreement import (
    NEW_TOKENS,
    POSITIONS,
    Outputs,
    Prompts,
    compare,
    encode,
    load_on_cpu,
    outputs,
    require,
)
from churnlens.models.export.report import REPORT, ExportError, ExportReport, write_export
from churnlens.models.loading import ends_of, load_tokenizer
from churnlens.options import Dtype

GRAPH = "model.onnx"
_PACKAGES = ("onnx", "onnxscript", "onnxruntime")
_INPUTS = ("input_ids", "attention_mask")


def check_onnx(dtype: Dtype) -> None:
    """Refuse what cannot be written here, before any weights are read.

    Raises:
        ExportError: when a package is missing, or another precision than float32 is asked for.
    """
    if lacking := [name for name in _PACKAGES if find_spec(name) is None]:
        raise ExportError(
            f"ONNX cannot be written without {', '.join(lacking)}; next: pip install "
            "-e '.[export]', or export --format merged"
        )
    if dtype != "float32":
        raise ExportError(
            f"ONNX is written in float32 only, got {dtype}; next: leave dtype out, and quantise "
            "with onnxruntime.quantization"
        )


def to_onnx(merged: Path, target: Path, prompts: Prompts, report: ExportReport) -> ExportReport:
    """Write a merged float32 model as an ONNX graph with tokenizer, template and card.

    Args:
        merged: folder that `merge` wrote in float32.
        target: new folder, or an export that is replaced.
        prompts: what to compare on.
        report: what `merge` returned.

    Raises:
        ExportError: when the graph, run by ONNX Runtime, is another model.
    """

    def fill(folder: Path) -> ExportReport:
        model, tokenizer = load_on_cpu(merged), load_tokenizer(merged)
        expected, ends = outputs(model, tokenizer, prompts), ends_of(model, tokenizer)
        context = model.config.max_position_embeddings
        write_graph(model, folder / GRAPH)
        del model
        for path in merged.iterdir():
            if path.suffix in {".json", ".jinja"} and path.name not in {REPORT, MANIFEST}:
                shutil.copyfile(path, folder / path.name)
        ids = encode(load_tokenizer(folder), prompts, context)
        written = compare(expected, run_graph(folder / GRAPH, ids, ends))
        require(written, len(prompts), "the ONNX graph")
        changes = {
            "form": "onnx",
            "max_difference": written.max_difference,
            "same_texts": written.same_texts,
            "notes": (*report.notes, "no cache: each new token reads the whole text again"),
        }
        return report.model_copy(update=changes)

    return write_export(target, fill)


def write_graph(model: Any, path: Path) -> None:
    """Write a decoder as a graph for any batch and length; its weights lie beside it.

    Inputs are `input_ids` and `attention_mask`, int64 of shape (batch, tokens), padded on the
    right; the output is `logits`, float32 of shape (batch, tokens, vocabulary).
    """
    import torch

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            found = self.model(input_ids=input_ids, attention_mask=attention_mask, use_cache=False)
            logits: torch.Tensor = found.logits
            return logits

    ids = torch.ones(2, 9, dtype=torch.long)
    mask = torch.ones_like(ids)
    mask[0, 6:] = 0
    with torch.no_grad():
        program = torch.onnx.export(
            Logits().eval(),
            (ids, mask),
            input_names=list(_INPUTS),
            output_names=["logits"],
            dynamic_shapes={name: {0: "batch", 1: "tokens"} for name in _INPUTS},
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise ExportError("torch wrote no ONNX graph; next: export --format merged")
    program.save(str(path), external_data=True)  # one file ends at 2 GB


def run_graph(path: Path, ids: list[list[int]], ends: list[int]) -> Outputs:
    """Read and write after prompts with ONNX Runtime, greedily, all side by side."""
    import numpy as np
    import onnxruntime
    import torch

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def step(rows: list[list[int]]) -> np.ndarray:
        width = max(map(len, rows))
        mask = [[1] * len(row) + [0] * (width - len(row)) for row in rows]
        padded = [row + [ends[0]] * (width - len(row)) for row in rows]
        given = dict(zip(_INPUTS, (np.array(padded), np.array(mask)), strict=True))
        found: np.ndarray = session.run(None, given)[0]
        return found

    first = step(ids)
    logits = [
        torch.from_numpy(found[: len(row)][-POSITIONS:].copy())
        for found, row in zip(first, ids, strict=True)
    ]
    texts: list[list[int]] = [[] for _ in ids]
    for _ in range(NEW_TOKENS):
        open_rows = [i for i, text in enumerate(texts) if not text or text[-1] not in ends]
        if not open_rows:
            break
        rows = [ids[i] + texts[i] for i in open_rows]
        for i, row, found in zip(open_rows, rows, step(rows), strict=True):
            texts[i].append(int(found[len(row) - 1].argmax()))
    return Outputs(ids, logits, texts)
