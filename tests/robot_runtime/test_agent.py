from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_trees.behaviour import Behaviour

from behaviours import profile
from policies.skill import MoveTo
from robot_runtime import agent_api as api
from robot_runtime.agent import AgentConfig, RobotRuntimeAgent
from robot_runtime.agent_status import RunOutcome
from tests.robot_runtime.fake_robot import KNOWN, FakeRobot
from trees.mission import MissionPlan, load_mission, mission_text, parse_mission

GOAL = {
    "red_cube": "left_bin",
    "blue_box": "left_bin",
    "green_cylinder": "right_bin",
    "yellow_ball": "right_bin",
}


def sort_table() -> MissionPlan:
    return load_mission("sort_table", KNOWN)


def one_leaf(body: str) -> MissionPlan:
    root = '<root BTCPP_format="4" main_tree_to_execute="Main">'
    return parse_mission(f'{root}<BehaviorTree ID="Main">{body}</BehaviorTree></root>', "test.xml", KNOWN)


def leaves(agent: RobotRuntimeAgent) -> Iterator[Behaviour]:
    return (node for node in agent.tree.iterate() if not node.children)


def finish(robot: FakeRobot, agent: RobotRuntimeAgent, limit: int = 3000) -> RunOutcome:
    for _ in range(limit):
        robot.run(agent)
        if agent.outcome is not None and agent.outcome.kind != "stopped_by_safety":
            return agent.outcome
    raise AssertionError(f"no outcome after {limit} ticks: {agent.status}")


def run_until(robot: FakeRobot, agent: RobotRuntimeAgent, step: str, limit: int = 3000) -> None:
    for _ in range(limit):
        robot.run(agent)
        if agent.status.step.endswith(step) and robot.state.execution == "active":
            return
    raise AssertionError(f"never came to {step}: {agent.status}")


def sorted_objects(robot: FakeRobot) -> set[str]:
    from tests.robot_runtime.fake_robot import BINS

    return {name for name, where in GOAL.items() if robot.objects[name] == BINS[where].floor_base}


# The mission ---------------------------------------------------------------------------------------------------------


def test_the_mission_sorts_every_object_with_each_skill_once() -> None:
    robot = FakeRobot()
    agent = robot.agent(sort_table())
    assert finish(robot, agent) == RunOutcome("SUCCESS")
    assert sorted_objects(robot) == set(GOAL)
    assert len(robot.executed) == 16


def test_what_is_already_in_its_bin_is_left_there() -> None:
    robot = FakeRobot()
    robot.objects["red_cube"] = (0.4, 0.4, 0.02)
    agent = robot.agent(sort_table())
    finish(robot, agent)
    assert not any("red_cube" in goal for goal in robot.executed)


def test_a_failed_skill_is_tried_again_after_a_look_from_home() -> None:
    robot = FakeRobot()
    agent = robot.agent(sort_table())
    run_until(robot, agent, "Pick red_cube")
    robot.fail_next = ["slipped"]
    assert finish(robot, agent).kind == "SUCCESS"
    assert robot.executed[:4] == [
        "MoveTo(pose='home')",
        "Pick(object_name='red_cube')",
        "MoveTo(pose='home')",
        "Pick(object_name='red_cube')",
    ]


def test_a_mission_fails_after_its_attempts_and_says_at_what() -> None:
    robot = FakeRobot()
    agent = robot.agent(sort_table())
    run_until(robot, agent, "Pick red_cube")
    robot.fail_next = ["slipped"]
    del robot.objects["red_cube"]
    outcome = finish(robot, agent)
    assert outcome.kind == "FAILURE"
    assert outcome.reason == "LocateObject red_cube: red_cube has not been seen"


def test_an_error_in_a_leaf_fails_the_leaf_and_the_agent_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    robot = FakeRobot()
    agent = robot.agent(one_leaf('<Pick object="red_cube"/>'))
    monkeypatch.setattr("behaviours.skills.Pick.goal", lambda self: 1 / 0)
    assert finish(robot, agent) == RunOutcome(
        "FAILURE", "Pick red_cube: internal error: ZeroDivisionError: division by zero"
    )
    before = len(robot.beats_sent)
    robot.run(agent, 3)
    assert len(robot.beats_sent) == before + 3


def test_an_error_in_the_tree_itself_ends_the_mission_and_the_agent_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    robot = FakeRobot()
    agent = robot.agent(sort_table())
    robot.run(agent, 10)
    monkeypatch.setattr("trees.control.SubTree.tick", lambda self: 1 / 0)
    outcome = finish(robot, agent)
    assert outcome == RunOutcome("FAILURE", "internal error: division by zero")
    before = len(robot.beats_sent)
    robot.run(agent, 3)
    assert len(robot.beats_sent) == before + 3
    assert robot.directives[-1].assignment is None


def test_an_error_in_a_port_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    robot = FakeRobot()
    agent = robot.agent(sort_table())
    robot.run(agent, 5)

    def broken() -> None:
        raise OSError("the file is gone")

    monkeypatch.setattr(robot, "scene", broken)
    monkeypatch.setattr(robot, "robot_state", broken)
    before = len(robot.beats_sent)
    robot.run(agent, 5)
    assert len(robot.beats_sent) == before + 5
    assert agent.status.branch == "SafetyStop"


def test_nothing_is_done_twice_by_two_agents_in_one_process() -> None:
    first, second = FakeRobot(), FakeRobot()
    agents = first.agent(sort_table()), second.agent(sort_table())
    for _ in range(400):
        first.run(agents[0])
        second.run(agents[1])
    assert first.executed == second.executed
    assert agents[0].outcome == agents[1].outcome == RunOutcome("SUCCESS")


# Suspension ----------------------------------------------------------------------------------------------------------


def interrupt(robot: FakeRobot, agent: RobotRuntimeAgent, by: str) -> None:
    """Interrupt the mission for a while, in one of the three ways, and let it go on."""
    match by:
        case "SafetyStop":
            robot.latch()
        case "HumanTakeover":
            robot.ask(api.TakeOver("Ada"))
        case "Paused":
            robot.ask(api.Pause("lunch"))
    robot.run(agent, 20)
    assert agent.status.branch == by
    assert robot.directives[-1].assignment is None
    match by:
        case "SafetyStop":
            robot.reset()
            robot.run(agent, 5)
            assert agent.status.branch == "Paused"
            robot.ask(api.Resume())
        case "HumanTakeover":
            robot.ask(api.Release())
        case "Paused":
            robot.ask(api.Resume())


@pytest.mark.parametrize("by", ["SafetyStop", "HumanTakeover", "Paused"])
@pytest.mark.parametrize("at", ["MoveTo home", "Pick green_cylinder", "Place right_bin"])
def test_after_an_interruption_only_the_interrupted_skill_is_done_again(by: str, at: str) -> None:
    robot = FakeRobot()
    agent = robot.agent(sort_table())
    run_until(robot, agent, f"SortObject green_cylinder right_bin > attempt 1 of 3 > {at}")
    interrupt(robot, agent, by)
    assert finish(robot, agent).kind == "SUCCESS"
    assert sorted_objects(robot) == set(GOAL)
    assert len(robot.executed) == 16


def test_an_object_taken_out_of_the_hand_meanwhile_is_picked_again_in_the_same_attempt() -> None:
    robot = FakeRobot()
    agent = robot.agent(sort_table())
    run_until(robot, agent, "Place left_bin")
    robot.ask(api.TakeOver("Ada"))
    robot.run(agent, 5)
    robot.held = ""
    robot._grip(0.04)
    robot.ask(api.Release())
    run_until(robot, agent, "Pick red_cube")
    assert "attempt 1 of 3" in agent.status.step
    assert finish(robot, agent).kind == "SUCCESS"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 60), max_size=8), st.sampled_from(["SafetyStop", "HumanTakeover", "Paused"]))
def test_however_often_it_is_interrupted_the_mission_ends_sorted_in_its_first_attempts(
    waits: list[int], by: str
) -> None:
    robot = FakeRobot()
    agent = robot.agent(sort_table())
    attempts = set()
    for wait in waits:
        for _ in range(wait):
            robot.run(agent)
            attempts.add("attempt 2" in agent.status.step)
        if agent.outcome is not None:
            break
        interrupt(robot, agent, by)
    assert finish(robot, agent).kind == "SUCCESS"
    assert sorted_objects(robot) == set(GOAL)
    assert attempts <= {False}


def test_the_reset_of_a_stop_moves_nothing_until_the_operator_resumes() -> None:
    robot = FakeRobot()
    agent = robot.agent(sort_table())
    run_until(robot, agent, "Pick red_cube")
    robot.latch("contact")
    robot.run(agent, 10)
    assert agent.outcome == RunOutcome("stopped_by_safety", "contact")
    assert agent.status.reason.startswith("contact: ss1")
    robot.ask(api.Resume())
    robot.run(agent, 2)
    assert robot.replies == [api.Refused("a stop is latched (contact); reset it first, then resume")]
    robot.reset()
    grants = len([request for request in robot.requests if request.kind == "grant_authority"])
    robot.run(agent, 100)
    assert agent.status.branch == "Paused"
    assert agent.status.reason == "stopped by safety (contact); waits for resume"
    assert len([request for request in robot.requests if request.kind == "grant_authority"]) == grants
    robot.ask(api.Resume())
    assert finish(robot, agent).kind == "SUCCESS"


def test_a_lost_tier_1_is_a_stop_and_the_unattended_run_can_end_by_it() -> None:
    robot = FakeRobot()
    agent = robot.agent(sort_table())
    run_until(robot, agent, "Pick red_cube")
    robot.silent.add("tier1")
    robot.run(agent, 40)
    assert agent.outcome == RunOutcome("stopped_by_safety", "tier 1 has been silent for 0.5 s")


# Modes ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lost", "mode", "waiting"),
    [
        ("cameras", "Blind", "waits for a learned policy (Blind)"),
        ("perception", "CpuOnly", "waits for a learned policy (CpuOnly)"),
        ("policy", "CpuOnly", "waits for a learned policy (CpuOnly)"),
    ],
)
def test_a_lost_process_ends_the_skill_the_mission_waits_and_goes_on_when_it_is_back(
    lost: str, mode: str, waiting: str
) -> None:
    robot = FakeRobot()
    agent = robot.agent(sort_table())
    run_until(robot, agent, "Pick red_cube")
    robot.stuck = True
    robot.silent.add(lost)
    robot.run(agent, 60)
    assert agent.status.compute == mode
    assert agent.status.branch == "Operate"
    assert agent.status.reason == waiting
    assert agent.outcome is None
    assert robot.directives[-1].assignment is None
    assert robot.directives[-1].profile.policy != "learned"
    assert robot.constraints[-1].margin_scale == 2.0
    robot.silent.clear()
    robot.stuck = False
    assert finish(robot, agent).kind == "SUCCESS"
    assert len(robot.executed) == 16
    assert [entry.name for entry in agent.modes_entered] == ["FullCompute", "Offline", mode, "FullCompute"]
    assert robot.constraints[-1].margin_scale == 1.0


def test_an_overload_slows_down_and_ends_nothing() -> None:
    robot = FakeRobot()
    robot.stuck = True
    agent = robot.agent(sort_table())
    robot.run(agent, 60)
    skill = robot.directives[-1].assignment
    assert skill is not None
    robot.missing = 0.3
    robot.run(agent, 60)
    assert agent.status.compute == "GpuOverloaded"
    assert robot.directives[-1].profile == profile.most_careful(profile.GPU_OVERLOADED, profile.OFFLINE)
    assert robot.directives[-1].assignment == skill
    robot.missing = 0.0
    robot.run(agent, 100)
    assert agent.status.compute == "GpuOverloaded"
    robot.run(agent, 150)
    assert agent.status.compute == "FullCompute"
    assert robot.directives[-1].assignment == skill


def test_the_cloud_is_answered_for() -> None:
    robot = FakeRobot()
    agent = robot.agent()
    robot.run(agent, 3)
    assert agent.status.connectivity == "Offline"
    robot.cloud_ns = robot.clock.now_ns()
    robot.run(agent)
    assert agent.status.connectivity == "Online"
    robot.run(agent, 101)
    assert agent.status.connectivity == "Offline"


def test_until_a_profile_is_acknowledged_the_more_careful_one_holds_and_the_deaf_worker_is_lost() -> None:
    robot = FakeRobot()
    agent = robot.agent()
    robot.run(agent, 5)
    robot.deaf.add("perception")
    robot.missing = 0.3
    robot.run(agent, 60)
    assert agent.status.compute == "GpuOverloaded"
    robot.run(agent, 60)
    assert agent.status.compute == "CpuOnly"
    assert "the perception worker has not taken up the profile within 1 s" in str(
        [node.feedback_message for node in leaves(agent)]
    )
    assert robot.constraints[-1].margin_scale == 2.0
    robot.deaf.clear()
    robot.missing = 0.0
    robot.run(agent, 400)
    assert agent.status.compute == "FullCompute"
    assert robot.constraints[-1].margin_scale == 1.0


def test_modes_count_from_when_everything_has_worked_once() -> None:
    robot = FakeRobot()
    robot.silent = {"cameras", "perception", "policy", "fallback"}
    agent = robot.agent(sort_table())
    robot.run(agent, 50)
    assert not agent.ready
    assert agent.modes_entered == []
    assert agent.status.compute == "Blind"
    robot.silent.clear()
    robot.run(agent, 2)
    assert agent.ready
    assert [entry.name for entry in agent.modes_entered] == ["FullCompute", "Offline"]


def test_what_never_comes_up_counts_as_missing_after_the_startup_limit() -> None:
    robot = FakeRobot()
    robot.silent = {"policy"}
    agent = robot.agent(sort_table(), AgentConfig(startup_limit_s=2.0))
    robot.run(agent, 102)
    assert agent.ready
    assert [entry.name for entry in agent.modes_entered] == ["CpuOnly", "Offline"]
    assert agent.modes_entered[0].reason == "the policy worker has not been heard of"


# The outside ---------------------------------------------------------------------------------------------------------


def test_the_heartbeat_goes_on_in_every_branch() -> None:
    robot = FakeRobot()
    agent = robot.agent(sort_table())
    robot.run(agent, 5)
    for branch in ("Paused", "SafetyStop", "HumanTakeover"):
        if branch == "SafetyStop":
            robot.latch()
        else:
            robot.ask(api.Pause() if branch == "Paused" else api.TakeOver("Ada"))
        counts = len(robot.beats_sent), len(robot.constraints)
        robot.run(agent, 5)
        assert (len(robot.beats_sent), len(robot.constraints)) == (counts[0] + 5, counts[1] + 5)
    assert [beat.count for beat in robot.beats_sent] == list(range(1, 21))


def test_the_directive_is_published_on_change_and_ten_times_a_second() -> None:
    robot = FakeRobot()
    agent = robot.agent()
    robot.run(agent, 50)
    assert 10 <= len(robot.directives) <= 12
    sent = len(robot.directives)
    agent.start_mission(one_leaf('<MoveTo pose="home"/>'))
    robot.run(agent, 2)
    changed = robot.directives[sent:]
    assert [item.assignment.goal for item in changed if item.assignment is not None] == [MoveTo("home")]


def test_requests_that_find_the_queue_full_are_sent_again_in_order() -> None:
    robot = FakeRobot()
    robot.queue_full = True
    agent = robot.agent(one_leaf('<MoveTo pose="home"/>'))
    robot.run(agent, 5)
    assert robot.requests == []
    robot.queue_full = False
    finish(robot, agent)
    assert [request.kind for request in robot.requests] == [
        "grant_authority",
        "begin_skill",
        "end_skill",
        "revoke_authority",
    ]


def test_a_takeover_gives_authority_to_the_jog_and_the_release_takes_it_back() -> None:
    robot = FakeRobot()
    agent = robot.agent(sort_table())
    run_until(robot, agent, "Pick red_cube")
    robot.ask(api.TakeOver("Ada"))
    robot.run(agent, 10)
    assert robot.state.authority == "jog"
    robot.ask(api.TakeOver("Bob"))
    robot.run(agent)
    assert robot.replies[-1] == api.Refused("Ada holds the robot; it must be released first")
    robot.ask(api.Release())
    asked = len(robot.requests)
    robot.run(agent, 10)
    assert robot.state.authority == "policy"
    assert [(request.kind, request.source) for request in robot.requests[asked:]][:2] == [
        ("revoke_authority", "jog"),
        ("grant_authority", "policy"),
    ]


def test_the_api_starts_reports_and_cancels_missions() -> None:
    robot = FakeRobot()
    agent = robot.agent()
    name, text = mission_text("sort_table")
    for request in (
        api.Hello("test"),
        api.CancelMission(),
        api.StartMission(name, text),
        api.StartMission(name, text),
        api.GetStatus(),
    ):
        robot.ask(request)
        robot.run(agent)
    welcome, nothing, started, busy, status = robot.replies
    assert welcome == api.Welcome("fake", api.API_VERSION)
    assert nothing == api.Refused("no mission runs; nothing to cancel")
    assert started == api.Done()
    assert busy == api.Refused("mission SortTable runs; cancel it first")
    assert isinstance(status, api.StatusReply)
    assert status.status.mission == "SortTable"
    run_until(robot, agent, "Pick red_cube")
    robot.ask(api.CancelMission())
    robot.run(agent, 10)
    assert agent.outcome == RunOutcome("cancelled")
    assert robot.directives[-1].assignment is None
    assert robot.state.authority == "none"
    robot.ask(api.StartMission(name, text))
    assert finish(robot, agent).kind == "SUCCESS"


def test_a_mission_that_this_robot_cannot_run_is_refused_and_nothing_changes() -> None:
    robot = FakeRobot()
    agent = robot.agent()
    robot.ask(api.StartMission("bad.xml", "<root"))
    robot.run(agent, 2)
    (reply,) = robot.replies
    assert isinstance(reply, api.Refused)
    assert reply.reason.startswith("bad.xml:1: not well-formed XML")
    assert agent.outcome is None
    assert agent.status.mission == ""


def test_the_same_inputs_give_the_same_outputs_to_the_bit() -> None:
    def stream() -> list[bytes]:
        robot = FakeRobot()
        agent = robot.agent(sort_table())
        robot.run(agent, 300)
        return robot.snapshots

    assert stream() == stream()
