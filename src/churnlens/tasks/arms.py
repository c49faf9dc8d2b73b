"""The ways in which a model is asked, whatever its task: tuned or not, held to a grammar or not."""

from typing import NamedTuple


class Arm(NamedTuple):
    """An arm that a model writes."""

    tuned: bool
    grammar: bool


WRITTEN = {
    "base": Arm(tuned=False, grammar=False),
    "base_grammar": Arm(tuned=False, grammar=True),
    "tuned": Arm(tuned=True, grammar=False),
    "tuned_grammar": Arm(tuned=True, grammar=True),
}
