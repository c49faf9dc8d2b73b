"""The quick way and the monitor say the same."""

from hypothesis import given
from hypothesis import strategies as st

from churnlens.options import AlertOptions
from churnlens.tasks.satisfaction.alert_tuning import Watched, alert_turns
from churnlens.tasks.satisfaction.alerts import Heard, Monitor
from churnlens.tasks.satisfaction.first_alerts import first_alert, signals
from tasks.satisfaction.support import FINDER

LEVELS = st.sampled_from([0, 0.1, 0.3, 0.5, 0.6, 0.8, 0.9, 1])
TURNS = st.lists(st.tuples(LEVELS, LEVELS, st.sampled_from([(), (), (), ("legal",)])), min_size=1)
OPTIONS = st.builds(
    AlertOptions,
    amber=st.sampled_from([0, 0.3, 0.5]),
    red=st.sampled_from([0.5, 0.8, 1]),
    rise=st.sampled_from([0, 0.25, 0.4, 1]),
    ahead=st.sampled_from([0.3, 0.8, 1]),
    window=st.integers(2, 4),
    needed=st.integers(1, 2),
    min_turns=st.integers(1, 4),
)


@given(TURNS, OPTIONS)
def test_the_first_alert_is_the_monitors(said, options):
    turns = tuple(
        Heard(index=2 * n, p=p, ahead=ahead, kinds=kinds)
        for n, (p, ahead, kinds) in enumerate(said)
    )
    case = Watched(dialogue="d", turns=turns, event=None)
    expected = next(alert_turns(Monitor(options, FINDER), case), None)
    assert first_alert(signals(turns, options), options) == expected
