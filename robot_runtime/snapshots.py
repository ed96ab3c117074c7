"""The snapshot stream: what the tree, the blackboard and the robot look like, complete once a second, else as changes.

A reader puts the messages together with `SnapshotAssembler`; after a gap it waits for the next complete one.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import msgspec
from py_trees.behaviour import Behaviour
from py_trees.common import Status

from behaviours.blackboard import Blackboard, Cell
from behaviours.leaf import Leaf
from robot_runtime.agent_status import AgentStatus
from trees.mission_node import MissionNode

_NS_PER_S = 1_000_000_000
_FAST_PERIOD_NS = 200_000_000  # of the keys that change with each tick
_status_of = attrgetter("status")
_feedback_of = attrgetter("feedback_message")


_NOT_LOOKED_AT: tuple[int, Behaviour | None, str] = (-1, None, "")


class NodeSnapshot(msgspec.Struct, frozen=True, array_like=True):
    """One node of the tree.

    Attributes:
        id: positions from the root, `0.1.3`; stable as long as the structure is.
        parent: id of the parent; empty for the root.
        name: for people.
        kind: `Sequence`, `Selector`, `Fallback`, `RetryUntilSuccessful`, `SubTree`, `Mission`, `action` or `condition`.
        status: `INVALID`, `RUNNING`, `SUCCESS` or `FAILURE`.
        feedback: why, in words.
    """

    id: str
    parent: str
    name: str
    kind: str
    status: str
    feedback: str


class NodeChange(msgspec.Struct, frozen=True, array_like=True):
    """What changed of one node.

    Attributes:
        index: of the node in the last complete snapshot.
        status: now.
        feedback: now.
    """

    index: int
    status: str
    feedback: str


class FullSnapshot(msgspec.Struct, frozen=True, tag="full"):
    """Everything.

    Attributes:
        sequence: rises by one with each message.
        stamp_ns: time of the tick.
        structure: rises when the tree gains or loses nodes.
        nodes: of the tree, parents before children.
        board: what observers see of the blackboard, by key.
        status: of the robot as a whole.
    """

    sequence: int
    stamp_ns: int
    structure: int
    nodes: tuple[NodeSnapshot, ...]
    board: dict[str, Any]
    status: AgentStatus


class _FullParts(msgspec.Struct, tag="full"):
    """A FullSnapshot to be written, its parts encoded already; the bytes are the same."""

    sequence: int
    stamp_ns: int
    structure: int
    nodes: list[msgspec.Raw]
    board: dict[str, msgspec.Raw]
    status: AgentStatus


class SnapshotChanges(msgspec.Struct, frozen=True, tag="changes", omit_defaults=True):
    """What changed since the message before.

    Attributes:
        sequence: one more than the message before.
        stamp_ns: time of the tick.
        nodes: changed ones.
        board: changed keys.
        status: None if unchanged.
    """

    sequence: int
    stamp_ns: int
    nodes: tuple[NodeChange, ...] = ()
    board: dict[str, Any] = {}
    status: AgentStatus | None = None


SnapshotMessage = FullSnapshot | SnapshotChanges
_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[SnapshotMessage] = msgspec.msgpack.Decoder(SnapshotMessage)


def encode(message: SnapshotMessage) -> bytes:
    """The bytes of one message."""
    return _encoder.encode(message)


def decode(data: bytes) -> SnapshotMessage:
    """The message in these bytes.

    Raises:
        msgspec.MsgspecError: they do not hold one.
    """
    return _decoder.decode(data)


class SnapshotPublisher:
    """Watches a tree and a blackboard, and says what to send after each tick.

    What did not change costs next to nothing: the nodes of the mission, by far the most, are looked at only when its
    progress has a new revision or its running leaf says something new.

    Args:
        root: of the tree.
        mission: the node of the tree that missions are loaded into.
        board: of the tree.
        full_period_s: between complete snapshots.
    """

    def __init__(self, root: Behaviour, mission: MissionNode, board: Blackboard, full_period_s: float = 1.0) -> None:
        self._root = root
        self._mission = mission
        self._board = board
        self._full_period_ns = int(full_period_s * _NS_PER_S)
        self._full_due_ns = 0
        self._sequence = 0
        self._structure = 0
        self._shown: list[NodeSnapshot] = []
        self._encoded: list[msgspec.Raw] = []
        self._outer = _WatchedNodes()
        self._inner = _WatchedNodes()
        self._inner_mark = _NOT_LOOKED_AT
        self._keys: list[_WatchedKey] = []
        self._slow_keys: list[_WatchedKey] = []
        self._fast_keys: list[_WatchedKey] = []
        self._fast_due_ns = 0
        self._board_structure = -1
        self._status: AgentStatus | None = None

    def restructure(self) -> None:
        """Call when the tree has gained or lost nodes."""
        self._structure += 1
        self._shown, self._encoded = [], []
        self._inner_mark = _NOT_LOOKED_AT
        self._full_due_ns = 0

    def update(self, now_ns: int, status: AgentStatus, leaf: Behaviour | None) -> bytes | None:
        """The message after one tick; None if nothing changed.

        Args:
            now_ns: time of the tick.
            status: of the robot as a whole.
            leaf: of the mission that runs now; None if none does.
        """
        if not self._shown:
            self._outer, self._inner = _WatchedNodes(), _WatchedNodes()
            self._gather(self._root, "0", "", self._outer)
        if self._board_structure != self._board.structure:
            self._look_at_every_key()
        nodes = self._changed_nodes(leaf)
        board = self._changed_keys(now_ns)
        news = status if status is not self._status and status != self._status else None
        self._status = status
        if now_ns >= self._full_due_ns:
            self._full_due_ns = now_ns + self._full_period_ns
            self._sequence += 1
            everything = {key.name: key.encoded for key in self._keys}
            return _encoder.encode(
                _FullParts(self._sequence, now_ns, self._structure, self._encoded, everything, status)
            )
        if not nodes and not board and news is None:
            return None
        self._sequence += 1
        return _encoder.encode(SnapshotChanges(self._sequence, now_ns, nodes, board, news))

    def _changed_nodes(self, leaf: Behaviour | None) -> tuple[NodeChange, ...]:
        nodes = self._changes(self._outer)
        mission = self._mission.mission
        if mission is not None:
            mark = (mission.progress.revision, leaf, leaf.feedback_message if leaf is not None else "")
            if mark != self._inner_mark:
                self._inner_mark = mark
                nodes += self._changes(self._inner)
        return nodes

    def _changed_keys(self, now_ns: int) -> dict[str, msgspec.Raw]:
        board: dict[str, msgspec.Raw] = {}
        for key in self._slow_keys:
            if key.cell.value is not key.value and key.look():
                board[key.name] = key.encoded
        if now_ns >= self._fast_due_ns:
            self._fast_due_ns = now_ns + _FAST_PERIOD_NS
            board.update({key.name: key.encoded for key in self._fast_keys if key.look()})
        return board

    def _look_at_every_key(self) -> None:
        self._board_structure = self._board.structure
        self._keys = [_WatchedKey(cell) for cell in self._board.cells() if not cell.key.hidden]
        for key in self._keys:
            key.look()
        self._slow_keys = [key for key in self._keys if not key.cell.key.fast]
        self._fast_keys = [key for key in self._keys if key.cell.key.fast]
        self._full_due_ns = 0

    def _changes(self, group: _WatchedNodes) -> tuple[NodeChange, ...]:
        changes = group.changes()
        for change in changes:
            shown = self._shown[change.index] = _changed(self._shown[change.index], change)
            self._encoded[change.index] = msgspec.Raw(_encoder.encode(shown))
        return changes

    def _gather(self, node: Behaviour, path: str, parent: str, group: _WatchedNodes) -> None:
        group.add(node, len(self._shown))
        shown = NodeSnapshot(path, parent, node.name, kind_of(node), node.status.name, node.feedback_message)
        self._shown.append(shown)
        self._encoded.append(msgspec.Raw(_encoder.encode(shown)))
        if node is self._mission:
            group = self._inner
        for index, child in enumerate(node.children):
            self._gather(child, f"{path}.{index}", path, group)


class _WatchedNodes:
    """Nodes, as they were last told of."""

    def __init__(self) -> None:
        self._nodes: list[Behaviour] = []
        self._indices: list[int] = []
        self._statuses: list[Status] = []
        self._feedback: list[str] = []

    def add(self, node: Behaviour, index: int) -> None:
        """Watch one more node, which has this index in the complete snapshot."""
        self._nodes.append(node)
        self._indices.append(index)
        self._statuses.append(node.status)
        self._feedback.append(node.feedback_message)

    def changes(self) -> tuple[NodeChange, ...]:
        """What changed since the last call; two list comparisons when nothing did."""
        statuses, feedback = list(map(_status_of, self._nodes)), list(map(_feedback_of, self._nodes))
        if statuses == self._statuses and feedback == self._feedback:
            return ()
        before = zip(self._statuses, self._feedback, strict=True)
        self._statuses, self._feedback = statuses, feedback
        return tuple(
            NodeChange(index, status.name, words)
            for index, status, words, known in zip(self._indices, statuses, feedback, before, strict=True)
            if (status, words) != known
        )


class _WatchedKey:
    """One key, as it was last shown."""

    __slots__ = ("cell", "encoded", "name", "shown", "value")

    def __init__(self, cell: Cell[Any]) -> None:
        self.cell = cell
        self.name = cell.key.name
        self.value: object = None
        self.shown: object = None
        self.encoded = msgspec.Raw(_encoder.encode(None))

    def look(self) -> bool:
        """Take in the present value; whether it looks different."""
        self.value = self.cell.value
        show = self.cell.key.shown
        shown = show(self.value) if show is not None else self.value
        if shown == self.shown:
            return False
        self.shown = shown
        self.encoded = msgspec.Raw(_encoder.encode(shown))
        return True


def kind_of(node: Behaviour) -> str:
    """How observers call the kind of a node."""
    if isinstance(node, Leaf):
        return node.kind
    if isinstance(node, MissionNode):
        return "Mission"
    return type(node).__name__.rstrip("_")


def _changed(known: NodeSnapshot, change: NodeChange) -> NodeSnapshot:
    return NodeSnapshot(known.id, known.parent, known.name, known.kind, change.status, change.feedback)


class TreeView(msgspec.Struct, frozen=True):
    """Everything at one moment, put together.

    Attributes:
        sequence: of the last message.
        stamp_ns: of the last message.
        nodes: of the tree, parents before children.
        board: by key.
        status: of the robot as a whole.
    """

    sequence: int
    stamp_ns: int
    nodes: tuple[NodeSnapshot, ...]
    board: Mapping[str, Any]
    status: AgentStatus


class SnapshotAssembler:
    """Puts the stream together."""

    def __init__(self) -> None:
        self.view: TreeView | None = None
        """The newest state; None before the first complete snapshot, and from a gap until the next one."""

    def apply(self, message: SnapshotMessage) -> TreeView | None:
        """Take in one message; the state after it."""
        if isinstance(message, FullSnapshot):
            self.view = TreeView(message.sequence, message.stamp_ns, message.nodes, message.board, message.status)
        elif self.view is not None:
            self.view = self._changed(self.view, message)
        return self.view

    def _changed(self, view: TreeView, message: SnapshotChanges) -> TreeView | None:
        if message.sequence != view.sequence + 1:
            return None
        nodes = list(view.nodes)
        for change in message.nodes:
            nodes[change.index] = _changed(nodes[change.index], change)
        return TreeView(
            message.sequence,
            message.stamp_ns,
            tuple(nodes),
            {**view.board, **message.board},
            message.status or view.status,
        )
