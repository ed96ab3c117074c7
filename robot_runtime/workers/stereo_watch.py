"""What the fallback worker makes of a stereo pair: judged first; a distance is told only where both can be believed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from perception.frame_health import FrameJudge, FrameLimits
from perception.frames import Frame
from perception.person_range import distance_for_tier1_m
from perception.stereo import StereoRange
from robot_runtime.person_constraints import person_constraints
from robot_runtime.workers.scene_watch import arm_axes, moves, noted
from rt_control import _native as native
from rt_control.robot_file import RobotDescription

Array = npt.NDArray[np.float64]


class StereoWatch:
    """Judges the frames of both cameras and measures in pairs that can be used.

    Args:
        description: of the robot.
    """

    def __init__(self, description: RobotDescription) -> None:
        cameras = [description.camera_of(role) for role in ("stereo_left", "stereo_right")]
        self._judges = {camera.name: FrameJudge(FrameLimits.of(camera)) for camera in cameras}
        self._faults = dict.fromkeys(self._judges, "")
        self._arm = arm_axes(description)
        self._stereo = StereoRange(description)
        self._known_uncertainty_m = description.separation.person_uncertainty_m

    @property
    def camera_fault(self) -> str:
        """As in `WorkerStatus`."""
        return ", ".join(fault for fault in self._faults.values() if fault)

    def look(self, left: Frame, right: Frame, robot: Array, velocity: Array, now_ns: int) -> native.Constraints | None:
        """Judge both frames of one moment, and measure if they are good.

        Args:
            left: the next one of the left camera.
            right: of the right camera, of the same moment.
            robot: its capsules at that time, see `robot_capsules`, (k, 8).
            velocity: of its axes, (axes,).
            now_ns: this moment.

        Returns:
            The constraints to be written, with the careful distance; None where nothing is known of people.
        """
        moving = moves(velocity[self._arm])
        verdicts = {frame.camera: self._judges[frame.camera].judge(frame, now_ns, moving) for frame in (left, right)}
        for name, verdict in verdicts.items():
            self._faults[name] = noted(self._faults[name], name, verdict)
        if not all(verdict.ok and verdict.usable_rgb for verdict in verdicts.values()):
            return None
        person = self._stereo.measure(left, right, robot)
        distance_m = None
        if person is not None:
            distance_m = distance_for_tier1_m(person.distance_m, person.uncertainty_m, self._known_uncertainty_m)
        return person_constraints(native.Source.fallback, left.stamp_ns, distance_m)

    def wait(self, now_ns: int) -> None:
        """Note that no new pair has come."""
        for name, judge in self._judges.items():
            self._faults[name] = noted(self._faults[name], name, judge.wait(now_ns))
