"""The simulated cameras as a process of their own: `python -m sim.camera_process --run-dir DIR --robot FILE`.

Its heartbeat counts the loops that wrote images, and its rate is theirs: a plant that stands still makes the robot
blind. The stamp of the heartbeat goes on, as the process itself is not hung.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rt_control.channels import RunDirectory
from rt_control.description import RobotDescription, load_robot
from rt_control.errors import DynamicalError, InputError
from rt_control.model_compiler import quaternion_of
from rt_control.scheduling import Metronome, Termination, end_with_parent, prepare_process
from sim.cameras import Renderer
from sim.world_state import stamp_of

if TYPE_CHECKING:
    from perception.frames import Frame
    from rt_control._native import FrameHeader

logger = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Render every camera of the robot at its rate until SIGTERM."""
    options = _parser().parse_args(arguments)
    end_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    os.environ.setdefault("LP_NUM_THREADS", "0")  # a software renderer's threads would disturb the other processes
    try:
        run = RunDirectory.at(options.run_dir)
        description = load_robot(options.robot)
        prepare_process(options.cpu, options.priority)
        renderer = Renderer(description.world_path, description)
        logger.info("off-screen OpenGL: %s", renderer.backend)
        _run(renderer, description, run, options.rate)
    except DynamicalError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sim.camera_process", description="Simulated cameras.")
    parser.add_argument("--run-dir", type=Path, required=True, help="directory of the channels")
    parser.add_argument("--robot", required=True, help="robot file, or name of a shipped robot")
    parser.add_argument("--rate", type=float, default=30.0, help="frames per second of each camera")
    parser.add_argument("--cpu", type=int, help="to run on")
    parser.add_argument("--priority", type=int, default=0, help="of SCHED_FIFO; 0: ordinary scheduling")
    return parser


def _run(renderer: Renderer, description: RobotDescription, run: RunDirectory, rate_hz: float) -> None:
    from rt_control._native import BytesReader, FrameReader, FrameWriter, Source
    from rt_control.heartbeat import Pulse

    names = [camera.name for camera in description.camera]
    if not names:
        raise InputError(f"{description.path}: camera = []; allowed: at least one; add a [[camera]]")
    for name in names:
        before = FrameReader(run.path(f"frame.{name}")).read()
        if before is not None:  # this process was restarted: readers wait for a higher number
            renderer.continue_after(name, before[0].number)
    writers = {name: FrameWriter(run.path(f"frame.{name}")) for name in names}
    world = BytesReader(run.path("world"))
    pulse = Pulse(run.path("heartbeat.cameras"), Source.cameras)
    terminated = Termination()
    metronome = Metronome(round(1e9 / rate_hz))
    last = b""
    while not terminated:
        start_ns = metronome.wait()
        content = world.read()
        if content is not None and content != last:  # a world that stands still makes no new frames
            for name in names:
                frame = renderer.render(name, content, stamp_of(content))
                writers[name].write(_header(frame), frame.rgb, frame.depth_m)
            last = content
            pulse.worked(time.monotonic_ns() - start_ns)
        pulse.beat(time.monotonic_ns(), metronome.missed)


def _header(frame: Frame) -> FrameHeader:
    from rt_control._native import FrameHeader

    return FrameHeader(
        number=frame.number,
        stamp_ns=frame.stamp_ns,
        fx=frame.fx,
        fy=frame.fy,
        cx=frame.cx,
        cy=frame.cy,
        position_base=frame.pose_base_from_camera[:3, 3],
        quaternion_base=quaternion_of(frame.pose_base_from_camera[:3, :3]),
    )


if __name__ == "__main__":
    sys.exit(main())
