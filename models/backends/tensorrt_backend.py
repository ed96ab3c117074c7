"""NVIDIA TensorRT 10 and 11: an ONNX file becomes an engine for this GPU, once, and is kept.

Networks are strongly typed in both versions: the precision of every tensor is what the ONNX file says. For 16 or 8 bit,
convert the file (ModelOpt AutoCast, explicit Q/DQ nodes) and list it as one more file of the model.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.backends.cuda_calls import Cuda
from models.backends.engine_cache import Engine, EngineCache, EngineKey
from models.backends.tensorrt_network import TensorRtNetwork
from models.errors import BackendUnavailableError, DeviceLostError, ModelFileError

LOGGER = logging.getLogger(__name__)
VERSIONS = (10, 11)
INSTALL = "`pip install 'dynamical[tensorrt]'`; on a Jetson, tensorrt comes with JetPack"
_DRIVER_FILE = Path("/sys/module/nvidia/version")


def installed() -> tuple[Any, Any]:
    """The modules tensorrt and cuda.bindings.runtime.

    Raises:
        ImportError: one is missing.
    """
    return importlib.import_module("tensorrt"), importlib.import_module("cuda.bindings.runtime")


@dataclass(frozen=True, slots=True)
class TensorRtBackend:
    """Runs .onnx files on an NVIDIA GPU. Building an engine takes minutes; taking it from the cache, a moment.

    Attributes:
        cache: folder of built engines; None: `~/.cache/dynamical/engines`.
        device: index of the GPU.
        free_size: smallest, usual and largest value of a free size.
        named_sizes: the same for sizes of a name: (name, smallest, usual, largest).
        tf32: whether products of 32-bit numbers may be rounded to TensorFloat-32.
        libraries: gives tensorrt and the CUDA runtime; tests give a fake.
    """

    cache: Path | None = None
    device: int = 0
    free_size: tuple[int, int, int] = (1, 4, 16)
    named_sizes: tuple[tuple[str, int, int, int], ...] = ()
    tf32: bool = True
    libraries: Callable[[], tuple[Any, Any]] = installed

    def __post_init__(self) -> None:
        for sizes in (self.free_size, *(item[1:] for item in self.named_sizes)):
            if not 1 <= sizes[0] <= sizes[1] <= sizes[2]:
                raise ValueError(f"sizes {sizes}; allowed: 1 <= smallest <= usual <= largest")

    @property
    def name(self) -> str:
        """`tensorrt`."""
        return "tensorrt"

    def why_not(self) -> str | None:
        """None if it can be used here, else what is missing and how to install it."""
        try:
            trt, runtime = self.libraries()
        except Exception as error:  # also OSError of a shared library, RuntimeError of a driver that is too old
            return f"{error}; {INSTALL}"
        if int(trt.__version__.split(".")[0]) not in VERSIONS:
            return f"TensorRT {trt.__version__} is installed; supported: {', '.join(map(str, VERSIONS))}; {INSTALL}"
        try:
            count = Cuda(runtime).call("cudaGetDeviceCount")
        except DeviceLostError as error:
            return f"no GPU can be used ({error})"
        return None if self.device < count else f"GPU {self.device} is not there; CUDA finds {count}"

    def load(self, path: Path) -> TensorRtNetwork:
        """Load an .onnx file; build its engine if none is kept for this GPU, driver and TensorRT.

        Raises:
            BackendUnavailableError: TensorRT, CUDA or the GPU is not there.
            ModelFileError: the file does not hold a network that it can run.
            DeviceLostError: CUDA failed.
        """
        if missing := self.why_not():
            raise BackendUnavailableError(f"backend {self.name}: {missing}")
        trt, runtime = self.libraries()
        cuda = Cuda(runtime)
        cuda.call("cudaSetDevice", self.device)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelFileError(f"{path}: TensorRT cannot load it: {error.strerror}") from error
        logger = _log_of(trt)
        cache = EngineCache(self.cache or Path.home() / ".cache" / "dynamical" / "engines")
        key = self._key(trt, cuda, content)
        trt_runtime = trt.Runtime(logger)
        kept = cache.read(key)
        engine = trt_runtime.deserialize_cuda_engine(kept.plan) if kept else None
        if kept is None or engine is None:
            if kept is not None:
                LOGGER.warning("TensorRT does not take the engine that was kept for %s; it is built anew", path)
            LOGGER.info("%s: building an engine for %s; this takes minutes, once", path, key.gpu)
            kept = self._build(trt, logger, path, content)
            engine = trt_runtime.deserialize_cuda_engine(kept.plan)
            if engine is None:
                raise ModelFileError(f"{path}: TensorRT cannot load it: it does not take the engine that it built")
            cache.write(key, kept)
        return TensorRtNetwork(engine, trt_runtime, (trt, cuda), kept.free_sizes)

    def _key(self, trt: Any, cuda: Cuda, content: bytes) -> EngineKey:
        properties = cuda.call("cudaGetDeviceProperties", self.device)
        name = properties.name
        driver = _DRIVER_FILE.read_text().strip() if _DRIVER_FILE.exists() else "unknown"
        return EngineKey(
            gpu=name.decode(errors="replace").rstrip("\0") if isinstance(name, bytes) else str(name),
            compute_capability=f"{properties.major}.{properties.minor}",
            driver=f"{driver}, CUDA {cuda.call('cudaDriverGetVersion')}",
            tensorrt=trt.__version__,
            model_sha256=hashlib.sha256(content).hexdigest(),
            precision="tf32" if self.tf32 else "float32",
            sizes=f"{self.free_size} {sorted(self.named_sizes)}",
        )

    def _build(self, trt: Any, logger: Any, path: Path, content: bytes) -> Engine:
        builder = trt.Builder(logger)
        # Version 11 knows nothing else and may drop the flag; version 10 is told.
        flag = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
        network = builder.create_network(0 if flag is None else 1 << int(flag))
        parser = trt.OnnxParser(network, logger)
        if not parser.parse(content, str(path)):
            found = "; ".join(parser.get_error(index).desc() for index in range(parser.num_errors))
            raise ModelFileError(f"{path}: TensorRT cannot load it: {' '.join(found.split())[:300]}")
        config = builder.create_builder_config()
        if not self.tf32:
            config.clear_flag(trt.BuilderFlag.TF32)
        inputs = [network.get_input(index) for index in range(network.num_inputs)]
        free_sizes = {
            item.name: [item.get_dimension_name(axis) or "" for axis in range(len(item.shape))] for item in inputs
        }
        profile = builder.create_optimization_profile()
        for item in inputs:
            if min(item.shape, default=0) < 0:
                profile.set_shape(item.name, *self._range(tuple(item.shape), free_sizes[item.name]))
        if any(min(item.shape, default=0) < 0 for item in inputs):
            config.add_optimization_profile(profile)
        plan = builder.build_serialized_network(network, config)
        if plan is None:
            raise ModelFileError(f"{path}: TensorRT cannot load it: no engine could be built; its log says why")
        return Engine(bytes(plan), free_sizes)

    def _range(self, shape: Sequence[int], names: Sequence[str]) -> list[tuple[int, ...]]:
        """The smallest, usual and largest shape of an input."""
        named = {item[0]: item[1:] for item in self.named_sizes}
        sizes = [
            (size, size, size) if size >= 0 else named.get(name, self.free_size)
            for size, name in zip(shape, names, strict=True)
        ]
        return [tuple(size[index] for size in sizes) for index in range(3)]


@functools.cache
def _log_of(trt: Any) -> Any:
    """The logger of TensorRT that writes into ours: one, and for ever, for TensorRT keeps a pointer to the first."""
    severity = trt.ILogger.Severity
    levels = {
        severity.INTERNAL_ERROR: logging.ERROR,
        severity.ERROR: logging.ERROR,
        severity.WARNING: logging.WARNING,
    }

    class Log(trt.ILogger):  # type: ignore[misc]  # known only where TensorRT is installed
        def __init__(self) -> None:
            trt.ILogger.__init__(self)  # its binding asks for exactly this

        def log(self, severity: Any, message: str) -> None:
            LOGGER.log(levels.get(severity, logging.DEBUG), "TensorRT: %s", message)

    return Log()
