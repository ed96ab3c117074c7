"""What a person sees while the robot runs: lines of what changed, and on a terminal a status that is kept fresh."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robot_runtime.agent_status import AgentStatus
    from robot_runtime.live import LiveRobot
    from robot_runtime.snapshots import TreeView
    from robot_runtime.supervisor import ProcessEvent

STATUS_PERIOD_S = 0.5
PLAIN_STATUS_PERIOD_S = 10.0


class RunProgress:
    """Prints on standard output.

    Args:
        enabled: False prints nothing.
    """

    def __init__(self, enabled: bool = True) -> None:
        self._enabled = enabled
        self._terminal = sys.stdout.isatty()
        self._step = ""
        self._mode = ""
        self._reason = ""
        self._caution = ""
        self._status_shown = False
        self._status_due = 0.0
        self._begun = time.monotonic()

    def starting(self, robot: LiveRobot) -> None:
        """Say what begins, and how real its time is."""
        realtime = (
            f"real time: fifo, drive watchdog {robot.watchdog_cycles} cycles"
            if robot.fifo
            else f"real time: DEGRADED (this user may not use SCHED_FIFO; see `dynamical doctor`), "
            f"drive watchdog loosened to {robot.watchdog_cycles} cycles"
        )
        self.note(f"robot {robot.description.name}, mission {robot.options.mission.stem}, seed {robot.options.seed}")
        self.note(realtime)

    def process_ready(self, name: str) -> None:
        """One process has come up."""
        self.note(f"  {name} is up")

    def ending(self) -> None:
        """The run is over; processes are being ended."""
        self._clear_status()

    def note(self, text: str, time_s: float | None = None) -> None:
        """Print one line.

        Args:
            text: of the line.
            time_s: that stands before it; None: since this object was made.
        """
        if not self._enabled:
            return
        self._clear_status()
        print(f"{time.monotonic() - self._begun if time_s is None else time_s:6.1f} s  {text}", flush=True)

    def update(self, robot: LiveRobot, events: Sequence[ProcessEvent]) -> None:
        """Print what changed since the last call."""
        for event in events:
            self.note(f"! {event.sentence()}")
        view = robot.view
        if not self._enabled or view is None:
            return
        self.tell(view.status, _why(view))
        now = time.monotonic()
        if now >= self._status_due:
            self._status_due = now + (STATUS_PERIOD_S if self._terminal else PLAIN_STATUS_PERIOD_S)
            self._show_status(robot)

    def tell(self, status: AgentStatus, why: str = "", time_s: float | None = None) -> None:
        """Print what of the robot's status changed since the last call: mode, reason and step, a line each.

        Args:
            status: of the robot as a whole.
            why: what its compute mode rests on; empty when everything works.
            time_s: as for `note`.
        """
        mode = " ".join(part for part in (status.compute, status.connectivity) if part)
        if status.branch not in ("Operate", ""):
            mode = f"{status.branch} ({mode})"
        if status.ready and mode != self._mode:
            self._mode = mode
            self.note(f"mode {mode} ({why})" if why else f"mode {mode}", time_s)
        if status.reason != self._reason:
            self._reason = status.reason
            if status.reason:
                self.note(f"  {status.reason}", time_s)
        if status.caution != self._caution:
            self._caution = status.caution
            if status.caution:
                self.note(f"  more careful: {status.caution}", time_s)
        if status.step != self._step:
            self._step = status.step
            if status.step:
                self.note(f"step {status.step}", time_s)

    def _show_status(self, robot: LiveRobot) -> None:
        state = robot.state()
        if state is None or robot.view is None:
            return
        status, rates = robot.view.status, robot.view.status.rates
        line = (
            f"{status.skill or 'no skill'} | tree {rates.tree_hz:.0f} Hz, perception {rates.perception_hz:.0f} Hz, "
            f"policy {rates.policy_hz:.0f} Hz | deadline misses {state.deadline_misses} of {state.cycle} | "
            f"battery {state.battery:.0%}"
        )
        if self._terminal:
            self._clear_status()
            print(f"\r\x1b[2K         {line[:110]}", end="", flush=True)
            self._status_shown = True
        else:
            self.note(f"  {line}")

    def _clear_status(self) -> None:
        if self._status_shown:
            print("\r\x1b[2K", end="", flush=True)
            self._status_shown = False


def _why(view: TreeView) -> str:
    """What the compute mode rests on; empty when everything works."""
    return next((node.feedback for node in view.nodes if node.name == view.status.compute), "")
