from __future__ import annotations

import pytest
from msgspec.structs import replace

from perception.compute_budget import load_budget
from perception.compute_plan import place
from perception.schedule_rules import allowed_ms_per_s, first_estimates, scheduler_rules
from rt_control.errors import InputError

CPU = load_budget("cpu_two_cores")


def test_the_rules_are_those_of_the_budget_and_of_the_plan() -> None:
    measured = {"scene": 100.0, "masks": 9.0}
    plan = place(CPU, measured)
    rules = scheduler_rules(CPU, plan, measured)
    assert rules.frame_deadline_ms == 33.0
    second, third = rules.levels
    assert (second.level, second.rate_hz, second.deadline_ms, second.aside) == (2, 10.0, 33.0, False)
    assert second.ms_per_s == pytest.approx(10.0 * (12.0 + 9.0 + 8.0))
    assert (third.level, third.deadline_ms, third.aside) == (3, 500.0, True)
    assert third.rate_hz == pytest.approx(1.65) and third.ms_per_s == pytest.approx(165.0)


def test_a_remote_level_takes_nothing_of_the_device() -> None:
    assert allowed_ms_per_s(CPU, place(CPU, {}), {})[3] is None
    assert scheduler_rules(CPU, place(CPU, {}), {}).levels[1].ms_per_s is None


def test_first_estimates_are_measured_ones_where_there_are_any() -> None:
    costs = first_estimates(CPU, {"masks": 9.0})
    assert costs.estimate_ms("masks") == 9.0
    assert costs.estimate_ms("pose") == pytest.approx(8.0)
    assert costs.estimate_ms("scene") == pytest.approx(160.0)


def test_a_budget_without_level_2_has_no_rules() -> None:
    less = replace(CPU, level=tuple(item for item in CPU.level if item.name != "level2"))
    with pytest.raises(InputError, match="level 'level2' is unknown"):
        scheduler_rules(less, place(CPU, {}), {})
