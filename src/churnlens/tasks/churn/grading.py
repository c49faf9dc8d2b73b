"""A written answer held against its exercise, sentence by sentence, by the checks of serving.

What counts is what was written, before anything is dropped. The marks decide which evidence a
sentence is held against, so that a sentence without marks supports nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from churnlens.evidence.checks import check, foreign_words, numbers
from churnlens.evidence.statements import Finding
from churnlens.schema import Frozen
from churnlens.tasks.churn.exercise import Exercise, Sentence, as_claim, read_answer

_CJK = re.compile(r"[\u3400-\u9fff]")
Share = tuple[int, int]


class Graded(Frozen):
    """One sentence, judged.

    Attributes:
        sentence: as written.
        fault: key of the first check that it fails; empty where it stands.
        named: mark of the fact that it is about, if it marks one and names its subject.
        numbers: numbers that its fact prints, of those in the text.
        documents: marks of documents that show its fact, of those cited.
    """

    sentence: Sentence
    fault: str
    named: str
    numbers: Share
    documents: Share


class Grade(Frozen):
    """A whole answer, judged; a share is (right, of how many).

    Attributes:
        is_json: one JSON object and nothing else.
        status_right, risk_right, language_right: as the exercise has them.
        sentences: summary and reasons, each judged; of a refusal its reasons, as unfounded.
        support: sentences that stand with all their citations.
        numbers, documents: over all sentences, the summary of a refusal too.
        drivers: drivers named, of the candidates (drivers or not) that are named as reasons.
        drivers_named: drivers named, of those shown.
        coverage: facts of the whole evidence that a standing sentence says.
        citations_right: whether `citations` lists what the sentences cite.
        actions_right: whether all `actions` were offered, and are said once.
        reason_right: whether a refusal holds the computed reason word by word.
        repeated: sentences about a fact that was said before.
        text: all that was said, without marks.
    """

    is_json: bool
    status_right: bool
    risk_right: bool
    language_right: bool
    sentences: tuple[Graded, ...]
    support: Share
    numbers: Share
    documents: Share
    drivers: Share
    drivers_named: Share
    coverage: Share
    citations_right: bool
    actions_right: bool
    reason_right: bool
    repeated: int
    text: str

    @property
    def faults(self) -> tuple[str, ...]:
        """Everything that keeps the answer from being taught."""
        shares = ("support", "numbers", "documents", "drivers", "drivers_named", "coverage")
        found = [f"{name}_incomplete" for name in shares if _below(getattr(self, name))]
        rights = ("status", "risk", "language", "citations", "actions", "reason")
        flags = ("is_json", *(f"{name}_right" for name in rights))
        found += [name for name in flags if not getattr(self, name)]
        found += [graded.fault for graded in self.sentences if graded.fault]
        return tuple(dict.fromkeys([*found, *(["repeated"] if self.repeated else [])]))


def _below(share: Share) -> bool:
    return share[0] < share[1]


def grade(text: str, exercise: Exercise, common_words: Collection[str]) -> Grade:
    """Judge what a model wrote.

    Args:
        text: raw.
        exercise: that it was written for.
        common_words: English words that any sentence may use.
    """
    written = read_answer(text)
    brief = exercise.brief
    feedback = foreign_words([document.quote for document in brief.documents], common_words)
    answered = bool(exercise.facts)
    said = written.sentences if answered else written.reasons
    graded = tuple(_grade_sentence(each, exercise, feedback) for each in said)
    plain = " ".join(sentence.text for sentence in written.sentences)
    refusal = written.summary.text if written.summary and not answered else ""
    known = f"{brief.refusal} {brief.group} {brief.question}"
    refused = _printed(refusal, known)
    standing = {each.named for each in graded if not each.fault}
    facts = [each.sentence.facts[0] for each in graded if each.named]
    cited = {mark for each in graded for mark in each.sentence.documents}
    return Grade(
        is_json=written.is_json,
        status_right=written.status == brief.status,
        risk_right=written.risk_level == brief.risk_level,
        language_right=bool(plain) and bool(_CJK.search(plain)) == (brief.language == "zh"),
        sentences=graded,
        support=(sum(not each.fault for each in graded), max(len(graded), int(answered))),
        numbers=_total([*(each.numbers for each in graded), refused]),
        documents=_total(each.documents for each in graded),
        **_drivers(exercise, facts),
        coverage=(len(standing & set(exercise.reportable)), len(exercise.reportable)),
        citations_right=set(written.citations) == cited,
        actions_right=set(written.actions) <= exercise.actions.keys()
        and len(set(written.actions)) == len(written.actions),
        reason_right=answered or brief.refusal.casefold() in refusal.casefold(),
        repeated=len(facts) - len(set(facts)),
        text=plain,
    )


def _total(shares: Any) -> Share:
    pairs = list(shares)
    return sum(right for right, _ in pairs), sum(of for _, of in pairs)


def _drivers(exercise: Exercise, facts: list[str]) -> dict[str, Share]:
    kinds = {mark: exercise.facts[mark].kind for mark in exercise.facts}
    named = {mark for mark in facts if kinds[mark] in ("driver", "rejected")}
    right = {mark for mark in named if kinds[mark] == "driver"}
    shown = [mark for mark, kind in kinds.items() if kind == "driver"]
    return {"drivers": (len(right), len(named)), "drivers_named": (len(right), len(shown))}


def _grade_sentence(sentence: Sentence, exercise: Exercise, feedback: frozenset[str]) -> Graded:
    drafted = as_claim(sentence, exercise)
    if drafted is None:
        written = len(numbers(sentence.text))
        fault = "no_fact" if not sentence.facts else "unclear_fact"
        return Graded(
            sentence=sentence,
            fault=fault,
            named="",
            numbers=(0, written),
            documents=(0, len(sentence.documents)),
        )
    claim, finding = drafted
    brief = exercise.brief
    kept, drops = check(claim, finding, brief.statistics, brief.language, feedback)
    shown = set(exercise.cited_by(sentence.facts[0]))
    right = sum(mark in shown for mark in sentence.documents)
    fault = drops[0].why if kept is None or drops else ""
    if not fault and right < len(sentence.documents):
        fault = "unknown_document"
    about = finding.subject.casefold() in sentence.text.casefold()
    return Graded(
        sentence=sentence,
        fault=fault,
        named=sentence.facts[0] if about else "",
        numbers=_matching(sentence.text, finding),
        documents=(right, len(sentence.documents)),
    )


def _matching(text: str, finding: Finding) -> Share:
    """Return how many numbers of a sentence its fact prints; those in names are none."""
    for name in sorted((finding.subject, finding.other), key=len, reverse=True):
        text = re.sub(re.escape(name), " ", text, flags=re.IGNORECASE) if name else text
    return _printed(text, f"{finding.headline} {finding.figures} {finding.sentence}")


def _printed(text: str, source: str) -> Share:
    """Return how many numbers of a text a source prints, of how many."""
    said, known = numbers(text), set(numbers(source))
    return sum(number in known for number in said), len(said)
