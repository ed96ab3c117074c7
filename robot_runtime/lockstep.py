"""Virtual time: plant, cameras, perception, policy, agent and `Controller::step` in one process, in lockstep.

The same classes as in the live runtime, wired by mailboxes instead of channels and sockets. Deterministic to the bit
for a seed. Inside one millisecond the order is fixed: plant, `rt_control`, cameras and perception, policy, agent. What
each of them says becomes visible to the others only after the latency that it has in the live runtime (`latency.toml`).
A frame is rendered only when perception looks at it. Not modelled: the stereo of the fallback worker (it only beats),
workers that are overloaded, and images that are older than the state of the robot.
"""

from __future__ import annotations

import time
import tomllib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec
import numpy as np

from behaviours.robot import RobotState
from behaviours.workcell import Workcell
from models.roles import ActionPolicy
from perception.robot_shape import robot_capsules
from perception.scene import Scene
from policies.seam import Seam
from policies.skill import SkillReport
from policies.ways import Ways
from robot_runtime import tier1
from robot_runtime.agent import AgentConfig, RobotRuntimeAgent
from robot_runtime.agent_api import Call, Reply
from robot_runtime.agent_ports import AgentConstraints, Beat, Tier1Event, Tier1Request
from robot_runtime.directive import Directive, WorkerStatus
from robot_runtime.mailbox import DelayedLatest
from robot_runtime.perception_setup import make_cascade
from robot_runtime.person_constraints import person_constraints
from robot_runtime.policy_setup import activate_policy, make_executor
from robot_runtime.run_options import RunOptions
from robot_runtime.run_result import RunResult
from robot_runtime.skill_workspace import wish_of
from robot_runtime.workers.scene_watch import Look, SceneWatch
from rt_control import _native as native
from rt_control.clock import VirtualClock
from rt_control.description import RobotDescription, load_robot
from rt_control.model_compiler import compile_model
from sim.camera_faults import FaultyCamera
from sim.cameras import Renderer
from sim.oracle import OraclePerception
from sim.person import PersonPath
from sim.picture import render_picture, save_picture
from sim.plant import Plant
from sim.score import score
from trees.mission import MissionPlan, load_mission

if TYPE_CHECKING:
    from policies.reactive import ReactiveController

MS = 1_000_000
POLICY_EVERY_MS = 10
AGENT_EVERY_MS = 20
FALLBACK_EVERY_MS = 100
HEARTBEAT_EVERY_MS = 20
FRAMES_PER_100_MS = 3
PERCEPTION_RATE_HZ = 30.0
PID = 1  # of every process that there would be
MISSION_LIMIT_S = 600.0
LATENCY_FILE = Path(__file__).parent / "latency.toml"


class Latencies(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What each part takes in the live runtime, s; see `latency.toml`."""

    frame_to_scene_s: float
    scene_to_reader_s: float
    state_to_command_s: float
    policy_s: float
    directive_s: float
    report_s: float
    request_s: float
    look_ms: dict[str, float]

    @classmethod
    def load(cls) -> Latencies:
        """The measured ones."""
        return msgspec.convert(tomllib.loads(LATENCY_FILE.read_text()), cls)


Value = TypeVar("Value")
Timed = deque[tuple[int, Value]]
"""Values, each with the time (ns) at which it arrives."""


def _ns(duration_s: float) -> int:
    return round(duration_s * 1e9)


def _new(queue: Timed[Value], now_ns: int) -> list[Value]:
    """Take what has arrived."""
    arrived: list[Value] = []
    while queue and queue[0][0] <= now_ns:
        arrived.append(queue.popleft()[1])
    return arrived


class Sight(Protocol):
    """Perception that sees at once."""

    def look(self, stamp_ns: int) -> Scene:
        """The scene as it is now, stamped as measured at `stamp_ns`."""
        ...


class _Calls:
    """The API has no socket in virtual time: tests and scripts speak to the agent directly."""

    def calls(self) -> Sequence[Call]:
        return ()

    def answer(self, call: Call, reply: Reply) -> None:
        return


class LockstepPorts(_Calls):
    """The agent's ports, as mailboxes."""

    def __init__(self, clock: VirtualClock, latencies: Latencies) -> None:
        self._clock = clock
        self._latencies = latencies
        self.state: native.State | None = None
        self.tier1_events: deque[native.Event] = deque()
        self.scenes: DelayedLatest[Scene] = DelayedLatest()
        self.beats: dict[str, Beat] = {}
        self.statuses: dict[str, DelayedLatest[WorkerStatus]] = {
            source: DelayedLatest() for source in ("perception", "policy", "fallback")
        }
        self.requests: Timed[Tier1Request] = deque()
        self.directives: DelayedLatest[Directive] = DelayedLatest()
        self.constraints: AgentConstraints | None = None
        self.agent_beat: Beat | None = None
        self.snapshots_written = 0

    def robot_state(self) -> RobotState | None:
        return None if self.state is None else tier1.robot_state(self.state)

    def events(self) -> tuple[Sequence[Tier1Event], int]:
        events = [tier1.event(item) for item in self.tier1_events]
        self.tier1_events.clear()
        return events, 0

    def scene(self) -> Scene | None:
        return self.scenes.read(self._clock.now_ns())

    def beat(self, source: str) -> Beat | None:
        return self.beats.get(source)

    def worker_status(self, source: str) -> WorkerStatus | None:
        return self.statuses[source].read(self._clock.now_ns())

    def cloud_heard_ns(self) -> int | None:
        return None

    def send_beat(self, beat: Beat) -> None:
        self.agent_beat = beat

    def send_constraints(self, constraints: AgentConstraints) -> None:
        self.constraints = constraints

    def send_request(self, request: Tier1Request) -> bool:
        self.requests.append((self._clock.now_ns() + _ns(self._latencies.request_s), request))
        return True

    def send_directive(self, directive: Directive) -> None:
        self.directives.put(directive, self._clock.now_ns() + _ns(self._latencies.directive_s))

    def send_snapshot(self, snapshot: bytes) -> None:
        self.snapshots_written += 1


@dataclass(frozen=True, slots=True)
class LockstepOptions:
    """How to run in virtual time.

    Attributes:
        seed: of the scenario, and of the oracle's errors.
        oracle: scenes from the simulator's truth with modelled errors instead of images; named in every result.
        snapshots: whether the agent writes its snapshot stream.
        person: path of a person's arm.
        policy: that moves the arm; None: the one that is bound.
        seam: how its chunks are joined; None: as is best for it.
        policy_delay_s: how long its answers take; None: as in the live runtime.
        ways: that no policy finds; None: those that inverse kinematics finds.
    """

    seed: int = 0
    oracle: bool = False
    snapshots: bool = False
    person: PersonPath | None = None
    policy: ActionPolicy | None = None
    seam: Seam | None = None
    policy_delay_s: float | None = None
    ways: Ways | None = None


class Lockstep:
    """One robot in virtual time.

    Args:
        description: of a simulated robot.
        mission: to run; None leaves the robot idle.
        options: how.
    """

    def __init__(
        self, description: RobotDescription, mission: MissionPlan | None, options: LockstepOptions | None = None
    ) -> None:
        self.options = options or LockstepOptions()
        self.description = description
        self.latencies = Latencies.load()
        self.clock = VirtualClock(1_000 * MS)
        self.begun_ns = self.clock.now_ns()
        model = compile_model(description)
        self.plant = Plant(
            description.world_path,
            description,
            self.options.seed,
            description.timing.drive_watchdog_cycles,
            self.options.person,
        )
        self.controller = native.Controller(model)
        self.kinematics = native.Kinematics(model)
        self.ports = LockstepPorts(self.clock, self.latencies)
        workcell = Workcell.of(description)
        self.agent = RobotRuntimeAgent(
            self.clock,
            self.ports,
            mission,
            AgentConfig(snapshots=self.options.snapshots),
            robot=description.name,
            workcell=workcell,
        )
        delay_s = self.options.policy_delay_s
        delay_ns = _ns(self.latencies.policy_s if delay_s is None else delay_s)
        self.policy = make_executor(
            description,
            self.kinematics,
            self.options.policy or activate_policy(),
            ways=self.options.ways,
            seam=self.options.seam,
            modelled_delay_ns=lambda: delay_ns,
        )
        self._fallback: ReactiveController | None = None
        self._fallback_report: SkillReport | None = None
        self._camera = description.camera_of("scene").name
        begun_ns = self.clock.now_ns()
        look_ms = self.latencies.look_ms
        cascade = None if self.options.oracle else make_cascade(description, begun_ns, look_ms)
        self.watch = None if cascade is None else SceneWatch(description, cascade)
        self.scene_camera = FaultyCamera(self.options.seed)
        """Set its fault to spoil the images of the scene camera."""
        self.renderer = None if self.options.oracle else Renderer(description.world_path, description)
        self.oracle: Sight | None = OraclePerception(self.plant, self.options.seed) if self.options.oracle else None
        self._commands: Timed[native.Command] = deque()
        self.operator_requests: Timed[native.Request] = deque()
        """What an operator asks of `rt_control`, each with the time (ns) from which it is heard."""
        self.stopped: set[str] = set()
        """Processes that do nothing, as if stopped: `agent`, `policy`, `perception`, `fallback`, `cameras`."""
        self._inputs = native.Inputs()
        self._given: set[str] = set()
        self._inputs.realtime = native.RealtimeStatus.fifo | native.RealtimeStatus.memory_locked
        self._perception_constraints: Timed[native.Constraints] = deque()
        self._drive_command: native.DriveCommand | None = None
        self._ms = 0
        self._looked_ns = 0
        self._wall_s = 0.0
        self._counts: dict[str, int] = {}
        self.state: native.State | None = None
        self.events: Sequence[native.Event] = ()
        """What `rt_control` said in the last cycle."""

    @property
    def time_s(self) -> float:
        """Virtual time since the start."""
        return (self.clock.now_ns() - self.begun_ns) / 1e9

    def step(self) -> None:
        """Advance by one millisecond."""
        self.clock.advance_ns(MS)
        now_ns = self.clock.now_ns()
        drive_state = self.plant.step(self._drive_command)
        drive_state.stamp_ns = now_ns
        self._control(now_ns, drive_state)
        if self._ms % HEARTBEAT_EVERY_MS == 0:
            self._beat(now_ns)
        self._see(now_ns)
        if self._ms % POLICY_EVERY_MS == 0 and "policy" not in self.stopped:
            self._act(now_ns)
        if self._ms % FALLBACK_EVERY_MS == 0 and "fallback" not in self.stopped:
            self._fall_back(now_ns)
        if self._ms % AGENT_EVERY_MS == 0 and "agent" not in self.stopped:
            self.ports.state = self.state
            self.agent.tick()
        self._ms += 1

    def run(self, limit_s: float) -> None:
        """Advance until the mission ends or the limit is reached."""
        begun = time.perf_counter()
        while self.agent.outcome is None and self.time_s < limit_s:
            self.step()
        self._wall_s += time.perf_counter() - begun

    def close(self) -> None:
        """Free the GL context."""
        if self.renderer is not None:
            self.renderer.close()
            self.renderer = None

    def result(self) -> RunResult:
        """How the run stands."""
        outcome = self.agent.outcome
        kind, reason = (outcome.kind, outcome.reason) if outcome is not None else ("duration_reached", "")
        verdict = score(self.plant)
        if kind == "SUCCESS" and verdict.objects_sorted < verdict.objects_total:
            kind = "objects_misplaced"
            reason = ", ".join(f"{name} ({where})" for name, where in sorted(verdict.misplaced.items()))
        state = self.state
        modes: dict[str, None] = dict.fromkeys(entry.name for entry in self.agent.modes_entered)
        return RunResult(
            outcome=kind,
            objects_sorted=verdict.objects_sorted,
            objects_total=verdict.objects_total,
            modes_entered=tuple(modes),
            interventions=state.interventions if state is not None else 0,
            deadline_misses=0,
            cycles=state.cycle if state is not None else 0,
            duration_s=self.time_s,
            realtime="virtual",
            time_dilation=self._wall_s / self.time_s if self.time_s > 0.0 else 1.0,
            reason=reason,
            drive_watchdog_cycles=self.description.timing.drive_watchdog_cycles,
            perception="oracle" if self.options.oracle else "cascade",
        )

    def _control(self, now_ns: int, drive_state: native.DriveState) -> None:
        inputs = self._inputs
        inputs.now_ns = now_ns
        inputs.drive_state = drive_state
        self._give("commands", _new(self._commands, now_ns)[-1:])
        self._give("constraints", self._new_constraints(now_ns))
        beat = self.ports.agent_beat
        self.ports.agent_beat = None
        self._give("agent_heartbeat", None if beat is None else tier1.heartbeat(beat))
        requests = [tier1.request(item) for item in _new(self.ports.requests, now_ns)]
        self._give("requests", requests + _new(self.operator_requests, now_ns))
        outputs = self.controller.step(inputs)
        self.state = outputs.state
        self._drive_command = outputs.drive_command
        self.events = outputs.events
        self.ports.tier1_events.extend(self.events)

    def _give(self, name: str, value: object) -> None:
        """Set one input of the controller; nothing after nothing is not worth the way through the bindings."""
        if value or name in self._given:
            setattr(self._inputs, name, value)
            (self._given.add if value else self._given.discard)(name)

    def _new_constraints(self, now_ns: int) -> list[native.Constraints]:
        perceived = _new(self._perception_constraints, now_ns)[-1:]
        if self.ports.constraints is not None:
            perceived.append(tier1.constraints(self.ports.constraints))
            self.ports.constraints = None
        return perceived

    def _beat(self, now_ns: int) -> None:
        for source, rate_hz in (("cameras", 30.0), ("perception", 30.0), ("policy", 100.0), ("fallback", 10.0)):
            if source not in self.stopped:
                count = self._counts[source] = self._counts.get(source, 0) + 1
                self.ports.beats[source] = Beat(source, "healthy", PID, now_ns, count, rate_hz)
        directive = self.ports.directives.read(now_ns)
        sequence = directive.sequence if directive is not None else 0
        for source in ("perception", "fallback"):
            if source not in self.stopped:
                fault = self.watch.camera_fault if self.watch is not None and source == "perception" else ""
                report = self._fallback_report if source == "fallback" else None
                status = WorkerStatus(source, PID, sequence, now_ns, report, camera_fault=fault)
                self.ports.statuses[source].put(status, now_ns + _ns(self.latencies.report_s))

    def _fall_back(self, now_ns: int) -> None:
        """What the fallback worker does with the arm."""
        directive, state = self.ports.directives.read(now_ns), self.state
        if state is None or directive is None:
            return
        assignment = directive.assignment if directive.profile.policy == "reactive" else None
        if assignment is None and state.authority != native.Source.fallback:
            return
        if self._fallback is None:  # its table takes a second, most runs never need it, and some may not know it
            from policies.reactive import ReactiveController

            self._fallback = ReactiveController(self.description, self.kinematics)
        command, self._fallback_report = self._fallback.tick(now_ns, state, assignment)
        if command is not None:
            self._commands.append((now_ns + _ns(self.latencies.state_to_command_s), command))

    def _see(self, now_ns: int) -> None:
        """Look at the world when a frame is due, if perception runs and wants it."""
        frames_before, frames_now = ((self._ms + offset) * FRAMES_PER_100_MS // 100 for offset in (0, 1))
        if frames_now == frames_before or self.stopped & {"cameras", "perception"} or self.state is None:
            return
        directive = self.ports.directives.read(now_ns)
        rate_hz = PERCEPTION_RATE_HZ if directive is None else directive.profile.perception_rate_hz
        wanted = rate_hz > 0.0
        if not wanted and (self.watch is None or not self.watch.camera_fault):  # else: until it can be used again
            return
        if now_ns - self._looked_ns < 0.75e9 / (rate_hz or PERCEPTION_RATE_HZ):
            return
        self._looked_ns = now_ns
        look = self._look(now_ns, directive, wanted)
        seen_ns = now_ns + _ns(self.latencies.frame_to_scene_s)
        if look.scene is not None:
            self.ports.scenes.put(look.scene, seen_ns + _ns(self.latencies.scene_to_reader_s))
        if look.constraints is not None:
            self._perception_constraints.append((seen_ns, look.constraints))

    def _look(self, now_ns: int, directive: Directive | None, wanted: bool) -> Look:
        if self.oracle is not None:
            scene = self.oracle.look(now_ns)
            told = person_constraints(native.Source.perception, scene.stamp_ns, scene.person_distance_m)
            return Look(scene, told)
        assert self.renderer is not None and self.watch is not None and self.state is not None
        frame = self.scene_camera.spoil(self.renderer.render(self._camera, self.plant.world_bytes(now_ns), now_ns))
        poses = self.kinematics.link_poses(self.state.position)
        capsules = robot_capsules(poses, self.description.gripper)
        wish = wish_of(directive, self.watch.scene, poses[-1, :3, 3], self.description.workcell) if wanted else None
        return self.watch.look(frame, capsules, np.asarray(self.state.velocity), now_ns, wish)

    def _act(self, now_ns: int) -> None:
        directive = self.ports.directives.read(now_ns)
        if directive is None or self.state is None:
            return
        rate_hz = directive.profile.policy_rate_hz
        if rate_hz > 0.0 and self._ms % max(round(1000.0 / rate_hz), POLICY_EVERY_MS):
            return
        assignment = directive.assignment if directive.profile.policy == "learned" else None
        scene = self.ports.scenes.read(now_ns)
        command, report = self.policy.tick(now_ns, self.state, scene, assignment)
        if command is not None:
            self._commands.append((now_ns + _ns(self.latencies.state_to_command_s), command))
        if self.policy.fault:  # the live worker ends itself
            self.stopped.add("policy")
        status = WorkerStatus("policy", PID, directive.sequence, now_ns, report)
        self.ports.statuses["policy"].put(status, now_ns + _ns(self.latencies.report_s))


def run_lockstep(options: RunOptions, progress: Callable[[Lockstep], None] = lambda lockstep: None) -> RunResult:
    """Run a mission in virtual time.

    Args:
        options: of the run.
        progress: called after each tick of the agent.

    Raises:
        InputError: robot or mission cannot be used.
    """
    description = load_robot(options.robot)
    mission = load_mission(options.mission, Workcell.of(description).known_names)
    person = PersonPath.from_json(options.person) if options.person else None
    policy = None if options.policy is None else activate_policy(options.policy)
    lockstep = Lockstep(description, mission, LockstepOptions(options.seed, person=person, policy=policy))
    try:
        limit_s = options.duration_s or MISSION_LIMIT_S
        while lockstep.agent.outcome is None and lockstep.time_s < limit_s:
            lockstep.run(min(limit_s, lockstep.time_s + AGENT_EVERY_MS / 1e3))
            progress(lockstep)
        if options.picture is not None:
            save_picture(options.picture, render_picture(description.world_path, lockstep.plant.world_bytes()))
        return lockstep.result()
    finally:
        lockstep.close()
