"""The small networks of `networks`, exported by torch. Imported only where torch is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

# Of no known type, whether torch is installed where types are checked or not.
Module: Any = torch.nn.Module


class Affine(Module):  # type: ignore[misc]  # its base has no type
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor([factor]))

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"y": self.factor * x + 1.0}


class SumAndProduct(Module):  # type: ignore[misc]  # its base has no type
    def forward(self, a: torch.Tensor, b: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"sum": a + b, "product": a * b}


class Convolution(Module):  # type: ignore[misc]  # its base has no type
    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        kernel = torch.full((1, 1, 3, 3), 1.0 / 9.0)
        blurred = torch.nn.functional.conv2d(image, kernel, padding=1)
        return {"map": blurred, "best": blurred.flatten(1).argmax(1)}


def _save(path: Path, module: Any, examples: tuple[torch.Tensor, ...], free: Any) -> Path:
    torch.export.save(torch.export.export(module.eval(), examples, dynamic_shapes=free), path)
    return path


def affine(path: Path, factor: float = 2.0, size: int = 3) -> Path:
    batch = torch.export.Dim("batch", min=1, max=64)
    return _save(path, Affine(factor), (torch.rand(2, size),), ({0: batch},))


def sum_and_product(path: Path) -> Path:
    n = torch.export.Dim("n", min=1, max=64)
    return _save(path, SumAndProduct(), (torch.rand(2, 2), torch.rand(2, 2)), ({0: n}, {0: n}))


def convolution(path: Path) -> Path:
    return _save(path, Convolution(), (torch.rand(1, 1, 4, 5),), None)
