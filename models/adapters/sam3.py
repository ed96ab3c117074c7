"""SAM 3's tracker on one image, prompted with boxes, as Hugging Face's `Sam3TrackerModel` is exported in one file.

Signature: `pixel_values` (1, 3, 1008, 1008), stretched, mean and deviation 0.5, and `input_boxes` (1, n, 4), left, top,
right, bottom px of the input, to `pred_masks` (1, n, m, 288, 288), logits over the whole input; `iou_scores`
(1, n, m), how well each of the m masks of a box is expected to fit, 0..1; `object_score_logits` (1, n, 1), whether
there is a thing at all (https://huggingface.co/docs/transformers/model_doc/sam3_tracker).

The exports that are passed around (onnx-community/sam3-tracker-ONNX) have the same tensors in two files,
`vision_encoder` and `prompt_encoder_mask_decoder`, linked by `image_embeddings.0` to `.2`; a model here is one network,
so they are joined first: docs/production-models.md says how.

Of a box's masks the one with the highest expected fit is taken; its score is that, times how likely there is a thing.
All boxes go into one run; a network that was exported for a fixed number of boxes runs as often as needed, image
encoder included, so leave that number open.

Not covered: points, text, earlier masks as prompts, the memory of videos.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.adapters.adapter import Adapter, TensorPattern
from models.adapters.logits import sigmoid
from models.adapters.outputs import checked_output
from models.adapters.suitability import NoParameters, parameters_of, require_size, size_of_output
from models.backends.backend import Network
from models.manifest import Manifest
from models.preprocessing import PreparedImage, Preprocessing
from models.roles import Masks

Floats = npt.NDArray[np.float32]


class Sam3:
    """A segmenter."""

    def __init__(self, network: Network, manifest: Manifest) -> None:
        parameters_of(manifest, NoParameters)
        self._how, self._network = manifest.image_preprocessing, network
        boxes = next(spec for spec in network.inputs if spec.name == "input_boxes").shape[1]
        self._boxes_per_run = boxes if isinstance(boxes, int) else None
        rows, columns = (size_of_output(network, "pred_masks", axis) for axis in (3, 4))
        self._mask_size = (rows if isinstance(rows, int) else 0, columns if isinstance(columns, int) else 0)

    def segment(self, image: PreparedImage, boxes: Floats) -> Masks:
        """Look into each of the boxes (n, 4); n may be 0, and costs no run then. Each mask is over the whole image.

        Raises:
            ModelOutputError: nothing can be made of what the network gave.
        """
        boxes = np.asarray(boxes, dtype=np.float32).reshape(-1, 4)
        count = len(boxes)
        if not count:
            nothing = np.empty((0, 4), dtype=np.float32)
            return Masks(np.empty((0, *self._mask_size), dtype=np.float32), nothing, np.empty(0, dtype=np.float32))
        inputs, placement = image.whole(self._how)
        prompts = placement.boxes_to_input(boxes)
        batch = self._boxes_per_run or count
        parts = [self._run(inputs, prompts[start : start + batch], batch) for start in range(0, count, batch)]
        logits, scores = (np.concatenate([part[index] for part in parts]) for index in (0, 1))
        whole = np.array([[0.0, 0.0, self._how.width, self._how.height]], dtype=np.float32)
        return Masks(sigmoid(logits), np.repeat(placement.boxes_to_image(whole), count, axis=0), scores)

    def _run(self, inputs: Floats, prompts: Floats, batch: int) -> tuple[Floats, Floats]:
        """The best mask (n, h, w) of each of at most `batch` boxes, logits, and its score (n,)."""
        count = len(prompts)
        padded = np.concatenate([prompts, np.repeat(prompts[:1], batch - count, axis=0)])
        given = self._network.run({"pixel_values": inputs, "input_boxes": padded[None]})
        fits = checked_output(given, "iou_scores", (1, batch, None))[0, :count]
        masks = checked_output(given, "pred_masks", (1, batch, fits.shape[1], None, None))[0]
        there = sigmoid(checked_output(given, "object_score_logits", (1, batch, 1))[0, :count, 0])
        every, best = np.arange(count), fits.argmax(axis=1)
        return masks[every, best], np.clip(fits[every, best], 0.0, 1.0) * there


def make(network: Network, manifest: Manifest) -> Sam3:
    """A segmenter from a network that fits `ADAPTER`.

    Raises:
        InputError: preprocessing or postprocessing do not suit it.
    """
    require_size(manifest, network, "pixel_values")
    return Sam3(network, manifest)


ADAPTER = Adapter(
    name="sam3",
    roles=("masks",),
    inputs=(
        TensorPattern((1, 3, "height", "width"), name="pixel_values"),
        TensorPattern((1, "boxes", 4), name="input_boxes"),
    ),
    outputs=(
        TensorPattern((1, "boxes", "masks", "rows", "columns"), name="pred_masks"),
        TensorPattern((1, "boxes", "masks"), name="iou_scores"),
        TensorPattern((1, "boxes", 1), name="object_score_logits"),
    ),
    make=make,
    preprocessing=Preprocessing(1008, 1008, mean=(0.5, 0.5, 0.5), deviation=(0.5, 0.5, 0.5)),
)
