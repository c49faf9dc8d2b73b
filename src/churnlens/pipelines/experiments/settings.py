"""Settings of an experiment: all are put on the student's options before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Any

from churnlens.models.training.train import machine_faults
from churnlens.options import ExperimentOptions, OptionsError, Range, TrainingOptions

_MOST = 10_000  # combinations of a space


def with_settings(base: TrainingOptions, settings: Mapping[str, Any]) -> TrainingOptions:
    """Return the options with other settings; OptionsError tells all that is wrong with them."""
    return TrainingOptions.model_validate({**base.model_dump(), **settings})


def check_settings(base: TrainingOptions, options: ExperimentOptions) -> list[TrainingOptions]:
    """Return the options of every declared run and of every corner of the space.

    Args:
        base: the student's.
        options: see there; its space counts only where there are trials.

    Raises:
        OptionsError: naming every run that cannot be trained, or that there is none.
    """
    given = [(f"grid {n}", settings) for n, settings in enumerate(options.grid, 1)]
    if options.trials:
        given += [("space", corner) for corner in _corners(options)]
    if not given:
        raise OptionsError("got no grid and no trials, expected a run; next: name settings in grid")
    made, faults = [], dict[str, None]()
    for name, settings in given:
        try:
            made.append(with_settings(base, settings))
            found = machine_faults(made[-1])
        except OptionsError as error:
            found = str(error).splitlines()
        faults |= dict.fromkeys(f"{name}: {fault}" for fault in found)
    if faults:
        raise OptionsError("nothing was trained:\n" + "\n".join(faults))
    return made


def _corners(options: ExperimentOptions) -> Iterator[dict[str, Any]]:
    """Yield all combinations of the values of a space and the ends of its ranges."""
    ends = [
        (choice.low, choice.high) if isinstance(choice, Range) else choice
        for choice in options.space.values()
    ]
    found = list(islice(product(*ends), _MOST + 1))
    if len(found) > _MOST:
        raise OptionsError(
            f"space: got more than {_MOST} combinations, expected fewer; next: ranges for numbers"
        )
    for values in found:
        yield dict(zip(options.space, values, strict=True))
