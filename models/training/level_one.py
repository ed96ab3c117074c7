"""Level 1: detector and depth, trained together on one backbone."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.adapters.dynamical_level1 import boxes_of_cells, peaks
from models.training.augmentation import other_camera, random_zoom, warp, zoomed_boxes
from models.training.dataset import Dataset
from models.training.measures import Found, Truth, average_precision, share_within
from models.training.networks import LEVEL_ONE, STRIDE, LevelOneNetwork
from models.training.truth import DETECTOR_CLASSES, truth_of

LEAST_LEFT = 0.5  # of a box after zooming
CENTRE = 0.35  # of a box around its middle: cells that learn its edges
IGNORED = -1
SCORE_FLOOR, MOST_PEAKS = 0.01, 40  # of what is measured: a robot uses less


class LevelOneRecipe:
    """Heat maps with the focal loss of CenterNet (arXiv:1904.07850), boxes with generalised IoU (arXiv:1902.09630)."""

    def __init__(self, variant: str, training: Path, validation: Path) -> None:
        """Map the data sets.

        Raises:
            InputError: one of them is not there.
        """
        self._variant = variant
        self._training, self._validation = Dataset(training), Dataset(validation)
        self._labels: dict[int, tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]] = {}

    def __repr__(self) -> str:
        return f"level 1, {self._variant}, {len(self._training)} images"

    def network(self) -> nn.Module:
        return LevelOneNetwork(LEVEL_ONE[self._variant])

    def batch(self, random: np.random.Generator, size: int) -> tuple[Tensor, dict[str, Tensor]]:
        images, targets = [], []
        for index in random.integers(len(self._training), size=size):
            shard, number = self._training.where(int(index))
            boxes, labels = self._labelled(int(index))
            rgb, depth = shard.rgb[number], shard.depth_m[number].astype(np.float32)
            height, width = rgb.shape[:2]
            zoom = random_zoom(random, width, height)
            rgb = cast(npt.NDArray[np.uint8], warp(rgb, zoom, cv2.INTER_LINEAR, None))
            # Half the size: its zoom has half the shift. What looks larger is nearer, as far as one camera can tell.
            half = zoom * [[1.0, 1.0, 0.5]]
            depth = cast(npt.NDArray[np.float32], warp(depth, half, cv2.INTER_NEAREST, 0.0)) / abs(zoom[0, 0])
            images.append(other_camera(random, rgb))
            targets.append(_targets(zoomed_boxes(boxes, zoom), labels, width, height) + (depth[::2, ::2],))
        heat, weight, distances, inside, depths = (np.stack(part) for part in zip(*targets, strict=True))
        inputs = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float().div_(255.0)
        arrays = {"heat": heat, "weight": weight, "distances": distances, "inside": inside, "depth": depths[:, None]}
        return inputs, {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}

    def losses(self, network: nn.Module, inputs: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        logits, boxes, log_depth = network(inputs)
        known = targets["depth"] > 0.0
        true = torch.log(torch.where(known, targets["depth"], torch.ones_like(targets["depth"])))
        return {
            "heat": _focal(logits, targets["heat"], targets["weight"]),
            "box": _box_loss(boxes, targets["distances"], targets["inside"]),
            "depth": F.l1_loss(log_depth[known], true[known]),
        }

    @torch.inference_mode()
    def validate(self, network: nn.Module) -> dict[str, float]:
        found, truth, shares = [], [], []
        for index in range(len(self._validation)):
            shard, number = self._validation.where(index)
            image = torch.from_numpy(np.array(shard.rgb[number])).permute(2, 0, 1)[None].float().div_(255.0)
            logits, boxes, log_depth = network(image)
            labels, cells, scores = peaks(logits[0].numpy(), SCORE_FLOOR, MOST_PEAKS)
            found.append(Found(boxes_of_cells(boxes[0].numpy(), cells), scores, labels))
            truth.append(truth_of(shard.objects[number], shard.instance[number]))
            depth = F.interpolate(log_depth, scale_factor=2.0, mode="bilinear").exp()[0, 0].numpy()
            shares.append(share_within(depth, shard.depth_m[number].astype(np.float32)))
        classes = average_precision(found, truth, len(DETECTOR_CLASSES))
        one = [Truth(item.boxes, np.zeros_like(item.labels), item.ignored) for item in truth]
        any_class = [Found(item.boxes, item.scores, np.zeros_like(item.labels)) for item in found]
        measures = {f"ap50 {name}": float(value) for name, value in zip(DETECTOR_CLASSES, classes, strict=True)}
        measures["ap50"] = measures["score"] = float(np.nanmean(classes))
        measures["ap50 without classes"] = float(average_precision(any_class, one, 1)[0])
        measures["depth delta 1.25"] = float(np.mean(shares))
        return measures

    def _labelled(self, index: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Boxes (n, 4) and labels (n,) of a training image; IGNORED for what need not be found."""
        if index not in self._labels:
            shard, number = self._training.where(index)
            truth = truth_of(shard.objects[number], shard.instance[number])
            labels = np.where(truth.ignored, IGNORED, truth.labels)
            self._labels[index] = truth.boxes.astype(np.float32), labels.astype(np.int64)
        return self._labels[index]


def _targets(
    boxes: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], width: int, height: int
) -> tuple[npt.NDArray[np.float32], ...]:
    """Heat (5, h, w), weight (h, w), log distances (4, h, w), and which cells learn them (h, w)."""
    rows, columns = height // STRIDE, width // STRIDE
    heat = np.zeros((len(DETECTOR_CLASSES), rows, columns), dtype=np.float32)
    weight = np.ones((rows, columns), dtype=np.float32)
    distances = np.zeros((4, rows, columns), dtype=np.float32)
    inside = np.zeros((rows, columns), dtype=np.float32)
    x = (np.arange(columns, dtype=np.float32) + 0.5)[None, :]
    y = (np.arange(rows, dtype=np.float32) + 0.5)[:, None]
    clipped = np.clip(boxes, 0.0, [width, height, width, height]) / STRIDE
    areas = (clipped[:, 2:] - clipped[:, :2]).prod(axis=1)
    whole = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) / STRIDE**2
    for index in np.argsort(-areas):  # what is smaller lies on top
        left, top, right, bottom = clipped[index]
        if areas[index] <= 0.0:
            continue
        if labels[index] == IGNORED or areas[index] < LEAST_LEFT * whole[index]:
            weight[(x > left) & (x < right) & (y > top) & (y < bottom)] = 0.0
            continue
        middle_x, middle_y = (left + right) / 2.0, (top + bottom) / 2.0
        spread_x, spread_y = max((right - left) / 6.0, 0.5), max((bottom - top) / 6.0, 0.5)
        bell = np.exp(-((x - middle_x) ** 2) / (2 * spread_x**2) - (y - middle_y) ** 2 / (2 * spread_y**2))
        column, row = min(int(middle_x), columns - 1), min(int(middle_y), rows - 1)
        bell[row, column] = 1.0
        np.maximum(heat[labels[index]], bell, out=heat[labels[index]])
        reach_x, reach_y = max(CENTRE * (right - left), 0.6), max(CENTRE * (bottom - top), 0.6)
        near = (np.abs(x - middle_x) < reach_x) & (np.abs(y - middle_y) < reach_y)
        for side, value in enumerate((x - left, y - top, right - x, bottom - y)):
            distances[side][near] = np.broadcast_to(np.log(np.maximum(value, 0.02)), near.shape)[near]
        inside[near] = 1.0 / np.sqrt(near.sum())
    return heat, weight, distances, inside


def _focal(logits: Tensor, heat: Tensor, weight: Tensor) -> Tensor:
    probability = torch.sigmoid(logits).clamp(1e-5, 1.0 - 1e-5)
    peak = heat > 0.9999
    hit = -torch.log(probability) * (1.0 - probability) ** 2
    miss = -torch.log(1.0 - probability) * probability**2 * (1.0 - heat) ** 4
    loss = torch.where(peak, hit, miss) * weight[:, None]
    return loss.sum() / peak.sum().clamp(min=1)


def _box_loss(boxes: Tensor, distances: Tensor, inside: Tensor) -> Tensor:
    """Generalised IoU of boxes that share a point, and a little of the plain difference, which never vanishes."""
    at = inside > 0.0
    wanted, weight = distances.permute(0, 2, 3, 1)[at], inside[at]
    given = boxes.permute(0, 2, 3, 1)[at].clamp(-4.0, 5.0)
    mine, theirs = given.exp(), wanted.exp()
    shared = _area(torch.minimum(mine, theirs))
    union = _area(mine) + _area(theirs) - shared
    hull = _area(torch.maximum(mine, theirs))
    loss = 1.0 - shared / union + (hull - union) / hull + 0.2 * (given - wanted).abs().sum(dim=1)
    return (loss * weight).sum() / weight.sum().clamp(min=1.0)


def _area(distances: Tensor) -> Tensor:
    return (distances[:, 0] + distances[:, 2]) * (distances[:, 1] + distances[:, 3])
