"""How far a simulated person is from the simulated robot."""

from __future__ import annotations

import mujoco
import numpy as np

NOBODY_WITHIN_M = 1.5
AWAY_M = 3.0


class PersonDistance:
    """Measures between the geoms of the body `person`, if there is one, and those of the robot that can be touched.

    Args:
        model: of the world.
        first_axis: the joint that carries the rest of the robot.
    """

    def __init__(self, model: mujoco.MjModel, first_axis: str) -> None:
        self._model = model
        self._person = _person_geoms(model)
        self._robot = robot_geoms(model, first_axis)

    def measure(self, data: mujoco.MjData) -> float | None:
        """In m, at least 0; None if nobody is within 1.5 m."""
        found = self.nearest(data)
        return None if found is None else found[0]

    def nearest(self, data: mujoco.MjData) -> tuple[float, tuple[float, float, float]] | None:
        """The distance in m, at least 0, and the person's point (base frame); None if nobody is within 1.5 m."""
        if not self._person or float(np.linalg.norm(data.geom_xpos[self._person[0]][:2])) > AWAY_M:
            return None
        least, where, ends = NOBODY_WITHIN_M, np.zeros(3), np.zeros(6)
        for one in self._person:
            for other in self._robot:
                distance = mujoco.mj_geomDistance(self._model, data, one, other, NOBODY_WITHIN_M, ends)
                if distance < least:
                    least, where = float(distance), ends[:3].copy()
        if least >= NOBODY_WITHIN_M:
            return None
        x, y, z = (float(value) for value in where)
        return max(least, 0.0), (x, y, z)


def _person_geoms(model: mujoco.MjModel) -> list[int]:
    body = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, "person")
    return [index for index in range(model.ngeom) if model.geom_bodyid[index] == body]


def robot_geoms(model: mujoco.MjModel, first_axis: str) -> list[int]:
    """What can be touched of the bodies that the first axis carries."""
    carried = {int(model.joint(first_axis).bodyid[0])}
    for body in range(model.nbody):  # parents come before children
        if int(model.body_parentid[body]) in carried:
            carried.add(body)
    return [
        index for index in range(model.ngeom) if int(model.geom_bodyid[index]) in carried and model.geom_contype[index]
    ]
