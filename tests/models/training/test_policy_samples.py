from __future__ import annotations

import numpy as np

from models.training.lerobot_dataset import Demonstrations
from models.training.policy_network import AGE, AXES, KNOTS, PICK, STATE, TARGET
from models.training.policy_samples import Samples

FRAMES = 60


def demonstrations(disturbed: tuple[int, ...] = (), moved: int | None = None) -> Demonstrations:
    """Two episodes; the first axis is told its row, so that an action shows of which row it is."""
    rows = 2 * FRAMES
    state = np.zeros((rows, STATE), np.float32)
    target = np.zeros((rows, TARGET), np.float32)
    target[:, PICK] = 1.0
    if moved is not None:
        target[moved:, 0] = 0.04
    action = np.zeros((rows, AXES), np.float32)
    action[:, 0] = np.arange(rows) + 1
    state[:, 0] = np.arange(rows)
    marks = np.zeros(rows, bool)
    marks[[0, FRAMES, *disturbed]] = True
    return Demonstrations(state, target, action, marks, np.repeat([0, 1], FRAMES), 50)


def take(data: Demonstrations, row: int, age: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return Samples(data).take(np.array([row]), np.array([age]))


def test_a_chunk_is_what_the_robot_did_at_each_knot() -> None:
    state, _, chunk, counted = take(demonstrations(), 5)
    assert state[0, 0] == 5.0
    assert chunk[0, :4, 0].tolist() == [8.0, 11.0, 14.0, 17.0]  # 60 ms are three frames
    assert counted.all()


def test_at_the_end_of_an_episode_the_robot_stays_and_no_other_episode_is_seen() -> None:
    _, _, chunk, counted = take(demonstrations(), FRAMES - 4)
    assert chunk[0, :, 0].tolist() == [FRAMES - 1.0] + [float(FRAMES)] * (KNOTS - 1)
    # The next episode begins with a mark, which is no event of this one.
    assert counted[0, 0] == 1.0


def test_what_was_done_after_a_disturbance_does_not_count() -> None:
    _, _, _, counted = take(demonstrations(disturbed=(20,)), 10)
    assert counted[0].tolist() == [1.0, 1.0, 1.0] + [0.0] * (KNOTS - 3)


def test_moments_in_the_middle_of_a_disturbance_are_not_learned_from() -> None:
    samples = Samples(demonstrations(disturbed=(20, 21, 22)))
    assert not {20, 21, 22} & set(samples.rows.tolist())
    assert {0, 19, 23, FRAMES} <= set(samples.rows.tolist())


def test_a_target_that_is_shown_late_is_older() -> None:
    _, target, _, _ = take(demonstrations(), 30, age=10)
    assert np.isclose(target[0, AGE], 0.2)


def test_a_target_that_was_elsewhere_is_shown_as_it_is() -> None:
    _, target, _, _ = take(demonstrations(moved=28), 30, age=10)
    assert np.isclose(target[0, 0], 0.04)
    assert target[0, AGE] == 0.0
