"""A policy is tried in a process that cannot import the expert; and what a policy does wrong ends in hold."""

from __future__ import annotations

import subprocess
import sys

import pytest

from robot_runtime.evaluation.policy_sweep import Condition, sweep
from robot_runtime.evaluation.policy_trial import FORBIDDEN, forbid_expert

pytestmark = pytest.mark.sim


def test_where_a_policy_is_tried_the_expert_cannot_be_imported() -> None:
    code = """
from robot_runtime.evaluation.policy_trial import FORBIDDEN, forbid_expert
forbid_expert()
import importlib
import robot_runtime.lockstep
for name in FORBIDDEN:
    try:
        importlib.import_module(name)
    except ImportError as error:
        assert "may not be imported where a policy is measured" in str(error)
    else:
        raise SystemExit(name)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_a_process_that_knows_the_expert_already_is_no_place_to_measure() -> None:
    import policies.workspace

    assert policies.workspace.__name__ in FORBIDDEN
    with pytest.raises(RuntimeError, match="is imported already; measure policies in a process of their own"):
        forbid_expert()


@pytest.mark.parametrize("policy", ["dynamical_act_small", "dynamical_flow_small"])
def test_shipped_policies_grasp_what_was_displaced_with_and_without_delay(policy: str) -> None:
    conditions = [Condition(policy, "forward", 0), Condition(policy, "forward", 200)]
    told: list[int] = []
    results = sweep("arm7", conditions, range(3, 6), lambda done, of, what: told.append(done), processes=2)
    assert told == [1, 2, 3, 4, 5, 6]
    episodes = [item for found in results.values() for item in found]
    assert all(item.displaced and item.stalls == 0 and item.jerk <= 1.0 + 1e-6 for item in episodes)
    assert sum(item.succeeded for item in episodes) >= 4
