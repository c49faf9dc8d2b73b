"""The command that serves: the assistant, questions about customers, and predictions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from churnlens.cli.opening import open_analyst, open_project, shared
from churnlens.cli.plain import PlainCommand
from churnlens.cli.predictors import PREDICTORS

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext

    from churnlens.options import ServiceInferenceOptions
    from churnlens.tasks.service.knowledge import Knowledge
    from churnlens.tasks.service.reply import Reply
    from churnlens.tasks.service.writers import Writer
    from churnlens.web.house import Services
    from churnlens.web.protocols import Matter, Piece, Stopped

ASSISTANT = "churnlens-service"


@click.command(cls=PlainCommand)
@click.option("--host", default=None, help="To listen on (default: 127.0.0.1); others need tokens.")
@click.option("--port", default=None, type=click.IntRange(0, 65535), help="Default: 8000.")
@shared
def serve(host: str | None, port: int | None, data_root: str | None, env: str | None) -> None:
    """Serve the pages and the API: chat with the assistant, questions, live desk, values, reports.

    Open the address that is printed. Reads what runs have made, as `ask` and `predict` do; a task
    without a run is left out and said so. Conversations are kept in web/history.db of the data
    root. Settings: params web.
    """
    from churnlens.hooks import data_root as root_of
    from churnlens.options import WebOptions
    from churnlens.web.access import AccessError
    from churnlens.web.history import HistoryError
    from churnlens.web.server import serve as serve_all

    context = open_project(env, data_root=data_root)
    given = {name: each for name, each in (("host", host), ("port", port)) if each is not None}
    options = WebOptions.model_validate({**context.catalog.load("params:web"), **given})

    def load(port: int) -> Services:
        services = _services(context)
        click.echo(f"http://{options.host}:{port} serves {', '.join(_names(services))}")
        return services

    try:
        serve_all(load, root_of(context), options, Path(context.project_path))
    except (AccessError, HistoryError) as error:
        raise click.ClickException(str(error)) from None


def _names(services: Services) -> list[str]:
    return [*services.models, *(["ask"] if services.ask else []), *services.predict]


def _services(context: KedroContext) -> Services:
    """Return all that can be served; what cannot is told with its reason."""
    from churnlens.tasks.churn.batch import EXPECTED, answers_of, read_query
    from churnlens.web.adapters import asking, row_predictor
    from churnlens.web.house import Services

    models = {ASSISTANT: _assistant(context)}  # first: without it nothing is served
    predict, ask, editing = {}, None, None
    if analyst := _tried("churn", partial(open_analyst, context)):
        predict["churn"] = row_predictor(read_query, EXPECTED, answers_of(analyst.answer))
        ask, editing = asking(analyst)
    for task in [each for each in PREDICTORS if each != "churn"]:
        reading, opening = PREDICTORS[task]
        if opened := _tried(task, partial(opening, context)):
            predict[task] = row_predictor(*reading(), opened[0])
    return Services(models=models, ask=ask, editing=editing, predict=predict)


def _tried(task: str, opening: Callable[[], Any]) -> Any:
    """Return what was opened, or None after saying why a task is not served."""
    try:
        return opening()
    except click.ClickException as error:
        click.echo(f"not served: {task}: {error.message}", err=True)
        return None


def _assistant(context: KedroContext) -> Any:
    from churnlens.models.embedding import Encoder
    from churnlens.models.lock import spec_of
    from churnlens.models.weights import verify
    from churnlens.tasks.service.book import read_book
    from churnlens.tasks.service.opening import knowledge_of
    from churnlens.tasks.service.prompts import ServicePrompts
    from churnlens.web.adapters import WholeReplies

    load = context.catalog.load
    book = read_book(load("service_book"))
    words = ServicePrompts.model_validate(load("service.prompts"))
    name = context.config_loader["globals"]["dialogue_encoder"]["name"]
    encoder = Encoder(verify(spec_of(load("model_lock"), name), Path(load("params:model_root"))))
    options, writer = _writer(context)
    knowledge = knowledge_of(book, words, encoder, options.assistant)
    return WholeReplies(
        ASSISTANT,
        lambda said, stopped: reply_of(said, knowledge, writer, stopped),
        encoder.token_ends,
    )


def _writer(context: KedroContext) -> tuple[ServiceInferenceOptions, Writer]:
    """Return how the assistant replies, and who puts it into words, by params service.inference."""
    from churnlens.options import ServiceFinetuningOptions, ServiceInferenceOptions
    from churnlens.tasks.service.loading import load_writer

    load = context.catalog.load
    given = load("params:service.inference")
    options = ServiceInferenceOptions.model_validate(given, from_attributes=True)
    given = load("params:service.finetuning")
    made = ServiceFinetuningOptions.model_validate(given, from_attributes=True)
    student = load("service.student") if options.writer == "student" else None
    lock, root = load("model_lock"), load("params:model_root")
    return options, load_writer(lock, root, student, made, options)


def reply_of(messages: Any, knowledge: Knowledge, writer: Writer, stopped: Stopped) -> Piece:
    """Return the assistant's reply to a dialogue as one piece; a model stops when it is told to.

    Raises:
        InputError: for a dialogue that the assistant cannot take.
    """
    from churnlens.models.generation import Message as Said
    from churnlens.tasks.service.reply import reply
    from churnlens.tasks.service.writers import ModelWriter
    from churnlens.web.protocols import InputError, Piece, Source

    try:
        said = [Said(role=m.role, content=m.content) for m in messages]
        by = writer.until(stopped) if isinstance(writer, ModelWriter) else writer
        told = reply(said, knowledge, by)
    except ValueError as error:
        raise InputError(str(error)) from None
    sources = tuple(
        Source(
            id=key,
            title=knowledge.handbook.passages[key].title.of(told.language),
            text=knowledge.handbook.text(key, told.language),
        )
        for key in told.citations
    )
    wrote = f"{ASSISTANT}, {told.model}"
    matter = _matter(told, knowledge) if told.status == "handed_over" else None
    return Piece(text=told.text, sources=sources, model=wrote, handover=matter)


def _matter(told: Reply, knowledge: Knowledge) -> Matter:
    """Return what a colleague is to take over: the heading of the passage that it is about."""
    from churnlens.web.protocols import Matter

    passages = knowledge.handbook.passages.values()
    title = next(each.title for each in passages if each.intent == told.intent)
    return Matter(reason=told.intent, name=title)
