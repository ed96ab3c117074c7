"""The root tree. Its names are contract: scenario tests, console and telemetry use them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from py_trees.composites import Sequence

from behaviours.blackboard import Blackboard
from behaviours.idle import Idle
from behaviours.interruptions import HumanTakeover, Paused, SafetyStop
from behaviours.modes import (
    Blind,
    ComputeOutputs,
    ConnectivityOutputs,
    CpuOnly,
    FullCompute,
    GpuOverloaded,
    Offline,
    Online,
)
from behaviours.sense import Reading, Sense
from trees.mission_node import MissionNode
from trees.selector import Selector


@dataclass(frozen=True)
class RootTree:
    """The tree and the one node in it that changes.

    Attributes:
        root: `Robot`.
        mission: the `Mission` branch, which missions are loaded into.
    """

    root: Sequence
    mission: MissionNode


def build_root(board: Blackboard, read: Callable[[], Reading]) -> RootTree:
    """Make the root tree.

    Args:
        board: with the keys of `behaviours.keys`.
        read: gives the reading of the present tick.
    """
    compute = ComputeOutputs.claim(board)
    connectivity = ConnectivityOutputs.claim(board)
    mission = MissionNode(board)
    operate = Sequence(
        "Operate",
        memory=False,
        children=[
            Selector("Compute", [mode(board, compute) for mode in (Blind, CpuOnly, GpuOverloaded, FullCompute)]),
            Selector("Connectivity", [mode(board, connectivity) for mode in (Offline, Online)]),
            Selector("Task", [mission, Idle()]),
        ],
    )
    act = Selector("Act", [SafetyStop(board), HumanTakeover(board), Paused(board), operate])
    return RootTree(Sequence("Robot", memory=False, children=[Sense(board, read), act]), mission)
