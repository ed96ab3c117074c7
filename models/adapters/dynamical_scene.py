"""The shipped network of the cascade's third level: what holds in a scene, and whether what happened was expected.

Signature: `clip` (1, 4, 3, 144, 192), RGB 0..1, oldest image first, trained on images 0.25 s apart, to

- `embedding` (1, d): of the clip;
- `surprise` (1,): how far the last image is from what the three before it let expect, of no unit;
- `facts` (1, facts): logits of what holds in the last image.

Surprise has no meaning by itself. What is ordinary was measured on clips in which all was normal, and
`surprise_quantiles` says it: the surprise that comes out is the share of those clips that are less surprising.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt

from models.adapters.adapter import Adapter, TensorPattern
from models.adapters.logits import sigmoid
from models.adapters.outputs import CheckedNetwork
from models.adapters.suitability import parameters_of, require_classes, require_size, size_of_output
from models.backends.backend import Network
from models.manifest import Manifest
from models.preprocessing import PreparedImage, Preprocessing
from models.roles import Pixels, SceneInsight
from rt_control.errors import InputError

Floats = npt.NDArray[np.float32]
WIDTH, HEIGHT, IMAGES = 192, 144, 4


class SceneParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Postprocessing.

    Attributes:
        surprise_quantiles: of the network's surprise over normal clips, at shares equally spaced from 0 to 1.
    """

    surprise_quantiles: Annotated[list[float], msgspec.Meta(min_length=2)]


class Scene:
    """A scene model."""

    def __init__(self, network: Network, manifest: Manifest) -> None:
        self._how = manifest.image_preprocessing
        self._names = tuple(manifest.class_names)
        self._quantiles = parameters_of(manifest, SceneParameters).surprise_quantiles
        if (np.diff(self._quantiles) <= 0.0).any():
            raise InputError(
                f"model {manifest.name}, postprocessing: surprise_quantiles fall or stay; allowed: rising numbers"
            )
        outputs: dict[str, tuple[int | None, ...]] = {
            "embedding": (None,),
            "surprise": (),
            "facts": (len(self._names),),
        }
        self._network = CheckedNetwork(network, "clip", outputs)

    def observe(self, clip: Pixels) -> SceneInsight:
        """Look at a clip (t, h, w, 3) RGB, oldest image first, equally spaced.

        Of a clip with more than four images, equally spaced ones are looked at, first and last included.

        Raises:
            ValueError: it has fewer than four.
            ModelOutputError: nothing can be made of what the network gave.
        """
        if len(clip) < IMAGES:
            raise ValueError(f"clip of {len(clip)} images; allowed: at least {IMAGES}")
        chosen = np.rint(np.linspace(0, len(clip) - 1, IMAGES)).astype(int)
        images = np.concatenate([PreparedImage(clip[index]).whole(self._how)[0] for index in chosen])
        given = self._network.run(images[None])
        facts = sigmoid(given["facts"][0])
        return SceneInsight(
            given["embedding"][0].copy(),
            share_below(float(given["surprise"][0]), self._quantiles),
            {name: float(value) for name, value in zip(self._names, facts, strict=True)},
        )


def share_below(value: float, quantiles: list[float]) -> float:
    """Share, 0..1, of a distribution that lies below a value, from its quantiles at equally spaced shares."""
    return float(np.interp(value, quantiles, np.linspace(0.0, 1.0, len(quantiles))))


def make(network: Network, manifest: Manifest) -> Scene:
    """A scene model from a network that fits `ADAPTER`.

    Raises:
        InputError: class names, preprocessing or postprocessing do not suit it.
    """
    require_size(manifest, network, "clip")
    require_classes(manifest, size_of_output(network, "facts", 1))
    return Scene(network, manifest)


ADAPTER = Adapter(
    name="dynamical_scene",
    roles=("scene",),
    inputs=(TensorPattern((1, IMAGES, 3, HEIGHT, WIDTH), name="clip"),),
    outputs=(
        TensorPattern((1, "size"), name="embedding"),
        TensorPattern((1,), name="surprise"),
        TensorPattern((1, "facts"), name="facts"),
    ),
    make=make,
    preprocessing=Preprocessing(WIDTH, HEIGHT),
)
