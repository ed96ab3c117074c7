"""Robots for the trial of the shield: the shipped one, a small one, and ones with random limits."""

from __future__ import annotations

import numpy as np

from rt_control import _native as rt
from rt_control.description import load_robot
from rt_control.model_compiler import compile_model
from tests.rt_control.rig import ARM_AXES, add_shapes, small_model


def shield_model(number: int) -> rt.RobotModel:
    """0: arm7; 1: the small robot; above: the small robot with limits of every size, by the number.

    Every second one is a string of capsules over a table and in a room.
    """
    model = _limited_model(number)
    if number % 2:
        add_shapes(model)
    return model


def _limited_model(number: int) -> rt.RobotModel:
    if number == 0:
        model = compile_model(load_robot("arm7"))
        model.contact_gain_radps = 0.0  # the trial's drives follow exactly and measure no torque
        model.full_speed_mps = 100.0  # how fast motions are is compared with the limits of the axes
        return model
    if number == 1:
        return small_model()
    random = np.random.default_rng(number)
    gripper = [1.0]

    def spread(low: float, high: float) -> list[float]:
        """Evenly over the orders of magnitude."""
        return list(np.exp(random.uniform(np.log(low), np.log(high), ARM_AXES)))

    span = spread(0.2, 6.0)
    return small_model(
        lower=[-value * random.uniform(0.2, 1.0) for value in span] + [0.0],
        upper=[value * random.uniform(0.2, 1.0) for value in span] + [0.04],
        velocity=spread(0.2, 4.0) + gripper,
        acceleration=spread(0.5, 40.0) + gripper,
        jerk=spread(20.0, 20_000.0) + [1000.0],
    )
