"""Runs a network and checks what it gave before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from models.backends.backend import Network
from models.errors import ModelOutputError

Floats = npt.NDArray[np.float32]


class CheckedNetwork:
    """A network with one input that is images, (n, ...).

    It remembers what it gave for the last input, so that the roles that share a network run it once an image.
    """

    def __init__(self, network: Network, input_name: str, outputs: Mapping[str, tuple[int | None, ...]]) -> None:
        """Take a network.

        Args:
            network: with that input, and those outputs.
            input_name: of the input.
            outputs: name, and sizes of one image's result, without n; None for a size that may be anything.
        """
        self._network, self._input_name, self._outputs = network, input_name, outputs
        spec = next(item for item in network.inputs if item.name == input_name)
        self._batch = spec.shape[0] if isinstance(spec.shape[0], int) else None
        self._last: tuple[Floats, dict[str, Floats]] | None = None

    def run(self, images: Floats) -> dict[str, Floats]:
        """What it gives for images (n, ...), n > 0: read-only arrays (n, ...), finite.

        Where the network was exported for a fixed number of images, it runs as often as needed.

        Raises:
            ModelOutputError: an output is missing, of another shape, or not finite.
        """
        # The input is kept, so that no other array can have its identity.
        if self._last is None or self._last[0] is not images:
            count = len(images)
            batch = self._batch or count
            parts = [self._run(images[start : start + batch], batch) for start in range(0, count, batch)]
            joined = {name: np.concatenate([part[name] for part in parts])[:count] for name in self._outputs}
            for values in joined.values():
                values.flags.writeable = False
            self._last = images, joined
        return self._last[1]

    def _run(self, images: Floats, batch: int) -> dict[str, Floats]:
        if len(images) < batch:
            missing = batch - len(images)
            images = np.concatenate([images, np.zeros((missing, *images.shape[1:]), dtype=images.dtype)])
        given = self._network.run({self._input_name: images})
        return {name: checked_output(given, name, (batch, *sizes)) for name, sizes in self._outputs.items()}


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
    wrong = values.size - int(np.isfinite(values).sum())
    if wrong:
        raise ModelOutputError(
            f"output {name!r}: {wrong} of {values.size} values are not finite; check its input, and the precision that "
            "the network was built for"
        )
    return values
