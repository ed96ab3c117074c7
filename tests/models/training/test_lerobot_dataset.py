from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from models.training import lerobot_dataset
from models.training.lerobot_dataset import Episode, Layout
from rt_control.errors import InputError

LAYOUT = Layout(
    robot="arm7",
    rate_hz=50,
    names={
        lerobot_dataset.STATE: ["a", "b", "c"],
        lerobot_dataset.TARGET: ["x", "y"],
        lerobot_dataset.ACTION: ["a", "b"],
    },
    tasks=("pick", "place"),
)


def episode(task: str, frames: int, value: float) -> Episode:
    return Episode(
        task,
        np.full((frames, 3), value, np.float32),
        np.full((frames, 2), -value, np.float32),
        np.arange(2 * frames, dtype=np.float32).reshape(frames, 2),
        np.arange(frames) == 0,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = lerobot_dataset.file_path
    lerobot_dataset.write_file(path(tmp_path, 0), [episode("pick", 4, 1.0), episode("place", 3, 2.0)], LAYOUT, 0)
    lerobot_dataset.write_file(path(tmp_path, 1), [episode("pick", 5, 3.0)], LAYOUT, 0)
    lerobot_dataset.finish(tmp_path, LAYOUT)
    return tmp_path


def test_what_was_written_is_read_again_episode_by_episode(folder: Path) -> None:
    data = lerobot_dataset.load(folder)
    assert data.rate_hz == 50
    assert data.episode.tolist() == [0] * 4 + [1] * 3 + [2] * 5
    assert data.state[:, 0].tolist() == [1.0] * 4 + [2.0] * 3 + [3.0] * 5
    assert data.action.shape == (12, 2)
    assert np.flatnonzero(data.disturbed).tolist() == [0, 4, 7]


def test_the_columns_and_the_description_are_those_of_the_format(folder: Path) -> None:
    info = json.loads((folder / "meta" / "info.json").read_text())
    assert info["codebase_version"] == "v3.0"
    assert (info["total_episodes"], info["total_frames"], info["total_tasks"]) == (3, 12, 2)
    assert info["features"]["observation.state"] == {"dtype": "float32", "shape": [3], "names": ["a", "b", "c"]}
    table = pq.read_table(folder / info["data_path"].format(chunk_index=0, file_index=1))
    assert set(table.column_names) == set(info["features"])
    assert table["index"].to_pylist() == [7, 8, 9, 10, 11]
    assert table["frame_index"].to_pylist() == [0, 1, 2, 3, 4]
    assert table["timestamp"].to_pylist() == pytest.approx([0.0, 0.02, 0.04, 0.06, 0.08])
    assert table["task_index"].to_pylist() == [0] * 5


def test_the_table_of_episodes_says_where_each_lies(folder: Path) -> None:
    rows = pq.read_table(folder / "meta" / "episodes" / "chunk-000" / "file-000.parquet").to_pylist()
    assert [(row["length"], row["dataset_from_index"], row["dataset_to_index"]) for row in rows] == [
        (4, 0, 4),
        (3, 4, 7),
        (5, 7, 12),
    ]
    assert [row["tasks"] for row in rows] == [["pick"], ["place"], ["pick"]]
    assert [row["data/file_index"] for row in rows] == [0, 0, 1]


def test_statistics_are_of_all_frames(folder: Path) -> None:
    stats = json.loads((folder / "meta" / "stats.json").read_text())
    assert stats["observation.state"]["mean"] == pytest.approx([(4 * 1 + 3 * 2 + 5 * 3) / 12] * 3)
    assert stats["observation.state"]["max"] == [3.0] * 3
    assert stats["action"]["count"] == [12]


def test_finishing_twice_changes_nothing(folder: Path) -> None:
    before = (folder / "meta" / "info.json").read_bytes()
    lerobot_dataset.finish(folder, LAYOUT)
    assert (folder / "meta" / "info.json").read_bytes() == before


def test_a_folder_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no data set of demonstrations .*record it anew"):
        lerobot_dataset.load(tmp_path)
