"""Open the assistant: the handbook, the written dialogues and the rules, searchable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from churnlens.models.embedding import TextEncoder
from churnlens.options import AssistantOptions
from churnlens.tasks.service.book import Book, read_book, read_folder
from churnlens.tasks.service.knowledge import LANGUAGES, Knowledge, build_knowledge
from churnlens.tasks.service.prompts import ServicePrompts
from churnlens.tasks.service.search import known_texts


class StoredEncoder:
    """An encoder that does not embed again what was embedded before."""

    def __init__(self, encoder: TextEncoder, texts: Sequence[str], vectors: np.ndarray) -> None:
        """Remember the vectors of texts, shape (n_texts, dimension)."""
        self._encoder = encoder
        self._known = dict(zip(texts, vectors, strict=True))

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return self._encoder.dimension

    def encode(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        """Return the vectors of the texts, shape (n_texts, dimension)."""
        if not query and all(text in self._known for text in texts):
            return np.stack([self._known[text] for text in texts])
        return self._encoder.encode(texts, query=query)


def known_documents(book: Book) -> pd.DataFrame:
    """Return every text by which a passage is known, one row each.

    Returns:
        Columns `customer` (nobody), `language`, `document` (id of the passage) and `passage` (the
        text); what `indexing.embed_documents` takes.
    """
    rows = [
        {"customer": "", "language": language, "document": key, "passage": text}
        for language in LANGUAGES
        for key, text in known_texts(book.handbook, language, book.scripts, book.others)
    ]
    return pd.DataFrame(rows, columns=["customer", "language", "document", "passage"])


def stored_knowledge(
    book: Book,
    prompts: Mapping[str, Any],
    documents: pd.DataFrame,
    vectors: pd.DataFrame,
    encoder: TextEncoder,
    options: AssistantOptions,
) -> Knowledge:
    """Return what the assistant knows, its texts embedded before.

    Args:
        book: what the company has written down.
        prompts: the assistant's own words.
        documents: by `known_documents` of the same book.
        vectors: of the documents, in their order; column `vector`.
        encoder: of what customers say.
        options: see there.
    """
    known = np.stack(vectors["vector"].tolist())
    stored = StoredEncoder(encoder, documents["passage"].tolist(), known)
    return knowledge_of(book, ServicePrompts.model_validate(prompts), stored, options)


def knowledge_of(
    book: Book, prompts: ServicePrompts, encoder: TextEncoder, options: AssistantOptions
) -> Knowledge:
    """Return what the assistant knows by a book."""
    return build_knowledge(
        book.handbook, book.rules, prompts, encoder, options, book.scripts, book.others
    )


def open_knowledge(
    folder: Path, prompts: Path, encoder: TextEncoder, options: AssistantOptions
) -> Knowledge:
    """Return what the assistant knows; about 900 texts are embedded.

    Args:
        folder: with `handbook`, `dialogues`, `general`, `rules.yml` and `off_topic.txt`.
        prompts: file of the assistant's own words.
        encoder: of texts in both languages.
        options: see there.
    """
    words = ServicePrompts.model_validate(yaml.safe_load(prompts.read_text("utf-8")))
    return knowledge_of(read_book(read_folder(folder)), words, encoder, options)
