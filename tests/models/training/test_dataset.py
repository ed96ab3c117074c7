from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.training.dataset import OBJECT, PERSON, SLOTS, Dataset, Shard, visible_boxes
from models.training.shards import load_shard
from models.training.truth import DETECTOR_CLASSES, truth_of
from rt_control.errors import InputError

H, W = 24, 32


def shard(count: int, first: int = 0) -> Shard:
    objects = np.zeros((count, SLOTS), dtype=OBJECT)
    objects["label"] = -1
    return Shard(
        rgb=np.full((count, H, W, 3), first, dtype=np.uint8),
        depth_m=np.ones((count, H // 2, W // 2), dtype=np.float16),
        instance=np.zeros((count, H, W), dtype=np.uint8),
        objects=objects,
        focal_px=np.arange(first, first + count, dtype=np.float32),
        group=np.zeros(count, dtype=np.int32),
    )


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    made = shard(3)
    made.save(tmp_path / "shard-0000")
    loaded = load_shard(Shard, tmp_path / "shard-0000")
    for name in ("rgb", "depth_m", "instance", "objects", "focal_px", "group"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(made, name))


def test_a_shard_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = np.save
    written: list[Path] = []

    def power_cut(path: Path, array: np.ndarray) -> None:
        if len(written) == 3:
            raise OSError("no power")
        written.append(path)
        real(path, array)

    monkeypatch.setattr(np, "save", power_cut)
    with pytest.raises(OSError, match="no power"):
        shard(2).save(tmp_path / "shard-0000")
    with pytest.raises(InputError, match="holds no data set"):
        Dataset(tmp_path)
    monkeypatch.setattr(np, "save", real)
    shard(2).save(tmp_path / "shard-0000")  # over what the cut left
    assert len(Dataset(tmp_path)) == 2


def test_a_broken_shard_is_refused_with_the_mend(tmp_path: Path) -> None:
    shard(2).save(tmp_path / "shard-0000")
    (tmp_path / "shard-0000" / "depth_m.npy").write_bytes(b"garbage")
    with pytest.raises(InputError, match="shard-0000: no shard of a data set .*; delete it, and it is made again"):
        Dataset(tmp_path)


def test_images_of_all_shards_are_one_list(tmp_path: Path) -> None:
    shard(3).save(tmp_path / "shard-0000")
    shard(2, first=3).save(tmp_path / "shard-0001")
    data = Dataset(tmp_path)
    assert len(data) == 5
    assert [float(part.focal_px[number]) for part, number in map(data.where, range(5))] == [0, 1, 2, 3, 4]


def test_boxes_are_the_edges_of_the_pixels() -> None:
    instance = np.zeros((H, W), dtype=np.uint8)
    instance[3:7, 10:15] = 2
    boxes = visible_boxes(instance)
    assert boxes[2].tolist() == [10.0, 3.0, 15.0, 7.0]
    assert np.isnan(boxes[1]).all()


def test_what_is_hidden_or_tiny_need_not_be_found() -> None:
    objects = np.zeros(SLOTS, dtype=OBJECT)
    objects["label"] = [0, 1, 2, -1, -1, -1, -1, -1]
    objects["visible_px"], objects["hidden_share"] = [20, 3, 20, 0, 0, 0, 0, 0], [0.0, 0.0, 0.9, 0, 0, 0, 0, 0]
    instance = np.zeros((H, W), dtype=np.uint8)
    for slot in (1, 2, 3):
        instance[2 * slot, :5] = slot
    instance[12:20, 5:20] = PERSON
    truth = truth_of(objects, instance)
    assert [DETECTOR_CLASSES[label] for label in truth.labels] == ["cube", "box", "cylinder", "person"]
    assert truth.ignored.tolist() == [False, True, True, False]
