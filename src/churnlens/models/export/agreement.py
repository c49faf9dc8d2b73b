"""Whether two models are one: the same logits within a tolerance, and the same greedy texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlens.models.export.report import ExportError
from churnlens.models.generation import Message
from churnlens.models.loading import ends_of
from churnlens.options import Dtype

if TYPE_CHECKING:
    import torch

TOLERANCE = 1e-3  # of a logit, in float32
POSITIONS = 32  # last positions of a prompt; each depends on all tokens before it
NEW_TOKENS = 48
_BATCH = 5  # prompts may be a thousand tokens long
Prompts = Sequence[Sequence[Message]]
"""The turns before each answer."""


@dataclass(frozen=True)
class Outputs:
    """What a model makes of prompts, in their order.

    Attributes:
        ids: tokens of each prompt, in its chat template.
        logits: float32, (at most `POSITIONS`, vocabulary) of each prompt.
        texts: tokens written after each prompt, padded.
    """

    ids: list[list[int]]
    logits: list[torch.Tensor]
    texts: list[list[int]]


@dataclass(frozen=True)
class Agreement:
    """Largest absolute difference of a logit, and how many texts are the same."""

    max_difference: float
    same_texts: int


def load_on_cpu(path: Path, dtype: Dtype = "float32") -> Any:
    """Load a language model on the CPU, whatever the machine has.

    The tolerance is stated for float32 arithmetic, and a 7 B model in float32 fits few GPUs.
    """
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(
        path,
        dtype=getattr(torch, dtype),
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
    )
    return model.eval()  # type: ignore[no-untyped-call]


def encode(tokenizer: Any, prompts: Prompts, limit: int) -> list[list[int]]:
    """Return the tokens of each prompt in the chat template, with room for a text after it.

    Raises:
        ExportError: when there is no prompt, or one is too long for the model.
    """
    if not prompts:
        raise ExportError("no prompts to compare on; expected at least one (20 are usual)")
    ids = []
    for number, prompt in enumerate(prompts):
        turns = [turn.model_dump() for turn in prompt]
        text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        ids.append(list(tokenizer(text, add_special_tokens=False)["input_ids"]))
        if (need := len(ids[-1]) + NEW_TOKENS) > limit:
            raise ExportError(
                f"prompt {number} and its text need {need} tokens, expected at most {limit}; next: "
                "a shorter prompt"
            )
    return ids


def outputs(model: Any, tokenizer: Any, prompts: Prompts) -> Outputs:
    """Read and write after `prompts`, greedily and without any penalty."""
    import torch
    from transformers import GenerationConfig

    ids = encode(tokenizer, prompts, model.config.max_position_embeddings)
    config = GenerationConfig(  # type: ignore[no-untyped-call]
        max_new_tokens=NEW_TOKENS,
        do_sample=False,
        num_beams=1,
        repetition_penalty=1.0,
        eos_token_id=ends_of(model, tokenizer),
        pad_token_id=tokenizer.pad_token_id,
    )
    logits, texts = [], []
    with torch.inference_mode():
        for each in ids:
            read = model(input_ids=torch.tensor([each]), logits_to_keep=POSITIONS, use_cache=False)
            logits.append(read.logits[0].float())
        for start in range(0, len(ids), _BATCH):
            batch = tokenizer.pad({"input_ids": ids[start : start + _BATCH]}, return_tensors="pt")
            written = model.generate(**batch, generation_config=config)
            texts += _cut(written[:, batch["input_ids"].shape[1] :].tolist(), config.eos_token_id)
    return Outputs(ids, logits, texts)


def _cut(rows: list[list[int]], ends: list[int]) -> list[list[int]]:
    """Drop what follows the first end of each row: how much there is depends on its batch."""
    at = [next((i for i, t in enumerate(row) if t in ends), len(row)) for row in rows]
    return [row[: end + 1] for row, end in zip(rows, at, strict=True)]


def compare(expected: Outputs, got: Outputs) -> Agreement:
    """Compare what two models made of the same prompts.

    Raises:
        ExportError: when their tokenizers read a prompt differently.
    """
    import torch

    for number, (ours, theirs) in enumerate(zip(expected.ids, got.ids, strict=True)):
        if ours != theirs:
            raise ExportError(
                f"prompt {number} has {len(theirs)} tokens in the export and {len(ours)} with the "
                "adapter, expected the same tokens; next: report the tokenizer of this base"
            )
    pairs = zip(expected.logits, got.logits, strict=True)
    difference = torch.stack([(a - b).abs().max() for a, b in pairs]).max()  # keeps a nan
    same = sum(a == b for a, b in zip(expected.texts, got.texts, strict=True))
    return Agreement(float(difference), same)


def require(agreement: Agreement, prompts: int, what: str) -> None:
    """Refuse what does not agree.

    Raises:
        ExportError: with the difference, its limit and the next step; not a number is too large.
    """
    if agreement.max_difference <= TOLERANCE and agreement.same_texts == prompts:
        return
    raise ExportError(
        f"{what}: logits differ from the adapter's by {agreement.max_difference:.1e}, expected at "
        f"most {TOLERANCE:.0e}; {agreement.same_texts} of {prompts} texts are the same, expected "
        "all. Nothing was written. Next: deploy base and adapter unmerged"
    )
