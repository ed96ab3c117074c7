"""Laws of the protective distance of ISO/TS 15066, and of what it does to a moving robot."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rt_control import _native as rt
from rt_control.description import load_robot
from rt_control.model_compiler import compile_model
from tests.rt_control.rig import ARM_AXES, AXES, Rig, small_model

PERIOD_S = 0.001
HOME = [0.0, -0.7854, 0.0, -2.3562, 0.0, 1.5708, 0.7854]  # of the shipped arm
PERSON = {"full_speed_mps": 1.7, "intrusion_m": 0.1, "person_uncertainty_m": 0.05, "robot_uncertainty_m": 0.005}

shares = st.floats(0.0, 1.0)
reactions = st.floats(0.0, 0.5)
distances = st.floats(0.0, 10.0)


@given(shares, reactions)
def test_the_protective_distance_is_the_sum_of_its_terms(share: float, reaction_s: float) -> None:
    model = small_model(**PERSON)
    stop_s = share * 2.0 / 10.0  # velocity and acceleration limit of every axis
    reaction = reaction_s + model.robot_reaction_s + 2 * 10.0 / 1000.0 + PERIOD_S  # let go, build up, one cycle
    person_m = model.person_speed_mps * (reaction + stop_s)
    robot_m = share * model.full_speed_mps * (reaction + stop_s)
    fixed_m = model.intrusion_m + model.person_uncertainty_m + model.robot_uncertainty_m
    found = rt.Separation(model).protective_m(share, reaction_s)
    assert found == pytest.approx(person_m + robot_m + fixed_m, rel=1e-12)


@given(distances, reactions)
def test_the_share_that_a_distance_allows_is_the_largest_one_that_it_protects(
    distance_m: float, reaction_s: float
) -> None:
    separation = rt.Separation(small_model(**PERSON))
    share = separation.speed_scale(distance_m, reaction_s)
    assert 0.0 <= share <= 1.0
    if share > 0.0:
        assert separation.protective_m(share, reaction_s) <= distance_m + 1e-9
    else:
        assert distance_m <= separation.protective_m(0.0, reaction_s)
    if share < 1.0:
        assert separation.protective_m(share + 1e-6, reaction_s) > distance_m


@given(distances, distances, reactions, reactions)
def test_nearer_or_later_is_never_faster(one_m: float, other_m: float, one_s: float, other_s: float) -> None:
    separation = rt.Separation(small_model(**PERSON))
    near, far = sorted((one_m, other_m))
    prompt, late = sorted((one_s, other_s))
    assert separation.speed_scale(near, late) <= separation.speed_scale(far, prompt)


def person_at(rig: Rig, distance_m: float, age_s: float = 0.0, margin_scale: float = 1.0) -> rt.Constraints:
    return rt.Constraints(
        source=rt.Source.perception,
        stamp_ns=rig.now_ns - round(age_s * 1e9),
        speed_scale=1.0,
        margin_scale=margin_scale,
        person_distance_m=distance_m,
    )


def speeds_beside(distance_m: float, age_s: float = 0.0, margin_scale: float = 1.0) -> tuple[float, float]:
    """Fastest axis as a share of its limit, and fastest point (m/s), of an arm that is asked for full speed."""
    rig = Rig(small_model(**PERSON)).ready()
    clearance = rt.Clearance(rig.model)
    target = np.array([1.9, -1.9, 1.9, -1.9, 1.9, -1.9, 1.9, 0.0])
    axis = point = 0.0
    for _ in range(900):
        rig.step(commands=(rig.stream(target),), constraints=[person_at(rig, distance_m, age_s, margin_scale)])
        state = rig.state
        axis = max(axis, float(np.abs(state.velocity_reference[:ARM_AXES] / rig.model.velocity[:ARM_AXES]).max()))
        point = max(point, clearance.fastest_point(state.position_reference, state.velocity_reference))
    return axis, point


def test_axes_and_the_fastest_point_stay_below_what_the_distance_allows() -> None:
    separation = rt.Separation(small_model(**PERSON))
    for distance_m in (0.3, 0.4, 0.6, 0.9):
        allowed = separation.speed_scale(distance_m, PERIOD_S)
        axis, point = speeds_beside(distance_m)
        assert axis <= allowed + 1e-9
        assert point <= 1.7 * allowed * 1.01
        assert point >= 0.9 * 1.7 * separation.speed_scale(distance_m - 0.01, 0.0), "and it uses what is allowed"


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_real_stop_takes_no_longer_and_goes_no_farther_than_the_formula_says(seed: int) -> None:
    random = np.random.default_rng(seed)
    model = compile_model(load_robot("arm7"))
    model.contact_gain_radps = 0.0
    model.constraint_slots = []
    separation, kinematics, arm = rt.Separation(model), rt.Kinematics(model), slice(ARM_AXES)
    slowest_s = float((model.velocity[arm] / model.acceleration[arm]).max())
    build_s = 2 * float((model.acceleration[arm] / model.jerk[arm]).max())
    rig = Rig(model)
    rig.position[arm] = HOME
    rig.ready()
    distance_m = float(random.uniform(0.4, 1.8))
    share = separation.speed_scale(distance_m, PERIOD_S)
    for _ in range(10):
        target = random.uniform(model.lower[:AXES], model.upper[:AXES])
        for _ in range(int(random.integers(5, 150))):
            rig.step(commands=(rig.stream(target),), constraints=[person_at(rig, distance_m)])
        twin = rig.fork()
        twin.step(rt.Request(kind=rt.RequestKind.hold, origin=rt.Source.operator_))
        cycles, way_m, before = 1, 0.0, kinematics.forward(twin.state.position_reference[arm])[:3, 3]
        while twin.state.velocity_reference.any():
            here = kinematics.forward(twin.step().position_reference[arm])[:3, 3]
            way_m, before, cycles = way_m + float(np.linalg.norm(here - before)), here, cycles + 1
        assert cycles * PERIOD_S <= share * slowest_s + build_s + 3 * PERIOD_S
        assert way_m <= share * model.full_speed_mps * (share * slowest_s + build_s) + 1e-3


def test_a_person_who_was_seen_some_time_ago_has_come_nearer_since() -> None:
    _, fresh = speeds_beside(0.9)
    _, old = speeds_beside(0.9, age_s=0.1)
    _, nearer = speeds_beside(0.9 - 1.6 * 0.1)
    assert old < fresh
    assert old == pytest.approx(nearer, rel=0.02)


def test_margins_multiply_the_protective_distance() -> None:
    _, scaled = speeds_beside(0.9, margin_scale=1.5)
    _, nearer = speeds_beside(0.9 / 1.5)
    assert scaled == pytest.approx(nearer, rel=0.02)


def test_a_person_inside_the_protective_distance_of_a_robot_at_rest_stops_it_until_it_may_really_move() -> None:
    rig = Rig(small_model(**PERSON)).ready()
    separation = rt.Separation(rig.model)
    stop_m = separation.protective_m(0.0)
    target = np.array([1.9] * ARM_AXES + [0.0])

    def walk(distance_m: float, cycles: int) -> rt.State:
        for _ in range(cycles):
            rig.step(commands=(rig.stream(target),), constraints=[person_at(rig, distance_m)])
        return rig.state

    assert walk(1.0, 100).last_cause.fault == rt.Fault.none
    cause = walk(stop_m - 0.01, 400).last_cause
    assert cause.fault == rt.Fault.separation
    assert (cause.value, cause.limit) == pytest.approx((stop_m - 0.01, stop_m), abs=0.01)
    assert rig.state.latched == 0
    assert not rig.state.velocity_reference.any()
    walk(stop_m + 0.01, 100)
    assert not rig.state.velocity_reference.any(), "so near to the limit it would twitch"
    walk(1.0, 100)
    assert np.abs(rig.state.velocity_reference).max() > 0.1
    assert rig.state.execution == rt.ExecutionState.active


def test_silence_makes_a_robot_no_less_careful_than_what_was_heard_last() -> None:
    slot = rt.ConstraintSlot(source=rt.Source.perception, lease_cycles=50, stale_margin_scale=2.0)
    rig = Rig(small_model(**PERSON, constraint_slots=[slot])).ready()
    rig.step(constraints=[person_at(rig, 0.5)])
    scales = [rig.state.speed_scale] + [rig.step().speed_scale for _ in range(200)]
    assert rig.state.stale_constraints
    assert 0.0 < scales[-1] < scales[0] < 1.0
    assert all(after <= before for before, after in zip(scales, scales[1:], strict=False))
    assert scales[50] - scales[51] < 0.01, "a message is fresh or stale, and never both"


def test_the_shipped_arm_keeps_the_reduced_speed_while_nobody_measures() -> None:
    model = compile_model(load_robot("arm7"))
    model.contact_gain_radps = 0.0  # these drives measure no torque
    clearance = rt.Clearance(model)
    rig = Rig(model)
    rig.position[:ARM_AXES] = HOME
    rig.ready()
    random = np.random.default_rng(0)
    fastest = 0.0
    for _ in range(40):
        target = random.uniform(model.lower[:AXES], model.upper[:AXES])
        for _ in range(int(random.integers(20, 300))):
            state = rig.step(commands=(rig.stream(target),))
            fastest = max(fastest, clearance.fastest_point(state.position_reference, state.velocity_reference))
    assert 0.24 < fastest <= 0.25 * 1.01


def test_a_real_robot_without_anybody_who_measures_the_distance_is_refused() -> None:
    model = small_model()
    model.simulated = 0
    assert "constraint_slots is 0, must be at least 1: somebody has to measure" in model.fault()


def test_a_host_that_was_late_counts_as_slow_to_react_until_it_has_faded() -> None:
    rig = Rig(small_model(**PERSON, lateness_limit_ns=200_000_000)).ready()
    target = np.array([1.9, -1.9, 1.9, -1.9, 1.9, -1.9, 1.9, 0.0])

    def scale_after(cycles: int, elapsed_ns: int = 1_000_000) -> float:
        for _ in range(cycles):
            care = [person_at(rig, 0.8)]
            rig.step(commands=(rig.stream(target),), constraints=care, elapsed_ns=elapsed_ns)
        assert rig.state.latched == 0
        return rig.state.speed_scale

    prompt = scale_after(10)
    late = scale_after(1, 100_000_000)
    assert late < prompt
    # The message is a cycle old by the time it counts; what is left is the delay.
    separation = rt.Separation(rig.model)
    assert scale_after(1) == pytest.approx(separation.speed_scale(0.8, 0.099), abs=0.01)
    assert late <= scale_after(3000) < prompt
    assert scale_after(60_000) == pytest.approx(prompt, abs=5e-3)
    assert math.isfinite(prompt)
