"""What every inference backend offers: a file with a network in it becomes something that can be run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output of a network.

    Attributes:
        name: of the tensor.
        dtype: numpy's name of the element type.
        shape: sizes; a text names a size that may differ from run to run.
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...]


class Network(Protocol):
    """A loaded network. It is used by one thread at a time."""

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """What it wants."""

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """What it gives."""

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Run it once.

        Returns:
            Arrays of its own: no later run changes them.

        Raises:
            NetworkInputError: an input is missing, unknown, not finite, or of another type or shape; or it is closed.
            ModelFileError: only now it shows that the backend cannot run it.
            DeviceLostError: the accelerator failed; the process has to be started anew.
        """

    def close(self) -> None:
        """Free what it holds; it cannot be run any more. A second time does nothing."""


class Backend(Protocol):
    """A library that runs networks."""

    @property
    def name(self) -> str:
        """`onnxruntime`, `tensorrt` or `torch`."""

    def why_not(self) -> str | None:
        """None if it can be used here, else what is missing and how to install it."""

    def load(self, path: Path) -> Network:
        """Load the network in a file.

        Raises:
            BackendUnavailableError: it cannot be used here.
            ModelFileError: the file does not hold a network that it can run.
        """
