"""What a learned policy is told: numbers with names, the same in demonstrations, in training and on the robot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Task = Literal["pick", "place"]
TASKS: tuple[Task, ...] = ("pick", "place")
Vector3 = tuple[float, float, float]

LONGEST_AGE_S = 1.0  # what is older is told as this old


@dataclass(frozen=True, slots=True)
class PolicyTarget:
    """Where the hand is to grasp, or to let go.

    Attributes:
        task: what is to be done there.
        position_base: of the TCP, base frame, m.
        yaw_rad: of the TCP's x axis from the base's, with the gripper pointing down.
        opening: position of the gripper's axis that lets an object in, or go, m.
        measured_ns: stamp of the image that shows it, or of the state where nothing has to be seen.
        uncertainty: 0..1, how unsure perception is.
    """

    task: Task
    position_base: Vector3
    yaw_rad: float
    opening: float
    measured_ns: int
    uncertainty: float = 0.0


@dataclass(frozen=True, slots=True)
class GripperReading:
    """The gripper as it is measured.

    Attributes:
        position: of its axis, m.
        velocity: m/s.
    """

    position: float
    velocity: float


def state_names(axes: Sequence[str]) -> list[str]:
    """Names of the numbers of `state_vector`, in their order.

    Args:
        axes: names of the robot's axes.
    """
    return [
        *(f"{name}.reference" for name in axes),
        *(f"{name}.reference_velocity" for name in axes),
        "gripper.position",
        "gripper.velocity",
        *(f"tcp.{name}" for name in ("x", "y", "z", "yaw_cos", "yaw_sin", "lean_x", "lean_y")),
    ]


TARGET_NAMES = (
    *(f"target.{name}" for name in ("x", "y", "z", "yaw_cos", "yaw_sin", "opening", "age_s", "uncertainty")),
    *(f"task.{name}" for name in TASKS),
)


def state_vector(
    reference: Array, reference_velocity: Array, gripper: GripperReading, pose_base_from_tcp: Array
) -> Array:
    """The robot, see `state_names`.

    Args:
        reference: what the drives are told at the moment that the chunk shall begin, (axes,), rad or m.
        reference_velocity: as it were at full speed, (axes,).
        gripper: measured, newest.
        pose_base_from_tcp: of the reference, (4, 4).
    """
    pose = pose_base_from_tcp
    yaw = math.atan2(pose[1, 0], pose[0, 0])
    return np.concatenate(
        [
            reference,
            reference_velocity,
            (gripper.position, gripper.velocity),
            pose[:3, 3],
            (math.cos(yaw), math.sin(yaw), pose[0, 2], pose[1, 2]),
        ]
    )


def target_vector(target: PolicyTarget, at_ns: int) -> Array:
    """The target, see `TARGET_NAMES`.

    Args:
        target: newest.
        at_ns: when the chunk shall begin.
    """
    age_s = min(max((at_ns - target.measured_ns) * 1e-9, 0.0), LONGEST_AGE_S)
    return np.array(
        [
            *target.position_base,
            math.cos(target.yaw_rad),
            math.sin(target.yaw_rad),
            target.opening,
            age_s,
            target.uncertainty,
            *(1.0 if target.task == task else 0.0 for task in TASKS),
        ]
    )
