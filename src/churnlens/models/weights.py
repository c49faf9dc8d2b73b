"""What a folder of weights must be before anything opens it: whole, hashed, and without code.

Loading a pickle runs whatever its author put into it, and a config can name Python code to run.
Both are refused here by what they are, whether or not a loader would have opened them.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from churnlens.models.lock import ModelError, ModelSpec

MANIFEST = "manifest.json"
_PICKLED = {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".dill", ".npy", ".h5"}
_CODE = {".py", ".pyc", ".so", ".dll", ".dylib", ".exe"}
_MODULES = "sentence_transformers."


def sha256_of(path: Path) -> str:
    """Return the hex sha256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_sha256(path: Path, expected: str, name: str) -> None:
    """Compare a file with its hash in the lock.

    Raises:
        ModelError: with both hashes, when they differ.
    """
    if (got := sha256_of(path)) != expected:
        raise ModelError(
            f"{name}: {path.name} has sha256 {got}, expected {expected}; nothing was kept. Fetch "
            "again; if it stays so, the source has changed: do not use it, or review and update "
            "conf/base/models.lock.yml"
        )


def _config(path: Path) -> Any:
    """Read a JSON config, refusing one that names code."""

    def _refuse_code(mapping: dict[str, Any]) -> dict[str, Any]:
        if "auto_map" in mapping:
            raise ModelError(f"{path.name}: 'auto_map' asks to run code of the model's author")
        return mapping

    try:
        return json.loads(path.read_text(encoding="utf-8"), object_hook=_refuse_code)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{path.name}: not readable as JSON ({type(error).__name__})") from None


def _check_modules(path: Path) -> None:
    kinds = [str(module.get("type")) for module in _config(path)]
    if foreign := [kind for kind in kinds if not kind.startswith(_MODULES)]:
        raise ModelError(f"{path.name}: {foreign[0][:80]!r} is code from outside {_MODULES[:-1]}")


def _check_tensors(path: Path) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy"):
            return
    except SafetensorError as error:
        raise ModelError(f"{path.name}: not whole safetensors ({str(error)[:120]})") from None


def _check_file(path: Path) -> None:
    if path.suffix in _PICKLED:
        raise ModelError(f"{path.name}: pickled weights can run code when they are loaded")
    if path.suffix in _CODE:
        raise ModelError(f"{path.name}: a model folder may hold no program")
    if path.suffix == ".safetensors":
        _check_tensors(path)
    elif path.name == "modules.json":
        _check_modules(path)
    elif path.suffix == ".json" and "config" in path.name:
        _config(path)


def check_weights(folder: Path) -> None:
    """Refuse a model folder that could run code, or whose weights are not whole.

    Args:
        folder: holds config, tokenizer and at least one `.safetensors` file.

    Raises:
        ModelError: one line naming the first file at fault and the next step.
    """
    if not folder.is_dir():
        raise ModelError(f"{folder}: expected a model folder, found none; fetch the model first")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    try:
        for path in files:
            _check_file(path)
        if not any(path.suffix == ".safetensors" for path in files):
            raise ModelError("no .safetensors file")
    except ModelError as error:
        raise ModelError(
            f"{folder.name}: {error}; next: use a copy of the model with safetensors only"
        ) from None


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_manifest(folder: Path, spec: ModelSpec) -> None:
    """Write the file that says a fetched model is complete; it is the last write.

    It holds the lock entry, its digest, and bytes and sha256 of every file in `folder`.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        _fsync(path)
    content = {
        "digest": spec.digest(),
        "spec": spec.model_dump(mode="json"),
        "files": {
            path.relative_to(folder).as_posix(): [path.stat().st_size, sha256_of(path)]
            for path in files
        },
    }
    text = json.dumps(content, indent=1, ensure_ascii=False)
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    _fsync(folder / MANIFEST)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a fetched model, or an empty mapping where there is none."""
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    content: dict[str, Any] = _config(path)
    return content


def verify(spec: ModelSpec, root: Path, *, full: bool = False) -> Path:
    """Return the folder of a fetched model after checking that it is the one in the lock.

    Args:
        spec: entry of the lock file.
        root: folder that holds the fetched models.
        full: hash every file again instead of comparing sizes.

    Raises:
        ModelError: when the model is absent, of another lock entry, or damaged.
    """
    if spec.source == "local":
        check_weights(spec.path)
        return spec.path
    folder = root / spec.name
    step = f"run: kedro fetch-models {spec.name}"
    manifest = read_manifest(folder)
    if not manifest:
        raise ModelError(f"{spec.name} is not in {root}; {step}")
    if manifest.get("digest") != spec.digest():
        got = f"{manifest['spec']['base']} at {_version(manifest['spec'])}"
        raise ModelError(
            f"{spec.name} is {got}, expected {spec.base} at {spec.version} as the lock says; {step}"
        )
    for name, (size, sha256) in manifest["files"].items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != size:
            got = f"{path.stat().st_size} bytes" if path.is_file() else "no file"
            raise ModelError(f"{spec.name}: {name}: got {got}, expected {size} bytes; {step}")
        if full:
            check_sha256(path, sha256, spec.name)
    return folder


def _version(spec: dict[str, Any]) -> str:
    return str(spec.get("package") or spec.get("revision"))
