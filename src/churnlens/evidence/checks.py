"""What a writer says, held against what the evidence shows; what is not supported is dropped.

Nothing is ever repaired or topped up: a claim stands as written, or it goes and is counted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence, Set

from churnlens.evidence.statements import Finding, Statistic
from churnlens.schema import Frozen, Language

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_CJK = re.compile(r"[\u3400-\u9fff]")
_CAUSAL = re.compile(
    r"\b(?:caus(?:e[sd]?|ing|al)|because|due to|leads? to|led to|results? (?:in|of|from)|drives?|"
    r"driven|thanks to|owing to|makes?|made|push(?:es|ed)?|trigger(?:s|ed)?|explains?|"
    r"responsible for|reasons?)\b|导致|造成|因为|由于|使得|引起|让|促使|致使|引发|归因|之所以",
    re.IGNORECASE,
)
_NEGATION = re.compile(r"\b(?:not|no|never|neither|nor|hardly|without)\b|n't|不|没|无|非|未", re.I)
_COUNTING = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|dozens?|hundreds?|thousands?|twice|"
    r"thrice|doubl\w+|tripl\w+|times|half|halves|thirds?|quarters?|most|majority|almost|nearly|all|"
    r"every|everyone|everybody|nobody|none|percent)\b"
    r"|[〇零一二三四五六七八九十百千万两半]+(?:倍|成|个|名|人|分)|倍|多数|大部分|几乎|全部|所有|每",
    re.IGNORECASE,
)
_OUTCOMES = {
    "left": re.compile(r"\b(?:leav\w+|left|churn\w*|quit\w*|cancel\w*)\b|流失|离开|离网", re.I),
    "stayed": re.compile(r"\b(?:stay\w*|remain\w*|retain\w*|loyal\w*)\b|留存|留下|留住", re.I),
}
_MORE = re.compile(r"\b(?:more|higher|above|increased?|raised?)\b|更多|更高|较高|更容易", re.I)
_LESS = re.compile(r"\b(?:less|lower|below|fewer|decreased?|reduced?)\b|更少|更低|较低|更不", re.I)


class Claim(Frozen):
    """One sentence of an answer with the evidence that it stands on.

    Attributes:
        text: the sentence.
        stat_ids: ids of `statistics`.
        doc_ids: keys of the customers whose feedback illustrates it.
    """

    text: str
    stat_ids: tuple[str, ...]
    doc_ids: tuple[str, ...] = ()


class Drop(Frozen):
    """Something that was written and not kept.

    Attributes:
        what: a whole claim, or one citation of it.
        text: what was dropped, cut at 200 characters.
        why: key of the check that failed.
    """

    what: str
    text: str
    why: str


def numbers(text: str) -> tuple[str, ...]:
    """Return the numbers of a text without thousands separators, in order."""
    return tuple(re.sub(r",(?=\d{3})", "", each) for each in _NUMBER.findall(text))


def _shown_numbers(statistics: Collection[Statistic], language: Language) -> set[str]:
    """Return every number that the statistics print, their groups' names included."""
    shown = [f"{s.shown(language)} {s.shown_interval(language)} {s.about}" for s in statistics]
    return {number for text in shown for number in numbers(text)}


def _predicate(text: str, finding: Finding) -> str:
    """Return what a claim says of its groups: without their names, and without its figures.

    Names of groups hold words of direction and numbers of their own ("tenure more than 12").
    """
    parts = (finding.subject, finding.other, f"({finding.figures})")
    for part in sorted(parts, key=len, reverse=True):
        if part not in ("", "()"):
            text = re.sub(re.escape(part), " ", text, flags=re.IGNORECASE)
    return text


def _contradicts(predicate: str, finding: Finding) -> bool:
    """Whether a claim says another direction than the figures, or one where they leave it open."""
    says_more, says_less = bool(_MORE.search(predicate)), bool(_LESS.search(predicate))
    if finding.more is None:
        return says_more != says_less
    return (says_less and not says_more) if finding.more else (says_more and not says_less)


def _other_outcome(predicate: str, finding: Finding) -> bool:
    """Whether a claim speaks of the outcome that was not asked for; themes speak of both."""
    opposite = {"left": "stayed", "stayed": "left"}[finding.outcome]
    return finding.kind != "theme" and bool(_OUTCOMES[opposite].search(predicate))


def _words(text: str) -> set[str]:
    """Return the words of a text: of letters, and overlapping threes of Chinese signs."""
    signs = re.findall(r"[\u3400-\u9fff]{3,}", text)
    threes = {run[place : place + 3] for run in signs for place in range(len(run) - 2)}
    other = re.findall(r"[^\W\d_a-z\u3400-\u9fff]+", text.casefold())
    return {*re.findall(r"[a-z]{2,}", text.casefold()), *other} | threes


def _faults(
    claim: Claim,
    finding: Finding,
    statistics: Mapping[str, Statistic],
    language: Language,
    feedback: Set[str],
) -> Iterator[str]:
    if finding.kind == "rejected":
        yield "not_reported"
    if not set(claim.stat_ids) <= statistics.keys():
        yield "unknown_statistic"
    if not set(claim.stat_ids) <= set(finding.stat_ids):
        yield "not_its_statistic"
    cited = _shown_numbers([statistics[key] for key in claim.stat_ids], language)
    if not set(numbers(claim.text)) <= cited | set(numbers(finding.subject)):
        yield "number_not_in_table"
    if bool(_CJK.search(claim.text)) != (language == "zh"):
        yield "other_language"
    if finding.subject.casefold() not in claim.text.casefold():
        yield "not_about_its_subject"
    if claim.text != finding.sentence:
        yield from _faults_of_words(claim.text, finding, feedback)


def _faults_of_words(text: str, finding: Finding, feedback: Set[str]) -> Iterator[str]:
    """Yield what a sentence in a writer's own words must not hold."""
    predicate = _predicate(text, finding)
    own = f"{finding.sentence} {finding.subject} {finding.other} {finding.figures}"
    if numbers(predicate):
        yield "loose_number"
    if _words(text) & feedback - _words(own):
        yield "repeats_feedback"
    if _CAUSAL.search(predicate):
        yield "causal_wording"
    if _contradicts(predicate, finding):
        yield "contradicts_the_table"
    if _other_outcome(predicate, finding):
        yield "other_outcome"
    if _NEGATION.search(predicate) and not _NEGATION.search(finding.sentence):
        yield "negated"
    if _COUNTING.search(predicate):
        yield "number_in_words"


def fault_of(
    claim: Claim,
    finding: Finding,
    statistics: Mapping[str, Statistic],
    language: Language,
    feedback: Set[str] = frozenset(),
) -> str:
    """Return the key of the first check that a claim about `finding` fails, or "".

    The finding's own sentence stands on its statistics by construction. Any other sentence names
    its subject word by word, and holds no number but the finding's figures, verbatim in brackets.
    Keys: `not_reported` (the finding is no driver), `unknown_statistic`, `not_its_statistic`,
    `number_not_in_table`, `other_language`, `not_about_its_subject`, `loose_number`,
    `repeats_feedback`, `causal_wording`, `contradicts_the_table`, `other_outcome`, `negated`,
    `number_in_words`.

    Args:
        claim: as written.
        finding: what the writer was asked to say.
        statistics: every cell of the evidence table.
        language: of the question.
        feedback: words that only the shown feedback holds, see `foreign_words`.
    """
    return next(_faults(claim, finding, statistics, language, feedback), "")


def foreign_words(quotes: Collection[str], vocabulary: Collection[str]) -> frozenset[str]:
    """Return the words of feedback that a claim may not take over.

    A claim stands on statistics. Whoever writes an order, a name or a code word into feedback must
    not find it in an answer, outside the quote that is shown as such.

    Args:
        quotes: the feedback that the writer was shown.
        vocabulary: words that anybody may use.
    """
    return frozenset(_words(" ".join(quotes)) - {word.casefold() for word in vocabulary})


def check(
    claim: Claim,
    finding: Finding,
    statistics: Mapping[str, Statistic],
    language: Language,
    feedback: Set[str] = frozenset(),
) -> tuple[Claim | None, list[Drop]]:
    """Hold one claim against its finding; arguments as in `fault_of`.

    Returns:
        The claim with the citations that support it, or None; and what was dropped.
    """
    if fault := fault_of(claim, finding, statistics, language, feedback):
        return None, [Drop(what="claim", text=claim.text[:200], why=fault)]
    kept = tuple(dict.fromkeys(key for key in claim.doc_ids if key in finding.doc_ids))
    drops = [
        Drop(what="citation", text=key[:200], why="document_does_not_support")
        for key in claim.doc_ids
        if key not in finding.doc_ids
    ]
    return claim.model_copy(update={"doc_ids": kept}), drops


def check_all(
    claims: Sequence[tuple[Claim, Finding]],
    statistics: Mapping[str, Statistic],
    language: Language,
    feedback: Set[str] = frozenset(),
) -> tuple[tuple[Claim, ...], tuple[Drop, ...]]:
    """Check claims in order; another one about a finding that was said is dropped as `repeated`."""
    kept: list[tuple[Claim, Finding]] = []
    dropped: list[Drop] = []
    for claim, finding in claims:
        checked, drops = check(claim, finding, statistics, language, feedback)
        dropped += drops
        if checked and any(finding == said or checked.text == one.text for one, said in kept):
            dropped.append(Drop(what="claim", text=claim.text[:200], why="repeated"))
        elif checked:
            kept.append((checked, finding))
    return tuple(claim for claim, _ in kept), tuple(dropped)
