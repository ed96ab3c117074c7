"""Which processes a robot consists of, how each is started, and which of them may be started again."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from robot_runtime.outlets import Outlets
from rt_control import executable

PATIENCE_MS = 100.0  # of a simulated plant without real-time priority: simulated time waits for a late rt_control


@dataclass(frozen=True, slots=True)
class RealtimePlacement:
    """Where and how the 1 kHz processes run.

    Attributes:
        cpu: the processor that `rt_control` and a simulated plant share; -1 leaves them to the scheduler.
        rt_control_priority: SCHED_FIFO priority of `rt_control`, 1..99.
        plant_priority: of a simulated plant; below `rt_control`, so that a command is out before the plant steps.
        worker_priority: of the agent and the policy worker, whose deadlines are the shortest of tier 2.
        perception_priority: of the perception worker, whose images are worth nothing late; below theirs.
        fifo: whether this user may use SCHED_FIFO.
    """

    cpu: int
    fifo: bool
    rt_control_priority: int = 90
    plant_priority: int = 80
    worker_priority: int = 50
    perception_priority: int = 40


@dataclass(frozen=True, slots=True)
class ProcessPlan:
    """How one process is started and watched.

    Attributes:
        name: as in DESIGN, section 3; also the name of its log.
        argv: the command line.
        liveness: the channel whose progress proves that it is alive.
        hang_limit_s: without progress for this long it is killed, reaped and started again.
        restarts: how often it may be started again within `restart_window_s`; 0: its loss ends the run.
    """

    name: str
    argv: tuple[str, ...]
    liveness: str
    hang_limit_s: float = 2.0
    restarts: int = 5
    restart_window_s: float = 60.0


@dataclass(frozen=True, slots=True)
class RobotPlan:
    """Everything that the supervisor needs in order to start one simulated robot.

    Attributes:
        run_dir: the run directory, already created.
        robot_file: the robot's TOML.
        mission_file: the mission's XML; None leaves the robot idle.
        seed: of the scenario.
        score_file: where the plant leaves its score when it ends.
        person: path of a person's arm as JSON (`sim.person`), or None.
        placement: of the real-time processes.
        watchdog_cycles: plant cycles without a fresh command after which the virtual drives cut the torque.
        render_rate_hz: of each camera.
        outlets: devices that hang on `rt_control`.
        cloud: address of the cloud; None: there is none.
        device: name or file of the computing budget; None: the usual one.
        policy: name of a model, or address of a policy elsewhere; None: the bound model.
        policy_key_file: for the policy elsewhere, or None.
    """

    run_dir: Path
    robot_file: Path
    mission_file: Path | None
    seed: int
    score_file: Path
    placement: RealtimePlacement
    watchdog_cycles: int
    person: str | None = None
    render_rate_hz: float = 30.0
    outlets: Outlets = Outlets()
    cloud: str | None = None
    device: str | None = None
    policy: str | None = None
    policy_key_file: Path | None = None

    def processes(self) -> tuple[ProcessPlan, ...]:
        """The processes in the order in which they start."""
        common = ("--run-dir", str(self.run_dir), "--robot", str(self.robot_file))
        placement = self.placement
        plant = (
            *_module("sim.plant_process", *common),
            *("--seed", str(self.seed), "--score-file", str(self.score_file)),
            *("--watchdog-cycles", str(self.watchdog_cycles)),
            *("--patience-ms", "0" if placement.fifo else f"{PATIENCE_MS:g}"),
            *("--cpu", str(placement.cpu), "--priority", str(placement.plant_priority if placement.fifo else 0)),
            *(("--person", self.person) if self.person else ()),
        )
        control = (
            str(executable.path()),
            *("--run-dir", str(self.run_dir), "--cpu", str(placement.cpu)),
            *("--priority", str(placement.rt_control_priority if placement.fifo else 0)),
            *self.outlets.arguments(),
        )
        # Without real-time priority those that can wait make room for plant, rt_control, agent and policy.
        patient = () if placement.fifo else ("nice", "-n", "10")
        prompt = ("--priority", str(placement.worker_priority if placement.fifo else 0))
        seeing = ("--priority", str(placement.perception_priority if placement.fifo else 0))
        cloud = ("--cloud", self.cloud) if self.cloud else ()
        device = ("--device", self.device) if self.device else ()
        policy = ("--policy", self.policy) if self.policy else ()
        if self.policy_key_file is not None:
            policy = (*policy, "--policy-key-file", str(self.policy_key_file))
        agent = _module("robot_runtime.workers.agent_worker", *common, *prompt, *cloud)
        if self.mission_file is not None:
            agent = (*agent, "--mission", str(self.mission_file))
        return (
            ProcessPlan("plant", plant, liveness="drive.state", restarts=0),
            ProcessPlan("rt_control", control, liveness="state", restarts=3),
            ProcessPlan(
                "cameras",
                (*patient, *_module("sim.camera_process", *common, "--rate", f"{self.render_rate_hz:g}")),
                liveness="heartbeat.cameras",
            ),
            ProcessPlan(
                "perception",
                (*patient, *_module("robot_runtime.workers.perception_worker", *common, *seeing, *cloud, *device)),
                liveness="heartbeat.perception",
            ),
            ProcessPlan(
                "fallback",
                (*patient, *_module("robot_runtime.workers.fallback_worker", *common)),
                liveness="heartbeat.fallback",
            ),
            ProcessPlan(
                "policy",
                _module("robot_runtime.workers.policy_worker", *common, *prompt, *policy),
                liveness="heartbeat.policy",
            ),
            ProcessPlan("agent", agent, liveness="heartbeat.agent"),
        )


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *arguments)
