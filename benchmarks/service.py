"""How well the assistant finds, refuses and routes: `python benchmarks/service.py ENCODER [SIDE]`.

ENCODER is the folder of multilingual-e5-small; SIDE is test (default) or dev. The handbook,
the written dialogues and the general rows are known to the assistant, no question of the bench.
With `CHURNLENS_REAL_DATA` set, routing is also learned from the public support requests, in five
folds of whole template families.
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
    side: bench.Side = "dev" if sys.argv[2:] == ["dev"] else "test"
    knowledge = known(encoder)

    def ours(messages: Sequence[Message]) -> Reply:
        return reply(messages, knowledge)

    def floor(messages: Sequence[Message]) -> Reply:
        return nearest_faq(messages, knowledge)

    for name, assistant in (("assistant, template writer", ours), ("nearest FAQ", floor)):
        print(f"{name}, {side}")
        judge(assistant, knowledge, side)
    if root := os.environ.get("CHURNLENS_REAL_DATA"):
        route(Path(root) / "customer_support" / "bitext_customer_support.csv", encoder)


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
    passed = scores.passed(assistant, bench.tasks(BENCH / "service_tasks.yml"))
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
    intents = [row["intent"] for row in rows]
    texts = [
        row["instruction"].replace(row["entity_value"] or "\0", "").strip() or "-" for row in rows
    ]
    families = np.array(template_families(texts, intents))
    folds = fold_of(families)
    for name, used in (("words", None), ("words and meaning", encoder)):
        right = np.zeros(len(texts))
        for fold in range(FOLDS):
            train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            router = train_router([texts[i] for i in train], [intents[i] for i in train], used)
            said = router.probabilities([texts[i] for i in test]).argmax(axis=1)
            right[test] = [
                router.intents[at] == intents[i] for at, i in zip(said, test, strict=True)
            ]
            print(f"    {name}, fold {fold + 1}: {right[test].mean():.3f} of {len(test)}")
        found = bootstrap_groups(np.mean, families, right)
        print(
            f"  routing by {name} {found.value:.3f} [{found.low:.3f}, {found.high:.3f}], "
            f"{len(texts)} requests in {len(set(families))} families"
        )


def fold_of(families: np.ndarray) -> np.ndarray:
    """Return the fold of each row; whole families only."""
    return np.array([int(hashlib.sha256(f.encode()).hexdigest(), 16) % FOLDS for f in families])


def show(name: str, right: Sequence[bool]) -> None:
    """Print one share."""
    result = scores.share(right)
    print(f"  {name} {result.value:.3f} [{result.low:.3f}, {result.high:.3f}], n {result.n}")


if __name__ == "__main__":
    main()
