"""A trained network becomes an ONNX file, and is asked whether it still says the same."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from rt_control.errors import DynamicalError

OPSET = 17
LARGEST_DIFFERENCE = 1e-3  # of an output, times the larger of 1 and its size


def export_onnx(
    network: nn.Module,
    examples: Sequence[torch.Tensor],
    input_names: Sequence[str],
    output_names: Sequence[str],
    path: Path,
    any_count: bool,
) -> None:
    """Write a network as ONNX.

    Args:
        network: trained.
        examples: an array for each input.
        input_names, output_names: of the tensors, in the order of the network.
        path: of the file.
        any_count: whether the number of images may differ from run to run.

    Raises:
        DynamicalError: the file does not answer as the network does.
    """
    network = network.to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]  # torch's stubs
    axes = {name: {0: "n"} for name in (*input_names, *output_names)} if any_count else None
    with warnings.catch_warnings():
        # The exporter that comes with torch; the newer one needs another package.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network,
            tuple(examples),
            str(path),
            input_names=list(input_names),
            output_names=list(output_names),
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
    with torch.inference_mode():
        answer = network(*examples)
        expected = [item.numpy() for item in ((answer,) if isinstance(answer, torch.Tensor) else answer)]
    loaded = OnnxRuntimeBackend().load(path)
    try:
        arrays = {name: example.numpy() for name, example in zip(input_names, examples, strict=True)}
        given = loaded.run(arrays)
    finally:
        loaded.close()
    for name, wanted in zip(output_names, expected, strict=True):
        difference = float((np.abs(given[name] - wanted) / np.maximum(1.0, np.abs(wanted))).max())
        if not difference <= LARGEST_DIFFERENCE:
            raise DynamicalError(
                f"{path}: output {name!r} differs by {difference:.2g} from the trained network's; allowed:"
                f" {LARGEST_DIFFERENCE:g}; the exporter of this torch cannot be used for this network"
            )


def multiply_adds(network: nn.Module, *examples: torch.Tensor) -> int:
    """Multiply-adds of one run: those of convolutions and linear layers, which are all that counts."""
    total = 0

    def count(layer: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        nonlocal total
        if isinstance(layer, nn.Conv2d):
            size = layer.kernel_size
            total += output.numel() * layer.in_channels // layer.groups * size[0] * size[1]
        elif isinstance(layer, nn.Linear):
            total += output.numel() * layer.in_features

    hooks = [layer.register_forward_hook(count) for layer in network.modules()]
    try:
        with torch.inference_mode():
            network.eval()(*examples)
    finally:
        for hook in hooks:
            hook.remove()
    return total
