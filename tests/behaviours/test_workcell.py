from __future__ import annotations

import pytest

from behaviours.workcell import Bin, Hand, Workcell
from rt_control.description import load_robot

BIN = Bin(floor_base=(0.4, 0.4, 0.0), size_m=(0.2, 0.3, 0.1))


@pytest.mark.parametrize(
    ("position", "inside"),
    [
        ((0.4, 0.4, 0.02), True),
        ((0.49, 0.54, 0.02), True),
        ((0.52, 0.4, 0.02), False),
        ((0.4, 0.57, 0.02), False),
        ((0.4, 0.4, 0.115), False),
    ],
)
def test_a_bin_contains_what_lies_over_its_floor_and_below_its_rim(
    position: tuple[float, float, float], inside: bool
) -> None:
    assert BIN.contains(position, tolerance_m=0.01) is inside


@pytest.mark.parametrize(
    ("measured", "told", "grips"),
    [
        (0.02, 0.0, True),
        (0.02, 0.019, False),  # nothing keeps the fingers from where they are told to be
        (0.02, 0.04, False),  # they are opening
        (0.04, 0.04, False),
        (0.0, 0.0, False),
        (0.0015, -0.01, False),  # the fingers press on each other
    ],
)
def test_the_hand_grips_what_keeps_it_from_closing(measured: float, told: float, grips: bool) -> None:
    assert Hand(axis=1, closed=0.0, opening_per_axis=2.0).grips((9.0, measured), (9.0, told)) is grips
    mirrored = Hand(axis=1, closed=0.04, opening_per_axis=2.0)
    assert mirrored.grips((9.0, 0.04 - measured), (9.0, 0.04 - told)) is grips


def test_an_arm_without_a_gripper_never_holds_anything() -> None:
    assert not Workcell({}, ("home",), None).grips((0.0,), (0.0,))


def test_the_workcell_comes_from_the_robot_file() -> None:
    workcell = Workcell.of(load_robot("arm7"))
    assert set(workcell.bins) == {"left_bin", "right_bin"}
    assert "home" in workcell.poses
    assert workcell.hand is not None
    assert workcell.known_names == {"bin": ("left_bin", "right_bin"), "pose": workcell.poses}
