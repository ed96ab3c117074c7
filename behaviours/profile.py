"""How much the robot may do in its present mode; every mode leaf sets one, and the most careful combination holds."""

from __future__ import annotations

from typing import Literal

import msgspec

PolicyKind = Literal["none", "reactive", "learned"]
"""What may move the arm, from careful to able: nothing (hold), the fallback's look-up controller, the policy worker."""

_ABILITY: dict[PolicyKind, int] = {"none": 0, "reactive": 1, "learned": 2}


class Profile(msgspec.Struct, frozen=True):
    """What perception and policies run at, and how careful tier 1 has to be.

    Attributes:
        perception_levels: cascade levels that may run; empty = none.
        perception_rate_hz: of level 1; 0 = none.
        policy: the ablest controller that may move the arm.
        policy_rate_hz: of that controller; 0 = it holds.
        margin_scale: multiplies protective distances, at least 1.
        speed_scale: 0..1 of every velocity limit.
        optical_flow: whether level 1 includes flow.
        remote_perception: whether level 3 may run elsewhere than on the robot.
    """

    perception_levels: tuple[int, ...]
    perception_rate_hz: float
    policy: PolicyKind
    policy_rate_hz: float
    margin_scale: float
    speed_scale: float
    optical_flow: bool = True
    remote_perception: bool = True

    def allows(self, needed: PolicyKind) -> bool:
        """Whether a skill that needs this controller may run."""
        return _ABILITY[self.policy] >= _ABILITY[needed]


BLIND = Profile((), 0.0, "none", 0.0, margin_scale=2.0, speed_scale=0.25, optical_flow=False)
CPU_ONLY = Profile((), 10.0, "reactive", 10.0, margin_scale=2.0, speed_scale=0.25, optical_flow=False)
GPU_OVERLOADED = Profile((1,), 30.0, "learned", 50.0, margin_scale=1.5, speed_scale=1.0, optical_flow=False)
FULL_COMPUTE = Profile((1, 2, 3), 30.0, "learned", 100.0, margin_scale=1.0, speed_scale=1.0)
OFFLINE = Profile((1, 2, 3), 30.0, "learned", 100.0, margin_scale=1.0, speed_scale=1.0, remote_perception=False)
ONLINE = Profile((1, 2, 3), 30.0, "learned", 100.0, margin_scale=1.0, speed_scale=1.0)


def most_careful(first: Profile, second: Profile) -> Profile:
    """The profile that does nothing which either of the two forbids."""
    return Profile(
        perception_levels=tuple(level for level in first.perception_levels if level in second.perception_levels),
        perception_rate_hz=min(first.perception_rate_hz, second.perception_rate_hz),
        policy=min(first.policy, second.policy, key=_ABILITY.__getitem__),
        policy_rate_hz=min(first.policy_rate_hz, second.policy_rate_hz),
        margin_scale=max(first.margin_scale, second.margin_scale),
        speed_scale=min(first.speed_scale, second.speed_scale),
        optical_flow=first.optical_flow and second.optical_flow,
        remote_perception=first.remote_perception and second.remote_perception,
    )
