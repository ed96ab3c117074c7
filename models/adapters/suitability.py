"""Whether what a manifest says suits the network beside it and the adapter."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from models.backends.backend import Network
from models.manifest import Manifest
from rt_control.errors import InputError

Parameters = TypeVar("Parameters", bound=msgspec.Struct)


class NoParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """There is no postprocessing to choose."""


def parameters_of(manifest: Manifest, kind: type[Parameters]) -> Parameters:
    """The manifest's postprocessing as what an adapter wants to know.

    Raises:
        InputError: a key is missing, unknown, or of another type or range.
    """
    try:
        return msgspec.convert(manifest.postprocessing, kind)
    except msgspec.ValidationError as error:
        known = ", ".join(kind.__struct_fields__) or "nothing"
        raise InputError(f"model {manifest.name}, postprocessing: {error}; {manifest.adapter} knows {known}") from error


def require_size(manifest: Manifest, network: Network, input_name: str, multiple_of: int = 1) -> None:
    """Check that the size of preprocessed images is that of an input (..., height, width).

    Raises:
        InputError: it is another, or not a multiple of the network's patches.
    """
    how = manifest.image_preprocessing
    wanted = next(spec for spec in network.inputs if spec.name == input_name).shape[-2:]
    if any(
        isinstance(size, int) and size != given for size, given in zip(wanted, (how.height, how.width), strict=True)
    ):
        raise InputError(
            f"model {manifest.name}, preprocessing: {how.width} x {how.height} px; "
            f"input {input_name!r} takes {wanted[1]} x {wanted[0]}"
        )
    if how.width % multiple_of or how.height % multiple_of:
        raise InputError(
            f"model {manifest.name}, preprocessing: {how.width} x {how.height} px; allowed: multiples of {multiple_of}"
        )


def require_classes(manifest: Manifest, count: int | str) -> None:
    """Check that every class of the network has a name; a count that the network leaves open is seen in a run.

    Raises:
        InputError: there are none, or not as many as classes.
    """
    given = len(manifest.class_names)
    if given == 0 or (isinstance(count, int) and given != count):
        raise InputError(f"model {manifest.name}, class_names: {given}; allowed: one for each of {count} classes")


def size_of_output(network: Network, name: str, axis: int) -> int | str:
    """A size of an output; a text if the network leaves it open."""
    return next(spec for spec in network.outputs if spec.name == name).shape[axis]
