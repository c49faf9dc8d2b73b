"""Proposals learn from losses, repeat themselves, and stay in their space."""

import math

import pytest

from churnlens.models.training import search as module
from churnlens.models.training.faults import TrainingError
from churnlens.models.training.search import search
from churnlens.options import Range

SPACE = {"learning_rate": Range(low=1e-4, high=1e-2), "rank": (8, 16, 32)}


def loss(settings):
    """Least at a rate of 1e-3 and rank 16."""
    return math.log10(settings["learning_rate"] / 1e-3) ** 2 + (settings["rank"] != 16)


def tried(trials=12, seed=7):
    asked = []
    found = search(lambda s: asked.append(s) or loss(s), SPACE, trials, seed)
    assert found == [(settings, loss(settings)) for settings in asked]
    return asked


def test_settings_stay_in_their_space():
    for settings in tried():
        assert settings.keys() == SPACE.keys()
        assert 1e-4 <= settings["learning_rate"] <= 1e-2 and settings["rank"] in (8, 16, 32)


def test_the_same_losses_give_the_same_proposals_and_a_longer_search_goes_on():
    assert tried(6) == tried(6) == tried(12)[:6]
    assert tried(6, seed=8) != tried(6)


def test_later_proposals_are_better_than_the_random_ones():
    losses = [loss(s) for s in tried(40)]
    assert sum(losses[-10:]) / 10 < sum(losses[:4]) / 4 / 2


def test_what_stops_a_training_stops_the_search():
    def judge(settings):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(judge, SPACE, 3, 7)


def test_a_stopped_search_goes_on_from_its_file_as_if_it_had_not_stopped(tmp_path):
    judged, storage = [], (tmp_path / "deep" / "search.db", "study")

    def judge(settings):
        if len(judged) == 5:
            raise KeyboardInterrupt
        judged.append(settings)
        return loss(settings)

    with pytest.raises(KeyboardInterrupt):
        search(judge, SPACE, 8, 7, storage)
    again = []
    found = search(lambda s: again.append(s) or loss(s), SPACE, 8, 7, storage)
    assert [settings for settings, _ in found] == tried(8) == judged + again
    assert search(judge, SPACE, 8, 7, storage) == found  # nothing is judged again
    other = []
    search(lambda s: other.append(s) or loss(s), SPACE, 2, 7, (storage[0], "other"))
    assert len(other) == 2


def test_what_failed_is_kept_as_failed(tmp_path):
    storage = (tmp_path / "search.db", "study")
    found = search(lambda s: None, SPACE, 2, 7, storage)
    assert [loss for _, loss in found] == [None, None]
    assert search(loss, SPACE, 2, 7, storage) == found


def test_without_optuna_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(TrainingError, match=r"pip install -e '.\[track\]'"):
        search(loss, SPACE, 3, 7)
