"""Training rows of the questions that passages are known to answer, each passage over other facts.

The answer is the passage itself. Its figures are drawn anew for every row, so that a student can
only read them off the passage that it is shown, and a fact that changes needs no training.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from random import Random

from churnlens.schema import Language
from churnlens.tasks.service.handbook import Fact, Handbook
from churnlens.tasks.service.plans import ON_WISH, RULED
from churnlens.tasks.service.prompts import ServicePrompts, joined
from churnlens.tasks.service.rows import Find, Row, Shown, row_of, with_others
from churnlens.tasks.service.scripts import Said, Status

_FACTORS = (0.4, 0.6, 0.8, 1.2, 1.5, 2.0)


def question_rows(
    handbook: Handbook,
    prompts: ServicePrompts,
    find: Find,
    shown: int,
    languages: Iterable[Language],
    seed: int,
) -> list[Row]:
    """Return a row for every question; a case is also asked for what it needs.

    Args:
        handbook: whose questions are asked.
        prompts: of the system turn, and of what a case is asked.
        find: brings the passages that stand beside the right one.
        shown: passages in a row.
        languages: of the questions.
        seed: of the facts.

    Returns:
        Rows as of `rows.training_rows`. A family is what one passage answers; where it asks, turns
        down or hands over, each question is one of its own, or too few of these rows were learned.
    """
    draw = Random(seed)  # noqa: S311
    rows = []
    for language in languages:
        for key, question in handbook.questions(language):
            keys = with_others([key], find(question, language), shown)
            system = Shown(other_facts(handbook, draw), prompts, language, keys)
            name = hashlib.sha256(question.encode()).hexdigest()[:8]
            asked = [{"role": "user", "content": question}]
            said = _said(key, system)
            family = key if said.status == "answered" else f"{key}-{name}"
            rows.append(row_of(f"{language}-{key}-{name}", family, system, said, asked))
    return rows


def other_facts(handbook: Handbook, draw: Random) -> Handbook:
    """Return the handbook with another figure in each fact, of the same kind and size."""
    facts = {name: _another(value, draw) for name, value in handbook.facts.items()}
    return handbook.model_copy(update={"facts": facts})


def _another(value: Fact, draw: Random) -> Fact:
    if isinstance(value, str):  # 16:00
        hours = [f"{n:02d}" for n in range(24) if not value.startswith(f"{n:02d}")]
        return re.sub(r"\d+", draw.choice(hours), value, count=1)
    if isinstance(value, float):
        return round(value * draw.choice(_FACTORS), 2)
    low, high = sorted((value // 3, 3 * value + 1))
    drawn = draw.randint(low if value < 1 else max(1, low), high)
    return drawn if drawn != value else value + 1


def _said(key: str, system: Shown) -> Said:
    """Return what the assistant says where a passage was found and nothing else is known."""
    passage, language = system.handbook.passages[key], system.language
    texts = [system.handbook.text(key, language)]
    status: Status = "handed_over" if key in ON_WISH else RULED.get(key, "answered")
    if passage.needs:
        status = "asks"
        texts.append(system.prompts.asks[passage.needs[0]].of(language))
    return Said(text=joined(texts, language), status=status, citations=(key,))
