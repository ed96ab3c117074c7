"""What takes longer than a tick is thought about beside it: it is asked, and the answer is there later, or never."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Asked(Protocol):
    """A question that knows when it was asked."""

    @property
    def asked_ns(self) -> int: ...


AskedT = TypeVar("AskedT", bound=Asked)
AnswerT = TypeVar("AnswerT")
AskedT_contra = TypeVar("AskedT_contra", bound=Asked, contravariant=True)
AnswerT_co = TypeVar("AnswerT_co", covariant=True)


class Thinking(Protocol[AskedT_contra, AnswerT_co]):
    """Asks without waiting. One question at a time."""

    def ask(self, question: AskedT_contra) -> bool:
        """Hand over a question; False while another one is still thought about."""
        ...

    def answer(self, now_ns: int) -> AnswerT_co | None:
        """The answer, once."""
        ...

    def close(self) -> None:
        """End it; a thought that never ends is left alone."""
        ...


class ThinkingInThread(Generic[AskedT, AnswerT]):
    """In a thread of its own. numpy and the networks' libraries give the interpreter free while they compute."""

    def __init__(self, name: str, think: Callable[[AskedT], AnswerT]) -> None:
        """Begin to wait for questions.

        Args:
            name: of the thread.
            think: answers a question; may take as long as it likes, and raises nothing.
        """
        self._think = think
        self._questions: queue.SimpleQueue[AskedT | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[AnswerT] = queue.SimpleQueue()
        self._busy = False
        # A daemon: what hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def ask(self, question: AskedT) -> bool:
        if self._busy:
            return False
        self._busy = True
        self._questions.put(question)
        return True

    def answer(self, now_ns: int) -> AnswerT | None:
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
            self._answers.put(self._think(question))


class ModelledThinking(Generic[AskedT, AnswerT]):
    """For virtual time: the answer is there after a given time.

    Args:
        think: answers a question, at once.
        delay_ns: from a question's time to when its answer is there; called for each question.
    """

    def __init__(self, think: Callable[[AskedT], AnswerT], delay_ns: Callable[[], int]) -> None:
        self._think = think
        self._delay_ns = delay_ns
        self._waiting: tuple[int, AnswerT] | None = None

    def ask(self, question: AskedT) -> bool:
        if self._waiting is not None:
            return False
        self._waiting = question.asked_ns + self._delay_ns(), self._think(question)
        return True

    def answer(self, now_ns: int) -> AnswerT | None:
        if self._waiting is None or now_ns < self._waiting[0]:
            return None
        answer = self._waiting[1]
        self._waiting = None
        return answer

    def close(self) -> None:
        return
