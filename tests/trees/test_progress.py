from __future__ import annotations

import pytest
from py_trees.behaviours import Failure, Success
from py_trees.common import Status
from py_trees.composites import Sequence

from trees.progress import Progress


def test_a_place_is_kept_until_it_is_moved() -> None:
    progress = Progress()
    assert progress.place("0.1") is None
    progress.move("0.1", 2)
    progress.move("0.1", 3)
    assert progress.place("0.1") == 3


def test_forgetting_a_node_forgets_all_below_it_and_nothing_beside_it() -> None:
    progress = Progress()
    for path in ("0", "0.1", "0.1.0", "0.10", "0.2"):
        progress.move(path, 1)
        progress.mark_suspended(path)
    progress.forget("0.1")
    kept = {path for path in ("0", "0.1", "0.1.0", "0.10", "0.2") if progress.place(path) is not None}
    assert kept == {"0", "0.10", "0.2"}
    assert {path for path in ("0", "0.1", "0.1.0", "0.10", "0.2") if progress.take_suspended(path)} == kept


def test_a_suspended_attempt_is_taken_once() -> None:
    progress = Progress()
    assert not progress.take_suspended("0")
    progress.mark_suspended("0")
    assert progress.take_suspended("0")
    assert not progress.take_suspended("0")


def test_the_revision_rises_with_every_change_of_a_place() -> None:
    progress = Progress()
    revisions = [progress.revision]
    progress.move("0", 1)
    revisions.append(progress.revision)
    progress.forget("0")
    revisions.append(progress.revision)
    assert revisions == sorted(set(revisions))


@pytest.mark.parametrize(("feedback", "says"), [("it slipped", "Pick: it slipped"), ("", "Pick")])
def test_the_leaf_that_failed_last_is_remembered_with_its_reason(feedback: str, says: str) -> None:
    progress = Progress()
    leaf = Failure("Pick")
    leaf.tick_once()
    leaf.feedback_message = feedback
    progress.note(leaf)
    assert progress.last_failure == says


def test_neither_a_success_nor_a_node_with_children_is_a_leaf_that_failed() -> None:
    progress = Progress()
    success, parent = Success("Place"), Sequence("All", memory=True, children=[Failure("Pick")])
    for node in (success, parent):
        node.tick_once()
        progress.note(node)
    assert parent.status is Status.FAILURE
    assert progress.last_failure == ""
