"""How good summaries are: values field by field, the public recipe's figures, and what is invented.

The public recipe scores the whole JSON text, most of which is schema; so its figures stand beside
those of a constant answer, with the margin between them. A draft that failed counts as empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from churnlens.dialogues.form import Dialogue
from churnlens.evaluation.intervals import bootstrap, wilson
from churnlens.evaluation.labels import label_scores
from churnlens.evaluation.number_fidelity import number_fidelity
from churnlens.evaluation.recipe_overlap import Embedder, embedding_distance, recipe_overlap
from churnlens.evaluation.summary_fields import best_constant, summary_json
from churnlens.evaluation.text_overlap import TextMetric, length, rouge
from churnlens.options import SummaryScoreOptions
from churnlens.schema import Language
from churnlens.tasks.summary.contract import (
    ANSWERS,
    CLOSED,
    FIELDS,
    KEYS,
    TEXTS,
    VALUES,
    FieldName,
    Reference,
    Summary,
    SummaryError,
    read_summary,
    summary_of,
)
from churnlens.tasks.summary.writers import Draft

Figures = dict[str, Any]
COMPETE, HELD = 12, 60  # constant answers that compete, and references that judge them
_NAMES = {"rouge1": "rouge_1", "rouge2": "rouge_2", "rougeL": "rouge_l"}


@dataclass(frozen=True)
class Batch:
    """Dialogues of one language with references, which drafts are held against.

    Attributes:
        dialogues: n of them.
        references: of each dialogue, one or more.
        language: of all of them.
        embedder: for the distance of vectors, which is left out without one.
    """

    dialogues: Sequence[Dialogue]
    references: Sequence[Sequence[Reference]]
    language: Language
    embedder: Embedder | None = None


def score_drafts(
    drafts: Sequence[Draft], floor: Sequence[Draft], batch: Batch, options: SummaryScoreOptions
) -> Figures:
    """Return every figure of one writer on one batch, JSON-able; overlap as shares, 0 to 1.

    Args:
        drafts: of the writer, one a dialogue in order.
        floor: of the constant answer.
        batch: see `Batch`; dialogues without a reference do not belong in it.
        options: of the bootstrap.

    Returns:
        `model`, `n`, `valid` (share of drafts that keep the contract), `replaced` (texts,
        see `writers.supported`), `fields` (ROUGE and length ratio of values, scores of closed
        ones), `recipe` (whole JSON), `floor` (the same of the constant answer), `margin` (writer
        minus floor), `number_fidelity`, `evidence`.

    Raises:
        ValueError: without dialogues, or for another number of drafts.
    """
    if not batch.dialogues or not len(drafts) == len(floor) == len(batch.dialogues):
        raise ValueError(
            f"need one draft a dialogue, got {len(drafts)} and {len(floor)} for "
            f"{len(batch.dialogues)}"
        )
    own, constant = (_overlaps(each, batch) for each in (drafts, floor))
    valid = sum(keeps_contract(draft, batch.language) for draft in drafts)
    return {
        "model": drafts[0].model,
        "language": batch.language,
        "n": len(drafts),
        "valid": wilson(valid, len(drafts)).model_dump(),
        "replaced": sum(len(draft.replaced) for draft in drafts),
        "fields": _fields(drafts, own, batch, options),
        "recipe": _told(own["recipe"], options),
        "floor": {
            "model": floor[0].model,
            "fields": _fields(floor, constant, batch, options),
            "recipe": _told(constant["recipe"], options),
        },
        "margin": _margins(own["recipe"], constant["recipe"], options),
        "number_fidelity": _numbers(drafts, batch, options),
        "evidence": _evidence(drafts, batch),
    }


def keeps_contract(draft: Draft, language: Language) -> bool:
    """Whether a draft is a summary whose written form reads back as the same."""
    if draft.summary is None:
        return False
    try:
        return read_summary(draft.summary.text(language), language) == draft.summary
    except SummaryError:
        return False


def _values(draft: Draft, field: FieldName) -> str:
    return str(getattr(draft.summary, field)) if draft.summary else ""


def _overlaps(drafts: Sequence[Draft], batch: Batch) -> dict[str, dict[str, TextMetric]]:
    """Return ROUGE of each text field, of both together as `whole`, and the recipe's figures.

    A part that no reference tells is missing; of a dialogue whose references do not tell it, its
    item is NaN.
    """
    parts: dict[str, tuple[list[str], list[list[str]]]] = {
        field: (
            [_values(draft, field) for draft in drafts],
            [[getattr(ref, field) for ref in refs] for refs in batch.references],
        )
        for field in TEXTS
    }
    parts["whole"] = (
        [_joined(each.summary, batch.language) for each in drafts],
        [[_joined(ref, batch.language) for ref in refs] for refs in batch.references],
    )
    found = {name: _told_rouge(*both, batch.language) for name, both in parts.items()}
    texts = [_json(draft.summary, batch.language) for draft in drafts]
    gold_json = [_json(refs[0], batch.language) for refs in batch.references]
    recipe = {**recipe_overlap(texts, gold_json), **_apart(texts, gold_json, batch)}
    return {name: each for name, each in found.items() if each} | {"recipe": recipe}


def _told_rouge(
    texts: Sequence[str], gold: Sequence[Sequence[str]], language: Language
) -> dict[str, TextMetric]:
    """Return ROUGE where references say something, NaN elsewhere; empty where none does."""
    told = [at for at, each in enumerate(gold) if any(each)]
    if not told:
        return {}
    known = [[text for text in gold[at] if text] for at in told]
    scores = _rouge([texts[at] for at in told], known, language)
    for name, score in scores.items():
        items = np.full(len(texts), np.nan)
        items[told] = score.items
        scores[name] = replace(score, items=items)
    return scores


def _apart(texts: Sequence[str], references: Sequence[str], batch: Batch) -> dict[str, TextMetric]:
    """Return the distance of vectors, where there is an embedder that knows the language."""
    embedder = batch.embedder
    if embedder is None or batch.language not in embedder.languages:
        return {}
    apart = embedding_distance(texts, references, embedder.encode, embedder.name)
    return {"embedding_distance": apart}


def _joined(summary: Summary | Reference | None, language: Language) -> str:
    """Return problem and solution as one text, as references in one text have them."""
    parts = [getattr(summary, field) for field in TEXTS] if summary else []
    ended = [
        part if part[-1] in ".!?。！？" else f"{part}{_STOP[language]}" for part in parts if part
    ]
    return _SPACE[language].join(ended)


_STOP: dict[Language, str] = {"en": ".", "zh": "。"}
_SPACE: dict[Language, str] = {"en": " ", "zh": ""}


def _rouge(
    texts: Sequence[str], references: Sequence[Sequence[str]], language: Language
) -> dict[str, TextMetric]:
    """Return ROUGE by the words of jieba for Chinese (first reference), by stems for English."""
    if language == "zh":
        scores = recipe_overlap(texts, [each[0] for each in references])
        return {name: scores[name] for name in _NAMES.values()}
    return {_NAMES[name]: each for name, each in rouge(texts, references, "en").items()}


def _json(summary: Summary | Reference | None, language: Language) -> str:
    """Return the public form as JSON; an open closed value and a missing summary are empty."""
    values = summary.model_dump() if summary else {}
    closed = {str(answer): word for answer, word in VALUES[language].items()}
    told = {
        key: closed.get(str(values.get(field)), "") if field in CLOSED else values.get(field) or ""
        for field, key in KEYS[language].items()
    }
    return summary_json(told, list(told))


def _told(scores: Mapping[str, TextMetric], options: SummaryScoreOptions) -> Figures:
    """Return scores with intervals over dialogues and their signatures."""
    return {
        name: {**_interval(each.items, options), "signature": each.signature}
        for name, each in scores.items()
    }


def _interval(items: np.ndarray, options: SummaryScoreOptions) -> Figures:
    kept = np.asarray(items, float)
    kept = kept[~np.isnan(kept)]
    if not len(kept):
        return {"value": None, "low": None, "high": None, "n": 0}
    value = float(np.mean(kept))
    if np.ptp(kept) == 0:
        return {"value": value, "low": value, "high": value, "n": len(kept)}
    return bootstrap(np.mean, kept, resamples=options.resamples, seed=options.seed).model_dump()


def _fields(
    drafts: Sequence[Draft],
    overlaps: Mapping[str, Mapping[str, TextMetric]],
    batch: Batch,
    options: SummaryScoreOptions,
) -> Figures:
    texts = {name: _told(each, options) for name, each in overlaps.items() if name != "recipe"}
    for field in TEXTS:
        if field in texts:
            texts[field]["length_ratio"] = _length_ratio(drafts, field, batch)
    closed = {field: _closed(drafts, field, batch, options) for field in CLOSED}
    return texts | {field: scores for field, scores in closed.items() if scores}


def _length_ratio(drafts: Sequence[Draft], field: FieldName, batch: Batch) -> float:
    gold = [[getattr(ref, field) for ref in refs] for refs in batch.references]
    told = [at for at, each in enumerate(gold) if any(each)]
    wrote = length([_values(drafts[at], field) for at in told], batch.language).sum()
    known = [float(np.mean(length([t for t in gold[at] if t], batch.language))) for at in told]
    return float(wrote / sum(known))


def _closed(
    drafts: Sequence[Draft], field: FieldName, batch: Batch, options: SummaryScoreOptions
) -> Figures | None:
    """Return the scores of a closed field where references tell it, and F1 of each value."""
    told = [
        (str(value), _values(draft, field))
        for draft, refs in zip(drafts, batch.references, strict=True)
        if (value := getattr(refs[0], field))
    ]
    if not told:
        return None
    truth, said = zip(*told, strict=True)
    scores = label_scores(
        truth, said, ANSWERS, resamples=options.resamples, seed=options.seed
    ).model_dump(mode="json")
    for answer in ANSWERS:
        one, two = (np.array([each == answer for each in side], float) for side in (truth, said))
        if one.any():
            found = bootstrap(_f1, one, two, resamples=options.resamples, seed=options.seed)
            scores["scores"][f"f1_{answer}"] = found.model_dump()
    return dict(scores)


def _f1(truth: np.ndarray, said: np.ndarray) -> float:
    total = truth.sum() + said.sum()
    return float(2 * (truth * said).sum() / total) if total else 0.0


def _margins(
    own: Mapping[str, TextMetric], floor: Mapping[str, TextMetric], options: SummaryScoreOptions
) -> Figures:
    return {name: _interval(own[name].items - floor[name].items, options) for name in own}


def _numbers(drafts: Sequence[Draft], batch: Batch, options: SummaryScoreOptions) -> Figures:
    """Return the share of numbers that the dialogue holds: of all, and over summaries."""
    said = ["\n".join(turn.text for turn in each.turns) for each in batch.dialogues]
    metric = number_fidelity([_joined(each.summary, batch.language) for each in drafts], said)
    corpus = None if np.isnan(metric.corpus) else metric.corpus
    return {"corpus": corpus, **_interval(metric.items, options), "signature": metric.signature}


def _evidence(drafts: Sequence[Draft], batch: Batch) -> Figures:
    """Return how often the turns named are those of the reference: `exact`, or one `hit`."""
    found: Figures = {}
    for field in CLOSED:
        pairs = [
            (set(draft.evidence.get(field, ())), set(refs[0].evidence[field]))
            for draft, refs in zip(drafts, batch.references, strict=True)
            if refs[0].evidence.get(field)
        ]
        if pairs:
            exact = sum(named == true for named, true in pairs)
            hit = sum(bool(named & true) for named, true in pairs)
            found[field] = {
                "exact": wilson(exact, len(pairs)).model_dump(),
                "hit": wilson(hit, len(pairs)).model_dump(),
            }
    return found


def best_constant_answer(references: Sequence[Sequence[Reference]], language: Language) -> Summary:
    """Return the constant answer that is nearest to training references, the floor of a batch.

    Raises:
        ValueError: when no reference has a sentence.
    """
    flat = [
        {field: str(getattr(ref, field) or "") for field in FIELDS}
        for refs in references
        for ref in refs
    ]
    values: dict[FieldName, str] = {
        field: best_constant([each[field] for each in flat], _measure(language), COMPETE, HELD)
        for field in TEXTS
    }
    for field in CLOSED:
        known = Counter(each[field] for each in flat if each[field])
        values[field] = known.most_common(1)[0][0] if known else "unclear"
    return summary_of(values)


def _measure(language: Language) -> Any:
    def rouge_l(texts: Sequence[str], references: Sequence[str]) -> TextMetric:
        return _rouge(texts, [[each] for each in references], language)["rouge_l"]

    return rouge_l


def overall_items(drafts: Sequence[Draft], batch: Batch) -> np.ndarray:
    """Return one score a draft for a prompt search: mean ROUGE-L of texts and right closed values.

    Returns:
        Shares of shape (n_dialogues,); 0 for a draft that failed, or whose references say nothing.
    """
    overlaps, none = _overlaps(drafts, batch), np.full(len(drafts), np.nan)
    parts = [overlaps["whole"]["rouge_l"].items if "whole" in overlaps else none]
    for field in CLOSED:
        if all(getattr(refs[0], field) for refs in batch.references):
            truth = [getattr(refs[0], field) for refs in batch.references]
            right = [_values(d, field) == t for d, t in zip(drafts, truth, strict=True)]
            parts.append(np.array(right, float))
    failed = np.array([draft.summary is None for draft in drafts])
    told = np.array(parts)
    known = ~np.isnan(told)
    means = np.where(known, told, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(failed, 0.0, means)
