"""How Kedro meets the project."""

from pathlib import Path

from kedro.utils import find_kedro_project

from churnlens.hooks import RunHooks


def in_project(path: str) -> str:
    """Return a path of the configuration as an absolute one, from any folder of the project.

    Kedro does so for `filepath` entries only; `${project:PATH}` is for the others.
    """
    return str((find_kedro_project(Path.cwd()) or Path.cwd()) / path)


HOOKS = (RunHooks(),)

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # Without this an override, or --params, deletes its sibling keys.
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
    "custom_resolvers": {"project": in_project},
}
