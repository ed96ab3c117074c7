"""What every worker process begins with: its arguments, the robot, the run directory, one line for bad input."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rt_control.channels import RunDirectory
from rt_control.description import RobotDescription, load_robot
from rt_control.errors import DynamicalError
from rt_control.scheduling import end_with_parent, prepare_process

if TYPE_CHECKING:
    from rt_control._native import RobotModel


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """The run that a worker belongs to.

    Attributes:
        run: its run directory, with all channels in place.
        description: the robot.
        mission_file: the mission's XML (agent only).
        cloud: address of the cloud, if there is one (agent and perception only).
        device: name or file of the computing budget (perception only).
        policy: name of a model, or address of a policy elsewhere; None: the bound model (policy only).
        policy_key_file: for the policy elsewhere (policy only).
    """

    run: RunDirectory
    description: RobotDescription
    mission_file: Path | None
    cloud: str | None
    device: str | None
    policy: str | None
    policy_key_file: Path | None

    def model(self) -> RobotModel:
        """The compiled robot, the same that `rt_control` runs with."""
        from rt_control._native import RobotModel

        return RobotModel.from_bytes(self.run.path("robot").read_bytes())


def worker_main(name: str, work: Callable[[WorkerContext], None]) -> None:
    """Run a worker process: arguments from the command line, exit code 2 and one line when it cannot begin."""
    parser = argparse.ArgumentParser(prog=f"dynamical-{name}")
    parser.add_argument("--run-dir", type=Path, required=True, help="the robot's run directory")
    parser.add_argument("--robot", type=Path, required=True, help="the robot's TOML")
    parser.add_argument("--mission", type=Path, help="the mission's XML")
    parser.add_argument("--cloud", metavar="URL", help="address of the cloud")
    parser.add_argument("--device", metavar="NAME|FILE", help="the computing budget")
    parser.add_argument("--policy", metavar="MODEL|URL", help="that moves the arm")
    parser.add_argument("--policy-key-file", type=Path, metavar="FILE", help="for a policy elsewhere")
    parser.add_argument("--priority", type=int, default=0, help="of SCHED_FIFO; 0: ordinary scheduling")
    options = parser.parse_args()
    end_with_parent()
    prepare_process(None, options.priority)
    try:
        context = WorkerContext(
            run=RunDirectory.at(options.run_dir),
            description=load_robot(options.robot),
            mission_file=options.mission,
            cloud=options.cloud,
            device=options.device,
            policy=options.policy,
            policy_key_file=options.policy_key_file,
        )
        work(context)
    except DynamicalError as error:
        print(f"{name}: {error}", file=sys.stderr)
        raise SystemExit(2) from error
