"""A window onto the running simulation: `python -m sim.view --run-dir DIR --robot FILE` (MuJoCo's passive viewer)."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from rt_control.channels import RunDirectory
from rt_control.description import load_robot
from rt_control.errors import DynamicalError, InputError
from rt_control.scheduling import Metronome, Termination, end_with_parent, prepare_process
from sim.world_state import load_world, unpack_world

RATE_HZ = 60


def main(arguments: list[str] | None = None) -> int:
    """Show the world until the window is closed or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m sim.view", description="Window onto the running simulation.")
    parser.add_argument("--run-dir", type=Path, required=True, help="directory of the channels")
    parser.add_argument("--robot", required=True, help="robot file, or name of a shipped robot")
    options = parser.parse_args(arguments)
    end_with_parent()
    try:
        require_display()
        prepare_process(None, 0)
        show_world(load_robot(options.robot).world_path, RunDirectory.at(options.run_dir))
    except DynamicalError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1
    return 0


def require_display() -> None:
    """Refuse where no window can be opened.

    Raises:
        InputError: this session has no display.
    """
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise InputError(
            "no display for --view: DISPLAY and WAYLAND_DISPLAY are not set; run it in a desktop session, or without"
        )


def show_world(world_path: Path, run: RunDirectory) -> None:
    """Follow the plant's `world` channel in a window until it is closed or SIGTERM."""
    import mujoco.viewer

    from rt_control._native import BytesReader

    model = load_world(world_path)
    data = mujoco.MjData(model)
    channel = BytesReader(run.path("world"))
    terminated = Termination()
    metronome = Metronome(round(1e9 / RATE_HZ))
    with mujoco.viewer.launch_passive(model, data, show_left_ui=False, show_right_ui=False) as window:
        while window.is_running() and not terminated:
            metronome.wait()
            content = channel.read()
            if content is not None:
                with window.lock():
                    unpack_world(content, model, data)
                window.sync()


if __name__ == "__main__":
    sys.exit(main())
