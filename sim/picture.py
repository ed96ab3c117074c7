"""A picture of the world with shadows and smooth edges, as in the README."""

from __future__ import annotations

from pathlib import Path

import cv2
import mujoco
import numpy as np
import numpy.typing as npt

from rt_control.errors import InputError
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
