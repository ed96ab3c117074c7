"""A live robot that swings fast, a real fault, and what an outside observer saw of it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from robot_runtime.live import LiveRobot, wait_for
from robot_runtime.run_options import RunOptions
from rt_control import _native as native

SWING = Path(__file__).with_name("swing.xml")
FAST_RAD_PER_S = 1.0
REST_RAD_PER_S = 0.01
REST_PERIOD_S = 0.3
LIMIT_S = 40.0


@dataclass
class Observer:
    """Reads the drives, not the runtime: was the arm ever outside its limits, is it at rest, since when."""

    robot: LiveRobot
    outside: list[str] = field(default_factory=list)
    still_since: float | None = None
    samples: int = 0

    def look(self) -> None:
        """Take one sample."""
        drives = self.robot.drives()
        if drives is None:
            return
        self.samples += 1
        axes = self.robot.description.axis
        for index in self.robot.description.arm_indices:
            axis, position = axes[index], float(drives.position[index])
            if not axis.lower <= position <= axis.upper:
                self.outside.append(f"{axis.name} at {position:.4f}, allowed {axis.lower}..{axis.upper}")
        arm = np.asarray(drives.velocity)[list(self.robot.description.arm_indices)]
        if float(np.abs(arm).max()) > REST_RAD_PER_S:
            self.still_since = None
        elif self.still_since is None:
            self.still_since = time.monotonic()

    def at_rest(self) -> bool:
        """Whether the arm has stood still for a while."""
        return self.still_since is not None and time.monotonic() - self.still_since > REST_PERIOD_S


class FaultRun:
    """One live robot in a fault test.

    Args:
        root: of its run directory.
        attended: whether a latched stop waits for an operator instead of ending the run.
        cloud: address of the cloud.
        device: budget of computing.
    """

    def __init__(self, root: Path, attended: bool = False, cloud: str | None = None, device: str | None = None) -> None:
        options = RunOptions(SWING, "arm7", root=root, progress=False, attended=attended, cloud=cloud, device=device)
        self.robot = LiveRobot(options)
        self.observer = Observer(self.robot)
        self.faults_seen: list[str] = []
        self.reasons_seen: set[str] = set()
        self._at_fault: npt.NDArray[np.float64] | None = None

    def __enter__(self) -> FaultRun:
        try:
            self.robot.start()
        except BaseException:
            self.robot.end()  # nothing is left behind by a robot that did not come up, either
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.robot.end()

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Poll and observe until a condition holds."""

        def look() -> bool:
            self.observer.look()
            self._note_reasons()
            state = self.robot.state()
            if state is not None and state.last_cause.fault != native.Fault.none:
                name = state.first_cause.fault.name if state.latched else state.last_cause.fault.name
                if name not in self.faults_seen:
                    self.faults_seen.append(name)
            return condition()

        try:
            wait_for(self.robot, look, LIMIT_S, what)
        except TimeoutError as error:
            raise AssertionError(f"{error}; {self.describe()}") from None

    def _note_reasons(self) -> None:
        """What the tree shows to people as the reason of its mode or stop."""
        view = self.robot.view
        if view is not None:
            shown = {view.status.reason, *(node.feedback for node in view.nodes if node.name == view.status.compute)}
            self.reasons_seen |= shown - {""}

    def assert_reason_shown(self, word: str) -> None:
        """The tree said why, in words with this one among them."""
        assert any(word in reason for reason in self.reasons_seen), self.reasons_seen

    def until_fast(self) -> None:
        """Wait until the arm moves fast under a skill."""

        def fast() -> bool:
            drives = self.robot.drives()
            return drives is not None and float(np.abs(np.asarray(drives.velocity)).max()) > FAST_RAD_PER_S

        self.until(fast, "fast motion")

    def until_rest(self) -> None:
        """Wait until the arm has come to rest."""
        self.observer.still_since = None
        self.until(self.observer.at_rest, "the arm at rest")

    def signal(self, process: str, number: signal.Signals) -> int:
        """Send a real signal to one of this robot's own processes; returns its pid."""
        pid = self.robot.supervisor.pid(process)
        assert pid is not None, f"{process} does not run; {self.describe()}"
        drives = self.robot.drives()
        assert drives is not None
        self._at_fault = np.array(drives.position)
        os.kill(pid, number)
        return pid

    def kinds(self, process: str) -> list[str]:
        """What happened to one process so far."""
        return [event.kind for event in self.robot.events if event.name == process]

    def latched_fault(self) -> str:
        """Name of the latched fault; `none` if none is."""
        state = self.robot.state()
        return "none" if state is None or not state.latched else state.first_cause.fault.name

    def describe(self) -> str:
        """Everything that helps to understand a failure."""
        state, view = self.robot.state(), self.robot.view
        status = view.status if view is not None else None
        return (
            f"processes {[event.sentence() for event in self.robot.events]}; tier 1 "
            f"{state.execution.name if state else None}, latched {self.latched_fault()}, faults {self.faults_seen}; "
            f"agent {status}"
        )

    def assert_stopped_soon(self, within_s: float) -> None:
        """Since the last signal no axis went further than at full speed for a while and then through a full stop.

        Args:
            within_s: how long the arm may have gone on before it began to stop, by the fault table.
        """
        drives = self.robot.drives()
        assert drives is not None and self._at_fault is not None
        for index in self.robot.description.arm_indices:
            axis = self.robot.description.axis[index]
            way = abs(float(drives.position[index] - self._at_fault[index]))
            allowed = axis.velocity * within_s + axis.velocity**2 / (2.0 * axis.acceleration)
            assert way <= allowed, f"{axis.name} went {way:.3f} rad after the fault, allowed {allowed:.3f}"

    def assert_inside_limits(self) -> None:
        """The arm never left its limits."""
        assert self.observer.samples > 10
        assert not self.observer.outside, self.observer.outside[:3]
