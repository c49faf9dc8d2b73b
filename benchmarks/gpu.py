"""Memory and speed of the 7B student and the 14B teacher on a GPU, beside what `kedro plan` says.

Run: `python benchmarks/gpu.py [--work DIR] [--steps N] [--answers N] [--tiny]`, with 45 GB of disk
in DIR. Prints JSON. Weights are random, of the true shape (`models/shapes.yml`), and never
downloaded. Each row runs in a process of its own with the options of `conf/t4` under a memory limit
of 15 GB, or of `conf/a100` without one; the rows are as long as the plan takes them to be.
Without a GPU every row is `unmeasured`. `--tiny` runs the same code on a tiny shape, anywhere.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import resource
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from churnlens.models.plan import Load, StagePlan, plan_stages
from churnlens.models.shapes import known_config
from churnlens.models.training.estimate import GIB
from churnlens.options import DistillationOptions, FinetuningOptions

TINY = "tiny-random"
LIMITS = {"t4": 15.0, "a100": None}  # GiB that a row may take
SHARD = 2 * GIB
FAR = 0.1  # from the plan
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@dataclass(frozen=True)
class Job:
    """One row of the table.

    Attributes:
        what: `training`, `teacher, batched` or `teacher, one by one`.
        environment: whose options are taken.
        options: of the stage.
        load: tokens of a row, a prompt and an answer.
        limit: GiB; None for the whole card.
        units: steps of training, or answers.
    """

    what: str
    environment: str
    options: FinetuningOptions | DistillationOptions
    load: Load
    limit: float | None
    units: int

    @property
    def model(self) -> str:
        """Return the name of the model in the table of shapes."""
        training = isinstance(self.options, FinetuningOptions)
        return self.options.student if training else self.options.model


@dataclass
class Clock:
    """When units of work began and ended, and the peak before the first.

    Attributes:
        seconds: of each unit.
        loading: peak memory until the first began, in GiB.
    """

    seconds: list[float] = field(default_factory=list)
    loading: float = 0.0
    _start: float = 0.0

    def ready(self) -> None:
        """Note the peak so far, and count the next one anew."""
        self.loading = peak_gib()
        if has_gpu():
            import torch

            torch.cuda.reset_peak_memory_stats()

    def begin(self) -> None:
        """Start a unit."""
        synchronise()
        self._start = time.perf_counter()

    def end(self) -> None:
        """End it."""
        synchronise()
        self.seconds.append(time.perf_counter() - self._start)


def has_gpu() -> bool:
    """Whether torch sees a GPU."""
    import torch

    return torch.cuda.is_available()


def synchronise() -> None:
    """Wait until the GPU has done all that it was told."""
    if has_gpu():
        import torch

        torch.cuda.synchronize()


def peak_gib() -> float:
    """Return the peak of allocated GPU memory, or of the process without a GPU."""
    if has_gpu():
        import torch

        return torch.cuda.max_memory_allocated() / GIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB


def jobs(tiny: bool, steps: int, answers: int) -> Iterator[Job]:
    """Yield the rows of the table."""
    load = Load(row_tokens=2560, answer_tokens=1280)
    if tiny:
        load = Load(prompt_tokens=96, row_tokens=64, answer_tokens=32)
    for environment, limit in LIMITS.items():
        conf = yaml.safe_load(Path(f"conf/{environment}/globals.yml").read_text(encoding="utf-8"))
        student = {k: v for k, v in conf["student"].items() if k in FinetuningOptions.model_fields}
        training = FinetuningOptions(student=conf["student"]["name"], **student)
        kept = {k: conf["teacher"][k] for k in ("dtype", "batch_size")}
        teacher = DistillationOptions(teacher="transformers", model=conf["teacher"]["name"], **kept)
        if tiny:
            training, teacher = _tiny(training, teacher)
        single = teacher.model_copy(update={"batch_size": 1})
        yield Job("training", environment, training, load, limit, steps)
        yield Job("teacher, batched", environment, teacher, load, limit, answers)
        yield Job("teacher, one by one", environment, single, load, limit, max(1, answers // 8))


def _tiny(
    training: FinetuningOptions, teacher: DistillationOptions
) -> tuple[FinetuningOptions, DistillationOptions]:
    """Return options of the same kind for the tiny shape; NF4 and float16 need a GPU."""
    small = {"student": TINY, "batch_size": 2, "accumulation": 1}
    short = {"model": TINY, "batch_size": 2, "max_new_tokens": 64}
    if not has_gpu():
        small |= {"method": "lora", "dtype": "bfloat16"}
        short |= {"dtype": "float32"}
    return training.model_copy(update=small), teacher.model_copy(update=short)


def planned(job: Job, card: float) -> StagePlan:
    """Return what `kedro plan` says of a row on a card of so many GiB."""
    options = job.options.model_dump(exclude={"server"})
    training = isinstance(job.options, FinetuningOptions)
    limit = None
    if has_gpu() or job.model != TINY:
        limit = job.limit or card
    block = {"finetuning" if training else "distillation": options}
    stages = plan_stages(block, Path("none"), limit, load=job.load)
    return next(s for s in stages if s.stage == ("training" if training else "teacher"))


def card_gib() -> float:
    """Return the memory of the card; 40 where there is none, as `conf/a100` says."""
    import torch

    return torch.cuda.get_device_properties(0).total_memory / GIB if has_gpu() else 40.0


def write_model(folder: Path, name: str) -> Path:
    """Write random weights of a known shape in shards of 2 GiB, with a tokenizer of bytes."""
    import torch
    from safetensors.torch import save_file
    from transformers import AutoConfig, AutoModelForCausalLM

    if (folder / "model.safetensors.index.json").is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = byte_tokenizer()
    tokenizer.save_pretrained(folder)
    numbers = known_config(name, folder)
    config = AutoConfig.for_model(**numbers, dtype=torch.bfloat16, initializer_range=0.02)
    config.eos_token_id = config.pad_token_id = tokenizer.eos_token_id
    config.bos_token_id = None
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    model.config.save_pretrained(folder)
    generator = torch.Generator("cuda" if has_gpu() else "cpu").manual_seed(7)
    places: dict[str, str] = {}
    for number, shard in enumerate(shards(model), 1):
        file = f"model-{number:05d}.safetensors"
        tensors = {name: drawn(name, each, generator) for name, each in shard.items()}
        save_file(tensors, folder / file, metadata={"format": "pt"})
        places |= dict.fromkeys(tensors, file)
    index = {"metadata": {}, "weight_map": places}  # written last: the model is whole
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder


def shards(model: Any) -> Iterator[dict[str, Any]]:
    """Yield the model's tensors in parts; an output that is the embedding is left out."""
    part: dict[str, Any] = {}
    size = 0
    tied = {"lm_head.weight"} if model.config.tie_word_embeddings else set()
    for name, tensor in model.state_dict().items():
        if name in tied:
            continue
        if part and size + 2 * tensor.numel() > SHARD:
            yield part
            part, size = {}, 0
        part[name], size = tensor, size + 2 * tensor.numel()
    yield part


def drawn(name: str, like: Any, generator: Any) -> Any:
    """Return a random bfloat16 tensor of the same shape; ones for a norm, zeros for a bias."""
    import torch

    if like.dim() == 1:
        value = 0.0 if name.endswith("bias") else 1.0
        return torch.full(like.shape, value, dtype=torch.bfloat16)
    where = {"device": generator.device, "dtype": torch.bfloat16}
    return (0.02 * torch.randn(like.shape, generator=generator, **where)).cpu()


def byte_tokenizer() -> Any:
    """Return a tokenizer whose tokens are bytes, with ChatML."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    known = {token: place for place, token in enumerate([*special, *alphabet])}
    inner = Tokenizer(models.BPE(vocab=known, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens(special)
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        unk_token="<|endoftext|>",
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=CHATML,
    )


def train(job: Job, folder: Path, run: Path) -> tuple[Clock, float]:
    """Train on random rows; returns the clock of the steps, and the tokens of one step."""
    import random

    from churnlens.models.training.fit import fit
    from churnlens.models.training.rows import IGNORED, EncodedRow

    options, tokens = job.options, job.load.row_tokens or 0
    answer, draw = job.load.answer_tokens or 0, random.Random(7)
    per_step = options.batch_size * options.accumulation

    def row(number: int) -> EncodedRow:
        ids = tuple(draw.randrange(3, 250) for _ in range(tokens))
        labels = (IGNORED,) * (tokens - answer) + ids[-answer:]
        return EncodedRow(key=str(number), input_ids=ids, labels=labels)

    clock = Clock()
    rows = [row(number) for number in range(job.units * per_step)]
    once = options.model_copy(update={"epochs": 1.0, "evaluations": 1})
    with timed_steps(clock):
        fit(folder, (rows, [row(-1)]), 0, once, run, None, "gpu")
    return clock, float(per_step * tokens)


@contextmanager
def timed_steps(clock: Clock) -> Iterator[None]:
    """Time every optimizer step of any Trainer that is made inside."""
    from transformers import TrainerCallback, trainer

    class Watch(TrainerCallback):
        def on_train_begin(self, *args: Any, **kwargs: Any) -> None:
            clock.ready()

        def on_step_begin(self, *args: Any, **kwargs: Any) -> None:
            clock.begin()

        def on_step_end(self, *args: Any, **kwargs: Any) -> None:
            clock.end()

    trainer.DEFAULT_CALLBACKS.append(Watch)
    try:
        yield
    finally:
        trainer.DEFAULT_CALLBACKS.remove(Watch)


def answer(job: Job, folder: Path, _: Path) -> tuple[Clock, float]:
    """Write answers of full length; returns the clock of the batches, and answers in one."""
    from churnlens.models.generation import Generator, Message, Request

    options, clock = job.options, Clock()
    writer = Generator(folder, dtype=options.dtype, batch_size=options.batch_size)
    empty = writer.prompt_tokens((Message(role="user", content=""),))
    clock.ready()

    def request(number: int) -> Request:
        text = f"{number:08d}"[::-1].ljust(job.load.prompt_tokens - empty, "x")
        message = Message(role="user", content=text)
        return Request(key=str(number), messages=(message,), max_new_tokens=options.max_new_tokens)

    for start in range(0, job.units, options.batch_size):
        batch = [request(start + place) for place in range(options.batch_size)]
        clock.begin()
        written = writer.generate(batch)
        clock.end()
    if min(completion.tokens for completion in written) < options.max_new_tokens:
        print("an answer ended early; random weights seldom do", file=sys.stderr)
    return clock, float(options.batch_size)


def measure(job: Job, folder: Path) -> dict[str, Any]:
    """Run one row in this process, and return its figures."""
    from churnlens.models.training.exhausted import MemoryExhaustedError

    work: Callable[[Job, Path, Path], tuple[Clock, float]]
    work, unit = (train, "tokens") if job.what == "training" else (answer, "answers")
    try:
        limit_memory(job.limit)
        with tempfile.TemporaryDirectory(dir=folder.parent) as run:
            clock, units = work(job, folder, Path(run))
    except (MemoryExhaustedError, *out_of_memory()) as error:
        return {"status": "out of memory", "error": str(error)[:300]}
    steady = clock.seconds[1:] or clock.seconds  # the first one warms up
    figures = {
        "status": "measured",
        "peak_gib": round(peak_gib(), 2),
        "loading_peak_gib": round(clock.loading, 2),
        f"{unit}_per_second": round(units * len(steady) / sum(steady), 3),
        "seconds": [round(each, 2) for each in clock.seconds],
    }
    if has_gpu():
        import torch

        figures["reserved_gib"] = round(torch.cuda.max_memory_reserved() / GIB, 2)
    return figures


def limit_memory(gib: float | None) -> None:
    """Let this process take no more of the card than that."""
    if has_gpu() and gib is not None:
        import torch

        torch.cuda.set_per_process_memory_fraction(min(1.0, gib / card_gib()))


def out_of_memory() -> tuple[type[Exception], ...]:
    """Return the errors by which torch says that memory is used up."""
    import torch

    return (torch.cuda.OutOfMemoryError, MemoryError)


def row_of(job: Job, card: float, work: Path | None) -> dict[str, Any]:
    """Return one row: what was planned, and what was measured where it can be."""
    plan = planned(job, card)
    row = {
        "what": job.what,
        "environment": job.environment,
        "model": plan.what,
        "limit_gib": job.limit,
        "tokens": job.load.model_dump(exclude={"text_tokens"}),
        "planned_gib": plan.gib,
        "status": "unmeasured",
    }
    if work is None:
        return row
    folder = apart(write_model, work / job.model, job.model)
    row |= apart(measure, job, folder)
    if row["status"] == "measured" and has_gpu():
        row["peak_to_plan"] = round(row["peak_gib"] / plan.gib, 3)
        row["within_a_tenth"] = abs(row["peak_to_plan"] - 1) <= FAR
    return row


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call in a fresh process on a GPU, whose memory is then all its own; else here."""
    if not has_gpu():
        return function(*arguments)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def machine() -> dict[str, Any]:
    """Return what the figures were taken on and with."""
    import torch

    names = ("torch", "transformers", "peft", "bitsandbytes", "accelerate")
    found = {
        "device": torch.cuda.get_device_name(0) if has_gpu() else "no GPU",
        "machine": platform.machine(),
        "versions": {name: version(name) for name in names},
        "date": datetime.now(UTC).date().isoformat(),
    }
    return found | ({"card_gib": round(card_gib(), 1)} if has_gpu() else {})


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--answers", type=int, default=32)
    parser.add_argument("--tiny", action="store_true")
    given = parser.parse_args(arguments)
    runs = given.tiny or has_gpu()
    with tempfile.TemporaryDirectory() as own:
        work = (given.work or Path(own)) if runs else None
        listed = list(jobs(given.tiny, given.steps, given.answers))
        facts, card = apart(machine), apart(card_gib)
        rows = [row_of(job, card, work) for job in listed]
    command = shlex.join(["python", "benchmarks/gpu.py", *(arguments or sys.argv[1:])])
    note = {} if runs else {"note": "no GPU here: nothing was measured; the plan is arithmetic"}
    if given.tiny:
        note = {
            "note": "a tiny shape: this shows that the code runs, and no figure of a real model"
        }
    print(json.dumps({**facts, **note, "command": command, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
