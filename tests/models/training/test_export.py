from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

import torch
from torch import nn

from models import adapters
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.training.export import export_onnx, multiply_adds
from models.training.networks import LEVEL_ONE, LEVEL_TWO, LevelOneNetwork, LevelTwoNetwork
from models.training.scene_network import SCENE, SceneNetwork
from rt_control.errors import DynamicalError


@pytest.mark.parametrize(
    ("adapter", "network"),
    [
        ("dynamical_level1", lambda: LevelOneNetwork(LEVEL_ONE["small"])),
        ("dynamical_level2", lambda: LevelTwoNetwork(LEVEL_TWO["small"])),
        ("dynamical_scene", lambda: SceneNetwork(SCENE["small"])),
    ],
)
def test_the_file_answers_as_the_network_and_fits_its_adapter(
    tmp_path: Path, adapter: str, network: Callable[[], nn.Module]
) -> None:
    torch.manual_seed(0)
    trained, known = network(), adapters.get(adapter)
    (image,) = known.inputs
    any_count = isinstance(image.shape[0], str)
    example = torch.rand([3 if isinstance(size, str) else size for size in image.shape])
    path = tmp_path / "network.onnx"
    names = [str(item.name) for item in known.outputs]
    export_onnx(trained, (example,), (str(image.name),), names, path, any_count)
    loaded = OnnxRuntimeBackend().load(path)
    try:
        assert known.misfit(loaded.inputs, loaded.outputs) is None
        fresh = torch.rand_like(example)[: 1 if any_count else None]
        given = loaded.run({str(image.name): fresh.numpy()})
    finally:
        loaded.close()
    with torch.inference_mode():
        expected = trained.eval()(fresh)
    for name, value in zip(names, expected, strict=True):
        np.testing.assert_allclose(np.asarray(given[name], dtype=np.float32), value.numpy(), rtol=1e-3, atol=1e-3)


def test_a_file_that_answers_differently_is_refused(tmp_path: Path) -> None:
    class Restless(nn.Module):
        """Answers differently each time it is asked; what is exported is one of its answers."""

        def __init__(self) -> None:
            super().__init__()
            self.asked = 0

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            self.asked += 1
            return image * float(self.asked)

    with pytest.raises(DynamicalError, match="output 'out' differs by .* from the trained network's; allowed: 0.001"):
        export_onnx(Restless(), (torch.ones(1, 3),), ("image",), ["out"], tmp_path / "network.onnx", False)


def test_multiply_adds_are_those_of_convolutions_and_linear_layers() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, groups=1), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 16, 10))
    assert multiply_adds(network, torch.zeros(1, 3, 4, 4)) == 8 * 3 * 9 * 16 + 8 * 16 * 10
    depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
    assert multiply_adds(depthwise, torch.zeros(1, 8, 4, 4)) == 8 * 9 * 16
