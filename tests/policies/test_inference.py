from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from models.errors import ModelOutputError
from models.roles import Floats, PolicyMoment
from policies.inference import Answer, Inference, Question, inference_in_thread, modelled_inference

MS = 1_000_000


class Policy:
    """Gives its question's seed back; may be told to wait or to fail."""

    knots, spacing_s, takes_prefix, seam = 2, 0.06, False, "forward"

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.error: Exception | None = None

    def act(self, moment: PolicyMoment) -> Floats:
        assert self.go.wait(10.0)
        if self.error is not None:
            raise self.error
        return np.full((2, 8), float(moment.seed), dtype=np.float32)


def question(number: int, asked_ns: int = 0) -> Question:
    moment = PolicyMoment(np.zeros(25, np.float32), np.zeros(10, np.float32), seed=number)
    return Question(number, moment, asked_ns, 0, np.zeros(8), np.zeros(8), 0, 1.0)


def wait(inference: Inference) -> Answer:
    for _ in range(2000):
        answer = inference.answer(0)
        if answer is not None:
            return answer
        time.sleep(0.005)
    raise AssertionError("no answer")


def test_a_policy_that_thinks_holds_nobody_up_and_takes_one_question_at_a_time() -> None:
    policy = Policy()
    policy.go.clear()
    inference = inference_in_thread(policy)
    assert inference.ask(question(1))
    assert inference.answer(0) is None
    assert not inference.ask(question(2))
    policy.go.set()
    answer = wait(inference)
    assert answer.question.number == 1
    assert answer.knots is not None
    assert (answer.knots == 1.0).all()
    assert inference.ask(question(3))
    assert wait(inference).question.number == 3
    inference.close()


@pytest.mark.parametrize(
    ("error", "said"),
    [(ModelOutputError("output 'knots': 3 values are not finite"), "not finite"), (ZeroDivisionError("x"), "ZeroDiv")],
)
def test_a_policy_that_fails_says_so_and_can_be_asked_again(error: Exception, said: str) -> None:
    policy = Policy()
    policy.error = error
    inference = inference_in_thread(policy)
    inference.ask(question(1))
    answer = wait(inference)
    assert answer.knots is None
    assert said in answer.error
    policy.error = None
    inference.ask(question(2))
    assert wait(inference).knots is not None
    inference.close()


def test_in_virtual_time_an_answer_comes_when_it_would() -> None:
    inference = modelled_inference(Policy(), lambda: 50 * MS)
    assert inference.ask(question(1, asked_ns=100 * MS))
    assert not inference.ask(question(2, asked_ns=110 * MS))
    assert inference.answer(149 * MS) is None
    answer = inference.answer(150 * MS)
    assert answer is not None
    assert answer.question.number == 1
    assert inference.answer(160 * MS) is None
    assert inference.ask(question(2, asked_ns=160 * MS))
