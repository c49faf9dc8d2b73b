"""Conversations to replies: of the assistant, of the floor, and of the arms of the comparison."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

import pandas as pd

from churnlens.engine.progress import track
from churnlens.engine.records import made_with
from churnlens.engine.shards import Store, content_key, map_shards
from churnlens.models.generation import Generator
from churnlens.models.lock import spec_of
from churnlens.models.weights import verify
from churnlens.options import ServiceFinetuningOptions, ServiceInferenceOptions
from churnlens.tasks.service.arms import (
    ARMS,
    Answered,
    Arm,
    Told,
    answer_cases,
    conversation,
    silent_knowledge,
)
from churnlens.tasks.service.book import read_book
from churnlens.tasks.service.cases import Case, cases_of, chosen
from churnlens.tasks.service.floor import nearest_faq
from churnlens.tasks.service.knowledge import Knowledge
from churnlens.tasks.service.loading import (
    Remembered,
    StoredService,
    load_encoder,
    load_knowledge,
    stored_writer,
)
from churnlens.tasks.service.plans import Plan, make_plan, searched
from churnlens.tasks.service.reply import put_into_words
from churnlens.tasks.service.writers import Writer

Rows = list[dict[str, Any]]


def set_cases(
    service_bench: dict[str, str], service_book: dict[str, str], options: ServiceInferenceOptions
) -> Rows:
    """Return the cases of one side of the bench; see `tasks.service.cases`."""
    cases = cases_of(service_bench, read_book(service_book).handbook, options.side)
    return [case.model_dump(mode="json") for case in cases]


def reply_to_cases(
    cases: Rows,
    finetuning: ServiceFinetuningOptions,
    options: ServiceInferenceOptions,
    **stored: Unpack[StoredService],
) -> tuple[Rows, Rows]:
    """Have the assistant and the floor reply to every case but the general probe.

    Returns:
        An `Answered` a case of the assistant, with the plans, and of the floor.
    """
    asked = [case for case in map(Case.model_validate, cases) if case.kind != "probe"]
    encoder = Remembered(load_encoder(stored, stored["indexing"]))
    _, knowledge = load_knowledge(stored, encoder, options)
    encoder.encode(
        [text for case in asked for part in searched(case.turns) for text in part], query=True
    )
    writer = stored_writer(stored, finetuning, options)
    ours = [_replied(each, knowledge, writer) for each in track(asked, len(asked), "reply")]
    floor = [_floored(each, knowledge) for each in asked]
    return _plain(ours), _plain(floor)


class ArmInputs(TypedDict):
    """What the arms are given.

    Attributes:
        cases: of the bench.
        replies: of the assistant, for their plans.
        service_book, prompts: what passages say, and the instructions.
        model_lock, model_root: the student's base.
        store: of finished batches.
        finetuning: names the base, and the precision that it is tuned in.
        options: how many questions, and their batches.
    """

    cases: Rows
    replies: Rows
    service_book: dict[str, str]
    prompts: dict[str, Any]
    model_lock: dict[str, Any]
    model_root: str
    store: Store
    finetuning: ServiceFinetuningOptions
    options: ServiceInferenceOptions


def reply_as_base(**inputs: Unpack[ArmInputs]) -> Rows:
    """Have the untuned model reply, without and with retrieval; see `reply_as`."""
    return reply_as(None, inputs)


def reply_as_tuned(student: Path, **inputs: Unpack[ArmInputs]) -> Rows:
    """Have the student reply, without and with retrieval; see `reply_as`."""
    return reply_as(student, inputs)


def reply_as(student: Path | None, inputs: ArmInputs) -> Rows:
    """Have a model reply to the chosen cases in its languages, in batches that are kept.

    Returns:
        An `Answered` each with its `arm` and the `weights`; the probe by the arm without retrieval.
    """
    options, tuning = inputs["options"], inputs["finetuning"]
    spec, precision = spec_of(inputs["model_lock"], tuning.student), tuning.settings().precision
    generator = Generator(
        verify(spec, Path(inputs["model_root"])),
        dtype=precision,
        batch_size=options.batch_size,
        adapter=student,
    )
    weights = generator.weights_sha256
    plans = {row["case"]: row["plans"] for row in inputs["replies"]}
    book = read_book(inputs["service_book"])
    knowledge = silent_knowledge(book, inputs["prompts"], options.assistant)
    read = [inputs["service_book"], inputs["prompts"], options.assistant.model_dump(mode="json")]
    recipe = [weights, precision, content_key(read), *made_with()]
    cases = chosen(
        [Case.model_validate(each) for each in inputs["cases"]],
        spec.languages,
        options.arm_questions,
        options.arm_tasks,
    )

    def answered(name: str, arm: Arm) -> Rows:
        def work(shard: Sequence[dict[str, Any]]) -> pd.DataFrame:
            given = [Case.model_validate(each["case"]) for each in shard]
            known = {e["case"]["id"]: [Plan.model_validate(p) for p in e["plans"]] for e in shard}
            told = answer_cases(given, known, arm, knowledge, generator, spec.name)
            return pd.DataFrame({"answered": [each.model_dump_json() for each in told]})

        own = [case for case in cases if _asked(case, arm)]
        done = map_shards(
            work,
            [{"case": c.model_dump(mode="json"), "plans": plans.get(c.id, [])} for c in own],
            store=inputs["store"],
            recipe=[name, *recipe],
            size=options.batch_size,
            label=f"replies, {name}",
        )
        told = [Answered.model_validate_json(text) for text in done.get("answered", [])]
        return [{**each.model_dump(mode="json"), "arm": name, "weights": weights} for each in told]

    tuned = student is not None
    return [row for n, arm in ARMS.items() if arm.tuned == tuned for row in answered(n, arm)]


def _asked(case: Case, arm: Arm) -> bool:
    """Whether an arm answers a case: the probe without retrieval, tasks of turns with it."""
    return case.kind != "probe" if arm.retrieval else case.kind != "task"


def _replied(case: Case, knowledge: Knowledge, writer: Writer) -> Answered:
    told: list[Told] = []
    plans: list[Plan] = []
    for _ in case.turns:
        messages = conversation(case, [each.reply.text for each in told])
        plans.append(make_plan(messages, knowledge))
        told.append(Told(reply=put_into_words(messages, plans[-1], knowledge, writer)))
    return Answered(case=case.id, told=tuple(told), plans=tuple(plans))


def _floored(case: Case, knowledge: Knowledge) -> Answered:
    said: list[str] = []
    told = []
    for _ in case.turns:
        reply = nearest_faq(conversation(case, said), knowledge)
        said.append(reply.text)
        told.append(Told(reply=reply))
    return Answered(case=case.id, told=tuple(told))


def _plain(answered: Sequence[Answered]) -> Rows:
    return [each.model_dump(mode="json") for each in answered]
