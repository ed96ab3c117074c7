"""Level 3: scene, prediction and anomaly, trained together on clips in which all is normal."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.training.augmentation import other_camera, random_zoom, warp
from models.training.clips import FACTS, FRAMES, MIRRORED_FACTS, NORMAL, Clips
from models.training.scene_measures import Judgement, scene_measures, surprise_quantiles
from models.training.scene_network import HEIGHT, LEARNED, PATCH, SCENE, WIDTH, SceneNetwork, difference

LEAST_DEVIATION = 0.5  # of each number of a token, over clips; normalised tokens can have 1
LOOKS = 2  # for each clip, single images to learn facts from: those are cheaper
VALIDATION_STEP = 3  # only each third clip is looked at while training


class SceneRecipe:
    """Prediction with smooth L1; against a collapse the variance term of VICReg (arXiv:2105.04906) and plain patches.

    The target is the same encoder's, without a gradient. Its moving average would lag behind in a training as short as
    this, and would double the work; patches that can be read from the tokens keep small things in them.
    """

    def __init__(self, variant: str, training: Path, validation: Path) -> None:
        """Map the data sets.

        Args:
            variant: small or medium.
            training: clips; those in which something happens are left out.
            validation: clips, normal and abnormal.

        Raises:
            InputError: one of them is not there.
        """
        self._variant = variant
        self._training, self._validation = Clips(training), Clips(validation)
        kinds = np.concatenate([shard.anomaly for shard in self._training.shards])
        self._normal = np.flatnonzero(kinds == NORMAL)

    def __repr__(self) -> str:
        return f"scene, {self._variant}, {len(self._normal)} clips"

    def network(self) -> nn.Module:
        return SceneNetwork(SCENE[self._variant])

    def batch(self, random: np.random.Generator, size: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Images (4 size, 3, h, w), one clip after another, as another camera might have taken them."""
        clips = []
        for index in random.choice(self._normal, size):
            shard, number = self._training.where(int(index))
            rgb = shard.rgb[number][::-1] if random.random() < 0.3 else shard.rgb[number]  # as smooth backwards
            zoom = random_zoom(random, WIDTH, HEIGHT)
            zoomed = [cast(npt.NDArray[np.uint8], warp(image, zoom, cv2.INTER_LINEAR, None)) for image in rgb]
            # All as one image: the camera stays the same, its noise does not.
            clips.append(other_camera(random, np.concatenate(zoomed)).reshape(FRAMES, HEIGHT, WIDTH, 3))
        looks, facts = self.looks(random, LOOKS * size)
        return _to_input(np.concatenate(clips)), {"looks": looks, "facts": facts}

    def looks(self, random: np.random.Generator, size: int) -> tuple[Tensor, Tensor]:
        """Last images of clips (size, 3, h, w), as another camera might have taken them, and their facts (size, 6)."""
        images, facts = [], []
        for index in random.choice(self._normal, size):
            shard, number = self._training.where(int(index))
            zoom = random_zoom(random, WIDTH, HEIGHT)
            zoomed = warp(np.asarray(shard.rgb[number, -1]), zoom, cv2.INTER_LINEAR, None)
            images.append(other_camera(random, cast(npt.NDArray[np.uint8], zoomed)))
            fact = shard.facts[number]
            facts.append(fact[list(MIRRORED_FACTS)] if zoom[0, 0] < 0.0 else fact)
        return _to_input(np.stack(images)), torch.from_numpy(np.array(facts, dtype=np.float32))

    def losses(self, network: nn.Module, inputs: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        clip = inputs.view(-1, FRAMES, 3, HEIGHT, WIDTH)
        scene = cast(SceneNetwork, network)
        learned = scene.learn(clip)
        last = learned.tokens[:, -1].detach()
        off = difference(last, learned.predicted).detach()
        deviation = learned.tokens.std(dim=(0, 1))
        return {
            "prediction": 2.0 * F.smooth_l1_loss(learned.predicted, last, beta=0.5),
            # Laplace's distribution: the scale that makes the difference likeliest is its mean.
            "scale": 0.1 * (off * torch.exp(-learned.log_scale) + learned.log_scale).mean(),
            "variance": F.relu(LEAST_DEVIATION - deviation).mean(),
            "patches": 8.0 * F.smooth_l1_loss(learned.patches, _patches(clip[:, -LEARNED:]), beta=0.1),
            "facts": F.binary_cross_entropy_with_logits(scene.facts(targets["looks"]), targets["facts"]),
        }

    @torch.inference_mode()
    def validate(self, network: nn.Module) -> dict[str, float]:
        judged = []
        for index in range(0, len(self._validation), VALIDATION_STEP):
            shard, number = self._validation.where(index)
            _, surprise, logits = network(_to_input(np.asarray(shard.rgb[number]))[None])
            said = logits[0].numpy() > 0.0
            judged.append(Judgement(int(shard.anomaly[number]), float(surprise), shard.facts[number], said))
        measures = scene_measures(judged)
        measures["score"] = measures["AUROC"] + float(np.mean([measures[f"accuracy {name}"] for name in FACTS]))
        return measures


@torch.inference_mode()
def postprocessing(network: nn.Module, folder: Path) -> dict[str, list[float]]:
    """What the adapter has to know of a trained network: what is ordinary, from the normal clips of a folder.

    Args:
        network: as `train` gives it.
        folder: of clips that it was not trained on.
    """
    clips = Clips(folder)
    surprise = []
    for index in range(len(clips)):
        shard, number = clips.where(index)
        if shard.anomaly[number] == NORMAL:
            surprise.append(float(network(_to_input(np.asarray(shard.rgb[number]))[None])[1]))
    return {"surprise_quantiles": surprise_quantiles(np.array(surprise))}


def _to_input(images: npt.NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float().div_(255.0)


def _patches(clip: Tensor) -> Tensor:
    """What can be read from the tokens: (n, t, 108, 192) of images (n, t, 3, h, w)."""
    half = F.avg_pool2d(clip.flatten(0, 1), 2)
    patches = F.unfold(half, PATCH // 2, stride=PATCH // 2).transpose(1, 2)
    return patches.reshape(-1, clip.shape[1], *patches.shape[1:])
