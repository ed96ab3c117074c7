"""Real processes, real signals, while the arm moves fast: what the fault table says is what happens.

A stall of the whole host while a test runs, seen by a witness, proves nothing about the robot: the test is then made
again, at most three times, and the report counts it.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from robot_runtime.client import AgentClient, OperatorStop
from rt_control import _native as native
from tests.scenarios.live_faults import FaultRun
from tests.scenarios.witness import StallWitness

pytestmark = pytest.mark.live

WORKERS = ("policy", "perception", "cameras", "fallback")
MOVERS = ("policy", "perception", "cameras")  # without one of these no skill may run
ATTEMPTS = 3
# How long the arm may go on before it begins to stop.
CHUNK_S = 0.4  # a chunk that was on its way, to its end
NOTICED_S = 1.2  # until the agent notices that a process has fallen silent, ends the skill, and the chunk has run out
LEASE_S = 0.4  # of the agent's heartbeat, and the age of the last one
WATCHDOG_S = 0.03  # of the drives
MAY_GO_ON_S = {"policy": CHUNK_S, "perception": NOTICED_S, "cameras": NOTICED_S}
OLD_COMMAND = 10**9
WATCHED_S = 0.2


@pytest.fixture
def again_when_the_host_stalled(
    shared_root: Path, record_property: Callable[[str, object], None]
) -> Callable[[Callable[[Path], None]], None]:
    """Runs a scenario; when it failed while the host stalled, runs it again."""

    def attempt(scenario: Callable[[Path], None]) -> None:
        for number in range(1, ATTEMPTS + 1):
            witness = StallWitness()
            try:
                with witness:
                    scenario(shared_root)
            except AssertionError:
                if number == ATTEMPTS or not witness.stalled:
                    raise
                record_property("repeated_because_the_host_stalled_s", max(witness.stalls_s))
            else:
                return

    return attempt


Again = Callable[[Callable[[Path], None]], None]


@pytest.mark.parametrize("process", WORKERS)
@pytest.mark.parametrize("fault", ["kill", "stop"])
def test_a_lost_worker_is_replaced_and_the_mission_goes_on(
    process: str, fault: str, again_when_the_host_stalled: Again
) -> None:
    def scenario(root: Path) -> None:
        with FaultRun(root) as run:
            run.until_fast()
            lost = run.signal(process, signal.SIGKILL if fault == "kill" else signal.SIGSTOP)
            if process in MOVERS:
                run.until_rest()
                run.assert_stopped_soon(MAY_GO_ON_S[process])
                assert run.latched_fault() == "none", run.describe()
            run.until(lambda: "restarted" in run.kinds(process), f"a new {process}")
            assert run.kinds(process)[:2] == ["died" if fault == "kill" else "hung", "restarted"]
            assert run.robot.supervisor.pid(process) != lost
            run.until_fast()
            assert run.latched_fault() == "none", run.describe()
            if process in MOVERS:
                run.assert_reason_shown(process.rstrip("s"))
            run.assert_inside_limits()

    again_when_the_host_stalled(scenario)


@pytest.mark.parametrize("process", WORKERS)
def test_a_worker_that_was_stopped_and_continued_goes_on_under_a_new_epoch(
    process: str, again_when_the_host_stalled: Again
) -> None:
    def scenario(root: Path) -> None:
        with FaultRun(root) as run:
            run.until_fast()
            before = run.robot.state()
            assert before is not None
            run.signal(process, signal.SIGSTOP)
            if process in MOVERS:
                run.until_rest()
                run.assert_stopped_soon(MAY_GO_ON_S[process])
            else:
                run.until(
                    lambda: _is_stale(run, native.Source.fallback), "the stale constraints of the fallback worker"
                )
            run.signal(process, signal.SIGCONT)
            run.until_fast()
            after = run.robot.state()
            assert after is not None
            if process in MOVERS:
                assert after.epoch > before.epoch, run.describe()
            assert run.latched_fault() == "none", run.describe()
            run.assert_inside_limits()

    again_when_the_host_stalled(scenario)


def _is_stale(run: FaultRun, source: native.Source) -> bool:
    state = run.robot.state()
    return state is not None and bool(state.stale_constraints & (1 << source))


@pytest.mark.parametrize("fault", ["kill", "stop", "stop_and_continue"])
def test_the_loss_of_the_agent_is_a_latched_stop(fault: str, again_when_the_host_stalled: Again) -> None:
    def scenario(root: Path) -> None:
        with FaultRun(root) as run:
            run.until_fast()
            run.signal("agent", signal.SIGKILL if fault == "kill" else signal.SIGSTOP)
            run.until(lambda: run.latched_fault() == "agent_lost", "the latched stop")
            run.until_rest()
            run.assert_stopped_soon(LEASE_S)
            if fault == "stop_and_continue":
                run.signal("agent", signal.SIGCONT)
            else:
                run.until(lambda: "restarted" in run.kinds("agent"), "a new agent")
            run.until(lambda: run.robot.outcome is not None, "the end of the unattended run")
            assert run.robot.outcome is not None
            assert run.robot.outcome[0] == "stopped_by_safety", run.describe()
            assert "agent_lost" in run.robot.outcome[1]
            run.assert_reason_shown("agent_lost")
            run.assert_inside_limits()

    again_when_the_host_stalled(scenario)


@pytest.mark.parametrize("fault", ["kill", "stop", "stop_and_continue"])
def test_without_rt_control_the_drives_stop_the_arm(fault: str, again_when_the_host_stalled: Again) -> None:
    def scenario(root: Path) -> None:
        with FaultRun(root) as run:
            run.until_fast()
            run.signal("rt_control", signal.SIGKILL if fault == "kill" else signal.SIGSTOP)
            run.until(_drives_tripped(run), "the drives' own watchdog")
            run.until_rest()
            run.assert_stopped_soon(WATCHDOG_S)
            if fault == "stop_and_continue":
                run.signal("rt_control", signal.SIGCONT)
                expected = {"drive_fault", "lateness"}
            else:
                run.until(lambda: "restarted" in run.kinds("rt_control"), "a new rt_control")
                expected = {"restarted", "drive_fault"}
            run.until(lambda: run.latched_fault() in expected, "the latched stop")
            run.until(lambda: run.robot.outcome is not None, "the end of the unattended run")
            assert run.robot.outcome is not None
            assert run.robot.outcome[0] == "stopped_by_safety", run.describe()
            assert any(word in run.robot.outcome[1] for word in {*expected, "tier 1"}), run.robot.outcome
            run.assert_inside_limits()

    again_when_the_host_stalled(scenario)


def _drives_tripped(run: FaultRun) -> Callable[[], bool]:
    def tripped() -> bool:
        drives = run.robot.drives()
        return drives is not None and bool(drives.status & native.DriveStatus.watchdog_tripped)

    return tripped


@pytest.mark.parametrize("fault", ["kill", "stop"])
def test_the_loss_of_the_plant_latches_and_ends_the_run_by_name(fault: str, again_when_the_host_stalled: Again) -> None:
    def scenario(root: Path) -> None:
        with FaultRun(root) as run:
            run.until_fast()
            run.signal("plant", signal.SIGKILL if fault == "kill" else signal.SIGSTOP)
            run.until(lambda: run.latched_fault() == "drive_lost", "the latched stop")
            run.until(lambda: bool(run.robot.supervisor.lost()), "the loss of the plant")
            assert run.robot.outcome is not None
            result = run.robot.finish()
            assert result.outcome == "plant_lost"
            assert any(event.startswith("plant") for event in result.events), result.events

    again_when_the_host_stalled(scenario)


def test_a_plant_that_was_stopped_and_continued_is_latched(again_when_the_host_stalled: Again) -> None:
    def scenario(root: Path) -> None:
        with FaultRun(root) as run:
            run.until_fast()
            run.signal("plant", signal.SIGSTOP)
            run.until(lambda: run.latched_fault() == "drive_lost", "the latched stop")
            run.signal("plant", signal.SIGCONT)
            run.until_rest()
            run.until(lambda: run.robot.outcome is not None, "the end of the unattended run")
            assert run.robot.outcome is not None
            assert run.robot.outcome[0] == "stopped_by_safety", run.describe()
            run.assert_inside_limits()

    again_when_the_host_stalled(scenario)


def test_a_writer_with_an_old_epoch_moves_nothing(again_when_the_host_stalled: Again) -> None:
    def scenario(root: Path) -> None:
        with FaultRun(root) as run:
            run.until_fast()
            state = run.robot.state()
            assert state is not None
            old_epoch = state.epoch
            run.signal("policy", signal.SIGKILL)
            run.until_rest()
            run.until(lambda: "restarted" in run.kinds("policy"), "a new policy worker")
            run.until(lambda: (now := run.robot.state()) is not None and now.epoch > old_epoch, "a new epoch")
            run.until_fast()
            run.signal("policy", signal.SIGSTOP)  # so that it keeps the authority and says nothing more
            _write_old_command(run, old_epoch)
            run.until(lambda: _is_refused(run), "the refusal")
            run.until_rest()
            before = np.array(_drives(run).position)
            begun = time.monotonic()
            run.until(lambda: time.monotonic() - begun > WATCHED_S, "a while")
            assert np.abs(np.asarray(_drives(run).position) - before).max() < 1e-3
            run.assert_inside_limits()

    again_when_the_host_stalled(scenario)


def _is_refused(run: FaultRun) -> bool:
    state = run.robot.state()
    return state is not None and state.refused_id == OLD_COMMAND and state.refusal == native.Refusal.wrong_epoch


def _drives(run: FaultRun) -> native.DriveState:
    drives = run.robot.drives()
    assert drives is not None
    return drives


def _write_old_command(run: FaultRun, epoch: int) -> None:
    """Write a fresh and valid chunk with an old epoch."""
    state = run.robot.state()
    assert state is not None
    now_ns = time.monotonic_ns()
    axes = int(state.axes)
    target = state.position_reference[:axes].copy()
    target[0] += 0.2
    command = native.Command(
        source=native.Source.policy,
        kind=native.CommandKind.chunk,
        epoch=epoch,
        command_id=OLD_COMMAND,
        skill=state.skill,
        axes=axes,
        observation_ns=now_ns,
        start_ns=now_ns,
        spacing_ns=100_000_000,
        end_ns=now_ns + 100_000_000,
        count=2,
        position=[state.position_reference[:axes], target],
    )
    assert native.CommandWriter(run.robot.run.path("command.policy")).write(command)


def test_after_a_latched_stop_only_an_operator_brings_the_robot_back(again_when_the_host_stalled: Again) -> None:
    def scenario(root: Path) -> None:
        with FaultRun(root, attended=True) as run:
            operator = OperatorStop(run.robot.run)
            run.until_fast()
            operator.stop()
            run.until(lambda: run.latched_fault() == "operator_stop", "the latched stop")
            run.until_rest()
            assert run.robot.outcome is None
            operator.reset()
            run.until(lambda: run.latched_fault() == "none", "the reset")
            run.until_rest()  # a reset never restarts motion by itself
            with AgentClient(run.robot.run.endpoint("agent.api")) as client:
                client.resume()
            run.until_fast()
            run.assert_inside_limits()

    again_when_the_host_stalled(scenario)
