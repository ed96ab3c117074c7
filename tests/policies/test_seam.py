from __future__ import annotations

import numpy as np
import pytest

from policies.action_chunk import ActionChunk
from policies.seam import FADE_NS, SEAMS, Joiner, Seam

MS = 1_000_000
KNOTS = 16


def line(begin_ns: int, start: float, speed: float) -> ActionChunk:
    """A chunk of one axis that goes on at one speed."""
    knots = start + speed * 0.06 * np.arange(1.0, KNOTS + 1.0)
    return ActionChunk(begin_ns, np.array([start]), np.array([speed]), knots[:, None], 60 * MS, 0)


def points_of(joiner: Joiner) -> np.ndarray:
    assert joiner.running is not None
    return joiner.running.points[:, 0]


@pytest.mark.parametrize("seam", SEAMS)
def test_the_first_chunk_simply_runs(seam: Seam) -> None:
    joiner = Joiner(seam)
    joiner.join(line(0, 0.0, 1.0), 0)
    assert points_of(joiner)[:5] == pytest.approx([0.0, 0.01, 0.02, 0.03, 0.04])


@pytest.mark.parametrize("seam", SEAMS)
def test_chunks_that_agree_leave_no_seam(seam: Seam) -> None:
    joiner = Joiner(seam)
    joiner.join(line(0, 0.0, 1.0), 0)
    joiner.join(line(100 * MS, 0.1, 1.0), 200 * MS)
    points = points_of(joiner)
    assert points == pytest.approx(0.2 + 0.01 * np.arange(len(points)))


def test_naive_jumps_and_blend_does_not() -> None:
    begins = {}
    for seam in SEAMS:
        joiner = Joiner(seam)
        joiner.join(line(0, 0.0, 0.0), 0)
        joiner.join(line(100 * MS, 0.05, 0.0), 200 * MS)
        begins[seam] = points_of(joiner)[0]
    assert begins["naive"] == pytest.approx(0.05)
    assert begins["blend"] == begins["forward"] == begins["inpaint"] == pytest.approx(0.0)


def test_what_two_chunks_differ_by_fades_in_position_and_speed() -> None:
    joiner = Joiner("blend")
    joiner.join(line(0, 0.0, 0.5), 0)
    joiner.join(line(100 * MS, 0.08, -0.2), 200 * MS)
    points = points_of(joiner)
    assert points[0] == pytest.approx(0.1)
    assert (points[1] - points[0]) / 0.01 == pytest.approx(0.5, abs=0.08)
    steps = FADE_NS // (10 * MS)
    expected = 0.08 - 0.2 * (0.1 + 0.01 * np.arange(len(points)))
    assert points[steps:] == pytest.approx(expected[steps:])


def test_a_chunk_that_begins_later_takes_over_when_it_begins() -> None:
    joiner = Joiner("forward")
    joiner.join(line(0, 0.0, 1.0), 0)
    joiner.join(line(300 * MS, 0.3, 0.5), 200 * MS)
    points = points_of(joiner)
    assert points[:11] == pytest.approx(0.2 + 0.01 * np.arange(11))
    assert points[20] == pytest.approx(0.35, abs=2e-3)


def test_a_chunk_that_begins_after_the_end_finds_the_robot_waiting() -> None:
    joiner = Joiner("forward")
    joiner.join(line(0, 0.0, 1.0), 0)
    end = joiner.running.end_ns if joiner.running is not None else 0
    joiner.join(line(end + 50 * MS, 0.96, 0.0), end - 20 * MS)
    points = points_of(joiner)
    assert float(np.abs(np.diff(points)).max()) < 0.012
    assert points[-1] == pytest.approx(0.96)


def test_the_ensemble_is_between_what_its_chunks_say() -> None:
    joiner = Joiner("ensemble")
    joiner.join(line(0, 0.0, 0.0), 0)
    joiner.join(line(0, 0.1, 0.0), 100 * MS)
    assert 0.04 < points_of(joiner)[0] < 0.05  # the older one counts more


def test_after_the_shield_went_another_way_it_goes_back_smoothly() -> None:
    joiner = Joiner("forward")
    joiner.join(line(0, 0.0, 1.0), 0)
    joiner.return_from(np.array([0.08]), np.array([0.2]), 100 * MS)
    points = points_of(joiner)
    assert points[0] == pytest.approx(0.08)
    assert (points[1] - points[0]) / 0.01 == pytest.approx(0.2, abs=0.1)
    assert points[20] == pytest.approx(0.3)


def test_nothing_runs_after_forgetting() -> None:
    joiner = Joiner("ensemble")
    joiner.join(line(0, 0.0, 0.0), 0)
    joiner.forget()
    joiner.return_from(np.zeros(1), np.zeros(1), 0)
    assert joiner.running is None
