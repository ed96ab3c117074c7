"""The `Mission` branch of the root tree: runs one mission, suspends it when it cannot go on, and knows how it ended."""

from __future__ import annotations

from collections.abc import Iterator

from py_trees.behaviour import Behaviour
from py_trees.common import Status
from py_trees.composites import Composite

from behaviours import keys
from behaviours.blackboard import Blackboard
from behaviours.profile import PolicyKind
from behaviours.skills import SkillLeaf
from trees.mission_build import Mission


class MissionNode(Composite):
    """FAILURE without a mission; else RUNNING until the mission ends, then once what it ended with.

    A skill that needs a controller which the profile in force does not allow is ended, and the mission waits, RUNNING,
    with the reason in `feedback_message` and `/mission/waiting`. When the profile allows it again, the mission goes on
    by the law of `trees.progress`. A mode change itself never resets anything.
    """

    def __init__(self, board: Blackboard) -> None:
        super().__init__("Mission")
        self._profile = board.reader(keys.PROFILE, self.name)
        self._compute_mode = board.reader(keys.COMPUTE_MODE, self.name)
        self._waiting = board.writer(keys.WAITING, self.name)
        self._lacks: PolicyKind | None = None
        self.mission: Mission | None = None
        self.result: Status | None = None
        """How the last mission ended: SUCCESS, FAILURE, or INVALID when it was cancelled; None while it runs."""

    def load(self, mission: Mission) -> None:
        """Begin a mission in the next tick; the one before it is dropped."""
        self.unload()
        self.add_child(mission.root)
        self.mission = mission
        self.result = None

    def cancel(self) -> None:
        """End the running mission, if there is one; its last state stays visible."""
        if self.mission is not None and self.result is None:
            self._suspend()
            self.result = Status.INVALID
            self._wait_for(None)

    def unload(self) -> None:
        """End and remove the mission."""
        self.cancel()
        if self.mission is not None:
            self.remove_child(self.mission.root)
            self.mission.root.parent = None
        self.mission = None

    def running_leaf(self) -> Behaviour | None:
        """The leaf of the mission that runs now; None if none does."""
        node: Behaviour | None = self.mission.root if self.mission is not None else None
        while node is not None and node.status is Status.RUNNING:
            if not isinstance(node, Composite):
                return node
            node = node.current_child
        return None

    def update(self) -> Status:
        raise NotImplementedError("the mission is ticked through its child")

    def tick(self) -> Iterator[Behaviour]:
        mission = self.mission
        if mission is None or self.result is not None:
            self._end(Status.FAILURE)
            yield self
            return
        self.current_child = mission.root
        running = self.running_leaf()
        if isinstance(running, SkillLeaf) and not self._profile.get().allows(running.needs):
            self._suspend()
            self._lacks = running.needs
        if self._lacks is not None:
            self._wait_for(None if self._profile.get().allows(self._lacks) else self._lacks)
        if self._lacks is None:
            before = mission.root.status
            yield from mission.root.tick()
            mission.progress.revision += mission.root.status is not before
        if self._lacks is None and mission.root.status is not Status.RUNNING:
            self.result = mission.root.status
            mission.progress.note(mission.root)
            self.feedback_message = mission.progress.last_failure if self.result is Status.FAILURE else ""
            self._end(self.result)
        else:
            self.status = Status.RUNNING
        yield self

    def stop(self, new_status: Status = Status.INVALID) -> None:
        """Suspend when interrupted; nothing below is ever set back."""
        if new_status is Status.INVALID:
            self._suspend()
        self._end(new_status)

    def _suspend(self) -> None:
        if self.mission is not None and self.mission.root.status is Status.RUNNING:
            self.mission.root.stop(Status.INVALID)
            self.mission.progress.revision += 1

    def _end(self, status: Status) -> None:
        self.status = status
        self.iterator = self.tick()

    def _wait_for(self, lacks: PolicyKind | None) -> None:
        self._lacks = lacks
        reason = "" if lacks is None else f"waits for a {lacks} policy ({self._compute_mode.get()})"
        self._waiting.set(reason)
        self.feedback_message = reason
