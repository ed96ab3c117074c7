"""The mode branches: each decides from `Health`, sets its profile, and succeeds in the tick that sees its cause."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ClassVar

from py_trees.common import Status

from behaviours import keys, profile
from behaviours.blackboard import Blackboard, Writer
from behaviours.health import Health
from behaviours.leaf import Leaf
from behaviours.profile import Profile


@dataclass(frozen=True)
class ComputeOutputs:
    """What the branches of Compute write; one set, as only one branch holds in a tick."""

    mode: Writer[str]
    profile: Writer[Profile]
    asks: Writer[str]

    @classmethod
    def claim(cls, board: Blackboard) -> ComputeOutputs:
        """Take the writing rights on a blackboard."""
        return cls(
            board.writer(keys.COMPUTE_MODE, "Compute"),
            board.writer(keys.COMPUTE_PROFILE, "Compute"),
            board.writer(keys.ASKS, "Compute"),
        )


class ComputeMode(Leaf):
    """One branch of Compute."""

    profile: ClassVar[Profile]
    asks: ClassVar[str] = ""

    def __init__(self, board: Blackboard, outputs: ComputeOutputs) -> None:
        super().__init__(type(self).__name__)
        self._health = board.reader(keys.HEALTH, self.name)
        self._outputs = outputs

    @abc.abstractmethod
    def cause(self, health: Health) -> str | None:
        """Why the branch holds; None if it does not."""

    def step(self) -> Status:
        cause = self.cause(self._health.get())
        self.feedback_message = cause or ""
        if cause is None:
            return Status.FAILURE
        self._outputs.mode.set(self.name)
        self._outputs.profile.set(self.profile)
        self._outputs.asks.set(self.asks)
        return Status.SUCCESS


class Blind(ComputeMode):
    """No camera is fresh, or none can be used: hold and ask for a human."""

    profile = profile.BLIND
    asks = "takeover: the robot sees nothing"

    def cause(self, health: Health) -> str | None:
        return None if health.cameras.ok else health.cameras.reason


class CpuOnly(ComputeMode):
    """The perception or the policy worker is dead, hung, without its device, or without an image that it can use."""

    profile = profile.CPU_ONLY
    asks = "takeover: the robot cannot go on without its workers"

    def cause(self, health: Health) -> str | None:
        lost = [item.reason for item in (health.perception, health.policy) if not item.ok]
        return "; ".join(lost) if lost else None


class GpuOverloaded(ComputeMode):
    """The workers miss their deadlines."""

    profile = profile.GPU_OVERLOADED

    def cause(self, health: Health) -> str | None:
        return None if health.load.ok else health.load.reason


class FullCompute(ComputeMode):
    """Everything works."""

    profile = profile.FULL_COMPUTE

    def cause(self, health: Health) -> str | None:
        return ""


@dataclass(frozen=True)
class ConnectivityOutputs:
    """What the branches of Connectivity write; they come last, so theirs is the profile in force."""

    mode: Writer[str]
    profile: Writer[Profile]

    @classmethod
    def claim(cls, board: Blackboard) -> ConnectivityOutputs:
        """Take the writing rights on a blackboard."""
        return cls(board.writer(keys.CONNECTIVITY_MODE, "Connectivity"), board.writer(keys.PROFILE, "Connectivity"))


class ConnectivityMode(Leaf):
    """One branch of Connectivity; puts the most careful of its own and Compute's profile in force."""

    profile: ClassVar[Profile]

    def __init__(self, board: Blackboard, outputs: ConnectivityOutputs) -> None:
        super().__init__(type(self).__name__)
        self._health = board.reader(keys.HEALTH, self.name)
        self._compute = board.reader(keys.COMPUTE_PROFILE, self.name)
        self._outputs = outputs
        self._combined = (self._compute.get(), profile.most_careful(self._compute.get(), self.profile))

    @abc.abstractmethod
    def cause(self, health: Health) -> str | None:
        """Why the branch holds; None if it does not."""

    def step(self) -> Status:
        cause = self.cause(self._health.get())
        self.feedback_message = cause or ""
        if cause is None:
            return Status.FAILURE
        compute = self._compute.get()
        if compute is not self._combined[0]:
            self._combined = (compute, profile.most_careful(compute, self.profile))
        self._outputs.mode.set(self.name)
        self._outputs.profile.set(self._combined[1])
        return Status.SUCCESS


class Offline(ConnectivityMode):
    """The cloud does not answer: nothing changes for safety, new skills and remote perception wait."""

    profile = profile.OFFLINE

    def cause(self, health: Health) -> str | None:
        return None if health.cloud.ok else health.cloud.reason


class Online(ConnectivityMode):
    """The cloud answers."""

    profile = profile.ONLINE

    def cause(self, health: Health) -> str | None:
        return ""
