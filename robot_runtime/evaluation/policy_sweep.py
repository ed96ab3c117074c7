"""Tries policies under many conditions, in processes that cannot import the expert."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from models.roles import ActionPolicy
    from policies.seam import Seam
    from robot_runtime.evaluation.policy_trial import PolicyEpisode
    from rt_control.description import RobotDescription

REPLAY = "nearest demonstration"


class Condition(msgspec.Struct, frozen=True):
    """How a policy is tried.

    Attributes:
        policy: name of the model, or REPLAY.
        seam: how chunks are joined.
        delay_ms: from question to answer.
    """

    policy: str
    seam: Seam
    delay_ms: int


@dataclass(frozen=True, slots=True)
class Task:
    """One try.

    Attributes:
        condition: how.
        seed: of everything that is drawn.
    """

    condition: Condition
    seed: int


class Trier:
    """Tries one task after the other; loads each policy once."""

    def __init__(self, robot: str, demonstrations: Path | None) -> None:
        """Forbid the expert in this process, and load the robot.

        Args:
            robot: name or file.
            demonstrations: that REPLAY repeats.
        """
        from robot_runtime.evaluation.policy_trial import forbid_expert

        forbid_expert()
        from rt_control.description import load_robot

        self._description: RobotDescription = load_robot(robot)
        self._demonstrations = demonstrations
        self._policies: dict[str, ActionPolicy] = {}

    def run(self, task: Task) -> PolicyEpisode:
        """Try once."""
        from robot_runtime.evaluation.policy_trial import try_once

        condition = task.condition
        policy = self._policies.get(condition.policy)
        if policy is None:
            policy = self._policies[condition.policy] = self._load(condition.policy)
        return try_once(self._description, policy, condition.seam, condition.delay_ms / 1e3, task.seed)

    def _load(self, name: str) -> ActionPolicy:
        if name != REPLAY:
            from robot_runtime.policy_setup import activate_policy

            return activate_policy(name)
        from models.training.lerobot_dataset import load
        from robot_runtime.evaluation.replay_policy import ReplayPolicy

        assert self._demonstrations is not None, "given with REPLAY"
        return ReplayPolicy(load(self._demonstrations))


_trier: Trier | None = None  # of a worker process of the pool; set once, before its first task


def _begin(robot: str, demonstrations: Path | None) -> None:
    global _trier
    _trier = Trier(robot, demonstrations)


def _run(task: Task) -> tuple[Task, PolicyEpisode]:
    assert _trier is not None, "the pool's initialiser has run"
    return task, _trier.run(task)


def sweep(
    robot: str,
    conditions: Sequence[Condition],
    seeds: Iterable[int],
    tell: Callable[[int, int, str], None],
    demonstrations: Path | None = None,
    processes: int = 1,
) -> dict[Condition, list[PolicyEpisode]]:
    """Try every condition with every seed.

    Args:
        robot: name or file of a simulated robot.
        conditions: to try.
        seeds: the same for all of them.
        tell: called after each try with how many are done, of how many, and what it was.
        demonstrations: that REPLAY repeats.
        processes: that try side by side.
    """
    tasks = [Task(condition, seed) for seed in seeds for condition in conditions]
    results: dict[Condition, list[PolicyEpisode]] = {condition: [] for condition in conditions}
    with multiprocessing.get_context("spawn").Pool(processes, _begin, (robot, demonstrations)) as pool:
        for done, (task, episode) in enumerate(pool.imap_unordered(_run, tasks), start=1):
            results[task.condition].append(episode)
            condition = task.condition
            tell(done, len(tasks), f"{condition.policy}, {condition.seam}, {condition.delay_ms} ms, seed {task.seed}")
    return {condition: sorted(found, key=lambda item: item.seed) for condition, found in results.items()}
