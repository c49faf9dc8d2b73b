"""LoRA training of the student, against plain TRL defaults on the same rows.

`python benchmarks/train.py [--full]`: 8 rows in batches of 2, with --full 64 in batches of 4, one
epoch. A row is a question about demo customers with the reference teacher's answer. Both train the
same model on the same token ids with the same rank, batch, steps, optimiser, learning rate and
seed; the loss is on the answer. Theirs is `SFTTrainer` with every other setting as it comes
(gradient checkpointing is on), but that rows are never cut. Ours is measured as it comes and with
gradient checkpointing. Each way has a process of its own for its peak memory. Unit: tokens a
second, prompt and answer, over forward and backward passes; loading, optimiser and validation are
not counted.
"""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from beside import arguments, case, report
from exercises import MODEL, make_lessons, make_rows

from churnlens.models.loading import load_tokenizer
from churnlens.models.training.fit import fit
from churnlens.models.training.rows import EncodedRow, encode_rows
from churnlens.options import TrainingOptions

BAR, LOSS_BAR = 1.7, 0.01
Step = dict[str, float]


@contextmanager
def watched_steps() -> Iterator[list[Step]]:
    """Note what each forward and backward pass takes, and its loss."""
    from transformers import Trainer

    steps, train = list[Step](), Trainer.training_step

    def timed(trainer: Any, *args: Any, **kwargs: Any) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        loss = train(trainer, *args, **kwargs)
        now = time.perf_counter() - wall, time.process_time() - cpu
        steps.append({"wall": now[0], "cpu": now[1], "loss": float(loss)})
        return loss

    Trainer.training_step = timed  # type: ignore[method-assign]
    try:
        yield steps
    finally:
        Trainer.training_step = train  # type: ignore[method-assign]


def train_ours(rows: Sequence[EncodedRow], options: TrainingOptions, folder: Path) -> None:
    """Train as the finetuning stage does; the shortest row validates."""
    shortest = min(rows, key=lambda row: len(row.input_ids))
    pad = load_tokenizer(MODEL).pad_token_id
    fit(MODEL, (rows, [shortest]), pad, options, folder, None, "benchmark")


def train_usual(rows: Sequence[EncodedRow], options: TrainingOptions, folder: Path) -> None:
    """Train with TRL as it comes."""
    from peft import LoraConfig
    from trl import SFTConfig, SFTTrainer

    from datasets import Dataset

    args = SFTConfig(
        output_dir=str(folder),
        use_cpu=True,
        max_length=None,
        per_device_train_batch_size=options.batch_size,
        num_train_epochs=options.epochs,
        learning_rate=options.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=options.warmup,
        seed=options.seed,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    adapter = LoraConfig(
        r=options.rank,
        lora_alpha=options.alpha,
        lora_dropout=options.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    encoded = [{"input_ids": [*row.input_ids], "labels": [*row.labels]} for row in rows]
    data = Dataset.from_list(encoded)
    SFTTrainer(model=str(MODEL), args=args, train_dataset=data, peft_config=adapter).train()


def run(usual: bool, rows: Sequence[EncodedRow], options: TrainingOptions) -> dict[str, Any]:
    """Train once in this process; returns its figures, times in the form of `side_by_side`."""
    with tempfile.TemporaryDirectory() as folder, watched_steps() as steps:
        (train_usual if usual else train_ours)(rows, options, Path(folder))
    wall, cpu = (sum(step[name] for step in steps) for name in ("wall", "cpu"))
    return {
        "times": {"median": wall, "min": wall, "max": wall, "cpu": cpu},
        "tokens_a_second": sum(len(row.input_ids) for row in rows) / wall,
        "loss": sum(step["loss"] for step in steps) / len(steps),
        "last_loss": steps[-1]["loss"],
        "steps": len(steps),
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def run_apart(usual: bool, rows: Sequence[EncodedRow], options: TrainingOptions) -> dict[str, Any]:
    """Train once in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(run, usual, rows, options).result()


def main() -> None:
    """Compare both of ours with theirs."""
    given = arguments(__doc__)
    count, batch = (64, 4) if given.full else (8, 2)
    options = TrainingOptions(epochs=1, evaluations=1, batch_size=batch)
    lean = options.model_copy(update={"gradient_checkpointing": True})
    rows = encode_rows(make_rows(make_lessons(count)), load_tokenizer(MODEL), options.max_length)
    theirs = run_apart(True, rows, options)
    cases = []
    for name, ways in {"as it comes": options, "gradient checkpointing": lean}.items():
        ours = run_apart(False, rows, ways)
        found = {"churnlens": ours, "SFTTrainer": theirs}
        told = {
            figure: {way: each[figure] for way, each in found.items()}
            for figure in ("tokens_a_second", "loss", "last_loss", "peak_gib")
        }
        gap = abs(ours["loss"] / theirs["loss"] - 1)
        times = {way: each["times"] for way, each in found.items()}
        about = f"{len(rows)} rows in batches of {batch}, ours {name}"
        cases.append(case(about, times, BAR, loss_gap=gap, loss_bar=LOSS_BAR, **told))
    report("train", "TRL SFTTrainer, its own defaults", cases)


if __name__ == "__main__":
    main()
