"""PyTorch: runs what was just trained, before it is exported to ONNX. Imported only when it is used.

It takes `torch.export` files (.pt2), for torch has deprecated TorchScript. Reading one can run code that it holds, so
only files that were made here are loaded: a model that a user adds is ONNX.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.backends.backend import Array, TensorSpec
from models.backends.input_check import check_inputs
from models.errors import BackendUnavailableError, DeviceLostError, ModelFileError, NetworkInputError


@dataclass(frozen=True, slots=True)
class TorchBackend:
    """Runs .pt2 files whose network takes named tensors and returns a dictionary of tensors.

    Attributes:
        device: `cpu` or `cuda`.
        threads: of the whole process; None leaves them as they are.
    """

    device: str = "cpu"
    threads: int | None = None

    @property
    def name(self) -> str:
        """`torch`."""
        return "torch"

    def why_not(self) -> str | None:
        """None if it can be used here, else what is missing and how to install it."""
        if importlib.util.find_spec("torch") is None:
            return "torch is not installed; `pip install 'dynamical[train]'`"
        if self.device != "cpu":
            import torch

            if not torch.cuda.is_available():
                return f"torch finds no CUDA device for {self.device!r}; use device 'cpu', or install a CUDA build"
        return None

    def load(self, path: Path) -> TorchNetwork:
        """Load a .pt2 file, which must be trusted.

        Raises:
            BackendUnavailableError: torch is not installed, or has no such device.
            ModelFileError: the file does not hold a network that it can run.
        """
        if missing := self.why_not():
            raise BackendUnavailableError(f"backend {self.name}: {missing}")
        import torch
        from torch.export.passes import move_to_device_pass

        if self.threads is not None:
            torch.set_num_threads(self.threads)
        try:
            program = torch.export.load(path)
            if self.device != "cpu":
                program = move_to_device_pass(program, self.device)
            inputs, outputs = _specs(program)
            module = program.module()
        except Exception as error:  # of many types: zip, JSON, schema, operators
            raise ModelFileError(f"{path}: torch cannot load it: {' '.join(str(error).split())[:300]}") from error
        return TorchNetwork(module, self.device, inputs, outputs)


class TorchNetwork:
    """A network in torch."""

    def __init__(
        self, module: Any, device: str, inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...]
    ) -> None:
        """Made by `TorchBackend.load`."""
        self._module: Any | None = module
        self._device = device
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
        if self._module is None:
            raise NetworkInputError("the network is closed; load it again")
        check_inputs(self._inputs, inputs)
        import torch

        try:
            with torch.inference_mode():
                # Copied: torch shares memory with an array, and does not know that one can be read-only.
                feed = [torch.from_numpy(inputs[spec.name].copy()).to(self._device) for spec in self._inputs]
                answers = self._module(*feed)
                return {spec.name: np.array(answers[spec.name].cpu().numpy()) for spec in self._outputs}
        except (torch.AcceleratorError, torch.OutOfMemoryError) as error:
            raise DeviceLostError(f"{self._device}: {error}; start the process anew") from error
        except Exception as error:  # guards of torch.export raise AssertionError, RuntimeError and more
            detail = " ".join(str(error).split())[:300]
            raise NetworkInputError(f"the network does not run with these inputs: {detail}") from error

    def close(self) -> None:
        """Free what it holds; it cannot be run any more."""
        self._module = None


def _specs(program: Any) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """Inputs and outputs of an exported program.

    Raises:
        ValueError: it does not return a dictionary of tensors.
    """
    returned = program.call_spec.out_spec
    if returned.type is not dict:
        raise ValueError("its network returns no dictionary of tensors; export one that does, so that they have names")
    placeholders = {node.name: node for node in program.graph.nodes if node.op == "placeholder"}
    results = next(node for node in program.graph.nodes if node.op == "output").args[0]
    # What a network changes in place is listed before what it returns.
    results = results[len(results) - len(returned.context) :]
    return (
        tuple(_spec(name, placeholders[name]) for name in program.graph_signature.user_inputs),
        tuple(_spec(name, node) for name, node in zip(returned.context, results, strict=True)),
    )


def _spec(name: str, node: Any) -> TensorSpec:
    value = node.meta["val"]
    shape = tuple(size if isinstance(size, int) else str(size) for size in value.shape)
    return TensorSpec(str(name), str(value.dtype).removeprefix("torch."), shape)
