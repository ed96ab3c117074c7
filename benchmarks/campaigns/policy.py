"""Learned policies on the disturbed task: every way to join chunks, delays up to 300 ms, one seed after the other."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from policies.seam import SEAMS
from robot_runtime.commands.eval_policy import DELAYS_MS, POLICIES, demonstrations_folder
from robot_runtime.evaluation import policy_figures
from robot_runtime.evaluation.policy_sweep import REPLAY, Condition, sweep
from robot_runtime.evaluation.policy_trial import PolicyEpisode
from robot_runtime.policy_setup import activate_policy, seam_of
from robot_runtime.report import Figure

PIECES = 200
ALL_CONDITIONS = 50  # so many seeds are tried in every way; the others where something has to hold
HELD_MS = (0, 200)
FIRST_SEED = 10_000  # none that was looked at while policies were made


class Try(msgspec.Struct, frozen=True):
    """One condition of one seed."""

    condition: Condition
    episode: PolicyEpisode


class Piece(msgspec.Struct, frozen=True):
    """One seed.

    Attributes:
        seed: of table, displacement and errors.
        tries: under every condition.
    """

    seed: int
    tries: list[Try]

    def __str__(self) -> str:
        succeeded = sum(item.episode.succeeded for item in self.tries)
        return f"seed {self.seed}: {succeeded} of {len(self.tries)} conditions succeeded"


def piece(number: int) -> Piece:
    """Try one seed under its conditions."""
    defaults = {name: seam_of(activate_policy(name)) for name in POLICIES}
    conditions = [Condition(REPLAY, "forward", 0)]
    for policy in POLICIES:
        if number < ALL_CONDITIONS:
            conditions += [Condition(policy, seam, delay) for seam in SEAMS for delay in DELAYS_MS]
        else:
            seams = dict.fromkeys((defaults[policy], "naive"))
            conditions += [Condition(policy, seam, delay) for seam in seams for delay in HELD_MS]
    seed = FIRST_SEED + number
    results = sweep("arm7", conditions, [seed], lambda done, of, what: None, demonstrations_folder(None), 2)
    return Piece(seed, [Try(condition, episode) for condition, found in results.items() for episode in found])


def figures(pieces: Sequence[Piece]) -> list[Figure]:
    """All of them together."""
    results: dict[Condition, list[PolicyEpisode]] = {}
    for item in pieces:
        for tried in item.tries:
            results.setdefault(tried.condition, []).append(tried.episode)
    defaults = {name: str(seam_of(activate_policy(name))) for name in POLICIES}
    return policy_figures.figures(results, defaults)
