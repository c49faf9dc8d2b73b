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
    storage: tuple[Path, str] | None = None,
) -> list[tuple[dict[str, Any], float | None]]:
    """Try settings one after the other, each proposed by the losses of those before.

    Optuna's tree-structured Parzen estimator with a seed for each trial, so that a search which was
    stopped goes on with the proposals that it would have made.

    Args:
        judge: trains with the settings and returns the loss, the lower the better, or None where
            the training failed.
        space: setting → its values, or the ends of a range that is searched on a log scale.
        trials: how many; the first four are random.
        seed: of the proposals.
        storage: an SQLite file and the name of the study in it: what has been judged is kept there
            and not judged again; None keeps it nowhere. The name must change with whatever `judge`
            rests on.

    Returns:
        The settings of each trial and their loss, in order.

    Raises:
        TrainingError: when Optuna is not installed.
    """
    if find_spec("optuna") is None:
        raise TrainingError(
            "a search needs optuna; next: pip install -e '.[track]', or set trials to 0"
        )
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = _open(storage)
    ended = _ended(study)[:trials]
    return [*ended, *(_try(study, judge, space, seed + n) for n in range(len(ended), trials))]


def _open(storage: tuple[Path, str] | None) -> Any:
    """Return the study of that name, in its file or in memory, made where it is not there."""
    import optuna

    if storage is None:
        return optuna.create_study()
    file, name = storage
    file.parent.mkdir(parents=True, exist_ok=True)
    address = f"sqlite:///{file.resolve()}"
    return optuna.create_study(storage=address, study_name=name, load_if_exists=True)


def _ended(study: Any) -> list[tuple[dict[str, Any], float | None]]:
    """Return the trials that were judged; those that a stop interrupted are put aside."""
    from optuna.trial import TrialState

    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
    return [
        (dict(trial.params), None if trial.state == TrialState.FAIL else float(trial.values[0]))
        for trial in study.get_trials(states=(TrialState.COMPLETE, TrialState.FAIL))
        if trial.state == TrialState.COMPLETE or _FAILED in trial.user_attrs
    ]


def _try(
    study: Any, judge: Callable[..., float | None], space: Space, seed: int
) -> tuple[dict[str, Any], float | None]:
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
    return settings, loss


def _suggest(trial: Any, name: str, choice: Range | tuple[Any, ...]) -> Any:
    if not isinstance(choice, Range):
        return trial.suggest_categorical(name, list(choice))
    field = TrainingOptions.model_fields.get(name)
    if field and field.annotation is int:
        return trial.suggest_int(name, int(choice.low), int(choice.high), log=True)
    return trial.suggest_float(name, choice.low, choice.high, log=True)
