"""Whether the arrays for a run fit a network: the same answer whatever backend runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from models.backends.backend import Array, TensorSpec
from models.errors import NetworkInputError


def check_inputs(specs: Sequence[TensorSpec], arrays: Mapping[str, Array]) -> None:
    """Refuse what does not fit.

    Sizes with the same name must be equal within one run; no size may be 0, no value NaN or infinite.

    Raises:
        NetworkInputError: it does not fit.
    """
    names = [spec.name for spec in specs]
    missing = [name for name in names if name not in arrays]
    unknown = [name for name in arrays if name not in names]
    if missing or unknown:
        wrong = "; ".join(
            f"{what}: {', '.join(found)}" for what, found in (("missing", missing), ("unknown", unknown)) if found
        )
        raise NetworkInputError(f"inputs of the network: {wrong}; it wants exactly {', '.join(names)}")
    sizes: dict[str, int] = {}
    for spec in specs:
        array = arrays[spec.name]
        if not isinstance(array, np.ndarray) or array.dtype.name != spec.dtype:
            found = array.dtype.name if isinstance(array, np.ndarray) else type(array).__name__
            raise NetworkInputError(f"input {spec.name!r} is {found}; it wants a numpy array of {spec.dtype}")
        if not _shape_fits(spec.shape, array.shape, sizes):
            wanted = ", ".join(f"{size} = {sizes[size]}" if size in sizes else str(size) for size in spec.shape)
            raise NetworkInputError(f"input {spec.name!r} has shape {array.shape}; it wants ({wanted}), none of them 0")
        if array.dtype.kind == "f" and not all_finite(array):
            raise NetworkInputError(f"input {spec.name!r} holds NaN or infinity; every value must be finite")


def _shape_fits(wanted: tuple[int | str, ...], found: tuple[int, ...], sizes: dict[str, int]) -> bool:
    if len(wanted) != len(found) or 0 in found:
        return False
    return all(
        (sizes.setdefault(expected, size) if isinstance(expected, str) else expected) == size
        for expected, size in zip(wanted, found, strict=True)
    )


def all_finite(array: Array) -> bool:
    """Whether no value is NaN or infinite."""
    # A sum of finite values may overflow, so only its being finite says something; it costs a fifth of isfinite.
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.sum(array)
    return bool(np.isfinite(total)) or bool(np.isfinite(array).all())
