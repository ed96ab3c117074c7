"""Perception played from the simulator's truth, with errors like the real pipeline's: for long campaigns only.

Every scene says so (`source` is `oracle`), and so does every result that rests on one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import mujoco
import numpy as np

from perception.scene import Scene, SceneObject
from sim.person_distance import PersonDistance
from sim.plant import Plant


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
        self._person_distance = PersonDistance(plant.model, plant.description.axis_names[0])
        self._seen: dict[str, SceneObject] = {}
        self._sequence = 0

    def look(self, stamp_ns: int) -> Scene:
        """The scene as it is now, stamped as measured at `stamp_ns`."""
        for name in self._names:
            if name not in self._seen or self._random.random() >= self._errors.miss_ratio:
                self._seen[name] = self._object(name, stamp_ns)
        self._sequence += 1
        objects = tuple(self._seen[name] for name in self._names)
        distance_m, point = self._person_distance.nearest(self._plant.data) or (None, None)
        return Scene(self._sequence, stamp_ns, objects, distance_m, "oracle", person_point_base=point)

    def _object(self, name: str, stamp_ns: int) -> SceneObject:
        body = self._plant.data.body(name)
        x, y, z = (body.xpos + self._random.normal(0.0, self._errors.position_m, 3)).tolist()
        rotation = body.xmat.reshape(3, 3)
        yaw = math.atan2(rotation[1, 0], rotation[0, 0]) + self._random.normal(0.0, self._errors.yaw_rad)
        folded = math.remainder(yaw, math.pi)
        return SceneObject(name, (x, y, z), folded, self._sizes[name], 0.95, stamp_ns)


def _size_of(model: mujoco.MjModel, name: str) -> tuple[float, float, float]:
    geom = model.body(name).geomadr[0]
    kind, size = model.geom_type[geom], model.geom_size[geom]
    if kind == mujoco.mjtGeom.mjGEOM_SPHERE:
        return (2.0 * float(size[0]),) * 3
    if kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
        return 2.0 * float(size[0]), 2.0 * float(size[0]), 2.0 * float(size[1])
    x, y, z = (2.0 * size).tolist()
    return x, y, z
