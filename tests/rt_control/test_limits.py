"""Laws of the limits of one axis, and of a whole robot under random and adversarial setpoints."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rt_control import _native as rt
from tests.rt_control.rig import ARM_AXES, AXES, Rig, small_model

PERIOD = 0.001
TOLERANCE = 1e-9

speeds = st.floats(0.0, 10.0)
accelerations = st.floats(0.5, 50.0)


@given(speeds, accelerations)
def test_one_cycle_of_braking_shortens_the_stopping_distance_by_its_own_way(speed: float, acceleration: float) -> None:
    after = max(speed - acceleration * PERIOD, 0.0)
    way = (speed + after) / 2 * PERIOD
    before_m = rt.stopping_distance(speed, acceleration, PERIOD)
    assert before_m == pytest.approx(way + rt.stopping_distance(after, acceleration, PERIOD), abs=1e-12)


@given(speeds, accelerations)
def test_the_highest_velocity_for_a_way_is_the_one_that_needs_exactly_this_way(
    speed: float, acceleration: float
) -> None:
    way = speed * PERIOD / 2 + rt.stopping_distance(speed, acceleration, PERIOD)
    assert rt.highest_velocity(way, acceleration, PERIOD) == pytest.approx(speed, abs=1e-9)


@given(st.floats(-1.5, 1.5), st.floats(-4.0, 4.0), st.floats(0.01, 3.0), accelerations, st.floats(0.0, 1.0))
def test_the_range_of_velocities_is_never_empty_and_always_holds_largest_braking(
    position: float, velocity: float, limit: float, acceleration: float, lower: float
) -> None:
    low, high = rt.allowed_velocities(position, velocity, -lower, 1.0, limit, acceleration, PERIOD)
    braked = math.copysign(max(abs(velocity) - acceleration * PERIOD, 0.0), velocity)
    assert low <= braked <= high
    assert low >= velocity - acceleration * PERIOD - TOLERANCE
    assert high <= velocity + acceleration * PERIOD + TOLERANCE


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), accelerations, st.floats(0.1, 3.0))
def test_whatever_velocities_are_chosen_an_axis_stays_inside_its_limits(
    seed: int, acceleration: float, limit: float
) -> None:
    random = np.random.default_rng(seed)
    position = velocity = 0.0
    push = 1.0
    for _ in range(1500):
        low, high = rt.allowed_velocities(position, velocity, -0.3, 0.2, limit, acceleration, PERIOD)
        push = -push if random.random() < 0.01 else push
        chosen = high if push > 0 else low  # the worst that is allowed, most of the time
        if random.random() < 0.2:
            chosen = random.uniform(low, high)
        assert abs(chosen) <= limit + TOLERANCE
        assert abs(chosen - velocity) <= acceleration * PERIOD + TOLERANCE
        position += (velocity + chosen) / 2 * PERIOD
        velocity = chosen
        assert -0.3 - TOLERANCE <= position <= 0.2 + TOLERANCE


def test_an_axis_outside_its_limits_may_come_back_but_not_go_further() -> None:
    low, high = rt.allowed_velocities(1.1, 0.0, -1.0, 1.0, 2.0, 10.0, PERIOD)
    assert high <= TOLERANCE
    assert low == pytest.approx(-10.0 * PERIOD)


def test_a_velocity_limit_that_falls_is_reached_by_braking_and_not_by_a_jump() -> None:
    low, high = rt.allowed_velocities(0.0, 2.0, -1.0, 1.0, 0.5, 10.0, PERIOD)
    assert low <= high == pytest.approx(2.0 - 10.0 * PERIOD)


def check_limits(rig: Rig, before: rt.State) -> None:
    model, state = rig.model, rig.state
    position, velocity = state.position_reference[:AXES], state.velocity_reference[:AXES]
    assert (position >= model.lower[:AXES] - TOLERANCE).all()
    assert (position <= model.upper[:AXES] + TOLERANCE).all()
    assert (np.abs(velocity) <= model.velocity[:AXES] + TOLERANCE).all()
    change = np.abs(velocity - before.velocity_reference[:AXES])
    assert (change <= model.acceleration[:AXES] * PERIOD + TOLERANCE).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_setpoints_drive_the_reference_outside_position_velocity_or_acceleration(seed: int) -> None:
    random = np.random.default_rng(seed)
    rig = Rig().ready()
    model = rig.model
    lower, upper = model.lower[:AXES], model.upper[:AXES]
    for _ in range(40):
        count = int(random.integers(1, 33))
        corners = random.choice([lower, upper, (lower + upper) / 2], size=count)
        setpoints = corners if random.random() < 0.5 else random.uniform(lower, upper, (count, AXES))
        spacing_s = float(random.choice([0.001, 0.01, 0.05]))
        command = rig.chunk(setpoints, spacing_s) if count > 1 and random.random() < 0.7 else rig.stream(setpoints[0])
        care = rt.Constraints(
            source=rt.Source.agent,
            stamp_ns=rig.now_ns,
            speed_scale=float(random.choice([0.0, 0.1, 1.0])),
            margin_scale=1.0,
            person_distance_m=float(random.choice([0.05, 0.3, 1000.0])),
        )
        before = rig.state
        rig.step(commands=(command,), constraints=[care])
        check_limits(rig, before)
        for _ in range(int(random.integers(1, 120))):
            before = rig.state
            rig.step()
            check_limits(rig, before)
    assert rig.state.latched == 0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1.95, 1.95), min_size=ARM_AXES, max_size=ARM_AXES))
def test_a_streamed_target_is_reached_without_overshoot_in_nearly_the_shortest_time(target: list[float]) -> None:
    rig = Rig().ready()
    goal = np.array([*target, 0.0])
    # The axis with the longest way decides: up to speed, along, and down again.
    way, limit, acceleration = float(np.abs(goal).max()), 2.0, 10.0
    ramp_m = limit**2 / acceleration
    shortest_s = 2 * math.sqrt(way / acceleration) if way < ramp_m else way / limit + limit / acceleration
    most = round(shortest_s / PERIOD * 1.05) + 5
    for _ in range(most):
        rig.step(commands=(rig.stream(goal),))
        assert (rig.state.position_reference[:AXES] * np.sign(goal) <= np.abs(goal) + 1e-9).all()
    assert rig.state.position_reference[:AXES] == pytest.approx(goal, abs=1e-6)


def test_a_feasible_chunk_is_followed_exactly() -> None:
    rig = Rig().ready()
    sweep = rig.sweep()
    rig.step(commands=(sweep,))
    rig.until(lambda state: state.execution == rt.ExecutionState.holding)
    assert rig.state.position_reference[:AXES] == pytest.approx(sweep.position[31, :AXES], abs=1e-4)
    assert rig.state.interventions == 0


def test_speed_scale_slows_along_the_path_instead_of_leaving_it() -> None:
    rig = Rig().ready()
    direction = np.array([1.0, 0.5, -0.4, 0.2, 0.1, 0.0, 0.8, 0.0])
    share = (1 - np.cos(np.pi * np.arange(32) / 31)) / 2
    rig.step(commands=(rig.chunk(0.6 * share[:, None] * direction),))
    unit = direction / np.linalg.norm(direction)
    scale = 1.0
    for cycle in range(600):
        scale = 0.3 if cycle > 150 else 1.0
        care = rt.Constraints(
            source=rt.Source.agent, stamp_ns=rig.now_ns, speed_scale=scale, margin_scale=1, person_distance_m=1000
        )
        rig.step(constraints=[care])
        position = rig.state.position_reference[:AXES]
        assert np.linalg.norm(position - (position @ unit) * unit) < 2e-3
    assert np.abs(rig.state.velocity_reference[:ARM_AXES]).max() <= 0.3 * 2.0 + TOLERANCE
    assert rig.state.intervention.constraint == rt.Constraint.speed_scale


def test_an_unheard_source_of_distance_limits_the_speed_of_the_tcp() -> None:
    slot = rt.ConstraintSlot(source=rt.Source.perception, lease_cycles=100)
    rig = Rig(small_model(constraint_slots=[slot])).ready()
    assert rig.state.stale_constraints == 1 << rt.Source.perception
    rig.step(commands=(rig.sweep(1.0),))
    fastest = 0.0
    kinematics = rt.Kinematics(rig.model)
    while rig.state.execution == rt.ExecutionState.active:
        state = rig.step()
        jacobian = kinematics.jacobian(state.position_reference[:ARM_AXES])
        fastest = max(fastest, float(np.linalg.norm(jacobian[:3] @ state.velocity_reference[:ARM_AXES])))
    assert 0.24 < fastest < 0.2525
