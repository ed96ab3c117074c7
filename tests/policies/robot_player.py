"""A robot without physics: its reference follows each chunk exactly, and its fingers stop at what they are given."""

from __future__ import annotations

import numpy as np

from perception.scene import Scene, SceneObject
from rt_control._native import Command, Source, State
from rt_control.robot_file import RobotDescription

TICK_NS = 10_000_000
LAG_NS = 30_000_000  # of the reference behind the clock, from some delay long ago
EPOCH = 7


class RobotPlayer:
    """Plays commands in virtual time, one tick of 10 ms after the other."""

    def __init__(self, description: RobotDescription, source: Source = Source.policy) -> None:
        self.axes = len(description.axis)
        self.gripper = description.gripper_index
        self.state = State()
        self.state.axes = self.axes
        self.state.authority = source
        self.state.epoch = EPOCH
        self.state.speed_scale = 1.0
        self.state.stamp_ns = 1_000_000_000
        self.state.trajectory_ns = self.state.stamp_ns - LAG_NS
        self.finger_stop = 0.0  # position at which the closing fingers meet something
        self.place(np.array(description.home))

    @property
    def now_ns(self) -> int:
        return self.state.stamp_ns

    @property
    def reference(self) -> np.ndarray:
        return np.array(self.state.position_reference)[: self.axes]

    def place(self, position: np.ndarray, velocity: np.ndarray | None = None) -> None:
        """Put reference and measurement somewhere."""
        velocity = np.zeros(self.axes) if velocity is None else velocity
        self.state.position_reference = self._padded(position)
        self.state.velocity_reference = self._padded(velocity)
        self.state.acceleration_reference = np.zeros_like(self.state.position_reference)
        measured = position.copy()
        if self.gripper is not None:
            measured[self.gripper] = max(measured[self.gripper], self.finger_stop)
        before = np.array(self.state.position)[self.gripper or 0]
        self.state.position = self._padded(measured)
        speeds = velocity.copy()
        if self.gripper is not None:
            speeds[self.gripper] = (measured[self.gripper] - before) * 1e9 / TICK_NS
        self.state.velocity = self._padded(speeds)

    def play(self, command: Command | None) -> None:
        """Let one tick pass."""
        self.state.stamp_ns += TICK_NS
        self.state.trajectory_ns += TICK_NS
        if command is None:
            self.place(self.reference)
            return
        setpoints = np.array(command.position)[: command.count, : self.axes]
        step = (self.state.trajectory_ns - command.start_ns) / command.spacing_ns
        first = min(int(step), command.count - 2)
        velocity = (setpoints[first + 1] - setpoints[first]) * 1e9 / command.spacing_ns
        self.place(setpoints[first] + (step - first) * (setpoints[first + 1] - setpoints[first]), velocity)

    def _padded(self, values: np.ndarray) -> np.ndarray:
        padded = np.zeros_like(np.array(self.state.position))
        padded[: self.axes] = values
        return padded


def cube(
    name: str = "red_cube", x: float = 0.5, y: float = 0.1, stamp_ns: int = 0, yaw_rad: float = 0.3
) -> SceneObject:
    return SceneObject(name, (x, y, 0.02), yaw_rad, (0.04, 0.04, 0.04), 0.95, stamp_ns)


def scene(*objects: SceneObject, stamp_ns: int) -> Scene:
    return Scene(1, stamp_ns, objects, None, "cascade")
