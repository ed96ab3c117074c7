"""Laws of distances, of what is certified as clear, and of the controller that keeps the arm clear."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rt_control import _native as rt
from tests.rt_control.rig import ARM_AXES, AXES, Rig, add_shapes, capsule, small_model

Vector = npt.NDArray[np.float64]

places = st.tuples(*[st.floats(-1.0, 1.0)] * 3).map(np.array)


def sampled(begin: Vector, end: Vector, count: int = 60) -> Vector:
    return begin + np.linspace(0.0, 1.0, count)[:, None] * (end - begin)


@example(
    np.array([0.0, 0.0, 6e-8]), np.array([1.0, 0.0, 0.0]), np.zeros(3), np.array([1.0, 0.0, 0.0])
)  # nearly parallel
@given(places, places, places, places)
def test_two_segments_are_as_far_apart_as_their_nearest_points(
    begin: Vector, end: Vector, other_begin: Vector, other_end: Vector
) -> None:
    found = rt.distance_between(begin, end, other_begin, other_end)
    one, other = sampled(begin, end), sampled(other_begin, other_end)
    nearest = float(np.linalg.norm(one[:, None] - other[None], axis=2).min())
    step = float(np.linalg.norm(end - begin) + np.linalg.norm(other_end - other_begin)) / 59
    assert nearest - step <= found <= nearest + 1e-9
    assert rt.distance_between(other_end, other_begin, end, begin) == pytest.approx(found, abs=1e-7)


@given(places, st.floats(0.01, 2.0))
def test_parallel_and_pointlike_segments_have_a_distance_too(begin: Vector, way: float) -> None:
    along, aside = np.array([way, 0.0, 0.0]), np.array([0.0, 0.3, 0.4])
    assert rt.distance_between(begin, begin + along, begin + aside, begin + along + aside) == pytest.approx(0.5)
    assert rt.distance_between(begin, begin, begin + aside, begin + aside) == pytest.approx(0.5)
    assert rt.distance_between(begin, begin, begin + aside - along, begin + aside + along) == pytest.approx(0.5)


LOWER, UPPER = np.array([-0.4, -0.3, -0.2]), np.array([0.3, 0.5, 0.1])


@given(places, places)
def test_the_distance_to_a_box_is_never_more_than_it_is_and_hardly_less(begin: Vector, end: Vector) -> None:
    found = rt.distance_outside(begin, end, LOWER, UPPER)
    points = sampled(begin, end, 400)
    gaps = np.maximum(np.maximum(LOWER - points, points - UPPER), 0.0)
    nearest = float(np.linalg.norm(gaps, axis=1).min())
    step = float(np.linalg.norm(end - begin)) / 399
    if nearest > 0.02:
        assert nearest - step - 0.01 <= found <= nearest + 1e-9
    elif nearest == 0.0:
        assert found <= 1e-9


@given(places, places)
def test_a_segment_is_inside_a_box_by_its_nearest_side(begin: Vector, end: Vector) -> None:
    points = sampled(begin, end)
    nearest = float(np.minimum(points - LOWER, UPPER - points).min())
    assert rt.distance_inside(begin, end, LOWER, UPPER) == pytest.approx(nearest, abs=1e-12)


def watched_model(**changes: object) -> rt.RobotModel:
    """The small robot as a string of capsules over a table, that can fold onto itself."""
    return add_shapes(small_model(**changes))


def true_least_m(model: rt.RobotModel, kinematics: rt.Kinematics, position: npt.ArrayLike) -> float:
    """Written anew: what is left over everything that is watched."""
    poses = kinematics.link_poses(position)
    segments = []
    for item in model.capsules:
        pose = np.eye(4) if item.link < 0 else poses[item.link]
        segments.append((pose[:3, :3] @ item.begin + pose[:3, 3], pose[:3, :3] @ item.end + pose[:3, 3]))
    least = math.inf
    for pair in model.pairs:
        (begin, end), (other_begin, other_end) = segments[pair.first], segments[pair.second]
        apart = rt.distance_between(begin, end, other_begin, other_end)
        needed = model.capsules[pair.first].radius + model.capsules[pair.second].radius + model.self_clearance_m
        least = min(least, apart - needed)
    for zone in model.zones:
        measure = rt.distance_outside if zone.kind == rt.ZoneKind.keep_out else rt.distance_inside
        for item, (begin, end) in zip(model.capsules, segments, strict=True):
            if item.link >= 0:
                least = min(least, measure(begin, end, zone.lower, zone.upper) - item.radius)
    return least


def moving_states(random: np.random.Generator, position: Vector, speed: float) -> list[rt.AxisState]:
    return [
        rt.AxisState(position[axis], random.uniform(-speed, speed), random.uniform(-10.0, 10.0))
        for axis in range(ARM_AXES)
    ]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_what_is_certified_is_clear_all_the_way_also_with_lost_cycles(seed: int) -> None:
    random = np.random.default_rng(seed)
    model = watched_model()
    kinematics, clearance = rt.Kinematics(model), rt.Clearance(model)
    for _ in range(12):
        position = random.uniform(-1.6, 1.6, ARM_AXES)
        if clearance.least_m(position) < 0.0:
            continue
        next_states = moving_states(random, position, 10 ** random.uniform(-1.5, 0.3))
        if not clearance.check(position, next_states).is_clear:
            continue
        stops = [rt.StopProfile(state, 10.0, 1000.0) for state in next_states]
        for time_s in np.linspace(0.0, max(stop.duration_s for stop in stops), 20):
            states = [stop.at(time_s) for stop in stops]
            place = np.array([state.position for state in states])
            lost = np.array([3 * 0.001 * state.velocity for state in states])
            assert true_least_m(model, kinematics, place) >= -1e-9
            assert true_least_m(model, kinematics, place + lost) >= -1e-9


def test_most_of_what_is_clear_with_some_room_is_certified() -> None:
    random = np.random.default_rng(0)
    model = watched_model()
    kinematics, clearance = rt.Kinematics(model), rt.Clearance(model)
    clear = certified = 0
    while clear < 300:
        position = random.uniform(-1.6, 1.6, ARM_AXES)
        next_states = moving_states(random, position, 0.5)
        stops = [rt.StopProfile(state, 10.0, 1000.0) for state in next_states]
        ends = [[stop.at(time_s).position for stop in stops] for time_s in np.linspace(0.0, 0.1, 5)]
        if min(true_least_m(model, kinematics, end) for end in ends) < 0.03:
            continue
        clear += 1
        certified += clearance.check(position, next_states).is_clear
    assert certified == clear


def least_of(rig: Rig, clearance: rt.Clearance) -> float:
    return clearance.least_m(rig.state.position_reference)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_commands_drive_the_arm_into_itself_or_into_a_zone(seed: int) -> None:
    random = np.random.default_rng(seed)
    model = watched_model()
    clearance = rt.Clearance(model)
    rig = Rig(model).ready()
    assert least_of(rig, clearance) > 0.0
    for _ in range(25):
        target = np.append(random.uniform(-2.0, 2.0, ARM_AXES), 0.02)
        for cycle in range(int(random.integers(1, 300))):
            commands = (rig.stream(target),) if cycle % 15 == 0 and random.random() < 0.95 else ()
            rig.step(commands=commands)
            assert least_of(rig, clearance) >= -1e-9
    assert rig.state.latched == 0


def bow(rig: Rig) -> Vector:
    """A target that has the arm bent down into the table."""
    target = np.zeros(AXES)
    target[[1, 3, 5]] = [1.9, 1.2, 0.6]
    return target


def test_the_table_is_approached_and_not_touched_and_the_tree_is_told_why() -> None:
    model = watched_model()
    model.zones = [model.zones[0]]
    clearance = rt.Clearance(model)
    rig = Rig(model).ready()
    rig.until(lambda _: bool(rig.step(commands=(rig.stream(bow(rig)),)).interventions), 3000)
    for _ in range(2500):
        rig.step(commands=(rig.stream(bow(rig)),))
        assert least_of(rig, clearance) >= -1e-9
    assert least_of(rig, clearance) < 0.02, "what is called too near is near"
    assert rig.state.intervention.constraint == rt.Constraint.workspace
    assert rig.state.intervention.margin < 0.0
    assert rig.state.intervention.margin == rig.state.intervention.requested - rig.state.intervention.admitted
    assert rig.state.velocity_reference == pytest.approx(np.zeros(16), abs=1e-3)
    assert rig.state.latched == 0
    back = np.zeros(AXES)
    for _ in range(3000):
        rig.step(commands=(rig.stream(back),))
    assert rig.state.position_reference[:AXES] == pytest.approx(back, abs=1e-3), "away from it, it moves as it likes"


def test_an_arm_that_folds_stops_before_it_touches_itself() -> None:
    model = watched_model(lower=[-3.0] * ARM_AXES + [0.0], upper=[3.0] * ARM_AXES + [0.04])
    model.zones = []
    clearance = rt.Clearance(model)
    rig = Rig(model).ready()
    target = np.zeros(AXES)
    target[[1, 3, 5]] = 2.6
    for _ in range(4000):
        rig.step(commands=(rig.stream(target),))
        assert least_of(rig, clearance) >= -1e-9
    assert rig.state.intervention.constraint == rt.Constraint.self_collision
    assert rig.state.intervention.axis >= 0
    assert least_of(rig, clearance) < 0.02


def test_every_kind_of_stop_beside_the_table_ends_clear_of_it() -> None:
    model = watched_model()
    clearance = rt.Clearance(model)
    rig = Rig(model).ready()
    down = bow(rig)
    stops = (rt.RequestKind.hold, rt.RequestKind.stop)
    for _ in range(450):
        rig.step(commands=(rig.stream(down),))
    for cycle in range(400):
        for kind in stops if cycle % 10 == 0 else ():
            twin = rig.fork()
            twin.step(rt.Request(kind=kind, origin=rt.Source.operator_))
            for _ in range(400):
                twin.step()
                assert least_of(twin, clearance) >= -1e-9
            assert not twin.state.velocity_reference.any()
        rig.step(commands=(rig.stream(down),))


def test_an_arm_that_was_pushed_too_near_may_leave_and_not_come_nearer() -> None:
    model = watched_model()
    model.zones = [rt.Zone(kind=rt.ZoneKind.keep_out, lower=[-3.0, -3.0, -1.0], upper=[3.0, 3.0, 1.0])]
    model.capsules = [capsule(ARM_AXES - 1, [0.0, 0.0, 0.0], [0.0, 0.0, 0.05], 0.2)]
    model.pairs = []
    clearance = rt.Clearance(model)
    rig = Rig(model)
    rig.position[1] = 0.9
    rig.ready()
    before = clearance.least_m(rig.position)
    assert before < -0.01
    worse = np.array([0.0, 1.9] + [0.0] * 6)
    for _ in range(500):
        rig.step(commands=(rig.stream(worse),))
        assert least_of(rig, clearance) >= before - 1e-6
    better = np.array([0.0, 0.2] + [0.0] * 6)
    for _ in range(2000):
        rig.step(commands=(rig.stream(better),))
    assert least_of(rig, clearance) > 0.0
    assert rig.state.position_reference[1] == pytest.approx(0.2, abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_fastest_point_is_as_fast_as_finite_differences_say(seed: int) -> None:
    random = np.random.default_rng(seed)
    model = watched_model()
    kinematics, clearance = rt.Kinematics(model), rt.Clearance(model)
    position, velocity = random.uniform(-1.5, 1.5, ARM_AXES), random.uniform(-2.0, 2.0, ARM_AXES)
    step_s = 1e-6

    def points(at: Vector) -> Vector:
        poses = kinematics.link_poses(at)
        ends = [
            poses[item.link, :3, :3] @ end + poses[item.link, :3, 3]
            for item in model.capsules
            if item.link >= 0
            for end in (item.begin, item.end)
        ]
        return np.array([*ends, kinematics.forward(at)[:3, 3]])

    moved = (points(position + step_s / 2 * velocity) - points(position - step_s / 2 * velocity)) / step_s
    assert clearance.fastest_point(position, velocity) == pytest.approx(np.linalg.norm(moved, axis=1).max(), abs=1e-6)
