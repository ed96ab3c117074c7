"""Every adapter on a random-weight network of the signature that it understands, run by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from models.adapters import ADAPTERS, get
from models.adding import Addition, Settings, add
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.manifest import Parameter
from models.preprocessing import Preprocessing
from models.registry import Registry
from models.roles import Role
from tests.models.adapters import exports
from tests.models.adapters.rig import manifest, misfit_text, photograph

COCO = tuple(f"class{index}" for index in range(80))
POINTS: list[int | float | str] = [f"point{index}" for index in range(17)]
BOXES = np.array([[100.0, 50.0, 300.0, 260.0], [500.0, 400.0, 640.0, 480.0]], dtype=np.float32)


def load(
    adapter: str, path: Path, how: Preprocessing | None = None, names: tuple[str, ...] = (), **parameters: Parameter
) -> Any:
    network = OnnxRuntimeBackend().load(path)
    assert misfit_text(get(adapter), network) is None
    return get(adapter).make(network, manifest(get(adapter), how or get(adapter).preprocessing, parameters, names))


@pytest.mark.parametrize("export", [exports.yolo_raw, exports.yolo_end_to_end])
def test_yolo_finds_boxes_in_the_image(export: Callable[[Path], Path], tmp_path: Path) -> None:
    found = load("yolo", export(tmp_path / "yolo.onnx"), names=COCO).detect(photograph())
    assert len(found.boxes) > 0
    assert found.names == COCO
    assert (found.boxes[:, :2] < found.boxes[:, 2:]).all()
    assert found.boxes.min() >= 0.0 and (found.boxes.max(axis=0) <= (640.0, 480.0, 640.0, 480.0)).all()
    assert (np.diff(found.scores) <= 0.0).all()


@pytest.mark.parametrize("metric", [False, True])
def test_depth_anything_gives_a_map_of_the_aspect_of_the_image(metric: bool, tmp_path: Path) -> None:
    depth = load("depth_anything_v2", exports.depth_anything(tmp_path / "d.onnx"), metric=metric).estimate(photograph())
    assert depth.metric is metric
    assert depth.depth.shape == (518, 691)
    assert np.isfinite(depth.depth).all()


@pytest.mark.parametrize("free", [False, True])
def test_dinov3_gives_a_direction_for_each_box(free: bool, tmp_path: Path) -> None:
    how = replace(get("dinov3").preprocessing, width=320, height=240)
    features = load("dinov3", exports.dinov3(tmp_path / "d.onnx", free=free), how).extract(photograph(), BOXES)
    assert features.vectors.shape == (2, 384)
    np.testing.assert_allclose(np.linalg.norm(features.vectors, axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("batch", ["batch", 1, 3])
def test_rtmpose_gives_points_whatever_number_of_boxes_it_was_exported_for(batch: int | str, tmp_path: Path) -> None:
    image = photograph()
    pose = load("rtmpose", exports.rtmpose(tmp_path / "p.onnx", batch=batch), keypoint_names=POINTS)
    found = pose.locate(image, BOXES)
    alone = pose.locate(image, BOXES[1:])
    assert found.points.shape == (2, 17, 2)
    np.testing.assert_allclose(found.points[1], alone.points[0], atol=1e-3)
    _, windows = image.crops(BOXES, get("rtmpose").preprocessing)
    assert (found.points >= windows[:, None, :2] - 1.0).all() and (found.points <= windows[:, None, 2:]).all()


@pytest.mark.parametrize("predicts", [False, True])
def test_vjepa2_is_surprised_if_it_predicts(predicts: bool, tmp_path: Path) -> None:
    clip = np.stack([photograph(seed=seed, width=64, height=48).rgb for seed in range(20)])
    insight = load("vjepa2", exports.vjepa2(tmp_path / "v.onnx", predicts=predicts)).observe(clip)
    assert insight.embedding.shape == (64,)
    assert (insight.surprise is not None) is predicts


def test_level_1_answers_both_roles(tmp_path: Path) -> None:
    names = ("cube", "box", "cylinder", "ball", "person")
    level = load("dynamical_level1", exports.dynamical_level1(tmp_path / "l.onnx"), names=names)
    found, depth = level.detect(photograph()), level.estimate(photograph())
    assert 0 < len(found.boxes) <= 64
    assert depth.metric and depth.depth.shape == (120, 160)


@pytest.mark.parametrize("batch", ["n", 1])
def test_level_2_answers_three_roles(batch: int | str, tmp_path: Path) -> None:
    path = exports.dynamical_level2(tmp_path / "l.onnx", batch=batch)
    level = load("dynamical_level2", path, names=("cube", "box", "cylinder", "ball"))
    image = photograph()
    features, masks, points = level.extract(image, BOXES), level.segment(image, BOXES), level.locate(image, BOXES)
    assert features.class_scores is not None and points.extents is not None
    np.testing.assert_allclose(np.linalg.norm(features.vectors, axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(features.class_scores.sum(axis=1), 1.0, rtol=1e-5)
    assert masks.probability.shape == (2, 32, 32) and masks.scores.shape == (2,)
    assert points.points.shape == (2, 9, 2) and points.extents.max() == 1.0


def test_every_adapter_refuses_the_networks_of_the_others_and_says_what_it_found(tmp_path: Path) -> None:
    files = {
        "yolo": exports.yolo_raw(tmp_path / "yolo.onnx"),
        "depth_anything_v2": exports.depth_anything(tmp_path / "depth.onnx"),
        "dinov3": exports.dinov3(tmp_path / "dino.onnx"),
        "rtmpose": exports.rtmpose(tmp_path / "pose.onnx"),
        "vjepa2": exports.vjepa2(tmp_path / "jepa.onnx"),
        "dynamical_level1": exports.dynamical_level1(tmp_path / "level1.onnx"),
        "dynamical_level2": exports.dynamical_level2(tmp_path / "level2.onnx"),
    }
    networks = {name: OnnxRuntimeBackend().load(path) for name, path in files.items()}
    for adapter in ADAPTERS.values():
        for name, network in networks.items():
            text = misfit_text(adapter, network)
            assert (text is None) is (name == adapter.name)
            assert text is None or (
                adapter.name in text and any(spec.name in text for spec in (*network.inputs, *network.outputs))
            )


def test_a_network_without_the_expected_output_is_refused_with_what_it_has(tmp_path: Path) -> None:
    network = OnnxRuntimeBackend().load(exports.dinov3(tmp_path / "dino.onnx"))
    text = misfit_text(get("depth_anything_v2"), network)
    assert text is not None and "predicted_depth" in text and "last_hidden_state, pooler_output" in text


QUESTIONS: dict[Role, str] = {
    "detector": "detect",
    "depth": "estimate",
    "features": "extract",
    "masks": "segment",
    "pose": "locate",
    "scene": "observe",
}
ADDED: dict[str, tuple[Callable[[Path], Path], Settings]] = {
    "yolo": (exports.yolo_raw, Settings(class_names=list(COCO))),
    "depth_anything_v2": (exports.depth_anything, Settings(postprocessing={"metric": False})),
    "dinov3": (exports.dinov3, Settings()),
    "rtmpose": (exports.rtmpose, Settings(postprocessing={"keypoint_names": POINTS})),
    "vjepa2": (exports.vjepa2, Settings()),
    "dynamical_level1": (exports.dynamical_level1, Settings(class_names=["cube", "box", "cylinder", "ball", "person"])),
    "dynamical_level2": (exports.dynamical_level2, Settings(class_names=["cube", "box", "cylinder", "ball"])),
}


@pytest.mark.parametrize("name", ADDED)
def test_an_export_becomes_a_model_with_no_more_than_the_page_says(name: str, tmp_path: Path) -> None:
    export, settings = ADDED[name]
    asked = Addition(export(tmp_path / "mine.onnx"), get(name).roles, name, "MIT", settings=settings)
    with Registry(tmp_path / "user", tmp_path / "shipped") as registry:
        add(registry, asked, OnnxRuntimeBackend())
        active = registry.activate("mine", OnnxRuntimeBackend())
        assert active.manifest.image_preprocessing.mean == get(name).preprocessing.mean
        for role in get(name).roles:
            question = getattr(active.fills, QUESTIONS[role])
            boxes = () if role in ("detector", "depth", "scene") else (BOXES,)
            question(np.zeros((16, 48, 64, 3), dtype=np.uint8) if role == "scene" else photograph(), *boxes)
