"""A picture of the world with shadows and smooth edges, as in the README.

Of a running robot: `python -m sim.picture --run-dir DIR --robot FILE PICTURE.png`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import mujoco
import numpy as np
import numpy.typing as npt

from rt_control.description import load_robot
from rt_control.errors import DynamicalError, InputError
from sim.offscreen import PICTURE, Offscreen
from sim.world_state import load_world, unpack_world


def render_picture(
    world_path: Path, world: bytes, camera: str = "picture", width: int = 1280, height: int = 720
) -> npt.NDArray[np.uint8]:
    """Draw one state of the world.

    Args:
        world_path: the MJCF scene.
        world: from `Plant.world_bytes`.
        camera: any camera of the scene.

    Returns:
        RGB (h, w, 3).

    Raises:
        InputError: the scene has no such camera, or there is no off-screen OpenGL.
    """
    model = load_world(world_path)
    data = mujoco.MjData(model)
    camera_id = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_CAMERA, camera)
    if camera_id < 0:
        names = ", ".join(model.camera(index).name for index in range(model.ncam))
        raise InputError(f"{world_path}: camera {camera!r} is not in the world; allowed: {names}; choose one")
    unpack_world(world, model, data)
    offscreen = Offscreen(model, width, height, PICTURE)
    try:
        return offscreen.render(data, camera_id, width, height, depth=False)[0]
    finally:
        offscreen.close()


def save_picture(path: Path, rgb: npt.NDArray[np.uint8]) -> None:
    """Write an image as PNG.

    Raises:
        InputError: it cannot be written there.
    """
    try:
        written = cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    except cv2.error:
        written = False
    if not written:
        raise InputError(f"{path}: the picture cannot be written; give a .png in a folder that exists")


def main(arguments: list[str] | None = None) -> int:
    """Draw the world of a running plant as it is now."""
    from rt_control._native import BytesReader

    parser = argparse.ArgumentParser(prog="python -m sim.picture", description="A picture of the running simulation.")
    parser.add_argument("--run-dir", type=Path, required=True, help="directory of the channels")
    parser.add_argument("--robot", required=True, help="robot file, or name of a shipped robot")
    parser.add_argument("picture", type=Path, help="where to write the PNG")
    options = parser.parse_args(arguments)
    try:
        world = BytesReader(options.run_dir / "world").read()
        if world is None:
            raise InputError(f"{options.run_dir}: the plant has not written a world yet; wait until it is up")
        save_picture(options.picture, render_picture(load_robot(options.robot).world_path, world))
    except DynamicalError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
