"""ONNX Runtime on the CPU: what runs networks where nothing else is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.backends.backend import Array, TensorSpec
from models.backends.input_check import check_inputs
from models.errors import BackendUnavailableError, ModelFileError, NetworkInputError

_DTYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(int8)": "int8",
    "tensor(uint8)": "uint8",
    "tensor(bool)": "bool",
}
_LOG_FATAL = 4  # what else it has to say comes as an exception


@dataclass(frozen=True, slots=True)
class OnnxRuntimeBackend:
    """Runs .onnx files on the CPU.

    Attributes:
        intra_op_threads: that one operator may use.
        inter_op_threads: operators that may run beside each other.
    """

    intra_op_threads: int = 1
    inter_op_threads: int = 1

    def __post_init__(self) -> None:
        if self.intra_op_threads < 1 or self.inter_op_threads < 1:
            raise ValueError(f"threads: {self.intra_op_threads}, {self.inter_op_threads}; allowed: at least 1 each")

    @property
    def name(self) -> str:
        """`onnxruntime`."""
        return "onnxruntime"

    def why_not(self) -> str | None:
        """None if it can be used here, else what is missing and how to install it."""
        if importlib.util.find_spec("onnxruntime") is None:
            return "onnxruntime is not installed; `pip install onnxruntime`"
        return None

    def load(self, path: Path) -> OnnxRuntimeNetwork:
        """Load an .onnx file.

        Raises:
            BackendUnavailableError: ONNX Runtime is not installed.
            ModelFileError: the file does not hold a network that it can run.
        """
        if missing := self.why_not():
            raise BackendUnavailableError(f"backend {self.name}: {missing}")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.intra_op_threads
        options.inter_op_num_threads = self.inter_op_threads
        options.execution_mode = (
            onnxruntime.ExecutionMode.ORT_PARALLEL
            if self.inter_op_threads > 1
            else onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        )
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = _LOG_FATAL
        # A thread that spins while it waits takes the CPU from the real-time process beside it.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        try:
            session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions have no common type
            raise ModelFileError(f"{path}: ONNX Runtime cannot load it: {_short(error)}") from error
        return OnnxRuntimeNetwork(
            session,
            tuple(_spec(path, node) for node in session.get_inputs()),
            tuple(_spec(path, node) for node in session.get_outputs()),
        )


class OnnxRuntimeNetwork:
    """A network in ONNX Runtime."""

    def __init__(self, session: Any, inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...]) -> None:
        """Made by `OnnxRuntimeBackend.load`."""
        self._session: Any | None = session
        self._inputs = inputs
        self._outputs = outputs

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """What it wants."""
        return self._inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """What it gives."""
        return self._outputs

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Run it once; see `Network`."""
        if self._session is None:
            raise NetworkInputError("the network is closed; load it again")
        check_inputs(self._inputs, inputs)
        feed = {name: np.ascontiguousarray(array) for name, array in inputs.items()}
        try:
            answers = self._session.run(None, feed)
        except Exception as error:  # its exceptions have no common type
            raise NetworkInputError(f"the network does not run with these inputs: {_short(error)}") from error
        return {spec.name: answer for spec, answer in zip(self._outputs, answers, strict=True)}

    def close(self) -> None:
        """Free what it holds; it cannot be run any more."""
        self._session = None


def _spec(path: Path, node: Any) -> TensorSpec:
    if node.type not in _DTYPES:
        raise ModelFileError(f"{path}: {node.name!r} is a {node.type}; supported: {', '.join(_DTYPES)}")
    shape = tuple(
        size if isinstance(size, int) else str(size or f"{node.name}_{axis}") for axis, size in enumerate(node.shape)
    )
    return TensorSpec(node.name, _DTYPES[node.type], shape)


def _short(error: Exception) -> str:
    """One line of what may be many."""
    return " ".join(str(error).split())[:300]
