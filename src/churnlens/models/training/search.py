"""Settings for the next training, proposed by what earlier ones came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

from churnlens.models.training.faults import TrainingError
from churnlens.options import Range

Space = Mapping[str, Range | tuple[Any, ...]]


def search(
    judge: Callable[[dict[str, Any]], float], space: Space, trials: int, seed: int
) -> list[dict[str, Any]]:
    """Try settings one after the other, each proposed by the losses of those before.

    Optuna's tree-structured Parzen estimator with a seed: the same losses give the same proposals,
    so a search that was stopped is repeated from its start, and what `judge` remembers costs
    nothing.

    Args:
        judge: trains with the settings and returns the loss; the lower the better.
        space: setting → its values, or the ends of a range that is searched on a log scale.
        trials: how many; the first four are random.
        seed: of the proposals.

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
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(n_startup_trials=4, seed=seed))

    def objective(trial: Any) -> float:
        return judge({name: _suggest(trial, name, choice) for name, choice in space.items()})

    study.optimize(objective, n_trials=trials)
    return [dict(trial.params) for trial in study.trials]


def _suggest(trial: Any, name: str, choice: Range | tuple[Any, ...]) -> Any:
    if isinstance(choice, Range):
        return trial.suggest_float(name, choice.low, choice.high, log=True)
    return trial.suggest_categorical(name, list(choice))
