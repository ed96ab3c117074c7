"""The control nodes of missions. They follow BehaviorTree.CPP 4 and keep their place in `Progress`."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Sequence

from py_trees.behaviour import Behaviour
from py_trees.common import Status
from py_trees.composites import Composite

from behaviours.leaf import Leaf
from trees.progress import Progress


def asks_only(node: Behaviour) -> bool:
    """Whether a node and all below it change nothing, so that they may be asked again."""
    if isinstance(node, Leaf):
        return node.asks_only
    return bool(node.children) and all(asks_only(child) for child in node.children)


class Control(Composite):
    """A control node with its place in the mission's progress.

    `stop(INVALID)` while running is a suspension: what runs below is ended, what is finished is kept.
    """

    def __init__(self, name: str, path: str, progress: Progress, children: Sequence[Behaviour]) -> None:
        super().__init__(name, list(children))
        self.path = path
        self.progress = progress

    def update(self) -> Status:
        raise NotImplementedError("a control node is ticked through its children")

    @abc.abstractmethod
    def tick(self) -> Iterator[Behaviour]:
        """Tick the child whose turn it is."""

    def begin(self) -> int | None:
        """Called first in each tick; the place of this node, None at the beginning of a round."""
        if self.status is not Status.RUNNING:
            self.progress.revision += 1
        return self.progress.place(self.path)

    def stop(self, new_status: Status = Status.INVALID) -> None:
        self.progress.revision += 1
        if new_status is Status.INVALID and self.status is Status.RUNNING:
            self.suspend()
            self.status = Status.INVALID
            self.iterator = self.tick()
            return
        super().stop(new_status)

    def suspend(self) -> None:
        """End what runs below and keep the place."""
        for child in self.children:
            if child.status is Status.RUNNING:
                child.stop(Status.INVALID)

    def start_over(self) -> None:
        """Forget the place of this node and of all below, and show them as not begun."""
        self.progress.forget(self.path)
        for child in self.children:
            reset(child)

    def finish(self, status: Status) -> Behaviour:
        """End the round of this node."""
        self.progress.forget(self.path)
        self.stop(status)
        return self


def reset(node: Behaviour) -> None:
    """Show a node and all below it as not begun."""
    if node.status is Status.RUNNING:
        node.stop(Status.INVALID)
    node.status = Status.INVALID
    node.feedback_message = ""
    for child in node.children:
        reset(child)


class _InOrder(Control):
    """Children one after the other until one of them decides."""

    goes_on: Status
    """Status of a child after which the next one is ticked; also of the whole when no child is left."""

    def tick(self) -> Iterator[Behaviour]:
        index = self.begin()
        if index is None:
            self.start_over()
            index = 0
            self.progress.move(self.path, index)
        while index < len(self.children):
            child = self.children[index]
            self.current_child = child
            yield from child.tick()
            if child.status is Status.RUNNING:
                self.status = Status.RUNNING
                yield self
                return
            self.progress.note(child)
            if child.status is not self.goes_on:
                yield self.finish(child.status)
                return
            index += 1
            self.progress.move(self.path, index)
        yield self.finish(self.goes_on)

    def suspend(self) -> None:
        super().suspend()
        index = self.progress.place(self.path) or 0
        while index > 0 and asks_only(self.children[index - 1]):
            index -= 1
            reset(self.children[index])
        self.progress.move(self.path, index)


class Sequence_(_InOrder):
    """`Sequence`: SUCCESS when every child succeeded; FAILURE with the first that fails."""

    goes_on = Status.SUCCESS


class Fallback(_InOrder):
    """`Fallback`: SUCCESS with the first child that succeeds; FAILURE when all failed."""

    goes_on = Status.FAILURE


class SubTree(Control):
    """`SubTree`: does what its one child does."""

    def tick(self) -> Iterator[Behaviour]:
        child = self.children[0]
        self.current_child = child
        if self.begin() is None:
            self.start_over()
            self.progress.move(self.path, 0)
        yield from child.tick()
        if child.status is Status.RUNNING:
            self.status = Status.RUNNING
            yield self
        else:
            self.progress.note(child)
            yield self.finish(child.status)


class RetryUntilSuccessful(Control):
    """`RetryUntilSuccessful`: ticks its child anew after a failure, up to a number of attempts; -1 = without end.

    The next attempt begins in the next tick, never in the same one, so that a child that fails at once cannot hold
    the tree.
    """

    def __init__(self, name: str, path: str, progress: Progress, child: Behaviour, num_attempts: int) -> None:
        super().__init__(name, path, progress, [child])
        self.num_attempts = num_attempts

    def tick(self) -> Iterator[Behaviour]:
        child = self.children[0]
        self.current_child = child
        failed = self.begin()
        if failed is None:
            self.start_over()
            failed = 0
            self.progress.move(self.path, failed)
        self._say(failed)
        yield from child.tick()
        if child.status is Status.SUCCESS:
            yield self.finish(Status.SUCCESS)
            return
        if child.status is Status.FAILURE:
            self.progress.note(child)
            counts = not self.progress.take_suspended(self.path)
            failed += counts
            if 0 <= self.num_attempts <= failed:
                self.feedback_message = f"{failed} of {self.num_attempts} attempts failed"
                yield self.finish(Status.FAILURE)
                return
            self.start_over()
            self.progress.move(self.path, failed)
            self._say(failed)
        self.status = Status.RUNNING
        yield self

    def suspend(self) -> None:
        if not _retries_below(self.current_child):
            self.progress.mark_suspended(self.path)
        super().suspend()

    def _say(self, failed: int) -> None:
        of = "" if self.num_attempts < 0 else f" of {self.num_attempts}"
        self.feedback_message = f"attempt {failed + 1}{of}"


def _retries_below(node: Behaviour | None) -> bool:
    """Whether an attempt of a retry runs at or below this node."""
    while node is not None and node.status is Status.RUNNING:
        if isinstance(node, RetryUntilSuccessful):
            return True
        node = node.current_child if isinstance(node, Composite) else None
    return False
