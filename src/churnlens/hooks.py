"""What happens around every run: one run per data root, a record per node, progress as a file."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path

from filelock import FileLock, Timeout
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.pipeline.node import Node

from churnlens.datasets.atomic import sweep, write_file
from churnlens.engine.records import Catalog, make_record, record_path

logger = logging.getLogger(__name__)
STATE = ".state"
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


class RunInProgressError(RuntimeError):
    """Another run writes to the same data root."""


class ProgressFile(logging.Handler):
    """Appends every progress record to a JSON-lines file, so that any viewer can attach."""

    def __init__(self, path: Path) -> None:
        """Append to `path`, which is emptied first."""
        super().__init__()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
        self._path = path

    def emit(self, record: logging.LogRecord) -> None:
        """Write the numbers of a progress record; pass over any other record."""
        numbers = getattr(record, "progress", None)
        if numbers is not None:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps({"time": record.created, **numbers}) + "\n")


def data_root(context: KedroContext) -> Path:
    """Return the root of every catalog path of this session."""
    given = (context.config_loader.runtime_params or {}).get("data_root")
    root = Path(str(given or context.config_loader["globals"]["data_root"]))
    return root if root.is_absolute() else Path(context.project_path) / root


class RunHooks:
    """Lock, sweep, record and explain; holds the state of one run."""

    def __init__(self) -> None:
        """Start with no run."""
        self._root = Path()
        self._lock: FileLock | None = None
        self._progress: ProgressFile | None = None
        self._catalog: Catalog | None = None
        self._waiting: set[str] = set()
        self._started = 0.0

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Find the data root, and keep every library offline."""
        os.environ.update({key: os.environ.get(key, value) for key, value in OFFLINE.items()})
        self._root = data_root(context)

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Take the run lock, and remove what a killed run left half-written."""
        state = self._root / STATE
        state.mkdir(parents=True, exist_ok=True)
        lock = FileLock(state / "run.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise RunInProgressError(
                f"another run writes to {self._root}; wait for it, or give this one its own "
                "folder with --params data_root=DIR"
            ) from None
        self._lock = lock
        if strays := sweep(self._root):
            logger.info("removed %d half-written files of a run that was stopped", strays)
        self._progress = ProgressFile(state / "progress.jsonl")
        logging.getLogger("churnlens").addHandler(self._progress)

    @hook_impl
    def before_node_run(self, node: Node, catalog: Catalog) -> None:
        """Note what the node has to write."""
        self._catalog, self._waiting = catalog, set(node.outputs)
        self._started = time.monotonic()

    @hook_impl
    def before_dataset_saved(self, node: Node) -> None:
        """Forget the node's old record: until its last output is in place, it is not done."""
        record_path(self._root / STATE, node.name).unlink(missing_ok=True)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """Write the node's record once its last output is in place."""
        self._waiting.discard(dataset_name)
        if not self._waiting and self._catalog is not None:
            record = make_record(self._catalog, node)
            path = record_path(self._root / STATE, node.name)
            write_file(path, record.model_dump_json(indent=1).encode())
            logger.info("%s took %.1f s", node.name, time.monotonic() - self._started)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Let the next run in."""
        self._release()

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Let the next run in; the command says what went wrong."""
        self._release()

    def _release(self) -> None:
        if self._progress is not None:
            logging.getLogger("churnlens").removeHandler(self._progress)
            self._progress = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None
