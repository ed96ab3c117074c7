"""The scripted expert behind the interface of a policy: skills are tested with it, so that no weights decide."""

from __future__ import annotations

import math

import numpy as np

from models.roles import Floats, PolicyMoment
from policies.observation import TASKS, GripperReading, PolicyTarget
from policies.scripted_expert import PERIOD_S, ScriptedExpert
from rt_control._native import Kinematics
from rt_control.robot_file import RobotDescription

KNOTS, SPACING_S = 16, 0.06


class ExpertPolicy:
    """Plays the expert forward from the moment that it is told."""

    knots, spacing_s, takes_prefix, seam = KNOTS, SPACING_S, False, "forward"

    def __init__(self, description: RobotDescription, kinematics: Kinematics) -> None:
        # Each chunk begins with no acceleration, so that one that builds up slowly would never get anywhere.
        self._expert = ScriptedExpert(description, kinematics, build_up_s=PERIOD_S)
        self._axes = len(description.axis)
        self._finger = description.gripper_index or 0
        self.moments: list[PolicyMoment] = []

    def act(self, moment: PolicyMoment) -> Floats:
        self.moments.append(moment)
        state, told = moment.state.astype(np.float64), moment.target.astype(np.float64)
        reference, velocity = state[: self._axes].copy(), state[self._axes : 2 * self._axes].copy()
        measured = float(state[2 * self._axes])
        stuck = measured > reference[self._finger] + 2e-3
        target = PolicyTarget(
            TASKS[int(np.argmax(told[8:]))],
            (float(told[0]), float(told[1]), float(told[2])),
            math.atan2(told[4], told[3]),
            float(told[5]),
            0,
        )
        self._expert.reset()
        knots = []
        for step in range(1, round(KNOTS * SPACING_S / PERIOD_S) + 1):
            fingers = max(measured, float(reference[self._finger])) if stuck else float(reference[self._finger])
            reference, velocity = self._expert.step(reference, velocity, GripperReading(fingers, 0.0), target)
            if step % round(SPACING_S / PERIOD_S) == 0:
                knots.append(reference)
        return np.array(knots, dtype=np.float32)
