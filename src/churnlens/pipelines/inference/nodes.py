"""Questions to cited answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np
import pandas as pd

from churnlens.evidence.drivers import build_panel
from churnlens.evidence.study import Population
from churnlens.evidence.themes import POLARITIES
from churnlens.evidence.wording import Wording
from churnlens.models.embedding import Encoder
from churnlens.models.generation import Generator
from churnlens.models.lock import parse_lock
from churnlens.models.weights import verify
from churnlens.options import IndexingOptions, InferenceOptions
from churnlens.pipelines.data_processing.nodes import check_customers
from churnlens.retrieval.lexical import LexicalIndex
from churnlens.retrieval.search import HybridRetriever
from churnlens.schema import parse_schema
from churnlens.tasks.churn.analyst import Analyst
from churnlens.tasks.churn.illustrations import Corpus, first_labels
from churnlens.tasks.churn.writers import ModelWriter, Shapes, TemplateWriter, Writer


class Stored(TypedDict):
    """What an analyst is made of, as the catalog holds it.

    Attributes:
        schema, table, feedback, reasons: from data_processing.
        vectors, vector_index, lexical_index: from indexing.
        prompts: system prompt, shapes, common words and wording.
        model_lock, model_root: which models there are, and where.
    """

    schema: dict[str, Any]
    table: pd.DataFrame
    feedback: pd.DataFrame
    reasons: pd.DataFrame
    vectors: pd.DataFrame
    vector_index: Any
    lexical_index: pd.DataFrame
    prompts: dict[str, Any]
    model_lock: dict[str, Any]
    model_root: str


def load_corpus(stored: Stored, indexing: IndexingOptions, options: InferenceOptions) -> Corpus:
    """Return the searchable feedback, with the encoder that its vectors were made with.

    Raises:
        DatasetError: when the vectors are of other customers than the feedback.
    """
    check_customers(stored["feedback"]["customer"], stored["vectors"]["customer"], "vectors")
    spec = parse_lock(stored["model_lock"])[indexing.encoder]
    folder = verify(spec, Path(stored["model_root"]))
    texts = stored["feedback"]["feedback"].tolist()
    retriever = HybridRetriever(
        lexical=LexicalIndex.from_table(stored["lexical_index"], len(texts)),
        index=stored["vector_index"],
        vectors=np.stack(stored["vectors"]["vector"].tolist()),
        texts=texts,
        candidates=options.candidates,
    )
    encoder = Encoder(folder, batch_size=1, dtype=indexing.dtype)
    labels = {
        polarity: first_labels(stored["reasons"], polarity, len(texts)) for polarity in POLARITIES
    }
    return Corpus(retriever, encoder, spec.languages, texts, labels)


def load_population(
    schema: dict[str, Any], table: pd.DataFrame, feedback: pd.DataFrame, reasons: pd.DataFrame
) -> Population:
    """Return the table, prepared for any number of questions.

    Raises:
        DatasetError: when feedback or reasons are of other customers than the table.
    """
    described = parse_schema(schema)
    keys = table[described.key]
    check_customers(keys, feedback["customer"], "feedback")
    check_customers(keys.reindex(reasons["row"]), reasons.get("customer"), "reasons")
    return Population(
        schema=described,
        table=table,
        panel=build_panel(table, described),
        reasons=reasons,
        has_feedback=(feedback["feedback"] != "").to_numpy(bool),
    )


def load_writer(stored: Stored, options: InferenceOptions) -> Writer:
    """Return the writer that the options name, its model loaded."""
    if options.writer == "template":
        return TemplateWriter()
    spec = parse_lock(stored["model_lock"])[options.model]
    folder = verify(spec, Path(stored["model_root"]))
    shaped = options.sentences == "shaped"
    return ModelWriter(
        name=f"{spec.name} ({spec.version})",
        generator=Generator(folder, dtype=options.dtype, batch_size=options.batch_size),
        system=stored["prompts"]["system"],
        languages=spec.languages,
        shapes=Shapes.model_validate(stored["prompts"]["shapes"]) if shaped else None,
        max_new_tokens=options.max_new_tokens,
    )


def load_analyst(stored: Stored, indexing: IndexingOptions, options: InferenceOptions) -> Analyst:
    """Put together everything that a question needs, models loaded."""
    return Analyst(
        population=load_population(
            stored["schema"], stored["table"], stored["feedback"], stored["reasons"]
        ),
        corpus=load_corpus(stored, indexing, options),
        wording=Wording.model_validate(stored["prompts"]["wording"]),
        writer=load_writer(stored, options),
        options=options,
        common_words=frozenset(stored["prompts"]["common_words"]),
    )


def answer_questions(
    questions: list[str],
    indexing: IndexingOptions,
    options: InferenceOptions,
    **stored: Unpack[Stored],
) -> list[dict[str, Any]]:
    """Answer every question of the list.

    Args:
        questions: in any language.
        indexing: names the encoder.
        options: names the writer, and holds the gates and floors.
        stored: what the earlier stages made.

    Returns:
        One answer a question, in order, as JSON-able mappings.
    """
    analyst = load_analyst(stored, indexing, options)
    return [answer.model_dump(mode="json") for answer in analyst.answer(questions)]
