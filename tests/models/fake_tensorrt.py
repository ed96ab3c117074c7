"""A fake of TensorRT and of the CUDA runtime: the real libraries were never here, and this is no evidence for them.

What it is good for: an engine really computes (ONNX Runtime does), device memory can only be reached by copies, nothing
enqueued happens before its stream is waited for, a captured graph is void once its context was changed, every
allocation is counted, and calls fail where a test says so. So a forgotten copy, wait, address or free shows.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable
from enum import IntEnum
from itertools import count
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnxruntime

MAGIC = b"FAKE ENGINE\n"


class CudaError(IntEnum):
    cudaSuccess = 0
    cudaErrorInvalidValue = 1
    cudaErrorMemoryAllocation = 2
    cudaErrorNoDevice = 100
    cudaErrorIllegalAddress = 700
    cudaErrorStreamCaptureUnsupported = 900
    cudaErrorStreamCaptureInvalidated = 901


OK = CudaError.cudaSuccess
STICKY = (CudaError.cudaErrorIllegalAddress,)


class CopyKind(IntEnum):
    cudaMemcpyHostToDevice = 1
    cudaMemcpyDeviceToHost = 2


class CaptureMode(IntEnum):
    cudaStreamCaptureModeGlobal = 0
    cudaStreamCaptureModeThreadLocal = 1


class Stream:
    def __init__(self) -> None:
        self.queue: list[Callable[[], None]] = []
        self.capture: list[Callable[[], None]] | None = None
        self.invalidated = False

    def enqueue(self, work: Callable[[], None]) -> None:
        (self.queue if self.capture is None else self.capture).append(work)


class FakeCuda:
    """The functions of `cuda.bindings.runtime` that the backend calls, with their return conventions."""

    cudaError_t = CudaError
    cudaMemcpyKind = CopyKind
    cudaStreamCaptureMode = CaptureMode
    cudaStreamNonBlocking = 1

    def __init__(self) -> None:
        self.devices = 1
        self.gpu = b"Fake GPU"
        self.capability = (8, 7)
        self.driver = 12060
        self.calls: list[str] = []
        self.fail: dict[str, CudaError] = {}  # by function, each once
        self.sticky: CudaError | None = None
        self.host: dict[int, np.ndarray] = {}
        self.device: dict[int, np.ndarray] = {}
        self.streams: dict[int, Stream] = {}
        self.graphs: dict[int, list[Callable[[], None]]] = {}
        self._handles = count(1000)

    @property
    def live(self) -> int:
        """How many things are allocated."""
        return len(self.host) + len(self.device) + len(self.streams) + len(self.graphs)

    def _error(self, name: str) -> CudaError:
        self.calls.append(name)
        error = self.sticky or self.fail.pop(name, OK)
        if error in STICKY:
            self.sticky = error
        return error

    def cudaGetDeviceCount(self) -> tuple[CudaError, int]:
        error = self._error("cudaGetDeviceCount")
        return error, self.devices

    def cudaSetDevice(self, device: int) -> tuple[CudaError]:
        return (self._error("cudaSetDevice"),)

    def cudaGetDeviceProperties(self, device: int) -> tuple[CudaError, Any]:
        major, minor = self.capability
        return self._error("cudaGetDeviceProperties"), SimpleNamespace(name=self.gpu, major=major, minor=minor)

    def cudaDriverGetVersion(self) -> tuple[CudaError, int]:
        return self._error("cudaDriverGetVersion"), self.driver

    def cudaStreamCreateWithFlags(self, flags: int) -> tuple[CudaError, int]:
        assert flags == self.cudaStreamNonBlocking
        handle = next(self._handles)
        if (error := self._error("cudaStreamCreateWithFlags")) is OK:
            self.streams[handle] = Stream()
        return error, handle

    def cudaStreamDestroy(self, stream: int) -> tuple[CudaError]:
        if (error := self._error("cudaStreamDestroy")) is OK:
            del self.streams[stream]
        return (error,)

    def cudaMallocHost(self, size: int) -> tuple[CudaError, int]:
        return self._allocate("cudaMallocHost", self.host, size)

    def cudaMalloc(self, size: int) -> tuple[CudaError, int]:
        return self._allocate("cudaMalloc", self.device, size)

    def _allocate(self, name: str, memory: dict[int, np.ndarray], size: int) -> tuple[CudaError, int]:
        error = self._error(name)
        block = np.full(size, 0xA5, np.uint8)  # what nobody wrote is no zero
        address = int(block.ctypes.data)
        if error is OK:
            memory[address] = block
        return error, address

    def cudaFreeHost(self, address: int) -> tuple[CudaError]:
        if (error := self._error("cudaFreeHost")) is OK:
            del self.host[address]
        return (error,)

    def cudaFree(self, address: int) -> tuple[CudaError]:
        if (error := self._error("cudaFree")) is OK:
            del self.device[address]
        return (error,)

    def cudaMemcpyAsync(self, target: int, source: int, size: int, kind: CopyKind, stream: int) -> tuple[CudaError]:
        if (error := self._error("cudaMemcpyAsync")) is not OK:
            return (error,)
        on = self.streams[stream]
        if on.invalidated:
            return (CudaError.cudaErrorStreamCaptureInvalidated,)
        to_device = kind is CopyKind.cudaMemcpyHostToDevice
        targets, sources = (self.device, self.host) if to_device else (self.host, self.device)
        if target not in targets or source not in sources or size > min(targets[target].size, sources[source].size):
            return (CudaError.cudaErrorInvalidValue,)

        def work() -> None:
            ctypes.memmove(target, source, size)

        on.enqueue(work)
        return (OK,)

    def cudaStreamSynchronize(self, stream: int) -> tuple[CudaError]:
        if (error := self._error("cudaStreamSynchronize")) is OK:
            on = self.streams[stream]
            assert on.capture is None, "a stream that is captured must not be waited for"
            queue, on.queue = on.queue, []
            for work in queue:
                work()
        return (error,)

    def cudaStreamBeginCapture(self, stream: int, mode: CaptureMode) -> tuple[CudaError]:
        assert mode is CaptureMode.cudaStreamCaptureModeThreadLocal
        if (error := self._error("cudaStreamBeginCapture")) is OK:
            assert not self.streams[stream].queue
            self.streams[stream].capture = []
        return (error,)

    def cudaStreamEndCapture(self, stream: int) -> tuple[CudaError, int]:
        error = self._error("cudaStreamEndCapture")
        on = self.streams[stream]
        assert on.capture is not None, "no capture was begun"
        work, on.capture = on.capture, None
        if on.invalidated:
            on.invalidated = False
            return CudaError.cudaErrorStreamCaptureInvalidated, 0
        handle = next(self._handles)
        if error is OK:
            self.graphs[handle] = work
        return error, handle

    def cudaGraphInstantiate(self, graph: int, flags: int) -> tuple[CudaError, int]:
        assert flags == 0
        handle = next(self._handles)
        if (error := self._error("cudaGraphInstantiate")) is OK:
            self.graphs[handle] = list(self.graphs[graph])
        return error, handle

    def cudaGraphDestroy(self, graph: int) -> tuple[CudaError]:
        if (error := self._error("cudaGraphDestroy")) is OK:
            del self.graphs[graph]
        return (error,)

    def cudaGraphExecDestroy(self, graph: int) -> tuple[CudaError]:
        if (error := self._error("cudaGraphExecDestroy")) is OK:
            del self.graphs[graph]
        return (error,)

    def cudaGraphLaunch(self, graph: int, stream: int) -> tuple[CudaError]:
        if (error := self._error("cudaGraphLaunch")) is OK:
            self.streams[stream].queue += self.graphs[graph]
        return (error,)


class DataType(IntEnum):
    FLOAT = 0
    HALF = 1
    INT8 = 2
    INT32 = 3
    BOOL = 4
    UINT8 = 5
    INT64 = 8


class TensorIOMode(IntEnum):
    NONE = 0
    INPUT = 1
    OUTPUT = 2


class BuilderFlag(IntEnum):
    TF32 = 3


class CreationFlag10(IntEnum):
    EXPLICIT_BATCH = 0
    STRONGLY_TYPED = 1


class CreationFlag11(IntEnum):
    PREFER_AOT_PYTHON_PLUGINS = 2


class ILogger:
    class Severity(IntEnum):
        INTERNAL_ERROR = 0
        ERROR = 1
        WARNING = 2
        INFO = 3
        VERBOSE = 4

    def log(self, severity: Any, message: str) -> None:
        raise NotImplementedError


ONNX_TYPES: dict[int, DataType] = {
    onnx.TensorProto.FLOAT: DataType.FLOAT,
    onnx.TensorProto.FLOAT16: DataType.HALF,
    onnx.TensorProto.INT64: DataType.INT64,
}


class Tensor:
    """ITensor: an input of a parsed network."""

    def __init__(self, info: onnx.ValueInfoProto) -> None:
        axes = info.type.tensor_type.shape.dim
        self.name = str(info.name)
        self.dtype = ONNX_TYPES[info.type.tensor_type.elem_type]
        self.shape = tuple(axis.dim_value if axis.HasField("dim_value") else -1 for axis in axes)
        self._names = [str(axis.dim_param) for axis in axes]

    def get_dimension_name(self, axis: int) -> str:
        return self._names[axis]


class Network:
    """INetworkDefinition."""

    def __init__(self) -> None:
        self.content = b""
        self.inputs: list[Tensor] = []

    @property
    def num_inputs(self) -> int:
        return len(self.inputs)

    def get_input(self, index: int) -> Tensor:
        return self.inputs[index]


class Engine:
    """ICudaEngine: what a plan says; its tensors are in the order of their names, which nobody may rely on."""

    def __init__(self, fake: FakeTensorRt, profile: dict[str, list[list[int]]], content: bytes) -> None:
        self.fake = fake
        self._profile = profile
        graph = onnx.load_model_from_string(content).graph
        self.session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        self.inputs = [str(info.name) for info in graph.input]
        self.tensors = {str(info.name): Tensor(info) for info in (*graph.input, *graph.output)}
        self._order = sorted(self.tensors)
        self.num_io_tensors = len(self._order)

    def get_tensor_name(self, index: int) -> str:
        return self._order[index]

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        return TensorIOMode.INPUT if name in self.inputs else TensorIOMode.OUTPUT

    def get_tensor_dtype(self, name: str) -> DataType:
        return self.tensors[name].dtype

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self.tensors[name].shape

    def get_tensor_profile_shape(self, name: str, profile: int) -> list[tuple[int, ...]]:
        assert profile == 0
        return [tuple(shape) for shape in self._profile[name]]

    def create_execution_context(self) -> Context | None:
        if self.fake.no_context:
            return None
        return Context(self)


class Context:
    """IExecutionContext."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.addresses: dict[str, int] = {}
        self.changes = 0
        self._sizes: dict[str, tuple[int, ...]] = {}
        engine.fake.contexts += 1

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        self.changes += 1
        self._sizes.clear()
        self.shapes[name] = tuple(shape)
        return True

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        if name in self.shapes:
            return self.shapes[name]
        if self.engine.fake.unknown_sizes:
            return (-1,)
        if name not in self._sizes:
            zeros = {item: np.zeros(shape, self._dtype(item)) for item, shape in self.shapes.items()}
            self._sizes[name] = tuple(self.engine.session.run([name], zeros)[0].shape)
        return self._sizes[name]

    def set_tensor_address(self, name: str, address: int) -> bool:
        self.changes += 1
        self.addresses[name] = address
        return True

    def execute_async_v3(self, stream_handle: int) -> bool:
        fake = self.engine.fake
        stream = fake.cuda.streams[stream_handle]
        if stream.capture is not None and fake.cannot_be_captured:
            stream.invalidated = True
            return False
        if fake.cannot_be_enqueued or set(self.addresses) != set(self.engine.tensors):
            return False
        addresses, changes = dict(self.addresses), self.changes

        def work() -> None:
            assert self.changes == changes, "the context was changed after it was enqueued or captured"
            inputs = {name: self._memory(name, addresses[name]) for name in self.engine.inputs}
            outputs = [name for name in self.engine.tensors if name not in inputs]
            for name, answer in zip(outputs, self.engine.session.run(outputs, inputs), strict=True):
                self._memory(name, addresses[name])[...] = answer

        stream.enqueue(work)
        return True

    def _memory(self, name: str, address: int) -> np.ndarray:
        shape = self.get_tensor_shape(name)
        dtype = self._dtype(name)
        size = int(np.prod(shape)) * dtype.itemsize
        return self.engine.fake.cuda.device[address][:size].view(dtype).reshape(shape)

    def _dtype(self, name: str) -> np.dtype:
        known = {DataType.FLOAT: np.float32, DataType.HALF: np.float16, DataType.INT64: np.int64}
        return np.dtype(known[self.engine.tensors[name].dtype])


class FakeTensorRt:
    """The module `tensorrt` of one version, over a fake CUDA; callable, as `TensorRtBackend.libraries` is."""

    DataType = DataType
    TensorIOMode = TensorIOMode
    BuilderFlag = BuilderFlag
    ILogger = ILogger

    def __init__(self, version: str) -> None:
        self.__version__ = version
        self.cuda = FakeCuda()
        self.NetworkDefinitionCreationFlag = CreationFlag10 if version.startswith("10.") else CreationFlag11
        self.builds = 0
        self.contexts = 0
        self.cleared: list[BuilderFlag] = []
        self.no_context = False
        self.no_plan = False
        self.unknown_sizes = False
        self.cannot_be_captured = False
        self.cannot_be_enqueued = False

    def __call__(self) -> tuple[FakeTensorRt, FakeCuda]:
        return self, self.cuda

    def Builder(self, logger: Any) -> Any:
        assert isinstance(logger, ILogger)
        return Builder(self)

    def OnnxParser(self, network: Network, logger: Any) -> Any:
        return Parser(network, logger)

    def Runtime(self, logger: Any) -> Any:
        return SimpleNamespace(deserialize_cuda_engine=self._deserialize)

    def _deserialize(self, plan: bytes) -> Engine | None:
        if not plan.startswith(MAGIC):
            return None
        header, _, content = plan[len(MAGIC) :].partition(b"\n")
        said = json.loads(header)
        return Engine(self, said["profile"], content) if said["version"] == self.__version__ else None


class Parser:
    """OnnxParser."""

    def __init__(self, network: Network, logger: Any) -> None:
        self._network = network
        self._logger = logger
        self._errors: list[str] = []

    @property
    def num_errors(self) -> int:
        return len(self._errors)

    def get_error(self, index: int) -> Any:
        return SimpleNamespace(desc=lambda: self._errors[index])

    def parse(self, content: bytes, path: str) -> bool:
        try:
            model = onnx.load_model_from_string(content)
            onnx.checker.check_model(model)
        except Exception as error:
            self._logger.log(ILogger.Severity.ERROR, "parsing failed")
            self._errors.append(f"fake parser: {error}")
            return False
        self._network.content = content
        self._network.inputs = [Tensor(info) for info in model.graph.input]
        return True


class Config:
    """IBuilderConfig."""

    def __init__(self, fake: FakeTensorRt) -> None:
        self.profiles: list[dict[str, list[tuple[int, ...]]]] = []
        self._fake = fake

    def add_optimization_profile(self, profile: Any) -> int:
        self.profiles.append(profile.shapes)
        return 0

    def clear_flag(self, flag: BuilderFlag) -> None:
        self._fake.cleared.append(flag)


class Profile:
    """IOptimizationProfile."""

    def __init__(self) -> None:
        self.shapes: dict[str, list[tuple[int, ...]]] = {}

    def set_shape(self, name: str, smallest: Any, usual: Any, largest: Any) -> None:
        self.shapes[name] = [tuple(smallest), tuple(usual), tuple(largest)]


class Builder:
    """IBuilder."""

    def __init__(self, fake: FakeTensorRt) -> None:
        self._fake = fake

    def create_network(self, flags: int) -> Network:
        strongly = self._fake.NetworkDefinitionCreationFlag is CreationFlag10
        assert flags == (1 << CreationFlag10.STRONGLY_TYPED if strongly else 0), "the network is not strongly typed"
        return Network()

    def create_builder_config(self) -> Config:
        return Config(self._fake)

    def create_optimization_profile(self) -> Profile:
        return Profile()

    def build_serialized_network(self, network: Network, config: Config) -> bytes | None:
        self._fake.builds += 1
        free = {item.name for item in network.inputs if -1 in item.shape}
        profile = config.profiles[0] if config.profiles else {}
        if self._fake.no_plan or set(profile) != free:
            return None
        header = json.dumps({"version": self._fake.__version__, "profile": profile})
        return MAGIC + header.encode() + b"\n" + network.content
