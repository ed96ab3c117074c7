"""A robot in plain Python for the agent's tests: tier 1, workers and scene answer as the real ones, on virtual time."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from behaviours.robot import RobotState, StopCause
from behaviours.workcell import Bin, Hand, Workcell
from perception.scene import Scene, SceneObject, Vector3
from policies.skill import Assignment, MoveTo, Pick, Place, SkillReport
from robot_runtime.agent import AgentConfig, RobotRuntimeAgent
from robot_runtime.agent_api import Call, Reply, Request
from robot_runtime.agent_ports import AgentConstraints, Beat, Tier1Event, Tier1Request
from robot_runtime.directive import Directive, WorkerStatus
from rt_control.clock import VirtualClock
from trees.mission import MissionPlan

PERIOD_NS = 20_000_000
BINS = {"left_bin": Bin((0.4, 0.4, 0.0), (0.2, 0.2, 0.1)), "right_bin": Bin((0.4, -0.4, 0.0), (0.2, 0.2, 0.1))}
WORKCELL = Workcell(BINS, ("home",), Hand(axis=7, closed=0.0, opening_per_axis=2.0))
KNOWN = WORKCELL.known_names
OPEN, CLOSED_ON_OBJECT = 0.04, 0.02


class FakeRobot:
    """Everything outside of the agent.

    Attributes that a test may change at any time: `silent` (sources that no longer beat), `stuck` (skills never end),
    `fail_next` (the next skills fail with these reasons), `deaf` (workers that take up no directive), `missing` (share
    of deadlines missed), `queue_age_s`.
    """

    def __init__(self) -> None:
        self.clock = VirtualClock(1_000_000_000)
        self.state = RobotState(
            cycle=1,
            stamp_ns=0,
            generation=1,
            execution="idle",
            stop="none",
            latched=False,
            first_cause=StopCause(),
            last_cause=StopCause(),
            authority="none",
            skill=0,
            epoch=0,
            epoch_highest=0,
            position=(0.0,) * 7 + (OPEN,),
            position_reference=(0.0,) * 7 + (OPEN,),
            tcp_position_base=(0.4, 0.0, 0.5),
            tcp_speed_mps=0.0,
            speed_scale=1.0,
            margin_scale=1.0,
            person_distance_m=1000.0,
            battery=0.9,
        )
        self.objects: dict[str, Vector3] = {
            "red_cube": (0.5, 0.0, 0.02),
            "green_cylinder": (0.5, 0.1, 0.02),
            "blue_box": (0.5, -0.1, 0.02),
            "yellow_ball": (0.6, 0.0, 0.02),
        }
        self.held = ""
        self.silent: set[str] = set()
        self.deaf: set[str] = set()
        self.stuck = False
        self.fail_next: list[str] = []
        self.missing = 0.0
        self.queue_age_s = 0.0
        self.pids = {"cameras": 10, "perception": 11, "policy": 12, "fallback": 13}
        self.skill_ticks = 5
        self.queue_full = False
        self.cloud_ns: int | None = None
        self.requests: list[Tier1Request] = []
        self.asked: list[Request] = []
        self.replies: list[Reply] = []
        self.beats_sent: list[Beat] = []
        self.constraints: list[AgentConstraints] = []
        self.directives: list[Directive] = []
        self.snapshots: list[bytes] = []
        self.executed: list[str] = []
        self._counts: dict[str, int] = dict.fromkeys(self.pids, 0)
        self._missed = 0.0
        self._acknowledged = dict.fromkeys(self.pids, 0)
        self._assignment: Assignment | None = None
        self._worked = 0
        self._report: SkillReport | None = None

    def agent(self, mission: MissionPlan | None = None, config: AgentConfig | None = None) -> RobotRuntimeAgent:
        """An agent of this robot."""
        return RobotRuntimeAgent(self.clock, self, mission, config, robot="fake", workcell=WORKCELL)

    def run(self, agent: RobotRuntimeAgent, ticks: int = 1) -> None:
        """Let time pass: the world, then the agent."""
        for _ in range(ticks):
            self.advance()
            agent.tick()

    def latch(self, fault: str = "operator_stop") -> None:
        """Tier 1 stops and latches."""
        cause = StopCause(fault, "ss1", cycle=self.state.cycle, value=1.0)
        self._set(latched=True, stop="ss1", execution="stopped", first_cause=cause, last_cause=cause, authority="none")

    def reset(self) -> None:
        """The operator resets the stop."""
        self._set(latched=False, stop="none", execution="idle", first_cause=StopCause())

    def ask(self, request: Request) -> None:
        """Put a request to the agent's API into the next tick."""
        self.asked.append(request)

    def advance(self) -> None:
        """One period of the world."""
        self.clock.advance_ns(PERIOD_NS)
        for source in self._counts:
            self._counts[source] += source not in self.silent
        self._missed += self.missing
        if "tier1" not in self.silent:
            self._set(cycle=self.state.cycle + 20, stamp_ns=self.clock.now_ns())
        self._work()

    def _work(self) -> None:
        if "policy" in self.silent:
            return
        directive = self.directives[-1] if self.directives and "policy" not in self.deaf else None
        assignment = directive.assignment if directive is not None else None
        if assignment != self._assignment:
            self._assignment, self._worked, self._report = assignment, 0, None
        if assignment is None or assignment.epoch != self.state.epoch or self.state.authority != "policy":
            return
        if self._report is not None and self._report.outcome != "running":
            return
        self._worked += 1
        outcome, reason = "running", ""
        if self._worked >= self.skill_ticks and not self.stuck:
            outcome, reason = self._finish(assignment)
        self._set(execution="active" if outcome == "running" else "holding")
        self._report = SkillReport(assignment.skill, outcome, "moves", reason, self.clock.now_ns())  # type: ignore[arg-type]

    def _finish(self, assignment: Assignment) -> tuple[str, str]:
        goal = assignment.goal
        self.executed.append(str(goal))
        if self.fail_next:
            return "failed", self.fail_next.pop(0)
        match goal:
            case Pick(name):
                self.held = name
                self._grip(CLOSED_ON_OBJECT)
            case Place(bin_name):
                self.objects[self.held] = BINS[bin_name].floor_base
                self.held = ""
                self._grip(OPEN)
            case MoveTo(_):
                pass
        return "succeeded", ""

    def _grip(self, opening: float) -> None:
        told = OPEN if opening == OPEN else 0.0
        self._set(position=(*self.state.position[:7], opening), position_reference=(*self.state.position[:7], told))

    def _set(self, **changes: object) -> None:
        self.state = msgspec.structs.replace(self.state, **changes)

    # AgentPorts ------------------------------------------------------------------------------------------------------

    def robot_state(self) -> RobotState | None:
        return self.state

    def events(self) -> tuple[Sequence[Tier1Event], int]:
        return (), 0

    def scene(self) -> Scene | None:
        now_ns = self.clock.now_ns()
        seen = tuple(
            SceneObject(name, position, 0.0, (0.04, 0.04, 0.04), 0.9, now_ns)
            for name, position in sorted(self.objects.items())
            if name != self.held
        )
        return Scene(self._counts["perception"], now_ns, seen, None, "oracle")

    def beat(self, source: str) -> Beat | None:
        count = self._counts[source]
        if count == 0:
            return None
        return Beat(source, "healthy", self.pids[source], self.clock.now_ns(), count, 50.0, 0.2, int(self._missed))

    def worker_status(self, source: str) -> WorkerStatus | None:
        if self._counts[source] == 0:
            return None
        if self.directives and source not in self.deaf and source not in self.silent:
            self._acknowledged[source] = self.directives[-1].sequence
        report = self._report if source == "policy" else None
        return WorkerStatus(
            source, self.pids[source], self._acknowledged[source], self.clock.now_ns(), report, self.queue_age_s
        )

    def cloud_heard_ns(self) -> int | None:
        return self.cloud_ns

    def calls(self) -> Sequence[Call]:
        asked, self.asked = self.asked, []
        return [Call(request) for request in asked]

    def answer(self, call: Call, reply: Reply) -> None:
        self.replies.append(reply)

    def send_beat(self, beat: Beat) -> None:
        self.beats_sent.append(beat)

    def send_constraints(self, constraints: AgentConstraints) -> None:
        self.constraints.append(constraints)

    def send_request(self, request: Tier1Request) -> bool:
        if self.queue_full:
            return False
        self.requests.append(request)
        if self.state.latched:
            return True
        match request.kind:
            case "grant_authority":
                if request.epoch > self.state.epoch_highest:
                    self._set(authority=request.source, epoch=request.epoch, epoch_highest=request.epoch)
            case "revoke_authority":
                if self.state.authority == request.source:
                    self._set(authority="none", execution="holding")
            case "begin_skill":
                self._set(skill=request.skill)
            case "end_skill":
                self._set(skill=0)
        return True

    def send_directive(self, directive: Directive) -> None:
        self.directives.append(directive)

    def send_snapshot(self, snapshot: bytes) -> None:
        self.snapshots.append(snapshot)
