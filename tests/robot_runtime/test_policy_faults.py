"""A policy that is hung or not finite, in virtual time: the arm holds, and the mode changes."""

from __future__ import annotations

import numpy as np
import pytest

from behaviours.workcell import Workcell
from models.errors import ModelOutputError
from models.roles import Floats, PolicyMoment
from robot_runtime.lockstep import Lockstep, LockstepOptions
from rt_control.description import load_robot
from trees.mission import load_mission

pytestmark = pytest.mark.sim

LIMIT_S = 12.0


class Drifting:
    """Moves the arm on and on; after some questions it goes wrong."""

    knots, spacing_s, takes_prefix, seam = 16, 0.06, False, "forward"

    def __init__(self, wrong_after: int, how: str) -> None:
        self._left, self._how = wrong_after, how

    def act(self, moment: PolicyMoment) -> Floats:
        self._left -= 1
        knots = np.repeat(moment.state[None, :8], self.knots, axis=0)
        knots[:, 0] += 0.3 * self.spacing_s * np.arange(1, self.knots + 1)
        if self._left < 0:
            if self._how == "error":
                raise ModelOutputError("output 'knots': 3 of 128 values are not finite")
            knots[:] = np.nan
        return knots.astype(np.float32)


def run(policy: Drifting, delay_s: float | None) -> tuple[Lockstep, float]:
    """Until the policy worker is lost; and how fast the arm was at most in the last half of what follows."""
    description = load_robot("arm7")
    mission = load_mission("sort_table", Workcell.of(description).known_names)
    lockstep = Lockstep(description, mission, LockstepOptions(0, oracle=True, policy=policy, policy_delay_s=delay_s))
    while "policy" not in lockstep.stopped:
        assert lockstep.time_s < LIMIT_S
        lockstep.step()
    lost_s, fastest = lockstep.time_s, 0.0
    while lockstep.time_s < lost_s + 2.0:
        lockstep.step()
        if lockstep.time_s > lost_s + 1.0 and lockstep.state is not None:
            fastest = max(fastest, float(np.abs(np.array(lockstep.state.velocity[:7])).max()))
    return lockstep, fastest


@pytest.mark.parametrize(
    ("policy", "delay_s", "reason"),
    [
        (Drifting(20, "nan"), None, "not finite"),
        (Drifting(20, "error"), None, "the policy failed: output 'knots': 3 of 128"),
        (Drifting(10**6, ""), 30.0, "has not answered for 1 s"),
    ],
    ids=["not finite", "fails", "hangs"],
)
def test_a_policy_that_goes_wrong_ends_in_hold_and_another_mode(
    policy: Drifting, delay_s: float | None, reason: str
) -> None:
    lockstep, fastest = run(policy, delay_s)
    assert reason in lockstep.policy.fault
    assert fastest < 0.01
    assert "CpuOnly" in [entry.name for entry in lockstep.agent.modes_entered]
    assert lockstep.agent.outcome is None
    lockstep.close()
