"""Open what the earlier stages made: population, corpus, writer, and the analyst of them all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np
import pandas as pd
from kedro.io.core import DatasetError

from churnlens.evidence.drivers import build_panel
from churnlens.evidence.study import Population
from churnlens.evidence.themes import POLARITIES
from churnlens.evidence.wording import Wording, in_words_of
from churnlens.models.embedding import Encoder
from churnlens.models.generation import Generator
from churnlens.models.lock import ModelError, spec_of
from churnlens.models.weights import verify
from churnlens.options import IndexingOptions, InferenceOptions
from churnlens.retrieval.lexical import LexicalIndex
from churnlens.retrieval.search import HybridRetriever
from churnlens.schema import Text, parse_schema
from churnlens.tasks.churn.analyst import Analyst
from churnlens.tasks.churn.exercise import ExercisePrompt
from churnlens.tasks.churn.illustrations import Corpus, first_labels
from churnlens.tasks.churn.student import StudentWriter
from churnlens.tasks.churn.writers import ModelWriter, Shapes, TemplateWriter, Writer


class Stored(TypedDict):
    """What an analyst is made of, as the catalog holds it.

    Attributes:
        schema, table, feedback, reasons: from data_processing.
        vectors, vector_index, lexical_index: from indexing.
        prompts: system prompt, shapes, common words and wording.
        model_lock, model_root: which models there are, and where.
        student: folder of the tuned model that serves; None before one was promoted.
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
    student: NotRequired[Path | None]


def load_corpus(stored: Stored, indexing: IndexingOptions, options: InferenceOptions) -> Corpus:
    """Return the searchable feedback, with the encoder that its vectors were made with.

    Raises:
        DatasetError: when the vectors are of other customers than the feedback.
    """
    check_customers(stored["feedback"]["customer"], stored["vectors"]["customer"], "vectors")
    spec = spec_of(stored["model_lock"], indexing.encoder)
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


def load_shapes(stored: Stored) -> Shapes:
    """Return what a small model may write, in the noun of the table's schema."""
    noun = parse_schema(stored["schema"]).noun
    pattern = Text(en=re.escape(noun.en), zh=noun.zh)  # shapes are regular expressions
    return Shapes.model_validate(in_words_of(pattern, stored["prompts"]["shapes"]))


def load_writer(stored: Stored, options: InferenceOptions) -> Writer:
    """Return the writer that the options name, its model loaded.

    Raises:
        ModelError: when its model is absent, or no student serves.
    """
    if options.writer == "template":
        return TemplateWriter()
    student = stored.get("student") if options.writer == "student" else None
    if options.writer == "student" and student is None:
        raise ModelError(
            "no student serves; next: `kedro run --pipelines churn` and `kedro promote churn`, or "
            "--writer model"
        )
    name = options.student if student else options.model
    spec = spec_of(stored["model_lock"], name)
    generator = Generator(
        verify(spec, Path(stored["model_root"])),
        dtype=options.dtype,
        batch_size=options.batch_size,
        adapter=student,
    )
    if student:
        return StudentWriter(
            name=f"{spec.name} ({spec.version}), tuned ({generator.weights_sha256})",
            generator=generator,
            prompt=ExercisePrompt.model_validate(stored["prompts"]["exercise"]),
            languages=spec.languages,
            max_new_tokens=options.max_answer_tokens,
        )
    shaped = options.sentences == "shaped"
    return ModelWriter(
        name=f"{spec.name} ({spec.version})",
        generator=generator,
        system=stored["prompts"]["system"],
        languages=spec.languages,
        shapes=load_shapes(stored) if shaped else None,
        max_new_tokens=options.max_new_tokens,
    )


def load_analyst(stored: Stored, indexing: IndexingOptions, options: InferenceOptions) -> Analyst:
    """Put together everything that a question needs, models loaded."""
    population = load_population(
        stored["schema"], stored["table"], stored["feedback"], stored["reasons"]
    )
    noun = population.schema.noun
    return Analyst(
        population=population,
        corpus=load_corpus(stored, indexing, options),
        wording=Wording.model_validate(in_words_of(noun, stored["prompts"]["wording"])),
        writer=load_writer(stored, options),
        options=options,
        common_words=frozenset(stored["prompts"]["common_words"]) | {noun.en.lower()},
    )


def check_customers(keys: pd.Series, others: pd.Series | None, name: str) -> None:
    """Refuse rows that are not of the same customers, in the same order, as the table's.

    Args:
        keys: of the table, one a row.
        others: the customers of another dataset's rows; None when it does not say.
        name: of that dataset.

    Raises:
        DatasetError: when they differ, as after a run that was stopped.
    """
    same = others is not None and len(keys) == len(others)
    if not same or (keys.to_numpy() != others.to_numpy()).any():  # type: ignore[union-attr]
        raise DatasetError(
            f"{name}: the rows are not of the customers of the table; expected both from one run: "
            "run every stage again"
        )
