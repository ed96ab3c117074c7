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
TAIL = 1e-5  # rad: acceleration x period^2; a target, unlike a limit, is met by accelerations that last a whole cycle
AXIS_STATE = ("position", "velocity", "acceleration")

velocities = st.floats(-4.0, 4.0)
accelerations = st.floats(0.5, 50.0)
jerks = st.floats(20.0, 20_000.0)
shares = st.floats(-1.0, 1.0)


@given(velocities, shares, accelerations, jerks)
def test_a_stop_ends_at_rest_and_keeps_acceleration_and_jerk(
    velocity: float, share: float, acceleration: float, jerk: float
) -> None:
    begin = rt.AxisState(0.3, velocity, share * acceleration)
    profile = rt.StopProfile(begin, acceleration, jerk)
    times = np.linspace(0.0, profile.duration_s, 200)
    states = [profile.at(time) for time in times]
    position, speed, pull = (np.array([getattr(state, name) for state in states]) for name in AXIS_STATE)
    step = times[1] - times[0]
    assert (position[0], speed[0], pull[0]) == pytest.approx((0.3, velocity, share * acceleration), abs=1e-9)
    assert (speed[-1], pull[-1]) == (0.0, 0.0)
    assert np.abs(pull).max() <= acceleration * (1 + 1e-9) + 1e-9
    assert np.abs(np.diff(pull)).max() <= jerk * step * (1 + 1e-6) + 1e-9
    # What it says of velocity and position is the integral of its acceleration.
    assert np.abs(np.diff(speed) - (pull[1:] + pull[:-1]) / 2 * step).max() <= jerk * step**2 + 1e-9
    assert np.abs(np.diff(position) - (speed[1:] + speed[:-1]) / 2 * step).max() <= acceleration * step**2 + 1e-9
    assert position[-1] == pytest.approx(profile.rest_position, abs=1e-9)


@given(velocities, shares, accelerations, jerks)
def test_the_reach_of_a_stop_holds_all_of_it_and_no_more(
    velocity: float, share: float, acceleration: float, jerk: float
) -> None:
    profile = rt.StopProfile(rt.AxisState(0.0, velocity, share * acceleration), acceleration, jerk)
    lowest, highest, slowest, fastest = profile.reach()
    states = [profile.at(time) for time in np.linspace(0.0, profile.duration_s, 2000)]
    position, speed = np.array([state.position for state in states]), np.array([state.velocity for state in states])
    step = profile.duration_s / 2000
    near_m, near_mps = 4 * acceleration * step**2 + 1e-9, 2 * jerk * step**2 + 1e-9
    assert lowest - 1e-9 <= position.min() <= lowest + near_m
    assert highest - near_m <= position.max() <= highest + 1e-9
    assert slowest - 1e-9 <= speed.min() and speed.min() <= max(slowest + near_mps, 0.0)
    assert speed.max() <= fastest + 1e-9 and speed.max() >= min(fastest - near_mps, 0.0)


@given(velocities, shares, accelerations, jerks, st.floats(0.0, 1.0))
def test_a_stop_that_is_planned_again_on_its_way_ends_at_the_same_place(
    velocity: float, share: float, acceleration: float, jerk: float, when: float
) -> None:
    profile = rt.StopProfile(rt.AxisState(0.0, velocity, share * acceleration), acceleration, jerk)
    later = rt.StopProfile(profile.at(when * profile.duration_s), acceleration, jerk)
    assert later.rest_position == pytest.approx(profile.rest_position, abs=1e-9)
    assert later.duration_s == pytest.approx((1 - when) * profile.duration_s, abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_whatever_accelerations_are_wanted_an_axis_stays_inside_its_limits(seed: int) -> None:
    random = np.random.default_rng(seed)
    lower, upper, velocity = -0.3, 0.2, random.uniform(0.1, 3.0)
    acceleration, jerk = random.uniform(0.5, 50.0), 10 ** random.uniform(1.5, 4.3)
    limits = rt.AxisLimits(lower, upper, velocity, acceleration, jerk)
    state, mean = rt.AxisState(0.0, 0.0, 0.0), 0.0
    push = 1.0
    for _ in range(3000):
        push = -push if random.random() < 0.01 else push
        wanted = push * 2 * acceleration  # the worst, most of the time
        if random.random() < 0.2:
            wanted = random.uniform(-acceleration, acceleration)
        after, _ = rt.viable_step(state, mean, wanted, limits, PERIOD)
        mean_after = (after.velocity - state.velocity) / PERIOD
        assert lower - TOLERANCE <= after.position <= upper + TOLERANCE
        assert abs(after.velocity) <= velocity + TOLERANCE
        assert abs(mean_after) <= acceleration * (1 + TOLERANCE) + TOLERANCE
        assert abs(mean_after - mean) <= jerk * PERIOD * (1 + TOLERANCE) + TOLERANCE
        state, mean = after, mean_after


def test_an_axis_that_is_pushed_against_its_limit_gets_there_at_nearly_the_achievable_speed() -> None:
    limits = rt.AxisLimits(-1.0, 1.0, 2.0, 10.0, 1000.0)
    state, mean, cycles = rt.AxisState(-1.0, 0.0, 0.0), 0.0, 0
    while state.position < 1.0 - 1e-3:
        after, _ = rt.viable_step(state, mean, 100.0, limits, PERIOD)
        mean = (after.velocity - state.velocity) / PERIOD
        state, cycles = after, cycles + 1
    shortest_s = 2.0 / 2.0 + 2.0 / 10.0 + 10.0 / 1000.0  # way/v + v/a + a/j, to standstill at the limit
    assert cycles * PERIOD <= shortest_s / 0.98


def test_an_axis_outside_its_limits_may_come_back_but_not_go_further() -> None:
    limits = rt.AxisLimits(-1.0, 1.0, 2.0, 10.0, 1000.0)
    outside = rt.AxisState(1.1, 0.0, 0.0)
    further, share = rt.viable_step(outside, 0.0, 10.0, limits, PERIOD)
    assert share == 0.0 and further.position == 1.1
    back, share = rt.viable_step(outside, 0.0, -10.0, limits, PERIOD)
    assert share == 1.0 and back.position < 1.1


def test_a_velocity_limit_that_falls_is_reached_by_braking_and_not_by_a_jump() -> None:
    limits = rt.AxisLimits(-1.0, 1.0, 0.5, 10.0, 10_000.0)
    after, _ = rt.viable_step(rt.AxisState(0.0, 2.0, 0.0), 0.0, 0.0, limits, PERIOD)
    assert 2.0 - 10.0 * PERIOD - TOLERANCE <= after.velocity < 2.0


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
    way, limit, acceleration, jerk = float(np.abs(goal).max()), 2.0, 10.0, 1000.0
    ramp_m = limit**2 / acceleration
    shortest_s = 2 * math.sqrt(way / acceleration) if way < ramp_m else way / limit + limit / acceleration
    shortest_s += 2 * acceleration / jerk  # at most, for building up and letting go
    most = round(shortest_s / PERIOD * 1.05) + 5
    for _ in range(most):
        rig.step(commands=(rig.stream(goal),))
        assert (rig.state.position_reference[:AXES] * np.sign(goal) <= np.abs(goal) + TAIL).all()
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
