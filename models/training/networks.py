"""The networks that are trained here: small enough for one core of a robot, plain enough to be read.

Depthwise separable convolutions after MobileNet (Howard et al., arXiv:1704.04861), a feature pyramid (Lin et al.,
arXiv:1612.03144), boxes at every cell as FCOS does (Tian et al., arXiv:1904.01355), points as classes along each axis
as SimCC does (Li et al., arXiv:2107.03332).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.training.dataset import LABELS
from models.training.truth import DETECTOR_CLASSES

SHAPES = LABELS
STRIDE = 4
KEYPOINTS = 9
BINS = 128
CROP = 64
MASK = 32
EMBEDDING = 64


def _conv(inputs: int, outputs: int, size: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


def _separable(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(_conv(inputs, inputs, 3, stride, inputs), _conv(inputs, outputs, 1))


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.path = _separable(channels, channels)

    def forward(self, image: Tensor) -> Tensor:
        return cast(Tensor, image + self.path(image))


def _stage(inputs: int, outputs: int, blocks: int) -> nn.Sequential:
    """Half the size, and then as many residual blocks."""
    return nn.Sequential(_separable(inputs, outputs, 2), *(_Residual(outputs) for _ in range(blocks)))


@dataclass(frozen=True, slots=True)
class LevelOneSize:
    """Channels at a half to a sixteenth of the image's size, those of the pyramid, and blocks of each stage."""

    half: int
    quarter: int
    eighth: int
    sixteenth: int
    coarse: int
    fine: int
    blocks: tuple[int, int, int]


LEVEL_ONE = {
    "small": LevelOneSize(8, 16, 48, 96, 32, 24, (1, 4, 6)),
    "medium": LevelOneSize(12, 32, 64, 160, 64, 48, (2, 4, 6)),
}


class LevelOneNetwork(nn.Module):
    """Detector and depth on one backbone.

    Input: (n, 3, h, w), 0..1; h and w are multiples of 16. Outputs, at a quarter of the size: logits of the classes
    (n, 5, ...); log of the distances from the middle of the cell to the left, upper, right and lower edge of the box,
    in cells (n, 4, ...); log of the depth in m (n, 1, ...).
    """

    def __init__(self, size: LevelOneSize) -> None:
        super().__init__()
        self.quarter = nn.Sequential(
            _conv(3, size.half, 3, 2),
            _conv(size.half, size.quarter, 3, 2),
            *(_Residual(size.quarter) for _ in range(size.blocks[0])),
        )
        self.eighth = _stage(size.quarter, size.eighth, size.blocks[1])
        self.sixteenth = _stage(size.eighth, size.sixteenth, size.blocks[2])
        self.from_sixteenth = nn.Conv2d(size.sixteenth, size.coarse, 1)
        self.from_eighth = nn.Conv2d(size.eighth, size.coarse, 1)
        self.from_quarter = nn.Conv2d(size.quarter, size.fine, 1)
        self.coarse = _separable(size.coarse, size.coarse)
        self.to_fine = nn.Conv2d(size.coarse, size.fine, 1)
        self.fine = _separable(size.fine, size.fine)
        self.head = _separable(size.fine, size.fine)
        classes = len(DETECTOR_CLASSES)
        self.out = nn.Conv2d(size.fine, classes + 5, 1)
        bias = cast(Tensor, self.out.bias)
        with torch.no_grad():
            bias.zero_()
            bias[:classes] = -4.6  # a hundredth: most cells are nothing
            bias[classes + 4] = 0.0

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        quarter = self.quarter(image)
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        coarse = self.coarse(self.from_eighth(eighth) + _twice(self.from_sixteenth(sixteenth)))
        fine = self.fine(self.from_quarter(quarter) + _twice(self.to_fine(coarse)))
        out = self.out(self.head(fine))
        classes = len(DETECTOR_CLASSES)
        return out[:, :classes], out[:, classes : classes + 4], out[:, classes + 4 :]


@dataclass(frozen=True, slots=True)
class LevelTwoSize:
    """Channels at a half, a quarter and an eighth of the crop, and blocks of each stage."""

    half: int
    quarter: int
    eighth: int
    blocks: tuple[int, int]


LEVEL_TWO = {
    "small": LevelTwoSize(24, 48, 96, (2, 3)),
    "medium": LevelTwoSize(32, 80, 192, (3, 5)),
}


class LevelTwoNetwork(nn.Module):
    """Features, mask and keypoints of the thing in the middle of a crop, on one backbone.

    Input: (n, 3, 64, 64), 0..1. Outputs: embedding (n, 64); logits of the shapes (n, 4); logits of the mask
    (n, 1, 32, 32); logits of the columns and rows of the nine points (n, 9, 128), half-pixel bins; log of the extents
    relative to the largest (n, 3).
    """

    def __init__(self, size: LevelTwoSize) -> None:
        super().__init__()
        self.to_half_size = nn.Sequential(_conv(3, size.half, 3, 2), _Residual(size.half))
        self.to_quarter_size = _stage(size.half, size.quarter, size.blocks[0])
        self.to_eighth_size = _stage(size.quarter, size.eighth, size.blocks[1])
        self.from_eighth = nn.Conv2d(size.eighth, size.quarter, 1)
        self.coarse = _separable(size.quarter, size.quarter)
        self.to_half = nn.Conv2d(size.quarter, size.half, 1)
        self.fine = _separable(size.half, size.half)
        self.mask = nn.Conv2d(size.half, 1, 1)
        # Points: features of each column and of each row, from the map at a quarter of the size.
        side = CROP // 4
        self.points = nn.Conv2d(size.quarter, 2 * KEYPOINTS, 1)
        self.columns = nn.Linear(side * side, BINS)
        self.rows = nn.Linear(side * side, BINS)
        self.describe = _separable(size.eighth, 2 * size.eighth)
        self.embedding = nn.Linear(2 * size.eighth, EMBEDDING)
        self.shape = nn.Linear(2 * size.eighth, len(SHAPES))
        self.extents = nn.Linear(2 * size.eighth, 3)

    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        half = self.to_half_size(crop)
        quarter = self.to_quarter_size(half)
        eighth = self.to_eighth_size(quarter)
        coarse = self.coarse(quarter + _twice(self.from_eighth(eighth)))
        mask = self.mask(self.fine(half + _twice(self.to_half(coarse))))
        points = self.points(coarse).flatten(2)
        columns, rows = self.columns(points[:, :KEYPOINTS]), self.rows(points[:, KEYPOINTS:])
        whole = self.describe(eighth).mean(dim=(2, 3))
        return self.embedding(whole), self.shape(whole), mask, columns, rows, self.extents(whole)


def _twice(image: Tensor) -> Tensor:
    return F.interpolate(image, scale_factor=2.0, mode="nearest")
