"""What comes of a training: going on where it stood, and keeping its best model with its losses."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnlens.datasets.atomic import write_folder
from churnlens.models.training.callbacks import has_stopped_improving
from churnlens.models.training.card import CARD, AdapterCard
from churnlens.models.training.checkpoints import last_complete, path_of, read_state
from churnlens.options import TrainingOptions

logger = logging.getLogger(__name__)
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


def run_to_end(
    card: AdapterCard, checkpoints: Path, label: str, fit: Callable[[Path, Path | None], None]
) -> tuple[Path, dict[str, Any]]:
    """Bring a training to its end from where it stands, and return its folder and last state.

    Args:
        card: names the training, and with it the folder of its checkpoints.
        checkpoints: folder for the checkpoints of any number of trainings.
        label: name of the work in the log.
        fit: trains into a folder, from a checkpoint if it is given one.
    """
    run, options = checkpoints / card.key(), card.options
    run.mkdir(parents=True, exist_ok=True)
    last = last_complete(run)
    if last is None or not is_finished(read_state(last), options):
        logger.info("%s: %s", label, f"goes on from {last.name}" if last else "starts")
        fit(run, last)
        last = last_complete(run)
    if last is None:
        raise RuntimeError(f"{run}: no whole checkpoint after training; run it again")
    return run, read_state(last)


def keep_best(run: Path, state: Mapping[str, Any], card: AdapterCard, tokenizer: Any) -> Trained:
    """Write the best model of a finished training beside its checkpoints."""
    done = card.model_copy(update={"metrics": {**card.metrics, **metrics_of(state, card.options)}})
    folder = run / "best"
    write_folder(folder, lambda path: export(path_of(run, _best(state)), tokenizer, done, path))
    return Trained(folder, done, history_of(state))


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
