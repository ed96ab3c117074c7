"""The estimator on an arm that moves by the model it has, and on samples that lie, come late or do not come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from rt_control import _native as rt
from rt_control.description import compile_model, load_robot
from tests.rt_control.rig import small_model
from tests.rt_control.simulated_arm import PERIOD_S, SimulatedArm

AXES = 7
RUNS = 40


@pytest.fixture(scope="module")
def model() -> rt.RobotModel:
    return compile_model(load_robot("arm7"))


class Run:
    """An arm and an estimator that watches it from its first sample on."""

    def __init__(self, model: rt.RobotModel, seed: int) -> None:
        self.arm = SimulatedArm(model, seed)
        self.estimator = rt.Estimator(model)
        self.estimator.correct(*self.arm.measured())

    def cycle(self, sample: bool = True) -> None:
        self.arm.step()
        self.estimator.predict(self.arm.torque)
        if sample:
            self.estimator.correct(*self.arm.measured())

    def cycles(self, count: int) -> Run:
        for _ in range(count):
            self.cycle()
        return self

    def nees(self) -> float:
        """Normalised error, squared: chi-square with three degrees of freedom for each axis if all is consistent."""
        total = 0.0
        for axis in range(AXES):
            error = np.array(
                [
                    self.estimator.position[axis] - self.arm.position[axis],
                    self.estimator.velocity[axis] - self.arm.velocity[axis],
                    self.estimator.disturbance[axis] - self.arm.disturbance[axis],
                ]
            )
            total += float(error @ np.linalg.solve(self.estimator.covariance(axis), error))
        return total

    def position_error(self) -> float:
        return float(np.abs(self.estimator.position[:AXES] - self.arm.position).max())


def test_the_error_is_as_large_as_the_covariance_says(model: rt.RobotModel) -> None:
    runs = [Run(model, seed) for seed in range(RUNS)]
    averages = []
    for _ in range(12):
        for run in runs:
            run.cycles(25)
        averages.append(sum(run.nees() for run in runs) / RUNS)
    lower, upper = chi2.ppf([0.025, 0.975], 3 * AXES * RUNS) / RUNS
    inside = sum(lower <= average <= upper for average in averages)
    assert inside >= 10, f"{averages} beside {lower:.2f} to {upper:.2f}"
    assert np.mean(averages) == pytest.approx(3 * AXES, rel=0.04)


def test_lost_samples_are_bridged_and_the_covariance_knows_it(model: rt.RobotModel) -> None:
    runs = [Run(model, seed).cycles(100) for seed in range(RUNS)]
    before = float(runs[0].estimator.covariance(0)[0, 0])
    for run in runs:
        for _ in range(10):
            run.cycle(sample=False)
    assert runs[0].estimator.covariance(0)[0, 0] > 2 * before
    lower, upper = chi2.ppf([0.001, 0.999], 3 * AXES * RUNS) / RUNS
    assert lower <= sum(run.nees() for run in runs) / RUNS <= upper


def test_one_prediction_over_many_cycles_is_worth_as_many_single_ones(model: rt.RobotModel) -> None:
    single, whole = rt.Estimator(model), rt.Estimator(model)
    torque = rt.RigidBody(model).gravity_torque(np.zeros(AXES))
    for estimator in (single, whole):
        estimator.reset(np.zeros(AXES), np.full(AXES, 0.2))
    for _ in range(10):
        single.predict(torque)
    whole.predict(torque, cycles=10)
    np.testing.assert_allclose(whole.position, single.position, atol=1e-4)
    np.testing.assert_allclose(whole.velocity, single.velocity, atol=5e-3)
    np.testing.assert_allclose(whole.covariance(0), single.covariance(0), rtol=0.02, atol=1e-12)


def test_late_samples_are_compared_with_where_the_arm_was(model: rt.RobotModel) -> None:
    age = 5
    runs = [Run(model, seed).cycles(100) for seed in range(RUNS)]
    for run in runs:
        past = []
        for _ in range(60):
            run.arm.step()
            run.estimator.predict(run.arm.torque)
            past.append(run.arm.measured())
            if len(past) > age:
                run.estimator.correct(*past.pop(0), age_cycles=age)
    worst = max(run.position_error() for run in runs)
    assert worst < 5e-4, "5 ms at full speed are 10 mrad"
    assert all(run.estimator.counts.outliers == 0 for run in runs)


def test_external_torque_is_found(model: rt.RobotModel) -> None:
    run = Run(model, 3).cycles(500)
    body = rt.RigidBody(model)
    deviation = np.sqrt([run.estimator.covariance(axis)[2, 2] for axis in range(AXES)])
    allowed = np.abs(body.mass_matrix(run.arm.position)) @ (4 * deviation)
    assert (np.abs(run.estimator.external_torque[:AXES] - run.arm.external_torque()) < allowed).all()


def test_a_constant_push_is_told_to_the_newton_metre(model: rt.RobotModel) -> None:
    body, estimator = rt.RigidBody(model), rt.Estimator(model)
    position = np.array([0.0, -0.8, 0.0, -2.3, 0.0, 1.5, 0.8])
    push = np.array([5.0, 0.0, -3.0, 0.0, 1.0, 0.0, 0.5])
    torque = body.gravity_torque(position) - push  # the motors hold against both
    estimator.reset(position, np.zeros(AXES))
    for _ in range(2000):
        estimator.predict(torque)
        estimator.correct(position, np.zeros(AXES))
    np.testing.assert_allclose(estimator.external_torque[:AXES], push, atol=0.05)


def test_an_outlier_is_left_out(model: rt.RobotModel) -> None:
    run = Run(model, 5).cycles(200)
    for _ in range(5):
        run.arm.step()
        run.estimator.predict(run.arm.torque)
        position, velocity = run.arm.measured()
        position[2] += 0.3
        run.estimator.correct(position, velocity)
    assert run.estimator.counts.outliers == 5
    assert run.position_error() < 5e-4


def test_an_axis_that_is_elsewhere_for_ten_samples_begins_anew_there(model: rt.RobotModel) -> None:
    run = Run(model, 6).cycles(200)
    for _ in range(10):
        run.cycle(sample=False)
        position, velocity = run.arm.measured()
        position[2] += 0.3
        run.estimator.correct(position, velocity)
    assert run.estimator.counts.reseeded == 1
    assert run.estimator.position[2] == pytest.approx(run.arm.position[2] + 0.3, abs=1e-3)
    assert np.abs(run.estimator.position[:2] - run.arm.position[:2]).max() < 5e-4


def test_after_a_long_silence_the_next_sample_seeds(model: rt.RobotModel) -> None:
    estimator = rt.Estimator(model)
    estimator.reset(np.zeros(AXES), np.ones(AXES))
    estimator.predict(None, cycles=1000)
    estimator.correct(np.full(AXES, 0.5), np.zeros(AXES))
    np.testing.assert_array_equal(estimator.position[:AXES], 0.5)
    assert estimator.counts.outliers == 0


def test_samples_that_are_too_old_are_refused(model: rt.RobotModel) -> None:
    estimator = rt.Estimator(model)
    estimator.reset(np.zeros(AXES), np.zeros(AXES))
    estimator.correct(np.ones(AXES), np.zeros(AXES), age_cycles=21)
    assert estimator.counts.refused == 1
    assert not estimator.position.any()


numbers = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-3.0, 3.0)
vectors = st.lists(numbers, min_size=AXES, max_size=AXES)


@settings(deadline=None)
@given(st.lists(st.tuples(vectors, vectors, vectors, st.integers(0, 2000), st.integers(0, 30)), max_size=30))
def test_no_input_makes_the_estimate_not_finite(
    inputs: list[tuple[list[float], list[float], list[float], int, int]],
) -> None:
    estimator = rt.Estimator(small_model())
    for torque, position, velocity, cycles, age in inputs:
        estimator.predict(torque, cycles)
        estimator.correct(position, velocity, age)
        for value in (estimator.position, estimator.velocity, estimator.disturbance, estimator.external_torque):
            assert np.isfinite(value).all()
        assert all(np.isfinite(estimator.covariance(axis)).all() for axis in range(AXES))


def test_gravity_follows_the_unit_of_a_base_that_was_tilted() -> None:
    tilt = rt.BaseTilt([0.0, 0.0, -9.81], PERIOD_S)
    askew = 9.81 * np.array([np.sin(0.2), 0.0, np.cos(0.2)])
    for _ in range(10_000):
        assert tilt.observe(askew, np.zeros(3))
    np.testing.assert_allclose(tilt.gravity, -askew, atol=1e-3)
    assert np.linalg.norm(tilt.gravity) == pytest.approx(9.81)


@pytest.mark.parametrize(
    ("force", "rate"),
    [
        ([0.0, 0.0, 12.0], [0.0, 0.0, 0.0]),  # lifted
        ([0.0, 0.0, 9.81], [0.0, 0.2, 0.0]),  # turning
        ([0.0, 0.0, float("nan")], [0.0, 0.0, 0.0]),
        ([0.0, 0.0, 9.81], [float("inf"), 0.0, 0.0]),
    ],
)
def test_a_unit_that_is_not_at_rest_says_nothing_of_gravity(force: list[float], rate: list[float]) -> None:
    tilt = rt.BaseTilt([0.0, 0.0, -9.81], PERIOD_S)
    assert not tilt.observe(force, rate)
    np.testing.assert_array_equal(tilt.gravity, [0.0, 0.0, -9.81])
