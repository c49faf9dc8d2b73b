"""Commands that end with a message where the user can mend the cause."""

from __future__ import annotations

from typing import Any

import click

MESSAGE_CHARS = 2000


def _mendable() -> tuple[type[Exception], ...]:
    """Return the errors whose cause lies in files, options or models, and whose message says it."""
    from kedro.config import MissingConfigException
    from kedro.io.core import DatasetError
    from kedro.validation import ParameterValidationError
    from pydantic import ValidationError

    from churnlens.engine.workers import EngineError
    from churnlens.hooks import RunInProgressError, ValidationOffError
    from churnlens.models.constraint import RequestError
    from churnlens.models.lock import ModelError
    from churnlens.models.remote import RemoteError
    from churnlens.models.risk import LeakError
    from churnlens.models.training.callbacks import DivergedError
    from churnlens.models.training.exhausted import MemoryExhaustedError
    from churnlens.models.training.faults import TrainingError
    from churnlens.options import OptionsError
    from churnlens.pipelines.reporting.arms import ArmError
    from churnlens.pipelines.tracking import TrackingError
    from churnlens.tasks.churn.promotion import PromotionError
    from churnlens.tasks.clv.readers import TransactionError

    own = (
        RunInProgressError,
        ValidationOffError,
        ModelError,
        LeakError,
        RequestError,
        RemoteError,
        TrainingError,
        OptionsError,
        DivergedError,
        MemoryExhaustedError,
        ArmError,
        TrackingError,
        PromotionError,
        TransactionError,
        EngineError,
    )
    return (*own, DatasetError, ParameterValidationError, MissingConfigException, ValidationError)


def _said(error: Exception) -> str:
    """Return an error's message; of a file that pydantic refused one line a fault, no contents."""
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return str(error)
    faults = error.errors(include_url=False, include_input=False)
    places = [".".join(map(str, fault["loc"])) for fault in faults]
    told = [fault["msg"].removeprefix("Value error, ") for fault in faults]
    lines = [
        f"- {place}: {text}" if place else f"- {text}"
        for place, text in zip(places, told, strict=True)
    ]
    return "\n".join([f"{error.title}: {len(faults)} fault(s)", *lines])


class PlainCommand(click.Command):
    """A command that ends with a message, not a traceback, where the user can mend the cause."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a mendable error becomes status 1 and its message."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if isinstance(error, (*_mendable(), OSError)):
                raise click.ClickException(_said(error)[:MESSAGE_CHARS]) from None
            raise


class PlainGroup(click.Group):
    """A group of such commands."""

    command_class = PlainCommand
