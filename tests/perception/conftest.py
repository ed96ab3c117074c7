from __future__ import annotations

from collections.abc import Callable

import cv2
import mujoco
import numpy as np
import pytest

from perception.frames import Frame
from perception.robot_shape import robot_capsules
from rt_control._native import Kinematics
from rt_control.description import load_robot
from rt_control.model_compiler import compile_model
from rt_control.robot_file import RobotDescription
from sim.cameras import Renderer
from sim.plant import Plant

cv2.setNumThreads(1)


@pytest.fixture(scope="session")
def description() -> RobotDescription:
    return load_robot("arm7")


@pytest.fixture(scope="session")
def kinematics(description: RobotDescription) -> Kinematics:
    return Kinematics(compile_model(description))


@pytest.fixture(scope="session")
def renderer(description: RobotDescription) -> Renderer:
    return Renderer(description.world_path, description)


class Table:
    """The simulated table of one seed, photographed; its truth is for comparison only."""

    def __init__(self, seed: int, description: RobotDescription, kinematics: Kinematics, renderer: Renderer) -> None:
        self.description = description
        self.plant = Plant(description.world_path, description, seed, drive_watchdog_cycles=50)
        for _ in range(100):
            self.plant.step(None)
        self._kinematics, self._renderer = kinematics, renderer
        self.stamp_ns = 0
        self.position = np.array(description.home)
        self.place_arm(self.position)

    def place_arm(self, position: np.ndarray) -> None:
        """Put the arm somewhere."""
        self.position = position
        for name, value in zip(self.description.axis_names, position, strict=True):
            self.plant.data.qpos[self.plant.model.joint(name).qposadr[0]] = value
        mujoco.mj_forward(self.plant.model, self.plant.data)

    def place_object(self, name: str, x: float, y: float, z: float) -> None:
        """Put an object somewhere."""
        address = self.plant.model.jnt_qposadr[self.plant.model.body(name).jntadr[0]]
        self.plant.data.qpos[address : address + 3] = x, y, z
        mujoco.mj_forward(self.plant.model, self.plant.data)

    def place_hand(self, position: tuple[float, float, float], yaw_rad: float = 0.0) -> None:
        """Put the person's hand somewhere."""
        index = self.plant.model.body("person").mocapid[0]
        self.plant.data.mocap_pos[index] = position
        self.plant.data.mocap_quat[index] = [np.cos(yaw_rad / 2.0), 0.0, 0.0, np.sin(yaw_rad / 2.0)]
        mujoco.mj_forward(self.plant.model, self.plant.data)

    def photograph(self, camera: str) -> Frame:
        """Take an image, one thirtieth of a second after the last."""
        self.stamp_ns += 33_000_000
        return self._renderer.render(camera, self.plant.world_bytes(), self.stamp_ns)

    def photograph_pair(self) -> tuple[Frame, Frame]:
        """Take the images of the stereo pair, both of one moment."""
        left = self.photograph("overhead_left")
        return left, self._renderer.render("overhead_right", self.plant.world_bytes(), left.stamp_ns)

    @property
    def robot(self) -> np.ndarray:
        """Capsules of the robot as it stands."""
        return robot_capsules(self._kinematics.link_poses(self.position), self.description.gripper)

    def true_pose(self, name: str) -> tuple[np.ndarray, float]:
        """Centre and yaw of an object."""
        body = self.plant.data.body(name)
        rotation = body.xmat.reshape(3, 3)
        return body.xpos.copy(), float(np.arctan2(rotation[1, 0], rotation[0, 0]))

    def true_person_distance(self) -> float:
        """Between the surfaces of person and robot."""
        model, data = self.plant.model, self.plant.data
        person = model.body("person").id
        parts = {model.body(name).id for name in ("hand", "finger_left", "finger_right")}
        parts |= {model.body(f"link{index}").id for index in range(8)}
        arm = [geom for geom in range(model.ngeom) if model.geom_bodyid[geom] == person]
        robot = [geom for geom in range(model.ngeom) if model.geom_bodyid[geom] in parts]
        return float(min(mujoco.mj_geomDistance(model, data, a, b, 9.0, None) for a in arm for b in robot))


@pytest.fixture
def make_table(description: RobotDescription, kinematics: Kinematics, renderer: Renderer) -> Callable[[int], Table]:
    return lambda seed: Table(seed, description, kinematics, renderer)
