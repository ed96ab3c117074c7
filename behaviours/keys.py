"""Every key of the blackboard that belongs to the root tree; mission variables are added below `/mission/data`."""

from __future__ import annotations

from typing import Any

from behaviours.blackboard import Blackboard, Key
from behaviours.health import Condition, Health
from behaviours.operator import OperatorState
from behaviours.profile import BLIND, Profile
from behaviours.robot import RobotState
from perception.ledger import LedgerSummary
from perception.reasons import REASONS
from perception.scene import Scene

_UNKNOWN = Condition(False, "not judged yet")


def _shown_state(state: RobotState | None) -> object:
    if state is None:
        return None
    return {
        "execution": state.execution,
        "stop": state.stop,
        "latched": state.latched,
        "authority": state.authority,
        "skill": state.skill,
        "speed_mps": round(state.tcp_speed_mps, 3),
        "battery": round(state.battery, 3),
    }


def _shown_scene(scene: Scene | None) -> object:
    if scene is None:
        return None
    return {
        "sequence": scene.sequence,
        "source": scene.source,
        "person_distance_m": scene.person_distance_m,
        "objects": {item.name: [round(value, 3) for value in item.position_base] for item in scene.objects},
    }


def _shown_ledger(ledger: LedgerSummary | None) -> object:
    if ledger is None:
        return None
    shown: dict[str, object] = {}
    for number, (level, looks, cost_ms) in enumerate(zip(ledger.levels, ledger.looks, ledger.cost_ms, strict=True), 1):
        reasons = {
            str(reason.name).lower(): {"looks": count, "cost_ms": spent}
            for reason, count, spent in zip(REASONS, looks, cost_ms, strict=True)
            if count
        }
        shown[f"level{number}"] = {
            "run": level.run,
            "deferred": level.deferred,
            "dropped": level.dropped,
            "late": level.late,
            "failed": level.failed,
            "rate_hz": level.rate_hz,
            "cost_ms_per_s": level.cost_ms_per_s,
            "used": level.used,
            "reasons": reasons,
        }
    return shown


def _shown_health(health: Health) -> object:
    conditions = ("tier1", "cameras", "perception", "policy", "fallback", "load", "cloud")
    return {name: "ok" if (item := getattr(health, name)).ok else item.reason for name in conditions}


ROBOT_STATE: Key[RobotState | None] = Key(
    "/robot/state", None, "newest state of tier 1; None before the first", _shown_state, fast=True
)
SCENE: Key[Scene | None] = Key("/scene/latest", None, "newest scene; None before the first", _shown_scene, fast=True)
LEDGER: Key[LedgerSummary | None] = Key(
    "/perception/ledger",
    None,
    "what looks cost, and why they were taken; None before the first",
    _shown_ledger,
    fast=True,
)
HEALTH: Key[Health] = Key(
    "/health/latest",
    Health(0, _UNKNOWN, _UNKNOWN, _UNKNOWN, _UNKNOWN, _UNKNOWN, _UNKNOWN, _UNKNOWN),
    "what works",
    _shown_health,
)
OPERATOR: Key[OperatorState] = Key("/operator/state", OperatorState(), "what the operator wants")
NOW: Key[int] = Key("/time/now_ns", 0, "time of this tick", hidden=True)
COMPUTE_MODE: Key[str] = Key("/profile/compute_mode", "", "branch of Compute that holds")
COMPUTE_PROFILE: Key[Profile] = Key("/profile/compute", BLIND, "profile of that branch", hidden=True)
CONNECTIVITY_MODE: Key[str] = Key("/profile/connectivity_mode", "", "branch of Connectivity that holds")
PROFILE: Key[Profile] = Key("/profile/in_force", BLIND, "most careful combination of both")
ASKS: Key[str] = Key("/profile/asks", "", "what the robot asks of its operator; empty = nothing")
HELD: Key[str] = Key("/mission/held", "", "object that the last finished skill left in the hand; empty = none")
WAITING: Key[str] = Key("/mission/waiting", "", "why the mission waits; empty when it does not")

ALL: tuple[Key[Any], ...] = (
    ROBOT_STATE,
    SCENE,
    LEDGER,
    HEALTH,
    OPERATOR,
    NOW,
    COMPUTE_MODE,
    COMPUTE_PROFILE,
    CONNECTIVITY_MODE,
    PROFILE,
    ASKS,
    HELD,
    WAITING,
)


def root_blackboard() -> Blackboard:
    """A blackboard with every key of the root tree."""
    board = Blackboard()
    for key in ALL:
        board.declare(key)
    return board
