"""The agent: reads what there is, ticks the tree, and says what it wants of tier 1 and of the workers. Never blocks.

The same class runs live and in lockstep; everything outside comes through `AgentPorts` and the clock. Safety authority
is not here but below, in tier 1.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import msgspec
import py_trees
from py_trees.common import Status

from behaviours import keys
from behaviours.mission_leaf import LeafContext
from behaviours.operator import OperatorState
from behaviours.robot import RobotState
from behaviours.sense import Reading
from behaviours.workcell import Workcell
from robot_runtime import agent_api as api
from robot_runtime.agent_ports import AgentConstraints, AgentPorts, Tier1Event, Tier1Request
from robot_runtime.agent_status import AgentStatus, RunOutcome
from robot_runtime.directive import Directive, WorkerStatus
from robot_runtime.health import WORKERS, HealthConfig, HealthMonitors, HealthSamples
from robot_runtime.profile_handover import ProfileHandover
from robot_runtime.rate_meter import RateMeter
from robot_runtime.scene_care import more_careful, scene_care
from robot_runtime.skill_execution import Executor, SkillExecution, SkillExecutionConfig
from robot_runtime.snapshots import SnapshotPublisher
from robot_runtime.takeover import Takeover
from rt_control.clock import Clock
from rt_control.errors import InputError
from trees.control import RetryUntilSuccessful, SubTree
from trees.mission import MissionPlan, parse_mission
from trees.mission_build import build_mission
from trees.root import build_root

_logger = logging.getLogger(__name__)
_NS_PER_S = 1_000_000_000
T = TypeVar("T")
_NO_CALLS: Sequence[api.Call] = ()
_NO_EVENTS: tuple[Sequence[Tier1Event], int] = ((), 0)


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """How the agent works.

    Attributes:
        period_s: between two ticks.
        directive_period_s: the directive is repeated at least this often.
        snapshots: whether the snapshot stream is written.
        rates_period_s: measured rates are told this often.
        startup_limit_s: the robot counts as started after this long at the latest, whatever is missing.
        health: thresholds of the monitors.
        skills: time limits of skill execution.
    """

    period_s: float = 0.02
    directive_period_s: float = 0.1
    snapshots: bool = True
    rates_period_s: float = 0.5
    startup_limit_s: float = 10.0
    health: HealthConfig = field(default_factory=HealthConfig)
    skills: SkillExecutionConfig = field(default_factory=SkillExecutionConfig)

    def __post_init__(self) -> None:
        for name in ("period_s", "directive_period_s", "rates_period_s", "startup_limit_s"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must exceed 0")


class ModeEntry(msgspec.Struct, frozen=True):
    """One entry of a branch.

    Attributes:
        name: of the branch, as in the root tree.
        stamp_ns: when it was entered.
        reason: what was seen.
    """

    name: str
    stamp_ns: int
    reason: str


class RobotRuntimeAgent:
    """One robot's agent.

    Args:
        clock: monotonic.
        ports: everything outside.
        mission: to run from the first tick on; None = wait for one.
        config: how to work.
        robot: its name.
        workcell: what the robot description says of the surroundings.
    """

    def __init__(
        self,
        clock: Clock,
        ports: AgentPorts,
        mission: MissionPlan | None,
        config: AgentConfig | None = None,
        *,
        robot: str,
        workcell: Workcell,
    ) -> None:
        self._clock = clock
        self._ports = ports
        self._config = config or AgentConfig()
        self._robot_name = robot
        self._workcell = workcell
        self._board = keys.root_blackboard()
        self._skills = SkillExecution(self._config.skills)
        self._takeover = Takeover()
        self._monitors = HealthMonitors(self._config.health)
        self._handover = ProfileHandover(self._config.health.acknowledge_s)
        self._context = LeafContext.of(self._board, self._skills, workcell)
        self._reading = Reading(clock.now_ns(), None, None, keys.HEALTH.initial, OperatorState())
        self._tree = build_root(self._board, lambda: self._reading)
        self._snapshots = SnapshotPublisher(self._tree.root, self._tree.mission, self._board)
        self._profile = self._board.reader(keys.PROFILE, "agent")
        self._compute = self._board.reader(keys.COMPUTE_MODE, "agent")
        self._connectivity = self._board.reader(keys.CONNECTIVITY_MODE, "agent")
        self._asks = self._board.reader(keys.ASKS, "agent")
        self._act = self._tree.root.children[1]
        self._operator = OperatorState()
        self._late: frozenset[str] = frozenset()
        self._was_latched = False
        self._broken = ""
        self._complaints: set[str] = set()
        self._outbox: deque[Tier1Request] = deque()
        self._directive: Directive | None = None
        self._directive_sent_ns = 0
        self._pid = os.getpid()
        self._first_ns = clock.now_ns()
        self._rates = RateMeter(self._config.period_s)
        self._ready = False
        self._modes_held: list[str] = []
        self._step: tuple[object, str] = (None, "")
        self._status_of: tuple[object, ...] = ()
        self._status = AgentStatus(robot)
        self._caution = ""
        self.modes_entered: list[ModeEntry] = []
        """Branches of Act, Compute and Connectivity in the order in which they were entered, from `ready` on."""
        if mission is not None:
            self.start_mission(mission)

    # What happens in each tick ---------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Read, decide, write. Call it 50 times a second; it never blocks and never raises."""
        now_ns = self._clock.now_ns()
        self._rates.tick(now_ns)
        for call in self._port(self._ports.calls, _NO_CALLS):
            self._answer(call)
        statuses = self._read(now_ns)
        executor: Executor = "fallback" if self._profile.get().policy == "reactive" else "policy"
        self._skills.observe(now_ns, self._reading.robot, statuses, executor)
        self._tick_tree()
        self._note_modes(now_ns)
        self._write(now_ns, statuses)
        self._rates.end(self._clock.now_ns())

    def _answer(self, call: api.Call) -> None:
        try:
            reply = self.handle(call.request)
        except Exception as error:
            self._complain(f"request {call.request} failed: {type(error).__name__}: {error}", error)
            reply = api.Refused(f"internal error: {error}")
        self._port(lambda: self._ports.answer(call, reply), None)

    def _read(self, now_ns: int) -> Mapping[str, WorkerStatus | None]:
        ports = self._ports
        robot = self._port(ports.robot_state, None)
        statuses = {source: self._port(partial(ports.worker_status, source), None) for source in WORKERS}
        beats = {source: self._port(partial(ports.beat, source), None) for source in ("cameras", *WORKERS)}
        self._rates.workers = beats
        cloud_ns = self._port(ports.cloud_heard_ns, None)
        health = self._monitors.update(now_ns, HealthSamples(robot, beats, statuses, self._late, cloud_ns))
        self._note_stop(robot)
        self._log_events()
        perception = statuses["perception"]
        ledger = None if perception is None else perception.ledger
        self._reading = Reading(now_ns, robot, self._port(ports.scene, None), health, self._operator, ledger)
        return statuses

    def _tick_tree(self) -> None:
        try:
            self._tree.root.tick_once()
        except Exception as error:
            # Leaves keep their exceptions to themselves: this is a fault of the tree. End the work, stay alive.
            self._complain(f"internal error in the tree: {type(error).__name__}: {error}", error)
            self._broken = f"internal error: {error}"
            self._skills.end()
            with contextlib.suppress(Exception):
                self._tree.mission.cancel()

    def _write(self, now_ns: int, statuses: Mapping[str, WorkerStatus | None]) -> None:
        ports, robot = self._ports, self._reading.robot
        request = self._takeover.update(now_ns, robot, held=bool(self._operator.holder), free=self._skills.idle)
        if request is not None:
            self._outbox.append(request)
        self._outbox.extend(self._skills.take_requests())  # after the jog has given its authority back
        while self._outbox:
            sent: bool = self._port(partial(ports.send_request, self._outbox[0]), False)
            if not sent:
                break
            self._outbox.popleft()
        directive = self._next_directive(now_ns)
        living = [source for source in WORKERS if getattr(self._reading.health, source).ok or source in self._late]
        care = self._handover.update(
            now_ns,
            directive.profile,
            directive.sequence,
            living,
            {source: status.directive_sequence for source, status in statuses.items() if status is not None},
        )
        self._late = care.late
        asked, self._caution = scene_care(self._reading.scene, now_ns)
        care = more_careful(care, asked)
        self._port(lambda: ports.send_constraints(AgentConstraints(now_ns, care.speed_scale, care.margin_scale)), None)
        self._port(lambda: ports.send_beat(self._rates.beat(now_ns, self._pid)), None)
        self._tell(now_ns)

    def _next_directive(self, now_ns: int) -> Directive:
        profile, assignment = self._profile.get(), self._skills.assignment
        directive = self._directive
        changed = directive is None or directive.profile != profile or directive.assignment != assignment
        if directive is None or changed:
            sequence = 1 if directive is None else directive.sequence + 1
            directive = self._directive = Directive(sequence, now_ns, profile, assignment)
        if changed or now_ns - self._directive_sent_ns >= self._config.directive_period_s * _NS_PER_S:
            self._directive_sent_ns = now_ns
            self._port(lambda: self._ports.send_directive(directive), None)
        return directive

    # What the operator asks ------------------------------------------------------------------------------------------

    def handle(self, request: api.Request) -> api.Reply:
        """Do what a request of the API asks, or say why not."""
        match request:
            case api.Hello(client):
                _logger.info("%s connected to the API", client)
                return api.Welcome(self._robot_name, api.API_VERSION)
            case api.GetStatus():
                return api.StatusReply(self._status)
            case api.Pause(reason):
                self._operator = msgspec.structs.replace(self._operator, paused=True, pause_reason=reason)
            case api.Resume():
                return self._resume()
            case api.StartMission(name, text):
                return self._start(name, text)
            case api.CancelMission():
                if not self._mission_runs():
                    return api.Refused("no mission runs; nothing to cancel")
                self._tree.mission.cancel()
            case api.TakeOver(operator):
                holder = self._operator.holder
                if not operator or holder not in ("", operator):
                    return api.Refused(
                        f"{holder} holds the robot; it must be released first" if holder else "say who takes over"
                    )
                self._operator = msgspec.structs.replace(self._operator, holder=operator)
            case api.Release():
                self._operator = msgspec.structs.replace(self._operator, holder="")
        _logger.info("operator: %s", request)
        return api.Done()

    def start_mission(self, plan: MissionPlan) -> None:
        """Run a mission from the next tick on; the one before it is dropped."""
        self._broken = ""
        self._tree.mission.unload()
        self._tree.mission.load(build_mission(plan, self._context))
        self._snapshots.restructure()
        _logger.info("mission %s begins", plan.name)

    def _start(self, name: str, text: str) -> api.Reply:
        if self._mission_runs():
            return api.Refused(f"mission {self._status.mission} runs; cancel it first")
        try:
            self.start_mission(parse_mission(text, name, self._workcell.known_names))
        except InputError as error:
            return api.Refused(str(error))
        return api.Done()

    def _resume(self) -> api.Reply:
        robot = self._reading.robot
        if robot is not None and robot.latched:
            return api.Refused(f"a stop is latched ({robot.first_cause.fault}); reset it first, then resume")
        self._operator = msgspec.structs.replace(self._operator, paused=False, pause_reason="")
        _logger.info("operator: resume")
        return api.Done()

    def _mission_runs(self) -> bool:
        return self._tree.mission.mission is not None and self._tree.mission.result is None

    # What is known of the whole --------------------------------------------------------------------------------------

    @property
    def outcome(self) -> RunOutcome | None:
        """How the mission ended, or that a stop is latched; None while it runs or waits, and without a mission."""
        mission = self._tree.mission
        if self._broken:
            return RunOutcome("FAILURE", self._broken)
        if mission.mission is None:
            return None
        if mission.result is Status.SUCCESS:
            return RunOutcome("SUCCESS")
        if mission.result is Status.FAILURE:
            return RunOutcome("FAILURE", mission.mission.progress.last_failure)
        if mission.result is Status.INVALID:
            return RunOutcome("cancelled")
        robot, tier1 = self._reading.robot, self._reading.health.tier1
        if robot is not None and robot.latched:
            return RunOutcome("stopped_by_safety", robot.first_cause.fault)
        if robot is not None and not tier1.ok and self._ready:
            return RunOutcome("stopped_by_safety", tier1.reason)
        return None

    @property
    def status(self) -> AgentStatus:
        """The robot as a whole, as of the last tick."""
        return self._status

    @property
    def ready(self) -> bool:
        """Whether everything needed has worked once since the start."""
        return self._ready

    @property
    def tree(self) -> py_trees.behaviour.Behaviour:
        """The root of the tree, to be looked at."""
        return self._tree.root

    def _tell(self, now_ns: int) -> None:
        """Bring the status up to date and write the snapshot stream."""
        mission = self._tree.mission
        leaf = mission.running_leaf()
        if leaf is not None and leaf is not self._step[0]:
            self._step = (leaf, self._describe(leaf))
        branch = next((node for node in self._act.children if node.status is Status.RUNNING), self._act.children[-1])
        running = mission.mission if self._mission_runs() else None
        of = (
            self._ready,
            branch.name,
            branch.feedback_message or mission.feedback_message,
            self._compute.get(),
            self._connectivity.get(),
            mission.mission.name if mission.mission is not None else "",
            self._step[1] if running is not None else "",
            self.outcome,
            self._asks.get(),
            leaf.feedback_message if leaf is not None else "",
            self._rates.measured(now_ns, self._config.rates_period_s),
            self._caution,
        )
        if of != self._status_of:
            self._status_of = of
            ready, name, reason, compute, connectivity, title, step, outcome, asks, skill, rates, caution = of
            self._status = AgentStatus(
                self._robot_name,
                ready,
                name,
                compute,
                connectivity,
                title,
                step,
                reason,
                outcome,
                asks,
                skill,
                rates,
                caution,
            )
        if self._config.snapshots:
            snapshot = self._snapshots.update(now_ns, self._status, leaf)
            if snapshot is not None:
                self._port(lambda: self._ports.send_snapshot(snapshot), None)

    def _describe(self, leaf: py_trees.behaviour.Behaviour) -> str:
        names = [leaf.name]
        node = leaf.parent
        while node is not None and node is not self._tree.mission:
            if isinstance(node, SubTree):
                names.append(node.name)
            elif isinstance(node, RetryUntilSuccessful):
                names.append(node.feedback_message)
            node = node.parent
        return " > ".join(reversed(names))

    def _note_modes(self, now_ns: int) -> None:
        health = self._reading.health
        if not self._ready:
            needed = (health.tier1, health.cameras, health.perception, health.policy)
            waited_s = (now_ns - self._first_ns) / _NS_PER_S
            self._ready = all(item.ok for item in needed) or waited_s > self._config.startup_limit_s
            if not self._ready:
                return
        act, operate = self._act, self._act.children[-1]
        held: list[py_trees.behaviour.Behaviour] = [
            child for child in act.children[:-1] if child.status is Status.RUNNING
        ]
        if operate.status is not Status.INVALID:
            held += [
                child for group in operate.children[:2] for child in group.children if child.status is Status.SUCCESS
            ]
        names = [node.name for node in held]
        if names != self._modes_held:
            for node in held:
                if node.name not in self._modes_held:
                    self.modes_entered.append(ModeEntry(node.name, now_ns, node.feedback_message))
                    _logger.info("%s: %s", node.name, node.feedback_message or "entered")
            self._modes_held = names

    def _note_stop(self, robot: RobotState | None) -> None:
        """A latched stop pauses the mission: its reset never starts motion by itself."""
        latched = robot is not None and robot.latched
        if robot is not None and latched and not self._was_latched:
            _logger.warning("tier 1 latched a stop: %s", robot.first_cause.sentence())
            if self._mission_runs():
                self._operator = msgspec.structs.replace(
                    self._operator, paused=True, pause_reason=f"stopped by safety ({robot.first_cause.fault})"
                )
        self._was_latched = latched

    def _log_events(self) -> None:
        events, lost = self._port(self._ports.events, _NO_EVENTS)
        for event in events:
            level = logging.WARNING if event.kind == "request_refused" else logging.DEBUG
            _logger.log(level, "tier 1: %s %s of %s in cycle %d", event.kind, event.code, event.source, event.cycle)
        if lost:
            _logger.warning("%d events of tier 1 were lost", lost)

    def _port(self, use: Callable[[], T], otherwise: T) -> T:
        """Use a port; what it raises is complained of once, and then there is nothing new from it."""
        try:
            return use()
        except Exception as error:
            self._complain(f"port: {type(error).__name__}: {error}", error)
            return otherwise

    def _complain(self, what: str, error: Exception) -> None:
        if what not in self._complaints:
            self._complaints.add(what)
            _logger.error("%s", what, exc_info=error)
