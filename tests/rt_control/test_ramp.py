"""Laws of the supervision of a stop ramp: an axis that slows down as told is left alone, another is named in time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rt_control import _native as rt
from tests.rt_control.rig import ARM_AXES, AXES, small_model

MODEL = small_model()
PERIOD = 0.001
VELOCITY, ACCELERATION, JERK = MODEL.velocity[:AXES], MODEL.acceleration[:AXES], MODEL.jerk[:AXES]
TOLERANCE = MODEL.ramp_tolerance * VELOCITY
NOBODY = -1
OUTSIDE_CYCLES, SETTLE_CYCLES = 20, 500
REST = np.zeros(AXES)

Array = npt.NDArray[np.float64]
axes = st.integers(0, AXES - 1)
shares = st.floats(-1.0, 1.0)
shares_of_all = st.lists(shares, min_size=AXES, max_size=AXES).map(np.array)


def begun(measured: Array, reference: Array) -> rt.RampMonitor:
    monitor = rt.RampMonitor(MODEL)
    monitor.begin(measured, reference)
    return monitor


def only(axis: int, value: float, others: float = 0.0) -> Array:
    velocity = np.full(AXES, others)
    velocity[axis] = value
    return velocity


def slower(velocity: Array, deceleration: Array | float) -> Array:
    """One cycle later."""
    return np.sign(velocity) * np.maximum(np.abs(velocity) - deceleration * ACCELERATION * PERIOD, 0.0)


def verdict(
    monitor: rt.RampMonitor,
    measured: Array,
    reference: Array,
    share: Array | float,
    asked: float = 1.0,
) -> tuple[int, int]:
    """Axis that is accused and in which cycle, when the robot brakes with this share of its acceleration until rest.

    The reference brakes with the share that is asked for.
    """
    for cycle in range(1, SETTLE_CYCLES):
        measured, reference = slower(measured, share), slower(reference, asked)
        accused = monitor.check(measured, reference)
        if accused != NOBODY:
            return accused, cycle
    return NOBODY, 0


@settings(max_examples=30)
@given(shares_of_all, st.floats(0.1, 1.0), st.integers(0, 10), st.integers(0, 2**32 - 1))
def test_a_robot_that_follows_its_ramp_is_never_accused_whatever_the_ramp(
    start: Array, gentle: float, lag: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    stops = [
        rt.StopProfile(rt.AxisState(0.0, speed, 0.0), gentle * pull, jerk)
        for speed, pull, jerk in zip(start * VELOCITY, ACCELERATION, JERK, strict=True)
    ]
    cycles = round(max(stop.duration_s for stop in stops) / PERIOD) + 100
    ramp = np.array([[stop.at(cycle * PERIOD).velocity for stop in stops] for cycle in range(cycles)])
    monitor = begun(ramp[0], ramp[0])
    for cycle, reference in enumerate(ramp):
        # Late, and with noise of its measurement.
        measured = ramp[max(cycle - lag, 0)] + random.uniform(-0.3, 0.3, AXES) * TOLERANCE
        assert monitor.check(measured, reference) == NOBODY


@given(axes, st.floats(0.3, 1.0), st.sampled_from([-1, 1]))
def test_an_axis_that_keeps_its_speed_is_accused_20_cycles_after_it_left_its_tolerance(
    axis: int, share: float, sign: int
) -> None:
    moving = only(axis, sign * share * VELOCITY[axis])
    inside_cycles = TOLERANCE[axis] / (ACCELERATION[axis] / 2 * PERIOD)
    accused, cycle = verdict(begun(moving, moving), moving, moving, share=0.0)
    assert accused == axis
    assert inside_cycles + OUTSIDE_CYCLES <= cycle <= inside_cycles + OUTSIDE_CYCLES + 2


@given(st.permutations(range(ARM_AXES)))
def test_of_several_axes_that_do_not_follow_the_worst_is_named(order: list[int]) -> None:
    moving = VELOCITY * np.array([1.0] * ARM_AXES + [0.0])
    brakes = np.zeros(AXES)
    brakes[:ARM_AXES] = 0.06 * np.array(order)
    assert verdict(begun(moving, moving), moving, moving, share=brakes)[0] == order.index(0)


def test_axes_of_different_units_compare_by_their_velocity_limits() -> None:
    model = small_model(velocity=[0.1] + [2.0] * ARM_AXES)
    monitor = rt.RampMonitor(model)
    monitor.begin(REST, REST)
    outside = np.array([0.09, *[0.0] * (ARM_AXES - 1), 1.0])  # 0.9 of the limit of one, half of that of the other
    accused = [monitor.check(outside, REST) for _ in range(OUTSIDE_CYCLES + 1)]
    assert accused == [NOBODY] * OUTSIDE_CYCLES + [0]


@settings(max_examples=40)
@given(axes, st.integers(1, 2 * OUTSIDE_CYCLES))
def test_one_cycle_inside_sets_the_count_back(axis: int, outside_cycles: int) -> None:
    slow = only(axis, 0.05 * VELOCITY[axis])
    inside, outside = only(axis, 0.1 * VELOCITY[axis]), only(axis, 0.3 * VELOCITY[axis])
    monitor = begun(slow, slow)
    for _ in range(5):
        accused = [monitor.check(outside, slow) for _ in range(outside_cycles)]
        assert accused == [axis if count > OUTSIDE_CYCLES else NOBODY for count in range(1, outside_cycles + 1)]
        assert monitor.check(inside, slow) == NOBODY


@settings(max_examples=40)
@given(axes, st.floats(0.5, 1.5))
def test_half_of_the_deceleration_that_was_asked_for_counts_as_following(axis: int, share: float) -> None:
    moving = only(axis, VELOCITY[axis])
    assert verdict(begun(moving, moving), moving, moving, share)[0] == NOBODY


@settings(max_examples=40)
@given(axes, st.floats(0.0, 0.4))
def test_less_than_half_of_it_does_not(axis: int, share: float) -> None:
    # Of what lacks less than a fifth, tolerance and count hide too much before it rests.
    moving = only(axis, VELOCITY[axis])
    accused, cycle = verdict(begun(moving, moving), moving, moving, share)
    assert accused == axis
    outside_s = TOLERANCE[axis] / ((0.5 - share) * ACCELERATION[axis])
    assert abs(cycle - (outside_s / PERIOD + OUTSIDE_CYCLES)) <= 2


@settings(max_examples=40)
@given(shares_of_all, shares_of_all, st.floats(0.5, 1.0))
def test_the_envelope_begins_at_what_is_larger_measured_or_reference(
    measured: Array, reference: Array, share: float
) -> None:
    measured, reference = measured * VELOCITY, reference * VELOCITY
    larger = np.maximum(np.abs(measured), np.abs(reference))
    assert verdict(begun(measured, reference), larger, REST, share)[0] == NOBODY
    fast = only(0, VELOCITY[0])
    for pair in ((fast, REST), (REST, fast)):
        assert verdict(begun(*pair), fast, REST, share=0.4)[0] == 0
    assert verdict(begun(REST, REST), fast, REST, share)[1] == OUTSIDE_CYCLES + 1


@settings(max_examples=20)
@given(shares_of_all)
def test_a_robot_that_still_moves_long_after_its_reference_rests_is_accused_by_its_fastest_axis(share: Array) -> None:
    creeping = 0.9 * share * TOLERANCE
    monitor = begun(creeping, creeping)
    accused = [monitor.check(creeping, REST) for _ in range(SETTLE_CYCLES + 1)]
    assert accused == [NOBODY] * SETTLE_CYCLES + [int(np.argmax(np.abs(creeping)))]
    # A reference that moves again is no rest.
    assert monitor.check(creeping, only(AXES - 1, 1e-3)) == NOBODY
    assert [monitor.check(creeping, REST) for _ in range(SETTLE_CYCLES)] == [NOBODY] * SETTLE_CYCLES


@pytest.mark.parametrize("reference", [REST, only(0, 0.05)], ids=["at rest", "moving"])
def test_a_ramp_that_begins_anew_knows_nothing_of_the_one_before(reference: Array) -> None:
    monitor = begun(REST, REST)
    fast = only(2, 1.0)
    for _ in range(3):
        assert [monitor.check(fast, reference) for _ in range(OUTSIDE_CYCLES)] == [NOBODY] * OUTSIDE_CYCLES
        monitor.begin(REST, REST)
    creeping = 0.5 * TOLERANCE
    for _ in range(2):
        assert [monitor.check(creeping, REST) for _ in range(SETTLE_CYCLES)] == [NOBODY] * SETTLE_CYCLES
        monitor.begin(REST, REST)


@settings(max_examples=20)
@given(shares_of_all, shares_of_all, st.floats(0.0, 1.0))
def test_the_direction_of_a_motion_does_not_matter(measured: Array, reference: Array, share: float) -> None:
    measured, reference = measured * VELOCITY, reference * VELOCITY
    there = verdict(begun(measured, reference), measured, reference, share)
    back = verdict(begun(-measured, -reference), -measured, -reference, share)
    assert there == back


def test_velocities_of_too_few_axes_are_refused() -> None:
    with pytest.raises(ValueError, match="7 axis velocities, expected at least the 8"):
        rt.RampMonitor(MODEL).begin(np.zeros(ARM_AXES), REST)
