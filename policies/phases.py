"""What skills are made of: phases.

Each is a method that sees the moment and answers what to do; a transition is the next phase's method. Nothing here
waits, reads a clock or touches a device.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from policies.activity import Done, Step, View
from policies.cell import Cell
from policies.follower import MotionGoal
from policies.grasp import EMPTY_M, PRESSES_M
from policies.observation import PolicyTarget
from policies.ways import Ways

Phase = Callable[[View], Step | Done]

FRESH_NS = 300_000_000  # an object seen within this time is seen now
RAISED_M = 0.015  # below the travel height that is as good
POLICY_LIMIT_NS = 15_000_000_000  # of motion, for a policy to bring something to its end


class Phases:
    """Runs one phase per tick and follows transitions within the tick."""

    def __init__(self, cell: Cell, ways: Ways, first: Phase) -> None:
        self.cell = cell
        self.ways = ways
        self.phase: Phase = first
        self.name = "start"
        self.goal = self.standstill = MotionGoal()
        self.entered_ns: int | None = None
        self.entered_moved_ns = 0

    def step(self, view: View) -> Step | Done:
        if self.entered_ns is None:
            self.entered_ns = view.stamp_ns
        return self.phase(view)

    def enter(self, view: View, name: str, phase: Phase, goal: MotionGoal) -> Step | Done:
        """Begin a phase now."""
        self.name, self.phase, self.goal = name, phase, goal
        self.entered_ns, self.entered_moved_ns = view.stamp_ns, view.moved_ns
        return phase(view)

    def arrived(self, view: View) -> bool:
        """Whether the robot stands at the phase's goal."""
        return view.arrived_at is self.goal

    def move(self, view: View) -> Step:
        """Go on with the phase's goal, which rests on the robot's own state alone."""
        return Step(self.name, self.goal, view.stamp_ns, view.held)

    def act(self, view: View, target: PolicyTarget, observation_ns: int) -> Step | Done:
        """Let the policy go on towards a target, as long as it may take."""
        if view.moved_ns - self.entered_moved_ns > POLICY_LIMIT_NS:
            off = np.array(target.position_base) - self.cell.tcp(view.position)[:3, 3]
            x, y, z = (round(1000.0 * value) for value in off.tolist())
            seconds = POLICY_LIMIT_NS // 1_000_000_000
            return self.fail(view, f"the policy did not end within {seconds} s; to the target: ({x}, {y}, {z}) mm")
        return Step(self.name, target, observation_ns, view.held)

    def fail(self, view: View, reason: str) -> Done:
        return Done(self.name, reason, view.held)

    def come_to_rest(self, view: View) -> Step | Done:
        """Stand still, and end well."""

        def resting(now: View) -> Step | Done:
            return Done(self.name, "", now.held) if self.arrived(now) else self.move(now)

        return self.enter(view, "come to rest", resting, MotionGoal())

    def presses(self, view: View) -> bool:
        """Whether something between the fingers keeps them from where they are told to be."""
        index = self.cell.gripper_index
        return index is not None and abs(view.reference.position[index] - view.position[index]) > PRESSES_M

    def grips(self, view: View) -> bool:
        """Whether there is something between the fingers."""
        return self.presses(view) and self.cell.opening_m(view.position) > EMPTY_M

    def raised(self, view: View) -> bool:
        """Whether the hand is as high as it travels."""
        return bool(self.cell.tcp(view.reference.position)[2, 3] >= self.cell.travel_z - RAISED_M)

    def elapsed_ns(self, view: View) -> int:
        return view.stamp_ns - (self.entered_ns or view.stamp_ns)

    def enter_raised(self, view: View, then: Phase) -> Step | Done:
        """Raise the gripper straight to the travel height if it is below, then go on."""
        if self.raised(view):
            return then(view)
        path = self.ways.raised(view.reference.position)
        if not path:
            return then(view)  # so far out there is no way straight up, and nothing to collide with either

        def raising(now: View) -> Step | Done:
            return then(now) if self.arrived(now) else self.move(now)

        return self.enter(view, "raise", raising, MotionGoal(path))
