"""Lessons: questions of the bench with the evidence that a writer is given for them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Literal, TypeVar

import pandas as pd

from churnlens.engine.progress import track
from churnlens.evaluation.oracle import Filter, oracle_mask
from churnlens.evaluation.question_bench import BenchQuestion
from churnlens.evidence.query import Query
from churnlens.schema import Frozen, Language
from churnlens.tasks.churn.analyst import Analyst
from churnlens.tasks.churn.briefs import Brief

logger = logging.getLogger(__name__)
Item = TypeVar("Item")
LessonSplit = Literal["training", "validation", "test"]


class Lesson(Frozen):
    """One question with its evidence at one retrieval depth.

    Attributes:
        id: of question and depth.
        family, category: of the question, in the bench.
        depth: how many documents were asked for.
        brief: what a writer is given.
    """

    id: str
    family: str
    category: str
    split: LessonSplit
    language: Language
    depth: int
    brief: Brief


def set_lessons(
    analyst: Analyst,
    questions: Sequence[BenchQuestion],
    depths: Sequence[int],
    split: LessonSplit,
) -> tuple[list[Lesson], list[str]]:
    """Study the questions, each at every depth.

    A question that the parser reads otherwise than its oracle would teach, or test, an answer to
    another question, so it is left out; how well questions are read has its own bench. Fewer
    illustrations are the first of more, so that each question is searched for once.

    Returns:
        The lessons, and the ids of the questions that were left out.
    """
    lessons, misread = [], []
    for question in track(questions, len(questions), f"study {split} questions"):
        query = analyst.parse(question.text)
        if not _is_as_meant(query, question, analyst.population.table):
            misread.append(question.id)
            continue
        study = analyst.study(query)
        shown = analyst.illustrate(study, max(depths, default=1))
        for depth in depths:
            lessons.append(
                Lesson(
                    id=f"{question.id}@{depth}",
                    family=question.family,
                    category=question.category,
                    split=split,
                    language=question.language,
                    depth=depth,
                    brief=analyst.brief(analyst.report(study, shown[:depth])),
                )
            )
    logger.info("%d of %d %s questions left out", len(misread), len(questions), split)
    return lessons, misread


def _is_as_meant(query: Query, question: BenchQuestion, table: pd.DataFrame) -> bool:
    """Whether a question is refused if it should be, and else about what it means."""
    if not question.answerable or not query.answerable:
        return query.answerable == question.answerable
    if question.outcome not in (None, query.outcome) or question.ask != query.ask:
        return False
    read = Query.model_dump(query, mode="json")
    meant = BenchQuestion.model_validate(
        question.model_dump() | {name: read[name] for name in ("cohort", "compare_to")}
    )
    return _same(meant.cohort, question.cohort, table) and _same(
        meant.compare_to, question.compare_to, table
    )


def _same(one: Filter | None, other: Filter | None, table: pd.DataFrame) -> bool:
    if one is None or other is None:
        return one is other
    return oracle_mask(one, table).equals(oracle_mask(other, table))


def take_evenly(items: Sequence[Item], families: Sequence[str], most: int | None) -> list[Item]:
    """Return up to `most` items: the first of every family, then the second of each, ….

    Args:
        items: in any order, which they keep.
        families: of each item.
        most: None takes all.
    """
    if most is None or len(items) <= most:
        return list(items)
    turns: Counter[str] = Counter()
    ranked = []
    for place, family in enumerate(families):
        ranked.append((turns[family], place))
        turns[family] += 1
    return [items[place] for place in sorted(place for _, place in sorted(ranked)[:most])]


def choose_lessons(
    lessons: Sequence[Lesson], split: LessonSplit, languages: Collection[str], most: int | None
) -> list[Lesson]:
    """Return up to `most` lessons of a split: the shallowest of each question, families alike."""
    spoken = [each for each in lessons if each.split == split and each.language in languages]
    least = min((each.depth for each in spoken), default=0)
    shallow = [each for each in spoken if each.depth == least]
    return take_evenly(shallow, [each.family for each in shallow], most)
