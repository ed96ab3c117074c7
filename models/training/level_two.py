"""Level 2: features, mask and keypoints of one thing, trained together on one backbone."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.adapters.simcc import points_in_image, soft_maximum
from models.box_pose import POINTS, angle_between, canonical_frames, scale_by_depth, solve
from models.preprocessing import cut_out, square_windows
from models.training.augmentation import other_camera
from models.training.dataset import LABELS, Dataset, Shard, visible_boxes
from models.training.networks import BINS, CROP, KEYPOINTS, LEVEL_TWO, MASK, LevelTwoNetwork

MARGIN = 0.35
LEAST_PIXELS = 20
MOST_HIDDEN = 0.6
CROPS_PER_GROUP = 8
NAMINGS = 2  # of a box's axes that count as right
TEMPERATURE = 0.1
THINGS = 100  # more than a group can have
SPREAD_BINS = 1.5  # of a point's target along its axis

Array = npt.NDArray[np.float64]


class LevelTwoRecipe:
    """Classes, masks and points with their usual losses; the embedding with that of arXiv:2004.11362."""

    def __init__(self, variant: str, training: Path, validation: Path) -> None:
        """Map the data sets.

        Raises:
            InputError: one of them is not there.
        """
        self._variant = variant
        self._training, self._validation = Dataset(training), Dataset(validation)
        self._groups = _groups(self._training)

    def __repr__(self) -> str:
        return f"level 2, {self._variant}, {len(self._training)} images"

    def network(self) -> nn.Module:
        return LevelTwoNetwork(LEVEL_TWO[self._variant])

    def batch(self, random: np.random.Generator, size: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Crops of things, several of each group."""
        crops: list[npt.NDArray[np.uint8]] = []
        parts: list[tuple[npt.NDArray[np.generic], ...]] = []
        while len(crops) < size:
            which = int(random.integers(len(self._groups)))
            group = self._groups[which]
            chosen = random.permutation(len(group))[:CROPS_PER_GROUP]
            for shard, number, slot, box in (group[index] for index in chosen):
                window = square_windows(_jittered(random, box)[None], MARGIN)[0]
                crops.append(_other_crop(random, shard.rgb[number], window))
                parts.append(_targets(shard, number, slot, window, which))
        names = ("label", "identity", "mask", "points", "extents")
        targets = {
            name: torch.from_numpy(np.stack(part)) for name, part in zip(names, zip(*parts, strict=True), strict=True)
        }
        return _to_input(np.stack(crops)), targets

    def losses(self, network: nn.Module, inputs: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        embedding, shape, mask, columns, rows, extents = network(inputs)
        return {
            "shape": F.cross_entropy(shape, targets["label"], label_smoothing=0.02),
            "mask": _mask_loss(mask[:, 0], targets["mask"]),
            "points": _pose_loss(columns, rows, extents, targets["points"], targets["extents"]),
            "identity": 0.5 * _contrast(embedding, targets["identity"], targets["label"]),
        }

    @torch.inference_mode()
    def validate(self, network: nn.Module) -> dict[str, float]:
        right = 0
        overlaps: list[float] = []
        distances: list[float] = []
        angles: list[float] = []
        matched: list[bool] = []
        total = 0
        for group in _groups(self._validation):
            windows = np.concatenate([square_windows(box[None], MARGIN) for _, _, _, box in group])
            crops = [
                cut_out(shard.rgb[number], window, CROP, CROP)
                for (shard, number, _, _), window in zip(group, windows, strict=True)
            ]
            embedding, shape, mask, columns, rows, extents = network(_to_input(np.stack(crops)))
            labels = shape.argmax(dim=1).numpy()
            (bins_x, sure_x), (bins_y, sure_y) = soft_maximum(columns.numpy()), soft_maximum(rows.numpy())
            points = points_in_image(bins_x, bins_y, (BINS, BINS), 0.5, windows).astype(np.float64)
            sure = np.minimum(sure_x, sure_y).astype(np.float64)
            probability = torch.sigmoid(mask[:, 0]).numpy()
            for index, (shard, number, slot, _) in enumerate(group):
                entry = shard.objects[number, slot - 1]
                total += 1
                right += int(labels[index] == entry["label"])
                whole = np.asarray(shard.instance[number])
                seen = paste(probability[index], windows[index], whole.shape) > 0.5
                true = whole == slot
                overlaps.append(float((seen & true).sum() / max((seen | true).sum(), 1)))
                error = _pose_error(shard, number, slot, points[index], sure[index], extents[index].exp().numpy(), seen)
                distances.append(error[0])
                if entry["label"] != LABELS.index("ball"):
                    angles.append(error[1])
            matched += _matches(F.normalize(embedding).numpy(), group)
        measures = {
            "shape accuracy": right / total,
            "mask IoU": float(np.mean(overlaps)),
            "pose error, m": float(np.median(distances)),
            "pose error, deg": math.degrees(float(np.median(angles))),
            "identity accuracy": float(np.mean(matched)),
        }
        measures["score"] = (
            measures["shape accuracy"]
            + measures["mask IoU"]
            + measures["identity accuracy"]
            - measures["pose error, deg"] / 30.0
        )
        return measures


Sight = tuple[Shard, int, int, npt.NDArray[np.float32]]
"""One thing in one image: shard, image, slot, box."""


def _groups(data: Dataset) -> list[list[Sight]]:
    """Everything that is seen well enough, by group of images."""
    groups: list[list[Sight]] = []
    for shard in data.shards:
        members: dict[int, list[Sight]] = {}
        for number in range(len(shard)):
            boxes = visible_boxes(np.asarray(shard.instance[number]))
            objects = shard.objects[number]
            good = (
                (objects["label"] >= 0)
                & (objects["visible_px"] >= LEAST_PIXELS)
                & (objects["hidden_share"] <= MOST_HIDDEN)
            )
            sights = [(shard, number, int(slot) + 1, boxes[slot + 1]) for slot in np.flatnonzero(good)]
            members.setdefault(int(shard.group[number]), []).extend(sights)
        groups += [sights for sights in members.values() if len(sights) > 1]
    return groups


def _jittered(random: np.random.Generator, box: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """A box as a detector might have found it."""
    size = box[2:] - box[:2]
    centre = (box[:2] + box[2:]) / 2.0 + random.normal(0.0, 0.07, 2) * size
    half = size / 2.0 * np.exp(random.normal(0.0, 0.1, 2))
    return np.concatenate([centre - half, centre + half]).astype(np.float32)


def _other_crop(
    random: np.random.Generator, rgb: npt.NDArray[np.uint8], window: npt.NDArray[np.float32]
) -> npt.NDArray[np.uint8]:
    """The window as another camera might show it; changed before it is enlarged, as a camera would."""
    height, width = rgb.shape[:2]
    left, top = (max(0, math.floor(value) - 1) for value in window[:2])
    right, bottom = min(width, math.ceil(window[2]) + 1), min(height, math.ceil(window[3]) + 1)
    part = other_camera(random, np.ascontiguousarray(rgb[top:bottom, left:right]))
    return cut_out(part, window - np.array([left, top, left, top], dtype=np.float32), CROP, CROP)


def _to_input(crops: npt.NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(crops).permute(0, 3, 1, 2).float().div_(255.0)


def _targets(
    shard: Shard, number: int, slot: int, window: npt.NDArray[np.float32], group: int
) -> tuple[npt.NDArray[np.generic], ...]:
    """Label, identity, mask (32, 32), points in bins (2, 9, 2), log extents (2, 3).

    `group` is the number of the table among all: shards number their own tables and things from the beginning.
    """
    entry = shard.objects[number, slot - 1]
    label = LABELS[int(entry["label"])]
    seen = (shard.instance[number] == slot).astype(np.uint8) * 255
    mask = cut_out(seen, window, MASK, MASK).astype(np.float32) / 255.0
    pose = entry["pose_camera"].astype(np.float64)
    focal = float(shard.focal_px[number])
    points, extents = [], []
    for rotation, size in canonical_frames(
        label, pose[:3, :3], entry["size_m"].astype(np.float64), pose[:3, 3], NAMINGS
    ):
        pixels = _project(POINTS * size @ rotation.T + pose[:3, 3], focal, shard.rgb.shape[1:3])
        points.append((pixels + 0.5 - window[:2]) / (window[2] - window[0]) * BINS)
        extents.append(np.log(size / size.max()))
    identity = np.int64(group * THINGS + slot)  # a thing keeps its slot within its group
    return (
        np.int64(entry["label"]),
        identity,
        mask,
        np.array(points, dtype=np.float32),
        np.array(extents, dtype=np.float32),
    )  # type: ignore[return-value]  # scalars are stacked as arrays are


def _project(points: Array, focal: float, shape: tuple[int, ...]) -> Array:
    """Pixels (n, 2) of points (n, 3) in the camera's frame; pixel centres at whole numbers."""
    centre = np.array([(shape[1] - 1) / 2.0, (shape[0] - 1) / 2.0])
    pixels: Array = focal * points[:, :2] / points[:, 2:] + centre
    return pixels


def _mask_loss(logits: Tensor, mask: Tensor) -> Tensor:
    probability = torch.sigmoid(logits)
    shared = (probability * mask).sum(dim=(1, 2))
    dice = 1.0 - (2.0 * shared + 1.0) / (probability.sum(dim=(1, 2)) + mask.sum(dim=(1, 2)) + 1.0)
    return F.binary_cross_entropy_with_logits(logits, mask) + dice.mean()


def _pose_loss(columns: Tensor, rows: Tensor, extents: Tensor, points: Tensor, log_extents: Tensor) -> Tensor:
    """Cross entropy along each axis against a bell around the point, for the naming of the axes that fits better."""
    places = torch.arange(BINS, dtype=torch.float32) + 0.5
    parts = []
    for naming in range(points.shape[1]):
        loss = 2.0 * (extents - log_extents[:, naming]).abs().mean(dim=1)
        for logits, axis in ((columns, 0), (rows, 1)):
            at = points[:, naming, :, axis, None]
            bell = torch.exp(-((places - at) ** 2) / (2.0 * SPREAD_BINS**2))
            inside = ((at > 0.0) & (at < BINS)).squeeze(2)
            bell = bell / bell.sum(dim=2, keepdim=True).clamp(min=1e-6)
            entropy = -(bell * F.log_softmax(logits, dim=2)).sum(dim=2)
            loss = loss + 0.5 * (entropy * inside).sum(dim=1) / KEYPOINTS
        parts.append(loss)
    return torch.stack(parts).min(dim=0).values.mean()


def _contrast(embedding: Tensor, identity: Tensor, label: Tensor) -> Tensor:
    """Views of one thing nearer to each other than to the others of its group and to all of other shapes."""
    vectors = F.normalize(embedding)
    similarity = vectors @ vectors.T / TEMPERATURE
    same = identity[:, None] == identity[None, :]
    group = identity // THINGS
    different = ~same & ((group[:, None] == group[None, :]) | (label[:, None] != label[None, :]))
    self_ = torch.eye(len(identity), dtype=torch.bool)
    positive = same & ~self_
    counted = positive | different
    total = similarity.masked_fill(~counted, -1e4).logsumexp(dim=1, keepdim=True)
    each = -((similarity - total) * positive).sum(dim=1) / positive.sum(dim=1).clamp(min=1)
    has = positive.any(dim=1)
    return each[has].mean()


def paste(
    mask: npt.NDArray[np.float32], window: npt.NDArray[np.float32], shape: tuple[int, ...]
) -> npt.NDArray[np.float32]:
    """A mask (h, w) over a window as an image of this shape, 0 outside of it."""
    scale = (window[2] - window[0]) / mask.shape[1]
    to_image = np.array([[scale, 0.0, window[0] + 0.5 * scale - 0.5], [0.0, scale, window[1] + 0.5 * scale - 0.5]])
    return cv2.warpAffine(mask, to_image, (shape[1], shape[0]), flags=cv2.INTER_LINEAR)  # type: ignore[return-value]  # cv2's stubs


def _pose_error(
    shard: Shard,
    number: int,
    slot: int,
    points: Array,
    sure: Array,
    extents: npt.NDArray[np.float32],
    seen: npt.NDArray[np.bool_],
) -> tuple[float, float]:
    """Of position (m) and rotation (rad) with the scale from measured depth; infinite where there is no answer."""
    entry = shard.objects[number, slot - 1]
    focal, shape = float(shard.focal_px[number]), shard.rgb.shape[1:3]
    centre = ((shape[1] - 1) / 2.0, (shape[0] - 1) / 2.0)
    relative = extents.astype(np.float64) / extents.max()
    pose = solve(points, relative, sure, focal, centre)
    depth: Array = np.asarray(shard.depth_m[number], dtype=np.float64)
    rows, columns = np.nonzero(seen[::2, ::2] & (depth > 0.0))
    if pose is None or len(rows) == 0:
        return math.inf, math.inf
    pixels: Array = 2.0 * np.column_stack([columns, rows]).astype(np.float64)
    scale = scale_by_depth(pose, relative, pixels, depth[rows, columns], focal, centre)
    if scale is None:
        return math.inf, math.inf
    true = entry["pose_camera"].astype(np.float64)
    label = LABELS[int(entry["label"])]
    angle = angle_between(label, true[:3, :3], entry["size_m"].astype(np.float64), pose[:3, :3], relative)
    return float(np.linalg.norm(scale * pose[:3, 3] - true[:3, 3])), angle


def _matches(vectors: npt.NDArray[np.float32], group: list[Sight]) -> list[bool]:
    """Whether the nearest thing in another image of the group is the same one, for each that is seen there too."""
    images = np.array([number for _, number, _, _ in group])
    slots = np.array([slot for _, _, slot, _ in group])  # a thing keeps its slot within its group
    right = []
    for index in range(len(group)):
        for image in np.unique(images[images != images[index]]):
            there = np.flatnonzero(images == image)
            if slots[index] in slots[there] and len(there) > 1:
                right.append(bool(slots[there[int((vectors[there] @ vectors[index]).argmax())]] == slots[index]))
    return right
