import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlens.dialogues.form import Dialogue, Turn
from churnlens.dialogues.splits import group_dialogues, split_dialogues

RULES = "".join(random.Random(0).choices("abcdefghijklmnopqrstuvwxyz", k=900))  # one for all
SHARES = {"train": 0.7, "valid": 0.1, "test": 0.2}


def _dialogue(name, customer=None, said=None, **labels):
    words = random.Random(said or name)
    text = "".join(words.choices("abcdefghijklmnopqrstuvwxyz", k=40))
    turns = (
        Turn(speaker="system", text=RULES),
        Turn(speaker="customer", text=text),
    )
    return Dialogue(
        id=str(name), turns=turns, source="s", language="en", customer=customer, labels=labels
    )


def test_what_belongs_together_is_one_group_also_in_steps():
    dialogues = [
        _dialogue("a", customer="c1"),
        _dialogue("b", customer="c1", said="same"),
        _dialogue("c", said="same", scenario="late"),
        _dialogue("d", scenario="late"),
        _dialogue("e"),
        _dialogue("f"),
    ]
    assert group_dialogues(dialogues) == ["a", "a", "a", "d", "e", "f"]
    assert group_dialogues(dialogues, family="scenario") == ["a", "a", "a", "a", "e", "f"]
    with pytest.raises(ValueError, match="1 dialogues have the id"):
        group_dialogues([*dialogues, _dialogue("a")])


KEYS = st.tuples(
    st.none() | st.sampled_from("xyzw"), st.none() | st.integers(0, 5), st.integers(0, 8)
)


@settings(max_examples=60)
@given(st.lists(KEYS, min_size=60, max_size=80), st.integers(0, 3))
def test_no_customer_text_or_family_is_on_two_sides(keys, seed):
    dialogues = [
        _dialogue(
            n,
            customer,
            f"near {text}" if text is not None else None,
            scenario=str(family) if family else "",
        )
        for n, (customer, text, family) in enumerate(keys)
    ]
    dialogues += [_dialogue(f"lone {n}") for n in range(60)]
    sides = split_dialogues(dialogues, SHARES, seed, family="scenario")
    assert sorted(d.id for side in sides.values() for d in side) == sorted(d.id for d in dialogues)
    for of in (lambda d: d.customer, lambda d: d.turns[1].text, lambda d: d.labels.get("scenario")):
        seen = [{of(d) for d in side if of(d)} for side in sides.values()]
        assert sum(map(len, seen)) == len(set().union(*seen))


def test_shares_are_reached_and_the_order_does_not_count():
    dialogues = [_dialogue(n) for n in range(2000)]
    sides = split_dialogues(dialogues, SHARES, seed=3)
    for side, share in SHARES.items():
        assert abs(len(sides[side]) / 2000 - share) < 0.03
    again = split_dialogues(dialogues[::-1], SHARES, seed=3)
    assert {side: {d.id for d in kept} for side, kept in again.items()} == {
        side: {d.id for d in kept} for side, kept in sides.items()
    }
    assert sides != split_dialogues(dialogues, SHARES, seed=4)


def test_new_dialogues_move_none():
    old = [_dialogue(n) for n in range(200)]
    before = split_dialogues(old, SHARES, seed=1)
    after = split_dialogues([*(_dialogue(f"new {n}") for n in range(200)), *old], SHARES, seed=1)
    for side, kept in before.items():
        assert {d.id for d in kept} <= {d.id for d in after[side]}


@pytest.mark.parametrize("shares", [{}, {"a": 0.5}, {"a": 1.5, "b": -0.5}, {"a": 1.0, "b": 0.0}])
def test_shares_that_are_none(shares):
    with pytest.raises(ValueError, match="shares"):
        split_dialogues([_dialogue("a")], shares, seed=0)


def test_an_empty_side_is_told():
    dialogues = [_dialogue(n, customer="one") for n in range(20)]
    with pytest.raises(ValueError, match=r"20 dialogues in 1 groups"):
        split_dialogues(dialogues, SHARES, seed=0)
