"""A record per node: which inputs made which outputs, by content hash.

The record is written after the node's outputs are in place. A node is *done* when its record fits
the files and parameters of today, *stale* when an input has changed since, *torn* when an output
is not the one that the record names.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

from kedro.io import CatalogProtocol
from kedro.pipeline.node import Node
from pydantic import BaseModel

Catalog = CatalogProtocol[Any, Any]
State = Literal["done", "stale", "torn", "missing", "never ran"]


class NodeRecord(BaseModel):
    """What a node read and wrote: dataset name → sha256."""

    node: str
    inputs: dict[str, str]
    outputs: dict[str, str]


class NodeState(BaseModel):
    """The state of a node, and why."""

    node: str
    state: State
    why: str = ""


def _file_hash(path: Path) -> str:
    target = path / "manifest.json" if path.is_dir() else path
    if not target.is_file():
        return ""
    with target.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _value_hash(value: Any) -> str:
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()


def fingerprint(catalog: Catalog, name: str) -> str:
    """Return the sha256 of a parameter or of a dataset's file; empty when there is none.

    Caches (datasets that hold a folder without a manifest) have no fingerprint: what they hold
    never changes a result.
    """
    if name.startswith("params:") or name == "parameters":
        return _value_hash(catalog.load(name))
    path = getattr(catalog.get(name), "_filepath", None)
    return _file_hash(Path(str(path))) if path is not None else ""


def make_record(catalog: Catalog, node: Node) -> NodeRecord:
    """Return the record of a node that has just run."""
    return NodeRecord(
        node=node.name,
        inputs={name: fingerprint(catalog, name) for name in sorted(set(node.inputs))},
        outputs={name: fingerprint(catalog, name) for name in sorted(node.outputs)},
    )


def record_path(folder: Path, node: str) -> Path:
    """Return where the record of `node` is kept."""
    return folder / f"{node}.json"


def _changed(then: dict[str, str], now: dict[str, str]) -> list[str]:
    return sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))


def node_state(catalog: Catalog, node: Node, folder: Path) -> NodeState:
    """Compare the record of `node` in `folder` with the files and parameters of now."""
    path = record_path(folder, node.name)
    if not path.is_file():
        return NodeState(node=node.name, state="never ran")
    then = NodeRecord.model_validate_json(path.read_text(encoding="utf-8"))
    now = make_record(catalog, node)
    if absent := [name for name, value in now.outputs.items() if not value and then.outputs[name]]:
        return NodeState(node=node.name, state="missing", why=f"no file for {', '.join(absent)}")
    if torn := _changed(then.outputs, now.outputs):
        return NodeState(node=node.name, state="torn", why=f"not as written: {', '.join(torn)}")
    if moved := _changed(then.inputs, now.inputs):
        return NodeState(node=node.name, state="stale", why=f"changed since: {', '.join(moved)}")
    return NodeState(node=node.name, state="done")
