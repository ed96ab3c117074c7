"""The CUDA runtime as the TensorRT backend uses it: every returned error is looked at."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import DeviceLostError

LOGGER = logging.getLogger(__name__)


class CaptureRefusedError(DeviceLostError):
    """What was enqueued cannot be captured into a graph; the device is well."""


class Cuda:
    """Calls of `cuda.bindings.runtime` that raise instead of returning an error. Streams and graphs are its handles."""

    def __init__(self, runtime: Any) -> None:
        """Wrap the module."""
        self._runtime = runtime

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a function of the runtime.

        Returns:
            What it returns after its error: nothing, one value or a tuple.

        Raises:
            CaptureRefusedError: it cannot be captured.
            DeviceLostError: it returned any other error.
        """
        error, *results = getattr(self._runtime, name)(*arguments)
        if error != self._runtime.cudaError_t.cudaSuccess:
            kind = CaptureRefusedError if error.name.startswith("cudaErrorStreamCapture") else DeviceLostError
            raise kind(f"CUDA: {name} returned {error.name} ({int(error)}); end this process and start it anew")
        return results[0] if len(results) == 1 else tuple(results)

    def release(self, name: str, *arguments: Any) -> None:
        """Call a function that frees something. A lost device frees all by itself, so an error is only logged."""
        try:
            self.call(name, *arguments)
        except DeviceLostError as error:
            LOGGER.debug("%s", error)

    def stream(self) -> Any:
        """A stream that does not wait for the default one; free it with `cudaStreamDestroy`."""
        return self.call("cudaStreamCreateWithFlags", self._runtime.cudaStreamNonBlocking)

    def pinned(self, size: int) -> tuple[int, npt.NDArray[np.uint8]]:
        """Page-locked memory of the host: its address, and its bytes; free it with `cudaFreeHost`."""
        address = int(self.call("cudaMallocHost", size))
        return address, np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address))

    def to_device(self, device: int, host: int, size: int, stream: Any) -> None:
        """Enqueue a copy of bytes."""
        kind = self._runtime.cudaMemcpyKind.cudaMemcpyHostToDevice
        self.call("cudaMemcpyAsync", device, host, size, kind, stream)

    def to_host(self, host: int, device: int, size: int, stream: Any) -> None:
        """Enqueue a copy of bytes."""
        kind = self._runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self.call("cudaMemcpyAsync", host, device, size, kind, stream)

    def captured(self, stream: Any, enqueue: Callable[[], None]) -> Any:
        """What `enqueue` puts on a stream, as an executable graph; free it with `cudaGraphExecDestroy`.

        Raises:
            CaptureRefusedError: it cannot be captured.
            DeviceLostError: any other error.
        """
        # Only this thread's calls: another one may allocate meanwhile.
        mode = self._runtime.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        self.call("cudaStreamBeginCapture", stream, mode)
        try:
            enqueue()
        except CaptureRefusedError:
            self.release("cudaStreamEndCapture", stream)  # the stream leaves the capture, whatever this returns
            raise
        graph = self.call("cudaStreamEndCapture", stream)
        try:
            return self.call("cudaGraphInstantiate", graph, 0)
        finally:
            self.release("cudaGraphDestroy", graph)
