"""One robot, live: its run directory, its processes, what its agent tells, and how its run ended."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from types import TracebackType

import msgspec

from behaviours.workcell import Workcell
from robot_runtime import kept_black_box, kept_ledger
from robot_runtime.client import SnapshotReader
from robot_runtime.processes import RealtimePlacement, RobotPlan
from robot_runtime.realtime_permission import may_use_fifo, realtime_cpu
from robot_runtime.run_options import RunOptions
from robot_runtime.run_result import RunResult
from robot_runtime.snapshots import TreeView
from robot_runtime.supervisor import ProcessEvent, Progress, Supervisor
from rt_control import _native as native
from rt_control.channels import RunDirectory
from rt_control.clock import MonotonicClock
from rt_control.description import load_robot
from rt_control.model_compiler import compile_model
from sim.score import Score
from trees.mission import load_mission

MODE_GROUPS = ("SafetyStop", "HumanTakeover", "Paused")


class LiveRobot:
    """A simulated robot with all its processes.

    Use it as a context manager: leaving it ends every process and removes the run directory.

    Args:
        options: of the run; the mission is loaded here already, so that a bad one starts nothing.

    Raises:
        InputError: robot, mission or the place for the run directory cannot be used.
    """

    def __init__(self, options: RunOptions) -> None:
        self.options = options
        self.description = load_robot(options.robot)
        load_mission(options.mission, Workcell.of(self.description).known_names)
        self.fifo = may_use_fifo()
        timing = self.description.timing
        self.watchdog_cycles = timing.drive_watchdog_cycles if self.fifo else self.description.watchdog_cycles_degraded
        cameras = {item.name: (item.width, item.height, item.depth) for item in self.description.camera}
        self._clock = MonotonicClock()
        self.run = RunDirectory.create(self.description.name, compile_model(self.description), cameras, options.root)
        try:
            self._prepare()
        except BaseException:
            self.run.remove()
            raise

    def _prepare(self) -> None:
        options = self.options
        self._logs = self.run.directory / "logs"
        self._logs.mkdir(mode=0o700)
        self._score_file = self._logs / "score.json"
        plan = RobotPlan(
            run_dir=self.run.directory,
            robot_file=self.description.path,
            mission_file=options.mission,
            seed=options.seed,
            score_file=self._score_file,
            placement=RealtimePlacement(realtime_cpu(), self.fifo),
            watchdog_cycles=self.watchdog_cycles,
            person=options.person,
            outlets=options.outlets,
            cloud=options.cloud,
            device=options.device,
            policy=options.policy,
            policy_key_file=options.policy_key_file,
        )
        self._states = native.StateReader(self.run.path("state"))
        self._drives = native.DriveStateReader(self.run.path("drive.state"))
        self.supervisor = Supervisor(plan.processes(), self._progress(), self._clock, self._logs, _environment())
        self._snapshots = SnapshotReader(self.run.endpoint("agent.snapshots"))
        self.view: TreeView | None = None
        self.modes_entered: list[str] = []
        self.events: list[ProcessEvent] = []
        self._cycles = self._misses = self._interventions = self._skipped = 0
        self._of_generation: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
        self._begun_ns = 0
        self._dilation = 1.0
        self._degraded = False

    def __enter__(self) -> LiveRobot:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def start(self, ready: Callable[[str], None] = lambda name: None) -> None:
        """Start every process; returns when all of them live.

        Raises:
            InputError: a process refused its input.
            WorkerLost: a process did not come up.
        """
        self.supervisor.start(ready)
        self._begun_ns = self._clock.now_ns()

    def poll(self) -> list[ProcessEvent]:
        """Take in what happened since the last call; call it at least ten times a second."""
        events = self.supervisor.poll()
        self.events += events
        self.view = self._snapshots.read() or self.view
        self._note_modes()
        self._count_cycles()
        return events

    def state(self) -> native.State | None:
        """Newest state of `rt_control`."""
        return self._states.read()

    def drives(self) -> native.DriveState | None:
        """Newest state of the drives."""
        return self._drives.read()

    @property
    def outcome(self) -> tuple[str, str] | None:
        """How the run ended and why; None while it goes on."""
        lost = self.supervisor.lost()
        if lost:
            return f"{lost[0]}_lost", "; ".join(event.sentence() for event in self.events[-3:])
        if self.view is not None and self.view.status.outcome is not None:
            outcome = self.view.status.outcome
            if not (self.options.attended and outcome.kind == "stopped_by_safety"):
                return outcome.kind, outcome.reason
        limit_s = self.options.duration_s
        if limit_s is not None and self.duration_s >= limit_s:
            return "duration_reached", f"the mission still ran after {limit_s:g} s"
        return None

    @property
    def duration_s(self) -> float:
        """Since everything was up."""
        return (self._clock.now_ns() - self._begun_ns) / 1e9 if self._begun_ns else 0.0

    def finish(self) -> RunResult:
        """End every process, ask the scorer, and say how the run ended; the run directory stays until `end`."""
        outcome, reason = self.outcome or ("interrupted", "ended before the mission did")
        duration_s = self.duration_s
        self._count_cycles()
        if self.options.root is None and kept_black_box.is_worth_keeping(self.state(), bool(self.supervisor.lost())):
            kept_black_box.keep(self.run.directory, self.description.name, kept_black_box.folder())
        self.supervisor.end()
        if self.options.root is None:
            kept_ledger.keep(self.run.directory, self.description.name, kept_black_box.folder())
        score = self._read_score()
        if outcome == "SUCCESS" and score.objects_sorted < score.objects_total:
            misplaced = ", ".join(f"{name} ({where})" for name, where in sorted(score.misplaced.items()))
            outcome, reason = "objects_misplaced", f"the mission says it succeeded, the physics says: {misplaced}"
        return RunResult(
            outcome=outcome,
            objects_sorted=score.objects_sorted,
            objects_total=score.objects_total,
            modes_entered=tuple(self.modes_entered),
            interventions=self._interventions,
            deadline_misses=self._misses,
            cycles=self._cycles,
            duration_s=duration_s,
            realtime="degraded" if self._degraded else "fifo",
            time_dilation=self._dilation,
            reason=reason,
            skipped_cycles=self._skipped,
            drive_watchdog_cycles=self.watchdog_cycles,
            events=tuple(event.sentence() for event in self.events),
        )

    def end(self) -> None:
        """End every process and remove the run directory; does nothing the second time."""
        self.supervisor.end()
        self._snapshots.close()
        self.run.remove()

    def _progress(self) -> dict[str, Progress]:
        beats = {
            source: native.HeartbeatReader(self.run.path(f"heartbeat.{source}"))
            for source in ("cameras", "perception", "policy", "fallback", "agent")
        }

        def of_beat(reader: native.HeartbeatReader) -> Progress:
            def count() -> int:
                beat = reader.read()
                return -1 if beat is None else int(beat.stamp_ns)

            return count

        def of_state() -> int:
            state = self._states.read()
            return -1 if state is None else int(state.stamp_ns)

        def of_drives() -> int:
            state = self._drives.read()
            return -1 if state is None else int(state.stamp_ns)

        return {
            "state": of_state,
            "drive.state": of_drives,
            **{f"heartbeat.{source}": of_beat(reader) for source, reader in beats.items()},
        }

    def _note_modes(self) -> None:
        status = self.view.status if self.view is not None else None
        if status is None or not status.ready:
            return
        branch = (status.branch,) if status.branch in MODE_GROUPS else ()
        for mode in (status.compute, status.connectivity, *branch):
            if mode and mode not in self.modes_entered:
                self.modes_entered.append(mode)

    def _count_cycles(self) -> None:
        """Sum the counters of every `rt_control` that ran."""
        state, drives = self._states.read(), self._drives.read()
        if drives is not None:
            self._dilation = float(drives.dilation)
        if state is None:
            return
        self._degraded = self._degraded or bool(state.realtime & native.RealtimeStatus.degraded.value)
        generation, cycles, misses, interventions, skipped = self._of_generation
        if state.generation != generation:
            cycles = misses = interventions = skipped = 0
        self._cycles += state.cycle - cycles
        self._misses += state.deadline_misses - misses
        self._interventions += state.interventions - interventions
        self._skipped += state.skipped_cycles - skipped
        self._of_generation = (
            state.generation,
            state.cycle,
            state.deadline_misses,
            state.interventions,
            state.skipped_cycles,
        )

    def _read_score(self) -> Score:
        try:
            return msgspec.json.decode(self._score_file.read_bytes(), type=Score)
        except FileNotFoundError:  # the plant was killed: nobody knows where the objects are
            simulation = self.description.simulation
            names = sorted(simulation.goal) if simulation is not None else []
            return Score(0, len(names), (), dict.fromkeys(names, "unknown"))


def wait_for(robot: LiveRobot, condition: Callable[[], bool], limit_s: float, what: str) -> None:
    """Poll the robot until a condition holds.

    Raises:
        TimeoutError: it did not hold within the limit.
    """
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} was not seen within {limit_s:g} s")
        robot.poll()
        time.sleep(0.01)


def _environment() -> dict[str, str]:
    """Of the processes: one thread each for numerics, as every core is spoken for."""
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **single, "PYTHONUNBUFFERED": "1"}
