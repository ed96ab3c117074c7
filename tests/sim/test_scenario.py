from __future__ import annotations

import itertools
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rt_control.description import load_robot
from rt_control.errors import InputError
from sim.scenario import CLEARANCE_M, make_scenario

ARM7 = load_robot("arm7")


@given(st.integers(min_value=0, max_value=2**32))
def test_objects_lie_in_their_zone_apart_from_each_other(seed: int) -> None:
    placements = make_scenario(ARM7, seed).placements
    lower, upper = ARM7.workcell.object_zone_lower, ARM7.workcell.object_zone_upper
    assert [item.name for item in placements] == ["blue_box", "green_cylinder", "red_cube", "yellow_ball"]
    for item in placements:
        assert lower[0] <= item.x <= upper[0]
        assert lower[1] <= item.y <= upper[1]
    for one, other in itertools.combinations(placements, 2):
        assert math.hypot(one.x - other.x, one.y - other.y) >= CLEARANCE_M


def test_a_seed_means_one_scenario() -> None:
    assert make_scenario(ARM7, 5) == make_scenario(ARM7, 5)
    assert make_scenario(ARM7, 5) != make_scenario(ARM7, 6)


def test_a_zone_that_is_too_small_is_refused() -> None:
    workcell = msgspec.structs.replace(ARM7.workcell, object_zone_upper=(0.40, -0.15))
    with pytest.raises(InputError, match="object_zone .* does not hold 4 objects 0.11 m apart; enlarge it"):
        make_scenario(msgspec.structs.replace(ARM7, workcell=workcell), 0)
