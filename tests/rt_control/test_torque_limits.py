"""The motors are asked for no torque that they do not have, as far as the model knows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rt_control import _native as rt
from rt_control.description import load_robot
from rt_control.model_compiler import compile_model
from tests.rt_control.rig import ARM_AXES, AXES, Rig

PERIOD_S = 0.001


def weak_arm(share: float) -> rt.RobotModel:
    """The shipped arm with motors that have a share of their torque, and nothing else in its way."""
    model = compile_model(load_robot("arm7"))
    model.torque = model.torque * share
    model.contact_gain_radps = 0.0  # these drives measure no torque
    model.full_speed_mps = 100.0
    model.constraint_slots, model.zones, model.pairs = [], [], []
    return model


def ready(model: rt.RobotModel) -> Rig:
    rig = Rig(model)
    rig.position = np.array([0.0, -0.7854, 0.0, -2.3562, 0.0, 1.5708, 0.7854, 0.04])
    return rig.ready()


def asked_torque(rig: Rig, body: rt.RigidBody, before: rt.State) -> np.ndarray:
    velocity = before.velocity_reference[:ARM_AXES]
    acceleration = (rig.state.velocity_reference[:ARM_AXES] - velocity) / PERIOD_S
    position = before.position_reference[:ARM_AXES]
    moved = body.inverse_dynamics(position, velocity, acceleration)
    return np.asarray(moved + body.friction_torque(velocity))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_whatever_is_commanded_no_motor_is_asked_for_more_than_it_has(seed: int) -> None:
    random = np.random.default_rng(seed)
    model = weak_arm(0.25)
    body = rt.RigidBody(model)
    rig = ready(model)
    limited = 0
    for _ in range(8):
        target = random.uniform(model.lower[:AXES], model.upper[:AXES])
        for cycle in range(int(random.integers(50, 400))):
            before = rig.state
            rig.step(commands=(rig.stream(target),) if cycle % 10 == 0 else ())
            torque = asked_torque(rig, body, before)
            stopping = torque_of_the_stop(model, body, before)
            # Where even the stop in hand takes more, nothing better is known than to take it.
            most = np.maximum(model.torque[:ARM_AXES], np.abs(stopping))
            assert (np.abs(torque) <= most * (1 + 1e-6) + 1e-6).all()
            limited += rig.state.intervention.constraint == rt.Constraint.torque
    assert rig.state.latched == 0
    assert limited > 0


def torque_of_the_stop(model: rt.RobotModel, body: rt.RigidBody, before: rt.State) -> np.ndarray:
    position, velocity = before.position_reference, before.velocity_reference
    stops = [
        rt.StopProfile(
            rt.AxisState(position[axis], velocity[axis], before.acceleration_reference[axis]),
            model.acceleration[axis],
            model.jerk[axis],
        ).at(PERIOD_S)
        for axis in range(ARM_AXES)
    ]
    acceleration = (np.array([stop.velocity for stop in stops]) - velocity[:ARM_AXES]) / PERIOD_S
    moved = body.inverse_dynamics(position[:ARM_AXES], velocity[:ARM_AXES], acceleration)
    return np.asarray(moved + body.friction_torque(velocity[:ARM_AXES]))


def test_the_shipped_arm_has_the_torque_to_brake_from_any_speed_anywhere() -> None:
    random = np.random.default_rng(0)
    model = compile_model(load_robot("arm7"))
    body = rt.RigidBody(model)
    lower, upper = model.lower[:ARM_AXES], model.upper[:ARM_AXES]
    for _ in range(3000):
        direction = random.choice([-1.0, 1.0], ARM_AXES)
        velocity = direction * random.uniform(0.0, 1.0, ARM_AXES) * model.velocity[:ARM_AXES]
        braking = -direction * model.acceleration[:ARM_AXES]
        torque = body.inverse_dynamics(random.uniform(lower, upper), velocity, braking) + body.friction_torque(velocity)
        assert (np.abs(torque) <= model.torque[:ARM_AXES]).all()


def test_a_motion_that_is_weaker_than_it_was_asked_says_which_motor_is() -> None:
    model = weak_arm(1.0)
    model.torque[3] = 17.0  # it holds itself with 16
    rig = ready(model)
    target = rig.position.copy()
    target[3] = -0.5
    seen = []
    for _ in range(600):
        rig.step(commands=(rig.stream(target),))
        if rig.state.intervention.constraint == rt.Constraint.torque:
            seen.append(rig.state.intervention)
    assert {item.axis for item in seen} == {3}
    assert all(item.margin == pytest.approx(item.admitted - item.requested) and item.margin < 0 for item in seen)
