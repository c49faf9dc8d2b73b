"""What the stages of task summary do, each in one call."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from churnlens.dialogues.form import Dialogue
from churnlens.dialogues.phrases import PhraseBook
from churnlens.engine.shards import content_key
from churnlens.evaluation.recipe_overlap import Embedder
from churnlens.models.generation import Generator
from churnlens.models.lock import ModelError, spec_of
from churnlens.models.weights import verify
from churnlens.options import SummaryScoreOptions, SummaryWriter, SummaryWriterOptions
from churnlens.schema import Language
from churnlens.tasks.summary.contract import KEYS, FieldName, Summary, SummaryError, read_summary
from churnlens.tasks.summary.extractive import Extractive, Pair, can_teach, fit_extractive
from churnlens.tasks.summary.predict import Writers, prediction, write_drafts
from churnlens.tasks.summary.prompting import PromptBook, SummaryPrompt
from churnlens.tasks.summary.references import references_of
from churnlens.tasks.summary.scores import Batch, best_constant_answer, score_drafts
from churnlens.tasks.summary.writers import (
    ConstantWriter,
    Draft,
    ExtractiveWriter,
    LeadWriter,
    ModelWriter,
    Writer,
)

logger = logging.getLogger(__name__)

Rows = Sequence[Mapping[str, Any]]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
TAUGHT = "baseline"  # name of the prompt by which a student is taught, and so asked
SEARCHED = "searched"


def fit_summaries(
    training: Sequence[Dialogue], family: str, phrases: PhraseBook[str] | None = None
) -> dict[str, Any]:
    """Learn the extractive writer and the constant answer of each language of the training side.

    A language in which no dialogue has both a sentence and its side's words is left out, with a
    warning: its dialogues become errors, and those of the other language do not.

    Args:
        training: dialogues; those without a reference are passed over.
        family: label whose values stay together when settings are chosen.
        phrases: see `fit_extractive`.

    Returns:
        JSON-able: `revision`, `parts` (language → what was learned), `constants` (language → the
        constant answer) and `trained` (language → dialogues).
    """
    pairs = [(each, refs) for each in training if (refs := references_of(each))]
    told = {language: [p for p in pairs if p[0].language == language] for language in LANGUAGES}
    told = {language: own for language, own in told.items() if _enough(own, language)}
    parts = {
        language: fit_extractive(own, language, family, phrases) for language, own in told.items()
    }
    made = {language: part.model_dump(mode="json") for language, part in parts.items()}
    constants = {
        language: best_constant_answer([refs for _, refs in own], language).model_dump()
        for language, own in told.items()
    }
    return {
        "revision": content_key(made)[:12],
        "parts": made,
        "constants": constants,
        "trained": {language: len(own) for language, own in told.items()},
    }


def _enough(pairs: Sequence[Pair], language: Language) -> bool:
    """Return whether a language can be learned from its pairs; tells where it cannot."""
    enough = can_teach(pairs)
    if pairs and not enough:
        logger.warning(
            "%d dialogues of language %s have references, and none has sentences and words of both "
            "sides to learn from: no writer for it",
            len(pairs),
            language,
        )
    return enough


class StoredWriters(TypedDict):
    """What a writer may need of what was stored.

    Attributes:
        extractive: by `fit_summaries`.
        prompts: the content of `prompts/summary.yml`.
        model_lock: names the models.
        model_root: where fetched models are.
        student: folder of a tuned model; None before there is one.
        searched_prompt: what the prompt search ended with; None before there was one.
    """

    extractive: Mapping[str, Any]
    prompts: Mapping[str, Any]
    model_lock: dict[str, Any]
    model_root: str
    student: Path | None
    searched_prompt: Mapping[str, Any] | None


def load_writers(stored: StoredWriters, options: SummaryWriterOptions) -> dict[Language, Writer]:
    """Return language → its writer, a model loaded once for both.

    Args:
        stored: see there.
        options: which writer each language has.

    Raises:
        ModelError: when a model is absent, or a student is asked for and there is none.
        ValueError: for a prompt that there is not.
    """
    fitted, prompts = stored["extractive"], stored["prompts"]
    kinds = kinds_of(options, stored["model_lock"])
    made: dict[SummaryWriter, Writer] = {
        "extractive": ExtractiveWriter(
            {language: Extractive.read(raw) for language, raw in fitted["parts"].items()},
            str(fitted["revision"]),
        ),
        "constant": constant_writer(fitted),
        "lead": LeadWriter(),
    }
    where = stored["model_lock"], stored["model_root"]
    if "model" in kinds.values():
        prompt = prompt_of(prompts, options.prompt, stored["searched_prompt"])
        made["model"] = model_writer(*where, options, prompt)
    if "student" in kinds.values():
        if stored["student"] is None:
            raise ModelError(
                "no student of task summary; next: kedro run --pipelines student --namespaces "
                "summary, or take extractive"
            )
        taught = prompt_of(prompts, TAUGHT)
        made["student"] = model_writer(*where, options, taught, stored["student"])
    return {language: made[kind] for language, kind in kinds.items()}


def kinds_of(
    options: SummaryWriterOptions, model_lock: dict[str, Any]
) -> dict[Language, SummaryWriter]:
    """Return language → kind of its writer, as the options and the command say.

    A model or student that a command asks for writes the languages of its base.
    """
    kinds: dict[Language, SummaryWriter] = {"en": options.en, "zh": options.zh}
    if options.writer == "template":
        return {
            language: "extractive" if kind in {"model", "student"} else kind
            for language, kind in kinds.items()
        }
    if options.writer != "chosen":
        name = options.model if options.writer == "model" else options.student
        spoken = spec_of(model_lock, name).languages
        kinds |= {language: options.writer for language in LANGUAGES if language in spoken}
    return kinds


def constant_writer(fitted: Mapping[str, Any]) -> ConstantWriter:
    """Return the floor of `fit_summaries`."""
    answers = fitted["constants"].items()
    return ConstantWriter({language: Summary.model_validate(raw) for language, raw in answers})


def prompt_of(
    prompts: Mapping[str, Any], name: str, searched: Mapping[str, Any] | None = None
) -> SummaryPrompt:
    """Return a prompt of the book by its name, or the one that the search ended with.

    Raises:
        ValueError: when there is none of that name.
    """
    if name == SEARCHED and searched is not None:
        return SummaryPrompt.model_validate(searched)
    if name == SEARCHED:
        raise ValueError(
            "prompt: no prompt has been searched for; next: kedro run --pipelines experiments "
            "--namespaces summary --tags prompts"
        )
    book = PromptBook.model_validate(prompts)
    known = {each.name: each for each in (book.baseline, *book.candidates)}
    if name not in known:
        raise ValueError(f"prompt: got {name[:40]!r}, expected one of {', '.join(known)}")
    return known[name]


def model_writer(
    model_lock: dict[str, Any],
    model_root: str,
    options: SummaryWriterOptions,
    prompt: SummaryPrompt,
    student: Path | None = None,
) -> ModelWriter:
    """Load a language model as a writer inside the grammar; with a folder `student`, tuned."""
    spec = spec_of(model_lock, options.student if student else options.model)
    generator = Generator(
        verify(spec, Path(model_root)),
        dtype=options.dtype,
        batch_size=options.batch_size,
        adapter=student,
    )
    tuned = f", tuned ({generator.weights_sha256})" if student else ""
    name = f"{spec.name} ({spec.version}){tuned}"
    return ModelWriter(name, generator, prompt, spec.languages, options.max_new_tokens)


def summarise_dialogues(dialogues: Sequence[Dialogue], writers: Writers) -> list[dict[str, Any]]:
    """Return `{id, summary, evidence, language, model}` or `{id, error}` a dialogue, in order."""
    drafts = write_drafts(dialogues, writers)
    return [prediction(each.id, each, draft) for each, draft in zip(dialogues, drafts, strict=True)]


def judge_summaries(
    dialogues: Sequence[Dialogue],
    summaries: Rows,
    fitted: Mapping[str, Any],
    options: SummaryScoreOptions,
    embedder: Embedder | None = None,
) -> dict[str, Any]:
    """Return language → figures of `score_drafts`, over the dialogues that have references.

    Args:
        dialogues: of the test side.
        summaries: by `summarise_dialogues`, one a dialogue.
        fitted: by `fit_summaries`; holds the constant answer.
        options: of the bootstrap.
        embedder: see `Batch`.
    """
    floor = constant_writer(fitted)
    told = [
        (each, draft_of(row, each.language), refs)
        for each, row in zip(dialogues, summaries, strict=True)
        if (refs := references_of(each)) and floor.speaks(each.language)
    ]
    figures: dict[str, Any] = {}
    for language in LANGUAGES:
        own = [entry for entry in told if entry[0].language == language]
        if own:
            said, gold = [each for each, _, _ in own], [refs for _, _, refs in own]
            batch = Batch(said, gold, language, embedder)
            drafts = [draft for _, draft, _ in own]
            constant = floor.write(batch.dialogues)
            figures[language] = score_drafts(drafts, constant, batch, options)
    return figures


def draft_of(row: Mapping[str, Any], language: Language) -> Draft:
    """Return the draft of a public row; one that keeps no contract is a failed one."""
    if "summary" not in row:
        return Draft(model=str(row.get("model", "none")), error=str(row.get("error", "none")))
    fields: dict[str, FieldName] = {key: field for field, key in KEYS[language].items()}
    evidence = {fields[key]: tuple(at) for key, at in row.get("evidence", {}).items()}
    try:
        summary = read_summary(json.dumps(row["summary"]), language)
    except SummaryError as error:
        return Draft(model=str(row["model"]), error=str(error))
    replaced = tuple(fields[key] for key in row.get("replaced", ()))
    return Draft(summary=summary, evidence=evidence, replaced=replaced, model=str(row["model"]))
