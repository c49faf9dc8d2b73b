"""How well the assistant finds, refuses and routes: `python benchmarks/service.py ENCODER [SIDE]`.

ENCODER is the folder of multilingual-e5-small; SIDE is test (default) or dev. The handbook,
the written dialogues and the general rows are known to the assistant, no question of the bench.
With `CHURNLENS_REAL_DATA` set, routing is also learned from the public support requests:
`CHURNLENS_REAL_DATA=FOLDER python benchmarks/service.py ENCODER routing` prints that alone. A fifth
of the template families is held out; the others are cross-validated by family and then teach.
"""

from __future__ import annotations

import csv
import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np

from churnlens.evaluation.intervals import bootstrap_groups
from churnlens.models.embedding import Encoder, TextEncoder
from churnlens.models.generation import Message
from churnlens.options import AssistantOptions
from churnlens.tasks.service import bench, scores
from churnlens.tasks.service.floor import nearest_faq
from churnlens.tasks.service.knowledge import Knowledge
from churnlens.tasks.service.loading import Remembered
from churnlens.tasks.service.opening import open_knowledge
from churnlens.tasks.service.reply import Reply, reply
from churnlens.tasks.service.routing import template_families, train_router

FOLDS = 5
CONF, BENCH = Path("conf/base/service"), Path("conf/base/bench")


def main() -> None:
    """Print every share with its interval."""
    encoder = Remembered(Encoder(Path(sys.argv[1])))
    if sys.argv[2:] == ["routing"]:
        route(public_requests(), encoder)
        return
    side: bench.Side = "dev" if sys.argv[2:] == ["dev"] else "test"
    knowledge = known(encoder)

    def ours(messages: Sequence[Message]) -> Reply:
        return reply(messages, knowledge)

    def floor(messages: Sequence[Message]) -> Reply:
        return nearest_faq(messages, knowledge)

    for name, assistant in (("assistant, template writer", ours), ("nearest FAQ", floor)):
        print(f"{name}, {side}")
        judge(assistant, knowledge, side)
    if "CHURNLENS_REAL_DATA" in os.environ:
        route(public_requests(), encoder)


def public_requests() -> Path:
    """Return the file of the public support requests."""
    root = Path(os.environ["CHURNLENS_REAL_DATA"])
    return root / "customer_support" / "bitext_customer_support.csv"


def known(encoder: TextEncoder) -> Knowledge:
    """Return the assistant's knowledge, as it is served."""
    return open_knowledge(CONF, Path("prompts/service.yml"), encoder, AssistantOptions())


def judge(assistant: scores.Assistant, knowledge: Knowledge, side: bench.Side) -> None:
    """Print what the bench says of an assistant."""
    handbook, rules = knowledge.handbook, knowledge.rules
    questions = bench.fact_questions(BENCH / "service_facts.yml", handbook, side)
    right, replies = scores.facts_right(assistant, questions)
    asked = [question.text for question in questions]
    invented = [
        scores.invents(got, [text], handbook, rules)
        for got, text in zip(replies, asked, strict=True)
    ]
    show("facts right", right)
    for language in bench.LANGUAGES:
        pairs = zip(right, questions, strict=True)
        show(f"facts right, {language}", [ok for ok, q in pairs if q.language == language])
    show("invented", invented)
    show("language", scores.language_right(replies, [q.language for q in questions]))
    cases = bench.conduct_cases(BENCH / "service_conduct.yml", side)
    done = scores.conduct_right(assistant, cases)
    show("conduct right", done)
    for status in get_args(bench.Status):
        found = [ok for ok, case in zip(done, cases, strict=True) if case.status == status]
        show(f"conduct, {status}", found)
    texts = bench.injections(BENCH / "service_injections.yml")
    system = knowledge.prompts.system.en + knowledge.prompts.system.zh
    got = [assistant(scores.first_turn(text)) for text in texts]
    show("injections resisted", [scores.resisted(each, system, rules) for each in got])
    show("injections named", ["conduct.instructions" in each.citations for each in got])
    tasks = bench.tasks(BENCH / "service_tasks.yml")
    customers = [said for task in tasks for said in task.customers]
    turns = [scores.inventions(scores.led(assistant, s), s, handbook, rules) for s in customers]
    show("invented, turns of conversations", [each for turn in turns for each in turn])
    passed = scores.passed(assistant, tasks)
    show("task runs passed", [ok for each in passed.values() for ok in each])
    result = scores.pass_all(passed)
    print(f"  pass^5 {result.value:.3f} [{result.low:.3f}, {result.high:.3f}], {result.n} tasks")
    failed = {name: each for name, each in passed.items() if not all(each)}
    if side == "dev":
        show_failures(questions, replies, right, cases, done)
        print(f"  failed tasks: {failed}")


def show_failures(
    questions: Sequence[bench.FactQuestion],
    replies: Sequence[Reply],
    right: Sequence[bool],
    cases: Sequence[bench.ConductCase],
    done: Sequence[bool],
) -> None:
    """Print what went wrong on the development side; never on the test side."""
    for question, got, ok in zip(questions, replies, right, strict=True):
        if not ok:
            print(f"  {question.fact} ({question.language}): {got.status} {got.citations}")
    for case, ok in zip(cases, done, strict=True):
        if not ok:
            print(f"  expected {case.status}: {case.text}")


def route(path: Path, encoder: TextEncoder) -> None:
    """Print the accuracy of routing learned from public requests, on held-out families."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    intents = np.array([row["intent"] for row in rows])
    texts = [
        row["instruction"].replace(row["entity_value"] or "\0", "").strip() or "-" for row in rows
    ]
    families = np.array(template_families(texts, intents.tolist()))
    folds = fold_of(families)
    taught, asked = np.flatnonzero(folds > 0), np.flatnonzero(folds == 0)
    print(f"routing: {len(set(families[taught]))} families teach, {len(set(families[asked]))} not")
    for name, arm in ARMS.items():
        tuned = np.concatenate(
            [
                arm(texts, intents, taught[folds[taught] != fold], asked_of, encoder)
                == intents[asked_of]
                for fold in range(1, FOLDS)
                if len(asked_of := np.flatnonzero(folds == fold))
            ]
        )
        right = (arm(texts, intents, taught, asked, encoder) == intents[asked]).astype(float)
        found = bootstrap_groups(np.mean, families[asked], right)
        print(
            f"  {name}: held out {found.value:.3f} [{found.low:.3f}, {found.high:.3f}] of "
            f"{len(asked)} requests; cross-validated in training {tuned.mean():.3f}"
        )


def routed(
    texts: Sequence[str],
    intents: np.ndarray,
    taught: np.ndarray,
    asked: np.ndarray,
    encoder: TextEncoder | None,
) -> np.ndarray:
    """Return the intents that a fitted router gives; places of rows are given."""
    router = train_router([texts[i] for i in taught], intents[taught].tolist(), encoder)
    said = router.probabilities([texts[i] for i in asked]).argmax(axis=1)
    return np.array(router.intents)[said]


def routed_by_words(
    texts: Sequence[str], intents: np.ndarray, taught: np.ndarray, asked: np.ndarray, _: TextEncoder
) -> np.ndarray:
    """Return what the router says without an encoder."""
    return routed(texts, intents, taught, asked, None)


def nearest_meaning(
    texts: Sequence[str],
    intents: np.ndarray,
    taught: np.ndarray,
    asked: np.ndarray,
    encoder: TextEncoder,
) -> np.ndarray:
    """Return the intent of the request with the nearest vector."""
    vectors = encoder.encode(texts, query=True)
    return np.asarray(intents[taught][(vectors[asked] @ vectors[taught].T).argmax(axis=1)])


def nearest_words(
    texts: Sequence[str], intents: np.ndarray, taught: np.ndarray, asked: np.ndarray, _: TextEncoder
) -> np.ndarray:
    """Return the intent of the request with the nearest TF-IDF."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    weigh = TfidfVectorizer(sublinear_tf=True)
    known = weigh.fit_transform([texts[i] for i in taught])
    likeness = weigh.transform([texts[i] for i in asked]) @ known.T
    return np.asarray(intents[taught][np.asarray(likeness.argmax(axis=1)).ravel()])


ARMS = {
    "router, words and meaning": routed,
    "router, words (TF-IDF and a linear model)": routed_by_words,
    "floor, nearest request by meaning": nearest_meaning,
    "floor, nearest request by TF-IDF": nearest_words,
}


def fold_of(families: np.ndarray) -> np.ndarray:
    """Return the fold of each row; whole families only."""
    return np.array([int(hashlib.sha256(f.encode()).hexdigest(), 16) % FOLDS for f in families])


def show(name: str, right: Sequence[bool]) -> None:
    """Print one share."""
    result = scores.share(right)
    print(f"  {name} {result.value:.3f} [{result.low:.3f}, {result.high:.3f}], n {result.n}")


if __name__ == "__main__":
    main()
