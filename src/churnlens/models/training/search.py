"""Settings for the next training, proposed by what earlier ones came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from churnlens.models.training.faults import TrainingError
from churnlens.options import Range

Space = Mapping[str, Range | tuple[Any, ...]]


def search(
    judge: Callable[[dict[str, Any]], float],
    space: Space,
    trials: int,
    seed: int,
    storage: tuple[Path, str] | None = None,
) -> list[dict[str, Any]]:
    """Return the settings of each trial of `search_losses`, in order."""
    return [settings for settings, _ in search_losses(judge, space, trials, seed, storage)]


def search_losses(
    judge: Callable[[dict[str, Any]], float],
    space: Space,
    trials: int,
    seed: int,
    storage: tuple[Path, str] | None = None,
) -> list[tuple[dict[str, Any], float]]:
    """Try settings one after the other, each proposed by the losses of those before.

    Optuna's tree-structured Parzen estimator with a seed: the same losses give the same proposals,
    so a search that was stopped is repeated from its start, and what `judge` remembers costs
    nothing.

    Args:
        judge: trains with the settings and returns the loss; the lower the better.
        space: setting → its values, or the ends of a range that is searched on a log scale.
        trials: how many; the first four are random.
        seed: of the proposals.
        storage: an SQLite file and the name of the study in it: losses are kept there as they come,
            so that a stopped search judges none of its settings twice; None keeps them nowhere. The
            name must change with whatever `judge` rests on.

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
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(n_startup_trials=4, seed=seed))
    kept = _stored(*storage) if storage else None
    losses = {_key(trial.params): trial.values[0] for trial in kept.trials} if kept else {}

    def objective(trial: Any) -> float:
        settings = {name: _suggest(trial, name, choice) for name, choice in space.items()}
        if _key(settings) in losses:
            return float(losses[_key(settings)])
        loss = judge(settings)
        if kept:
            given = {"params": trial.params, "distributions": trial.distributions, "value": loss}
            kept.add_trial(optuna.trial.create_trial(**given))
        return loss

    study.optimize(objective, n_trials=trials)
    return [(dict(trial.params), float(trial.values[0])) for trial in study.trials]


def _stored(file: Path, name: str) -> Any:
    """Return the study of that name in an SQLite file, both made where they are not there."""
    import optuna

    file.parent.mkdir(parents=True, exist_ok=True)
    address = f"sqlite:///{file.resolve()}"
    return optuna.create_study(storage=address, study_name=name, load_if_exists=True)


def _key(settings: Mapping[str, Any]) -> str:
    return repr(sorted(settings.items()))


def _suggest(trial: Any, name: str, choice: Range | tuple[Any, ...]) -> Any:
    if isinstance(choice, Range):
        return trial.suggest_float(name, choice.low, choice.high, log=True)
    return trial.suggest_categorical(name, list(choice))
