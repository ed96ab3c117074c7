"""The agent: a tick with and without the snapshot stream, beside the bare tree; a typed port beside py_trees' own.

The robot around it is the plain one of the agent's tests, a skill of the demo mission is running, nothing is sent over
sockets.
"""

from __future__ import annotations

import statistics
import time

import py_trees
from py_trees.common import Status
from py_trees.ports import BehaviourWithPorts, PortInformation

from behaviours.ports import Constant, Input, WithPorts
from robot_runtime.agent import AgentConfig, RobotRuntimeAgent
from robot_runtime.report import Figure, Reference, figure
from tests.robot_runtime.fake_robot import KNOWN, FakeRobot
from trees.mission import load_mission

ROUNDS = 100
TICKS_PER_ROUND = 50
READS = 20_000
TARGET_TICK_US = 500.0
TARGET_RATIO = 1.10


def measure() -> list[Figure]:
    """Ticks of agents with and without snapshots, and of the tree alone, in alternating rounds of one run.

    A round is one second of the robot, so that each holds one complete snapshot; figures are medians over the rounds.
    """
    bare, without, watched = _robot(snapshots=False), _robot(snapshots=False), _robot(snapshots=True)
    tree, plain, added = [], [], []
    for number in range(ROUNDS):
        tree.append(_tree_ticks(*bare))
        # Each goes first as often as the other: the first one finds cold caches.
        pair = (without, watched) if number % 2 else (watched, without)
        taken = {robot is watched[0]: _agent_ticks(robot, agent) for robot, agent in pair}
        plain.append(taken[False])
        added.append(taken[True] - taken[False])
    tree_us, plain_us, added_us = statistics.median(tree), statistics.median(plain), statistics.median(added)
    ours_us, theirs_us = _port_reads()
    return [
        figure("root tree, tick", tree_us, "us"),
        figure(
            "root tree, tick with snapshots",
            tree_us + added_us,
            "us",
            at_most=TARGET_RATIO * tree_us,
            reference=Reference("the root tree alone", tree_us),
        ),
        figure("agent, tick without snapshots", plain_us, "us", at_most=TARGET_TICK_US),
        figure(
            "agent, tick with snapshots",
            plain_us + added_us,
            "us",
            at_most=TARGET_TICK_US,
            reference=Reference("the same without snapshots", plain_us),
        ),
        figure("read of a typed port", ours_us, "us", reference=Reference("py_trees.ports get_input", theirs_us)),
    ]


def _robot(*, snapshots: bool) -> tuple[FakeRobot, RobotRuntimeAgent]:
    robot = FakeRobot()
    robot.stuck = True
    agent = robot.agent(load_mission("sort_table", KNOWN), AgentConfig(snapshots=snapshots))
    robot.run(agent, 50)
    return robot, agent


def _agent_ticks(robot: FakeRobot, agent: RobotRuntimeAgent) -> float:
    """Mean of one round, us."""
    taken_ns = 0
    for _ in range(TICKS_PER_ROUND):
        robot.advance()
        start_ns = time.perf_counter_ns()
        agent.tick()
        taken_ns += time.perf_counter_ns() - start_ns
    return taken_ns / TICKS_PER_ROUND / 1e3


def _tree_ticks(robot: FakeRobot, agent: RobotRuntimeAgent) -> float:
    """Mean of one round, us."""
    taken_ns = 0
    for _ in range(TICKS_PER_ROUND):
        robot.advance()
        start_ns = time.perf_counter_ns()
        agent.tree.tick_once()
        taken_ns += time.perf_counter_ns() - start_ns
    return taken_ns / TICKS_PER_ROUND / 1e3


class _Ours(WithPorts):
    item = Input(str, "name of the object")


class _Theirs(BehaviourWithPorts, register=False):
    INPUT_PORTS = {"item": PortInformation(data_type=str)}
    OUTPUT_PORTS: dict[str, PortInformation] = {}

    def update(self) -> Status:
        return Status.SUCCESS


def _port_reads() -> tuple[float, float]:
    ours = _Ours()
    ours.bind_ports({"item": Constant("red_cube")})
    theirs = _Theirs("theirs")
    theirs.setup_ports({"item": "/bench/item"})
    py_trees.blackboard.Blackboard.set("/bench/item", "red_cube")
    start_ns = time.perf_counter_ns()
    for _ in range(READS):
        _ = ours.item
    middle_ns = time.perf_counter_ns()
    for _ in range(READS):
        theirs.get_input("item")
    end_ns = time.perf_counter_ns()
    py_trees.blackboard.Blackboard.clear()
    return (middle_ns - start_ns) / READS / 1e3, (end_ns - middle_ns) / READS / 1e3
