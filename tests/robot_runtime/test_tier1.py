from __future__ import annotations

import math

import numpy as np
import pytest

from robot_runtime import tier1
from robot_runtime.agent_ports import AgentConstraints, Beat, Tier1Request
from rt_control import _native as native


def test_the_state_keeps_every_figure_that_leaves_read() -> None:
    message = native.State(
        cycle=7,
        stamp_ns=9,
        generation=2,
        axes=3,
        execution=native.ExecutionState.stopped,
        stop=native.Stop.ss1,
        latched=1,
        first_cause=native.StopCause(
            fault=native.Fault.operator_stop, stop=native.Stop.ss1, axis=-1, source=native.Source.operator_, cycle=5
        ),
        authority=native.Source.policy,
        epoch=4,
        epoch_highest=6,
        position=np.arange(16.0),
        tcp_position_base=[1.0, 2.0, 3.0],
        battery=0.5,
        refusal=native.Refusal.too_old,
        realtime=0b1001,
    )
    state = tier1.robot_state(message)
    assert (state.cycle, state.stamp_ns, state.generation, state.epoch, state.epoch_highest) == (7, 9, 2, 4, 6)
    assert (state.execution, state.stop, state.latched, state.authority) == ("stopped", "ss1", True, "policy")
    assert (state.first_cause.fault, state.first_cause.source) == ("operator_stop", "operator")
    assert state.last_cause.fault == "none"
    assert (state.position, state.tcp_position_base) == ((0.0, 1.0, 2.0), (1.0, 2.0, 3.0))
    assert (state.battery, state.refusal, state.realtime) == (0.5, "too_old", "degraded")


@pytest.mark.parametrize(("bits", "word"), [(0b0001, "fifo"), (0b0111, "fifo"), (0b1001, "degraded"), (0, "degraded")])
def test_only_a_scheduler_that_is_real_time_and_not_degraded_counts_as_such(bits: int, word: str) -> None:
    assert tier1.robot_state(native.State(axes=1, realtime=bits)).realtime == word


@pytest.mark.parametrize(
    ("kind", "code", "word"),
    [
        (native.EventKind.execution_changed, 0x0103, "active>stopping"),
        (native.EventKind.stop_raised, 6, "agent_lost"),
        (native.EventKind.command_refused, 2, "wrong_epoch"),
        (native.EventKind.intervention, 6, "separation"),
        (native.EventKind.authority_changed, 11, "operator"),
        (native.EventKind.request_refused, 6, "reset"),
        (native.EventKind.stop_raised, 999, "999"),
        (native.EventKind.deadline_missed, 3, "3"),
    ],
)
def test_the_code_of_an_event_is_spelled_out(kind: native.EventKind, code: int, word: str) -> None:
    event = tier1.event(native.Event(kind=kind, code=code, cycle=12))
    assert (event.kind, event.code, event.cycle) == (kind.name, word, 12)


def test_a_heartbeat_comes_back_as_it_went() -> None:
    beat = Beat("agent", "healthy", 17, 5, 3, 50.0, 0.25, 2)
    assert tier1.beat(tier1.heartbeat(beat)) == beat


def test_the_agent_measures_no_distance_to_persons() -> None:
    message = tier1.constraints(AgentConstraints(5, 0.5, 1.5))
    assert (message.source, message.speed_scale, message.margin_scale) == (native.Source.agent, 0.5, 1.5)
    assert math.isnan(message.person_distance_m)


@pytest.mark.parametrize("kind", ["grant_authority", "revoke_authority", "hold", "begin_skill", "end_skill"])
def test_every_request_of_the_agent_has_its_number(kind: str) -> None:
    message = tier1.request(Tier1Request(kind, "policy", 8, 3, 5))  # type: ignore[arg-type]  # each kind, by its name
    assert (message.kind.name, message.origin.name, message.source.name) == (kind, "agent", "policy")
    assert (message.epoch, message.skill, message.stamp_ns) == (8, 3, 5)
