"""A small analyst over simulated customers; words stand in for the encoder, a script for the model."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from churnlens.evaluation.question_bench import generate, read_bench
from churnlens.evidence.drivers import build_panel
from churnlens.evidence.study import Population
from churnlens.evidence.themes import POLARITIES, label_feedback
from churnlens.evidence.wording import Wording
from churnlens.options import InferenceOptions
from churnlens.pipelines.data_processing.validation import find_faults
from churnlens.retrieval.dense import build_index
from churnlens.retrieval.lexical import LexicalIndex
from churnlens.retrieval.search import HybridRetriever
from churnlens.retrieval.tokenize import tokenize
from churnlens.schema import read_schema
from churnlens.simulation import simulate_customers
from churnlens.tasks.churn.analyst import Analyst
from churnlens.tasks.churn.curriculum import set_lessons, take_evenly
from churnlens.tasks.churn.illustrations import Corpus, first_labels
from churnlens.tasks.churn.writers import TemplateWriter

ROOT = Path(__file__).parents[3]
PROMPTS = yaml.safe_load((ROOT / "prompts" / "churn.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def schema():
    return read_schema(ROOT / "conf" / "base" / "schemas" / "telco.yml")


@pytest.fixture(scope="session")
def demo():
    return simulate_customers(2500, seed=11)


@pytest.fixture(scope="session")
def table(demo, schema):
    table, faults = find_faults(demo.customers, schema)
    assert not faults
    return table


@pytest.fixture(scope="session")
def population(table, schema):
    feedback = table["CustomerFeedback"]
    return Population(
        schema=schema,
        table=table,
        panel=build_panel(table, schema),
        reasons=label_feedback(feedback.tolist(), schema),
        has_feedback=(feedback != "").to_numpy(bool),
    )


@pytest.fixture(scope="session")
def corpus(population):
    texts = population.table["CustomerFeedback"].tolist()
    vectors = np.random.default_rng(0).normal(size=(len(texts), 8)).astype(np.float32)
    retriever = HybridRetriever(
        lexical=LexicalIndex.build([tokenize(text) for text in texts]),
        index=build_index(vectors),
        vectors=vectors,
        texts=texts,
    )
    labels = {p: first_labels(population.reasons, p, len(texts)) for p in POLARITIES}
    return Corpus(retriever, None, ("en",), texts, labels)


@pytest.fixture(scope="session")
def make_analyst(population, corpus):
    def make(writer=None, **options) -> Analyst:
        return Analyst(
            population=population,
            corpus=corpus,
            wording=Wording.model_validate(PROMPTS["wording"]),
            writer=writer or TemplateWriter(),
            options=InferenceOptions(**options),
            common_words=frozenset(PROMPTS["common_words"]),
        )

    return make


@pytest.fixture(scope="session")
def bench():
    path = ROOT / "conf" / "base" / "bench" / "telco.yml"
    return read_bench(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def asked(bench):
    """A development question of every category in each language."""
    questions = generate(bench, "dev", 7)
    kinds = [f"{each.language} {each.category}" for each in questions]
    return take_evenly(questions, kinds, len(set(kinds)))


@pytest.fixture(scope="session")
def lessons(make_analyst, asked):
    """Those questions that are read as meant, with few and with many documents."""
    return set_lessons(make_analyst(), asked, (3, 7), "training")[0]
