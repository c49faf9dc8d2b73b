"""Whole answers to write and to learn, from demo customers: for `generate.py` and `train.py`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from beside import side_by_side

from churnlens.evaluation.question_bench import generate, read_bench
from churnlens.evidence.drivers import build_panel
from churnlens.evidence.study import Population
from churnlens.evidence.themes import POLARITIES, label_feedback
from churnlens.evidence.wording import Wording
from churnlens.models.generation import Completion, Generator, Request
from churnlens.models.loading import load_causal_lm, load_tokenizer
from churnlens.options import InferenceOptions
from churnlens.pipelines.data_processing.validation import find_faults
from churnlens.retrieval import HybridRetriever, LexicalIndex, build_index
from churnlens.retrieval.tokenize import tokenize
from churnlens.schema import read_schema
from churnlens.simulation import simulate_customers
from churnlens.tasks.churn.analyst import Analyst
from churnlens.tasks.churn.curriculum import Lesson, set_lessons, take_evenly
from churnlens.tasks.churn.exercise import ExercisePrompt, messages, set_exercise
from churnlens.tasks.churn.illustrations import Corpus, first_labels
from churnlens.tasks.churn.teachers import Phrasings, ReferenceTeacher
from churnlens.tasks.churn.writers import TemplateWriter

MODEL = Path("data/06_models/pretrained/SmolLM2-135M-Instruct")
PROMPTS = yaml.safe_load(Path("prompts/churn.yml").read_text(encoding="utf-8"))
PROMPT = ExercisePrompt.model_validate(PROMPTS["exercise"])
CUSTOMERS, DEPTH = 2_500, 5


class OneByOne:
    """The usual way: one prompt, one call."""

    def __init__(self) -> None:
        """Load the model as transformers does."""
        self.model, self.tokenizer = load_causal_lm(MODEL, "bfloat16"), load_tokenizer(MODEL)

    def write(self, request: Request, tokens: int) -> str:
        """Return a text of just so many new tokens."""
        turns = [message.model_dump() for message in request.messages]
        inputs = self.tokenizer.apply_chat_template(
            turns, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        made = self.model.generate(
            **inputs,
            max_new_tokens=tokens,
            min_new_tokens=tokens,
            do_sample=False,
            pad_token_id=self.tokenizer.pad_token_id,
        )
        return str(self.tokenizer.decode(made[0, inputs["input_ids"].shape[1] :]))


def against_one_by_one(
    ours: Generator, requests: Sequence[Request]
) -> tuple[dict[str, dict[str, float]], list[Completion]]:
    """Time a generator's batches against the usual way, once each.

    Returns:
        The times of both ways, ours first, and what ours wrote; theirs writes as many tokens.
    """
    usual, written = OneByOne(), list[Completion]()
    ways = {
        "in batches": lambda: written.extend(ours.generate(requests)),
        "one by one": lambda: [
            usual.write(request, done.tokens)
            for request, done in zip(requests, written, strict=True)
        ],
    }
    return side_by_side(ways, 1), written


def make_analyst(seed: int = 11) -> Analyst:
    """Return an analyst of demo customers; vectors are noise, so words alone find feedback."""
    schema = read_schema(Path("conf/base/schemas/telco.yml"))
    table, _ = find_faults(simulate_customers(CUSTOMERS, seed=seed).customers, schema)
    texts = table["CustomerFeedback"].tolist()
    vectors = np.random.default_rng(seed).normal(size=(len(texts), 8)).astype(np.float32)
    reasons = label_feedback(texts, schema)
    population = Population(
        schema=schema,
        table=table,
        panel=build_panel(table, schema),
        reasons=reasons,
        has_feedback=(table["CustomerFeedback"] != "").to_numpy(bool),
    )
    lexical = LexicalIndex.build([tokenize(text) for text in texts])
    labels = {each: first_labels(reasons, each, len(texts)) for each in POLARITIES}
    retriever = HybridRetriever(lexical, build_index(vectors), vectors, texts=texts)
    return Analyst(
        population=population,
        corpus=Corpus(retriever, None, ("en",), texts, labels),
        wording=Wording.model_validate(PROMPTS["wording"]),
        writer=TemplateWriter(),
        options=InferenceOptions(),
        common_words=frozenset(PROMPTS["common_words"]),
    )


def make_lessons(count: int) -> list[Lesson]:
    """Return so many English questions with their evidence, evenly from all families."""
    path = Path("conf/base/bench/telco.yml")
    bench = read_bench(yaml.safe_load(path.read_text(encoding="utf-8")))
    spoken = [each for each in generate(bench, "dev", 7) if each.language == "en"]
    asked = take_evenly(spoken, [each.family for each in spoken], 2 * count)
    return set_lessons(make_analyst(), asked, (DEPTH,), "training")[0][:count]


def make_rows(lessons: Sequence[Lesson]) -> list[dict[str, Any]]:
    """Return one row of messages a lesson, with the answer of the reference teacher."""
    replies = ReferenceTeacher(Phrasings.read(PROMPTS["phrasings"]), seed=7).answer(lessons)
    asked = [messages(set_exercise(each.brief), PROMPT) for each in lessons]
    return [
        {
            "id": lesson.id,
            "messages": [
                *(message.model_dump() for message in prompt),
                {"role": "assistant", "content": reply.text},
            ],
        }
        for lesson, prompt, reply in zip(lessons, asked, replies, strict=True)
    ]
