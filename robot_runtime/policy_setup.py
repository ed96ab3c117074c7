"""Wires the policy executor: the policy of the registry, how its chunks are joined, and who asks it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

from models import backends
from models.registry import Registry
from models.roles import ActionPolicy
from policies.cell import Cell
from policies.executor import PolicyExecutor
from policies.inference import Inference, inference_in_thread, modelled_inference
from policies.kinematics import Kinematics
from policies.learned_motion import ChunkForm, LearnedMotion
from policies.local_planner import LocalPlanner
from policies.planned_motion import PlanAnswer, PlannedMotion, PlanQuestion, think
from policies.seam import SEAMS, Seam
from policies.thinking import ModelledThinking, Thinking, ThinkingInThread
from policies.ways import Ways
from robot_runtime import model_folders
from robot_runtime.remote_policy import PolicyWithFallback, RemotePolicy
from rt_control.description import RobotDescription
from rt_control.errors import InputError

PLANNING_NS = 60_000_000
"""That an answer of the local planner takes in virtual time: more than 99 of 100 do (`dynamical bench planner`)."""


def activate_policy(name: str | None = None) -> ActionPolicy:
    """A policy of the registry.

    Args:
        name: of the model; None: the one that is bound.

    Raises:
        ModelRefusedError: it fails a check.
        InputError: there is none, or none of that name.
    """
    registry = Registry(model_folders.folder())
    active = registry.activate(name or "policy", backends.get(backends.DEFAULT))
    if "policy" not in active.manifest.roles:
        raise InputError(f"model {active.manifest.name} is no policy; `dynamical models list` names them")
    return cast(ActionPolicy, active.fills)


def choose_policy(wanted: str | None, key_file: Path | None) -> ActionPolicy:
    """A policy of the registry, or one elsewhere with the bound one behind it.

    Args:
        wanted: name of a model, or an address; None: the model that is bound.
        key_file: holds what the one elsewhere wants to know of who asks.

    Raises:
        ModelRefusedError: a model fails a check.
        InputError: there is no such model, no such address, or the file cannot be read.
    """
    if wanted is None or "://" not in wanted:
        return activate_policy(wanted)
    local = activate_policy()
    return PolicyWithFallback(RemotePolicy(wanted, read_key(key_file), local), local)


def read_key(path: Path | None) -> str:
    """What a file holds, without the spaces around it; empty without a file.

    Raises:
        InputError: it cannot be read, or is no text.
    """
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); give a file that holds the key") from None


def seam_of(policy: ActionPolicy) -> Seam:
    """How its chunks are joined best.

    Raises:
        InputError: it names a way that is not known.
    """
    for seam in SEAMS:
        if seam == policy.seam:
            return seam
    raise InputError(f"policy: seam {policy.seam!r} is not known; allowed: {', '.join(SEAMS)}")


def make_executor(
    description: RobotDescription,
    kinematics: Kinematics,
    policy: ActionPolicy,
    *,
    ways: Ways | None = None,
    seam: Seam | None = None,
    modelled_delay_ns: Callable[[], int] | None = None,
) -> PolicyExecutor:
    """An executor that moves as a policy says.

    Args:
        description: of the robot.
        kinematics: of the robot.
        policy: that is asked.
        ways: that no policy finds; None: those that inverse kinematics finds.
        seam: how chunks are joined; None: as is best for the policy.
        modelled_delay_ns: of each answer, for virtual time; None: it thinks in a thread of its own.
    """
    cell = Cell(description, kinematics)
    if ways is None:
        from policies.workspace import Workspace  # not where a policy is measured that may not know it

        ways = Workspace(description, kinematics)
    inference: Inference = (
        inference_in_thread(policy) if modelled_delay_ns is None else modelled_inference(policy, modelled_delay_ns)
    )
    planned = make_planned_motion(cell, modelled=modelled_delay_ns is not None)
    age_limit_ns = round(description.timing.observation_age_limit_s * 1e9)
    form = ChunkForm(policy.knots, policy.spacing_s)
    learned = LearnedMotion(cell, inference, form, seam or seam_of(policy), age_limit_ns)
    return PolicyExecutor(cell, ways, learned, planned)


def make_planned_motion(cell: Cell, *, modelled: bool) -> PlannedMotion | None:
    """The local planner, beside the tick; None for a robot whose file has no capsules: it goes straight.

    Args:
        cell: the robot.
        modelled: in virtual time; else it thinks in a thread of its own.
    """
    if not cell.description.capsule:
        return None
    answer = partial(think, LocalPlanner(cell.description))
    planning: Thinking[PlanQuestion, PlanAnswer] = (
        ModelledThinking(answer, lambda: PLANNING_NS) if modelled else ThinkingInThread("planner", answer)
    )
    return PlannedMotion(cell, planning)
