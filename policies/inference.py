"""A policy thinks beside the executor: it is asked, and its answer is there later, or never."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.errors import ModelOutputError
from models.roles import ActionPolicy, PolicyMoment

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Question:
    """What a policy is asked.

    Attributes:
        number: rises with each.
        moment: what it is told.
        asked_ns: when, on the monotonic clock.
        begin_ns: when the chunk shall begin, on the time of the reference.
        position, velocity: of the reference then, (axes,).
        observation_ns: stamp of the oldest observation.
        speed: of the velocity limits, 0..1: time is stretched by so much.
    """

    number: int
    moment: PolicyMoment
    asked_ns: int
    begin_ns: int
    position: Array
    velocity: Array
    observation_ns: int
    speed: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What it said.

    Attributes:
        question: that it was asked.
        knots: (k, axes), rad and m; None if it could not answer.
        error: why not; empty otherwise.
    """

    question: Question
    knots: Array | None
    error: str = ""


class Inference(Protocol):
    """Asks a policy without waiting for it. One question at a time."""

    def ask(self, question: Question) -> bool:
        """Hand over a question; False while it still thinks about another one."""
        ...

    def answer(self, now_ns: int) -> Answer | None:
        """The answer, once."""
        ...

    def close(self) -> None:
        """End it; a policy that never answers is left alone."""
        ...


def think(policy: ActionPolicy, question: Question) -> Answer:
    """Ask a policy and wait; whatever goes wrong is said in the answer."""
    try:
        knots = policy.act(question.moment)
    except ModelOutputError as error:
        return Answer(question, None, str(error))
    return Answer(question, np.asarray(knots, dtype=np.float64))


class ThreadedInference:
    """In a thread of its own. The networks' libraries give the interpreter free while they compute."""

    def __init__(self, policy: ActionPolicy) -> None:
        self._policy = policy
        self._questions: queue.SimpleQueue[Question | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._busy = False
        # A daemon: a policy that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="policy", daemon=True)
        self._thread.start()

    def ask(self, question: Question) -> bool:
        if self._busy:
            return False
        self._busy = True
        self._questions.put(question)
        return True

    def answer(self, now_ns: int) -> Answer | None:
        try:
            answer = self._answers.get_nowait()
        except queue.Empty:
            return None
        self._busy = False
        return answer

    def close(self) -> None:
        self._questions.put(None)

    def _run(self) -> None:
        while (question := self._questions.get()) is not None:
            try:
                answer = think(self._policy, question)
            except Exception as error:  # a user's policy may raise anything; the thread must live to say so
                answer = Answer(question, None, f"{type(error).__name__}: {error}")
            self._answers.put(answer)


class ModelledInference:
    """For virtual time: the answer is there after a given time.

    Args:
        policy: that is asked.
        delay_ns: from a question's time to when its answer is there; called for each question.
    """

    def __init__(self, policy: ActionPolicy, delay_ns: Callable[[], int]) -> None:
        self._policy = policy
        self._delay_ns = delay_ns
        self._waiting: tuple[int, Answer] | None = None

    def ask(self, question: Question) -> bool:
        if self._waiting is not None:
            return False
        self._waiting = question.asked_ns + self._delay_ns(), think(self._policy, question)
        return True

    def answer(self, now_ns: int) -> Answer | None:
        if self._waiting is None or now_ns < self._waiting[0]:
            return None
        answer = self._waiting[1]
        self._waiting = None
        return answer

    def close(self) -> None:
        return
