"""The contact observer on an arm that moves exactly by its model, on a wrong model, and on samples that are lost."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rt_control import _native as rt
from rt_control.description import compile_model, load_robot
from tests.rt_control.rig import small_model

AXES = 7
PERIOD_S = 0.001
Vector = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def model() -> rt.RobotModel:
    return compile_model(load_robot("arm7"))


class Swing:
    """All axes swing; the torque is that of a body, which need not be the observer's."""

    def __init__(self, model: rt.RobotModel, truth: rt.RobotModel | None = None) -> None:
        self.observer = rt.ContactObserver(model)
        self.body = rt.RigidBody(truth or model)
        self.cycle = 0
        home = np.array(load_robot("arm7").home)
        self.centre = home[:AXES]
        self.rate = np.linspace(1.5, 3.0, AXES)

    def motion(self) -> tuple[Vector, Vector, Vector]:
        phase = self.rate * self.cycle * PERIOD_S
        size = 0.5 / self.rate
        return (
            self.centre + size * (1 - np.cos(phase)),
            size * self.rate * np.sin(phase),
            size * self.rate**2 * np.cos(phase),
        )

    def step(self, push: npt.ArrayLike = 0.0, elapsed: int = 1) -> rt.ContactFinding:
        """One cycle; what pushes is balanced by the motors."""
        self.cycle += elapsed - 1
        before = self.motion()
        self.cycle += 1
        after = self.motion()
        # The mean over the cycle, by the trapezoidal rule.
        first, second = (self.body.inverse_dynamics(*it) + self.body.friction_torque(it[1]) for it in (before, after))
        torque = (first + second) / 2 - np.asarray(push)
        return self.observer.observe(after[0], after[1], torque, after[2], elapsed)

    def steps(self, count: int, push: npt.ArrayLike = 0.0) -> list[rt.ContactFinding]:
        return [self.step(push) for _ in range(count)]


def test_a_right_model_leaves_no_residual(model: rt.RobotModel) -> None:
    swing = Swing(model)
    swing.steps(2000)
    assert np.abs(swing.observer.residual).max() < 0.01


def test_the_residual_follows_a_push_with_the_bandwidth_of_the_observer(model: rt.RobotModel) -> None:
    swing = Swing(model)
    swing.steps(200)
    push = np.array([10.0, -8.0, 6.0, 5.0, 0.5, -0.4, 0.2])
    swing.steps(round(1000 / model.contact_gain_radps), push)
    np.testing.assert_allclose(swing.observer.residual[:AXES] / push, 1 - np.exp(-1), atol=0.08)
    swing.steps(50, push)
    np.testing.assert_allclose(swing.observer.residual[:AXES], push, atol=0.02)


@pytest.mark.parametrize("axis", range(AXES))
def test_a_push_of_twice_the_threshold_is_found_within_five_cycles(model: rt.RobotModel, axis: int) -> None:
    swing = Swing(model)
    swing.steps(300)
    push = 2.0 * swing.observer.threshold[axis] * np.eye(AXES)[axis]
    findings = swing.steps(5, push)
    assert findings[-1].contact
    assert findings[-1].axis == axis
    assert findings[-1].residual > findings[-1].threshold > 0.0


def test_a_push_below_every_threshold_is_none(model: rt.RobotModel) -> None:
    swing = Swing(model)
    swing.steps(300)
    push = 0.8 * swing.observer.threshold[:AXES].min() * np.eye(AXES)[0]
    assert not any(finding.contact for finding in swing.steps(300, push))


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_a_model_that_is_wrong_by_its_share_is_no_contact(seed: int) -> None:
    random = np.random.default_rng(seed)
    truth = compile_model(load_robot("arm7"))
    for name in ("mass", "armature", "damping"):
        setattr(truth, name, getattr(truth, name) * random.choice([0.9, 1.1], 16))
    truth.inertia = truth.inertia * random.choice([0.9, 1.1], 16)[:, None]
    swing = Swing(compile_model(load_robot("arm7")), truth)
    assert not any(finding.contact for finding in swing.steps(800))


def test_a_payload_that_comes_and_goes_is_no_contact(model: rt.RobotModel) -> None:
    swing = Swing(model)
    kinematics = rt.Kinematics(model)
    swing.steps(300)
    for cycle in range(600):
        weight = [0.0, 0.0, -9.81 * model.contact_payload_kg] if cycle % 200 < 100 else [0.0, 0.0, 0.0]
        push = kinematics.jacobian(swing.motion()[0])[:3].T @ weight
        assert not swing.step(push).contact


def test_dry_friction_at_rest_may_have_either_sign() -> None:
    model = small_model(dry_friction=[5.0] * AXES, torque=[80.0] * 8)
    observer, body = rt.ContactObserver(model), rt.RigidBody(model)
    position, still = np.full(AXES, 0.3), np.zeros(AXES)
    weight = body.gravity_torque(position)
    for sign in (1.0, -1.0):
        for _ in range(200):
            assert not observer.observe(position, still, weight + sign * 5.0, still).contact


def test_lost_samples_are_no_contact(model: rt.RobotModel) -> None:
    swing = Swing(model)
    swing.steps(100)
    random = np.random.default_rng(0)
    for _ in range(300):
        assert not swing.step(elapsed=int(random.integers(1, 30))).contact


def test_after_a_reset_the_next_cycle_only_seeds(model: rt.RobotModel) -> None:
    swing = Swing(model)
    swing.steps(100, np.full(AXES, 40.0))
    assert swing.observer.residual.any()
    swing.observer.reset()
    assert not swing.step(np.full(AXES, 40.0)).contact
    assert not swing.observer.residual.any()


def test_input_that_is_not_finite_changes_nothing_and_is_counted(model: rt.RobotModel) -> None:
    swing = Swing(model)
    swing.steps(100)
    before = swing.observer.residual.copy()
    for column in range(4):
        values = [np.zeros(AXES) for _ in range(4)]
        values[column][3] = np.nan
        position, velocity, torque, acceleration = values
        assert not swing.observer.observe(position, velocity, torque, acceleration).contact
    assert swing.observer.refused == 4
    np.testing.assert_array_equal(swing.observer.residual, before)


def test_the_residual_is_bounded(model: rt.RobotModel) -> None:
    swing = Swing(model)
    swing.steps(10)
    swing.steps(100, np.full(AXES, 1e12))
    assert (np.abs(swing.observer.residual) <= 10.0 * model.torque).all()
    assert np.isfinite(swing.observer.residual).all()
