"""Demonstrations on disk, in the format of LeRobotDataset v3.0 without images.

Format: https://huggingface.co/docs/lerobot/lerobot-dataset-v3. Many episodes lie in one Parquet file, and `meta/` says
where each begins. What is written here can be opened by LeRobot; what LeRobot writes with the same columns by `load`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from rt_control.errors import InputError

VERSION = "v3.0"
CHUNK, FILES_PER_CHUNK = "chunk-{:03d}", 1000
DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
EPISODES_PATH = "meta/episodes/chunk-000/file-000.parquet"
TASKS_PATH = "meta/tasks.parquet"

STATE, TARGET, ACTION, DISTURBED = "observation.state", "observation.environment_state", "action", "disturbed"
VECTORS = (STATE, TARGET, ACTION)
INDICES = ("frame_index", "episode_index", "index", "task_index")

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Episode:
    """One demonstration.

    Attributes:
        task: in words.
        state: (frames, n), of the robot.
        target: (frames, m), of what it acts on.
        action: (frames, axes), what the robot was told next.
        disturbed: (frames,), whether something else than the demonstrator moved robot or target just before.
    """

    task: str
    state: Floats
    target: Floats
    action: Floats
    disturbed: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns of a data set mean.

    Attributes:
        robot: its name.
        rate_hz: of frames.
        names: of the numbers in each of VECTORS.
        tasks: in words, in the order of their index.
    """

    robot: str
    rate_hz: int
    names: Mapping[str, Sequence[str]]
    tasks: Sequence[str]


@dataclass(frozen=True, slots=True)
class Demonstrations:
    """A whole data set, one row a frame, the frames of an episode together and in order.

    Attributes:
        state, target, action, disturbed: see `Episode`.
        episode: (rows,), number of the episode.
        rate_hz: of frames.
    """

    state: Floats
    target: Floats
    action: Floats
    disturbed: npt.NDArray[np.bool_]
    episode: npt.NDArray[np.int64]
    rate_hz: int


def file_path(folder: Path, number: int) -> Path:
    """Of the data file with a number."""
    return folder / DATA_PATH.format(chunk_index=number // FILES_PER_CHUNK, file_index=number % FILES_PER_CHUNK)


def write_file(path: Path, episodes: Sequence[Episode], layout: Layout, first_episode: int) -> None:
    """Write one data file, whole or not at all.

    Args:
        path: see `file_path`.
        episodes: that lie in it.
        layout: of the data set.
        first_episode: number of the first of them.
    """
    lengths = [len(episode.state) for episode in episodes]
    columns: dict[str, pa.Array] = {}
    for name, key in zip(VECTORS, ("state", "target", "action"), strict=True):
        values = np.concatenate([getattr(episode, key) for episode in episodes]).astype(np.float32)
        columns[name] = pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])
    columns[DISTURBED] = pa.array(np.concatenate([episode.disturbed for episode in episodes]))
    frames = np.concatenate([np.arange(length) for length in lengths])
    columns["timestamp"] = pa.array((frames / layout.rate_hz).astype(np.float32))
    columns["frame_index"] = pa.array(frames.astype(np.int64))
    numbers = np.arange(first_episode, first_episode + len(episodes))
    columns["episode_index"] = pa.array(np.repeat(numbers, lengths))
    tasks = [layout.tasks.index(episode.task) for episode in episodes]
    columns["task_index"] = pa.array(np.repeat(np.array(tasks, dtype=np.int64), lengths))
    _write_table(path, pa.table(columns))


def finish(folder: Path, layout: Layout) -> None:
    """Number rows and episodes through all data files, and write `meta/`; done when it was done before.

    Args:
        folder: of the data set, with data files.
        layout: of the data set.
    """
    if (folder / "meta" / "info.json").exists():
        return
    rows: list[dict[str, Any]] = []
    sums: dict[str, list[Floats]] = {name: [] for name in VECTORS}
    index = episode_number = 0
    files = sorted((folder / "data").rglob("*.parquet"))
    for number, path in enumerate(files):
        table = pq.read_table(path)
        episodes = table["episode_index"].to_numpy()
        starts = np.flatnonzero(np.diff(episodes, prepend=-1))
        ends = [*starts[1:].tolist(), len(episodes)]
        tasks = table["task_index"].to_numpy()
        for start, end in zip(starts.tolist(), ends, strict=True):
            rows.append(
                {
                    "episode_index": episode_number,
                    "tasks": [layout.tasks[int(tasks[start])]],
                    "length": end - start,
                    "data/chunk_index": number // FILES_PER_CHUNK,
                    "data/file_index": number % FILES_PER_CHUNK,
                    "dataset_from_index": index + start,
                    "dataset_to_index": index + end,
                    "meta/episodes/chunk_index": 0,
                    "meta/episodes/file_index": 0,
                }
            )
            episode_number += 1
        through = np.arange(episode_number - len(starts), episode_number)
        table = table.drop([name for name in ("episode_index", "index") if name in table.column_names])
        lengths = [end - start for start, end in zip(starts.tolist(), ends, strict=True)]
        table = table.append_column("episode_index", pa.array(np.repeat(through, lengths)))
        table = table.append_column("index", pa.array(np.arange(index, index + len(episodes))))
        _write_table(path, table)
        index += len(episodes)
        for name in VECTORS:
            sums[name].append(_matrix(table, name))
    _write_table(folder / EPISODES_PATH, pa.Table.from_pylist(rows))
    tasks_table = pa.table({"task_index": list(range(len(layout.tasks))), "task": list(layout.tasks)})
    # LeRobot reads it with pandas, the task as the index of the rows.
    pandas = {"index_columns": ["task"], "column_indexes": [], "columns": [], "pandas_version": "2.0.0"}
    _write_table(folder / TASKS_PATH, tasks_table.replace_schema_metadata({"pandas": json.dumps(pandas)}))
    stats = {name: _stats(np.concatenate(parts)) for name, parts in sums.items()}
    _write_text(folder / "meta" / "stats.json", json.dumps(stats, indent=1))
    _write_text(folder / "meta" / "info.json", json.dumps(_info(layout, episode_number, index), indent=1))


def load(folder: Path) -> Demonstrations:
    """Read a whole data set.

    Raises:
        InputError: there is none, or a column is missing.
    """
    try:
        info = json.loads((folder / "meta" / "info.json").read_text())
        tables = [pq.read_table(path) for path in sorted((folder / "data").rglob("*.parquet"))]
        table = pa.concat_tables(tables)
        return Demonstrations(
            state=_matrix(table, STATE),
            target=_matrix(table, TARGET),
            action=_matrix(table, ACTION),
            disturbed=table[DISTURBED].to_numpy().astype(bool),
            episode=table["episode_index"].to_numpy(),
            rate_hz=int(info["fps"]),
        )
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise InputError(f"{folder}: is no data set of demonstrations ({error}); record it anew") from None


def _matrix(table: pa.Table, name: str) -> Floats:
    column = table[name].combine_chunks()
    values: Floats = column.values.to_numpy(zero_copy_only=False).reshape(len(column), -1)
    return values


def _stats(values: Floats) -> dict[str, list[float]]:
    return {
        "min": values.min(axis=0).tolist(),
        "max": values.max(axis=0).tolist(),
        "mean": values.mean(axis=0).tolist(),
        "std": values.std(axis=0).tolist(),
        "count": [len(values)],
    }


def _info(layout: Layout, episodes: int, frames: int) -> dict[str, Any]:
    features: dict[str, Any] = {
        name: {"dtype": "float32", "shape": [len(names)], "names": list(names)} for name, names in layout.names.items()
    }
    features[DISTURBED] = {"dtype": "bool", "shape": [1], "names": None}
    features["timestamp"] = {"dtype": "float32", "shape": [1], "names": None}
    features |= {name: {"dtype": "int64", "shape": [1], "names": None} for name in INDICES}
    return {
        "codebase_version": VERSION,
        "robot_type": layout.robot,
        "total_episodes": episodes,
        "total_frames": frames,
        "total_tasks": len(layout.tasks),
        "chunks_size": FILES_PER_CHUNK,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": layout.rate_hz,
        "splits": {"train": f"0:{episodes}"},
        "data_path": DATA_PATH,
        "video_path": None,
        "features": features,
    }


def _write_table(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    pq.write_table(table, partial, compression="zstd")
    os.replace(partial, path)


def _write_text(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
