"""Executes one skill at a time: takes authority for a worker, assigns the skill to it, follows it, ends it cleanly.

Pure: `observe` is given what was read in this tick, `take_requests` and `assignment` say what to send. Nothing blocks.

    idle -> granting -> running -> ending -> idle
                ^----------'  the worker was replaced, or another one takes over as the mode changes: a new epoch, so
                              that the old one moves nothing
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from transitions import Machine

from behaviours.robot import RobotState
from behaviours.skill_port import SkillProgress
from policies.skill import Assignment, Goal, Outcome
from robot_runtime.agent_ports import Tier1Request, Tier1RequestKind
from robot_runtime.directive import WorkerStatus

_logger = logging.getLogger(__name__)
_NS_PER_S = 1_000_000_000
Executor = Literal["policy", "fallback"]
"""Which worker moves the arm: with the policy, or with the look-up table."""

STATES = ("idle", "granting", "running", "ending")
TRANSITIONS = (
    ("begin", "idle", "granting"),
    ("granted", "granting", "running"),
    ("regrant", "running", "granting"),
    ("finish", ("granting", "running"), "ending"),
    ("released", "ending", "idle"),
    ("drop", ("granting", "running", "ending"), "idle"),
)


@dataclass(frozen=True, slots=True)
class SkillExecutionConfig:
    """Time limits.

    Attributes:
        grant_timeout_s: the skill fails when tier 1 has not shown the authority for so long.
        grant_retry_s: the grant is asked for again, with a new epoch, after this long.
        report_timeout_s: the skill fails when the worker has not reported on it for so long.
        end_timeout_s: waiting for rest ends, with a warning; the next grant supersedes the old one in any case.
    """

    grant_timeout_s: float = 2.0
    grant_retry_s: float = 0.2
    report_timeout_s: float = 2.0
    end_timeout_s: float = 2.0

    def __post_init__(self) -> None:
        if not 0 < self.grant_retry_s < self.grant_timeout_s:
            raise ValueError(
                f"grant_retry_s is {self.grant_retry_s}; it must lie between 0 and grant_timeout_s = "
                f"{self.grant_timeout_s}"
            )
        for name in ("report_timeout_s", "end_timeout_s"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must exceed 0")


@dataclass(slots=True)
class _Execution:
    """One started skill."""

    ticket: int
    goal: Goal
    timeout_s: float
    speed_scale: float
    high_value: bool
    executor: Executor = "policy"
    number: int = 0
    epoch: int = 0
    pid: int | None = None
    granting_ns: int = 0
    asked_ns: int = 0
    running_ns: int | None = None
    heard_ns: int = 0
    ending_ns: int = 0
    phase: str = "waits for the skill before it to end"
    outcome: Outcome = "running"
    reason: str = ""


class SkillExecution:
    """The executor behind `behaviours.skill_port.SkillPort`."""

    state: str  # kept by the machine

    def __init__(self, config: SkillExecutionConfig | None = None) -> None:
        self._config = config or SkillExecutionConfig()
        logging.getLogger("transitions.core").setLevel(logging.WARNING)  # it tells each transition at INFO
        self._machine = Machine(
            model=self,
            states=list(STATES),
            transitions=[
                {"trigger": trigger, "source": list(source) if isinstance(source, tuple) else source, "dest": dest}
                for trigger, source, dest in TRANSITIONS
            ],
            initial="idle",
            auto_transitions=False,
        )
        self._now_ns = 0
        self._robot: RobotState | None = None
        self._statuses: Mapping[str, WorkerStatus | None] = {}
        self._executor: Executor = "policy"
        self._tickets = 0
        self._numbers = 0
        self._epoch_issued = 0
        self._current: _Execution | None = None
        self._next: _Execution | None = None
        self._ended: _Execution | None = None
        self._requests: list[Tier1Request] = []

    @property
    def assignment(self) -> Assignment | None:
        """What the worker is to execute now; None = hold."""
        current = self._current
        if current is None or self.state != "running":
            return None
        return Assignment(current.number, current.epoch, current.goal, current.speed_scale, current.high_value)

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing waits to run."""
        return self.state == "idle" and self._next is None

    def take_requests(self) -> list[Tier1Request]:
        """Requests to tier 1 since the last call, in order."""
        requests, self._requests = self._requests, []
        return requests

    def start(self, goal: Goal, *, timeout_s: float, speed_scale: float, high_value: bool) -> int:
        self._tickets += 1
        if self._current is not None:
            self.cancel(self._current.ticket)
        self._next = _Execution(self._tickets, goal, timeout_s, speed_scale, high_value)
        if self.state == "idle":
            self._begin()
        return self._tickets

    def progress(self, ticket: int) -> SkillProgress:
        for execution in (self._current, self._next):
            if execution is not None and execution.ticket == ticket:
                return SkillProgress("running", "ends" if self.state == "ending" else execution.phase)
        if self._ended is not None and self._ended.ticket == ticket:
            return SkillProgress(self._ended.outcome, self._ended.phase, self._ended.reason)
        return SkillProgress("failed", reason="another skill was started")

    def cancel(self, ticket: int) -> bool:
        if self._next is not None and self._next.ticket == ticket:
            self._next = None
        current = self._current
        if current is not None and current.ticket == ticket and self.state in ("granting", "running"):
            self._finish("failed", "cancelled")
        return any(
            execution is not None and execution.ticket == ticket and execution.outcome == "succeeded"
            for execution in (current, self._ended)
        )

    def end(self) -> None:
        """End whatever runs or waits, whoever started it."""
        self._next = None
        if self._current is not None:
            self.cancel(self._current.ticket)

    def observe(
        self,
        now_ns: int,
        robot: RobotState | None,
        statuses: Mapping[str, WorkerStatus | None],
        executor: Executor,
    ) -> None:
        """Take in one tick's readings and move on.

        Args:
            now_ns: time of the tick.
            robot: newest state of tier 1.
            statuses: newest answer of each worker.
            executor: which of them moves the arm in the present mode.
        """
        self._now_ns, self._robot, self._statuses, self._executor = now_ns, robot, statuses, executor
        if self._current is not None:
            {"granting": self._grant, "running": self._run, "ending": self._end}[self.state](self._current)
        if self.state == "idle" and self._next is not None:
            self._begin()

    def _begin(self) -> None:
        current, self._next = self._next, None
        assert current is not None, "only called with a skill that waits"
        self._current = current
        self._fire("begin")
        self._take_authority(current)
        if self._robot is not None and self._robot.latched:
            self._drop(f"tier 1 has a latched stop: {self._robot.first_cause.fault}")

    def _take_authority(self, current: _Execution) -> None:
        """Ask for authority under a new epoch, for a new execution number."""
        self._numbers += 1
        current.number, current.executor = self._numbers, self._executor
        current.granting_ns = self._now_ns
        current.phase = "waits for authority"
        self._ask(current)

    def _ask(self, current: _Execution) -> None:
        highest = self._robot.epoch_highest if self._robot is not None else 0
        self._epoch_issued = max(highest, self._epoch_issued) + 1
        current.epoch = self._epoch_issued
        current.asked_ns = self._now_ns
        self._request("grant_authority", current)

    def _grant(self, current: _Execution) -> None:
        robot = self._robot
        if robot is not None and robot.latched:
            self._drop(f"tier 1 latched a stop: {robot.first_cause.fault}")
        elif current.executor != self._executor:
            self._take_authority(current)
        elif self._has_authority(current):
            self._fire("granted")
            self._request("begin_skill", current)
            status = self._statuses.get(current.executor)
            current.pid = status.pid if status is not None else None
            current.heard_ns = self._now_ns
            current.phase = "assigned"
            if current.running_ns is None:
                current.running_ns = self._now_ns
        elif self._since_s(current.granting_ns) > self._config.grant_timeout_s:
            self._finish("failed", f"tier 1 did not grant authority within {self._config.grant_timeout_s:g} s")
        elif self._since_s(current.asked_ns) > self._config.grant_retry_s:
            self._ask(current)

    def _run(self, current: _Execution) -> None:
        robot, status = self._robot, self._statuses.get(current.executor)
        if robot is not None and robot.latched:
            self._drop(f"tier 1 latched a stop: {robot.first_cause.fault}")
            return
        if robot is not None and not self._has_authority(current):
            self._drop(
                f"authority passed to {robot.authority} (epoch {robot.epoch}); this skill had epoch {current.epoch}"
            )
            return
        if status is not None and current.pid is None:
            current.pid = status.pid
        if current.executor != self._executor:
            _logger.warning("the %s worker takes over from the %s worker", self._executor, current.executor)
            self._begin_again(current)
            return
        if status is not None and status.pid != current.pid:
            _logger.warning(
                "%s worker %s was replaced by %s: the skill begins again", current.executor, current.pid, status.pid
            )
            self._begin_again(current)
            return
        report = status.report if status is not None else None
        if report is not None and report.skill == current.number:
            current.phase = report.phase
            current.heard_ns = self._now_ns
            if report.outcome != "running":
                self._finish(report.outcome, report.reason)
                return
        if current.running_ns is not None and self._since_s(current.running_ns) > current.timeout_s:
            self._finish("failed", f"it took longer than {current.timeout_s:g} s, in phase {current.phase!r}")
        elif self._since_s(current.heard_ns) > self._config.report_timeout_s:
            limit_s = self._config.report_timeout_s
            self._finish("failed", f"the {current.executor} worker has not reported for {limit_s:g} s")

    def _begin_again(self, current: _Execution) -> None:
        """By whoever moves the arm now."""
        self._request("end_skill", current)
        self._fire("regrant")
        self._take_authority(current)

    def _end(self, current: _Execution) -> None:
        robot = self._robot
        if robot is None or robot.latched:
            self._conclude("drop")
        elif not self._has_authority(current) and robot.execution not in ("active", "stopping"):
            self._conclude("released")
        elif self._since_s(current.ending_ns) > self._config.end_timeout_s:
            _logger.warning("skill %d: tier 1 is %s after the revocation", current.number, robot.execution)
            self._conclude("released")

    def _has_authority(self, current: _Execution) -> bool:
        robot = self._robot
        return robot is not None and robot.authority == current.executor and robot.epoch == current.epoch

    def _finish(self, outcome: Outcome, reason: str) -> None:
        """Decide the outcome and give the authority back."""
        current = self._current
        assert current is not None, "only called while a skill runs"
        current.outcome, current.reason = outcome, reason
        current.ending_ns = self._now_ns
        self._request("end_skill", current)
        self._request("revoke_authority", current)
        self._fire("finish")

    def _drop(self, reason: str) -> None:
        """Fail where there is no authority to give back."""
        current = self._current
        assert current is not None, "only called while a skill runs"
        current.outcome, current.reason = "failed", reason
        self._request("end_skill", current)
        self._conclude("drop")

    def _conclude(self, trigger: str) -> None:
        self._ended, self._current = self._current, None
        self._fire(trigger)

    def _fire(self, trigger: str) -> None:
        self._machine.events[trigger].trigger(self)

    def _request(self, kind: Tier1RequestKind, current: _Execution) -> None:
        self._requests.append(Tier1Request(kind, current.executor, current.epoch, current.number, self._now_ns))

    def _since_s(self, stamp_ns: int) -> float:
        return (self._now_ns - stamp_ns) / _NS_PER_S
