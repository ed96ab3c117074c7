"""Runs a network and checks what it gave before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from models.backends.backend import Network
from models.backends.input_check import all_finite
from models.errors import ModelOutputError

Floats = npt.NDArray[np.float32]


class CheckedNetwork:
    """A network with one input that is images, (n, ...)."""

    def __init__(self, network: Network, input_name: str, outputs: Mapping[str, tuple[int | None, ...]]) -> None:
        """Take a network.

        Args:
            network: with that input, and those outputs.
            input_name: of the input.
            outputs: name, and sizes of one image's result, without n; None for a size that may be anything.
        """
        self._network, self._input_name, self._outputs = network, input_name, outputs
        batch = next(item for item in network.inputs if item.name == input_name).shape[0]
        self._batch = batch if isinstance(batch, int) else None

    def run(self, images: Floats) -> dict[str, Floats]:
        """What it gives for images (n, ...), n > 0: arrays (n, ...), finite, possibly read-only.

        Where the network was exported for a fixed number of images, it runs as often as needed.

        Raises:
            ModelOutputError: an output is missing, of another shape, or not finite.
        """
        count = len(images)
        if self._batch in (None, count):
            return self._run(images)  # the very array: `LastRun` knows it again
        parts = [
            self._run(_filled(images[start : start + self._batch], self._batch))
            for start in range(0, count, self._batch)
        ]
        return {name: np.concatenate([part[name] for part in parts])[:count] for name in self._outputs}

    def _run(self, images: Floats) -> dict[str, Floats]:
        given = self._network.run({self._input_name: images})
        return {name: checked_output(given, name, (len(images), *sizes)) for name, sizes in self._outputs.items()}


def _filled(images: Floats, count: int) -> Floats:
    """So many images: these, then black ones."""
    return np.concatenate([images, np.zeros((count - len(images), *images.shape[1:]), dtype=images.dtype)])


def checked_output(given: Mapping[str, npt.NDArray[np.generic]], name: str, shape: tuple[int | None, ...]) -> Floats:
    """One of the outputs of a network, if it can be used.

    Raises:
        ModelOutputError: it is missing, of another shape (None: any size), or not finite.
    """
    if name not in given:
        raise ModelOutputError(f"network gave no output {name!r}; it gave {', '.join(sorted(given)) or 'nothing'}")
    values = np.asarray(given[name], dtype=np.float32)
    pairs = zip(shape, values.shape, strict=False)
    if values.ndim != len(shape) or any(wanted not in (None, size) for wanted, size in pairs):
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise ModelOutputError(f"output {name!r} has shape {values.shape}; allowed: ({wanted})")
    if not all_finite(values):
        wrong = values.size - int(np.isfinite(values).sum())
        raise ModelOutputError(
            f"output {name!r}: {wrong} of {values.size} values are not finite; check its input, and the precision that "
            "the network was built for"
        )
    return values
