from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest

from models.adapters.sam3 import ADAPTER
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.errors import ModelOutputError
from models.preprocessing import Preprocessing
from tests.models.adapters import exports
from tests.models.adapters.rig import Written, manifest, misfit_text, photograph

HOW = ADAPTER.preprocessing
PAGE = Path(__file__).resolve().parents[3] / "docs/production-models.md"
BOXES = np.array([[100.0, 50.0, 300.0, 260.0], [500.0, 400.0, 640.0, 480.0]], dtype=np.float32)


def written(count: int | str, fits: list[float], there: float = 50.0) -> Written:
    """A network whose m-th mask of a box is m everywhere but in its upper left quarter, where it is 10 less."""

    def answer(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        n = inputs["input_boxes"].shape[1]
        masks = np.broadcast_to(np.arange(len(fits), dtype=np.float32)[:, None, None], (len(fits), 8, 8)).copy()
        masks[:, :4, :4] -= 10.0
        return {
            "pred_masks": np.repeat(masks[None, None], n, axis=1),
            "iou_scores": np.repeat(np.array([[fits]], dtype=np.float32), n, axis=1),
            "object_score_logits": np.full((1, n, 1), there, dtype=np.float32),
        }

    network = Written({"pixel_values": (1, 3, 1008, 1008), "input_boxes": (1, count, 4)}, answer)  # type: ignore[arg-type]
    network.outputs = Written({}, answer({"input_boxes": np.zeros((1, 1, 4))})).outputs
    return network


def test_the_usual_two_files_joined_as_the_page_says_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exports.sam3_encoder(tmp_path / "vision_encoder.onnx")
    exports.sam3_decoder(tmp_path / "prompt_encoder_mask_decoder.onnx")
    for name in ("vision_encoder", "prompt_encoder_mask_decoder"):  # with weights in a file of their own, as there
        model = onnx.load(f"{name}.onnx")
        onnx.save(model, f"{name}.onnx", save_as_external_data=True, location=f"{name}.onnx_data", size_threshold=1024)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    exec(next(block for block in blocks if "merge_models" in block), {})
    network = OnnxRuntimeBackend().load(tmp_path / "sam3.onnx")
    assert misfit_text(ADAPTER, network) is None
    image, segmenter = photograph(), ADAPTER.make(network, manifest(ADAPTER, HOW))
    masks = segmenter.segment(image, BOXES)  # type: ignore[attr-defined]
    assert masks.probability.shape == (2, 288, 288)
    np.testing.assert_allclose(masks.windows, [[0, 0, 640, 480]] * 2, atol=1e-3)
    alone = segmenter.segment(image, BOXES[1:])  # type: ignore[attr-defined]
    np.testing.assert_allclose(masks.probability[1], alone.probability[0], atol=1e-5)
    np.testing.assert_allclose(masks.scores[1], alone.scores[0], atol=1e-6)


def test_boxes_are_asked_for_in_the_input_and_answered_in_the_image() -> None:
    network = written("n", [0.2, 0.9, 0.4])
    masks = ADAPTER.make(network, manifest(ADAPTER, HOW)).segment(photograph(), BOXES)  # type: ignore[attr-defined]
    asked = network.asked[0]["input_boxes"]
    np.testing.assert_allclose(asked[0], BOXES * np.array([1008 / 640, 1008 / 480] * 2), rtol=1e-5)
    np.testing.assert_allclose(masks.windows, [[0, 0, 640, 480]] * 2, atol=1e-3)


def test_a_letterboxed_mask_covers_more_than_the_image() -> None:
    how = Preprocessing(1008, 1008, "letterbox", mean=(0.5, 0.5, 0.5), deviation=(0.5, 0.5, 0.5))
    made = ADAPTER.make(written("n", [0.5]), manifest(ADAPTER, how))
    masks = made.segment(photograph(), BOXES[:1])  # type: ignore[attr-defined]
    np.testing.assert_allclose(masks.windows, [[0, -80, 640, 560]], atol=1e-3)


def test_the_mask_that_is_expected_to_fit_best_is_taken() -> None:
    made = ADAPTER.make(written("n", [0.2, 0.9, 0.4]), manifest(ADAPTER, HOW))
    masks = made.segment(photograph(), BOXES)  # type: ignore[attr-defined]
    np.testing.assert_allclose(masks.scores, 0.9, rtol=1e-5)
    np.testing.assert_allclose(masks.probability[:, 7, 7], 1.0 / (1.0 + np.exp(-1.0)), rtol=1e-5)
    assert (masks.probability[:, 0, 0] < 0.001).all()


def test_a_mask_of_nothing_scores_nothing() -> None:
    made = ADAPTER.make(written("n", [0.9], there=-50.0), manifest(ADAPTER, HOW))
    assert made.segment(photograph(), BOXES).scores.max() < 1e-6  # type: ignore[attr-defined]


def test_a_network_for_one_box_runs_once_for_each() -> None:
    network = written(1, [0.2, 0.9])
    masks = ADAPTER.make(network, manifest(ADAPTER, HOW)).segment(photograph(), BOXES)  # type: ignore[attr-defined]
    assert len(network.asked) == 2 and len(masks.probability) == 2


def test_no_boxes_cost_no_run() -> None:
    network = written("n", [0.9])
    masks = ADAPTER.make(network, manifest(ADAPTER, HOW)).segment(photograph(), BOXES[:0])  # type: ignore[attr-defined]
    assert masks.probability.shape == (0, 8, 8) and masks.windows.shape == (0, 4) and network.asked == []


def test_masks_that_are_not_finite_are_refused() -> None:
    made = ADAPTER.make(written("n", [float("nan")]), manifest(ADAPTER, HOW))
    with pytest.raises(ModelOutputError, match=r"output 'iou_scores': 1 of 1 values are not finite"):
        made.segment(photograph(), BOXES[:1])  # type: ignore[attr-defined]
