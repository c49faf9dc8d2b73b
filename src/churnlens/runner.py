"""A runner that passes over nodes whose outputs are what they would make again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner
from kedro.runner.runner import AbstractRunner

from churnlens.engine.records import Catalog
from churnlens.hooks import RunHooks

if TYPE_CHECKING:
    from pluggy import PluginManager

logger = logging.getLogger(__name__)


class IncrementalRunner(SequentialRunner):
    """Runs what has changed since the last run, and what depends on it.

    Whether a node is passed over is decided when it is reached, so that a change which leaves an
    output as it was goes no further. What counts as a change: see `churnlens.engine.records`.
    """

    def _run(
        self,
        pipeline: Pipeline,
        catalog: Catalog,
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
    ) -> None:
        """Run the nodes in order, each as a run of its own, but for those that are current."""
        plugins = hook_manager.get_plugins() if hook_manager else set()
        hooks = [each for each in plugins if isinstance(each, RunHooks)]
        passed = 0
        for node in pipeline.nodes:
            if any(each.is_current(node) for each in hooks):
                passed += 1
                logger.info("%s: unchanged, passed over", node.name)
                continue
            AbstractRunner._run(self, Pipeline([node]), catalog, hook_manager, run_id)
        total = len(pipeline.nodes)
        logger.info("%d of %d nodes ran, %d were unchanged", total - passed, total, passed)
