"""Motion around what stands in the way: asks the local planner ten times a second, and stops where a way is blocked.

The way that runs is checked again against each new scene. Where something has come into it the arm brakes at once and a
new way is sought from where it will stand; while there is none it stands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policies.activity import Held
from policies.cell import Cell
from policies.follower import MotionGoal
from policies.local_planner import KEPT_M, Clearance, LocalPlanner, NoPlan, Plan, keeps_clear
from policies.obstacles import PERSON, Obstacles
from policies.thinking import Thinking
from policies.trajectory import MotionLimits, Reference, StopMotion

Array = npt.NDArray[np.float64]

ASK_EVERY_NS = 100_000_000
GIVE_UP_NS = 4_000_000_000  # of looking for a way around what stands still
AT_REST = 1e-3  # rad/s
SAME = 2e-3  # rad between where a plan begins and where the arm stands
SILENT_NS = 500_000_000  # after which a way that nobody checks any more is left
BETWEEN = 4  # positions that are checked from one waypoint to the next


@dataclass(frozen=True, slots=True)
class PlanQuestion:
    """What the planner is asked.

    Attributes:
        goal: that it is for.
        asked_ns: when, on the monotonic clock.
        start: of the arm, (arm axes,).
        target: where it shall stand, (arm axes,).
        seen: what stands there now.
        held: what the hand holds.
        speed: 0..1 of the velocity limits.
        way: positions on the rest of the way that runs, (k, arm axes): only they are checked; None: find a way.
    """

    goal: MotionGoal
    asked_ns: int
    start: Reference
    target: Array
    seen: Obstacles
    held: Held | None
    speed: float
    way: Array | None


@dataclass(frozen=True, slots=True)
class PlanAnswer:
    """What it said: what is left along the way that runs, or a plan, or why there is none."""

    question: PlanQuestion
    found: Clearance | Plan | NoPlan


def think(planner: LocalPlanner, question: PlanQuestion) -> PlanAnswer:
    """Check the way that runs, or find one; whatever goes wrong is said in the answer."""
    try:
        if question.way is not None:
            return PlanAnswer(question, planner.check(question.way, question.seen, question.held))
        found: Plan | NoPlan = planner.plan(
            question.start, question.target, question.seen, question.speed, question.held
        )
    except Exception as error:  # the thread must live to say so
        found = NoPlan(f"the planner failed: {type(error).__name__}: {error}", "", True)
    return PlanAnswer(question, found)


class PlannedMotion:
    """Which goal the arm follows now, on its way to one that is planned around things."""

    def __init__(self, cell: Cell, planning: Thinking[PlanQuestion, PlanAnswer]) -> None:
        """Take what does not change.

        Args:
            cell: the robot.
            planning: the local planner, beside the tick.
        """
        self._cell = cell
        self._planning = planning
        self._limits = MotionLimits.of_robot(cell.description).of(cell.arm)
        self._goal: MotionGoal | None = None
        self._way: MotionGoal | None = None
        self._stand = MotionGoal()
        self._asked_ns = self._heard_ns = 0
        self._searching_since_ns: int | None = None
        self.clearance: Clearance | Plan | None = None
        """What is left along the way that runs; None while there is none."""
        self.waits_for = ""
        """What is in the way while the arm stands; empty otherwise."""
        self.failed = ""
        """Why there is no way, after the planner gave up; empty otherwise."""

    def forget(self) -> None:
        """Drop the way: the next one begins at the reference."""
        self._goal = self._way = self._searching_since_ns = self.clearance = None
        self.waits_for = self.failed = ""

    def tick(
        self, now_ns: int, reference: Reference, goal: MotionGoal, seen: Obstacles, held: Held | None, speed: float
    ) -> MotionGoal:
        """What to follow now.

        Args:
            now_ns: this moment.
            reference: what the drives are told.
            goal: with the one position that shall be reached.
            seen: what stands there beside the workcell.
            held: what the hand holds.
            speed: 0..1 of the velocity limits.
        """
        if goal is not self._goal:
            self.forget()
            self._goal, self._stand, self._asked_ns = goal, MotionGoal(gripper=goal.gripper), 0
        arm = reference.of(self._cell.arm)
        answer = self._planning.answer(now_ns)
        if answer is not None and answer.question.goal is goal:
            self._heard_ns = now_ns
            self._take(answer, arm, now_ns)
        if self._way is not None and now_ns - self._heard_ns > SILENT_NS:
            self._leave("a planner that is silent", now_ns)
        if now_ns - self._asked_ns >= ASK_EVERY_NS or self._way is None and answer is not None:
            self._ask(now_ns, arm, goal, seen, held, speed)
        return self._way or self._stand

    def _ask(
        self, now_ns: int, arm: Reference, goal: MotionGoal, seen: Obstacles, held: Held | None, speed: float
    ) -> None:
        target = goal.waypoints[-1][self._cell.arm]
        way = None if self._way is None else self._ahead(self._way, arm.position)
        start = arm if way is not None else self._standing(arm)
        if self._planning.ask(PlanQuestion(goal, now_ns, start, target, seen, held, speed, way)):
            self._asked_ns = now_ns

    def _take(self, answer: PlanAnswer, arm: Reference, now_ns: int) -> None:
        found, goal = answer.found, answer.question.goal
        if isinstance(found, Clearance):
            if self._way is None:
                return
            self.clearance = found
            if not keeps_clear(found.along, KEPT_M):
                self._leave(found.what, now_ns)
            return
        if isinstance(found, NoPlan):
            self._leave(found.what or found.reason, now_ns)
            patient = found.what == PERSON  # who goes away again
            assert self._searching_since_ns is not None, "set by leaving"
            if not patient and (found.final or now_ns - self._searching_since_ns > GIVE_UP_NS):
                self.failed = found.reason
            return
        if self._way is not None:
            return
        start = answer.question.start.position
        if float(np.abs(arm.velocity).max()) > AT_REST or float(np.abs(arm.position - start).max()) > SAME:
            return  # it still brakes, or stood elsewhere: ask again
        whole = np.repeat(goal.waypoints[-1][None], len(found.waypoints), axis=0)
        whole[:, self._cell.arm] = found.waypoints
        self._way = MotionGoal(tuple(whole), goal.gripper, goal.speed)
        self.clearance, self.waits_for, self._searching_since_ns = found, "", None

    def _leave(self, what: str, now_ns: int) -> None:
        """Stand, because of what is in the way."""
        self._way = self.clearance = None
        self.waits_for = what
        if self._searching_since_ns is None:
            self._searching_since_ns = now_ns

    def _standing(self, arm: Reference) -> Reference:
        """Where the arm will stand once it has braked."""
        still = np.zeros_like(arm.position)
        if float(np.abs(arm.velocity).max()) <= AT_REST:
            return Reference(arm.position, still, still)
        motion = StopMotion(arm, self._limits)
        return Reference(motion.positions(np.array([motion.duration_s]))[0], still, still)

    def _ahead(self, way: MotionGoal, position: Array) -> Array:
        """Positions (k, arm axes) on what is left of a way, the first where the arm is."""
        points = np.array(way.waypoints)[:, self._cell.arm]
        nearest = int(np.linalg.norm(points - position, axis=1).argmin())
        rest = np.concatenate([position[None], points[min(nearest + 1, len(points) - 1) :]])
        at = np.linspace(0.0, len(rest) - 1.0, BETWEEN * (len(rest) - 1) + 1)
        return np.stack([np.interp(at, np.arange(len(rest)), column) for column in rest.T], axis=1)
