"""A policy thinks beside the executor: it is asked, and its answer is there later, or never."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from models.errors import ModelOutputError
from models.roles import ActionPolicy, PolicyMoment
from policies.thinking import ModelledThinking, Thinking, ThinkingInThread

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


Inference = Thinking[Question, Answer]
"""Asks a policy without waiting for it."""


def think(policy: ActionPolicy, question: Question) -> Answer:
    """Ask a policy and wait; whatever goes wrong is said in the answer."""
    try:
        knots = policy.act(question.moment)
    except ModelOutputError as error:
        return Answer(question, None, str(error))
    except Exception as error:  # a user's policy may raise anything; who asks must live to say so
        return Answer(question, None, f"{type(error).__name__}: {error}")
    return Answer(question, np.asarray(knots, dtype=np.float64))


def inference_in_thread(policy: ActionPolicy) -> Inference:
    """The policy thinks in a thread of its own."""
    return ThinkingInThread("policy", partial(think, policy))


def modelled_inference(policy: ActionPolicy, delay_ns: Callable[[], int]) -> Inference:
    """For virtual time: its answers are there after a given time, see `ModelledThinking`."""
    return ModelledThinking(partial(think, policy), delay_ns)
