"""What there is of models on this machine, for people and programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from models import backends
from models.errors import ModelRefusedError

if TYPE_CHECKING:
    from models.registry import Registry


class ListedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model as it is listed.

    Attributes:
        name, variant, licence, adapter: see `models.manifest.Manifest`.
        roles: that it can fill.
        bound: those of them that it serves.
        origin: `shipped` or `user`.
        size_bytes: of its files.
        backends: that it has a file for.
        gflop_per_run: None if nobody counted.
        refused: why it cannot be used, as far as its manifest shows; the other fields are empty then.
    """

    name: str
    variant: str = ""
    licence: str = ""
    adapter: str = ""
    roles: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()
    origin: str = ""
    size_bytes: int = 0
    backends: tuple[str, ...] = ()
    gflop_per_run: float | None = None
    refused: str | None = None


class ListedBackend(msgspec.Struct, frozen=True, kw_only=True):
    """A backend, and what it lacks here; None if it can be used."""

    name: str
    lacks: str | None


class ModelListing(msgspec.Struct, frozen=True, kw_only=True):
    """All models, what serves each role, all backends."""

    models: tuple[ListedModel, ...]
    bindings: dict[str, str]
    backends: tuple[ListedBackend, ...]


def listing(registry: Registry) -> ModelListing:
    """List what a registry knows; files are not read beyond the manifests."""
    bindings = {str(role): name for role, name in registry.bindings().items()}
    return ModelListing(
        models=tuple(_listed(registry, name, bindings) for name in registry.names()),
        bindings=bindings,
        backends=tuple(ListedBackend(name=name, lacks=backends.get(name).why_not()) for name in backends.BACKENDS),
    )


def _listed(registry: Registry, name: str, bindings: dict[str, str]) -> ListedModel:
    try:
        model = registry.find(name)
    except ModelRefusedError as error:
        return ListedModel(name=name, refused=str(error))
    manifest = model.manifest
    paths = [model.folder / file.name for file in manifest.files]
    loaded = dict.fromkeys(backend for file in manifest.files for backend in file.backends)
    return ListedModel(
        name=name,
        variant=manifest.variant,
        licence=manifest.licence,
        adapter=manifest.adapter,
        roles=tuple(manifest.roles),
        bound=tuple(role for role in manifest.roles if bindings.get(role) == name),
        origin="shipped" if model.shipped else "user",
        size_bytes=sum(path.stat().st_size for path in paths if path.is_file()),
        backends=tuple(loaded),
        gflop_per_run=manifest.gflop_per_run,
    )
