"""What `manifest.toml` beside a network says of it. Every key that exists is declared here."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from models import durable
from models.backends.backend import TensorSpec
from models.preprocessing import Preprocessing
from models.roles import ROLES, Role
from models.toml_text import to_toml
from rt_control.errors import InputError

MANIFEST_FILE = "manifest.toml"
UNKNOWN = "none"  # of a foreign model: nobody here knows

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
# A name in the model's own folder: no separator, no leading dot, so that it never leads out of it.
FileName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, msgspec.Meta(min_length=1)]
Positive = Annotated[float, msgspec.Meta(gt=0.0)]
Parameter = bool | int | float | str | list[int | float | str]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A part of a manifest; a key that it does not declare is refused."""


class ModelFile(Section, frozen=True, kw_only=True):
    """A file of the model.

    Attributes:
        name: in the folder of the manifest.
        sha256: of its bytes.
        backends: that load it; the first file that names a backend is that backend's. Empty for a file that is only
            read by way of another one (external data of an ONNX file).
        tolerance: of its answers to the golden input, where that of `golden` is too narrow (16 bit).
    """

    name: FileName
    sha256: Sha256
    backends: list[Literal["onnxruntime", "tensorrt", "torch"]]
    tolerance: Positive | None = None


class Tensor(Section, frozen=True, kw_only=True):
    """An input or output; see `TensorSpec`."""

    name: Text
    dtype: Text
    shape: list[int | str]

    def spec(self) -> TensorSpec:
        """The same, as backends say it."""
        return TensorSpec(self.name, self.dtype, tuple(self.shape))


class Golden(Section, frozen=True, kw_only=True):
    """An input and the answer that the model gave when it was made.

    Attributes:
        name: of an .npz in the folder of the manifest, with an array `input.NAME` or `output.NAME` for each tensor.
        sha256: of its bytes.
        tolerance: an element may differ by this, times the larger of 1 and its expected size.
    """

    name: FileName
    sha256: Sha256
    tolerance: Positive


class Latency(Section, frozen=True, kw_only=True):
    """How long one run took where it was measured, ms; a batch of one."""

    p50_ms: Positive
    p99_ms: Positive
    backend: Text
    machine: Text
    threads: Annotated[int, msgspec.Meta(ge=1)]


class Manifest(Section, frozen=True, kw_only=True):
    """What there is to know of a model.

    Attributes:
        name: also of its folder.
        variant: which of the two sizes that the runtime ships.
        roles: that it fills; several if one network answers several questions.
        adapter: that turns its raw outputs into results; see models/adapters.
        licence: SPDX expression, or the words of who made it.
        source: where it comes from: an address, or what was trained on what.
        training_command: that makes it anew; `none` for a foreign model.
        data_seed: of the training data; `none` for a foreign model.
        class_names: in the order of the network's classes; empty without classes.
        gflop_per_run: cost of a run with a batch of one, a multiply-add counted as two; None if nobody counted.
        files: of networks, and their data.
        inputs, outputs: in the order of the network.
        preprocessing, preprocessing_digest: what is done to images, and `digest_of` it: trained with it, run with it;
            None for a network that looks at none.
        postprocessing, postprocessing_digest: what the adapter wants to know, and `digest_of` it.
        golden: the input and answer that each activation repeats.
        latency: where it was measured.
    """

    name: Name
    variant: Literal["small", "medium"]
    roles: Annotated[list[Role], msgspec.Meta(min_length=1)]
    adapter: Text
    licence: Text
    source: Text
    training_command: Text
    data_seed: int | Literal["none"]
    class_names: list[Text] = []
    gflop_per_run: Positive | None = None
    preprocessing_digest: Sha256
    postprocessing_digest: Sha256
    files: Annotated[list[ModelFile], msgspec.Meta(min_length=1)]
    inputs: Annotated[list[Tensor], msgspec.Meta(min_length=1)]
    outputs: Annotated[list[Tensor], msgspec.Meta(min_length=1)]
    preprocessing: Preprocessing | None = None
    postprocessing: dict[str, Parameter] = {}
    golden: Golden
    latency: Latency | None = None

    def __post_init__(self) -> None:
        if self.name in ROLES:
            raise ValueError(f"name {self.name!r} is that of a role; give another")
        names = [file.name for file in self.files] + [self.golden.name, MANIFEST_FILE]
        if len(set(names)) != len(names):
            raise ValueError(f"files: a name occurs twice among {', '.join(names)}; allowed: each once")
        for what, values in (("roles", self.roles), ("class_names", self.class_names)):
            if len(set(values)) != len(values):
                raise ValueError(f"{what}: one occurs twice among {', '.join(values)}; allowed: each once")

    @property
    def image_preprocessing(self) -> Preprocessing:
        """For an adapter whose network looks at images.

        Raises:
            InputError: there is none.
        """
        if self.preprocessing is None:
            raise InputError(f"model {self.name}, preprocessing: missing; adapter {self.adapter} looks at images")
        return self.preprocessing

    def file_of(self, backend: str) -> ModelFile | None:
        """The file that a backend loads; None if there is none for it."""
        return next((file for file in self.files if backend in file.backends), None)


def digest_of(how: Preprocessing | dict[str, Parameter] | None) -> str:
    """SHA-256 of what is done before or after a network, in hexadecimal digits."""
    return hashlib.sha256(msgspec.json.encode(how, order="sorted")).hexdigest()


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write a manifest file, whole or not at all."""
    values = {key: value for key, value in msgspec.to_builtins(manifest).items() if value is not None}
    durable.write(path, to_toml(values).encode())


def read_manifest(path: Path) -> Manifest:
    """Read a manifest file.

    Raises:
        InputError: it cannot be read, is no TOML, or does not say what a manifest must.
    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}") from error
