"""One tick of the root tree while the mission runs, with and without snapshots; a typed port beside py_trees' own."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import py_trees
from py_trees.common import Status
from py_trees.ports import BehaviourWithPorts, PortInformation

from behaviours.ports import Constant, Input, WithPorts
from behaviours.workcell import Workcell
from robot_runtime.lockstep import Lockstep, LockstepOptions
from robot_runtime.report import Figure, Reference, figure
from rt_control.description import load_robot
from trees.mission import load_mission

DURATION_S = 40.0
PERIOD_S = 0.02
MOST_MORE = 1.1  # of the tick without snapshots
READS = 20_000


def measure() -> list[Figure]:
    """Two robots in virtual time with the same seed, stepped in turn; their agents and trees are timed."""
    description = load_robot("arm7")
    mission = load_mission("sort_table", Workcell.of(description).known_names)
    watched, plain = (
        Lockstep(description, mission, LockstepOptions(oracle=True, snapshots=value)) for value in (True, False)
    )
    with_snapshots, without = _timed(watched.agent, "tick"), _timed(plain.agent, "tick")
    tree = _timed(plain.agent.tree, "tick_once")
    while watched.time_s < DURATION_S and watched.agent.outcome is None:
        pair = (watched, plain) if round(watched.time_s / PERIOD_S) % 2 else (plain, watched)
        for robot in pair:
            robot.step()
    without_us, tree_us = statistics.median(without), statistics.median(tree)
    # The one that ticks second finds the caches warm: each order has its own median, and the mean of both is fair.
    added = [one - other for one, other in zip(with_snapshots, without, strict=False)]
    added_us = statistics.fmean(statistics.median(added[order::2]) for order in (0, 1))
    ours_us, theirs_us = _port_reads()
    return [
        figure("root tree, tick, p50", tree_us, "us"),
        figure(
            "root tree, tick with snapshots, p50",
            tree_us + added_us,
            "us",
            at_most=MOST_MORE * tree_us,
            reference=Reference("the root tree alone", tree_us),
            note="the tree, and by how much snapshots lengthen the same tick of the agent",
        ),
        figure(
            "agent, tick with snapshots, p50",
            without_us + added_us,
            "us",
            at_most=MOST_MORE * without_us,
            reference=Reference("the same without snapshots", without_us),
        ),
        figure("read of a typed port", ours_us, "us", reference=Reference("py_trees.ports get_input", theirs_us)),
    ]


def _timed(owner: object, name: str) -> list[float]:
    """Time every call of a method of one object from now on, us."""
    method: Callable[[], object] = getattr(owner, name)
    times: list[float] = []

    def timed() -> None:
        begun = time.perf_counter_ns()
        method()
        times.append((time.perf_counter_ns() - begun) / 1e3)

    setattr(owner, name, timed)
    return times


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
