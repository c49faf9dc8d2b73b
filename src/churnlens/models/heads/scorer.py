"""A trained head at work: texts in, one row of chances or one number for each out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from churnlens.models.heads.batches import pad
from churnlens.models.heads.card import HeadCard
from churnlens.models.heads.losses import log_chances
from churnlens.models.heads.model import load_with_head, says
from churnlens.models.heads.packed import pack_linear
from churnlens.models.heads.rows import encode_texts
from churnlens.models.loading import base_sha256, device, load_tokenizer, prepare
from churnlens.models.lock import ModelError
from churnlens.models.training.card import CARD
from churnlens.options import Precision


class Scorer:
    """A base model with a trained head.

    Attributes:
        card: what the head was made of.
    """

    def __init__(
        self, base: Path, tuned: Path, *, batch_size: int = 32, dtype: Precision = "float32"
    ) -> None:
        """Load both.

        Args:
            base: folder of the base model.
            tuned: folder by `train_head`.
            batch_size: texts per forward pass.
            dtype: float32 gives the same numbers in batches of every size, up to rounding.

        Raises:
            ModelError: when a folder is absent, unsafe or damaged, or the head is of another base.
        """
        prepare(base)
        prepare(tuned)
        self.card = read_card(tuned)
        if self.card.base_sha256 != base_sha256(base):
            raise ModelError(
                f"{tuned}: made for another base than {base.name}; next: train it again on this one"
            )
        self._tokenizer, self._batch = load_tokenizer(tuned), batch_size
        outputs = self.card.options.outputs
        if (tuned / "adapter_config.json").is_file():
            from peft import PeftModel

            model = PeftModel.from_pretrained(load_with_head(base, outputs, dtype), tuned)
            model = model.merge_and_unload() if dtype == "float32" else model
        else:
            model = load_with_head(tuned, outputs, dtype)
        self._model = pack_linear(model.eval()) if dtype == "float32" else model.eval()

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        """Return the probability of each class, shape (n, classes), in the order of the texts.

        For regression it is the number itself, shape (n, 1). Texts of about one length go through
        the model together, and a text that comes several times goes once.
        """
        places = {text: at for at, text in enumerate(dict.fromkeys(texts))}
        said = self._numbers(list(places))[[places[text] for text in texts]]
        if self.card.options.kind == "regression":
            mean, deviation = self.card.scale
            return said * deviation + mean
        return said

    def _numbers(self, texts: Sequence[str]) -> np.ndarray:
        import torch

        options = self.card.options
        regression = options.kind == "regression"
        found = np.empty((len(texts), 1 if regression else options.classes))
        rows = encode_texts(texts, self._tokenizer, options.max_length)
        order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
        with torch.inference_mode():
            for at in range(0, len(order), self._batch):
                places = order[at : at + self._batch]
                batch = pad([rows[place] for place in places], self._tokenizer.pad_token_id)
                there = {name: each.to(device()) for name, each in batch.items()}
                said = says(self._model, there, self.card.pooling)
                said = said if regression else log_chances(said, options.kind).exp()
                found[places] = said.cpu().numpy()
        return found


def read_card(tuned: Path) -> HeadCard:
    """Return the card of a trained head; ModelError when the folder holds none."""
    try:
        return HeadCard.model_validate(json.loads((tuned / CARD).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{tuned}: expected the {CARD} of a head, got {type(error).__name__}; next: train again"
        ) from None
