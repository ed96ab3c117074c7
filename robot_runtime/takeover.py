"""Gives the robot to the operator's jog and takes it back: the authority side of `HumanTakeover`."""

from __future__ import annotations

from behaviours.robot import RobotState
from robot_runtime.agent_ports import Tier1Request

_JOG = "jog"
_RETRY_NS = 200_000_000


class Takeover:
    """Keeps the authority of `jog` as long as an operator holds the robot. Pure, like skill execution."""

    def __init__(self) -> None:
        self._asked: tuple[bool, int] | None = None
        self._epoch = 0

    def update(self, now_ns: int, robot: RobotState | None, *, held: bool, free: bool) -> Tier1Request | None:
        """What to ask of tier 1 in this tick.

        Args:
            now_ns: time of the tick.
            robot: newest state of tier 1.
            held: an operator holds the robot.
            free: no skill runs or is ending.
        """
        if robot is None or robot.latched or not (held and free or robot.authority == _JOG):
            return None
        if held == (robot.authority == _JOG):
            return None
        if self._asked is not None and self._asked[0] == held and now_ns - self._asked[1] < _RETRY_NS:
            return None
        self._asked = (held, now_ns)
        if not held:
            return Tier1Request("revoke_authority", _JOG, robot.epoch, 0, now_ns)
        self._epoch = max(self._epoch, robot.epoch_highest) + 1
        return Tier1Request("grant_authority", _JOG, self._epoch, 0, now_ns)
