"""A table full of boxes that stand there, and one that appears where the arm is about to pass."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import mujoco
import numpy as np
import numpy.typing as npt

from perception.scene import Scene, SceneObject
from rt_control.description import RobotDescription
from sim.person_distance import robot_geoms
from sim.plant import Plant

OBSTACLES = 20
FREE_M = 0.06  # between a box and the arm in any pose that it has to take
APPEARS_M = 0.20  # from the arm, at least
ERROR_M = 0.003  # standard deviation of where a box is seen
LOWEST_M, HIGHEST_M = 0.04, 0.40
NEAR_BASE_M = 0.28
ABOVE_SHARE = 0.3  # of boxes that hang in the air
AWAY = (0.0, 0.0, -3.0)

Array = npt.NDArray[np.float64]


def crowd(
    description: RobotDescription, poses: dict[str, tuple[float, ...]], seed: int, folder: Path
) -> RobotDescription:
    """The robot with these poses, in the shipped world with boxes instead of its objects.

    Args:
        description: of the simulated robot.
        poses: that it is to take; no box is near the arm in any of them.
        seed: the same seed gives the same boxes.
        folder: gets the world's file; must exist.
    """
    assert description.simulation is not None, "only a simulated robot has a world"
    spec = mujoco.MjSpec.from_file(str(description.world_path))
    for name in description.simulation.goal:
        spec.delete(spec.body(name))
    random = np.random.default_rng((seed, 3))
    for number in range(OBSTACLES):
        half = random.uniform([0.015, 0.015, LOWEST_M / 2.0], [0.06, 0.06, HIGHEST_M / 2.0])
        body = spec.worldbody.add_body(name=f"box{number}", mocap=True, pos=AWAY)
        body.add_geom(
            name=f"box{number}",
            type=mujoco.mjtGeom.mjGEOM_BOX,
            size=half,
            contype=1,
            conaffinity=0,
            rgba=[*random.uniform(0.3, 0.8, 3), 1.0],
        )
    spec.compile()
    world = folder / "world.xml"
    world.write_text(spec.to_xml(), encoding="utf-8")
    return msgspec.structs.replace(
        description,
        simulation=msgspec.structs.replace(description.simulation, world=str(world), goal={}),
        workcell=msgspec.structs.replace(description.workcell, poses=poses),
    )


class Crowd:
    """The boxes of one plant: puts them somewhere, sees them, and notes who touches them."""

    def __init__(self, plant: Plant, seed: int) -> None:
        """Put all but the last where the arm does not stand in any of its poses.

        Args:
            plant: in a world of `crowd`.
            seed: of places and of what is seen.
        """
        self._plant = plant
        self._random = np.random.default_rng((seed, 5))
        self._robot = robot_geoms(plant.model, plant.description.axis_names[0])
        self._boxes = [int(plant.model.geom(f"box{number}").id) for number in range(OBSTACLES)]
        self._arm = set(self._robot)
        self._scratch = mujoco.MjData(plant.model)
        self._sequence = 0
        self.touched: set[str] = set()
        """Names of what the robot has touched so far."""
        poses = [np.array(pose) for pose in plant.description.workcell.poses.values()]
        for box in self._boxes[:-1]:
            for _ in range(60):
                self._put(box, self._place(box), float(self._random.uniform(-math.pi, math.pi)))
                if all(self._distance(box, pose) > FREE_M for pose in poses):
                    break
            else:
                self._put(box, np.array(AWAY), 0.0)
        mujoco.mj_forward(plant.model, plant.data)

    def appear(self, begin: Array, end: Array) -> bool:
        """Let the last box stand between two points (base frame, m), if the arm is not near; whether it does."""
        box, poses = self._boxes[-1], self._plant.description.workcell.poses.values()
        now = self._plant.data.qpos.copy()
        for _ in range(60):
            share = self._random.uniform(0.3, 0.9)
            place = begin + share * (end - begin) + self._random.normal(0.0, 0.06, 3)
            self._put(box, place, 0.0)
            if self._distance_at(box, now) > APPEARS_M and all(
                self._distance(box, np.array(pose)) > FREE_M for pose in poses
            ):
                return True
        self._put(box, np.array(AWAY), 0.0)
        return False

    def look(self, stamp_ns: int) -> Scene:
        """The boxes as they are now, a little off, stamped as measured at `stamp_ns`."""
        data, model = self._plant.data, self._plant.model
        seen = []
        for number, box in enumerate(self._boxes):
            body = int(model.geom_bodyid[box])
            mocap = int(model.body_mocapid[body])
            x, y, z = (data.mocap_pos[mocap] + self._random.normal(0.0, ERROR_M, 3)).tolist()
            if z < -1.0:
                continue
            w, _, _, k = data.mocap_quat[mocap]
            length, width, height = (2.0 * model.geom_size[box]).tolist()
            seen.append(
                SceneObject(f"box{number}", (x, y, z), 2.0 * math.atan2(k, w), (length, width, height), 0.95, stamp_ns)
            )
        self._sequence += 1
        return Scene(self._sequence, stamp_ns, tuple(seen), None, "oracle")

    def watch(self) -> None:
        """Note what the robot touches now; anything that is not the robot counts."""
        data, model = self._plant.data, self._plant.model
        for contact in data.contact[: data.ncon]:
            one, other = int(contact.geom1), int(contact.geom2)
            if (one in self._arm) != (other in self._arm) and contact.dist < 0.0:
                outside = other if one in self._arm else one
                geom = model.geom(outside)
                self.touched.add(geom.name or model.body(int(model.geom_bodyid[outside])).name)

    def _place(self, box: int) -> Array:
        random, half = self._random, float(self._plant.model.geom_size[box][2])
        while True:
            x, y = random.uniform([0.15, -0.60], [0.78, 0.60])
            if math.hypot(x, y) > NEAR_BASE_M:
                break
        z = float(random.uniform(0.25, 0.75)) if random.random() < ABOVE_SHARE else half
        return np.array([x, y, z])

    def _put(self, box: int, place: Array, yaw_rad: float) -> None:
        model, data = self._plant.model, self._plant.data
        mocap = int(model.body_mocapid[model.geom_bodyid[box]])
        data.mocap_pos[mocap] = place
        data.mocap_quat[mocap] = (math.cos(yaw_rad / 2.0), 0.0, 0.0, math.sin(yaw_rad / 2.0))

    def _distance(self, box: int, pose: Array) -> float:
        """Between a box and the arm in a pose (axes,), m."""
        self._scratch.qpos[:] = self._plant.data.qpos
        self._plant.axes.move_to(self._scratch, pose)
        return self._distance_at(box, self._scratch.qpos)

    def _distance_at(self, box: int, positions: Array) -> float:
        model, scratch = self._plant.model, self._scratch
        scratch.qpos[:] = positions
        scratch.mocap_pos[:], scratch.mocap_quat[:] = self._plant.data.mocap_pos, self._plant.data.mocap_quat
        mujoco.mj_kinematics(model, scratch)
        return min(float(mujoco.mj_geomDistance(model, scratch, box, other, 1.0, None)) for other in self._robot)
