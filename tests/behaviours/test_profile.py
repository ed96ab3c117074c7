from __future__ import annotations

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from behaviours import profile
from behaviours.profile import PolicyKind, Profile, most_careful

profiles = st.builds(
    Profile,
    perception_levels=st.lists(st.sampled_from([1, 2, 3]), unique=True).map(lambda levels: tuple(sorted(levels))),
    perception_rate_hz=st.floats(0, 60),
    policy=st.sampled_from(get_args(PolicyKind)),
    policy_rate_hz=st.floats(0, 200),
    margin_scale=st.floats(1, 3),
    speed_scale=st.floats(0, 1),
    optical_flow=st.booleans(),
)
SHIPPED = (
    profile.BLIND,
    profile.CPU_ONLY,
    profile.GPU_OVERLOADED,
    profile.FULL_COMPUTE,
    profile.OFFLINE,
    profile.ONLINE,
)


@given(profiles, profiles)
def test_the_combination_is_never_less_careful_than_either(first: Profile, second: Profile) -> None:
    both = most_careful(first, second)
    for one in (first, second):
        assert set(both.perception_levels) <= set(one.perception_levels)
        assert both.perception_rate_hz <= one.perception_rate_hz
        assert both.policy_rate_hz <= one.policy_rate_hz
        assert both.margin_scale >= one.margin_scale
        assert both.speed_scale <= one.speed_scale
        assert not both.remote_perception or one.remote_perception
        for needed in get_args(PolicyKind):
            assert not both.allows(needed) or one.allows(needed)


@given(profiles, profiles, profiles)
def test_the_combination_is_commutative_associative_and_idempotent(a: Profile, b: Profile, c: Profile) -> None:
    assert most_careful(a, b) == most_careful(b, a)
    assert most_careful(most_careful(a, b), c) == most_careful(a, most_careful(b, c))
    assert most_careful(a, a) == a


def test_the_shipped_profiles_are_those_of_the_design() -> None:
    assert [item.margin_scale for item in SHIPPED] == [2.0, 2.0, 1.5, 1.0, 1.0, 1.0]
    assert [item.policy for item in SHIPPED] == ["none", "reactive", "learned", "learned", "learned", "learned"]
    assert [item.remote_perception for item in SHIPPED] == [True, True, True, True, False, True]
    assert [item.perception_levels for item in SHIPPED] == [(), (), (1,), (1, 2, 3), (1, 2, 3), (1, 2, 3)]


def test_being_offline_never_changes_safety() -> None:
    for compute in (profile.BLIND, profile.CPU_ONLY, profile.GPU_OVERLOADED, profile.FULL_COMPUTE):
        offline = most_careful(compute, profile.OFFLINE)
        assert (offline.margin_scale, offline.speed_scale) == (compute.margin_scale, compute.speed_scale)
