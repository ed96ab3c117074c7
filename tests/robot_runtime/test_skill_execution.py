from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from behaviours.robot import RobotState, StopCause
from behaviours.skill_port import SkillProgress
from policies.skill import Assignment, MoveTo, Outcome, SkillReport
from robot_runtime.directive import WorkerStatus
from robot_runtime.skill_execution import STATES, TRANSITIONS, Executor, SkillExecution, SkillExecutionConfig
from tests.robot_runtime.fake_robot import FakeRobot

TICK_NS = 20_000_000
HOME = MoveTo("home")


class Bench:
    """A skill execution and the tier 1 and the worker that it talks to, both in the test's hand."""

    def __init__(self) -> None:
        self.skills = SkillExecution()
        self.now_ns = 0
        self.robot: RobotState | None = msgspec.structs.replace(FakeRobot().state, epoch_highest=7)
        self.status: WorkerStatus | None = WorkerStatus("policy", 100, 0, 0)
        self.fallback: WorkerStatus | None = WorkerStatus("fallback", 200, 0, 0)
        self.executor: Executor = "policy"
        self.sent: list[tuple[str, int, int]] = []

    def tier1(self, **changes: Any) -> None:
        assert self.robot is not None
        self.robot = msgspec.structs.replace(self.robot, **changes)

    def report(self, outcome: Outcome, reason: str = "", skill: int | None = None, pid: int = 100) -> None:
        number = skill if skill is not None else self.assignment.skill
        self.status = WorkerStatus("policy", pid, 0, 0, SkillReport(number, outcome, "moves", reason, 0))

    @property
    def assignment(self) -> Assignment:
        assert self.skills.assignment is not None
        return self.skills.assignment

    def tick(self, ticks: int = 1) -> None:
        for _ in range(ticks):
            self.now_ns += TICK_NS
            statuses = {"policy": self.status, "fallback": self.fallback}
            self.skills.observe(self.now_ns, self.robot, statuses, self.executor)
            self.sent += [(request.kind, request.epoch, request.skill) for request in self.skills.take_requests()]

    def start(self, timeout_s: float = 30.0) -> int:
        self.tick()
        ticket = self.skills.start(HOME, timeout_s=timeout_s, speed_scale=0.5, high_value=False)
        self.sent += [(request.kind, request.epoch, request.skill) for request in self.skills.take_requests()]
        return ticket

    def grant(self) -> None:
        """Tier 1 does what was asked of it last."""
        epoch = [epoch for kind, epoch, _ in self.sent if kind == "grant_authority"][-1]
        self.tier1(authority=self.executor, epoch=epoch, epoch_highest=epoch)
        self.tick()

    def revoke(self) -> None:
        self.tier1(authority="none", execution="holding")
        self.tick()

    def running(self) -> int:
        ticket = self.start()
        self.grant()
        return ticket


def test_a_skill_from_start_to_end() -> None:
    bench = Bench()
    ticket = bench.start()
    assert bench.skills.state == "granting"
    assert bench.sent == [("grant_authority", 8, 1)]
    assert bench.skills.assignment is None
    bench.grant()
    assert bench.skills.state == "running"
    assert bench.sent[1:] == [("begin_skill", 8, 1)]
    assert bench.assignment == Assignment(1, 8, HOME, 0.5)
    bench.report("running")
    bench.tick()
    assert bench.skills.progress(ticket) == SkillProgress("running", "moves")
    bench.report("succeeded")
    bench.tick()
    assert bench.skills.state == "ending"
    assert bench.sent[2:] == [("end_skill", 8, 1), ("revoke_authority", 8, 1)]
    assert bench.skills.assignment is None
    assert bench.skills.progress(ticket) == SkillProgress("running", "ends")
    bench.tier1(authority="none", execution="stopping")
    bench.tick()
    assert bench.skills.state == "ending"
    bench.revoke()
    assert bench.skills.state == "idle"
    assert bench.skills.progress(ticket) == SkillProgress("succeeded", "moves")


# What happens in each state, as a table: what is seen -> state after it, outcome, reason.
LATCHED = {"latched": True, "first_cause": StopCause("contact", "ss1")}
TABLE: list[tuple[str, dict[str, Any], str, str]] = [
    ("granting", LATCHED, "idle", "tier 1 latched a stop: contact"),
    ("running", LATCHED, "idle", "tier 1 latched a stop: contact"),
    ("running", {"authority": "jog", "epoch": 9}, "idle", "authority passed to jog (epoch 9); this skill had epoch 8"),
    ("running", {"authority": "none"}, "idle", "authority passed to none (epoch 8); this skill had epoch 8"),
    ("running", {"epoch": 11}, "idle", "authority passed to policy (epoch 11); this skill had epoch 8"),
    ("ending", LATCHED, "idle", "cancelled"),
    ("ending", {"authority": "none", "execution": "holding"}, "idle", "cancelled"),
    ("ending", {"authority": "none", "execution": "stopping"}, "ending", ""),
    ("ending", {"authority": "jog", "execution": "idle"}, "idle", "cancelled"),
]


@pytest.mark.parametrize(("state", "seen", "after", "reason"), TABLE)
def test_what_tier_1_shows_moves_the_machine_by_this_table(
    state: str, seen: dict[str, Any], after: str, reason: str
) -> None:
    bench = Bench()
    ticket = bench.start()
    if state != "granting":
        bench.grant()
    if state == "ending":
        bench.skills.cancel(ticket)
    assert bench.skills.state == state
    bench.tier1(**seen)
    bench.tick()
    assert bench.skills.state == after
    assert bench.skills.progress(ticket).reason == reason
    if after == "idle":
        assert bench.skills.progress(ticket).outcome == "failed"
        assert bench.skills.assignment is None


def test_a_start_while_a_stop_is_latched_fails_at_once() -> None:
    bench = Bench()
    bench.tier1(**LATCHED)
    ticket = bench.start()
    assert bench.skills.progress(ticket) == SkillProgress(
        "failed", "waits for authority", "tier 1 has a latched stop: contact"
    )


def test_a_failed_skill_gives_the_reason_of_the_policy() -> None:
    bench = Bench()
    ticket = bench.running()
    bench.report("failed", "no grasp pose is reachable")
    bench.tick()
    bench.revoke()
    assert bench.skills.progress(ticket).reason == "no grasp pose is reachable"


def test_reports_of_another_execution_are_not_believed() -> None:
    bench = Bench()
    ticket = bench.running()
    bench.report("succeeded", skill=bench.assignment.skill - 1)
    bench.tick()
    assert bench.skills.progress(ticket).outcome == "running"


def test_a_grant_that_does_not_come_is_asked_for_again_with_a_new_epoch_and_then_fails() -> None:
    bench = Bench()
    ticket = bench.start()
    bench.tick(12)
    assert [epoch for kind, epoch, _ in bench.sent if kind == "grant_authority"] == [8, 9]
    bench.tick(100)
    bench.tick()
    assert bench.skills.progress(ticket).reason == "tier 1 did not grant authority within 2 s"
    assert bench.sent[-1][0] == "revoke_authority"


def test_a_late_grant_of_an_older_epoch_does_not_count() -> None:
    bench = Bench()
    bench.start()
    bench.tick(12)
    bench.tier1(authority="policy", epoch=8, epoch_highest=8)
    bench.tick()
    assert bench.skills.state == "granting"


def test_a_skill_that_takes_too_long_is_ended() -> None:
    bench = Bench()
    ticket = bench.start(timeout_s=1.0)
    bench.grant()
    for _ in range(52):
        bench.report("running")
        bench.tick()
        if bench.skills.state == "ending":
            break
    bench.revoke()
    assert bench.skills.progress(ticket).reason == "it took longer than 1 s, in phase 'moves'"


def test_a_policy_worker_that_does_not_report_ends_the_skill() -> None:
    bench = Bench()
    ticket = bench.running()
    bench.tick(102)
    bench.revoke()
    assert bench.skills.progress(ticket).reason == "the policy worker has not reported for 2 s"


def test_a_replaced_policy_worker_gets_a_new_epoch_and_a_new_number_so_that_the_old_one_moves_nothing() -> None:
    bench = Bench()
    ticket = bench.running()
    bench.report("running", pid=101)
    bench.tick()
    assert bench.skills.state == "granting"
    assert bench.sent[-2:] == [("end_skill", 8, 1), ("grant_authority", 9, 2)]
    bench.grant()
    assert bench.assignment == Assignment(2, 9, HOME, 0.5)
    bench.report("succeeded", skill=1, pid=101)
    bench.tick()
    assert bench.skills.progress(ticket).outcome == "running"
    bench.report("succeeded", skill=2, pid=101)
    bench.tick()
    bench.revoke()
    assert bench.skills.progress(ticket).outcome == "succeeded"


def test_cancelling_ends_it_cleanly_and_only_once() -> None:
    bench = Bench()
    ticket = bench.running()
    assert not bench.skills.cancel(ticket)
    assert not bench.skills.cancel(ticket)
    bench.tick()
    assert [kind for kind, _, _ in bench.sent] == ["grant_authority", "begin_skill", "end_skill", "revoke_authority"]
    assert not bench.skills.idle
    bench.revoke()
    assert bench.skills.idle


def test_cancelling_a_skill_that_has_just_succeeded_says_so() -> None:
    bench = Bench()
    ticket = bench.running()
    bench.report("succeeded")
    bench.tick()
    assert bench.skills.cancel(ticket)
    bench.revoke()
    assert bench.skills.cancel(ticket)


def test_the_next_skill_waits_until_the_one_before_has_ended() -> None:
    bench = Bench()
    first = bench.running()
    second = bench.start()
    assert bench.skills.state == "ending"
    assert bench.skills.progress(first).outcome == "running"
    assert bench.skills.progress(second) == SkillProgress("running", "ends")
    bench.revoke()
    assert bench.skills.state == "granting"
    assert bench.sent[-1] == ("grant_authority", 9, 2)
    assert bench.skills.progress(first).outcome == "failed"


def test_a_skill_that_waits_can_be_cancelled() -> None:
    bench = Bench()
    bench.running()
    second = bench.start()
    bench.skills.cancel(second)
    bench.revoke()
    assert bench.skills.idle
    assert bench.skills.progress(second).outcome == "failed"


def test_a_tier_1_that_does_not_come_to_rest_does_not_hold_the_agent_for_ever() -> None:
    bench = Bench()
    bench.skills.cancel(bench.running())
    bench.tick(102)
    assert bench.skills.idle


def test_end_ends_whatever_there_is() -> None:
    bench = Bench()
    bench.running()
    bench.start()
    bench.skills.end()
    bench.revoke()
    assert bench.skills.idle


EVENTS = st.sampled_from(
    ["start", "cancel", "grant", "revoke", "latch", "reset", "succeed", "fail", "replace", "silence", "tick"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(EVENTS, max_size=40))
def test_whatever_happens_epochs_only_rise_and_an_assignment_has_the_authority_that_tier_1_shows(
    events: list[str],
) -> None:
    bench = Bench()
    pid = itertools.count(101)
    ticket = 0
    for event in events:
        match event:
            case "start":
                ticket = bench.start()
            case "cancel":
                bench.skills.cancel(ticket)
            case "grant" if any(kind == "grant_authority" for kind, _, _ in bench.sent):
                bench.grant()
            case "revoke":
                bench.revoke()
            case "latch":
                bench.tier1(**LATCHED, authority="none")
            case "reset":
                bench.tier1(latched=False)
            case "succeed" | "fail" if bench.skills.assignment is not None:
                bench.report("succeeded" if event == "succeed" else "failed")
            case "replace":
                bench.status = WorkerStatus("policy", next(pid), 0, 0)
            case "silence":
                bench.tick(120)
        bench.tick()
        assert bench.skills.state in STATES
        assert bench.robot is not None
        if bench.skills.assignment is not None:
            assert (bench.robot.authority, bench.robot.epoch) == ("policy", bench.skills.assignment.epoch)
            assert not bench.robot.latched
    epochs = [epoch for kind, epoch, _ in bench.sent if kind == "grant_authority"]
    assert all(earlier < later for earlier, later in itertools.pairwise(epochs))
    assert all(epoch > 7 for epoch in epochs)


def test_the_table_of_transitions_is_complete_and_has_no_dead_state() -> None:
    for state in STATES:
        assert any(state in source for _, source, _ in TRANSITIONS)
        assert any(state == destination for _, _, destination in TRANSITIONS)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"grant_retry_s": 3.0}, "grant_retry_s is 3.0; it must lie between 0 and grant_timeout_s = 2.0"),
        ({"report_timeout_s": 0.0}, "report_timeout_s is 0.0; it must exceed 0"),
    ],
)
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SkillExecutionConfig(**wrong)


def test_where_the_mode_leaves_only_the_fallback_worker_it_takes_over_under_a_new_epoch_and_gives_back() -> None:
    bench = Bench()
    ticket = bench.running()
    bench.executor = "fallback"
    bench.tick()
    assert bench.skills.state == "granting"
    assert bench.sent[-2:] == [("end_skill", 8, 1), ("grant_authority", 9, 2)]
    bench.grant()
    assert (bench.assignment.skill, bench.assignment.epoch) == (2, 9)
    bench.report("succeeded", skill=2)  # the policy worker has no say now
    bench.tick()
    assert bench.skills.progress(ticket).outcome == "running"
    bench.executor = "policy"
    bench.tick()
    assert bench.sent[-1] == ("grant_authority", 10, 3)
    bench.grant()
    bench.report("succeeded")
    bench.tick()
    bench.revoke()
    assert bench.skills.progress(ticket).outcome == "succeeded"


def test_a_mode_that_changes_before_the_authority_is_there_asks_for_the_other_worker() -> None:
    bench = Bench()
    bench.start()
    bench.executor = "fallback"
    bench.tick()
    assert bench.sent[-1] == ("grant_authority", 9, 2)
    bench.grant()
    assert bench.skills.state == "running"


def test_a_fallback_worker_that_reports_ends_the_skill() -> None:
    bench = Bench()
    bench.executor = "fallback"
    ticket = bench.running()
    bench.fallback = WorkerStatus("fallback", 200, 0, 0, SkillReport(1, "succeeded", "moves", "", 0))
    bench.tick()
    bench.revoke()
    assert bench.skills.progress(ticket).outcome == "succeeded"
