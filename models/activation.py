"""The checks that a model passes before it is used, in this order; the first that fails refuses it in one line."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.adapters import Adapter
from models.backends.backend import Array, Backend, Network, TensorSpec
from models.errors import ModelFileError, ModelRefusedError, NetworkInputError
from models.manifest import MANIFEST_FILE, Manifest, ModelFile, Tensor, digest_of, read_manifest
from rt_control.errors import InputError

CHECKS = ("manifest", "digest", "adapter", "role", "backend", "files", "hash", "load", "tensors", "golden")
_ANEW = "get the model anew, or add it again with `dynamical models add`"


@dataclass(frozen=True, slots=True)
class ActiveModel:
    """A model in use.

    Attributes:
        manifest: what is known of it.
        backend: name of the backend that runs it.
        network: that is loaded; shared between the roles that it fills.
        fills: the object that the adapter made, which fulfils every role of the manifest.
    """

    manifest: Manifest
    backend: str
    network: Network
    fills: object


def checked_manifest(folder: Path, adapters: Mapping[str, Adapter]) -> Manifest:
    """The manifest of a model's folder, once all that it says of itself is true.

    Raises:
        ModelRefusedError: it cannot be read, its digests are not of what it says, or its adapter does not suit it.
    """
    try:
        manifest = read_manifest(folder / MANIFEST_FILE)
    except InputError as error:
        raise ModelRefusedError(folder.name, "manifest", str(error), "a manifest as docs/models.md", _ANEW) from error
    if manifest.name != folder.name:
        raise ModelRefusedError(
            folder.name, "manifest", f"name {manifest.name!r}", "the name of its folder", "rename the folder"
        )
    for what, said, real in (
        ("preprocessing", manifest.preprocessing_digest, digest_of(manifest.preprocessing)),
        ("postprocessing", manifest.postprocessing_digest, digest_of(manifest.postprocessing)),
    ):
        if said != real:
            raise ModelRefusedError(
                manifest.name, "digest", f"{what} with digest {real}", said, f"undo the change of {what}, or train anew"
            )
    adapter = adapters.get(manifest.adapter)
    if adapter is None:
        known = ", ".join(sorted(adapters)) or "none"
        raise ModelRefusedError(
            manifest.name, "adapter", repr(manifest.adapter), f"one of {known}", "install the version that has it"
        )
    if alien := [role for role in manifest.roles if role not in adapter.roles]:
        raise ModelRefusedError(
            manifest.name,
            "adapter",
            f"role {alien[0]!r}",
            f"one that adapter {adapter.name} fills ({_list(adapter.roles)})",
            "choose another adapter",
        )
    if misfit := adapter.misfit([item.spec() for item in manifest.inputs], [item.spec() for item in manifest.outputs]):
        raise ModelRefusedError(manifest.name, "adapter", *misfit, "choose another adapter")
    return manifest


def checked_file(folder: Path, manifest: Manifest, backend: str) -> ModelFile:
    """The file that a backend loads, once the folder holds what the manifest says and nothing else.

    Raises:
        ModelRefusedError: it does not, or there is no file for that backend.
    """
    file = manifest.file_of(backend)
    if file is None:
        there = _list({name for item in manifest.files for name in item.backends})
        raise ModelRefusedError(
            manifest.name,
            "backend",
            f"no file for backend {backend}",
            f"one of those it has files for ({there})",
            "choose another backend, or export the model for it",
        )
    listed = {MANIFEST_FILE: "", manifest.golden.name: manifest.golden.sha256}
    listed |= {item.name: item.sha256 for item in manifest.files}
    # A file beside the network could be external data of it: weights that no hash covers.
    if stray := sorted(path.name for path in folder.iterdir() if path.name not in listed):
        raise ModelRefusedError(
            manifest.name, "files", f"{stray[0]!r} in its folder", "only files that its manifest lists", "remove it"
        )
    for name, sha256 in listed.items():
        if sha256:
            _check_hash(manifest.name, folder / name, sha256)
    return file


def activate(
    folder: Path, manifest: Manifest, backend: Backend, adapter: Adapter, load: Callable[[Path, ModelFile], Network]
) -> ActiveModel:
    """Run all the checks that follow on `checked_manifest`, and make the object that fills the roles.

    Args:
        folder: of the model.
        manifest: as `checked_manifest` gave it.
        backend: that shall run it.
        adapter: of the manifest.
        load: gives the network in a file; the caller closes it when this raises.

    Raises:
        ModelRefusedError: a check failed.
        BackendUnavailableError: the backend cannot be used here.
        DeviceLostError: the accelerator failed.
    """
    file = checked_file(folder, manifest, backend.name)
    try:
        network = load(folder / file.name, file)
    except ModelFileError as error:
        raise ModelRefusedError(
            manifest.name, "load", str(error), f"a network that {backend.name} runs", _ANEW
        ) from error
    _check_tensors(manifest.name, "input", manifest.inputs, network.inputs)
    _check_tensors(manifest.name, "output", manifest.outputs, network.outputs)
    _check_golden(folder, manifest, network, adapter, file.tolerance or manifest.golden.tolerance)
    try:
        fills = adapter.make(network, manifest)
    except InputError as error:
        raise ModelRefusedError(
            manifest.name, "adapter", str(error), f"what adapter {adapter.name} needs", "correct the manifest"
        ) from error
    return ActiveModel(manifest, backend.name, network, fills)


def _check_hash(model: str, path: Path, sha256: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError as error:
        raise ModelRefusedError(model, "files", f"{path.name} ({error.strerror})", "a file to read", _ANEW) from error
    if found != sha256:
        raise ModelRefusedError(
            model, "hash", f"{path.name} of {size} bytes with sha256 {found}", f"sha256 {sha256}", _ANEW
        )


def _check_tensors(model: str, kind: str, said: Sequence[Tensor], found: Sequence[TensorSpec]) -> None:
    there = {spec.name: spec for spec in found}
    if {item.name for item in said} != there.keys():
        raise ModelRefusedError(
            model, "tensors", f"{kind}s {_list(there)} in the network", f"{_list(item.name for item in said)}", _ANEW
        )
    for item in said:
        spec = there[item.name]
        if item.dtype != spec.dtype or _fixed(item.shape) != _fixed(spec.shape):
            raise ModelRefusedError(
                model,
                "tensors",
                f"{kind} {item.name!r} of the network is {spec.dtype} ({_list(spec.shape)})",
                f"{item.dtype} ({_list(item.shape)}), as its manifest says",
                _ANEW,
            )


def _fixed(shape: Sequence[int | str]) -> list[int | None]:
    """What a free size is called differs between backends."""
    return [size if isinstance(size, int) else None for size in shape]


def _check_golden(folder: Path, manifest: Manifest, network: Network, adapter: Adapter, tolerance: float) -> None:
    def refuse(found: str, expected: str) -> ModelRefusedError:
        return ModelRefusedError(manifest.name, "golden", found, expected, _ANEW)

    try:
        with np.load(folder / manifest.golden.name, allow_pickle=False) as file:
            arrays: dict[str, Array] = {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise refuse(f"{manifest.golden.name} that cannot be read ({error})", "an .npz of arrays") from error
    inputs = {item.name: f"input.{item.name}" for item in manifest.inputs}
    outputs = {item.name: f"output.{item.name}" for item in manifest.outputs}
    wanted = {*inputs.values(), *outputs.values()}
    if arrays.keys() != wanted:
        raise refuse(f"arrays {_list(sorted(arrays))} in {manifest.golden.name}", _list(sorted(wanted)))
    try:
        answers = network.run({name: arrays[key] for name, key in inputs.items()})
    except (NetworkInputError, ModelFileError) as error:
        raise refuse(str(error), "a network that runs with its golden input") from error
    misfit = adapter.misfit(
        [TensorSpec(name, arrays[key].dtype.name, arrays[key].shape) for name, key in inputs.items()],
        [TensorSpec(name, answers[name].dtype.name, answers[name].shape) for name in outputs],
    )
    if misfit:
        raise refuse(*misfit)
    for name, key in outputs.items():
        if difference := _difference(answers[name], arrays[key], tolerance):
            raise refuse(f"output {name!r}: {difference[0]}", difference[1])


def _difference(found: Array, golden: Array, tolerance: float) -> tuple[str, str] | None:
    if found.shape != golden.shape or found.dtype != golden.dtype:
        return f"{found.dtype} {found.shape}", f"{golden.dtype} {golden.shape}"
    found64, golden64 = found.astype(np.float64), golden.astype(np.float64)
    # Written so that NaN counts as too far.
    wrong = ~(np.abs(found64 - golden64) <= tolerance * np.maximum(1.0, np.abs(golden64)))
    if not wrong.any():
        return None
    first = tuple(int(index) for index in np.argwhere(wrong)[0])
    return (
        f"{int(wrong.sum())} of {wrong.size} elements differ, the first at {first}: {found64[first]:g}",
        f"{golden64[first]:g} within {tolerance:g} * max(1, |golden|)",
    )


def _list(names: object) -> str:
    return ", ".join(str(name) for name in names) or "none"  # type: ignore[attr-defined]  # any iterable
