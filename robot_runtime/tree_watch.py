"""The live tree in a terminal, with a stop key; `dynamical tree watch`. It survives the agent and the robot."""

from __future__ import annotations

import logging
import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from behaviours.robot import RobotState
from robot_runtime import tier1
from robot_runtime.client import AgentClient, OperatorStop, SnapshotReader
from robot_runtime.snapshots import NodeSnapshot, TreeView
from rt_control import _native as native
from rt_control.channels import RunDirectory
from rt_control.errors import DynamicalError, InputError

_logger = logging.getLogger(__name__)

SIGNS = {"INVALID": ("·", "dim"), "RUNNING": ("▶", "yellow"), "SUCCESS": ("✔", "green"), "FAILURE": ("✘", "red")}
KEYS = "s stop   r reset   p pause/resume   q quit"
SILENCE_S = 2.0
_REFRESH_S = 0.1
_ATTACH_S = 0.5
_API_TIMEOUT_S = 0.5
_HIDDEN_STATUS = "INVALID"


def render_tree(view: TreeView, *, everything: bool = False) -> Text:
    """The tree as text, a line for each node.

    Args:
        view: to be drawn.
        everything: also what lies below a node of which nothing has begun; by default it is one line.
    """
    text = Text()
    begun = _begun(view)
    folded: set[str] = set()
    for node in view.nodes:
        if node.parent in folded:
            folded.add(node.id)
            continue
        if node.id not in begun and not everything:
            folded.add(node.id)
        text.append_text(_line(node))
    return text


def _begun(view: TreeView) -> set[str]:
    """Every node that has a status, and all above it: a suspended mission keeps its finished steps in sight."""
    begun: set[str] = set()
    for node in view.nodes:
        if node.status != _HIDDEN_STATUS:
            path = node.id
            while path and path not in begun:
                begun.add(path)
                path = path.rpartition(".")[0]
    return begun


def _line(node: NodeSnapshot) -> Text:
    sign, style = SIGNS[node.status]
    line = Text("  " * node.id.count("."))
    line.append(f"{sign} ", style)
    line.append(node.name, style if node.status == _HIDDEN_STATUS else "bold" if node.status == "RUNNING" else "")
    if node.feedback:
        line.append(f"  {node.feedback}", "dim")
    line.append("\n")
    return line


def render_header(view: TreeView | None, robot: RobotState | None, age_s: float) -> Text:
    """What stands above the tree.

    Args:
        view: newest state of the stream; None without one.
        robot: newest state of tier 1; None without one.
        age_s: since the stream last said something.
    """
    text = Text()
    if view is None:
        text.append("agent    not heard of\n", "red")
    else:
        status = view.status
        text.append(f"agent    {status.robot}  {' '.join(_modes(view))}  {status.rates.tree_hz:.0f} Hz")
        text.append(f"  SILENT for {age_s:.1f} s\n" if age_s > SILENCE_S else "\n", "red")
        if status.mission:
            text.append(f"mission  {status.step or status.mission}")
            text.append(f"  {status.outcome.sentence()}" if status.outcome is not None else "", "bold")
            text.append("\n")
        if status.reason:
            text.append(f"why      {status.reason}\n", "yellow")
        if status.asks:
            text.append(f"asks     {status.asks}\n", "yellow")
    if robot is None:
        text.append("tier 1   not there\n", "red")
    else:
        text.append(
            f"tier 1   {robot.execution}  authority {robot.authority}  {robot.tcp_speed_mps:.2f} m/s  "
            f"speed x{robot.speed_scale:.2f}  margins x{robot.margin_scale:.1f}  misses {robot.deadline_misses}  "
            f"{robot.realtime}\n"
        )
        if robot.latched:
            text.append(f"STOPPED  {robot.first_cause.sentence()}\n", "bold red")
    return text


def _modes(view: TreeView) -> list[str]:
    status = view.status
    modes = [status.compute, status.connectivity] if status.branch == "Operate" else [status.branch]
    return [mode for mode in modes if mode] or ["starting"]


def plain_line(view: TreeView | None, robot: RobotState | None) -> str:
    """All of it in one line, for logs and pipes; the same text means that nothing of note changed."""
    tier = "tier 1 not there" if robot is None else f"tier 1 {robot.execution}"
    if robot is not None and robot.latched:
        tier += f" ({robot.first_cause.fault}, latched)"
    if view is None:
        return f"agent not heard of | {tier}"
    status = view.status
    parts = [" ".join(_modes(view)), status.step or status.mission, status.reason, tier]
    if status.outcome is not None:
        parts.append(status.outcome.sentence())
    return " | ".join(part for part in parts if part)


class TreeWatch:
    """What the watch sees and may do. Attaches to the robot whenever it is there.

    Args:
        robot: name of the robot.
        root: of the run directories; None = the user's own.
    """

    def __init__(self, robot: str, root: Path | None = None) -> None:
        self._robot_name = robot
        self._root = root
        self._reader: SnapshotReader | None = None
        self._states: native.StateReader | None = None
        self._run: RunDirectory | None = None
        self._identity: tuple[int, int] | None = None
        self._look_s = 0.0
        self._heard_s = 0.0
        self._sequence = -1
        self.view: TreeView | None = None
        self.robot: RobotState | None = None
        self.note = ""

    def refresh(self, now_s: float) -> None:
        """Read what is new; look for the robot if it went away."""
        if now_s >= self._look_s:
            self._look_s = now_s + _ATTACH_S
            self._attach()
        if self._reader is not None:
            self.view = self._reader.read() or self.view
            if self.view is not None and self.view.sequence != self._sequence:
                self._sequence, self._heard_s = self.view.sequence, now_s
        state = self._states.read() if self._states is not None else None
        self.robot = tier1.robot_state(state) if state is not None else None

    def silent_s(self, now_s: float) -> float:
        """Since the stream last said something."""
        return now_s - self._heard_s

    def press(self, key: str) -> bool:
        """Do what a key means; False to quit."""
        self.note = ""
        try:
            match key:
                case "q" | "\x03" | "\x04":
                    return False
                case "s" | "r":
                    stop = OperatorStop(self._need_run())
                    if key == "s":
                        stop.stop()
                    else:
                        stop.reset()
                    self.note = "stop requested" if key == "s" else "reset requested; p resumes"
                case "p":
                    self._pause_or_resume()
        except DynamicalError as error:
            self.note = str(error)
        return True

    def close(self) -> None:
        """Release what is open."""
        if self._reader is not None:
            self._reader.close()
        self._reader = self._states = self._run = None

    def _pause_or_resume(self) -> None:
        with AgentClient(self._need_run().endpoint("agent.api"), _API_TIMEOUT_S, "tree watch") as client:
            paused = bool(self.view is not None and self.view.board.get("/operator/state", {}).get("paused"))
            if paused:
                client.resume()
            else:
                client.pause("paused in tree watch")
            self.note = "resumed" if paused else "paused"

    def _need_run(self) -> RunDirectory:
        if self._run is None:
            raise InputError(f"robot {self._robot_name!r} does not run; start it with `dynamical run`")
        return self._run

    def _attach(self) -> None:
        try:
            run = RunDirectory.open(self._robot_name, self._root)
            found = os.stat(run.path("state"))
        except (InputError, OSError):
            self.close()
            self._identity = self.view = None
            return
        identity = (found.st_ino, found.st_ctime_ns)
        if self._identity == identity:
            return
        self.close()
        try:
            self._states = native.StateReader(run.path("state"))
            self._reader = SnapshotReader(run.endpoint("agent.snapshots"))
            self._run, self._identity = run, identity
        except Exception as error:  # the robot is just starting or ending; the next look decides
            _logger.debug("cannot attach yet: %s", error)


def watch(
    robot: str,
    root: Path | None = None,
    *,
    duration_s: float | None = None,
    output: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Show the live tree until the user quits; lines of text where the output is no terminal.

    Args:
        robot: name of the robot.
        root: of the run directories; None = the user's own.
        duration_s: end after so long; None = on `q` or Ctrl-C.
        output: where to; standard output when left out.
        clock: monotonic, s.
    """
    output = output or sys.stdout
    seen = TreeWatch(robot, root)
    end_s = None if duration_s is None else clock() + duration_s
    try:
        if output.isatty() and sys.stdin.isatty():
            _watch_terminal(seen, output, clock, end_s)
        else:
            _watch_lines(seen, output, clock, end_s)
    except KeyboardInterrupt:
        pass
    finally:
        seen.close()


def _watch_terminal(seen: TreeWatch, output: TextIO, clock: Callable[[], float], end_s: float | None) -> None:
    console = Console(file=output, highlight=False)
    with _single_keys() as keyboard, Live(console=console, screen=True, auto_refresh=False) as live:
        while end_s is None or clock() < end_s:
            now_s = clock()
            seen.refresh(now_s)
            parts = [render_header(seen.view, seen.robot, seen.silent_s(now_s))]
            if seen.view is not None:
                parts.append(render_tree(seen.view))
            parts.append(Text(f"{KEYS}   {seen.note}", "reverse"))
            live.update(Group(*parts), refresh=True)
            if select.select([keyboard], [], [], _REFRESH_S)[0] and not seen.press(
                os.read(keyboard, 1).decode("latin-1")
            ):
                return


def _watch_lines(seen: TreeWatch, output: TextIO, clock: Callable[[], float], end_s: float | None) -> None:
    said = ""
    while end_s is None or clock() < end_s:
        seen.refresh(clock())
        line = plain_line(seen.view, seen.robot)
        if line != said:
            said = line
            output.write(line + "\n")
            output.flush()
        time.sleep(_REFRESH_S)


@contextmanager
def _single_keys() -> Iterator[int]:
    """The keyboard without waiting for Enter."""
    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    tty.setcbreak(keyboard)
    try:
        yield keyboard
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
