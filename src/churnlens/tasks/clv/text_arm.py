"""A language model that regresses spend from the customer as text, and boosting on its embedding.

The head learns log(1 + spend) of training rows; a smearing factor, found on those rows, lifts its
answers back to the mean. Rows of one customer are on one side of the validation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churnlens.options import ClvModelOptions, TextArmOptions
from churnlens.schema import Frozen, Schema
from churnlens.tasks.clv.boosting import fit_tweedie
from churnlens.tasks.clv.features import FEATURES
from churnlens.tasks.clv.texts import (
    contract_texts,
    from_log_target,
    log_target,
    repeat_texts,
    smearing,
)

LANGUAGE_MODEL = "language_model"
EMBEDDED = "tweedie_text"
_HELD_OUT = 0.2
Embed = Callable[[Sequence[str]], np.ndarray]


class TextParts(Frozen):
    """What the tuned model needs beside its weights.

    Attributes:
        smear: see `texts.smearing`.
        training, validation: numbers of rows.
    """

    smear: float
    training: int
    validation: int


@dataclass(frozen=True)
class FittedText:
    """A tuned language model.

    Attributes:
        folder: of the head, for `models.heads.scorer.Scorer`.
        parts: see there.
        history: losses, one row a step and validation.
    """

    folder: Path
    parts: TextParts
    history: list[dict[str, Any]]


def customer_texts(rows: pd.DataFrame, schema: Schema | None, currency: str) -> list[str]:
    """Return each row as text: what it paid, and the words of its attributes where known."""
    paid = repeat_texts(rows[list(FEATURES)], currency)
    if schema is None:
        return paid
    facts = contract_texts(rows, schema)
    return [f"{said} {fact}" for said, fact in zip(paid, facts, strict=True)]


def sides(rows: pd.DataFrame, options: TextArmOptions) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return rows to learn from and rows of other customers that stop the training."""
    rng = np.random.default_rng(options.seed)
    keys = rng.permutation(np.sort(rows["customer_id"].unique()))
    held = set(keys[: max(1, round(_HELD_OUT * len(keys)))])
    drawn = rows.iloc[rng.permutation(len(rows))]
    apart = drawn["customer_id"].isin(held)
    return drawn[~apart].head(options.max_rows), drawn[apart].head(options.max_validation_rows)


def head_rows(rows: pd.DataFrame, texts: Sequence[str]) -> list[dict[str, Any]]:
    """Return rows of text and label for `models.heads.train`."""
    labels = log_target(rows["target"].to_numpy(float))
    ids = (rows["cut"] + " " + rows["customer_id"]).tolist()
    return [
        {"id": key, "text": text, "label": float(label)}
        for key, text, label in zip(ids, texts, labels, strict=True)
    ]


def fit_text(
    train: pd.DataFrame,
    schema: Schema | None,
    currency: str,
    options: TextArmOptions,
    *,
    model: Path,
    checkpoints: Path,
) -> FittedText:
    """Tune a language model on training cuts.

    Args:
        train: rows of the training cuts.
        schema: of the attributes; None where there are none.
        currency: of the amounts.
        options: with a head.
        model: folder of the base model.
        checkpoints: folder from which a stopped training goes on.

    Raises:
        TrainingError, ModelError, MemoryExhaustedError: see `models.heads.train`.
    """
    from churnlens.models.heads.scorer import Scorer
    from churnlens.models.heads.train import train_head

    if options.head is None:
        raise ValueError("got no head, expected the settings of its training")
    training, validation = sides(train, options)
    texts = [customer_texts(each, schema, currency) for each in (training, validation)]
    rows = [head_rows(*both) for both in zip((training, validation), texts, strict=True)]
    trained = train_head(
        *rows, model=model, options=options.head, checkpoints=checkpoints, label="text regression"
    )
    said = Scorer(model, trained.folder, dtype=options.head.dtype).scores(texts[0])[:, 0]
    parts = TextParts(
        smear=smearing(training["target"].to_numpy(float), said),
        training=len(training),
        validation=len(validation),
    )
    return FittedText(trained.folder, parts, trained.history)


def predict_text(
    model: Path, folder: Path, parts: TextParts, texts: Sequence[str], options: TextArmOptions
) -> np.ndarray:
    """Return the spend that the tuned model expects of each text, shape (n_texts,).

    The arithmetic is that of its training: bfloat16 takes a third of the time on a CPU.
    """
    from churnlens.models.heads.scorer import Scorer

    dtype = options.head.dtype if options.head else "float32"
    scorer = Scorer(model, folder, dtype=dtype)
    return from_log_target(scorer.scores(texts)[:, 0], parts.smear)


def predict_embedded(
    train: pd.DataFrame,
    test: pd.DataFrame,
    texts: tuple[Sequence[str], Sequence[str]],
    columns: tuple[str, ...],
    embed: Embed,
    options: tuple[TextArmOptions, ClvModelOptions],
) -> np.ndarray:
    """Return what boosting on the same columns and an embedding of the text expects.

    Args:
        train: rows of the training cuts.
        test: rows of the test cut.
        texts: of both.
        columns: that boosting reads without the text.
        embed: texts → vectors, shape (n_texts, dimensions).
        options: number of principal components; settings of boosting.
    """
    from sklearn.decomposition import PCA

    text, models = options
    vectors = embed(texts[0])
    parts = min(text.parts, *vectors.shape)
    pca = PCA(parts, svd_solver="full").fit(vectors)
    names = tuple(f"text {place}" for place in range(parts))
    both = [
        pd.concat(
            [rows, pd.DataFrame(pca.transform(v), columns=list(names), index=rows.index)], axis=1
        )
        for rows, v in ((train, vectors), (test, embed(texts[1])))
    ]
    return fit_tweedie(both[0], (*columns, *names), models).predict(both[1])
