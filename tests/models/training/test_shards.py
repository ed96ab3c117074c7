from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.training.clips import Clips, ClipShard
from rt_control.errors import InputError


def shard(count: int, value: int = 0) -> ClipShard:
    return ClipShard(
        rgb=np.full((count, 4, 6, 8, 3), value, dtype=np.uint8),
        facts=np.zeros((count, 6), dtype=bool),
        anomaly=np.arange(count, dtype=np.int8),
    )


def test_a_shard_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    shard(3, 7).save(tmp_path / "shard-0000")
    (loaded,) = Clips(tmp_path).shards
    assert len(loaded) == 3
    assert (loaded.rgb == 7).all() and loaded.anomaly.tolist() == [0, 1, 2]
    assert [path.name for path in tmp_path.iterdir()] == ["shard-0000"]


def test_all_shards_are_one_list_in_the_order_of_their_names(tmp_path: Path) -> None:
    shard(2, 20).save(tmp_path / "shard-0001")
    shard(3, 10).save(tmp_path / "shard-0000")
    clips = Clips(tmp_path)
    found = [clips.where(index) for index in range(len(clips))]
    assert [(int(item.rgb[number, 0, 0, 0, 0]), number) for item, number in found] == [
        (10, 0), (10, 1), (10, 2), (20, 0), (20, 1),
    ]  # fmt: skip


def test_a_folder_without_shards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no data set; make one with `dynamical models train`"):
        Clips(tmp_path)


def test_a_shard_that_lacks_an_array_is_refused(tmp_path: Path) -> None:
    shard(1).save(tmp_path / "shard-0000")
    (tmp_path / "shard-0000" / "facts.npy").unlink()
    with pytest.raises(InputError, match=r"shard-0000: no shard of a data set .*; delete it, and it is made again"):
        Clips(tmp_path)
