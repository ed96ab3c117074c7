"""Runs the assigned skill: each tick one command for `rt_control` and one report for the agent, or neither."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from perception.scene import Scene
from policies.activity import Activity, Done, Held, View
from policies.cell import Cell
from policies.learned_motion import LearnedMotion, PolicyFault
from policies.motion_source import MotionSource
from policies.move_to_pose import MoveToPose
from policies.pick import PickObject
from policies.place import PlaceInBin
from policies.planned_motion import PlannedMotion
from policies.skill import Assignment, Goal, MoveTo, Outcome, Pick, SkillReport
from policies.trajectory import NoMotion
from policies.ways import Ways

if TYPE_CHECKING:
    from rt_control._native import Command, State

ACTIVE_TIME_LIMIT_NS = 40_000_000_000  # of one skill at full speed, counted only while the robot may move
TICK_LIMIT_NS = 100_000_000  # a longer gap between two ticks counts as this much
SLOWEST = 0.05  # speed scale below which the time limit grows no more

logger = logging.getLogger(__name__)


class PolicyExecutor:
    """The policy worker's core: a function of what it is given and of the skill that runs."""

    def __init__(self, cell: Cell, ways: Ways, learned: LearnedMotion, planned: PlannedMotion | None = None) -> None:
        """Take what does not change.

        Args:
            cell: the robot.
            ways: that no policy finds.
            learned: the arm in the hands of the policy.
            planned: the arm in the hands of the local planner; None: a robot file without capsules.
        """
        from rt_control._native import Source

        self._cell, self._ways = cell, ways
        self._plans = planned is not None
        self._source = MotionSource(cell, Source.policy, learned, planned)
        self.counts = learned.counts
        self._skill: int | None = None
        self._activity: Activity | None = None
        self._held: Held | None = None
        self._report: SkillReport | None = None
        self._active_ns = 0.0
        self._last_ns: int | None = None
        self.fault = ""
        """Why the policy cannot be used any more: nothing moves until there is another executor."""

    def tick(
        self, now_ns: int, state: State, scene: Scene | None, assignment: Assignment | None
    ) -> tuple[Command | None, SkillReport | None]:
        """Advance the assigned skill.

        Args:
            now_ns: this moment.
            state: the newest of `rt_control`.
            scene: the newest of perception, if any.
            assignment: what the agent wants now; None: nothing, and nothing is produced.

        Returns:
            The command to write (None: write nothing; what was written before runs out and the robot holds) and how
            the skill stands.
        """
        if self.fault:
            return None, self._report
        if assignment is None:
            self._skill = self._activity = self._report = None
            self._source.forget()
            return None, None
        if self._activity is None or assignment.skill != self._skill:
            self._begin(assignment)
        if self._report is not None and self._report.outcome != "running":
            return None, self._report
        view = self._source.view(state, scene, self._held)
        if view is None:
            return None, self._tell(now_ns, "failed", "sense", "the robot's state is not finite or beyond belief")
        if not self._source.may_move(state, assignment.epoch):
            self._last_ns = None
            self._source.forget()
            return None, self._tell(now_ns, "running", "wait for authority")
        return self._advance(now_ns, state, view, assignment)

    def _begin(self, assignment: Assignment) -> None:
        logger.debug("skill %d begins: %s", assignment.skill, assignment.goal)
        self._skill = assignment.skill
        self._activity = self._activity_for(assignment.goal)
        self._source.forget()
        self._report = None
        self._active_ns = 0.0
        self._last_ns = None

    def _advance(
        self, now_ns: int, state: State, view: View, assignment: Assignment
    ) -> tuple[Command | None, SkillReport | None]:
        phase = self._report.phase if self._report is not None else "start"
        self._count_time(now_ns, min(state.speed_scale, assignment.speed_scale))
        if self._active_ns > ACTIVE_TIME_LIMIT_NS:
            reason = f"it took longer than {ACTIVE_TIME_LIMIT_NS // 1_000_000_000} s, last in phase {phase!r}"
            return None, self._tell(now_ns, "failed", phase, reason)
        assert self._activity is not None, "an assignment has begun"
        answer = self._activity.step(replace(view, moved_ns=int(self._active_ns)))
        self._held = answer.held
        if isinstance(answer, Done):
            return None, self._tell(now_ns, "failed" if answer.reason else "succeeded", answer.phase, answer.reason)
        try:
            command = self._source.command(
                answer, view, state, epoch=assignment.epoch, skill=assignment.skill, speed=assignment.speed_scale
            )
        except PolicyFault as error:
            self.fault = str(error)
            logger.error("%s", error)
            return None, self._tell(now_ns, "running", f"stopped: {error}")
        except NoMotion as error:
            return None, self._tell(now_ns, "failed", answer.phase, str(error))
        return command, self._tell(now_ns, "running", answer.phase)

    def _activity_for(self, goal: Goal) -> Activity:
        if isinstance(goal, MoveTo):
            return MoveToPose(self._cell, self._ways, goal.pose, around=self._plans)
        if isinstance(goal, Pick):
            return PickObject(self._cell, self._ways, goal.object_name)
        return PlaceInBin(self._cell, self._ways, goal.bin_name)

    def _count_time(self, now_ns: int, speed: float) -> None:
        """Time counts as far as the robot may move in it: at half the speed a skill may take twice as long."""
        if self._last_ns is not None and speed > 0.0:
            self._active_ns += min(max(now_ns - self._last_ns, 0), TICK_LIMIT_NS) * min(max(speed, SLOWEST), 1.0)
        self._last_ns = now_ns

    def _tell(self, now_ns: int, outcome: Outcome, phase: str, reason: str = "") -> SkillReport:
        if outcome != "running":
            logger.debug("skill %s %s in %s: %s", self._skill, outcome, phase, reason)
            self._source.forget()
        clearance_m, nearest = self._source.on_the_way
        if nearest and clearance_m is None:
            phase = f"{phase}: waits, {nearest} is in the way"
        self._report = SkillReport(self._skill or 0, outcome, phase, reason, now_ns, clearance_m, nearest)
        return self._report
