"""Open what the earlier stages made: knowledge, the writer, and replies to many conversations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np
import pandas as pd

from churnlens.models.embedding import Encoder, TextEncoder
from churnlens.models.generation import Generator
from churnlens.models.lock import ModelError, spec_of
from churnlens.models.weights import verify
from churnlens.options import IndexingOptions, ServiceFinetuningOptions, ServiceInferenceOptions
from churnlens.tasks.service.book import Book, read_book
from churnlens.tasks.service.knowledge import Knowledge
from churnlens.tasks.service.opening import stored_knowledge
from churnlens.tasks.service.writers import ModelWriter, TemplateWriter, Writer


class StoredService(TypedDict):
    """What the assistant is made of, as the catalog holds it.

    Attributes:
        service_book: texts by path.
        prompts: the content of `prompts/service.yml`.
        documents, vectors: the texts by which passages are known, embedded.
        model_lock, model_root: which models there are, and where.
        indexing: names the encoder.
        student: folder of the tuned model; None before there is one.
    """

    service_book: dict[str, str]
    prompts: dict[str, Any]
    documents: pd.DataFrame
    vectors: pd.DataFrame
    model_lock: dict[str, Any]
    model_root: str
    indexing: IndexingOptions
    student: NotRequired[Path | None]


class Remembered:
    """An encoder that embeds every text once; a text's vector then depends on its first batch."""

    def __init__(self, encoder: TextEncoder) -> None:
        """Remember what `encoder` gives."""
        self._encoder, self._known = encoder, dict[tuple[str, bool], np.ndarray]()

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return self._encoder.dimension

    def encode(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        """Return the vectors of the texts, shape (n_texts, dimension)."""
        new = [text for text in dict.fromkeys(texts) if (text, query) not in self._known]
        if new:
            vectors = self._encoder.encode(new, query=query)
            self._known |= {(text, query): v for text, v in zip(new, vectors, strict=True)}
        return np.stack([self._known[text, query] for text in texts])


def load_encoder(stored: StoredService, indexing: IndexingOptions) -> TextEncoder:
    """Return the encoder that the stored vectors were made with."""
    spec = spec_of(stored["model_lock"], indexing.encoder)
    folder = verify(spec, Path(stored["model_root"]))
    return Encoder(folder, batch_size=indexing.batch_size, dtype=indexing.dtype)


def load_knowledge(
    stored: StoredService, encoder: TextEncoder, options: ServiceInferenceOptions
) -> tuple[Book, Knowledge]:
    """Return the company's book, and what the assistant knows by it."""
    book = read_book(stored["service_book"])
    known = stored_knowledge(
        book,
        stored["prompts"],
        stored["documents"],
        stored["vectors"],
        encoder,
        options.assistant,
    )
    return book, known


def load_writer(
    model_lock: dict[str, Any],
    model_root: str,
    student: Path | None,
    finetuning: ServiceFinetuningOptions,
    options: ServiceInferenceOptions,
) -> Writer:
    """Return who puts replies into words.

    Args:
        model_lock: names the language model.
        model_root: where fetched models are.
        student: folder of the tuned model; None before there is one.
        finetuning: which base the student has.
        options: who writes.

    Raises:
        ModelError: when its model is absent, or no student has been trained.
    """
    if options.writer == "passages":
        return TemplateWriter()
    adapter = student if options.writer == "student" else None
    if options.writer == "student" and adapter is None:
        raise ModelError(
            "no student has been trained; next: `kedro run --pipelines service`, or writer passages"
        )
    spec = spec_of(model_lock, finetuning.student)
    generator = Generator(
        verify(spec, Path(model_root)),
        dtype=options.dtype,
        batch_size=options.batch_size,
        adapter=adapter,
    )
    tuned = f", tuned ({generator.weights_sha256})" if adapter else ""
    return ModelWriter(f"{spec.name} ({spec.version}){tuned}", generator, spec.languages)


def stored_writer(
    stored: StoredService, finetuning: ServiceFinetuningOptions, options: ServiceInferenceOptions
) -> Writer:
    """Return the writer of what the catalog holds; see `load_writer`."""
    lock, root = stored["model_lock"], stored["model_root"]
    return load_writer(lock, root, stored.get("student"), finetuning, options)


def open_assistant(
    stored: StoredService, finetuning: ServiceFinetuningOptions, options: ServiceInferenceOptions
) -> tuple[Knowledge, Writer]:
    """Return what the assistant knows, and who puts its replies into words; models are loaded."""
    encoder = load_encoder(stored, stored["indexing"])
    _, knowledge = load_knowledge(stored, encoder, options)
    return knowledge, stored_writer(stored, finetuning, options)
