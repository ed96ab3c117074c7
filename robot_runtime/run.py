"""`dynamical run`: one mission on one robot, live or in virtual time, from nothing to the result."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from types import FrameType
from typing import TYPE_CHECKING

from robot_runtime.run_options import RunOptions
from robot_runtime.run_result import RunResult
from rt_control.description import load_robot
from rt_control.errors import InputError

if TYPE_CHECKING:
    from robot_runtime.live import LiveRobot

POLL_PERIOD_S = 0.02


def run(options: RunOptions) -> RunResult:
    """Run a mission and say how it ended. Leaves no process and no shared memory behind, whatever happens.

    Raises:
        InputError: what was asked for cannot be run.
        WorkerLost: a process did not come up.
    """
    description = load_robot(options.robot)
    if not description.robot.simulated:
        raise InputError(
            f"{description.path}: robot.simulated = false; allowed: true, as this version drives simulated robots only;"
            " add a [simulation] with a `world` and set it to true"
        )
    return _run_lockstep(options) if options.lockstep else _run_live(options)


def _run_lockstep(options: RunOptions) -> RunResult:
    from robot_runtime.lockstep import Lockstep, run_lockstep
    from robot_runtime.run_progress import RunProgress

    progress = RunProgress(enabled=options.progress)
    progress.note(f"robot {options.robot}, mission {options.mission.stem}, seed {options.seed}, virtual time", 0.0)

    def tell(lockstep: Lockstep) -> None:
        agent = lockstep.agent
        why = next((entry.reason for entry in agent.modes_entered[::-1] if entry.name == agent.status.compute), "")
        progress.tell(agent.status, why, lockstep.time_s)

    return run_lockstep(options, tell)


def _run_live(options: RunOptions) -> RunResult:
    from robot_runtime.live import LiveRobot
    from robot_runtime.run_progress import RunProgress

    signal.signal(signal.SIGTERM, _interrupt)
    with LiveRobot(options) as robot:
        progress = RunProgress(enabled=options.progress)
        progress.starting(robot)
        robot.start(progress.process_ready)
        viewer = _open_viewer(robot) if options.view else None
        try:
            while robot.outcome is None:
                progress.update(robot, robot.poll())
                time.sleep(POLL_PERIOD_S)
        except KeyboardInterrupt:
            progress.note("interrupted: ending every process")
        finally:
            if viewer is not None:
                viewer.terminate()
                viewer.wait()
        progress.ending()
        if options.picture is not None:
            subprocess.run(_simulator_tool("sim.picture", robot, str(options.picture)), check=False)
        return robot.finish()


def _interrupt(number: int, frame: FrameType | None) -> None:
    """A polite request to end is handled like Ctrl-C: everything is ended in order."""
    raise KeyboardInterrupt


def _open_viewer(robot: LiveRobot) -> subprocess.Popen[bytes]:
    return subprocess.Popen(_simulator_tool("sim.view", robot))


def _simulator_tool(module: str, robot: LiveRobot, *arguments: str) -> list[str]:
    """Command line of a process that may look at the simulated world, which the runtime itself may not."""
    place = ("--run-dir", str(robot.run.directory), "--robot", str(robot.description.path))
    return [sys.executable, "-m", module, *place, *arguments]
