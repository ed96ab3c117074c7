"""When the watchdogs outside of the process are petted."""

from __future__ import annotations

from typing import Any

import pytest

from rt_control import _native as rt

PROVEN = rt.Health.PROVEN_CYCLES
DISTRUSTED = {
    rt.Fault.lateness,
    rt.Fault.clock_broken,
    rt.Fault.channel_broken,
    rt.Fault.drive_lost,
    rt.Fault.ramp_not_followed,
    rt.Fault.forbidden_call,
}


def proven() -> rt.Health:
    health = rt.Health()
    for _ in range(PROVEN):
        health.update()
    assert health.update()
    return health


def test_health_is_proven_by_a_row_of_healthy_cycles_and_not_by_one_less() -> None:
    health = rt.Health()
    assert [health.update() for _ in range(PROVEN)] == [False] * (PROVEN - 1) + [True]


@pytest.mark.parametrize(
    "ill",
    [
        {"in_time": False},
        {"drives_written": False},
        {"state_written": False},
        {"drive_age": 5, "drive_age_limit": 5},
        {"first_cause": rt.Fault.lateness},
    ],
    ids=lambda ill: "_".join(ill),
)
def test_one_ill_cycle_ends_the_proof_and_it_must_be_given_anew(ill: dict[str, Any]) -> None:
    health = proven()
    assert not health.update(**ill)
    assert [health.update() for _ in range(PROVEN)] == [False] * (PROVEN - 1) + [True]


def test_drives_that_answer_within_their_limit_are_healthy() -> None:
    assert proven().update(drive_age=4, drive_age_limit=5)


def test_only_a_stop_that_makes_the_loop_or_its_drives_doubtful_withholds_it() -> None:
    for rule in rt.fault_table():
        assert proven().update(first_cause=rule.fault) == (rule.fault not in DISTRUSTED), rule.fault.name
        assert rule.latched or rule.fault not in DISTRUSTED
