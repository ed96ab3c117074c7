"""Stereo pairs of the simulated table with the left camera's true depth: to fit and to judge stereo, not to run it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import msgspec
import mujoco
import numpy as np
import numpy.typing as npt

from perception.frames import Frame
from rt_control.description import RobotDescription
from sim.cameras import Renderer
from sim.plant import Plant

SETTLE_MS = 50
ARM_SPREAD_RAD = 0.4  # of each joint around its home
HAND_LOWER_M, HAND_UPPER_M = (0.40, -0.40, 0.10), (0.75, 0.40, 0.35)
HAND_SHARE = 2.0 / 3.0  # of the pairs show a person's arm


@dataclass(frozen=True, slots=True)
class StereoPair:
    """One pair and its truth.

    Attributes:
        left: without depth, as the runtime gets it.
        right: of the same moment.
        depth_m: the left camera's true depth, (h, w) float32, 0 = nothing there.
    """

    left: Frame
    right: Frame
    depth_m: npt.NDArray[np.float32]


class StereoPairs:
    """Photographs the table of each seed: objects, arm and, in two pairs of three, a person's arm somewhere."""

    def __init__(self, description: RobotDescription) -> None:
        """Make the GL context.

        Raises:
            InputError: the robot has no stereo pair, or this machine no off-screen OpenGL.
        """
        self._names = [description.camera_of(role).name for role in ("stereo_left", "stereo_right")]
        cameras = tuple(msgspec.structs.replace(camera, depth=True) for camera in description.camera)
        self._description = description
        self._renderer = Renderer(description.world_path, msgspec.structs.replace(description, camera=cameras))

    def take(self, seed: int) -> StereoPair:
        """The pair of a seed."""
        description, random = self._description, np.random.default_rng(seed)
        plant = Plant(description.world_path, description, seed, description.timing.drive_watchdog_cycles)
        for _ in range(SETTLE_MS):
            plant.step(None)
        model, data = plant.model, plant.data
        for axis, home in zip(description.axis, description.home, strict=True):
            turn = random.uniform(-ARM_SPREAD_RAD, ARM_SPREAD_RAD) if axis.kind == "revolute" else 0.0
            data.qpos[model.joint(axis.name).qposadr[0]] = np.clip(home + turn, axis.lower, axis.upper)
        if random.uniform() < HAND_SHARE:
            index, half_yaw = model.body("person").mocapid[0], random.uniform(-0.4, 0.4)
            data.mocap_pos[index] = random.uniform(HAND_LOWER_M, HAND_UPPER_M)
            data.mocap_quat[index] = [math.cos(half_yaw), 0.0, 0.0, math.sin(half_yaw)]
        mujoco.mj_forward(model, data)
        world = plant.world_bytes()
        left, right = (self._renderer.render(name, world, 0) for name in self._names)
        assert left.depth_m is not None
        return StereoPair(replace(left, depth_m=None), replace(right, depth_m=None), left.depth_m)

    def close(self) -> None:
        """Free the GL context."""
        self._renderer.close()


def with_noise(pair: StereoPair, deviation: float, seed: int) -> tuple[Frame, Frame]:
    """Left and right as a camera with noise takes them.

    Args:
        pair: to start from.
        deviation: standard deviation of each channel of each pixel, of 255; 0 gives the images as they are.
        seed: of the noise.
    """
    random = np.random.default_rng(seed)
    left, right = (replace(frame, rgb=_noisy(frame.rgb, deviation, random)) for frame in (pair.left, pair.right))
    return left, right


def _noisy(rgb: npt.NDArray[np.uint8], deviation: float, random: np.random.Generator) -> npt.NDArray[np.uint8]:
    if deviation == 0.0:
        return rgb
    return np.clip(np.rint(rgb + random.normal(0.0, deviation, rgb.shape)), 0, 255).astype(np.uint8)
