from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

from models.training import lerobot_dataset
from policies.observation import TARGET_NAMES
from robot_runtime.training_demonstrations import LOOKS, RATE_HZ, DemonstrationRun, layout, record
from rt_control.description import load_robot
from sim.other_objects import write_other_objects

pytestmark = pytest.mark.sim

SEED = 0


def demonstrations(seed: int) -> list[lerobot_dataset.Episode]:
    with tempfile.TemporaryDirectory() as folder:
        other = write_other_objects(load_robot("arm7"), seed, Path(folder), LOOKS)
        return DemonstrationRun(load_robot(other.robot_file), seed).record()


@pytest.fixture(scope="module")
def episodes() -> list[lerobot_dataset.Episode]:
    return demonstrations(SEED)


def named(episode: lerobot_dataset.Episode, name: str) -> np.ndarray:
    names = layout(load_robot("arm7")).names
    if name in TARGET_NAMES:
        return episode.target[:, TARGET_NAMES.index(name)]
    column: np.ndarray = episode.state[:, list(names[lerobot_dataset.STATE]).index(name)]
    return column


def test_things_are_picked_and_placed_by_turns(episodes: list[lerobot_dataset.Episode]) -> None:
    assert {episode.task for episode in episodes} == {"pick", "place"}
    assert len(episodes) >= 3
    for episode in episodes:
        assert named(episode, f"task.{episode.task}").min() == 1.0
        assert named(episode, "tcp.z")[-1] > 0.17


def test_an_action_is_where_the_robot_is_told_to_be_one_frame_later(episodes: list[lerobot_dataset.Episode]) -> None:
    for episode in episodes:
        assert np.abs(episode.state[1:, :8] - episode.action[:-1]).max() < 1e-6
        speed = np.diff(episode.state[:, :7], axis=0) * RATE_HZ
        assert np.abs(speed).max() < 4.0


def test_what_is_picked_is_between_the_fingers_at_the_end(episodes: list[lerobot_dataset.Episode]) -> None:
    for episode in episodes:
        pressed = named(episode, "gripper.position")[-1] - named(episode, "gripper.reference")[-1]
        assert (pressed > 2e-3) == (episode.task == "pick")


def test_a_displaced_target_is_marked(episodes: list[lerobot_dataset.Episode]) -> None:
    for episode in (item for item in episodes if item.task == "pick"):
        held = named(episode, "gripper.position") - named(episode, "gripper.reference") > 2e-3
        moved = np.linalg.norm(np.diff(episode.target[:, :3], axis=0), axis=1) > 0.01
        assert (episode.disturbed[1:] | held[1:])[moved].all()
        assert episode.disturbed[0]


def test_the_same_seed_gives_the_same_demonstrations(episodes: list[lerobot_dataset.Episode]) -> None:
    again = demonstrations(SEED)
    assert len(again) == len(episodes)
    assert all((one.state == other.state).all() for one, other in zip(episodes, again, strict=True))


def test_a_set_is_recorded_in_processes_of_its_own_and_goes_on_where_it_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import robot_runtime.training_demonstrations as recording

    path = lerobot_dataset.file_path(tmp_path, 0)
    lerobot_dataset.write_file(path, demonstrations(SEED), layout(load_robot("arm7")), 0)
    before = path.stat().st_mtime_ns
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(recording, "RUNS_PER_FILE", 1)
    record(tmp_path, SEED, 7, lambda done, wanted: told.append((done, wanted)))
    assert told == [(7, 7)]
    data = lerobot_dataset.load(tmp_path)
    assert data.rate_hz == RATE_HZ
    assert before <= path.stat().st_mtime_ns
