"""The plant as a process of its own: `python -m sim.plant_process --run-dir DIR --robot FILE`.

A thin shell around `sim.plant.Plant`: 1 kHz on absolute time, channels, scheduling. Lost time is never caught up, so
that a stall of the whole host does not look like a fault; the dilation in `drive.state` tells of it.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from rt_control.channels import RunDirectory
from rt_control.description import load_robot
from rt_control.errors import DynamicalError, InputError
from rt_control.scheduling import Metronome, Termination, end_with_parent, prepare_process, stop_collecting
from sim.drives import ENABLED
from sim.person import PersonPath
from sim.plant import Plant
from sim.score import score

if TYPE_CHECKING:
    from rt_control._native import DriveCommand, DriveCommandReader

logger = logging.getLogger(__name__)

WORLD_EVERY_CYCLES = 4  # 250 Hz: more than any camera needs
HEARTBEAT_EVERY_CYCLES = 20
WAIT_S = 0.0002


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM; then write the score where `--score-file` says."""
    options = _parser().parse_args(arguments)
    end_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    try:
        description = load_robot(options.robot)
        watchdog_cycles = options.watchdog_cycles or description.timing.drive_watchdog_cycles
        person = PersonPath.from_json(options.person) if options.person else None
        plant = Plant(description.world_path, description, options.seed, watchdog_cycles, person)
        _run(plant, options)
        if options.score_file is not None:
            _write_line(options.score_file, msgspec.json.encode(score(plant)))
    except DynamicalError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sim.plant_process", description="Physics behind virtual drives.")
    parser.add_argument("--run-dir", type=Path, required=True, help="directory of the channels")
    parser.add_argument("--robot", required=True, help="robot file, or name of a shipped robot")
    parser.add_argument("--seed", type=int, default=0, help="of the scenario")
    parser.add_argument("--cpu", type=int, help="to run on; the one of rt_control, so that a stall stops both")
    parser.add_argument("--priority", type=int, default=0, help="of SCHED_FIFO; 0: ordinary scheduling")
    parser.add_argument("--watchdog-cycles", type=int, help="of the drives; the robot file's if left out")
    parser.add_argument(
        "--patience-ms",
        type=float,
        default=0.0,
        help="where nothing runs in real time: simulated time waits for a late command for so long at most",
    )
    parser.add_argument("--person", metavar="JSON", help="path of a person's arm: [[time_s, x, y, z, yaw_rad], ...]")
    parser.add_argument("--estop-open-s", type=float, help="simulated time at which the e-stop chain opens")
    parser.add_argument("--estop-closed-s", type=float, help="simulated time at which it closes again")
    parser.add_argument("--score-file", type=Path, help="where to write the score at the end, one line of JSON")
    return parser


def _run(plant: Plant, options: argparse.Namespace) -> None:
    from rt_control._native import BytesWriter, DriveCommandReader, DriveStateWriter, Source
    from rt_control.heartbeat import Pulse

    run = RunDirectory.at(options.run_dir)
    commands = CommandSource(DriveCommandReader(run.path("drive.command")), round(options.patience_ms * 1e6))
    states = DriveStateWriter(run.path("drive.state"))
    world = BytesWriter(run.path("world"))
    pulse = Pulse(run.path("heartbeat.plant"), Source.plant)
    granted = prepare_process(options.cpu, options.priority)
    if not granted.fifo:
        logger.warning("no real-time scheduling: asked for priority %d", options.priority)
    period_ns = round(plant.description.timing.period_s * 1e9)
    terminated = Termination()
    stop_collecting()
    metronome = Metronome(period_ns)
    start_ns = time.monotonic_ns()
    while not terminated:
        metronome.wait()
        command = commands.next(bool(plant.drives.status & ENABLED))
        now_ns = time.monotonic_ns()
        plant.emergency_stop = _is_between(plant.time_s, options.estop_open_s, options.estop_closed_s)
        state = plant.step(command)
        state.stamp_ns = now_ns
        state.dilation = (now_ns - start_ns) / (plant.cycle * period_ns)
        states.write(state)
        if plant.cycle % WORLD_EVERY_CYCLES == 0:
            world.write(plant.world_bytes(now_ns))
        pulse.worked(time.monotonic_ns() - now_ns)
        if plant.cycle % HEARTBEAT_EVERY_CYCLES == 0:
            pulse.beat(now_ns, metronome.missed)


class CommandSource:
    """The newest drive command; on a host without real time, simulated time waits for one that is late.

    There, plant and `rt_control` starve at different moments, and neither is at fault. Waiting makes a stall of one a
    stall of both. A command that does not come within the patience is not waited for again until the next one has come,
    so that the watchdog of the drives still counts plant cycles when `rt_control` is lost.

    Args:
        reader: of the commands.
        patience_ns: how long to wait; 0: never.
    """

    def __init__(self, reader: DriveCommandReader, patience_ns: int) -> None:
        self._reader = reader
        self._patience_ns = patience_ns
        self._seen = (0, 0)
        self._given_up = False

    def next(self, enabled: bool) -> DriveCommand | None:
        """The newest command.

        Args:
            enabled: whether the drives follow commands; only then one is waited for.
        """
        deadline_ns = time.monotonic_ns() + self._patience_ns
        while True:
            command = self._reader.read()
            if command is not None and (command.generation, command.cycle) != self._seen:
                self._seen = (command.generation, command.cycle)
                self._given_up = False
                return command
            if not enabled or self._given_up or time.monotonic_ns() >= deadline_ns:
                self._given_up = enabled
                return command
            time.sleep(WAIT_S)


def _is_between(time_s: float, start_s: float | None, end_s: float | None) -> bool:
    return start_s is not None and start_s <= time_s and (end_s is None or time_s < end_s)


def _write_line(path: Path, line: bytes) -> None:
    """Whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(line + b"\n")
    partial.replace(path)


if __name__ == "__main__":
    sys.exit(main())
