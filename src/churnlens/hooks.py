"""What happens around every run: one run per data root, a record per node, progress as a file."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.pipeline.node import Node

from churnlens.datasets.atomic import sweep, write_file
from churnlens.engine.records import (
    Catalog,
    NodeRecord,
    fingerprint,
    is_current,
    record_now,
    record_path,
)
from churnlens.models.loading import OFFLINE
from churnlens.unread import refuse_unread, refuse_unread_parameters

logger = logging.getLogger(__name__)
_PACKAGE_LOG = logging.getLogger("churnlens")
STATE = ".state"


class RunInProgressError(RuntimeError):
    """Another run writes to the same data root."""


class ValidationOffError(RuntimeError):
    """The validator, which turns the table's text into numbers, is switched off."""


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


@contextmanager
def run_lock(root: Path) -> Iterator[None]:
    """Be the only one that writes to the data root; RunInProgressError when another does."""
    (root / STATE).mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / STATE / "run.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise RunInProgressError(
            f"another run writes to {root}; wait for it, or give this one its own "
            "folder with --params data_root=DIR"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _refuse_without_validation(catalog: Catalog) -> None:
    enabled = getattr(catalog, "_is_validation_enabled", None)
    if enabled is not None and not enabled():
        raise ValidationOffError(
            "dataset validation is off, so the table would stay unchecked text; unset "
            "KEDRO_DATASET_VALIDATION and run again"
        )


@dataclass
class _Ongoing:
    """A node between its first input and its last output."""

    waiting: set[str]
    inputs: dict[str, str] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)


class RunHooks:
    """Lock, sweep, record and explain; holds the state of one run."""

    def __init__(self) -> None:
        """Start with no run."""
        self._root = Path()
        self._given: frozenset[str] = frozenset()
        self._catalog: Catalog | None = None
        self._ongoing: dict[str, _Ongoing] = {}
        self._open = ExitStack()

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Find the data root, and keep libraries offline and their idle threads asleep.

        Threads that spin while they wait take the cores from everything else. Settings and
        parameters that nothing reads are refused, see `churnlens.unread`.
        """
        loader: Any = context.config_loader  # its interface does not name the environments
        folders = {loader.base_env, loader.env or loader.default_run_env}
        given = loader.runtime_params or {}
        places = [Path(loader.conf_source) / each for each in folders]
        refuse_unread(loader["globals"], places)
        refuse_unread_parameters(given, places)
        for key, value in {**OFFLINE, "OMP_WAIT_POLICY": "PASSIVE"}.items():
            os.environ.setdefault(key, value)
        self._root = data_root(context)
        self._given = frozenset(given)

    @hook_impl
    def before_pipeline_run(self, catalog: Catalog) -> None:
        """Take the run lock, and remove what a killed run left half-written."""
        _refuse_without_validation(catalog)
        self._catalog, self._ongoing = catalog, {}
        self._open.enter_context(run_lock(self._root))
        if strays := sweep(self._root):
            logger.info("removed %d half-written files of a run that was stopped", strays)
        progress = ProgressFile(self._root / STATE / "progress.jsonl")
        _PACKAGE_LOG.addHandler(progress)
        self._open.callback(_PACKAGE_LOG.removeHandler, progress)

    def _of(self, node: Node) -> _Ongoing:
        return self._ongoing.setdefault(node.name, _Ongoing(set(node.outputs)))

    @hook_impl
    def before_dataset_loaded(self, dataset_name: str, node: Node) -> None:
        """Note what the node is about to read: a file that is replaced meanwhile makes it stale."""
        if self._catalog is not None:
            self._of(node).inputs[dataset_name] = fingerprint(self._catalog, dataset_name)

    @hook_impl
    def before_dataset_saved(self, node: Node) -> None:
        """Forget the node's old record: until its last output is in place, it is not done."""
        record_path(self._root / STATE, node.name).unlink(missing_ok=True)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """Write the node's record once its last output is in place."""
        ongoing = self._of(node)
        ongoing.waiting.discard(dataset_name)
        if not ongoing.waiting and self._catalog is not None:
            record = self._record(self._catalog, node)
            path = record_path(self._root / STATE, node.name)
            write_file(path, record.model_dump_json(indent=1).encode())
            logger.info("%s took %.1f s", node.name, time.monotonic() - ongoing.started)

    def _record(self, catalog: Catalog, node: Node) -> NodeRecord:
        read = dict(sorted(self._of(node).inputs.items()))
        return record_now(catalog, node, self._given).model_copy(update={"inputs": read})

    def is_current(self, node: Node) -> bool:
        """Whether the run may pass over a node, see `records.is_current`."""
        folder = self._root / STATE
        return self._catalog is not None and is_current(self._catalog, node, folder, self._given)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Let the next run in."""
        self._open.close()

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Let the next run in; the command says what went wrong."""
        self._open.close()
