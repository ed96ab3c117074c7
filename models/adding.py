"""A user's own ONNX file becomes a model: it passes the same checks as a shipped one before it is there at all."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from models import activation, adapters, durable
from models.activation import ActiveModel
from models.adapters import Adapter
from models.backends.backend import Array, Backend, Network, TensorSpec
from models.errors import ModelFileError, ModelRefusedError, NetworkInputError
from models.manifest import (
    MANIFEST_FILE,
    UNKNOWN,
    Golden,
    Manifest,
    ModelFile,
    Parameter,
    Section,
    Tensor,
    digest_of,
    write_manifest,
)
from models.preprocessing import Preprocessing
from models.registry import Registry, StoredModel
from models.roles import Role
from rt_control.errors import InputError

NETWORK_FILE = "model.onnx"
GOLDEN_FILE = "golden.npz"
GOLDEN_SEED = 0
# Of the same 32-bit network on another backend: TensorFloat-32 rounds products to 10 bits.
GOLDEN_TOLERANCE = 2e-3


class Settings(Section, frozen=True, kw_only=True):
    """What of a model its file does not say, where it differs from what its adapter takes for granted.

    Attributes:
        variant: its size in words.
        source: where it comes from.
        class_names: in the order of the network's classes.
        gflop_per_run: a multiply-add counted as two.
        training_command, data_seed: that made it, of a network that was trained here.
        preprocessing, postprocessing: see `Manifest`; parameters that are not named keep the adapter's value.
    """

    variant: Literal["small", "medium"] = "small"
    source: str = ""
    class_names: list[str] = []
    gflop_per_run: float | None = None
    training_command: str = UNKNOWN
    data_seed: int | Literal["none"] = "none"
    preprocessing: Preprocessing | None = None
    postprocessing: dict[str, Parameter] = {}


@dataclass(frozen=True, slots=True)
class Addition:
    """What the user asks for.

    Attributes:
        file: .onnx, with its weights inside.
        roles: that it shall be able to fill.
        adapter: name of the adapter that understands its outputs.
        licence: SPDX expression.
        name: of the model; None takes the file's.
        settings: see there.
    """

    file: Path
    roles: Sequence[Role]
    adapter: str
    licence: str
    name: str | None = None
    settings: Settings = field(default_factory=Settings)


def read_settings(path: Path) -> Settings:
    """Read settings from a TOML file.

    Raises:
        InputError: it cannot be read, or does not say what it may.
    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Settings)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}") from error


def add(registry: Registry, asked: Addition, backend: Backend) -> StoredModel:
    """Make a model of an ONNX file in the user's folder: whole, or not at all.

    Args:
        registry: that it shall be found in.
        asked: what to add.
        backend: that runs it to make and to repeat the golden answer.

    Raises:
        ModelRefusedError: it does not run, or does not fit the adapter.
        InputError: the name is taken or unfit, the file or the folder cannot be used.
        BackendUnavailableError: the backend cannot be used here.
    """
    adapter = adapters.get(asked.adapter, registry.adapters)
    name = asked.name or re.sub(r"[^a-z0-9_-]+", "-", asked.file.stem.lower()).strip("-_")
    if name in registry.names():
        raise InputError(f"model {name!r} is there already; give another --name, or remove its folder")
    try:
        registry.user.mkdir(mode=0o700, parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".adding-", dir=registry.user))
    except OSError as error:
        raise InputError(f"{registry.user}: cannot be written ({error.strerror})") from error
    try:
        folder = staging / "model"
        folder.mkdir()
        manifest = _fill(folder, asked, name, adapter, backend)
        folder = folder.rename(staging / name)
        _check(folder, registry, backend).network.close()
        durable.move_folder(folder, registry.user / name)
    except OSError as error:
        raise InputError(f"{asked.file}: cannot be added to {registry.user} ({error.strerror})") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return StoredModel(registry.user / name, manifest, shipped=False)


def _fill(folder: Path, asked: Addition, name: str, adapter: Adapter, backend: Backend) -> Manifest:
    content = asked.file.read_bytes()
    # Loaded from a folder of its own, so that a network whose weights lie in other files is refused.
    durable.write(folder / NETWORK_FILE, content)
    try:
        network = backend.load(folder / NETWORK_FILE)
    except ModelFileError as error:
        raise ModelRefusedError(
            str(asked.file), "load", str(error), "an ONNX network with its weights inside", "export it anew"
        ) from error
    try:
        if misfit := adapter.misfit(network.inputs, network.outputs):
            raise ModelRefusedError(str(asked.file), "adapter", *misfit, "choose another --adapter, or export it so")
        preprocessing = _preprocessing(network.inputs[0], adapter, asked.settings.preprocessing)
        golden = _golden(str(asked.file), network, adapter, preprocessing)
        inputs, outputs = _tensors(network.inputs), _tensors(network.outputs)
    finally:
        network.close()
    durable.write(folder / GOLDEN_FILE, golden)
    postprocessing = {**adapter.postprocessing, **asked.settings.postprocessing}
    said = {
        "name": name,
        "variant": asked.settings.variant,
        "roles": list(asked.roles),
        "adapter": adapter.name,
        "licence": asked.licence,
        "source": asked.settings.source or f"added from {asked.file.name}",
        "training_command": asked.settings.training_command,
        "data_seed": asked.settings.data_seed,
        "class_names": asked.settings.class_names,
        "gflop_per_run": asked.settings.gflop_per_run,
        "preprocessing_digest": digest_of(preprocessing),
        "postprocessing_digest": digest_of(postprocessing),
        "files": [ModelFile(name=NETWORK_FILE, sha256=_sha256(content), backends=["onnxruntime", "tensorrt"])],
        "inputs": inputs,
        "outputs": outputs,
        "preprocessing": preprocessing,
        "postprocessing": postprocessing,
        "golden": Golden(name=GOLDEN_FILE, sha256=_sha256(golden), tolerance=GOLDEN_TOLERANCE),
    }
    try:
        # Converted, not constructed: that checks what the user gave.
        manifest = msgspec.convert(msgspec.to_builtins(said), type=Manifest)
    except msgspec.MsgspecError as error:
        raise InputError(f"{asked.file}: {error}; see docs/models.md for what may be said of a model") from error
    write_manifest(folder / MANIFEST_FILE, manifest)
    return manifest


def _check(folder: Path, registry: Registry, backend: Backend) -> ActiveModel:
    """As at each later activation."""
    manifest = activation.checked_manifest(folder, registry.adapters)
    adapter = registry.adapters[manifest.adapter]
    return activation.activate(folder, manifest, backend, adapter, lambda path, _: backend.load(path))


def _preprocessing(image: TensorSpec, adapter: Adapter, given: Preprocessing | None) -> Preprocessing | None:
    """What was given, else the adapter's; the size is that of the network, where it has one. None without images."""
    if not adapter.sees_images:
        return None
    height, width = image.shape[-2:] if len(image.shape) >= 4 else ("height", "width")
    said = given or adapter.preprocessing
    return msgspec.structs.replace(
        said,
        width=width if isinstance(width, int) else said.width,
        height=height if isinstance(height, int) else said.height,
    )


def _golden(model: str, network: Network, adapter: Adapter, preprocessing: Preprocessing | None) -> bytes:
    """An .npz of a seeded input, batch of one, and the answer to it."""
    random = np.random.default_rng(GOLDEN_SEED)
    sizes: dict[str, int] = {}
    arrays: dict[str, Array] = {}
    for position, spec in enumerate(network.inputs):
        pattern = next(item for item in adapter.inputs if item.name == spec.name or item is adapter.inputs[position])
        likely = [size if isinstance(size, int) else 1 for size in pattern.shape]
        if preprocessing is not None and len(likely) >= 4:
            likely[-2:] = [preprocessing.height, preprocessing.width]
        shape = [
            sizes.setdefault(size, likely[axis]) if isinstance(size, str) else size
            for axis, size in enumerate(spec.shape)
        ]
        values = random.random(shape) if np.dtype(spec.dtype).kind == "f" else np.zeros(shape)
        arrays[spec.name] = values.astype(spec.dtype)
    try:
        answers = network.run(arrays)
    except (NetworkInputError, ModelFileError) as error:
        raise ModelRefusedError(model, "golden", str(error), "a network that runs", "export it anew") from error
    for name, answer in answers.items():
        if not np.isfinite(answer).all():
            raise ModelRefusedError(model, "golden", f"NaN or infinity in {name!r}", "finite values", "export it anew")
    buffer = io.BytesIO()
    named = {f"input.{name}": array for name, array in arrays.items()}
    named |= {f"output.{name}": array for name, array in answers.items()}
    np.savez_compressed(buffer, **named)  # type: ignore[arg-type]  # its stub takes a name for its option
    return buffer.getvalue()


def _tensors(specs: Sequence[TensorSpec]) -> list[Tensor]:
    return [Tensor(name=spec.name, dtype=spec.dtype, shape=list(spec.shape)) for spec in specs]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
