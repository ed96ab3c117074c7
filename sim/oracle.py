"""Perception played from the simulator's truth, with errors like the real pipeline's: for long campaigns only.

Every scene says so (`source` is `oracle`), and so does every result that rests on one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import mujoco
import numpy as np

from perception.scene import Scene, SceneObject
from sim.plant import Plant

NOBODY_WITHIN_M = 1.5
AWAY_M = 3.0


@dataclass(frozen=True, slots=True)
class OracleErrors:
    """How it errs; the defaults are what `dynamical bench perception` measured of the real pipeline.

    Attributes:
        position_m: standard deviation of each coordinate.
        yaw_rad: standard deviation.
        miss_ratio: share of looks that do not see an object; it then keeps its last place and stamp.
    """

    position_m: float = 0.0006
    yaw_rad: float = 0.011
    miss_ratio: float = 0.0


class OraclePerception:
    """Scenes made from a plant's truth.

    Args:
        plant: whose objects are looked at.
        seed: of the errors.
        errors: how large they are.
    """

    def __init__(self, plant: Plant, seed: int, errors: OracleErrors | None = None) -> None:
        self._plant = plant
        self._random = np.random.default_rng(seed)
        self._errors = errors or OracleErrors()
        simulation = plant.description.simulation
        self._names = sorted(simulation.goal) if simulation is not None else []
        self._sizes = {name: _size_of(plant.model, name) for name in self._names}
        self._person = _person_geoms(plant.model)
        self._robot = _robot_geoms(plant.model, plant.description.axis_names[0])
        self._seen: dict[str, SceneObject] = {}
        self._sequence = 0

    def look(self, stamp_ns: int) -> Scene:
        """The scene as it is now, stamped as measured at `stamp_ns`."""
        for name in self._names:
            if name not in self._seen or self._random.random() >= self._errors.miss_ratio:
                self._seen[name] = self._object(name, stamp_ns)
        self._sequence += 1
        objects = tuple(self._seen[name] for name in self._names)
        return Scene(self._sequence, stamp_ns, objects, self._person_distance(), "oracle")

    def _object(self, name: str, stamp_ns: int) -> SceneObject:
        body = self._plant.data.body(name)
        x, y, z = (body.xpos + self._random.normal(0.0, self._errors.position_m, 3)).tolist()
        rotation = body.xmat.reshape(3, 3)
        yaw = math.atan2(rotation[1, 0], rotation[0, 0]) + self._random.normal(0.0, self._errors.yaw_rad)
        folded = math.remainder(yaw, math.pi)
        return SceneObject(name, (x, y, z), folded, self._sizes[name], 0.95, stamp_ns)

    def _person_distance(self) -> float | None:
        model, data = self._plant.model, self._plant.data
        if not self._person or float(np.linalg.norm(data.geom_xpos[self._person[0]][:2])) > AWAY_M:
            return None
        pairs = ((one, other) for one in self._person for other in self._robot)
        distance = min(mujoco.mj_geomDistance(model, data, *pair, NOBODY_WITHIN_M, None) for pair in pairs)
        return None if distance >= NOBODY_WITHIN_M else max(float(distance), 0.0)


def _size_of(model: mujoco.MjModel, name: str) -> tuple[float, float, float]:
    geom = model.body(name).geomadr[0]
    kind, size = model.geom_type[geom], model.geom_size[geom]
    if kind == mujoco.mjtGeom.mjGEOM_SPHERE:
        return (2.0 * float(size[0]),) * 3
    if kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
        return 2.0 * float(size[0]), 2.0 * float(size[0]), 2.0 * float(size[1])
    x, y, z = (2.0 * size).tolist()
    return x, y, z


def _person_geoms(model: mujoco.MjModel) -> list[int]:
    body = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, "person")
    return [index for index in range(model.ngeom) if model.geom_bodyid[index] == body]


def _robot_geoms(model: mujoco.MjModel, first_axis: str) -> list[int]:
    """What can be touched of the bodies that the first axis carries."""
    carried = {int(model.joint(first_axis).bodyid[0])}
    for body in range(model.nbody):  # parents come before children
        if int(model.body_parentid[body]) in carried:
            carried.add(body)
    return [
        index for index in range(model.ngeom) if int(model.geom_bodyid[index]) in carried and model.geom_contype[index]
    ]
