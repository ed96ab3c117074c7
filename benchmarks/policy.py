"""Learned policies in one thread: inference beside PyTorch, and the executor's own time beside a planned motion's."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from models.roles import ActionPolicy, PolicyMoment
from policies.cell import Cell
from policies.follower import Follower, MotionGoal
from policies.inference import Answer, Question
from policies.learned_motion import ChunkForm, LearnedMotion
from policies.observation import TARGET_NAMES, GripperReading, PolicyTarget, state_names
from policies.trajectory import MotionLimits, Reference
from robot_runtime.policy_setup import activate_policy, seam_of
from robot_runtime.report import Figure, figure
from robot_runtime.report import Reference as Beside
from rt_control import _native as native
from rt_control.description import load_robot
from rt_control.model_compiler import compile_model

POLICIES = {"act": "dynamical_act_small", "flow": "dynamical_flow_small"}
RUNS = 400
TICKS = 3000
WARM_UP = 50
INFERENCE_MS, EXECUTOR_MS = 10.0, 1.0
TICK_NS = 10_000_000
LAG_NS = 3_000_000  # of the time of the reference behind the clock
CONTENDED = 1.1  # wall over processor time of one thread: others were using the processor


class Times:
    """Wall and processor time of many calls, ms."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.own: list[float] = []

    def clock(self, call: Callable[[], object]) -> None:
        """Call, and note how long it took."""
        begun, own = time.perf_counter_ns(), time.thread_time_ns()
        call()
        self.own.append((time.thread_time_ns() - own) / 1e6)
        self.wall.append((time.perf_counter_ns() - begun) / 1e6)

    def at(self, percent: float) -> float:
        """Percentile of the wall time."""
        return float(np.percentile(self.wall[WARM_UP:], percent))

    @property
    def contended(self) -> str:
        """In words, if others used the processor; empty otherwise."""
        share = float(np.median(self.wall) / np.median(self.own))
        return f"the thread waited for a processor: {share:.2f} x its own time" if share > CONTENDED else ""


def measure() -> list[Figure]:
    """Both shipped policies, and the executor with answers that take no time."""
    figures: list[Figure] = []
    for kind, name in POLICIES.items():
        figures += _inference(kind, activate_policy(name))
    return figures + _executor(activate_policy())


def _inference(kind: str, policy: ActionPolicy) -> list[Figure]:
    axes = [f"axis{number}" for number in range(8)]
    moment = PolicyMoment(np.zeros(len(state_names(axes)), np.float32), np.zeros(len(TARGET_NAMES), np.float32))
    times, eager = Times(), _torch_eager(kind)
    beside = Times()
    for _ in range(RUNS):
        times.clock(lambda: policy.act(moment))
        if eager is not None:
            beside.clock(eager)
    note = times.contended
    reference = None if eager is None else Beside("PyTorch eager, one thread", beside.at(50))
    return [
        figure(f"{kind}: one chunk, p50", times.at(50), "ms", reference=reference),
        figure(f"{kind}: one chunk, p99", times.at(99), "ms", at_most=INFERENCE_MS, judged=not note, note=note),
    ]


def _torch_eager(kind: str) -> Callable[[], object] | None:
    """One run of a network of the same size; None without PyTorch."""
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    from models.training.policy_network import example_moments
    from models.training.policy_recipes import make_network

    torch.set_num_threads(1)
    network = make_network(kind, "small").eval()
    examples = example_moments(kind == "flow")

    def run() -> object:
        with torch.inference_mode():
            return network(*examples)

    return run


class Echo:
    """Answers at once that the arm shall drift."""

    def __init__(self, knots: int, spacing_s: float) -> None:
        self._drift = 0.2 * spacing_s * np.arange(1, knots + 1)
        self._question: Question | None = None

    def ask(self, question: Question) -> bool:
        self._question = question
        return True

    def answer(self, now_ns: int) -> Answer | None:
        question, self._question = self._question, None
        if question is None:
            return None
        knots = np.repeat(question.position[None], len(self._drift), axis=0)
        knots[:, 0] += self._drift * np.sign(np.sin(question.begin_ns * 1e-9))
        return Answer(question, knots)

    def close(self) -> None:
        return


def _executor(policy: ActionPolicy) -> list[Figure]:
    description = load_robot("arm7")
    cell = Cell(description, native.Kinematics(compile_model(description)))
    form = ChunkForm(policy.knots, policy.spacing_s)
    motion = LearnedMotion(cell, Echo(form.knots, form.spacing_s), form, seam_of(policy), 400_000_000)
    follower = Follower(
        MotionLimits.of_robot(description), cell.lower, cell.upper, description.arm_indices, description.gripper_index
    )
    home = np.array(description.home)
    goal = MotionGoal((home + 0.1 * (np.arange(len(home)) == 0),), float(home[-1]))
    gripper, target = GripperReading(0.03, 0.0), PolicyTarget("pick", (0.5, 0.0, 0.02), 0.0, 0.03, 0)
    times, planned = Times(), Times()
    at_home = Reference(home, np.zeros(len(home)), np.zeros(len(home)))
    position, velocity = home.copy(), np.zeros(len(home))
    for tick in range(TICKS):
        now_ns = 1_000_000_000 + tick * TICK_NS
        reference = Reference(position, velocity, np.zeros(len(home)))
        times.clock(partial(motion.tick, now_ns, reference, now_ns - LAG_NS, gripper, target, now_ns, 1.0))
        planned.clock(partial(follower.setpoints, goal, at_home, 1_000_000_000, 1.0))
        running = motion.running
        if running is not None:
            position, velocity = running.state_at(now_ns + TICK_NS - LAG_NS)
    note = times.contended
    return [
        figure("executor: one tick, p50", times.at(50), "ms", reference=Beside("a planned motion's", planned.at(50))),
        figure("executor: one tick, p99", times.at(99), "ms", at_most=EXECUTOR_MS, judged=not note, note=note,
               reference=Beside("a planned motion's", planned.at(99))),
    ]  # fmt: skip
