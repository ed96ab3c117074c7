from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest

from behaviours.robot import StopCause
from robot_runtime.agent_status import AgentStatus, Rates, RunOutcome
from robot_runtime.snapshots import SnapshotAssembler, TreeView, decode
from robot_runtime.tree_watch import TreeWatch, plain_line, render_header, render_tree, watch
from tests.robot_runtime.fake_robot import KNOWN, FakeRobot
from trees.mission import load_mission


def view(robot: FakeRobot | None = None, ticks: int = 12) -> TreeView:
    robot = robot or FakeRobot()
    agent = robot.agent(load_mission("sort_table", KNOWN))
    assembler = SnapshotAssembler()
    robot.run(agent, ticks)
    for data in robot.snapshots:
        assembler.apply(decode(data))
    assert assembler.view is not None
    return assembler.view


def test_the_tree_shows_status_names_and_reasons_and_folds_what_has_not_begun() -> None:
    assert (
        render_tree(view()).plain
        == """\
▶ Robot
  ✔ Sense
  ▶ Act
    ✘ SafetyStop
    ✘ HumanTakeover
    ✘ Paused
    ▶ Operate
      ✔ Compute
        ✘ Blind
        ✘ CpuOnly
        ✘ GpuOverloaded
        ✔ FullCompute
      ✔ Connectivity
        ✔ Offline  the cloud has not been heard of
        · Online
      ▶ Task
        ▶ Mission
          ▶ Sequence
            ▶ SortObject red_cube left_bin
              ▶ RetryUntilSuccessful  attempt 1 of 3
                ▶ attempt
                  ▶ in the bin
                    ✘ ObjectInBin red_cube left_bin  red_cube is at (0.500, 0.000, 0.020) m, not in left_bin
                    ▶ bring it there
                      ▶ in the hand
                        ✘ Holding red_cube  holds nothing
                        ▶ get it
                          ✔ MoveTo home
                          ✔ LocateObject red_cube
                          ▶ Pick red_cube  moves
                      · Place left_bin
                      · MoveTo home
                  · ObjectInBin red_cube left_bin
            · SortObject green_cylinder right_bin
            · SortObject blue_box left_bin
            · SortObject yellow_ball right_bin
        · Idle
"""
    )


def test_a_suspended_mission_keeps_its_finished_steps_in_sight() -> None:
    robot = FakeRobot()
    agent = robot.agent(load_mission("sort_table", KNOWN))
    robot.run(agent, 12)
    robot.latch()
    robot.run(agent, 2)
    shown = SnapshotAssembler()
    for data in robot.snapshots:
        shown.apply(decode(data))
    assert shown.view is not None
    lines = [line.strip() for line in render_tree(shown.view).plain.splitlines()]
    assert "▶ SafetyStop  operator_stop: ss1, saw 1, allowed 0, cycle 241; waits for the operator's reset" in lines
    assert "✔ MoveTo home" in lines
    assert "· Pick red_cube  interrupted" in lines


def test_everything_can_be_shown() -> None:
    shown = view()
    assert len(render_tree(shown, everything=True).plain.splitlines()) == len(shown.nodes)


def test_the_header_says_mode_step_and_tier_1() -> None:
    robot = FakeRobot()
    header = render_header(view(robot), robot.state, 0.1).plain
    assert header.splitlines() == [
        "agent    fake  FullCompute Offline  0 Hz",
        "mission  SortObject red_cube left_bin > attempt 1 of 3 > Pick red_cube",
        "tier 1   active  authority policy  0.00 m/s  speed x1.00  margins x1.0  misses 0  fifo",
    ]


def test_the_header_shows_a_latched_stop_a_silent_agent_and_an_outcome() -> None:
    robot = FakeRobot()
    shown = view(robot)
    status = msgspec.structs.replace(
        shown.status, branch="SafetyStop", reason="contact", outcome=RunOutcome("stopped_by_safety", "contact")
    )
    stopped = msgspec.structs.replace(robot.state, latched=True, first_cause=StopCause("contact", "ss1", cycle=9))
    header = render_header(msgspec.structs.replace(shown, status=status), stopped, 3.2).plain
    assert "agent    fake  SafetyStop  0 Hz  SILENT for 3.2 s" in header
    assert "Pick red_cube  stopped_by_safety: contact" in header
    assert "STOPPED  contact: ss1, cycle 9" in header


def test_the_header_says_when_nobody_is_there() -> None:
    assert render_header(None, None, 0.0).plain == "agent    not heard of\ntier 1   not there\n"


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (AgentStatus("r", branch="Operate", compute="FullCompute", connectivity="Offline"), "FullCompute Offline"),
        (AgentStatus("r", branch="Paused", reason="lunch", rates=Rates(50.0)), "Paused | lunch"),
        (AgentStatus("r"), "starting"),
        (
            AgentStatus("r", branch="Operate", compute="Blind", mission="M", step="M > Pick", reason="waits"),
            "Blind | M > Pick | waits",
        ),
    ],
)
def test_one_line_says_it_all(status: AgentStatus, line: str) -> None:
    shown = TreeView(1, 0, (), {}, status)
    assert plain_line(shown, None) == f"{line} | tier 1 not there"
    assert plain_line(shown, FakeRobot().state) == f"{line} | tier 1 idle"


def test_where_there_is_no_terminal_and_no_robot_it_prints_a_line_and_waits(tmp_path: Path) -> None:
    output = io.StringIO()
    watch("nobody", tmp_path, duration_s=0.3, output=output)
    assert output.getvalue() == "agent not heard of | tier 1 not there\n"


@pytest.mark.parametrize("key", ["s", "r", "p"])
def test_a_key_without_a_robot_says_so_and_the_watch_goes_on(tmp_path: Path, key: str) -> None:
    seen = TreeWatch("nobody", tmp_path)
    seen.refresh(0.0)
    assert seen.press(key)
    assert seen.note == "robot 'nobody' does not run; start it with `dynamical run`"
    assert not seen.press("q")
