"""Laws of the limits of one axis, and of a whole robot under random and adversarial setpoints."""

from __future__ import annotations

import math
from typing import NamedTuple

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
seeds = st.integers(0, 2**32 - 1)

LOST_S = 3 * PERIOD  # cycles that the drives may go on without a new reference


class Limits(NamedTuple):
    lower: float
    upper: float
    velocity: float
    acceleration: float
    jerk: float


class Reach(NamedTuple):
    lowest: float
    highest: float
    slowest: float
    fastest: float


class Moment(NamedTuple):
    """One axis, what is wanted of it, and what it may do."""

    state: rt.AxisState
    wanted: float
    limits: Limits
    speed_scale: float

    def step(self) -> tuple[rt.AxisState, float]:
        return rt.viable_step(
            self.state, self.state.acceleration, self.wanted, rt.AxisLimits(*self.limits), PERIOD, self.speed_scale
        )

    def stop(self) -> rt.AxisState:
        """Where it is after one cycle of the stop in hand."""
        return stop_from(self.state, self.limits).at(PERIOD)

    def mix(self, share: float) -> rt.AxisState:
        """Share of the way from the stop in hand to what is wanted, as far as acceleration and jerk allow that."""
        state, acceleration, step = self.state, self.limits.acceleration, self.limits.jerk * PERIOD
        pull = min(max(self.wanted, state.acceleration - step), state.acceleration + step)
        pull = min(max(pull, -acceleration), acceleration)
        position = state.position + (state.velocity + pull * PERIOD / 2) * PERIOD
        wanted = (position, state.velocity + pull * PERIOD, pull)
        return rt.AxisState(*(a + share * (b - a) for a, b in zip(values(self.stop()), wanted, strict=True)))

    def excess(self, state: rt.AxisState) -> float:
        """By how much a stop from there, after lost cycles, would pass a limit, or what the stop in hand passes."""
        stopping, there = reach_of(self.stop(), self.limits), reach_of(state, self.limits)
        speed = self.speed_scale * self.limits.velocity
        return max(
            there.highest - max(stopping.highest, self.limits.upper),
            min(stopping.lowest, self.limits.lower) - there.lowest,
            there.fastest - max(stopping.fastest, speed),
            min(stopping.slowest, -speed) - there.slowest,
        )


def values(state: rt.AxisState) -> tuple[float, float, float]:
    return state.position, state.velocity, state.acceleration


def mirrored(state: rt.AxisState) -> rt.AxisState:
    return rt.AxisState(*(-value for value in values(state)))


def stop_from(state: rt.AxisState, limits: Limits) -> rt.StopProfile:
    return rt.StopProfile(state, limits.acceleration, limits.jerk)


def reach_of(state: rt.AxisState, limits: Limits) -> Reach:
    """Of a stop that begins after the lost cycles."""
    reach = Reach(*stop_from(state, limits).reach())
    return reach._replace(lowest=reach.lowest + LOST_S * reach.slowest, highest=reach.highest + LOST_S * reach.fastest)


def random_limits(random: np.random.Generator) -> Limits:
    return Limits(-0.3, 0.2, random.uniform(0.1, 3.0), random.uniform(0.5, 50.0), 10 ** random.uniform(1.5, 4.3))


def random_moment(random: np.random.Generator) -> Moment:
    """Within its limits or a little outside of them."""
    limits = random_limits(random)
    position = random.uniform(1.1 * limits.lower, 1.1 * limits.upper)
    velocity, pull = random.uniform(-1.1, 1.1) * limits.velocity, random.uniform(-1, 1) * limits.acceleration
    wanted = random.uniform(-2, 2) * limits.acceleration
    return Moment(rt.AxisState(position, velocity, pull), wanted, limits, random.choice([0.0, 0.1, 0.5, 1.0]))


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
    state, mean = rt.AxisState(-1.0, 0.0, 0.0), 0.0
    shortest_s = 2.0 / 2.0 + 2.0 / 10.0 + 10.0 / 1000.0  # way/v + v/a + a/j, to standstill at the limit
    for _ in range(int(shortest_s / 0.98 / PERIOD)):
        after, _ = rt.viable_step(state, mean, 100.0, limits, PERIOD)
        state, mean = after, (after.velocity - state.velocity) / PERIOD
    assert state.position >= 1.0 - 1e-3


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


@pytest.mark.parametrize("speed_scale", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("push", [-1.0, 1.0])
def test_an_axis_that_is_pushed_comes_up_to_the_scaled_velocity_and_not_beyond(speed_scale: float, push: float) -> None:
    limits = rt.AxisLimits(-10.0, 10.0, 1.5, 10.0, 1000.0)
    state, mean = rt.AxisState(0.0, 0.0, 0.0), 0.0
    for _ in range(300):
        after, _ = rt.viable_step(state, mean, push * 100.0, limits, PERIOD, speed_scale)
        assert abs(after.velocity) <= 1.5 * speed_scale + TOLERANCE
        state, mean = after, (after.velocity - state.velocity) / PERIOD
    assert state.velocity == pytest.approx(push * 1.5 * speed_scale, abs=1e-3)


@settings(max_examples=60)
@given(seeds, st.sampled_from([-1.0, 1.0]), st.floats(0.0, 0.9))
def test_an_axis_faster_than_a_scale_that_fell_comes_down_as_fast_as_it_can_brake(
    seed: int, sign: float, speed_scale: float
) -> None:
    random = np.random.default_rng(seed)
    limits = random_limits(random)._replace(lower=-1e3, upper=1e3)
    state, mean = rt.AxisState(0.0, sign * limits.velocity, 0.0), 0.0
    brake = stop_from(state, limits)
    speed, allowed = abs(state.velocity), speed_scale * limits.velocity
    for cycle in range(1, round(brake.duration_s / PERIOD) + 20):
        wanted = random.uniform(0, 2) * sign * limits.acceleration  # on, instead of slower
        state_before = state
        state, _ = rt.viable_step(state, mean, wanted, rt.AxisLimits(*limits), PERIOD, speed_scale)
        mean = (state.velocity - state_before.velocity) / PERIOD
        assert abs(mean) <= limits.acceleration * (1 + TOLERANCE) + TOLERANCE
        assert abs(state.velocity) <= max(abs(brake.at(cycle * PERIOD).velocity), allowed) + TOLERANCE
        assert abs(state.velocity) <= max(speed, allowed) + TOLERANCE
        speed = abs(state.velocity)


@settings(max_examples=60)
@given(seeds, st.sampled_from([-1.0, 1.0]))
def test_an_axis_that_is_pushed_against_a_limit_leaves_the_way_of_lost_cycles(seed: int, push: float) -> None:
    random = np.random.default_rng(seed)
    limits = random_limits(random)
    edge = limits.upper if push > 0 else -limits.lower
    way = min(0.2, limits.velocity)  # at most 1 s of it
    state, mean, nearest = rt.AxisState(push * (edge - way), 0.0, 0.0), 0.0, math.inf
    for _ in range(2000):
        after, _ = rt.viable_step(state, mean, 100 * push * limits.acceleration, rt.AxisLimits(*limits), PERIOD)
        state, mean = after, (after.velocity - state.velocity) / PERIOD
        late = rt.AxisState(state.position + LOST_S * state.velocity, state.velocity, state.acceleration)
        room = edge - push * stop_from(late, limits).rest_position
        assert room >= -TOLERANCE
        nearest = min(nearest, room)
        if push * state.position > edge - 1e-4:
            break
    # It uses the way that there is; what an acceleration takes to be let go is held back until it is.
    assert nearest < 2e-3 + limits.velocity * PERIOD


@settings(max_examples=300)
@given(seeds)
def test_what_is_taken_is_viable_and_all_of_it_where_all_is(seed: int) -> None:
    moment = random_moment(np.random.default_rng(seed))
    after, share = moment.step()
    assert values(after) == pytest.approx(values(moment.mix(share)), abs=1e-12)
    assert moment.excess(after) <= 1e-12
    assert 0.0 <= share <= 1.0
    if abs(moment.excess(moment.mix(1.0))) > 1e-12:
        assert (share == 1.0) == (moment.excess(moment.mix(1.0)) < 0)


def test_hardly_more_than_is_taken_would_be_viable() -> None:
    random = np.random.default_rng(1)
    exact, mixed = 0, 0
    for moment in (random_moment(random) for _ in range(4000)):
        _, share = moment.step()
        if share == 1.0:
            continue
        mixed += 1
        exact += moment.excess(moment.mix(share + 1e-6)) > 0
        # The search halves what is left three times at least.
        assert share >= 0.875 or moment.excess(moment.mix(share + 0.125)) > 0
    assert mixed > 1000
    assert exact / mixed > 0.98


@given(seeds)
def test_the_acceleration_of_a_cycle_differs_from_the_last_one_by_no_more_than_the_jerk_allows(seed: int) -> None:
    random = np.random.default_rng(seed)
    limits, state, mean = random_limits(random), rt.AxisState(0.0, 0.0, 0.0), 0.0
    for _ in range(200):
        wanted, speed_scale = random.uniform(-3, 3) * limits.acceleration, random.choice([0.2, 1.0])
        after, _ = rt.viable_step(state, mean, wanted, rt.AxisLimits(*limits), PERIOD, speed_scale)
        mean_after = (after.velocity - state.velocity) / PERIOD
        assert abs(mean_after - mean) <= limits.jerk * PERIOD * (1 + TOLERANCE) + TOLERANCE
        # Between two moments; a mean differs from a moment by half a cycle's jerk.
        assert abs(after.acceleration - state.acceleration) <= 1.5 * limits.jerk * PERIOD * (1 + TOLERANCE) + TOLERANCE
        state, mean = after, mean_after


@given(velocities, shares, accelerations, jerks)
def test_a_mirrored_stop_is_the_mirror_of_the_stop(
    velocity: float, share: float, acceleration: float, jerk: float
) -> None:
    begin = rt.AxisState(0.3, velocity, share * acceleration)
    stop = rt.StopProfile(begin, acceleration, jerk)
    mirror = rt.StopProfile(mirrored(begin), acceleration, jerk)
    assert mirror.duration_s == pytest.approx(stop.duration_s, abs=1e-9)
    assert mirror.rest_position == pytest.approx(-stop.rest_position, abs=1e-9)
    for time_s in np.linspace(0.0, stop.duration_s, 7):
        assert values(mirror.at(time_s)) == pytest.approx(values(mirrored(stop.at(time_s))), abs=1e-6)
    lowest, highest, slowest, fastest = stop.reach()
    assert mirror.reach() == pytest.approx((-highest, -lowest, -fastest, -slowest), abs=1e-9)


@settings(max_examples=300)
@given(seeds)
def test_mirrored_limits_and_wishes_give_the_mirrored_step(seed: int) -> None:
    state, wanted, limits, speed_scale = moment = random_moment(np.random.default_rng(seed))
    sides = limits._replace(lower=-limits.upper, upper=-limits.lower)
    there, share = moment.step()
    back, share_back = Moment(mirrored(state), -wanted, sides, speed_scale).step()
    assert values(back) == pytest.approx(values(mirrored(there)), abs=1e-12)
    assert share_back == pytest.approx(share, abs=1e-9)


@settings(max_examples=300)
@given(seeds)
def test_an_approach_is_the_fastest_one_that_does_not_pass_its_target(seed: int) -> None:
    random = np.random.default_rng(seed)
    limits = random_limits(random)
    velocity, pull, position = random.uniform(-1, 1, 3) * (
        limits.velocity,
        limits.acceleration,
        10 ** random.uniform(-6, -1),
    )
    target_pull = random.uniform(-1, 1) * limits.acceleration * random.choice([0.0, 0.5, 1.0])
    state, target = rt.AxisState(position, velocity, pull), rt.AxisState(0.0, 0.1 * velocity, target_pull)
    step = limits.jerk * PERIOD
    lowest, highest = max(pull - step, -limits.acceleration), min(pull + step, limits.acceleration)
    # What the target's own acceleration needs is not there for coming nearer.
    left = max(limits.acceleration - abs(target_pull), limits.acceleration / 4)

    def passes(tried: float) -> float:
        after = (position + (velocity + tried * PERIOD / 2) * PERIOD, velocity + tried * PERIOD, tried)
        relative = (a - b for a, b in zip(after, values(target), strict=True))
        return rt.StopProfile(rt.AxisState(*relative), left, limits.jerk).rest_position

    chosen = rt.approach(state, target, pull, rt.AxisLimits(*limits), PERIOD)
    assert lowest - TOLERANCE <= chosen <= highest + TOLERANCE
    assert chosen == lowest or passes(chosen) <= 1e-12
    assert chosen == highest or passes(chosen + 1e-3 * (highest - lowest)) > -1e-12


@settings(max_examples=60)
@given(st.floats(0.01, 4.0), accelerations, jerks)
def test_a_stop_by_shares_of_the_speed_ends_and_keeps_acceleration_and_jerk(
    speed: float, acceleration: float, jerk: float
) -> None:
    taken: list[float] = []
    while speed > 0 and len(taken) < 20_000:
        share = rt.braking_share(acceleration / speed, jerk / speed, PERIOD)
        taken.append(share * speed)
        speed = 0.0 if share == 1.0 else speed * (1 - share)
    assert speed == 0.0
    assert max(taken) <= acceleration * PERIOD * (1 + TOLERANCE)
    # It is let go of gently: the last cycle takes off what one cycle's jerk builds up, each before it one more of it.
    change = np.diff([*taken, 0.0])
    assert change.max() <= 1e-9
    assert -change.min() <= jerk * PERIOD**2 * (1 + 1e-6) + 1e-12


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
