from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from robot_runtime import black_box_story
from robot_runtime.cli import main
from robot_runtime.commands import rt_blackbox
from rt_control import _native as native
from rt_control import black_box


class Story:
    """Writes cycles into a box, and tells them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "blackbox"
        self._writer = native.BlackBoxWriter(self.path)
        self._cycle = 0
        self.fields: dict[str, Any] = {"generation": 1, "axes": 2, "realtime": 3, "drive_status": 1}

    def cycles(self, count: int, forbidden_call: int = -1, **changes: Any) -> Story:
        self.fields |= changes
        for _ in range(count):
            self._cycle += 1
            state = native.State(cycle=self._cycle, stamp_ns=self._cycle * 10**6, **self.fields)
            times = native.StageTimes(wake_up_ns=20_000, read_ns=1000, decide_ns=4000)
            self._writer.write(state, native.DriveCommand(enable=1), times, forbidden_call)
        return self

    def stop(self, fault: native.Fault, **cause: Any) -> dict[str, Any]:
        """The fields of the next cycle, in which the fault latches a stop."""
        made = native.StopCause(fault=fault, stop=native.Stop.ss1, cycle=self._cycle + 1, **({"axis": -1} | cause))
        execution = native.ExecutionState.stopping
        return {"latched": 1, "stop": native.Stop.ss1, "first_cause": made, "last_cause": made, "execution": execution}

    def summary(self) -> dict[str, Any]:
        return {item.name: item for item in black_box_story.summary(black_box.read(self.path))}

    def turns(self) -> list[tuple[int, str]]:
        return [(turn.cycle, turn.what) for turn in black_box_story.turns(black_box.read(self.path))]


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


def test_a_latched_stop_is_told_with_its_first_cause_and_values(story: Story) -> None:
    story.cycles(10)
    story.cycles(5, **story.stop(native.Fault.limit_violated, axis=2, value=1.6, limit=1.5))
    told = story.summary()["last stop"].value
    assert told.startswith("SS1, latched: limit violated on axis 3 in cycle 11 (a measured axis is outside its limits")
    assert told.endswith("seen 1.6, limit 1.5)")
    assert story.turns() == [(11, "latched: limit violated; idle -> stopping")]


def test_lateness_names_its_stage(story: Story) -> None:
    story.cycles(10)
    late = native.Lateness(stage=native.Stage.read, cycle=11, skipped_ns=5 * 10**7)
    story.cycles(3, lateness=late, skipped_cycles=50, **story.stop(native.Fault.lateness, value=0.05, limit=0.02))
    assert story.summary()["last stop"].value.endswith("; it was held up while it read the channels")
    assert story.turns()[0][1].startswith("50 cycles skipped, it was held up while it read the channels; latched")


def test_a_forbidden_call_names_its_number(story: Story) -> None:
    story.cycles(10)
    story.cycles(1, forbidden_call=110, **story.stop(native.Fault.forbidden_call, value=110))
    assert story.summary()["last stop"].value.endswith("; system call 110")
    assert story.turns()[0][1].startswith("system call 110 refused; latched: forbidden call")


def test_a_cause_that_is_older_than_the_box_is_told_as_such(story: Story) -> None:
    cause = native.StopCause(fault=native.Fault.drive_lost, stop=native.Stop.sto, axis=-1, cycle=0)
    story.cycles(3, latched=1, first_cause=cause)
    assert story.summary()["last stop"].value.endswith("; the cycle itself is no longer in the box")


def test_a_run_without_a_stop_says_none_and_a_restart_is_seen(story: Story) -> None:
    story.cycles(3)
    assert story.summary()["last stop"].value == "none"
    story.cycles(3, generation=2)
    assert story.summary()["starts of rt_control"].value == 2
    assert story.turns() == [(4, "rt_control began anew")]


def test_an_empty_box_says_so(story: Story) -> None:
    assert [item.note for item in black_box_story.summary(black_box.read(story.path))] == [
        "rt_control has not completed a cycle"
    ]
    assert story.turns() == []


def test_the_csv_has_a_line_for_each_cycle_and_a_column_for_each_axis(story: Story, tmp_path: Path) -> None:
    story.cycles(4, position=[0.5, 0.25])
    rt_blackbox.write_csv(black_box.read(story.path), tmp_path / "box.csv")
    heading, *lines = (tmp_path / "box.csv").read_text().splitlines()
    row = dict(zip(heading.split(","), lines[-1].split(","), strict=True))
    assert len(lines) == 4
    assert (row["cycle"], row["position_1"], row["position_2"]) == ("4", "0.5", "0.25")
    assert "position_3" not in row and "crc" not in row


def test_the_command_fits_on_a_screen_and_reads_the_remains_of_a_run(
    story: Story, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for number in range(40):
        story.cycles(1, authority=native.Source(number % 3))
    assert main(["rt", "blackbox", "--file", str(story.path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 24
    assert "29 earlier changes" in "\n".join(lines)
    remains = tmp_path / "root" / "arm"
    remains.mkdir(parents=True)
    story.path.rename(remains / "blackbox")
    assert main(["rt", "blackbox", "--root", str(tmp_path / "root"), "--last", "0.01", "--json", "-"]) == 0
    assert '"rt blackbox"' in capsys.readouterr().out
    assert main(["rt", "blackbox", "other", "--root", str(tmp_path / "root")]) == 2
    assert "no black box of robot 'other'; there are: arm; or give --file" in capsys.readouterr().err
