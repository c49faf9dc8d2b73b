"""The six runs of the public recipe are runs of an experiment."""

from churnlens.options import PUBLIC_GRID, ExperimentOptions


def test_the_grid_is_valid():
    options = ExperimentOptions(grid=PUBLIC_GRID)
    assert len(options.grid) == 6
    assert [run["method"] for run in options.grid] == ["lora"] * 3 + ["full"] * 3
