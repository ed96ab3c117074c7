"""V-JEPA 2 as Hugging Face's `VJEPA2Model` is exported.

Signature: `pixel_values_videos` (1, t, 3, 256, 256), ImageNet's mean and deviation, to `last_hidden_state` (1, n, d):
tokens of 2 images by 16 x 16 px, oldest first (https://huggingface.co/docs/transformers/model_doc/vjepa2).

A second output `predicted_hidden_state` (1, m, d) is taken if it is there: what the predictor, shown the encoding of
the clip's beginning alone, expects of its last m tokens; docs/production-models.md says how to export it. (The model's
own `predictor_output` is no such thing: without masks it has seen all it predicts.) Surprise is the loss of V-JEPA 2's
training (app/vjepa/train.py of facebookresearch/vjepa2): the mean absolute difference to the tokens, each normalised to
mean 0 and deviation 1. It is never 0 in practice; what is ordinary has to be measured.

Frames are stretched to the input as a whole, where the processor of Hugging Face cuts out the middle.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.adapters.adapter import Adapter, TensorPattern
from models.adapters.normalisation import IMAGENET_DEVIATION, IMAGENET_MEAN
from models.adapters.outputs import CheckedNetwork
from models.adapters.suitability import NoParameters, parameters_of, require_size, size_of_output
from models.backends.backend import Network
from models.errors import ModelOutputError
from models.manifest import Manifest
from models.preprocessing import PreparedImage, Preprocessing
from models.roles import Pixels, SceneInsight
from rt_control.errors import InputError

Floats = npt.NDArray[np.float32]
TUBELET_IMAGES = 2
PATCH_PX = 16
PREDICTED = "predicted_hidden_state"


class VJepa2:
    """A scene model."""

    def __init__(self, network: Network, manifest: Manifest) -> None:
        parameters_of(manifest, NoParameters)
        self._how = manifest.image_preprocessing
        shape = next(spec for spec in network.inputs if spec.name == "pixel_values_videos").shape
        self._images = shape[1] if isinstance(shape[1], int) else None
        self._predicts = any(spec.name == PREDICTED for spec in network.outputs)
        names = ["last_hidden_state", *([PREDICTED] if self._predicts else [])]
        self._network = CheckedNetwork(network, "pixel_values_videos", dict.fromkeys(names, (None, None)))

    def observe(self, clip: Pixels) -> SceneInsight:
        """Look at a clip (t, h, w, 3) RGB, oldest image first, equally spaced.

        Of a clip with more images than the network takes, equally spaced ones are looked at, first and last included.

        Raises:
            ValueError: it has fewer images than the network takes, or an odd number where the network takes any.
            ModelOutputError: nothing can be made of what the network gave.
        """
        count = self._images or len(clip)
        if len(clip) < count or count < TUBELET_IMAGES or count % TUBELET_IMAGES:
            allowed = f"at least {self._images}" if self._images else f"a positive multiple of {TUBELET_IMAGES}"
            raise ValueError(f"clip of {len(clip)} images; allowed: {allowed}")
        chosen = np.rint(np.linspace(0, len(clip) - 1, count)).astype(int)
        images = np.concatenate([PreparedImage(clip[index]).whole(self._how)[0] for index in chosen])
        given = self._network.run(images[None])
        tokens = given["last_hidden_state"][0]
        surprise = surprise_of(given[PREDICTED][0], tokens) if self._predicts else None
        return SceneInsight(tokens.mean(axis=0), surprise, {})


def surprise_of(predicted: Floats, tokens: Floats) -> float:
    """How far the last tokens (n, d) are from those predicted (m, d), as V-JEPA 2's training measures it.

    Raises:
        ModelOutputError: there are more predictions than tokens, or they are of another size.
    """
    if not 0 < len(predicted) <= len(tokens) or predicted.shape[1] != tokens.shape[1]:
        raise ModelOutputError(
            f"output '{PREDICTED}' has shape {predicted.shape}; allowed: (1 to {len(tokens)}, {tokens.shape[1]})"
        )
    seen = tokens[-len(predicted) :]
    centred = seen - seen.mean(axis=1, keepdims=True)
    normalised = centred / np.sqrt(centred.var(axis=1, keepdims=True) + 1e-5)  # the epsilon of torch's layer_norm
    return float(np.abs(predicted - normalised).mean())


def make(network: Network, manifest: Manifest) -> VJepa2:
    """A scene model from a network that fits `ADAPTER`.

    Raises:
        InputError: preprocessing or postprocessing do not suit it.
    """
    require_size(manifest, network, "pixel_values_videos", multiple_of=PATCH_PX)
    how, tokens = manifest.image_preprocessing, size_of_output(network, "last_hidden_state", 1)
    images = next(spec for spec in network.inputs if spec.name == "pixel_values_videos").shape[1]
    if isinstance(tokens, int) and isinstance(images, int):
        expected = images // TUBELET_IMAGES * (how.width // PATCH_PX) * (how.height // PATCH_PX)
        if tokens != expected:
            raise InputError(
                f"model {manifest.name}: {tokens} tokens for a clip; allowed: {expected}, those of V-JEPA 2"
            )
    return VJepa2(network, manifest)


ADAPTER = Adapter(
    name="vjepa2",
    roles=("scene",),
    inputs=(TensorPattern((1, "images", 3, "height", "width"), name="pixel_values_videos"),),
    outputs=(TensorPattern((1, "tokens", "size"), name="last_hidden_state"),),
    make=make,
    preprocessing=Preprocessing(256, 256, mean=IMAGENET_MEAN, deviation=IMAGENET_DEVIATION),
)
