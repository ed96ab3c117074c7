"""An arm that moves by the model's own dynamics, with the noise that the estimator is told of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rt_control import _native as rt

Vector = npt.NDArray[np.float64]
PERIOD_S = 0.001


class SimulatedArm:
    """Truth and measurements; a weak controller swings the arm about a place.

    Attributes:
        position, velocity, disturbance: the truth; the disturbance is the acceleration by external torque.
        torque: of the motors in the last cycle.
    """

    def __init__(self, model: rt.RobotModel, seed: int) -> None:
        self._model = model
        self._axes = model.arm_axes
        self._body = rt.RigidBody(model)
        self._random = np.random.default_rng(seed)
        self._centre = self._random.uniform(-1.0, 1.0, self._axes)
        self._phase = self._random.uniform(0.0, 2.0 * np.pi, self._axes)
        self._noise = _noise(model.acceleration_noise, model.disturbance_walk)
        self._cycle = 0
        self.position = self._centre.copy()
        self.velocity = self._random.normal(scale=0.3, size=self._axes)
        self.disturbance = self._random.normal(scale=1.0, size=self._axes)
        self.torque = np.zeros(self._axes)

    def step(self) -> None:
        """One cycle of the truth."""
        random = self._random
        self._cycle += 1
        swing = 0.5 * np.sin(3.0 * self._cycle * PERIOD_S + self._phase)
        wanted = 40.0 * (self._centre + swing - self.position) - 10.0 * self.velocity
        self.torque = self._body.inverse_dynamics(self.position, self.velocity, wanted)
        self.torque += self._body.friction_torque(self.velocity)
        moving = self.torque - self._body.friction_torque(self.velocity)
        acceleration = self._body.forward_dynamics(self.position, self.velocity, moving) + self.disturbance
        noise = self._noise @ random.normal(size=(3, self._axes))
        self.position = self.position + PERIOD_S * self.velocity + PERIOD_S**2 / 2 * acceleration + noise[0]
        self.velocity = self.velocity + PERIOD_S * acceleration + noise[1]
        self.disturbance = self.disturbance + noise[2]

    def measured(self) -> tuple[Vector, Vector]:
        """Position and velocity with noise."""
        model, random = self._model, self._random
        return (
            self.position + random.normal(scale=model.position_noise, size=self._axes),
            self.velocity + random.normal(scale=model.velocity_noise, size=self._axes),
        )

    def external_torque(self) -> Vector:
        """What presses on the axes."""
        torque: Vector = self._body.mass_matrix(self.position) @ self.disturbance
        return torque


def _noise(acceleration: float, walk: float, parts: int = 200) -> Vector:
    """Factor of the covariance that white acceleration and a walking disturbance have gathered after a cycle.

    Both act all the time: the cycle is cut into parts, and their effects are added.
    """
    total: Vector = np.zeros((3, 3))
    part_s = PERIOD_S / parts
    for index in range(parts):
        rest_s = PERIOD_S - (index + 0.5) * part_s
        by_acceleration = np.array([rest_s, 1.0, 0.0]) * acceleration * np.sqrt(PERIOD_S * part_s)
        by_walk = np.array([rest_s**2 / 2, rest_s, 1.0]) * walk * np.sqrt(part_s)
        total += np.outer(by_acceleration, by_acceleration) + np.outer(by_walk, by_walk)
    return np.asarray(np.linalg.cholesky(total), dtype=np.float64)
