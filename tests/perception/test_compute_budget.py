from __future__ import annotations

from pathlib import Path

import pytest

from perception.compute_budget import ComputeBudget, load_budget, shipped_budgets
from rt_control.errors import InputError

TARGET = shipped_budgets()["target_275_tflops"]


def changed(folder: Path, old: str, new: str) -> Path:
    """The budget of the target device with one thing changed."""
    text = TARGET.read_text(encoding="utf-8")
    assert old in text
    path = folder / "changed.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def target() -> ComputeBudget:
    return load_budget("target_275_tflops")


@pytest.mark.parametrize("name", shipped_budgets())
def test_every_shipped_budget_can_be_used(name: str) -> None:
    budget = load_budget(name)
    assert budget == load_budget(shipped_budgets()[name])
    assert {item.name for item in budget.level} == {
        "level1", "level2", "level3", "policy", "safety_model", "planning"
    }  # fmt: skip


def test_the_target_device_has_the_figures_of_the_design(target: ComputeBudget) -> None:
    loads = {level.name: sum(level.roles.values()) for level in target.level}
    assert loads == {
        "level1": 3.5, "level2": 40.0, "policy": 20.0, "safety_model": 10.0, "planning": 5.0, "level3": 650.0
    }  # fmt: skip
    assert (target.capacity, target.base, target.burst) == (275.0, 78.5, 196.0)
    assert sum(loads.values()) - loads["level3"] == target.base
    assert target.base + target.burst <= target.capacity < target.base + target.burst + 1.0
    assert loads["level3"] > target.capacity
    deadlines = [target.find(name).deadline_ms for name in ("level1", "level2", "level3")]
    assert [*deadlines, target.scene_deadline_ms] == [10.0, 50.0, 500.0, 33.0]


@pytest.mark.parametrize("name", shipped_budgets())
def test_the_share_of_a_role_is_that_of_the_time_that_the_file_gives_it(name: str) -> None:
    budget = load_budget(name)
    for level in budget.level:
        for role in level.roles:
            by_file = budget.share(level, role)
            assert budget.share(level, role, budget.time_ms(level, role)) == pytest.approx(by_file)


def test_milliseconds_are_of_one_look_and_tflops_of_the_rate() -> None:
    cpu, target = load_budget("cpu_two_cores"), load_budget("target_275_tflops")
    assert cpu.time_ms(cpu.find("level2"), "pose") == pytest.approx(8.0)
    assert cpu.load(cpu.find("level2"), "pose") == pytest.approx(80.0)
    assert target.load(target.find("level2"), "pose") == pytest.approx(5.0)
    assert target.time_ms(target.find("level2"), "pose") == pytest.approx(5.0 / 275.0 * 100.0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("burst = ", "bursts = ", r"changed\.toml: Object contains unknown field `bursts`; docs/compute-budget\.md"),
        ("roles = { detector", "role = { detector", "unknown field `role` - at `.*level"),
        ('"level2"', '"level9"', "Invalid enum value 'level9'"),
        ("detector = 2.0", "detector = -2.0", "Expected `float` > 0.0"),
        ("detector = 2.0", "detector = inf", "level1 = .*inf.*; allowed: finite numbers"),
        ("capacity = 275.0", "capacity = nan", "Expected `float` > 0.0|allowed: finite numbers"),
        ("detector = 2.0", "detector = 3.0", r"base = 78\.5; allowed: 79\.5, the sum of level1 \+ level2 \+ policy"),
        ("burst = 196.0", "burst = 197.0", r"base \+ burst = 275\.5; allowed: at most capacity = 275; lower burst to"),
        ('"level2"', '"level1"', "level 'level1' is there 2 times; allowed: once"),
        ("pose = 5.0", "depth = 5.0", "role 'depth' is there 2 times; allowed: once"),
        ('stand_in = "scene"', 'stand_in = "pose"', "role 'pose' is there 2 times"),
        ("least_rate_hz = 1.0", "least_rate_hz = 9.0", "level3.least_rate_hz = 9; allowed: at most rate_hz = 5"),
        ("rate_hz = 10.0", "rate_hz = 10.0\nleast_rate_hz = 5.0", "only with may_be_remote = true"),
        ("{ policy = 20.0 }", "{}", "policy.roles is empty"),
        ("unit = ", "unit ", "is not TOML"),
    ],
)
def test_a_budget_that_contradicts_itself_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        load_budget(changed(tmp_path, old, new))
    assert "\n" not in str(refusal.value)


def test_an_unknown_device_is_refused_with_those_that_are_known() -> None:
    message = "compute budget 'toaster' is unknown; allowed: cpu_two_cores, target_275_tflops, or the path"
    with pytest.raises(InputError, match=message):
        load_budget("toaster")


def test_an_unknown_level_is_refused(target: ComputeBudget) -> None:
    with pytest.raises(InputError, match="level 'level4' is unknown; allowed: level1, level2"):
        target.find("level4")
