"""A whole answer as an exercise for a language model: what it reads, may write, and has written.

The evidence has marks: facts F1, F2, …, feedback D1, D2, …, actions A1, A2, …. Every sentence ends
with the marks that it stands on, so that each can be held against its evidence:

    {"status": "answered", "summary": "Fiber customers left at this rate (41.9 %). [F1]",
     "top_reasons": ["… (30.1 % against 10.2 %). [F5] [D1]"], "risk_level": "high",
     "actions": ["A1"], "citations": ["D1"]}
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from churnlens.evidence.checks import Claim
from churnlens.evidence.statements import Document, Finding
from churnlens.evidence.wording import as_sentence
from churnlens.models.generation import Message, Request
from churnlens.models.grammar import about, compile_grammar, exactly, one_of, record, subset, text
from churnlens.privacy.untrusted import fence
from churnlens.schema import Frozen, Language, Text
from churnlens.tasks.churn.briefs import Brief
from churnlens.tasks.churn.writers import outcome_words

LIMITS = {"driver": 3, "rejected": 2, "theme": 2}  # facts of a kind; of any other kind all
ACTIONS = 3
DOCUMENTS = 10  # that have marks; a grammar lists every choice of them
GENERAL = {"versus_rest": "driver", "voices": "theme"}  # said only where there is none of the other
REFUSAL_CHARS = 240  # around the reason to refuse
QUOTE_CHARS = 100
STATUSES = ("answered", "too_few", "not_answerable")
_MARK = re.compile(r"\s*\[([FD]\d{1,2})\]")


class ExercisePrompt(Frozen):
    """The words of the prompt, the `exercise` of `prompts/churn.yml`.

    Attributes:
        system: what is asked for, in any language.
        kinds: name of each kind of fact, with slots for the asked outcome.
        directions: `more`, `less` and `level`, as facts with a comparison say it.
        group, risk, actions, evidence, none: the lines of the prompt.
    """

    system: str
    kinds: dict[str, Text]
    directions: dict[str, Text]
    group: Text
    risk: Text
    actions: Text
    evidence: Text
    none: Text


@dataclass(frozen=True, eq=False)
class Exercise:
    """A brief with marks.

    Attributes:
        facts, documents, actions: by mark.
    """

    brief: Brief
    facts: dict[str, Finding]
    documents: dict[str, Document]
    actions: dict[str, str]

    def cited_by(self, fact: str) -> tuple[str, ...]:
        """Return the marks of the documents that a fact may cite."""
        allowed = self.facts[fact].doc_ids
        return tuple(mark for mark, document in self.documents.items() if document.id in allowed)

    @property
    def reportable(self) -> tuple[str, ...]:
        """The marks of the facts that a whole answer names: all but the rejected ones."""
        return tuple(mark for mark, each in self.facts.items() if each.kind != "rejected")


def set_exercise(brief: Brief) -> Exercise:
    """Put marks on what a brief holds; drivers and rejected candidates in no telling order.

    What is special stands for what is general: drivers for the ratio to all others, themes for the
    reasons of the quoted.
    """
    chosen: list[Finding] = []
    for finding in (*brief.findings, *brief.rejected):
        limit = LIMITS.get(finding.kind)
        taken = sum(each.kind == finding.kind for each in chosen)
        if finding.headline and (limit is None or taken < limit):
            chosen.append(finding)
    kinds = {finding.kind for finding in chosen}
    chosen = [finding for finding in chosen if GENERAL.get(finding.kind) not in kinds]
    tested = ("driver", "rejected")
    general = [f for f in chosen if f.kind not in (*tested, "theme")]
    mixed = sorted((f for f in chosen if f.kind in tested), key=lambda f: _shuffled(brief, f))
    facts = [*general, *mixed, *(f for f in chosen if f.kind == "theme")]
    return Exercise(
        brief=brief,
        facts={f"F{n}": fact for n, fact in enumerate(facts, 1)},
        documents={f"D{n}": document for n, document in enumerate(brief.documents[:DOCUMENTS], 1)},
        actions={f"A{n}": action for n, action in enumerate(brief.actions[:ACTIONS], 1)},
    )


def _shuffled(brief: Brief, finding: Finding) -> str:
    return hashlib.sha256(f"{brief.question}\n{finding.name}".encode()).hexdigest()


def messages(exercise: Exercise, prompt: ExercisePrompt) -> tuple[Message, ...]:
    """Return what a model reads; feedback is fenced, and never in the system role."""
    brief = exercise.brief
    lines = [brief.question]
    if brief.group and brief.status != "not_answerable":
        lines.append(f"{prompt.group.of(brief.language)}: {brief.group}")
    if exercise.facts:
        lines.append(prompt.evidence.of(brief.language) + ":")
        lines += [
            _line(mark, fact, prompt, brief.language) for mark, fact in exercise.facts.items()
        ]
    else:
        lines.append(f"{prompt.none.of(brief.language)}: {brief.refusal}")
    if brief.risk_level:
        lines.append(f"{prompt.risk.of(brief.language)}: {brief.risk_level}")
    if exercise.actions:
        lines.append(f"{prompt.actions.of(brief.language)}: {', '.join(exercise.actions)}")
    if exercise.documents:
        lines.append(_quotes(exercise.documents))
    return (
        Message(role="system", content=prompt.system),
        Message(role="user", content="\n".join(lines)),
    )


def ask(
    exercise: Exercise,
    prompt: ExercisePrompt,
    key: str,
    max_new_tokens: int,
    *,
    constrained: bool = True,
) -> Request:
    """Return what a model is asked, inside the grammar of the exercise or in free text."""
    return Request(
        key=key,
        messages=messages(exercise, prompt),
        grammar=compile_grammar(answer_schema(exercise)) if constrained else None,
        hints=_endings(exercise) if constrained else (),
        max_new_tokens=max_new_tokens,
    )


def _line(mark: str, fact: Finding, prompt: ExercisePrompt, language: Language) -> str:
    """Return a fact as the writer reads it: kind, groups, direction, figures."""
    words = outcome_words(fact.outcome, language)
    parts = [prompt.kinds[_kind(fact)].of(language).format(**words), fact.subject]
    if fact.kind in ("versus_rest", "comparison"):
        direction = {True: "more", False: "less", None: "level"}[fact.more]
        parts += [fact.other, prompt.directions[direction].of(language)]
    return f"{mark} {' | '.join([*parts, fact.headline])}"


def _kind(fact: Finding) -> str:
    """Return the kind of a fact; of a theme whether it is complained about or praised."""
    if fact.kind != "theme":
        return fact.kind
    return "complaint" if fact.outcome == "left" else "praise"


def _quotes(documents: Mapping[str, Document]) -> str:
    """Return all quotes in one fence, one a line."""
    lines = (
        f"{mark}: {' '.join(document.quote.split())[:QUOTE_CHARS]}"
        for mark, document in documents.items()
    )
    return fence({"quotes": "\n".join(lines)}).block


def answer_schema(exercise: Exercise) -> dict[str, Any]:
    """Return the JSON schema of an answer: every fact but the rejected once, in order, as marked.

    Which facts are said is decided before anybody writes; how, with which quotes and actions, at
    which risk and status, is the model's. A refusal holds the computed reason word by word.
    """
    sentences = [_one_sentence(exercise, mark) for mark in exercise.reportable]
    fields: dict[str, Any] = {"status": one_of(STATUSES)}
    if sentences:
        fields["summary"] = sentences[0]
        fields["top_reasons"] = exactly(sentences[1:])
        fields["risk_level"] = one_of(("low", "medium", "high"))
    else:
        fields["summary"] = _refusal(exercise.brief)
        fields["top_reasons"] = exactly([])
        fields["risk_level"] = {"type": "null"}
    for name, marks in (("actions", exercise.actions), ("citations", exercise.documents)):
        fields[name] = subset(tuple(marks), min_items=0, max_items=len(marks))
    return record(fields)


def _refusal(brief: Brief) -> dict[str, Any]:
    """Return the pattern of a refusal: any words, and the reason at the end."""
    free = text(REFUSAL_CHARS)["pattern"].strip("^$")
    stop = "。" if brief.language == "zh" else "[.]"
    return {"type": "string", "pattern": f"^({free})?{re.escape(brief.refusal)}{stop}$"}


def _one_sentence(exercise: Exercise, mark: str) -> dict[str, Any]:
    """Return the pattern of a sentence about one fact, with its figures and its marks."""
    fact, chinese = exercise.facts[mark], exercise.brief.language == "zh"
    names = (fact.subject,) if chinese else (fact.subject, as_sentence(fact.subject))
    stop = "。" if chinese else "[.]"
    cites = "".join(rf"( \[{each}\])?" for each in exercise.cited_by(mark))
    figures = re.escape(f"({fact.headline})")
    words = about(names, fact.other, chinese=chinese)
    return {"type": "string", "pattern": rf"^{words}{figures}{stop} \[{mark}\]{cites}$"}


def _endings(exercise: Exercise) -> tuple[str, ...]:
    """Return the shortest sentence about each fact, at the beginning of a text and inside one."""
    stop, space = ("。", "") if exercise.brief.language == "zh" else (".", " ")
    endings = [f"{exercise.brief.refusal}{stop}"] if exercise.brief.refusal else []
    for mark in exercise.reportable:
        fact = exercise.facts[mark]
        endings.append(f"{fact.subject}{space}({fact.headline}){stop} [{mark}]")
    return tuple(before + ending for ending in endings for before in ("", " "))


def render_answer(
    exercise: Exercise,
    sentences: Iterable[tuple[str, str, Iterable[str]]],
    refusal: str = "",
) -> str:
    """Return an answer as the one line of JSON that a student learns.

    Args:
        exercise: with at least as many facts as are said.
        sentences: (fact, text without figures and stop, documents) each; the first is the summary.
        refusal: the summary where there is nothing to say.
    """
    brief, cited, said = exercise.brief, [], []
    for fact, body, marks in sentences:
        chosen = [mark for mark in exercise.documents if mark in set(marks)]
        cited += chosen
        tail = "".join(f" [{mark}]" for mark in (fact, *chosen))
        space, stop = ("", "。") if brief.language == "zh" else (" ", ".")
        said.append(f"{body}{space}({exercise.facts[fact].headline}){stop}{tail}")
    answer = {
        "status": brief.status,
        "summary": said[0] if said else refusal,
        "top_reasons": said[1:],
        "risk_level": brief.risk_level,
        "actions": list(exercise.actions),
        "citations": [mark for mark in exercise.documents if mark in cited],
    }
    return json.dumps(answer, ensure_ascii=False)


class Sentence(Frozen):
    """One sentence as written.

    Attributes:
        text: without its marks.
        facts, documents: its marks, in order; they may be of nothing that exists.
    """

    text: str
    facts: tuple[str, ...]
    documents: tuple[str, ...]


class Written(Frozen):
    """What a model wrote, as far as it can be read; fields of a wrong type count as absent.

    Attributes:
        is_json: whether it is one JSON object and nothing else.
        status, risk_level: as written, if they are known words.
        summary: None where there is none.
        reasons: of `top_reasons`.
        actions, citations: marks.
    """

    is_json: bool
    status: str | None = None
    risk_level: str | None = None
    summary: Sentence | None = None
    reasons: tuple[Sentence, ...] = ()
    actions: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """Summary and reasons."""
        return (*((self.summary,) if self.summary else ()), *self.reasons)


def read_answer(written: str) -> Written:
    """Read what a model wrote; whatever it is, this does not fail."""
    try:
        answer = json.loads(written)
    except (ValueError, RecursionError):
        return Written(is_json=False)
    if not isinstance(answer, dict):
        return Written(is_json=False)
    status, level, summary = (answer.get(k) for k in ("status", "risk_level", "summary"))
    return Written(
        is_json=True,
        status=status if status in STATUSES else None,
        risk_level=level if level in ("low", "medium", "high") else None,
        summary=_read(summary) if isinstance(summary, str) else None,
        reasons=tuple(_read(each) for each in _strings(answer.get("top_reasons"))),
        actions=_strings(answer.get("actions")),
        citations=_strings(answer.get("citations")),
    )


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _read(sentence: str) -> Sentence:
    marks = _MARK.findall(sentence)
    return Sentence(
        text=_MARK.sub("", sentence).strip(),
        facts=tuple(mark for mark in marks if mark[0] == "F"),
        documents=tuple(mark for mark in marks if mark[0] == "D"),
    )


def as_claim(sentence: Sentence, exercise: Exercise) -> tuple[Claim, Finding] | None:
    """Return a sentence as the claim that the serving checks take; None if it marks no one fact.

    The headline in brackets stands for all figures of its fact, which are put in its place.
    Documents that do not exist are left out of the claim; a score counts them before.
    """
    if len(sentence.facts) != 1 or sentence.facts[0] not in exercise.facts:
        return None
    finding = exercise.facts[sentence.facts[0]]
    full = sentence.text.replace(f"({finding.headline})", f"({finding.figures})")
    known = [
        exercise.documents[mark].id for mark in sentence.documents if mark in exercise.documents
    ]
    return Claim(text=full, stat_ids=finding.stat_ids, doc_ids=tuple(known)), finding
