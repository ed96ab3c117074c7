"""A TensorRT engine as a network: for each shape of the inputs an execution context, buffers and a CUDA graph."""

from __future__ import annotations

import logging
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from models.backends.backend import Array, TensorSpec
from models.backends.cuda_calls import CaptureRefusedError, Cuda
from models.backends.input_check import check_inputs
from models.errors import DeviceLostError, ModelFileError, NetworkInputError

LOGGER = logging.getLogger(__name__)
KEPT_SHAPES = 8  # contexts hold memory of the device, so only the shapes used last keep theirs
_DTYPES = {
    "FLOAT": "float32",
    "HALF": "float16",
    "INT8": "int8",
    "INT32": "int32",
    "INT64": "int64",
    "UINT8": "uint8",
    "BOOL": "bool",
}


class TensorRtNetwork:
    """A deserialized engine on the current device, with a stream of its own."""

    def __init__(
        self, engine: Any, runtime: Any, libraries: tuple[Any, Cuda], free_sizes: Mapping[str, Sequence[str]]
    ) -> None:
        """Made by `TensorRtBackend.load`.

        Args:
            engine: an ICudaEngine.
            runtime: that deserialized it, and has to outlive it.
            libraries: the module tensorrt, and CUDA.
            free_sizes: what the axes of each input are called.

        Raises:
            ModelFileError: a tensor is of a type that numpy does not know.
            DeviceLostError: CUDA failed.
        """
        trt, self._cuda = libraries
        self._runtime = runtime
        self._engine: Any | None = engine
        self._lost: str | None = None
        names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
        inputs = [name for name in names if engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT]
        self._inputs = tuple(_spec(trt, engine, name, free_sizes.get(name, ())) for name in inputs)
        self._outputs = tuple(_spec(trt, engine, name, ()) for name in names if name not in inputs)
        self._shaped: OrderedDict[tuple[tuple[int, ...], ...], _Shaped] = OrderedDict()
        self._stream = self._cuda.stream()

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """What it wants, in the order of the engine."""
        return self._inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """What it gives, in the order of the engine."""
        return self._outputs

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Run it once; see `Network`. The first run with a shape is slow: it prepares the others."""
        if self._lost is not None:
            raise DeviceLostError(self._lost)
        if self._engine is None:
            raise NetworkInputError("the network is closed; load it again")
        check_inputs(self._inputs, inputs)
        try:
            return self._prepared(inputs).run(inputs)
        except DeviceLostError as error:
            self._lost = str(error)
            raise

    def close(self) -> None:
        """Free what it holds; it cannot be run any more."""
        if self._engine is None:
            return
        for shaped in self._shaped.values():
            shaped.close()
        self._shaped.clear()
        self._cuda.release("cudaStreamDestroy", self._stream)
        self._engine = None

    def _prepared(self, inputs: Mapping[str, Array]) -> _Shaped:
        key = tuple(inputs[spec.name].shape for spec in self._inputs)
        if key in self._shaped:
            self._shaped.move_to_end(key)
            return self._shaped[key]
        self._check_range(inputs)
        if len(self._shaped) >= KEPT_SHAPES:
            self._shaped.popitem(last=False)[1].close()
        shapes = {spec.name: inputs[spec.name].shape for spec in self._inputs}
        self._shaped[key] = _Shaped(self._engine, self._cuda, self._stream, (self._inputs, self._outputs), shapes)
        return self._shaped[key]

    def _check_range(self, inputs: Mapping[str, Array]) -> None:
        for spec in self._inputs:
            if all(isinstance(size, int) for size in spec.shape):
                continue
            assert self._engine is not None
            smallest, _, largest = self._engine.get_tensor_profile_shape(spec.name, 0)
            found = inputs[spec.name].shape
            if not all(low <= size <= high for low, size, high in zip(smallest, found, largest, strict=True)):
                raise NetworkInputError(
                    f"input {spec.name!r} has shape {found}; the engine was built for {tuple(smallest)} to"
                    f" {tuple(largest)}: give the backend other sizes"
                )


class _Shaped:
    """All that runs with inputs of one shape need, so that each copies, launches and waits, and nothing else.

    The context is used for this shape alone: a graph is only valid while the context that it was captured from is not
    changed (TensorRT's developer guide, CUDA graphs).
    """

    def __init__(
        self,
        engine: Any,
        cuda: Cuda,
        stream: Any,
        specs: tuple[Sequence[TensorSpec], Sequence[TensorSpec]],
        shapes: Mapping[str, tuple[int, ...]],
    ) -> None:
        self._cuda, self._stream = cuda, stream
        self._inputs = [spec.name for spec in specs[0]]
        self._outputs = [spec.name for spec in specs[1]]
        self._arrays: dict[str, Array] = {}  # views of page-locked memory
        self._buffers: dict[str, tuple[int, int, int]] = {}  # host, device, bytes
        self._graph: Any | None = None
        self._may_capture = True
        self._held = ExitStack()
        try:
            self._context = engine.create_execution_context()
            if self._context is None:
                raise DeviceLostError("TensorRT: no execution context, most likely no memory; start the process anew")
            for name, shape in shapes.items():
                if not self._context.set_input_shape(name, shape):
                    raise NetworkInputError(f"input {name!r}: TensorRT does not take shape {shape}")
            for spec in (*specs[0], *specs[1]):
                self._allocate(spec)
        except BaseException:
            self.close()
            raise

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        for name in self._inputs:
            np.copyto(self._arrays[name], inputs[name])
        if self._graph is not None:
            self._cuda.call("cudaGraphLaunch", self._graph, self._stream)
        else:
            self._enqueue()
        self._cuda.call("cudaStreamSynchronize", self._stream)
        answers = {name: self._arrays[name].copy() for name in self._outputs}
        if self._may_capture:
            # After a run, because the first one settles what the context does lazily.
            self._may_capture = False
            self._capture()
        return answers

    def close(self) -> None:
        self._arrays.clear()
        self._held.close()
        self._context = None

    def _allocate(self, spec: TensorSpec) -> None:
        shape = tuple(self._context.get_tensor_shape(spec.name))
        if min(shape, default=0) < 0:
            raise ModelFileError(f"output {spec.name!r}: its size depends on the data; export a network of fixed sizes")
        dtype = np.dtype(spec.dtype)
        size = math.prod(shape) * dtype.itemsize
        host, memory = self._cuda.pinned(max(size, 1))
        self._held.callback(self._cuda.release, "cudaFreeHost", host)
        device = int(self._cuda.call("cudaMalloc", max(size, 1)))
        self._held.callback(self._cuda.release, "cudaFree", device)
        self._arrays[spec.name] = memory[:size].view(dtype).reshape(shape)
        self._buffers[spec.name] = (host, device, size)
        if not self._context.set_tensor_address(spec.name, device):
            raise DeviceLostError(f"TensorRT: no address for {spec.name!r}; start the process anew")

    def _enqueue(self) -> None:
        for name in self._inputs:
            host, device, size = self._buffers[name]
            self._cuda.to_device(device, host, size, self._stream)
        if not self._context.execute_async_v3(int(self._stream)):
            raise DeviceLostError("TensorRT: the network could not be enqueued; start the process anew")
        for name in self._outputs:
            host, device, size = self._buffers[name]
            self._cuda.to_host(host, device, size, self._stream)

    def _enqueue_captured(self) -> None:
        try:
            self._enqueue()
        except DeviceLostError as error:
            # TensorRT only says that it failed; whether the device is lost, the next call shows.
            raise CaptureRefusedError(str(error)) from error

    def _capture(self) -> None:
        try:
            self._graph = self._cuda.captured(self._stream, self._enqueue_captured)
        except CaptureRefusedError as error:
            LOGGER.warning("no CUDA graph for this network, each run enqueues it anew: %s", error)
            return
        self._held.callback(self._cuda.release, "cudaGraphExecDestroy", self._graph)


def _spec(trt: Any, engine: Any, name: str, axes: Sequence[str]) -> TensorSpec:
    dtype = engine.get_tensor_dtype(name)
    known = {getattr(trt.DataType, item): word for item, word in _DTYPES.items() if hasattr(trt.DataType, item)}
    if dtype not in known:
        raise ModelFileError(f"tensor {name!r} is {dtype}; supported: {', '.join(_DTYPES)}")
    shape = tuple(
        int(size) if size >= 0 else (axes[axis] if axis < len(axes) and axes[axis] else f"{name}_{axis}")
        for axis, size in enumerate(engine.get_tensor_shape(name))
    )
    return TensorSpec(name, known[dtype], shape)
