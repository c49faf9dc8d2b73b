"""The notebook on a run without a student runs as it stands, on the tiny environment."""

from commands import run_notebook


def test_every_cell_of_the_tour_runs(project, finished, monkeypatch, capsys):
    monkeypatch.setenv("KEDRO_ENV", "tiny")
    monkeypatch.setenv("DATA_ROOT", str(finished))
    run_notebook(project, "tour")
    assert "month-to-month" in capsys.readouterr().out
