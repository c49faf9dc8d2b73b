"""What happens between steps: progress, early stopping, sealed checkpoints, no NaN."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlens.models.training.checkpoints import path_of, prune, seal

if TYPE_CHECKING:
    from transformers import TrainerCallback

logger = logging.getLogger(__name__)
_EVERY = 5.0  # seconds between two lines


class DivergedError(RuntimeError):
    """The loss is no longer a number."""


def has_stopped_improving(history: Sequence[Mapping[str, Any]], patience: int) -> bool:
    """Whether the last `patience` validations are all worse than an earlier one.

    Args:
        history: the trainer's log; the validation before the first step does not count.
        patience: see `TrainingOptions`.
    """
    losses = [row["eval_loss"] for row in history if "eval_loss" in row and row["step"] > 0]
    return bool(losses) and len(losses) - 1 - losses.index(min(losses)) >= patience


def log_progress(label: str, done: int, total: int, rate: float) -> None:
    """Log done/total, rate and ETA as numbers too, for any handler that keeps them."""
    eta = (total - done) / max(rate, 1e-9)
    numbers = {"label": label, "done": done, "total": total, "rate": rate, "eta_seconds": eta}
    text = "%s: step %d/%d, %.2f/s, %.0f s left"
    logger.info(text, label, done, total, rate, eta, extra={"progress": numbers})


def stop_if_diverged(logs: Mapping[str, Any] | None, where: str) -> None:
    """Raise DivergedError when a logged loss is not a number."""
    bad = {k: v for k, v in (logs or {}).items() if "loss" in k and not math.isfinite(v)}
    if bad:
        raise DivergedError(
            f"{where}: got the losses {bad}, expected numbers; next: a lower "
            "learning_rate, or dtype float32"
        )


def is_over(history: Sequence[Mapping[str, Any]], patience: int, label: str) -> bool:
    """Whether a training has stopped improving, and say so."""
    over = has_stopped_improving(history, patience)
    if over:
        logger.info("%s: no better validation loss for %d validations", label, patience)
    return over


class _Pace:
    """Says when the next progress line is due."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def is_due(self, at_end: bool = False) -> bool:
        """Whether some seconds have passed since the last line, or it is the end."""
        now = time.monotonic()
        due = at_end or now - self._last >= _EVERY
        self._last = now if due else self._last
        return due


def watch(run: Path, patience: int, label: str) -> TrainerCallback:
    """Return the callback of one training.

    Args:
        run: folder of the checkpoints.
        patience: see `TrainingOptions`.
        label: what is being trained, for the progress lines.
    """
    from transformers import TrainerCallback

    class Watch(TrainerCallback):
        def __init__(self) -> None:
            self._start, self._pace = time.monotonic(), _Pace()
            self._first = self._judged = 0

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self._start, self._first = time.monotonic(), state.global_step

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            done = state.global_step
            if self._pace.is_due(at_end=done == state.max_steps):
                rate = (done - self._first) / max(time.monotonic() - self._start, 1e-9)
                log_progress(label, done, state.max_steps, rate)

        def on_prediction_step(
            self, args: Any, state: Any, control: Any, eval_dataloader: Any = None, **kwargs: Any
        ) -> None:
            self._judged += 1
            if self._pace.is_due():
                logger.info("%s: validation row %d/%d", label, self._judged, len(eval_dataloader))

        def on_log(
            self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any
        ) -> None:
            stop_if_diverged(logs, f"{label}, step {state.global_step}")

        def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self._judged = 0
            control.should_training_stop |= is_over(state.log_history, patience, label)

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            seal(path_of(run, state.global_step))
            prune(run)

    return Watch()
