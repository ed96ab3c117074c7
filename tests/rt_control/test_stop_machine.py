"""Every sequence of three faults against the rules: the worst wins, the first cause latches, the operator resets."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rt_control import _native as rt
from rt_control._native import Fault, Source, Stop

RULES = {rule.fault: rule for rule in rt.fault_table()}
FAULTS = [fault for fault in Fault if fault != Fault.none]
SOURCES = (Source.none, Source.agent, Source.operator_, Source.policy)
OF_THE_AGENT = (Fault.operator_stop, Fault.safe_torque_off_requested)


def machine(*faults: Fault) -> rt.StopMachine:
    stops = rt.StopMachine()
    for fault in faults:
        stops.raise_fault(fault)
    return stops


def test_every_sequence_of_three_faults_ends_as_the_rules_say() -> None:
    for faults in itertools.product(FAULTS, repeat=3):
        stops = machine(*faults)
        latching = [fault for fault in faults if RULES[fault].latched]
        assert stops.latched == bool(latching), faults
        assert stops.first == (latching[0] if latching else Fault.none), faults
        assert stops.in_force == max(RULES[fault].stop for fault in faults), faults


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_news_once_until_it_is_released_or_reset(fault: Fault) -> None:
    stops = rt.StopMachine()
    assert stops.raise_fault(fault)
    assert not stops.raise_fault(fault)
    stops.reset()
    assert stops.raise_fault(fault)
    stops.release()
    assert stops.raise_fault(fault) == (not RULES[fault].latched)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_release_ends_what_is_not_latched_and_a_reset_ends_everything(fault: Fault) -> None:
    stops = machine(fault)
    stops.release()
    assert stops.in_force == (RULES[fault].stop if RULES[fault].latched else Stop.none)
    stops.reset()
    assert (stops.in_force, stops.latched, stops.first) == (Stop.none, False, Fault.none)
    assert stops.last == fault, "what happened is not forgotten"


@pytest.mark.parametrize(("latching", "other"), [*itertools.product((f for f in FAULTS if RULES[f].latched), FAULTS)])
def test_behind_a_latched_stop_only_what_latches_is_news(latching: Fault, other: Fault) -> None:
    stops = machine(latching)
    assert stops.raise_fault(other) == (RULES[other].latched and other != latching)
    assert stops.first == latching
    assert stops.last == (other if RULES[other].latched else latching)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_operator_resets_every_stop_and_the_agent_only_what_it_asked_for(fault: Fault) -> None:
    asked = rt.StopMachine()
    asked.raise_fault(fault, Source.agent)
    assert asked.may_reset(Source.operator_)
    assert asked.may_reset(Source.agent) == (fault in OF_THE_AGENT)
    others = rt.StopMachine()
    others.raise_fault(fault, Source.operator_)
    assert not others.may_reset(Source.agent)
    assert not asked.may_reset(Source.policy)


@pytest.mark.parametrize(("first", "second"), [*itertools.product(OF_THE_AGENT, FAULTS)])
def test_the_agent_resets_nothing_for_which_somebody_else_asked_too(first: Fault, second: Fault) -> None:
    for source in (Source.agent, Source.operator_, Source.none):
        stops = rt.StopMachine()
        stops.raise_fault(first, Source.agent)
        stops.raise_fault(second, source)
        alone = not RULES[second].latched or (second == first and source == Source.agent)
        assert stops.may_reset(Source.agent) == alone, (source, second)


def test_an_unlatched_stop_may_not_be_reset_by_the_agent() -> None:
    stops = rt.StopMachine()
    stops.raise_fault(Fault.separation, Source.agent)
    assert not stops.may_reset(Source.agent)


@dataclass
class Rules:
    """The rules of the machine, said over all that was asked since stops last ended."""

    asked: list[tuple[Fault, Source]] = field(default_factory=list)
    news: list[Fault] = field(default_factory=list)
    last: Fault = Fault.none

    @property
    def latching(self) -> list[tuple[Fault, Source]]:
        return [(fault, source) for fault, source in self.asked if RULES[fault].latched]

    def raise_fault(self, fault: Fault, source: Source) -> bool:
        hidden = bool(self.latching) and not RULES[fault].latched
        self.asked.append((fault, source))
        if fault in self.news or hidden:
            return False
        self.news.append(fault)
        self.last = fault
        return True

    def end(self) -> None:
        self.asked, self.news = [], []

    def agent_may_reset(self) -> bool:
        return len(set(self.latching)) == 1 and self.latching[0] in [(fault, Source.agent) for fault in OF_THE_AGENT]

    def check(self, stops: rt.StopMachine) -> None:
        assert stops.in_force == max((RULES[fault].stop for fault in self.news), default=Stop.none)
        assert stops.latched == bool(self.latching)
        assert stops.first == (self.latching[0][0] if self.latching else Fault.none)
        assert stops.last == self.last
        assert [stops.may_reset(source) for source in SOURCES] == [False, self.agent_may_reset(), True, False]


Moment = tuple[Fault, Source] | Literal["release", "reset"]
moments: st.SearchStrategy[Moment] = st.one_of(
    st.tuples(st.sampled_from([*FAULTS, *OF_THE_AGENT * 6]), st.sampled_from([*SOURCES, *[Source.agent] * 4])),
    st.sampled_from(["release", "reset"]),
)


@settings(max_examples=300)
@given(st.lists(moments, max_size=12))
def test_after_any_history_the_machine_is_where_the_rules_say(history: list[Moment]) -> None:
    stops, rules = rt.StopMachine(), Rules()
    rules.check(stops)
    for moment in history:
        match moment:
            case "release":
                stops.release()
                if not rules.latching:
                    rules.end()
            case "reset":
                stops.reset()
                rules.end()
            case fault, source:
                assert stops.raise_fault(fault, source) == rules.raise_fault(fault, source)
        rules.check(stops)


def test_after_a_reset_a_stop_of_the_agent_is_judged_as_if_nothing_had_been() -> None:
    for before, source in itertools.product(itertools.product(FAULTS, repeat=2), SOURCES):
        stops = rt.StopMachine()
        for fault in before:
            stops.raise_fault(fault, source)
            stops.raise_fault(fault, Source.agent)
        stops.reset()
        stops.raise_fault(Fault.operator_stop, Source.agent)
        assert stops.may_reset(Source.agent), (before, source)


def test_another_fault_does_not_make_one_news_again() -> None:
    for fault, other in itertools.permutations(FAULTS, 2):
        stops = machine(fault, other)
        assert not stops.raise_fault(fault), other
        assert stops.in_force == max(RULES[fault].stop, RULES[other].stop)
