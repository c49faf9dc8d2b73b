"""Settings for the next training, proposed by what earlier ones came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from churnlens.models.training.faults import TrainingError
from churnlens.options import Range, TrainingOptions

_FAILED = "failed"  # a trial that was judged so, not one that was interrupted
Space = Mapping[str, Range | tuple[Any, ...]]


def search(
    judge: Callable[[dict[str, Any]], float | None],
    space: Space,
    trials: int,
    seed: int,
    storage: Path | None = None,
    name: str = "search",
) -> list[dict[str, Any]]:
    """Try settings one after the other, each proposed by the losses of those before.

    Optuna's tree-structured Parzen estimator with a seed for each trial, so that a search which was
    stopped goes on with the proposals that it would have made.

    Args:
        judge: trains with the settings and returns the loss, the lower the better, or None where
            the training failed. Trials that have ended are judged once more, for what it remembers.
        space: setting → its values, or the ends of a range that is searched on a log scale.
        trials: how many; the first four are random.
        seed: of the proposals.
        storage: SQLite file of the trials that have ended; None keeps them in memory.
        name: of the search in that file.

    Returns:
        The settings of each trial, in order.

    Raises:
        TrainingError: when Optuna is not installed.
    """
    if find_spec("optuna") is None:
        raise TrainingError(
            "a search needs optuna; next: pip install -e '.[track]', or set trials to 0"
        )
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    uri = f"sqlite:///{storage}" if storage else None
    study = optuna.create_study(storage=uri, study_name=name, load_if_exists=True)
    ended = [dict(trial.params) for trial in _ended(study)][:trials]
    for settings in ended:
        judge(settings)
    return [*ended, *(_try(study, judge, space, seed + n) for n in range(len(ended), trials))]


def _ended(study: Any) -> list[Any]:
    """Return the trials that were judged; those that a stop interrupted are put aside."""
    from optuna.trial import TrialState

    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
    return [
        trial
        for trial in study.get_trials(states=(TrialState.COMPLETE, TrialState.FAIL))
        if trial.state == TrialState.COMPLETE or _FAILED in trial.user_attrs
    ]


def _try(study: Any, judge: Callable[..., float | None], space: Space, seed: int) -> dict[str, Any]:
    """Propose settings, have them judged, and tell the study what came of it."""
    import optuna

    study.sampler = optuna.samplers.TPESampler(n_startup_trials=4, seed=seed)
    trial = study.ask()
    settings = {name: _suggest(trial, name, choice) for name, choice in space.items()}
    loss = judge(settings)
    if loss is None:
        trial.set_user_attr(_FAILED, True)
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
    else:
        study.tell(trial, loss)
    return settings


def _suggest(trial: Any, name: str, choice: Range | tuple[Any, ...]) -> Any:
    if not isinstance(choice, Range):
        return trial.suggest_categorical(name, list(choice))
    if TrainingOptions.model_fields[name].annotation is int:
        return trial.suggest_int(name, int(choice.low), int(choice.high), log=True)
    return trial.suggest_float(name, choice.low, choice.high, log=True)
