"""The design matrix: which columns a table becomes, and a group as one more attribute."""

import numpy as np
import pandas as pd

from churnlens.evidence.adjust import take_sample
from churnlens.evidence.design import build_design, with_group
from evidence.planted import gym_members, gym_schema

TABLE = gym_members(2000, seed=1)
DESIGN = build_design(TABLE, gym_schema())
LEFT = (TABLE.gone == "1").to_numpy()


def index_of(name):
    return [column.name for column in DESIGN.attributes].index(name)


def test_design_has_a_column_per_value_but_the_first_a_line_and_its_hinges():
    owned = pd.Series(DESIGN.owner).value_counts()
    sizes = {name: owned[index_of(name)] for name in ("plan", "payment", "dog", "months", "age")}
    assert sizes == {"plan": 2, "payment": 3, "dog": 1, "months": 4, "age": 3}
    assert owned[index_of("coach")] == 2, "yes is the reference, 'no club' comes last"
    assert (DESIGN.x[:, -2:] == (TABLE[["club"]] == "none").to_numpy(float)).all()
    assert np.ptp(DESIGN.x[:, 0]) == 0


def test_a_number_is_its_line_and_hinges_up_to_scale():
    own = DESIGN.x[:, DESIGN.owner == index_of("months")]
    slopes = DESIGN.slope[DESIGN.owner == index_of("months")]
    wanted = [TABLE.months - TABLE.months.mean()]
    wanted += [np.maximum(TABLE.months - cut, 0) for cut in (12, 24, 48)]
    np.testing.assert_allclose(own, np.column_stack(wanted) * slopes)
    np.testing.assert_allclose(own.std(axis=0), 1.0)


def test_columns_that_the_table_lacks_are_left_out():
    design = build_design(TABLE.drop(columns=["dog", "age"]), gym_schema())
    assert len(design.attributes) == len(DESIGN.attributes) - 2
    assert design.owner.max() == len(design.attributes) - 1


def test_patterns_say_what_applies():
    lacks = DESIGN.lacks[DESIGN.pattern]
    assert (lacks[:, index_of("coach")] == (TABLE.club == "none")).all()
    assert not lacks[:, index_of("plan")].any()


def test_a_group_becomes_one_more_attribute():
    group = (TABLE.age < 30).to_numpy()
    design, place = with_group(DESIGN, group)
    assert (design.x[:, design.owner == place][:, 0] == group).all()
    assert design.lacks.shape[1] == len(DESIGN.attributes) + 1
    sample = take_sample(
        design, np.ones(len(TABLE), dtype=bool), LEFT, group[:, None], np.array([place])
    )
    wanted = np.zeros(design.x.shape[1])
    wanted[1] = 1.0
    np.testing.assert_allclose(sample.contrasts[0], wanted, atol=1e-12)
