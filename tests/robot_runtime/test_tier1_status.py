from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from robot_runtime import tier1_status
from robot_runtime.commands import rt

NONE = SimpleNamespace(name="none")


def state(**changed: Any) -> Any:
    cause = SimpleNamespace(fault=NONE, stop=NONE, axis=-1, cycle=0, value=0.0, limit=0.0)
    values: dict[str, Any] = {
        "execution": SimpleNamespace(name="active"),
        "stop": NONE,
        "latched": 0,
        "first_cause": cause,
        "last_cause": cause,
        "authority": SimpleNamespace(name="policy"),
        "epoch": 3,
        "skill": 5,
        "realtime": 0b0011,
        "drive_status": 0b0001,
        "cycle": 1000,
        "stamp_ns": 2_000_000,
        "deadline_misses": 1,
        "skipped_cycles": 0,
        "wake_latency_ns": 12_000,
        "compute_ns": 30_000,
        "stages": SimpleNamespace(
            wake_up_ns=12_000, read_ns=1_000, decide_ns=27_000, write_drives_ns=2_000, write_state_ns=3_000
        ),
        "lateness": SimpleNamespace(stage=NONE, cycle=0, skipped_ns=0),
        "agent_age_s": 0.02,
        "person_distance_m": 1000.0,
        "speed_scale": 1.0,
        "margin_scale": 1.0,
        "tcp_speed_mps": 0.4,
        "interventions": 0,
        "refused": 0,
        "requests_lost": 0,
        "events_lost": 0,
        "refusal": NONE,
        "refused_source": NONE,
        "battery": 0.5,
        "axes": 2,
        "position": np.array([0.1, 0.2]),
        "velocity": np.array([0.3, 0.4]),
        "position_reference": np.array([0.5, 0.6]),
    }
    return SimpleNamespace(**values | changed)


def rows(**changed: Any) -> dict[str, Any]:
    return {figure.name: figure for figure in tier1_status.figures(state(**changed), now_ns=3_000_000)}


def test_a_healthy_state_is_told_in_words_and_units() -> None:
    told = rows()
    assert told["execution"].value == "active"
    assert told["latched"].value == "no"
    assert told["cause of the last stop"].value == "none"
    assert told["real time"].value == "fifo, memory locked"
    assert told["drives"].value == "enabled"
    assert (told["nearest person"].value, told["nearest person"].unit) == ("nobody", "")
    assert (told["age of this state"].value, told["age of this state"].unit) == (1.0, "ms")


def test_a_latched_stop_says_its_first_cause_and_how_to_go_on() -> None:
    first = SimpleNamespace(
        fault=SimpleNamespace(name="limit_violated"),
        stop=SimpleNamespace(name="ss1"),
        axis=2,
        cycle=77,
        value=1.6,
        limit=1.5,
    )
    told = rows(latched=1, first_cause=first)
    assert "dynamical rt reset" in told["latched"].value
    assert told["cause of the last stop"].value == "limit violated on axis 3, ss1, in cycle 77 (seen 1.6, limit 1.5)"


def test_lateness_says_which_stage_took_the_time() -> None:
    told = rows()
    assert told["stages of a cycle"].value == "wake-up 12.0, read 1.0, decide 27.0, write drives 2.0, write state 3.0"
    assert told["last lateness"].value == "none"
    cause = SimpleNamespace(
        fault=SimpleNamespace(name="lateness"),
        stop=SimpleNamespace(name="ss1"),
        axis=-1,
        cycle=78,
        value=0.5,
        limit=0.1,
    )
    late = SimpleNamespace(stage=SimpleNamespace(name="wake_up"), cycle=78, skipped_ns=500_000_000)
    told = rows(latched=1, first_cause=cause, lateness=late)
    assert told["last lateness"].value == "in cycle 78, by 500 ms: its thread was woken late"
    assert told["cause of the last stop"].value == (
        "lateness, ss1, in cycle 78 (seen 0.5, limit 0.1); late by 500 ms: its thread was woken late"
    )


def test_the_ordinary_end_of_a_skill_is_no_stop_to_speak_of() -> None:
    def last(fault: str) -> SimpleNamespace:
        name, stop = SimpleNamespace(name=fault), SimpleNamespace(name="ss2")
        return SimpleNamespace(fault=name, stop=stop, axis=-1, cycle=77, value=0.0, limit=0.0)

    told = rows(last_cause=last("authority_revoked"))
    assert told["cause of the last stop"].value == "none (the last skill ended)"
    told = rows(last_cause=last("command_ended"))
    assert told["cause of the last stop"].value == "command ended, ss2, in cycle 77"


def test_a_degraded_loop_and_a_near_person_are_seen() -> None:
    told = rows(realtime=0b1000, person_distance_m=0.8)
    assert told["real time"].value == "degraded"
    assert (told["nearest person"].value, told["nearest person"].unit) == (0.8, "m")


def test_a_refused_command_says_whose_and_why() -> None:
    told = rows(
        refused=4, refusal=SimpleNamespace(name="wrong_epoch"), refused_source=SimpleNamespace(name="operator_")
    )
    assert told["refused commands"].note == "the last from operator: wrong epoch"


def test_in_a_pipe_no_line_is_broken(capsys: pytest.CaptureFixture[str]) -> None:
    refused = {"refused": 4, "refusal": SimpleNamespace(name="wrong_epoch_of_a_source"), "refused_source": NONE}
    first = SimpleNamespace(
        fault=SimpleNamespace(name="limit_violated"), stop=NONE, axis=2, cycle=77, value=1.6, limit=1.5
    )
    shown = state(latched=1, first_cause=first, **refused)
    rt._print_status(tier1_status.figures(shown, 3_000_000), shown)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(tier1_status.figures(shown, 3_000_000)) + 1 + 1 + shown.axes


def test_no_flag_set_is_none() -> None:
    assert rows(drive_status=0)["drives"].value == "none"


def test_every_axis_has_its_position_velocity_and_reference() -> None:
    told = {figure.name: figure.value for figure in tier1_status.axis_figures(state())}
    assert told["axis 1 position"] == 0.1
    assert told["axis 2 reference"] == 0.6
    assert len(told) == 6
