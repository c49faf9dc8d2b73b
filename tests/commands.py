"""Commands as a user types them, each in a process of its own, and what they leave behind."""

import contextlib
import json
import os
import shutil
import subprocess
import sys

from kedro.framework.startup import bootstrap_project

QUESTIONS = [
    "Why do fiber customers leave?",
    "为什么按月合同的客户流失？",
    "Why do rich customers leave?",
]


def command(project, *words, check=True, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "kedro", *words],
        cwd=project,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not check or done.returncode == 0, done.stderr[-3000:]
    return done


def parameters(folder, customers, **more) -> list[str]:
    """Options of a small run of `customers` into `folder`, the questions beside it."""
    given = {
        "data_root": folder,
        "customers": customers,
        "questions": folder.parent / "questions.yml",
        "writer": "template",
        **more,
    }
    return ["--env", "tiny", "--params", ",".join(f"{k}={v}" for k, v in given.items())]


def contents(folder) -> dict[str, bytes]:
    """Read every result; the state of runs and the cache of predictions are none."""
    aside = {".state", "prediction_cache"}
    files = (path for path in folder.rglob("*") if path.is_file() and not aside & {*path.parts})
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def records(folder) -> dict[str, int]:
    """Node → when its record was written."""
    found = {}
    for path in (folder / ".state").glob("[!.]*.json"):  # not one half written
        with contextlib.suppress(FileNotFoundError):  # the run removes one before it writes another
            found[path.stem] = path.stat().st_mtime_ns
    return found


def again(project, *words) -> None:
    """Run once more, in this process."""
    bootstrap_project(project)
    done = invoke(project, "run", *words)
    assert done.exit_code == 0, done.stderr


def ran(folder, before) -> set[str]:
    """Names of the nodes that have written a record since `before`."""
    return set(dict(records(folder).items() - before.items()))


def conf_with_prompts(project, folder, task, text: str):
    """Write a copy of the configuration whose prompts of a task are a file of `text`."""
    shutil.copytree(project / "conf", folder / "conf")
    (folder / f"{task}.yml").write_text(text, encoding="utf-8")
    raw = folder / "conf" / "base" / "catalog_raw.yml"
    words = raw.read_text(encoding="utf-8").replace("prompts/{task}.yml", f"{folder}/{{task}}.yml")
    raw.write_text(words, encoding="utf-8")
    return folder / "conf"


def invoke(project, *words):
    """Run a project command in this process, which is faster; anything uncaught is raised."""
    from click.testing import CliRunner

    from churnlens.cli import cli

    with contextlib.chdir(project):
        return CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)


def predicted_both_ways(project, task, source, root, *more) -> tuple[bytes, bytes]:
    """Predict from a file in this process, then by two Ray workers; returns what was written."""
    written = []
    for words in ((), ("--workers", 2)):
        shutil.rmtree(root / "07_model_output" / task / "prediction_cache", ignore_errors=True)
        target = source.with_suffix(".out")
        given = ("--data-root", root, "--env", "tiny", *more, *words)
        done = invoke(project, "predict", task, source, target, *given)
        assert done.exit_code == 0, done.stderr
        written.append(target.read_bytes())
    return written[0], written[1]


def run_notebook(project, name):
    """Run every code cell of a notebook as it stands, in the project's folder; its names."""
    path = project / "notebooks" / f"{name}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    names = {}
    with contextlib.chdir(project):
        for number, cell in enumerate(each for each in cells if each["cell_type"] == "code"):
            assert not cell["outputs"], "outputs are not kept in git"
            exec(compile("".join(cell["source"]), f"{name}, code cell {number}", "exec"), names)
    return names
