"""Tune a language model on rows, from the last complete checkpoint if there is one."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnlens.datasets.atomic import write_folder
from churnlens.models.loading import device, has_bfloat16, load_tokenizer, prepare
from churnlens.models.training.callbacks import has_stopped_improving
from churnlens.models.training.card import CARD, AdapterCard, describe_training
from churnlens.models.training.checkpoints import last_complete, path_of, read_state
from churnlens.models.training.faults import stop_at
from churnlens.models.training.fit import fit
from churnlens.models.training.rows import EncodedRow, shared, try_encode
from churnlens.options import TrainingOptions

logger = logging.getLogger(__name__)
Rows = Sequence[Mapping[str, Any]]
_KEPT = ("adapter_config.json", "config.json", "generation_config.json")


@dataclass(frozen=True)
class Trained:
    """A tuned model.

    Attributes:
        folder: the best model by validation loss: adapter (or whole model, for `full`),
            tokenizer, chat template and card; for `datasets.AdapterDataset`.
        card: what it was made of, and how well it went.
        history: one row per step and validation: `step`, `epoch`, `split`, `loss`, and for
            training rows `learning_rate` and `grad_norm`.
    """

    folder: Path
    card: AdapterCard
    history: list[dict[str, Any]]


def train(
    training: Rows,
    validation: Rows,
    *,
    model: Path,
    options: TrainingOptions,
    checkpoints: Path,
    label: str = "train",
) -> Trained:
    """Train on rows until the validation loss no longer falls, and return the best model.

    The checkpoints of a training lie in a folder named by its base, template, rows, options and
    library versions. The same call goes on where a killed one stopped, with the same losses; a
    finished one returns at once; a call with anything changed starts anew.

    Args:
        training: rows of messages to learn from, see `rows`.
        validation: other rows, which decide what is best and when to stop.
        model: folder of the base model.
        options: see `TrainingOptions`.
        checkpoints: folder for the checkpoints of any number of trainings.
        label: name of the work in the progress lines.

    Raises:
        TrainingError: before any weights are read, with all faults of rows, options and machine.
        ModelError: when the base model is absent, unsafe or damaged.
        MemoryExhaustedError: naming stage, peak and what to change.
    """
    prepare(model)
    tokenizer = load_tokenizer(model)
    rows = encode_splits(training, validation, tokenizer, options)
    card = describe_training(model, tokenizer, *rows, options)
    run = checkpoints / card.key()
    run.mkdir(parents=True, exist_ok=True)
    last = last_complete(run)
    if last is None or not is_finished(read_state(last), options):
        logger.info("%s: %s", label, f"goes on from {last.name}" if last else "starts")
        fit(model, rows, tokenizer.pad_token_id, options, run, last, label)
        last = last_complete(run)
    if last is None:
        raise RuntimeError(f"{run}: no whole checkpoint after training; run it again")
    state = read_state(last)
    done = card.model_copy(update={"metrics": metrics_of(state, options)})
    folder = run / "best"
    write_folder(folder, lambda path: export(path_of(run, _best(state)), tokenizer, done, path))
    return Trained(folder, done, history_of(state))


def encode_splits(
    training: Rows, validation: Rows, tokenizer: Any, options: TrainingOptions
) -> tuple[list[EncodedRow], list[EncodedRow]]:
    """Encode both splits; TrainingError tells all that is wrong with rows and machine at once."""
    encoded, faults = [], []
    for rows in (training, validation):
        split, found = try_encode(rows, tokenizer, options.max_length)
        encoded.append(split)
        faults += found
    stop_at([*faults, *shared(*encoded)], machine_faults(options))
    return encoded[0], encoded[1]


def machine_faults(options: TrainingOptions) -> list[str]:
    """Say which options this machine cannot keep, and what to set instead."""
    found = []
    if device() == "cpu" and options.method == "qlora":
        found.append(
            "method qlora needs a GPU: on a CPU one validation repacks the 4-bit weights, and "
            "every later gradient is wrong at a loss that looks right. Next: method lora"
        )
    if device() == "cpu" and options.dtype == "float16":
        found.append("dtype float16 is for a GPU. Next: bfloat16, or float32 for exact results")
    if device() == "cuda" and options.dtype == "bfloat16" and not has_bfloat16():
        found.append("this GPU has no bfloat16. Next: dtype float16")
    return found


def is_finished(state: Mapping[str, Any], options: TrainingOptions) -> bool:
    """Whether a training came to its end, by its steps or by early stopping."""
    return state["global_step"] >= state["max_steps"] or has_stopped_improving(
        state["log_history"], options.patience
    )


def _best(state: Mapping[str, Any]) -> int:
    return int(state["best_global_step"] or state["global_step"])


def metrics_of(state: Mapping[str, Any], options: TrainingOptions) -> dict[str, Any]:
    """Return how a training went, for its card."""
    before = [row["eval_loss"] for row in state["log_history"] if row["step"] == 0]
    ended = "no better validation loss"
    if not has_stopped_improving(state["log_history"], options.patience):
        ended = "all epochs"
    return {
        "validation_loss_before": before[0] if before else None,
        "validation_loss": state["best_metric"],
        "best_step": _best(state),
        "steps": state["global_step"],
        "planned_steps": state["max_steps"],
        "ended_by": ended,
    }


def history_of(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the losses of a training as rows, in the order in which they were measured."""
    rows = []
    for entry in state["log_history"]:
        for name, split in (("loss", "training"), ("eval_loss", "validation")):
            if name in entry:
                more = {k: entry[k] for k in ("learning_rate", "grad_norm") if k in entry}
                at = {"step": entry["step"], "epoch": entry["epoch"]}
                rows.append({**at, "split": split, "loss": entry[name], **more})
    return rows


def export(checkpoint: Path, tokenizer: Any, card: AdapterCard, target: Path) -> None:
    """Write what a tuned model needs to be used, and nothing of its training, into `target`."""
    for path in checkpoint.iterdir():
        if path.suffix == ".safetensors" or path.name.endswith(".index.json") or path.name in _KEPT:
            shutil.copyfile(path, target / path.name)
    config = target / "adapter_config.json"
    if config.is_file():  # peft notes the path of the base on this machine
        content = json.loads(config.read_text(encoding="utf-8"))
        content |= {"base_model_name_or_path": card.base, "revision": card.revision}
        config.write_text(json.dumps(content, indent=1), encoding="utf-8")
    tokenizer.save_pretrained(target)
    (target / CARD).write_text(card.model_dump_json(indent=1), encoding="utf-8")
