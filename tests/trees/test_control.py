from __future__ import annotations

from py_trees.behaviour import Behaviour
from py_trees.common import Status

from tests.trees.scripted import Question, Scripted
from trees.control import Fallback, RetryUntilSuccessful, Sequence_, SubTree, asks_only
from trees.progress import Progress

RUNNING, SUCCESS, FAILURE, INVALID = Status.RUNNING, Status.SUCCESS, Status.FAILURE, Status.INVALID


def statuses(*nodes: Behaviour) -> list[Status]:
    return [node.status for node in nodes]


class Row:
    """Three scripted children and what they lived through."""

    def __init__(self, a: str, b: str, c: str, first: type[Scripted] = Scripted) -> None:
        self.diary: list[str] = []
        self.progress = Progress()
        self.a = first("a", a, self.diary)
        self.b = Scripted("b", b, self.diary)
        self.c = Scripted("c", c, self.diary)
        self.children: list[Behaviour] = [self.a, self.b, self.c]


def test_a_sequence_goes_on_with_success_and_keeps_what_is_finished() -> None:
    row = Row("S", "RS", "RS")
    sequence = Sequence_("s", "0", row.progress, row.children)
    sequence.tick_once()
    assert statuses(sequence, *row.children) == [RUNNING, SUCCESS, RUNNING, INVALID]
    sequence.tick_once()
    assert statuses(sequence, *row.children) == [RUNNING, SUCCESS, SUCCESS, RUNNING]
    sequence.tick_once()
    assert statuses(sequence, *row.children) == [SUCCESS, SUCCESS, SUCCESS, SUCCESS]
    assert row.diary == ["a begins", "b begins", "c begins"]


def test_a_sequence_fails_with_its_first_failure() -> None:
    row = Row("S", "F", "S")
    sequence = Sequence_("s", "0", row.progress, row.children)
    sequence.tick_once()
    assert statuses(sequence, *row.children) == [FAILURE, SUCCESS, FAILURE, INVALID]
    assert row.progress.last_failure == "b: says F"


def test_a_fallback_goes_on_with_failure() -> None:
    row = Row("F", "RF", "S")
    fallback = Fallback("f", "0", row.progress, row.children)
    fallback.tick_once()
    assert statuses(fallback, *row.children) == [RUNNING, FAILURE, RUNNING, INVALID]
    fallback.tick_once()
    assert statuses(fallback, *row.children) == [SUCCESS, FAILURE, FAILURE, SUCCESS]


def test_a_fallback_fails_when_all_failed() -> None:
    row = Row("F", "F", "F")
    fallback = Fallback("f", "0", row.progress, row.children)
    fallback.tick_once()
    assert statuses(fallback, *row.children) == [FAILURE, FAILURE, FAILURE, FAILURE]


def test_a_finished_sequence_begins_a_new_round_from_its_first_child() -> None:
    row = Row("S", "S", "S")
    sequence = Sequence_("s", "0", row.progress, row.children)
    sequence.tick_once()
    sequence.tick_once()
    assert row.diary == ["a begins", "b begins", "c begins"] * 2


def test_a_suspended_sequence_ends_what_runs_and_begins_again_with_it() -> None:
    row = Row("S", "RRS", "S")
    sequence = Sequence_("s", "0", row.progress, row.children)
    sequence.tick_once()
    sequence.stop(INVALID)
    assert statuses(sequence, *row.children) == [INVALID, SUCCESS, INVALID, INVALID]
    sequence.tick_once()
    sequence.tick_once()
    assert statuses(sequence, *row.children) == [SUCCESS, SUCCESS, SUCCESS, SUCCESS]
    assert row.diary == ["a begins", "b begins", "b is interrupted", "b begins", "c begins"]


def test_a_suspended_sequence_asks_the_questions_before_the_interrupted_step_again() -> None:
    row = Row("S", "RRS", "S", first=Question)
    sequence = Sequence_("s", "0", row.progress, row.children)
    sequence.tick_once()
    sequence.stop(INVALID)
    assert statuses(*row.children) == [INVALID, INVALID, INVALID]
    sequence.tick_once()
    assert row.diary == ["a begins", "b begins", "b is interrupted", "a begins", "b begins"]


def test_a_resumed_sequence_fails_when_a_precondition_no_longer_holds() -> None:
    row = Row("SF", "R", "S", first=Question)
    sequence = Sequence_("s", "0", row.progress, row.children)
    sequence.tick_once()
    sequence.stop(INVALID)
    sequence.tick_once()
    assert statuses(sequence, *row.children) == [FAILURE, FAILURE, INVALID, INVALID]


def test_a_suspended_fallback_asks_again_whether_the_work_is_still_needed() -> None:
    row = Row("FS", "R", "S", first=Question)
    fallback = Fallback("f", "0", row.progress, row.children)
    fallback.tick_once()
    fallback.stop(INVALID)
    fallback.tick_once()
    assert statuses(fallback, *row.children) == [SUCCESS, SUCCESS, INVALID, INVALID]


def test_suspension_reaches_through_every_level_and_loses_no_place() -> None:
    row = Row("S", "S", "RS")
    inner = Sequence_("inner", "0.1", row.progress, [row.b, row.c])
    outer = Sequence_("outer", "0", row.progress, [row.a, SubTree("sub", "0.1", row.progress, [inner])])
    outer.tick_once()
    outer.stop(INVALID)
    outer.stop(INVALID)
    outer.tick_once()
    assert outer.status is SUCCESS
    assert row.diary == ["a begins", "b begins", "c begins", "c is interrupted", "c begins"]


def test_a_retry_begins_the_next_attempt_in_the_next_tick() -> None:
    diary: list[str] = []
    leaf = Scripted("a", "FFS", diary)
    retry = RetryUntilSuccessful("r", "0", Progress(), leaf, 3)
    retry.tick_once()
    assert statuses(retry, leaf) == [RUNNING, INVALID]
    assert retry.feedback_message == "attempt 2 of 3"
    retry.tick_once()
    retry.tick_once()
    assert statuses(retry, leaf) == [SUCCESS, SUCCESS]
    assert diary == ["a begins"] * 3


def test_a_retry_fails_when_its_attempts_are_used_up() -> None:
    leaf = Scripted("a", "F", [])
    retry = RetryUntilSuccessful("r", "0", Progress(), leaf, 2)
    retry.tick_once()
    retry.tick_once()
    assert statuses(retry, leaf) == [FAILURE, FAILURE]
    assert retry.feedback_message == "2 of 2 attempts failed"


def test_a_retry_without_end_never_fails() -> None:
    leaf = Scripted("a", "F", [])
    retry = RetryUntilSuccessful("r", "0", Progress(), leaf, -1)
    for _ in range(50):
        retry.tick_once()
        assert retry.status is RUNNING


def test_the_next_attempt_begins_with_the_first_step() -> None:
    row = Row("S", "FS", "S")
    retry = RetryUntilSuccessful("r", "0", row.progress, Sequence_("s", "0.0", row.progress, row.children), 2)
    retry.tick_once()
    retry.tick_once()
    assert retry.status is SUCCESS
    assert row.diary == ["a begins", "b begins", "a begins", "b begins", "c begins"]


def test_an_attempt_that_was_suspended_and_fails_afterwards_is_made_again_and_not_counted() -> None:
    leaf = Scripted("a", "RFFS", [])
    retry = RetryUntilSuccessful("r", "0", Progress(), leaf, 2)
    retry.tick_once()
    retry.stop(INVALID)
    retry.tick_once()
    assert (retry.status, retry.feedback_message) == (RUNNING, "attempt 1 of 2")
    retry.tick_once()
    assert (retry.status, retry.feedback_message) == (RUNNING, "attempt 2 of 2")
    retry.tick_once()
    assert retry.status is SUCCESS


def test_a_suspension_excuses_one_failure_only() -> None:
    leaf = Scripted("a", "RF", [])
    retry = RetryUntilSuccessful("r", "0", Progress(), leaf, 1)
    retry.tick_once()
    retry.stop(INVALID)
    retry.tick_once()
    retry.tick_once()
    assert retry.status is FAILURE


def test_a_suspension_is_excused_by_the_innermost_retry_alone() -> None:
    progress = Progress()
    leaf = Scripted("a", "RF", [])
    inner = RetryUntilSuccessful("inner", "0.0", progress, leaf, 1)
    outer = RetryUntilSuccessful("outer", "0", progress, inner, 1)
    outer.tick_once()
    outer.stop(INVALID)
    outer.tick_once()
    assert statuses(outer, inner) == [RUNNING, RUNNING]
    outer.tick_once()
    assert statuses(outer, inner) == [FAILURE, FAILURE]


def test_only_what_changes_nothing_may_be_asked_again() -> None:
    question, action = Question("q", "S", []), Scripted("a", "S", [])
    assert asks_only(question)
    assert not asks_only(action)
    assert asks_only(Fallback("f", "0", Progress(), [Question("q", "S", [])]))
    assert not asks_only(Fallback("f", "0", Progress(), [question, action]))


def test_every_change_of_status_has_a_new_revision() -> None:
    row = Row("S", "RRS", "S", first=Question)
    retry = RetryUntilSuccessful("r", "0", row.progress, Sequence_("s", "0.0", row.progress, row.children), 2)
    seen = (row.progress.revision, [node.status for node in retry.iterate()])
    for suspend in (False, False, True, True, False, False, False):
        if suspend:
            retry.stop(INVALID)
        else:
            retry.tick_once()
        now = (row.progress.revision, [node.status for node in retry.iterate()])
        assert now[1] == seen[1] or now[0] != seen[0]
        seen = now
