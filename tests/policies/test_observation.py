from __future__ import annotations

import math

import numpy as np
import pytest

from policies.observation import (
    TARGET_NAMES,
    GripperReading,
    PolicyTarget,
    state_names,
    state_vector,
    target_vector,
)

AXES = [f"joint{number}" for number in range(1, 8)] + ["gripper"]


def named(names: list[str], values: np.ndarray) -> dict[str, float]:
    assert len(names) == len(values)
    return dict(zip(names, values.tolist(), strict=True))


def test_every_number_of_the_state_has_its_name() -> None:
    pose = np.eye(4)
    pose[:3, :3] = [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]]
    pose[:3, 3] = 0.4, 0.1, 0.3
    state = state_vector(np.arange(8.0), -np.arange(8.0), GripperReading(0.02, -0.1), pose)
    said = named(state_names(AXES), state)
    assert said["joint3.reference"] == 2.0
    assert said["gripper.reference"] == 7.0
    assert said["gripper.reference_velocity"] == -7.0
    assert (said["gripper.position"], said["gripper.velocity"]) == (0.02, -0.1)
    assert (said["tcp.x"], said["tcp.y"], said["tcp.z"]) == (0.4, 0.1, 0.3)
    assert (said["tcp.yaw_cos"], said["tcp.yaw_sin"]) == pytest.approx((0.0, 1.0))
    assert (said["tcp.lean_x"], said["tcp.lean_y"]) == (0.0, 0.0)


def test_every_number_of_the_target_has_its_name_and_its_age_is_bounded() -> None:
    target = PolicyTarget("place", (0.5, -0.2, 0.05), math.pi / 2.0, 0.03, 1_000_000_000, 0.1)
    said = named(list(TARGET_NAMES), target_vector(target, 1_250_000_000))
    assert (said["target.x"], said["target.y"], said["target.z"]) == (0.5, -0.2, 0.05)
    assert (said["target.yaw_cos"], said["target.yaw_sin"]) == pytest.approx((0.0, 1.0))
    assert (said["target.opening"], said["target.uncertainty"]) == (0.03, 0.1)
    assert said["target.age_s"] == pytest.approx(0.25)
    assert (said["task.pick"], said["task.place"]) == (0.0, 1.0)
    assert target_vector(target, 60_000_000_000)[6] == 1.0
    assert target_vector(target, 0)[6] == 0.0
