"""A record per node: which inputs made which outputs, by content hash.

The record is written after the node's outputs are in place. A node is *done* when its record fits
the files and parameters of today and what the nodes before it read, *stale* when an input has
changed since, *torn* when an output is not the one that the record names. A node that is done is
*current* when the same code, libraries and settings would make it now: a run passes over it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from kedro.io import CatalogProtocol
from kedro.pipeline.node import Node
from pydantic import BaseModel

Catalog = CatalogProtocol[Any, Any]
State = Literal["done", "stale", "torn", "missing", "never ran"]
PLACES = frozenset({"params:model_root"})  # where models lie; what they are is in the lock
PACKAGE = Path(__file__).parents[1]
LIBRARIES = (  # that compute results: another version may round otherwise
    *("torch", "transformers", "tokenizers", "sentence-transformers", "peft", "bitsandbytes"),
    *("llguidance", "numpy", "pandas", "scipy", "scikit-learn", "statsmodels", "lightgbm"),
    *("faiss-cpu", "rank-bm25", "bm25s", "sacrebleu", "rouge-score", "jieba", "matplotlib"),
)
_PLACE_KEYS = frozenset({"filepath", "path", "source"})
OTHER_MAKER = "a run makes it again: other code, libraries or settings"


class NodeRecord(BaseModel):
    """What a node read and wrote: dataset name → sha256.

    Attributes:
        given: inputs that the run was given as a file of its own → that file.
        maker: see `maker_hash`; empty in records of earlier versions.
    """

    node: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    given: dict[str, str] = {}
    maker: str = ""


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


def file_of(catalog: Catalog, name: str) -> Path | None:
    """Return the file that holds a dataset; None where there is none to compare."""
    path = getattr(catalog.get(name), "_filepath", None)
    return Path(str(path)) if path is not None else None


def fingerprint(catalog: Catalog, name: str) -> str:
    """Return the sha256 of a parameter or of a dataset's file; empty when there is none.

    Caches (datasets that hold a folder without a manifest) and `PLACES` have no fingerprint: what
    they hold never changes a result.
    """
    if name in PLACES:
        return ""
    if name.startswith("params:") or name == "parameters":
        return _value_hash(catalog.load(name))
    if own := getattr(catalog.get(name), "fingerprint", None):
        return str(own())
    path = file_of(catalog, name)
    return _file_hash(path) if path is not None else ""


@cache
def code_hash() -> str:
    """Return the sha256 of the package's own files: code, vocabulary and templates."""
    files = (path for path in PACKAGE.rglob("*") if path.suffix in {".py", ".yml", ".html"})
    hashes = [(path.relative_to(PACKAGE).as_posix(), _file_hash(path)) for path in sorted(files)]
    return _value_hash(hashes)


@cache
def _library_versions() -> list[str]:
    found = []
    for library in LIBRARIES:
        try:
            found.append(f"{library} {version(library)}")
        except PackageNotFoundError:
            found.append(library)
    return found


def made_with() -> list[str]:
    """Return the hash of the package's code, and the versions of the libraries that compute."""
    return [code_hash(), *_library_versions()]


def _config(dataset: Any) -> Any:
    return dataset._init_config()  # the only form that has every argument


def _without_places(config: Any) -> Any:
    """Return a dataset's configuration without where its file lies."""
    if not isinstance(config, dict):
        return config
    return {k: _without_places(v) for k, v in config.items() if k not in _PLACE_KEYS}


def maker_hash(catalog: Catalog, node: Node) -> str:
    """Return the sha256 of what makes a node's outputs beside the contents of its inputs.

    These are the package's code, the libraries that compute, how inputs are read and checked and
    outputs written, and parameters to the last field: also those that are kept out of
    `fingerprint` because a command may choose them, such as who writes.
    """
    parameters = [name for name in node.inputs if name.startswith("params:")]
    files = sorted({*node.inputs, *node.outputs}.difference(parameters, {"parameters"}))
    validators = getattr(catalog, "validators", {})
    return _value_hash(
        {
            "made_with": made_with(),
            "parameters": {n: repr(catalog.load(n)) for n in parameters if n not in PLACES},
            "datasets": {n: _without_places(_config(catalog.get(n))) for n in files},
            "validators": {n: _without_places(validators.get(n)) for n in files},
        }
    )


def record_now(catalog: Catalog, node: Node, given: frozenset[str] = frozenset()) -> NodeRecord:
    """Return the record that a node would have if it had made the files of now.

    Args:
        catalog: where the files are.
        node: any.
        given: inputs that this run was given as files of their own.
    """
    return NodeRecord(
        node=node.name,
        inputs={name: fingerprint(catalog, name) for name in sorted(node.inputs)},
        outputs={name: fingerprint(catalog, name) for name in sorted(node.outputs)},
        given={n: str(file_of(catalog, n)) for n in sorted(given & set(node.inputs))},
        maker=maker_hash(catalog, node),
    )


def _in_memory(catalog: Catalog, name: str) -> bool:
    known = name in catalog and not name.startswith("params:") and name != "parameters"
    return known and bool(getattr(catalog.get(name), "_EPHEMERAL", False))


def is_current(catalog: Catalog, node: Node, folder: Path, given: frozenset[str]) -> bool:
    """Whether a run that reached `node` now would make what is already there.

    A node that keeps nothing in a file, or works with data that live in memory, never is.

    Args:
        catalog: where the files are.
        node: any.
        folder: of the records.
        given: inputs that this run was given as files of their own.
    """
    record = _read_record(folder, node)
    if record is None or any(_in_memory(catalog, name) for name in node.inputs + node.outputs):
        return False
    return (
        bool(record.outputs)
        and all(record.outputs.values())
        and (record == record_now(catalog, node, given))
    )


def record_path(folder: Path, node: str) -> Path:
    """Return where the record of `node` is kept."""
    return folder / f"{node}.json"


def _read_record(folder: Path, node: Node) -> NodeRecord | None:
    path = record_path(folder, node.name)
    if not path.is_file():
        return None
    return NodeRecord.model_validate_json(path.read_text(encoding="utf-8"))


def _changed(then: dict[str, str], now: dict[str, str]) -> list[str]:
    return sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))


def _compare(node: Node, then: NodeRecord, hash_of: Callable[[str], str], maker: str) -> NodeState:
    """Compare a record with the files, parameters and code of now."""
    outputs = {name: hash_of(name) for name in node.outputs}
    if absent := [name for name in outputs if not outputs[name] and then.outputs.get(name)]:
        return NodeState(node=node.name, state="missing", why=f"no file for {', '.join(absent)}")
    if torn := _changed(then.outputs, outputs):
        return NodeState(node=node.name, state="torn", why=f"not as written: {', '.join(torn)}")
    inputs = {
        name: _file_hash(Path(then.given[name])) if name in then.given else hash_of(name)
        for name in node.inputs
    }
    moved = _changed(then.inputs, inputs)
    # A file that is gone has not changed; if a node made it, that node is missing.
    if changed := [name for name in moved if inputs.get(name) != ""]:
        return NodeState(node=node.name, state="stale", why=f"changed since: {', '.join(changed)}")
    whys = [f"no longer there: {', '.join(moved)}"] if moved else []
    whys += [OTHER_MAKER] if then.maker != maker else []
    return NodeState(node=node.name, state="done", why="; ".join(whys))


def node_states(catalog: Catalog, nodes: Iterable[Node], folder: Path) -> list[NodeState]:
    """Compare the records in `folder` with the files and parameters of now, and with one another.

    Args:
        catalog: where the files are.
        nodes: in the order of a run.
        folder: of the records.

    Returns:
        One state a node, in the same order. Two nodes that read different contents under one name
        are never both done, whatever the file holds now.
    """
    hash_of = cache(partial(fingerprint, catalog))
    read_by: dict[str, tuple[str, str]] = {}
    states = []
    for node in nodes:
        record = _read_record(folder, node)
        if record is None:
            states.append(NodeState(node=node.name, state="never ran"))
            continue
        state = _compare(node, record, hash_of, maker_hash(catalog, node))
        for name, value in record.inputs.items():
            reader, read = read_by.setdefault(name, (node.name, value))
            if state.state == "done" and read != value:
                why = f"{reader} read another {name}"
                state = NodeState(node=node.name, state="stale", why=why)
        states.append(state)
    return states
