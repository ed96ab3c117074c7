"""The baseline of learned policies: does again what was done in the most similar moment of any demonstration."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from models.roles import Floats, PolicyMoment
from models.training.lerobot_dataset import Demonstrations
from models.training.policy_network import ARM, AXES, KNOT_SPACING_S, KNOTS, MEASURED, OPENING, TCP, TOLD, YAW
from models.training.policy_samples import Samples

# What a difference counts: 1 for 2 cm of the way to the target, 0.2 rad of turn, 2 mm of fingers, 0.3 rad of an axis.
WAY_M, TURN, FINGERS_M, AXIS_RAD, AXIS_RADPS, TASK = 0.02, 0.2, 0.002, 0.3, 0.5, 0.01

Array = npt.NDArray[np.float64]


class ReplayPolicy:
    """Nearest neighbour in every moment anew, moved to where the robot is."""

    knots, spacing_s, takes_prefix, seam = KNOTS, KNOT_SPACING_S, False, "forward"

    def __init__(self, demonstrations: Demonstrations) -> None:
        samples = Samples(demonstrations)
        rows = samples.rows
        state, target, chunk, _ = samples.take(rows, np.zeros(len(rows), dtype=np.int64))
        self._tree = cKDTree(_key(state, target))
        chunk[..., :ARM] -= state[:, None, :ARM]
        self._chunks = chunk

    def act(self, moment: PolicyMoment) -> Floats:
        """See `models.roles.ActionPolicy`."""
        _, nearest = self._tree.query(_key(moment.state[None], moment.target[None])[0])
        chunk: Floats = self._chunks[int(nearest)].copy()
        chunk[:, :ARM] += moment.state[:ARM]
        return chunk


def _key(state: Floats, target: Floats) -> Array:
    way = target[:, :3] - state[:, TCP : TCP + 3]
    cos, sin, cos_there, sin_there = state[:, YAW], state[:, YAW + 1], target[:, 3], target[:, 4]
    turn = np.stack([cos * cos_there + sin * sin_there, cos * sin_there - sin * cos_there], axis=1)
    fingers = np.stack(
        [state[:, TOLD], state[:, MEASURED], state[:, TOLD] - target[:, OPENING], state[:, MEASURED] - state[:, TOLD]],
        axis=1,
    )
    return np.concatenate(
        [
            np.arcsinh(way / WAY_M),  # finer where it is nearer
            turn / TURN,
            fingers / FINGERS_M,
            state[:, :ARM] / AXIS_RAD,
            state[:, AXES : AXES + ARM] / AXIS_RADPS,
            target[:, 8:] / TASK,
        ],
        axis=1,
    ).astype(np.float64)
