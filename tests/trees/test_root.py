from __future__ import annotations

import msgspec
import pytest
from py_trees.behaviour import Behaviour
from py_trees.common import Status

from behaviours import keys, profile
from behaviours.health import OK, Condition, Health
from behaviours.operator import OperatorState
from behaviours.profile import Profile
from behaviours.robot import RobotState, StopCause
from behaviours.sense import Reading
from tests.robot_runtime.fake_robot import FakeRobot
from trees.root import build_root

WELL = Health(0, OK, OK, OK, OK, OK, OK, OK)
STATE = FakeRobot().state
STOPPED = msgspec.structs.replace(
    STATE, latched=True, first_cause=StopCause("contact", "ss1", 3, "policy", 77, 12.0, 5.0)
)


class Rooted:
    """The root tree over a reading that a test sets."""

    def __init__(self) -> None:
        self.health = WELL
        self.robot: RobotState | None = STATE
        self.operator = OperatorState()
        self.board = keys.root_blackboard()
        self.tree = build_root(self.board, lambda: Reading(5, self.robot, None, self.health, self.operator))
        self._mode = self.board.reader(keys.COMPUTE_MODE, "test")
        self._profile = self.board.reader(keys.PROFILE, "test")

    def lose(self, **reasons: str) -> None:
        self.health = msgspec.structs.replace(WELL, **{name: Condition(False, why) for name, why in reasons.items()})

    def tick(self) -> dict[str, Status]:
        self.tree.root.tick_once()
        return {node.name: node.status for node in self.tree.root.iterate()}

    def node(self, name: str) -> Behaviour:
        return next(node for node in self.tree.root.iterate() if node.name == name)

    @property
    def profile(self) -> Profile:
        return self._profile.get()

    @property
    def mode(self) -> str:
        return self._mode.get()


def shape(node: Behaviour) -> object:
    return (node.name, [shape(child) for child in node.children]) if node.children else node.name


def test_the_names_and_the_order_are_the_contract() -> None:
    assert shape(Rooted().tree.root) == (
        "Robot",
        [
            "Sense",
            (
                "Act",
                [
                    "SafetyStop",
                    "HumanTakeover",
                    "Paused",
                    (
                        "Operate",
                        [
                            ("Compute", ["Blind", "CpuOnly", "GpuOverloaded", "FullCompute"]),
                            ("Connectivity", ["Offline", "Online"]),
                            ("Task", ["Mission", "Idle"]),
                        ],
                    ),
                ],
            ),
        ],
    )


def test_every_node_when_all_is_well_and_there_is_no_mission() -> None:
    assert Rooted().tick() == {
        "Robot": Status.RUNNING,
        "Sense": Status.SUCCESS,
        "Act": Status.RUNNING,
        "SafetyStop": Status.FAILURE,
        "HumanTakeover": Status.FAILURE,
        "Paused": Status.FAILURE,
        "Operate": Status.RUNNING,
        "Compute": Status.SUCCESS,
        "Blind": Status.FAILURE,
        "CpuOnly": Status.FAILURE,
        "GpuOverloaded": Status.FAILURE,
        "FullCompute": Status.SUCCESS,
        "Connectivity": Status.SUCCESS,
        "Offline": Status.FAILURE,
        "Online": Status.SUCCESS,
        "Task": Status.RUNNING,
        "Mission": Status.FAILURE,
        "Idle": Status.RUNNING,
    }


def test_sense_puts_the_whole_reading_on_the_blackboard() -> None:
    rooted = Rooted()
    rooted.operator = OperatorState(holder="Ada")
    rooted.tick()
    values = {cell.key.name: cell.value for cell in rooted.board.cells()}
    assert values["/time/now_ns"] == 5
    assert values["/robot/state"] is STATE
    assert values["/scene/latest"] is None
    assert values["/health/latest"] is WELL
    assert values["/operator/state"].holder == "Ada"


BRANCHES = [
    ("Blind", {"cameras": "no image for 0.5 s"}, profile.BLIND),
    ("Blind", {"cameras": "no image for 0.5 s", "policy": "dead", "load": "late"}, profile.BLIND),
    ("CpuOnly", {"perception": "the perception worker is silent"}, profile.CPU_ONLY),
    ("CpuOnly", {"policy": "the policy worker is silent", "load": "late"}, profile.CPU_ONLY),
    ("GpuOverloaded", {"load": "20% of deadlines missed"}, profile.GPU_OVERLOADED),
]


@pytest.mark.parametrize(("branch", "lost", "expected"), BRANCHES)
def test_a_compute_branch_is_entered_and_left_in_the_tick_that_sees_its_cause(
    branch: str, lost: dict[str, str], expected: Profile
) -> None:
    rooted = Rooted()
    rooted.tick()
    assert rooted.mode == "FullCompute"
    assert rooted.profile == profile.FULL_COMPUTE
    rooted.lose(**lost)
    statuses = rooted.tick()
    assert statuses[branch] is statuses["Compute"] is Status.SUCCESS
    assert [node.name for node in rooted.node("Compute").children if node.status is Status.SUCCESS] == [branch]
    assert rooted.mode == branch
    assert rooted.profile == expected
    assert rooted.node(branch).feedback_message == next(iter(lost.values()))
    rooted.lose()
    statuses = rooted.tick()
    assert statuses[branch] is Status.FAILURE
    assert statuses["FullCompute"] is Status.SUCCESS
    assert rooted.profile == profile.FULL_COMPUTE


def test_offline_is_entered_and_left_and_changes_only_what_may_be_remote() -> None:
    rooted = Rooted()
    assert rooted.tick()["Online"] is Status.SUCCESS
    rooted.lose(cloud="silent for 2 s")
    statuses = rooted.tick()
    assert statuses["Offline"] is statuses["Connectivity"] is Status.SUCCESS
    assert rooted.profile == profile.OFFLINE
    rooted.lose()
    assert rooted.tick()["Online"] is Status.SUCCESS


def test_the_profile_in_force_is_the_most_careful_of_both_questions() -> None:
    rooted = Rooted()
    rooted.lose(load="late", cloud="silent")
    rooted.tick()
    assert rooted.profile == profile.most_careful(profile.GPU_OVERLOADED, profile.OFFLINE)


@pytest.mark.parametrize("lost", ["cameras", "perception", "policy"])
def test_a_robot_that_cannot_work_asks_for_a_takeover(lost: str) -> None:
    rooted = Rooted()
    asks = rooted.board.reader(keys.ASKS, "test")
    rooted.lose(**{lost: "gone"})
    rooted.tick()
    assert asks.get().startswith("takeover: ")
    rooted.lose()
    rooted.tick()
    assert asks.get() == ""


def test_a_latched_stop_ends_everything_else_and_says_why() -> None:
    rooted = Rooted()
    rooted.tick()
    rooted.robot = STOPPED
    statuses = rooted.tick()
    assert statuses["SafetyStop"] is statuses["Act"] is Status.RUNNING
    assert {statuses[name] for name in ("HumanTakeover", "Paused", "Operate", "Compute", "Task", "Idle")} == {
        Status.INVALID
    }
    assert rooted.node("SafetyStop").feedback_message == (
        "contact of axis 3 (policy): ss1, saw 12, allowed 5, cycle 77; waits for the operator's reset"
    )
    rooted.robot = STATE
    assert rooted.tick()["Operate"] is Status.RUNNING


@pytest.mark.parametrize("robot", [None, STATE])
def test_a_tier_1_that_is_not_there_counts_as_a_stop(robot: RobotState | None) -> None:
    rooted = Rooted()
    rooted.robot = robot
    rooted.lose(tier1="tier 1 has been silent for 0.5 s")
    assert rooted.tick()["SafetyStop"] is Status.RUNNING
    assert rooted.node("SafetyStop").feedback_message == "tier 1 has been silent for 0.5 s"


def test_a_takeover_is_entered_and_left() -> None:
    rooted = Rooted()
    rooted.operator = OperatorState(holder="Ada")
    statuses = rooted.tick()
    assert statuses["HumanTakeover"] is Status.RUNNING
    assert statuses["Operate"] is Status.INVALID
    assert rooted.node("HumanTakeover").feedback_message == "held by Ada; waits for the release"
    rooted.operator = OperatorState()
    assert rooted.tick()["Operate"] is Status.RUNNING


def test_a_pause_is_entered_and_left() -> None:
    rooted = Rooted()
    rooted.operator = OperatorState(paused=True, pause_reason="lunch")
    statuses = rooted.tick()
    assert statuses["Paused"] is Status.RUNNING
    assert statuses["Operate"] is Status.INVALID
    assert rooted.node("Paused").feedback_message == "lunch; waits for resume"
    rooted.operator = OperatorState()
    assert rooted.tick()["Operate"] is Status.RUNNING


def test_a_stop_comes_before_a_takeover_and_a_takeover_before_a_pause() -> None:
    rooted = Rooted()
    rooted.operator = OperatorState(paused=True, pause_reason="lunch", holder="Ada")
    rooted.robot = STOPPED
    assert rooted.tick()["SafetyStop"] is Status.RUNNING
    rooted.robot = STATE
    statuses = rooted.tick()
    assert statuses["HumanTakeover"] is Status.RUNNING
    assert statuses["Paused"] is Status.INVALID
