"""What turns the arrays of a network into the results of a role: the contract, and whether a network fits it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.backends.backend import Network, TensorSpec
from models.roles import Role

if TYPE_CHECKING:
    from models.manifest import Manifest


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
            Raises InputError where the manifest's postprocessing or class names do not suit it.
    """

    name: str
    roles: tuple[Role, ...]
    inputs: tuple[TensorPattern, ...]
    outputs: tuple[TensorPattern, ...]
    make: Callable[[Network, Manifest], object]

    def misfit(self, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> str | None:
        """None if a network with these tensors fits, else what does not, in one clause.

        A size that the network leaves free fits any expected one: whether it comes out right is seen in a run.
        """
        if len(inputs) != len(self.inputs):
            return f"{len(inputs)} inputs ({_names(inputs)}); adapter {self.name} feeds {len(self.inputs)}"
        if len(outputs) < len(self.outputs):
            return f"{len(outputs)} outputs ({_names(outputs)}); adapter {self.name} reads {len(self.outputs)}"
        sizes: dict[str, int] = {}
        for kind, patterns, specs in (("input", self.inputs, inputs), ("output", self.outputs, outputs)):
            for position, pattern in enumerate(patterns):
                spec = _counterpart(pattern, position, specs)
                if spec is None:
                    return f"no {kind} named {pattern.name!r} (there are {_names(specs)}); adapter {self.name} needs it"
                if not _fits(pattern, spec, sizes):
                    return (
                        f"{kind} {spec.name!r} is {spec.dtype} {_shape(spec.shape)};"
                        f" adapter {self.name} takes {pattern.dtype} {_shape(pattern.shape)}"
                        f"{_known(pattern.shape, sizes)}"
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
    known = [f"{size} = {sizes[size]}" for size in shape if isinstance(size, str) and size in sizes]
    return f" with {', '.join(known)}" if known else ""
