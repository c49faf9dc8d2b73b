"""The notebooks run as they stand, on the tiny environment."""

import json

import pytest


@pytest.mark.parametrize("name", ["tour"])
def test_every_cell_of_a_notebook_runs(name, project, finished, monkeypatch, capsys):
    monkeypatch.chdir(project)
    monkeypatch.setenv("KEDRO_ENV", "tiny")
    monkeypatch.setenv("DATA_ROOT", str(finished))
    notebook = json.loads((project / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    names = {}
    for number, cell in enumerate(cells):
        assert not cell["outputs"], "outputs are not kept in git"
        exec(compile("".join(cell["source"]), f"{name}, code cell {number}", "exec"), names)
    assert "month-to-month" in capsys.readouterr().out
