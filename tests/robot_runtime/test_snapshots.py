from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_trees.behaviour import Behaviour

from behaviours import keys
from robot_runtime import agent_api as api
from robot_runtime.agent import AgentConfig, RobotRuntimeAgent
from robot_runtime.snapshots import (
    FullSnapshot,
    NodeChange,
    SnapshotAssembler,
    SnapshotChanges,
    TreeView,
    decode,
    kind_of,
)
from tests.robot_runtime.fake_robot import KNOWN, FakeRobot
from trees.mission import load_mission


def truth(agent: RobotRuntimeAgent) -> list[tuple[str, str, str, str]]:
    """What the tree really looks like, parents first."""
    found: list[tuple[str, str, str, str]] = []

    def walk(node: Behaviour) -> None:
        found.append((node.name, kind_of(node), node.status.name, node.feedback_message))
        for child in node.children:
            walk(child)

    walk(agent.tree)
    return found


def told(view: TreeView) -> list[tuple[str, str, str, str]]:
    return [(node.name, node.kind, node.status, node.feedback) for node in view.nodes]


class Stream:
    """An agent and a reader of its stream."""

    def __init__(self) -> None:
        self.robot = FakeRobot()
        self.agent = self.robot.agent(load_mission("sort_table", KNOWN))
        self.assembler = SnapshotAssembler()
        self.read = 0

    def tick(self) -> list[FullSnapshot | SnapshotChanges]:
        self.robot.run(self.agent)
        news = [decode(data) for data in self.robot.snapshots[self.read :]]
        self.read = len(self.robot.snapshots)
        for message in news:
            self.assembler.apply(message)
        return news

    @property
    def view(self) -> TreeView:
        assert self.assembler.view is not None
        return self.assembler.view


ACTIONS = st.sampled_from(["tick", "pause", "resume", "latch", "reset", "blind", "see", "fail", "cancel", "restart"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(ACTIONS, st.integers(1, 25)), max_size=12))
def test_after_every_tick_the_assembled_state_is_the_full_state(actions: list[tuple[str, int]]) -> None:
    stream = Stream()
    robot = stream.robot
    for action, ticks in [("tick", 1), *actions]:
        match action:
            case "pause":
                robot.ask(api.Pause())
            case "resume":
                robot.ask(api.Resume())
            case "latch":
                robot.latch()
            case "reset":
                robot.reset()
            case "blind":
                robot.silent.add("cameras")
            case "see":
                robot.silent.clear()
            case "fail":
                robot.fail_next.append("slipped")
            case "cancel":
                robot.ask(api.CancelMission())
            case "restart":
                stream.agent.start_mission(load_mission("sort_table", KNOWN))
        for _ in range(ticks):
            stream.tick()
            assert told(stream.view) == truth(stream.agent)
            assert stream.view.status == stream.agent.status
            for name in ("/mission/held", "/mission/waiting", "/profile/compute_mode", "/profile/asks"):
                assert stream.view.board[name] == board_value(stream.agent, name)


def board_value(agent: RobotRuntimeAgent, name: str) -> Any:
    return next(cell.value for cell in agent._board.cells() if cell.key.name == name)


def test_it_is_complete_once_a_second_and_else_only_changes() -> None:
    stream = Stream()
    stream.robot.stuck = True
    kinds = [type(message) for _ in range(101) for message in stream.tick()]
    assert kinds.count(FullSnapshot) == 3
    assert kinds.count(SnapshotChanges) < 40


def test_a_new_structure_is_told_completely_at_once() -> None:
    stream = Stream()
    stream.tick()
    before = stream.view.nodes
    stream.agent.start_mission(load_mission("sort_table", KNOWN))
    (message,) = stream.tick()
    assert isinstance(message, FullSnapshot)
    assert message.structure == 2
    assert [node.id for node in message.nodes] == [node.id for node in before]


def test_ids_are_paths_and_parents_come_first() -> None:
    stream = Stream()
    stream.tick()
    seen = {""}
    for node in stream.view.nodes:
        assert node.parent in seen
        assert node.id.rpartition(".")[0] == node.parent
        seen.add(node.id)
    assert next(node.id for node in stream.view.nodes if node.name == "Mission") == "0.1.3.2.0"


def test_fast_keys_are_told_five_times_a_second() -> None:
    stream = Stream()
    stream.robot.stuck = True
    told_states = 0
    for _ in range(100):
        stream.robot._set(tcp_speed_mps=stream.robot.state.tcp_speed_mps + 0.01)
        for message in stream.tick():
            told_states += isinstance(message, SnapshotChanges) and "/robot/state" in message.board
    assert 8 <= told_states <= 11


def test_hidden_keys_are_not_told() -> None:
    stream = Stream()
    stream.tick()
    assert keys.NOW.name not in stream.view.board
    assert keys.ROBOT_STATE.name in stream.view.board


def test_after_a_gap_the_reader_waits_for_the_next_complete_snapshot() -> None:
    stream = Stream()
    stream.tick()
    assembler, sequence = stream.assembler, stream.view.sequence
    assert assembler.apply(SnapshotChanges(sequence + 2, 0)) is None
    assert assembler.apply(SnapshotChanges(sequence + 3, 0, (NodeChange(0, "RUNNING", ""),))) is None
    for _ in range(60):
        stream.tick()
    assert told(stream.view) == truth(stream.agent)


def test_what_is_not_a_snapshot_is_refused() -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode(b"\x93\x01\x02\x03")


def test_without_snapshots_nothing_is_written() -> None:
    robot = FakeRobot()
    agent = robot.agent(load_mission("sort_table", KNOWN), AgentConfig(snapshots=False))
    robot.run(agent, 60)
    assert robot.snapshots == []
    assert agent.status.mission == "SortTable"
