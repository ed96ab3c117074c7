from __future__ import annotations

import pytest

from perception.patience import Patience, PatienceConfig

S = 1_000_000_000


def test_a_question_at_a_time() -> None:
    patience = Patience()
    assert patience.ready(0)
    patience.ask(0)
    assert not patience.ready(S)
    with pytest.raises(ValueError, match="asked before the last question was answered"):
        patience.ask(S)
    patience.answered()
    assert patience.ready(S)


def test_an_answer_is_overdue_after_the_limit_and_not_before() -> None:
    patience = Patience(PatienceConfig(limit_s=2.0))
    assert not patience.overdue(100 * S)
    patience.ask(0)
    assert not patience.overdue(2 * S)
    assert patience.overdue(2 * S + 1)


def test_pauses_double_up_to_the_longest_and_an_answer_ends_them() -> None:
    patience, now_ns, pauses = Patience(PatienceConfig(2.0, 0.5, 3.0)), 0, []
    for _ in range(5):
        patience.ask(now_ns)
        patience.failed(now_ns)
        pause_ns = next(wait for wait in range(0, 4 * S, S // 4) if patience.ready(now_ns + wait))
        pauses.append(pause_ns / S)
        now_ns += pause_ns
    assert pauses == [0.5, 1.0, 2.0, 3.0, 3.0]
    patience.ask(now_ns)
    patience.answered()
    patience.ask(now_ns)
    patience.failed(now_ns)
    assert patience.ready(now_ns + S // 2)


@pytest.mark.parametrize("times", [(0.0, 0.5, 8.0), (2.0, 0.0, 8.0), (2.0, 9.0, 8.0), (float("nan"), 0.5, 8.0)])
def test_times_that_make_no_sense_are_refused(times: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="allowed: above 0, the first at most the longest"):
        PatienceConfig(*times)
