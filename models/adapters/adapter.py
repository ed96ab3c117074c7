"""What turns the arrays of a network into the results of a role: the contract, and whether a network fits it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models.backends.backend import Network, TensorSpec
from models.preprocessing import Preprocessing
from models.roles import Role

if TYPE_CHECKING:
    from models.manifest import Manifest, Parameter


@dataclass(frozen=True, slots=True)
class TensorPattern:
    """One input or output as an adapter expects it.

    Attributes:
        shape: sizes; a text stands for any size, the same text for the same size in all tensors of the adapter.
        dtype: numpy's name of the element type.
        name: of the tensor; None takes the one at the same position, whatever its name.
    """

    shape: tuple[int | str, ...]
    dtype: str = "float32"
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Adapter:
    """A kind of network that is understood.

    Attributes:
        name: as manifests say it.
        roles: that what `make` returns can fill, all of them.
        inputs: all that the network may want.
        outputs: the first that it must give; further ones are ignored.
        make: from a loaded network and its manifest, the object that fills the roles (one object for all of them).
            Raises InputError where the manifest's postprocessing or class names do not suit it. Tensors are known by
            the names and the order in the manifest: a backend may keep them in another order.
        preprocessing: what such networks are usually trained with, for a model that is added; the size is that of the
            network, this one where the network leaves it free.
        sees_images: else there is no preprocessing.
        postprocessing: parameters that `make` reads, as an added model gets them.
    """

    name: str
    roles: tuple[Role, ...]
    inputs: tuple[TensorPattern, ...]
    outputs: tuple[TensorPattern, ...]
    make: Callable[[Network, Manifest], object]
    preprocessing: Preprocessing = Preprocessing(width=224, height=224)
    sees_images: bool = True
    postprocessing: Mapping[str, Parameter] = field(default_factory=dict)

    def misfit(self, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> tuple[str, str] | None:
        """None if a network with these tensors fits, else what was found and what was expected.

        A size that the network leaves free fits any expected one: whether it comes out right is seen in a run.
        """
        if len(inputs) != len(self.inputs):
            return f"{len(inputs)} inputs ({_names(inputs)})", f"{len(self.inputs)}, as adapter {self.name} feeds"
        if len(outputs) < len(self.outputs):
            return f"{len(outputs)} outputs ({_names(outputs)})", f"{len(self.outputs)}, as adapter {self.name} reads"
        sizes: dict[str, int] = {}
        for kind, patterns, specs in (("input", self.inputs, inputs), ("output", self.outputs, outputs)):
            for position, pattern in enumerate(patterns):
                spec = _counterpart(pattern, position, specs)
                if spec is None:
                    return f"{kind}s {_names(specs)}", f"{pattern.name!r} among them, for adapter {self.name}"
                if not _fits(pattern, spec, sizes):
                    wanted = f"{pattern.dtype} {_shape(pattern.shape)}{_known(pattern.shape, sizes)}"
                    return (
                        f"{kind} {spec.name!r} of {spec.dtype} {_shape(spec.shape)}",
                        f"{wanted}, for adapter {self.name}",
                    )
        return None


def _counterpart(pattern: TensorPattern, position: int, specs: Sequence[TensorSpec]) -> TensorSpec | None:
    if pattern.name is None:
        return specs[position]
    return next((spec for spec in specs if spec.name == pattern.name), None)


def _fits(pattern: TensorPattern, spec: TensorSpec, sizes: dict[str, int]) -> bool:
    if pattern.dtype != spec.dtype or len(pattern.shape) != len(spec.shape):
        return False
    for expected, size in zip(pattern.shape, spec.shape, strict=True):
        if isinstance(size, str):
            continue
        if (sizes.setdefault(expected, size) if isinstance(expected, str) else expected) != size:
            return False
    return True


def _names(specs: Sequence[TensorSpec]) -> str:
    return ", ".join(spec.name for spec in specs) or "none"


def _shape(shape: tuple[int | str, ...]) -> str:
    return f"({', '.join(str(size) for size in shape)})"


def _known(shape: tuple[int | str, ...], sizes: dict[str, int]) -> str:
    known = [f"{size} = {sizes[size]}" for size in dict.fromkeys(shape) if isinstance(size, str) and size in sizes]
    return f" with {', '.join(known)}" if known else ""
