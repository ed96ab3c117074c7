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

ROUNDS = 60
TICKS_PER_ROUND = 50
READS = 20_000
TARGET_TICK_US = 500.0
TARGET_RATIO = 1.10


def measure() -> list[Figure]:
    """Ticks of agents with and without snapshots, and of the tree alone, in alternating rounds of one run."""
    without, watched = _robot(snapshots=False), _robot(snapshots=True)
    samples: dict[str, list[float]] = {"tree": [], "without": [], "with": []}
    for _ in range(ROUNDS):
        samples["tree"] += _tree_ticks(*without)
        samples["without"] += _agent_ticks(*without)
        samples["with"] += _agent_ticks(*watched)
    tree_us, without_us, with_us = (_middle(samples[name]) for name in ("tree", "without", "with"))
    ours_us, theirs_us = _port_reads()
    return [
        figure("root tree, mean tick", tree_us, "us"),
        figure("agent, mean tick without snapshots", without_us, "us", at_most=TARGET_TICK_US),
        figure(
            "agent, mean tick with snapshots",
            with_us,
            "us",
            at_most=TARGET_RATIO * without_us,
            reference=Reference("the same without snapshots", without_us),
        ),
        figure("read of a typed port", ours_us, "us", reference=Reference("py_trees.ports get_input", theirs_us)),
    ]


def _robot(*, snapshots: bool) -> tuple[FakeRobot, RobotRuntimeAgent]:
    robot = FakeRobot()
    robot.stuck = True
    agent = robot.agent(load_mission("sort_table", KNOWN), AgentConfig(snapshots=snapshots))
    robot.run(agent, 50)
    return robot, agent


def _agent_ticks(robot: FakeRobot, agent: RobotRuntimeAgent) -> list[float]:
    taken = []
    for _ in range(TICKS_PER_ROUND):
        robot.advance()
        start_ns = time.perf_counter_ns()
        agent.tick()
        taken.append((time.perf_counter_ns() - start_ns) / 1e3)
    return taken


def _tree_ticks(robot: FakeRobot, agent: RobotRuntimeAgent) -> list[float]:
    taken = []
    for _ in range(TICKS_PER_ROUND):
        start_ns = time.perf_counter_ns()
        agent.tree.tick_once()
        taken.append((time.perf_counter_ns() - start_ns) / 1e3)
    return taken


def _middle(samples: list[float]) -> float:
    """Mean without the slowest hundredth: those are the host's, and one of them would outweigh a snapshot."""
    return statistics.fmean(sorted(samples)[: int(0.99 * len(samples))])


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
