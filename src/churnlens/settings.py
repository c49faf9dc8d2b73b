"""How Kedro meets the project."""

from functools import cached_property
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.io import CatalogProtocol
from kedro.utils import find_kedro_project

from churnlens.hooks import RunHooks


def in_project(path: str) -> str:
    """Return a path of the configuration as an absolute one, from any folder of the project.

    Kedro does so for `filepath` entries only; `${project:PATH}` is for the others.
    """
    return str((find_kedro_project(Path.cwd()) or Path.cwd()) / path)


class OneCatalogContext(KedroContext):
    """Makes its catalog once; Kedro's own reads the configuration again at every access (0.4 s)."""

    @cached_property
    def catalog(self) -> CatalogProtocol[Any, Any]:
        """The catalog of this context, for every command that loads from it."""
        return self._get_catalog()


CONTEXT_CLASS = OneCatalogContext
HOOKS = (RunHooks(),)

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # Without this an override, or --params, deletes its sibling keys.
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
    "custom_resolvers": {"project": in_project},
}
