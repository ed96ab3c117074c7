"""Motion from a policy: asks it, joins its chunks, and cuts commands out of them. Never waits for it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.roles import PolicyMoment
from policies.action_chunk import ActionChunk, Trajectory
from policies.cell import Cell
from policies.delay_estimator import DelayEstimator
from policies.follower import CHUNK_NS, SETPOINTS, SPACING_NS
from policies.inference import Answer, Inference, Question
from policies.observation import GripperReading, PolicyTarget, state_vector, target_vector
from policies.seam import Joiner, Seam
from policies.trajectory import Reference

Array = npt.NDArray[np.float64]

EXPECTED_DELAY_NS = 20_000_000
ASK_EVERY_NS = 30_000_000  # a new image comes so often
FROZEN_KNOTS_MORE = 1  # in-painting keeps to what is decided for so many knots beyond the expected delay
LEFT_M = 5e-3  # rad or m between trajectory and reference: the shield went another way
LEFT_S = 8e-3  # a reference that is early or late by so much has not left it
FAR_M = 0.1  # rad or m: nothing is left of what was planned
HUNG_NS = 1_000_000_000
SLOWEST = 0.05  # speed that a chunk is stretched for at most
SPEED_RATE = 2.0  # change of the speed, 1/s
STALE_AGE_MARGIN_NS = 20_000_000


class PolicyFault(Exception):
    """The policy cannot be used: it hangs, or says what no robot can do."""


@dataclass(frozen=True, slots=True)
class ChunkForm:
    """Of a policy's chunks.

    Attributes:
        knots: how many.
        spacing_s: between two of them, and before the first, at full speed.
    """

    knots: int
    spacing_s: float


@dataclass(frozen=True, slots=True)
class Setpoints:
    """What a command is made of; see `make_chunk`."""

    positions: Array
    start_ns: int
    end_ns: int
    observation_ns: int


@dataclass(slots=True)
class MotionCounts:
    """What happened since the beginning.

    Attributes:
        asked, answered: questions and answers.
        late: answers that came after the chunk should have begun.
        stalls: ticks in which there was nothing to do next, after the first chunk.
        ticks: in which the policy had the arm, after the first chunk.
    """

    asked: int = 0
    answered: int = 0
    late: int = 0
    stalls: int = 0
    ticks: int = 0


class LearnedMotion:
    """The arm in the hands of one policy."""

    def __init__(
        self, cell: Cell, inference: Inference, form: ChunkForm, seam: Seam, observation_age_limit_ns: int
    ) -> None:
        """Take what does not change.

        Args:
            cell: the robot.
            inference: asks the policy.
            form: of its chunks.
            seam: how chunks are joined.
            observation_age_limit_ns: `rt_control` refuses what rests on older observations.
        """
        self._cell = cell
        self._inference = inference
        self._form = form
        self._seam = seam
        self._age_limit_ns = observation_age_limit_ns - STALE_AGE_MARGIN_NS
        self._joiner = Joiner(seam)
        self._delay = DelayEstimator(EXPECTED_DELAY_NS)
        self._asked: Question | None = None
        self._discard_up_to = 0
        self._number = 0
        self._last_asked_ns = 0
        self._speed = 1.0
        self._paced_ns: int | None = None
        self._observation_ns = 0
        self.counts = MotionCounts()

    @property
    def delay_ns(self) -> int:
        """What is planned for, from question to answer."""
        return self._delay.delay_ns

    @property
    def running(self) -> Trajectory | None:
        """What is moved along now."""
        return self._joiner.running

    def forget(self) -> None:
        """Drop what runs and what was asked: the next chunk begins where the robot is."""
        self._joiner.forget()
        self._discard_up_to = self._number
        self._paced_ns = None

    def close(self) -> None:
        """Ask nothing more."""
        self._inference.close()

    def tick(
        self,
        now_ns: int,
        reference: Reference,
        trajectory_ns: int,
        gripper: GripperReading,
        target: PolicyTarget,
        observation_ns: int,
        speed: float,
    ) -> Setpoints | None:
        """What to tell `rt_control` now; None: nothing, it goes on with what it has and then holds.

        Args:
            now_ns: of the state, on the monotonic clock.
            reference: what the drives are told now.
            trajectory_ns: of the reference.
            gripper: measured.
            target: newest.
            observation_ns: stamp of the newest image that was looked at for it, or of the state, if that is older.
            speed: 0..1 of the velocity limits.

        Raises:
            PolicyFault: it hangs, failed, or gave what is not finite.
        """
        speed = self._paced(speed, now_ns)
        here_ns = _up(trajectory_ns)
        joiner = self._joiner
        if joiner.running is not None:
            self._mind(joiner.running, reference, trajectory_ns, here_ns)
        answer = self._inference.answer(now_ns)
        if answer is not None:
            self._take(answer, now_ns, here_ns)
        self._watch(now_ns)
        if self._may_ask(now_ns, here_ns, reference):
            self._ask(now_ns, here_ns, reference, gripper, target, observation_ns, speed)
        self._count(here_ns)
        running = joiner.running
        if running is None or running.end_ns <= trajectory_ns or now_ns - self._observation_ns > self._age_limit_ns:
            return None
        window = running.since(trajectory_ns)
        points = window.points[:SETPOINTS]
        left_ns = window.begin_ns + (len(points) - 1) * SPACING_NS - trajectory_ns
        if len(points) < 2 or left_ns <= 0:
            return None
        points = np.clip(points, self._cell.lower, self._cell.upper)  # a curve may swing beyond its knots
        return Setpoints(points, window.begin_ns, now_ns + min(left_ns, CHUNK_NS), self._observation_ns)

    def _paced(self, wanted: float, now_ns: int) -> float:
        """The speed to plan with: it follows the wanted one no faster than the robot itself can.

        A policy is told velocities as they were at full speed; one that drops at once would be told that it flies.
        """
        elapsed_s = 1.0 if self._paced_ns is None else max(now_ns - self._paced_ns, 0) * 1e-9
        step = SPEED_RATE * elapsed_s
        self._speed = min(max(wanted, SLOWEST, self._speed - step), self._speed + step, 1.0)
        self._paced_ns = now_ns
        return self._speed

    def _mind(self, running: Trajectory, reference: Reference, trajectory_ns: int, here_ns: int) -> None:
        """Where the shield went another way: back to what runs from there, or begin anew from far away."""
        if trajectory_ns >= running.end_ns:
            return
        off = np.abs(running.between(trajectory_ns) - reference.position)
        if (off > FAR_M).any():
            self.forget()
        elif (off > LEFT_M + LEFT_S * np.abs(reference.velocity)).any():
            ahead = reference.velocity * ((here_ns - trajectory_ns) * 1e-9)
            self._joiner.return_from(reference.position + ahead, reference.velocity, here_ns)

    def _take(self, answer: Answer, now_ns: int, here_ns: int) -> None:
        question = answer.question
        self._asked = None
        self._delay.add(now_ns - question.asked_ns)
        if question.number <= self._discard_up_to:
            return
        self.counts.answered += 1
        if answer.knots is None:
            raise PolicyFault(f"the policy failed: {answer.error}")
        knots = answer.knots
        if not np.isfinite(knots).all():
            raise PolicyFault("the policy gave numbers that are not finite")
        if knots.shape[1] != len(self._cell.lower):
            raise PolicyFault(f"the policy gave {knots.shape[1]} axes; the robot has {len(self._cell.lower)}")
        self.counts.late += here_ns > question.begin_ns
        chunk = ActionChunk(
            question.begin_ns,
            question.position,
            question.velocity * question.speed,
            self._inside(knots),
            max(round(self._form.spacing_s * 1e9 / question.speed), SPACING_NS),
            question.observation_ns,
        )
        self._joiner.join(chunk, here_ns)
        self._observation_ns = question.observation_ns

    def _inside(self, knots: Array) -> Array:
        knots = np.clip(knots, self._cell.lower, self._cell.upper)
        index = self._cell.gripper_index
        if index is not None:
            low, high = self._cell.inside(-math.inf), self._cell.inside(math.inf)
            knots[:, index] = np.clip(knots[:, index], low, high)
        return knots

    def _watch(self, now_ns: int) -> None:
        if self._asked is not None and now_ns - self._asked.asked_ns > HUNG_NS:
            raise PolicyFault(f"the policy has not answered for {HUNG_NS / 1e9:g} s")

    def _may_ask(self, now_ns: int, here_ns: int, reference: Reference) -> bool:
        if self._asked is not None:
            return False
        running = self._joiner.running
        if running is None:
            return True
        if self._seam == "synchronous":
            return here_ns >= running.end_ns and float(np.abs(reference.velocity).max()) < 0.01
        return now_ns - self._last_asked_ns >= ASK_EVERY_NS

    def _ask(
        self,
        now_ns: int,
        here_ns: int,
        reference: Reference,
        gripper: GripperReading,
        target: PolicyTarget,
        observation_ns: int,
        speed: float,
    ) -> None:
        running = self._joiner.running
        begin_ns = here_ns
        if running is None or running.end_ns <= here_ns:
            position, velocity = reference.position, reference.velocity
        else:
            if self._seam == "forward":
                begin_ns = here_ns + _up(self.delay_ns)
            position, velocity = running.state_at(begin_ns)
        velocity = velocity / speed
        pose = self._cell.tcp(position)
        prefix, weight = self._prefix(begin_ns, speed)
        self._number += 1
        question = Question(
            self._number,
            PolicyMoment(
                state_vector(position, velocity, gripper, pose).astype(np.float32),
                target_vector(target, now_ns + (begin_ns - here_ns)).astype(np.float32),
                prefix,
                weight,
                self._number,
            ),
            now_ns,
            begin_ns,
            position,
            velocity,
            observation_ns,
            speed,
        )
        if self._inference.ask(question):
            self._asked = question
            self._last_asked_ns = now_ns
            self.counts.asked += 1

    def _prefix(
        self, begin_ns: int, speed: float
    ) -> tuple[npt.NDArray[np.float32] | None, npt.NDArray[np.float32] | None]:
        """What runs, at the knots of a chunk, and how far it is decided: by then, fading out until it ends."""
        running = self._joiner.running
        if self._seam != "inpaint" or running is None or running.end_ns <= begin_ns:
            return None, None
        spacing_ns = self._form.spacing_s * 1e9 / speed
        times = [begin_ns + round(spacing_ns * (knot + 1)) for knot in range(self._form.knots)]
        prefix = np.array([running.between(time) for time in times], dtype=np.float32)
        decided = self.delay_ns / spacing_ns + FROZEN_KNOTS_MORE
        told = max((running.end_ns - begin_ns) / spacing_ns, decided + 1.0)
        along = (np.arange(1, self._form.knots + 1) - decided) / (told - decided)
        fading = 1.0 - np.clip(along, 0.0, 1.0)
        # As real-time chunking has it (arXiv:2506.07339, equation 5).
        weight = fading * np.expm1(fading) / math.expm1(1.0)
        return prefix, weight.astype(np.float32)

    def _count(self, here_ns: int) -> None:
        running = self._joiner.running
        if running is not None or self.counts.ticks:
            self.counts.ticks += 1
            self.counts.stalls += running is None or running.end_ns <= here_ns


def _up(time_ns: int) -> int:
    """The next multiple of SPACING_NS."""
    return -(-time_ns // SPACING_NS) * SPACING_NS
