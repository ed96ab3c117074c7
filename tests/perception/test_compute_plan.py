from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from perception.compute_budget import ComputeBudget, load_budget
from perception.compute_plan import Plan, check_plan, place, share, time_ms
from rt_control.errors import InputError

TARGET, CPU = load_budget("target_275_tflops"), load_budget("cpu_two_cores")
ROLES = [role for level in TARGET.level for role in level.measurable]


def changed(plan: Plan, name: str, **values: object) -> Plan:
    return Plan(tuple(replace(item, **values) if item.level == name else item for item in plan.levels))


def test_without_a_measurement_level_3_is_remote_and_the_rest_is_here() -> None:
    plan = place(TARGET, {})
    assert {item.level: item.where for item in plan.levels if item.where != "robot"} == {"level3": "remote"}
    assert plan.find("level3").reason == "not measured here; by the file it needs 650 TFLOPS of 275 (196 for bursts)"
    assert [item.rate_hz for item in plan.levels] == [level.rate_hz for level in TARGET.level]


def test_level_3_by_the_file_is_refused_on_the_robot() -> None:
    plan = changed(place(TARGET, {}), "level3", where="robot")
    message = (
        r"level3 on the robot takes 236\.4% of 'target device, 275 FP16 TFLOPS'; allowed: its burst, 71\.3%; run it"
    )
    with pytest.raises(InputError, match=message):
        check_plan(TARGET, plan, {})


def test_a_measured_stand_in_that_fits_comes_to_the_robot() -> None:
    placed = place(TARGET, {"scene": 100.0}).find("level3")
    assert (placed.where, placed.rate_hz) == ("robot", 5.0)
    assert placed.reason == "fits: 100 ms measured, deadline 500 ms, 50.0% of the device at 5 Hz"


def test_where_there_is_little_room_it_looks_less_often() -> None:
    placed = place(CPU, {"scene": 100.0}).find("level3")
    assert placed.where == "robot"
    assert placed.rate_hz == pytest.approx(1.65)  # 165 ms in a second
    assert "at 1.65 Hz" in placed.reason


@pytest.mark.parametrize(
    ("budget", "took_ms", "reason"),
    [
        (TARGET, 700.0, "does not fit on the robot: level3 takes 700 ms; allowed: less than 500 ms"),
        (CPU, 200.0, "does not fit on the robot: level3 at 0.825 Hz; allowed: 1 to 5 Hz"),
    ],
)
def test_a_stand_in_that_is_too_slow_stays_remote_and_says_why(
    budget: ComputeBudget, took_ms: float, reason: str
) -> None:
    placed = place(budget, {"scene": took_ms}).find("level3")
    assert (placed.where, placed.reason) == ("remote", reason)


def test_one_measured_role_of_three_is_not_a_measured_level() -> None:
    assert place(TARGET, {"scene_masks": 1.0}).find("level3").where == "remote"
    assert place(TARGET, dict.fromkeys(TARGET.find("level3").roles, 1.0)).find("level3").where == "robot"


@pytest.mark.parametrize(
    ("measured_ms", "message"),
    [
        ({"detector": 9.0}, r"plan: level1 takes 12\.5 ms; allowed: less than 10 ms; bind smaller models"),
        ({"features": 18.0, "masks": 20.0, "pose": 12.0}, "plan: level2 takes 50 ms; allowed: less than 50 ms"),
        ({"detector": 6.4, "features": 29.0, "policy": 5.0}, r"all levels on the robot take 131\.8% .*at most 100 %"),
        ({"nose": 1.0}, "measured time of 'nose': no such role; allowed: detector, depth, flow"),
        ({"depth": float("nan")}, "measured time of 'depth' = nan ms; allowed: finite, above 0"),
        ({"depth": 0.0}, r"measured time of 'depth' = 0\.0 ms"),
    ],
)
def test_what_must_run_here_and_does_not_fit_is_refused(measured_ms: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        place(CPU, measured_ms)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (changed(place(TARGET, {}), "level1", where="remote"), "level1 is remote; allowed: robot"),
        (changed(place(TARGET, {}), "level2", rate_hz=5.0), "level2 at 5 Hz; allowed: 10 to 10 Hz"),
        (changed(place(TARGET, {}), "level3", rate_hz=0.5), "level3 at 0.5 Hz; allowed: 1 to 5 Hz"),
        (Plan(place(TARGET, {}).levels[1:]), r"levels \['level2', .*allowed: \['level1', 'level2'.*each once"),
        (changed(place(TARGET, {}), "level2", level="level1"), r"level 'level2' is missing"),
    ],
)
def test_a_plan_that_breaks_a_rule_is_refused(plan: Plan, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_plan(TARGET, plan, {})


@given(measured_ms=st.dictionaries(st.sampled_from(ROLES), st.floats(0.01, 600.0)))
def test_what_is_placed_always_fits(measured_ms: dict[str, float]) -> None:
    for budget in (TARGET, CPU):
        try:
            plan = place(budget, measured_ms)
        except InputError:
            continue
        check_plan(budget, plan, measured_ms)
        total = 0.0
        for level in budget.level:
            item = plan.find(level.name)
            if item.where == "robot":
                assert time_ms(budget, level, measured_ms) < level.deadline_ms
                total += share(budget, level, measured_ms) * item.rate_hz / level.rate_hz
        assert total <= 1.0 + 1e-6
