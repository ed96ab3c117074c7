"""The skills of a pick-and-place arm, phase by phase.

Each phase is a method that sees the moment and answers what to do; a transition is the next phase's method. Nothing
here waits, reads a clock or touches a device.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from perception.scene import SceneObject, Vector3
from policies.activity import Activity, Done, Held, Step, View
from policies.follower import MotionGoal
from policies.grasp import EMPTY_M, FINGER_M, PRESSES_M, grasp_yaws
from policies.inverse_kinematics import Unreachable
from policies.skill import Goal, MoveTo, Pick
from policies.workspace import Workspace
from rt_control.robot_file import BIN_FLOOR_M, Bin

Array = npt.NDArray[np.float64]
Phase = Callable[[View], Step | Done]

FRESH_NS = 300_000_000  # an object seen within this time is seen now
SETTLE_NS = 100_000_000  # an object that lay still for this long is at rest
SETTLE_M = 0.004
WAIT_HERE_NS = 700_000_000  # before the arm clears the camera's view
WAIT_CLEAR_NS = 4_000_000_000  # with the view cleared, before the object counts as not seen
MOVED_M = 0.015  # an object that lies this far from where it was is approached anew
HAND_HIDES_M = 0.12  # the hand nearer than this may hide part of the object: its position is not taken anew

TIP_CLEARANCE_M = 0.004  # finger tips above the table
GRIP_SHARE = 0.4  # of the object's width: fingers that closed further hold nothing, or an edge
CLOSE_TIME_NS = 250_000_000  # least time to close
STILL_NS = 80_000_000  # fingers at rest for this long have closed
STILL_MPS = 0.002

PALM_M = 0.03  # the palm is at least this far above the tool centre point: it stays above the bins' walls
DROP_M = 0.006
SPOT_SHARE = 0.21  # of the bin's size: offset of the four spots from its centre
DEFAULT_BELOW_TCP_M = 0.03  # of an object that this process did not grasp itself

DESCEND_SPEED = 0.6
CARRY_SPEED = 0.8


def make_activity(goal: Goal, workspace: Workspace) -> Activity:
    """The skill that reaches the goal."""
    if isinstance(goal, MoveTo):
        return MoveToPose(workspace, goal.pose)
    if isinstance(goal, Pick):
        return PickObject(workspace, goal.object_name)
    return PlaceInBin(workspace, goal.bin_name)


class _Phases:
    """Runs one phase per tick and follows transitions within the tick."""

    def __init__(self, workspace: Workspace, first: Phase) -> None:
        self.workspace = workspace
        self.phase: Phase = first
        self.name = "start"
        self.goal = self.standstill = MotionGoal()
        self.entered_ns: int | None = None

    def step(self, view: View) -> Step | Done:
        if self.entered_ns is None:
            self.entered_ns = view.stamp_ns
        return self.phase(view)

    def enter(self, view: View, name: str, phase: Phase, goal: MotionGoal) -> Step | Done:
        """Begin a phase now."""
        self.name, self.phase, self.goal, self.entered_ns = name, phase, goal, view.stamp_ns
        return phase(view)

    def arrived(self, view: View) -> bool:
        """Whether the robot stands at the phase's goal."""
        return view.arrived_at is self.goal

    def move(self, view: View) -> Step:
        """Go on with the phase's goal, which rests on the robot's own state alone."""
        return Step(self.name, self.goal, view.stamp_ns, view.held)

    def move_observed(self, view: View) -> Step:
        """Go on with the phase's goal, which rests on the scene; stand still while there is no fresh one."""
        if view.scene is None or view.stamp_ns - view.scene.stamp_ns > FRESH_NS:
            return Step(f"{self.name}: wait for perception", self.standstill, view.stamp_ns, view.held)
        return Step(self.name, self.goal, min(view.scene.stamp_ns, view.stamp_ns), view.held)

    def fail(self, view: View, reason: str) -> Done:
        return Done(self.name, reason, view.held)

    def presses(self, view: View) -> bool:
        """Whether something between the fingers keeps them from where they are told to be."""
        index = self.workspace.gripper_index
        return index is not None and abs(view.reference.position[index] - view.position[index]) > PRESSES_M

    def elapsed_ns(self, view: View) -> int:
        return view.stamp_ns - (self.entered_ns or view.stamp_ns)

    def enter_raised(self, view: View, then: Phase) -> Step | Done:
        """Raise the gripper straight to the travel height if it is below, then go on."""
        if self.workspace.tcp(view.reference.position)[2, 3] >= self.workspace.travel_z - 0.01:
            return then(view)
        path = self.workspace.vertical(view.reference.position, self.workspace.travel_z)
        if isinstance(path, Unreachable):
            return then(view)  # so far out there is no way straight up, and nothing to collide with either

        def raising(now: View) -> Step | Done:
            return then(now) if self.arrived(now) else self.move(now)

        return self.enter(view, "raise", raising, MotionGoal(tuple(path)))


class MoveToPose(_Phases):
    """To a named pose of the workcell, by way of the travel height."""

    def __init__(self, workspace: Workspace, pose: str) -> None:
        super().__init__(workspace, self._start)
        self._pose = pose

    def _start(self, view: View) -> Step | Done:
        poses = self.workspace.description.workcell.poses
        if self._pose not in poses:
            return self.fail(view, f"the workcell has no pose {self._pose!r}; it has {', '.join(sorted(poses))}")
        return self.enter_raised(view, self._go)

    def _go(self, view: View) -> Step | Done:
        target = np.array(self.workspace.description.workcell.poses[self._pose])
        index = self.workspace.gripper_index
        gripper = None
        if index is not None and view.held is None and not self.presses(view):
            gripper = self.workspace.inside(float(target[index]))
        return self.enter(view, "move", self._moving, MotionGoal((target,), gripper))

    def _moving(self, view: View) -> Step | Done:
        return Done(self.name, "", view.held) if self.arrived(view) else self.move(view)


class PickObject(_Phases):
    """Grasps an object where perception sees it and lifts it."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        super().__init__(workspace, self._start)
        self._object_name = name
        self._candidate: SceneObject | None = None
        self._path: list[Array] = []  # from the grasp upwards
        self._below_tcp_m = 0.0
        self._opening = 0.0
        self._still_since_ns = 0

    def _start(self, view: View) -> Step | Done:
        if self.workspace.gripper is None:
            return self.fail(view, "the robot has no gripper; a [gripper] in its robot file says which axis it is")
        return self.enter_raised(view, self._look_here)

    def _look_here(self, view: View) -> Step | Done:
        return self.enter(view, "look", self._looking_here, MotionGoal())

    def _looking_here(self, view: View) -> Step | Done:
        if self._settled(view):
            return self._plan(view)
        if self.elapsed_ns(view) > WAIT_HERE_NS:
            home = np.array(self.workspace.description.home)
            return self.enter(view, "clear the view", self._clearing, MotionGoal((home,)))
        return self.move(view)

    def _clearing(self, view: View) -> Step | Done:
        if self._settled(view):
            return self._plan(view)
        return self.enter(view, "look", self._looking_clear, self.goal) if self.arrived(view) else self.move(view)

    def _looking_clear(self, view: View) -> Step | Done:
        if self._settled(view):
            return self._plan(view)
        if self.elapsed_ns(view) <= WAIT_CLEAR_NS:
            return self.move(view)
        if view.scene is None or view.stamp_ns - view.scene.stamp_ns > FRESH_NS:
            return self.fail(view, f"{self._object_name} was not seen: perception sends no scene")
        seen = ", ".join(item.name for item in view.scene.objects) or "nothing"
        return self.fail(view, f"{self._object_name} was not seen; seen: {seen}")

    def _settled(self, view: View) -> bool:
        """Whether the object is seen now and lies still."""
        item = view.object(self._object_name)
        if item is None or view.stamp_ns - item.measured_ns > FRESH_NS:
            self._candidate = None
            return False
        if self._candidate is None or math.dist(item.position_base, self._candidate.position_base) > SETTLE_M:
            self._candidate = item
            return False
        return item.measured_ns - self._candidate.measured_ns >= SETTLE_NS

    def _plan(self, view: View) -> Step | Done:
        item, gripper = self._candidate, self.workspace.gripper
        if item is None or view.scene is None or gripper is None:
            return self.fail(view, f"{self._object_name} was not seen")
        yaws = grasp_yaws(item, view.scene, gripper.max_object_m)
        if not yaws:
            x, y, _ = (round(1000.0 * side) for side in item.size_m)
            return self.fail(
                view, f"{item.name} is too wide: {x} x {y} mm, the gripper takes {1000.0 * gripper.max_object_m:.0f} mm"
            )
        position = np.array(item.position_base)
        lowest = self.workspace.table_z + gripper.tip_beyond_tcp_m + TIP_CLEARANCE_M
        position[2] = max(position[2], lowest)
        grasp = self.workspace.down_at(position, yaws, view.reference.position)
        if isinstance(grasp, Unreachable):
            return self.fail(view, f"{item.name} is out of reach: {grasp.reason}")
        path = self.workspace.vertical(grasp, self.workspace.travel_z)
        if isinstance(path, Unreachable):
            return self.fail(view, f"{item.name} is out of reach from above: {path.reason}")
        self._path = [grasp, *path]
        self._below_tcp_m = position[2] - item.position_base[2] + item.size_m[2] / 2.0
        width = float(min(item.size_m[0], item.size_m[1]))
        self._opening = self.workspace.gripper_at(width + 2.0 * FINGER_M)
        return self.enter(view, "approach", self._approaching, MotionGoal((self._path[-1],), self._opening))

    def _approaching(self, view: View) -> Step | Done:
        if lost := self._object_gone(view):
            return lost
        if self.arrived(view):
            down = tuple(reversed(self._path[:-1]))
            return self.enter(view, "descend", self._descending, MotionGoal(down, self._opening, DESCEND_SPEED))
        return self.move_observed(view)

    def _descending(self, view: View) -> Step | Done:
        if view.object(self._object_name) is None:
            return self.fail(view, f"{self._object_name} is no longer where it was seen")
        if self.arrived(view):
            closed = self.workspace.gripper_at(0.0)
            self._still_since_ns = view.stamp_ns
            return self.enter(view, "grasp", self._grasping, MotionGoal((self._path[0],), closed))
        return self.move_observed(view)

    def _object_gone(self, view: View) -> Step | Done | None:
        item, planned = view.object(self._object_name), self._candidate
        if item is None or planned is None:
            return self.fail(view, f"{self._object_name} is no longer where it was seen")
        hand = self.workspace.tcp(view.reference.position)[:2, 3]
        seen_freely = math.dist(hand, planned.position_base[:2]) > HAND_HIDES_M
        if seen_freely and math.dist(item.position_base, planned.position_base) > MOVED_M:
            self._candidate = None
            return self._look_here(view)
        return None

    def _grasping(self, view: View) -> Step | Done:
        index = self.workspace.gripper_index
        if index is None or abs(view.velocity[index]) > STILL_MPS:
            self._still_since_ns = view.stamp_ns
        if self.elapsed_ns(view) < CLOSE_TIME_NS or view.stamp_ns - self._still_since_ns < STILL_NS:
            return self.move(view)
        opening = self.workspace.opening_m(view.position)
        if lost := self._grip_lost(view, opening):
            return lost
        held = Held(self._object_name, opening, self._below_tcp_m)
        up = MotionGoal(tuple(self._path[1:]), self.workspace.gripper_at(0.0), DESCEND_SPEED)
        return self.enter(replace(view, held=held), "lift", self._lifting, up)

    def _lifting(self, view: View) -> Step | Done:
        if lost := self._grip_lost(view, self.workspace.opening_m(view.position)):
            return lost
        return Done(self.name, "", view.held) if self.arrived(view) else self.move(view)

    def _grip_lost(self, view: View, opening: float) -> Done | None:
        planned = self._candidate
        expected = min(planned.size_m[:2]) if planned is not None else 0.0
        if opening >= GRIP_SHARE * expected:
            return None
        return Done(
            self.name,
            f"the grasp missed {self._object_name}: the fingers closed to {1000.0 * opening:.0f} mm"
            f" and it is {1000.0 * expected:.0f} mm wide",
            None,
        )


class PlaceInBin(_Phases):
    """Puts what is held into a bin, where the bin is free."""

    def __init__(self, workspace: Workspace, bin_name: str) -> None:
        super().__init__(workspace, self._start)
        self._bin_name = bin_name
        self._path: list[Array] = []  # from the release upwards
        self._open = 0.0

    def _start(self, view: View) -> Step | Done:
        if self.workspace.description.workcell.find_bin(self._bin_name) is None:
            names = ", ".join(item.name for item in self.workspace.description.workcell.bin) or "none"
            return self.fail(view, f"the workcell has no bin {self._bin_name!r}; it has {names}")
        opening = self.workspace.opening_m(view.position)
        if opening < EMPTY_M:
            return Done(self.name, "nothing is held: the gripper is closed", None)
        if view.held is None:
            if not self.presses(view):
                return Done(self.name, "nothing is held: the fingers press on nothing", None)
            view = replace(view, held=Held("object", opening, DEFAULT_BELOW_TCP_M))
        return self.enter_raised(view, self._carry)

    def _carry(self, view: View) -> Step | Done:
        target = self.workspace.description.workcell.find_bin(self._bin_name)
        if target is None or view.held is None:
            return Done(self.name, "nothing is held", None)
        floor = self.workspace.table_z + BIN_FLOOR_M
        z = max(floor + view.held.below_tcp_m + DROP_M, self.workspace.table_z + target.size[2] - PALM_M)
        others = [] if view.scene is None else [item for item in view.scene.objects if item.name != view.held.name]
        reason = ""
        for x, y in spots(target, [item.position_base for item in others]):
            path = self._way_down(np.array([x, y, z]), view.reference.position)
            if isinstance(path, Unreachable):
                reason = path.reason
                continue
            self._path = path
            self._open = self.workspace.gripper_at(view.held.width_m + 2.0 * FINGER_M)
            closed = self.workspace.gripper_at(0.0)
            return self.enter(view, "carry", self._carrying, MotionGoal((path[-1],), closed, CARRY_SPEED))
        return self.fail(view, f"{self._bin_name} is out of reach: {reason}")

    def _way_down(self, release_base: Array, start: Array) -> list[Array] | Unreachable:
        release = self.workspace.down_at(release_base, (0.0, math.pi / 2.0), start)
        if isinstance(release, Unreachable):
            return release
        path = self.workspace.vertical(release, self.workspace.travel_z)
        return path if isinstance(path, Unreachable) else [release, *path]

    def _carrying(self, view: View) -> Step | Done:
        if lost := self._lost(view):
            return lost
        if self.arrived(view):
            down = tuple(reversed(self._path[:-1]))
            closed = self.workspace.gripper_at(0.0)
            return self.enter(view, "lower", self._lowering, MotionGoal(down, closed, DESCEND_SPEED))
        return self.move(view)

    def _lowering(self, view: View) -> Step | Done:
        if lost := self._lost(view):
            return lost
        if self.arrived(view):
            return self.enter(view, "release", self._releasing, MotionGoal((self._path[0],), self._open))
        return self.move(view)

    def _releasing(self, view: View) -> Step | Done:
        if not self.arrived(view):
            return self.move(view)
        up = MotionGoal(tuple(self._path[1:]), self._open)
        return self.enter(replace(view, held=None), "retreat", self._retreating, up)

    def _retreating(self, view: View) -> Step | Done:
        return Done(self.name, "", None) if self.arrived(view) else self.move(view)

    def _lost(self, view: View) -> Done | None:
        held = view.held
        if held is not None and self.workspace.opening_m(view.position) >= 0.5 * held.width_m:
            return None
        return Done(self.name, f"{'the object' if held is None else held.name} was lost while it was carried", None)


def spots(target: Bin, occupied: Sequence[Vector3]) -> list[tuple[float, float]]:
    """Four points inside a bin (base frame, m), the one farthest from what already lies there first."""
    (x, y), (length, width, _) = target.centre, target.size
    dx, dy = SPOT_SHARE * length, SPOT_SHARE * width
    inside = [point for point in occupied if abs(point[0] - x) < length / 2.0 and abs(point[1] - y) < width / 2.0]
    points = [(x + along * dx, y + across * dy) for along in (-1.0, 1.0) for across in (1.0, -1.0)]
    return sorted(points, key=lambda spot: -min((math.dist(spot, point[:2]) for point in inside), default=0.0))
