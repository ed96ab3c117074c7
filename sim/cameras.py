"""The simulated cameras: a packed world in, a `Frame` out."""

from __future__ import annotations

import math
from pathlib import Path

import mujoco
import numpy as np

from perception.frames import Frame
from rt_control.description import RobotDescription
from rt_control.errors import InputError
from sim.light import Light
from sim.offscreen import LIVE, Offscreen
from sim.world_state import load_world, unpack_world

# MuJoCo's cameras look along -z with y up; a frame's along +z with y down.
_OPTICAL = np.diag([1.0, -1.0, -1.0])


class Renderer:
    """All cameras of a robot with one GL context; the world's origin is the robot's base frame."""

    def __init__(self, world_path: Path, description: RobotDescription) -> None:
        """Load the world and make the GL context.

        Raises:
            InputError: the world lacks a declared camera, or there is no off-screen OpenGL.
        """
        self._model = load_world(world_path)
        self._data = mujoco.MjData(self._model)
        self._cameras = {camera.name: camera for camera in description.camera}
        self._numbers = dict.fromkeys(self._cameras, 0)
        self._ids = {name: _camera_id(self._model, name, world_path) for name in self._cameras}
        self._content = b""
        self.light = Light(self._model)
        """Of the world; it may be made to fail."""
        sizes = [(camera.width, camera.height) for camera in description.camera] or [(16, 16)]
        width, height = (max(size[side] for size in sizes) for side in (0, 1))
        self._offscreen = Offscreen(self._model, width, height, LIVE)

    @property
    def backend(self) -> str:
        """`egl` or `osmesa`."""
        return self._offscreen.backend

    def continue_after(self, camera: str, number: int) -> None:
        """Number the next frame of a camera with more than `number`."""
        self._numbers[camera] = max(self._numbers[camera], number)

    def render(self, camera: str, world: bytes, stamp_ns: int) -> Frame:
        """Take one image.

        Args:
            camera: one that the robot file declares.
            world: from `Plant.world_bytes`.
            stamp_ns: written into the frame.

        Raises:
            ChannelError: the bytes are of another world.
        """
        if world != self._content:
            unpack_world(world, self._model, self._data)
            self._content = world
        declared, camera_id = self._cameras[camera], self._ids[camera]
        rgb, depth = self._offscreen.render(self._data, camera_id, declared.width, declared.height, declared.depth)
        focal = declared.height / 2.0 / math.tan(math.radians(self._model.cam_fovy[camera_id]) / 2.0)
        pose = np.eye(4)
        pose[:3, :3] = self._data.cam_xmat[camera_id].reshape(3, 3) @ _OPTICAL
        pose[:3, 3] = self._data.cam_xpos[camera_id]
        self._numbers[camera] += 1
        return Frame(
            camera=camera,
            number=self._numbers[camera],
            stamp_ns=stamp_ns,
            rgb=rgb,
            depth_m=depth,
            fx=focal,
            fy=focal,
            cx=(declared.width - 1) / 2.0,
            cy=(declared.height - 1) / 2.0,
            pose_base_from_camera=pose,
        )

    def close(self) -> None:
        """Free the GL context."""
        self._offscreen.close()


def _camera_id(model: mujoco.MjModel, name: str, world_path: Path) -> int:
    camera = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_CAMERA, name)
    if camera < 0:
        names = ", ".join(model.camera(index).name for index in range(model.ncam)) or "none"
        raise InputError(f"{world_path}: camera {name!r} is not in the world; allowed: {names}; add a <camera>")
    return int(camera)
