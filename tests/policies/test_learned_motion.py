from __future__ import annotations

import numpy as np
import pytest

from models.roles import Floats, PolicyMoment
from policies.cell import Cell
from policies.follower import SETPOINTS, SPACING_NS
from policies.inference import modelled_inference
from policies.learned_motion import HUNG_NS, ChunkForm, LearnedMotion, PolicyFault, Setpoints
from policies.observation import GripperReading, PolicyTarget
from policies.seam import SEAMS, Seam
from policies.trajectory import Reference
from rt_control._native import Kinematics
from rt_control.robot_file import RobotDescription

MS = 1_000_000
TICK_NS = 10 * MS
LAG_NS = 7 * MS  # of the time of the reference behind the clock
LIMIT_NS = 400 * MS
KNOTS, SPACING_S = 16, 0.06
GRIPPER = GripperReading(0.03, 0.0)
TARGET = PolicyTarget("pick", (0.5, 0.0, 0.02), 0.0, 0.03, 0)


class Drift:
    """Moves the first axis at a speed; remembers what it was told."""

    knots, spacing_s, takes_prefix, seam = KNOTS, SPACING_S, True, "forward"

    def __init__(self, speed: float = 0.3) -> None:
        self.speed = speed
        self.moments: list[PolicyMoment] = []
        self.spoil: float | None = None

    def act(self, moment: PolicyMoment) -> Floats:
        self.moments.append(moment)
        knots = np.repeat(moment.state[None, :8], KNOTS, axis=0)
        knots[:, 0] += self.speed * SPACING_S * np.arange(1, KNOTS + 1)
        if self.spoil is not None:
            knots[3, 2] = self.spoil
        return knots.astype(np.float32)


class Rig:
    """A robot that follows setpoints exactly."""

    def __init__(self, cell: Cell, seam: Seam, delay_ns: int = 0, policy: Drift | None = None) -> None:
        self.policy = policy or Drift()
        self.delay_ns = delay_ns
        inference = modelled_inference(self.policy, lambda: self.delay_ns)
        self.motion = LearnedMotion(cell, inference, ChunkForm(KNOTS, SPACING_S), seam, LIMIT_NS)
        self.now_ns = 1_000 * MS
        self.position = np.array(cell.description.home, dtype=np.float64)
        self.velocity = np.zeros(8)
        self.told: Setpoints | None = None

    def tick(self, observation_ns: int | None = None, speed: float = 1.0) -> Setpoints | None:
        reference = Reference(self.position, self.velocity, np.zeros(8))
        observed = self.now_ns if observation_ns is None else observation_ns
        told = self.motion.tick(self.now_ns, reference, self.trajectory_ns, GRIPPER, TARGET, observed, speed)
        self.told = told or self.told
        self.now_ns += TICK_NS
        if self.told is not None:
            before = self.position
            self.position = self._at(self.told)
            self.velocity = (self.position - before) / 0.01
        return told

    @property
    def trajectory_ns(self) -> int:
        return self.now_ns - LAG_NS

    def _at(self, told: Setpoints) -> np.ndarray:
        along = min(max((self.trajectory_ns - told.start_ns) / SPACING_NS, 0.0), len(told.positions) - 1.0)
        index = min(int(along), len(told.positions) - 2)
        share = along - index
        between: np.ndarray = (1.0 - share) * told.positions[index] + share * told.positions[index + 1]
        return between


@pytest.fixture
def cell(description: RobotDescription, kinematics: Kinematics) -> Cell:
    return Cell(description, kinematics)


@pytest.mark.parametrize("delay_ms", [0, 20, 200])
@pytest.mark.parametrize("seam", SEAMS)
def test_it_moves_as_the_policy_says_whatever_the_delay(cell: Cell, seam: Seam, delay_ms: int) -> None:
    rig = Rig(cell, seam, delay_ms * MS)
    begun = rig.position[0]
    for _ in range(200):
        rig.tick()
    moved = rig.position[0] - begun
    share = 0.5 if seam == "synchronous" else 0.85
    assert 0.3 * 2.0 * share - 0.3 * delay_ms / 1e3 <= moved <= 0.3 * 2.0
    assert np.abs(rig.position[1:] - np.array(cell.description.home)[1:])[:6].max() < 1e-6


def test_a_command_is_cut_from_the_chunk_and_never_outlives_it(cell: Cell) -> None:
    rig = Rig(cell, "forward")
    rig.tick()
    told = rig.tick()
    assert told is not None
    assert len(told.positions) == SETPOINTS
    assert told.start_ns <= rig.trajectory_ns - TICK_NS < told.start_ns + SPACING_NS
    rig.delay_ns = 10 * HUNG_NS
    ends = []
    for _ in range(90):
        told = rig.tick(observation_ns=rig.now_ns)
        if told is not None:
            ends.append(told.end_ns)
    assert told is None
    assert ends == sorted(ends)
    assert max(ends) <= 1_000 * MS + round(KNOTS * SPACING_S * 1e9) + 5 * TICK_NS


def test_the_policy_is_told_where_the_robot_will_be_when_it_answers(cell: Cell) -> None:
    rig = Rig(cell, "forward", 100 * MS)
    for _ in range(100):
        rig.tick()
    asked_at = rig.position[0]
    count = len(rig.policy.moments)
    while len(rig.policy.moments) == count:
        asked_at = rig.position[0]
        rig.tick()
    ahead = float(rig.policy.moments[-1].state[0]) - asked_at
    assert ahead == pytest.approx(0.3 * 0.1, abs=0.3 * 0.021)
    assert float(rig.policy.moments[-1].state[8]) == pytest.approx(0.3, abs=1e-3)


def test_in_painting_tells_what_is_going_to_be_done(cell: Cell) -> None:
    rig = Rig(cell, "inpaint", 100 * MS)
    for _ in range(100):
        rig.tick()
    moment = rig.policy.moments[-1]
    assert moment.prefix is not None
    assert moment.prefix_weight is not None
    assert moment.prefix[0, 0] == pytest.approx(float(moment.state[0]) + 0.3 * 0.06, abs=2e-3)
    assert moment.prefix_weight[0] == 1.0
    assert moment.prefix_weight[-1] == 0.0
    assert (np.diff(moment.prefix_weight) <= 0.0).all()


def test_at_half_the_speed_a_chunk_takes_twice_as_long(cell: Cell) -> None:
    rig = Rig(cell, "forward")
    begun = rig.position[0]
    for _ in range(100):
        rig.tick(speed=0.5)
    assert rig.position[0] - begun == pytest.approx(0.15, rel=0.1)
    assert float(rig.policy.moments[-1].state[8]) == pytest.approx(0.3, abs=1e-2)  # as it were at full speed


def test_when_the_speed_drops_the_policy_is_never_told_that_it_flies(cell: Cell) -> None:
    rig = Rig(cell, "forward")
    for _ in range(50):
        rig.tick()
    told = []
    for _ in range(60):
        rig.tick(speed=0.25)
        told.append(float(rig.policy.moments[-1].state[8]))
    assert max(told) < 0.45
    assert rig.velocity[0] == pytest.approx(0.075, abs=0.02)


def test_what_rests_on_too_old_an_observation_is_not_told(cell: Cell) -> None:
    rig = Rig(cell, "forward")
    seen_ns = rig.now_ns
    told = [rig.tick(observation_ns=seen_ns) for _ in range(60)]
    last = max(index for index, item in enumerate(told) if item is not None)
    assert 370 * MS <= last * TICK_NS < LIMIT_NS


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_a_fault(cell: Cell, value: float) -> None:
    rig = Rig(cell, "forward")
    rig.tick()
    rig.policy.spoil = value
    with pytest.raises(PolicyFault, match="not finite"):
        for _ in range(10):
            rig.tick()


def test_a_policy_that_hangs_is_a_fault_and_the_last_chunk_ends(cell: Cell) -> None:
    rig = Rig(cell, "forward")
    for _ in range(10):
        rig.tick()
    rig.delay_ns = 100 * HUNG_NS
    with pytest.raises(PolicyFault, match="has not answered for 1 s"):
        for _ in range(200):
            rig.tick()


def test_knots_outside_the_limits_are_drawn_inside(cell: Cell) -> None:
    rig = Rig(cell, "forward", policy=Drift(speed=50.0))
    for _ in range(30):
        told = rig.tick()
    assert told is not None
    assert told.positions[:, 0].max() <= cell.upper[0]


def test_after_forgetting_an_answer_to_an_old_question_is_dropped(cell: Cell) -> None:
    rig = Rig(cell, "forward", 50 * MS)
    rig.tick()
    rig.motion.forget()
    for _ in range(5):
        assert rig.tick() is None
    for _ in range(10):
        told = rig.tick()
    assert told is not None


def test_a_shield_that_holds_the_robot_back_is_followed(cell: Cell) -> None:
    rig = Rig(cell, "forward", 200 * MS)
    for _ in range(60):
        rig.tick()
    rig.position[0] -= 0.03
    rig.velocity[:] = 0.0
    held_at = rig.position[0]
    told = rig.tick()
    assert told is not None
    assert told.positions[0, 0] == pytest.approx(held_at, abs=5e-3)
    assert rig.motion.counts.stalls == 0
