from __future__ import annotations

import pytest

from behaviours import keys
from behaviours.blackboard import AccessError, Blackboard, Key

SPEED: Key[float] = Key("/robot/speed", 0.0, "how fast it moves")


def test_readers_see_what_the_writer_wrote() -> None:
    board = Blackboard()
    board.declare(SPEED)
    first, second = board.reader(SPEED, "first"), board.reader(SPEED, "second")
    assert first.get() == 0.0
    board.writer(SPEED, "writer").set(0.25)
    assert first.get() == second.get() == 0.25


def test_a_key_has_one_writer_and_the_refusal_names_it() -> None:
    board = Blackboard()
    board.declare(SPEED)
    board.writer(SPEED, "Sense")
    with pytest.raises(AccessError, match="/robot/speed is written by Sense; intruder may only read it"):
        board.writer(SPEED, "intruder")


def test_what_is_not_declared_can_be_neither_read_nor_written() -> None:
    board = Blackboard()
    with pytest.raises(AccessError, match="/robot/speed is not declared"):
        board.reader(SPEED, "reader")
    with pytest.raises(AccessError, match="/robot/speed is not declared"):
        board.writer(SPEED, "writer")


def test_a_name_is_declared_once() -> None:
    board = Blackboard()
    board.declare(SPEED)
    with pytest.raises(AccessError, match="declared twice"):
        board.declare(SPEED)


@pytest.mark.parametrize("name", ["speed", "/speed", "robot/speed"])
def test_a_name_has_a_namespace(name: str) -> None:
    with pytest.raises(AccessError, match="not of the form /namespace/name"):
        Blackboard().declare(Key(name, 0, ""))


def test_two_blackboards_share_nothing() -> None:
    first, second = Blackboard(), Blackboard()
    for board in (first, second):
        board.declare(SPEED)
    first.writer(SPEED, "writer").set(1.0)
    assert second.reader(SPEED, "reader").get() == 0.0


def test_removing_a_namespace_leaves_the_others() -> None:
    board = keys.root_blackboard()
    board.declare(Key("/mission/data/0/x", None, ""))
    structure = board.structure
    board.remove("/mission/data")
    names = {cell.key.name for cell in board.cells()}
    assert "/mission/data/0/x" not in names
    assert "/mission/held" in names
    assert board.structure > structure
