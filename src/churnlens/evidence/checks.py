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
    r"\b(?:caus(?:e[sd]?|ing|al)|because|due to|leads? to|led to|results? in|drives?|driven|"
    r"thanks to|owing to)\b|导致|造成|因为|由于|使得|引起",
    re.IGNORECASE,
)
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
    shown = [f"{each.shown(language)} {each.interval(language)}" for each in statistics]
    return {number for text in shown for number in numbers(text)}


def _content_words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]{3,}", text.casefold())}


def _about(text: str, finding: Finding, language: Language) -> bool:
    """Whether a sentence names its subject: most of its words, or in Chinese its characters."""
    if language == "zh":
        wanted, got = set(_CJK.findall(finding.subject)), set(_CJK.findall(text))
    else:
        wanted, got = _content_words(finding.subject), _content_words(text)
    return not wanted or len(wanted & got) >= 0.6 * len(wanted)


def _contradicts(text: str, finding: Finding) -> bool:
    """Whether a sentence says the opposite direction; names of groups may hold "more than 12"."""
    if finding.more is None:
        return False
    for group in sorted((finding.subject, finding.other), key=len, reverse=True):
        if group:
            text = re.sub(re.escape(group), "", text, flags=re.IGNORECASE)
    says_more, says_less = bool(_MORE.search(text)), bool(_LESS.search(text))
    return (says_less and not says_more) if finding.more else (says_more and not says_less)


def _words(text: str) -> set[str]:
    """Return the words of a text: of letters in English, overlapping fours of Chinese signs."""
    signs = ["".join(run) for run in re.findall(r"[\u3400-\u9fff]{4,}", text)]
    fours = {run[place : place + 4] for run in signs for place in range(len(run) - 3)}
    return set(re.findall(r"[a-z]{2,}", text.casefold())) | fours


def _faults(
    claim: Claim,
    finding: Finding,
    statistics: Mapping[str, Statistic],
    language: Language,
    feedback: Set[str],
) -> Iterator[str]:
    if not set(claim.stat_ids) <= statistics.keys():
        yield "unknown_statistic"
    if not set(claim.stat_ids) <= set(finding.stat_ids):
        yield "not_its_statistic"
    cited = [statistics[key] for key in claim.stat_ids]
    allowed = _shown_numbers(cited, language) | set(numbers(finding.subject))
    allowed |= {number for each in cited for number in numbers(each.about)}
    if not set(numbers(claim.text)) <= allowed:
        yield "number_not_in_table"
    if bool(_CJK.search(claim.text)) != (language == "zh"):
        yield "other_language"
    if not _about(claim.text, finding, language):
        yield "not_about_its_subject"
    if _words(claim.text) & feedback - _words(f"{finding.sentence} {finding.subject}"):
        yield "repeats_feedback"
    if _CAUSAL.search(claim.text):
        yield "causal_wording"
    if _contradicts(claim.text, finding):
        yield "contradicts_the_table"


def fault_of(
    claim: Claim,
    finding: Finding,
    statistics: Mapping[str, Statistic],
    language: Language,
    feedback: Set[str] = frozenset(),
) -> str:
    """Return the key of the first check that a claim about `finding` fails, or "".

    Keys: `unknown_statistic`, `not_its_statistic`, `number_not_in_table`, `other_language`,
    `not_about_its_subject`, `repeats_feedback`, `causal_wording`, `contradicts_the_table`.

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
    """Check claims in order; a sentence that was said before is dropped as `repeated`."""
    kept: list[Claim] = []
    dropped: list[Drop] = []
    for claim, finding in claims:
        checked, drops = check(claim, finding, statistics, language, feedback)
        dropped += drops
        if checked and any(checked.text == before.text for before in kept):
            dropped.append(Drop(what="claim", text=claim.text[:200], why="repeated"))
        elif checked:
            kept.append(checked)
    return tuple(kept), tuple(dropped)
