"""How a new chunk takes the place of the one that runs.

Which way is best differs from policy to policy, and is measured by `dynamical eval policy`.
"""

from __future__ import annotations

from collections import deque
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from policies.action_chunk import ActionChunk, Trajectory
from policies.follower import SPACING_NS

Array = npt.NDArray[np.float64]

Seam = Literal["synchronous", "naive", "blend", "ensemble", "inpaint", "forward"]
"""How motion goes on while a policy thinks.

- `synchronous`: it runs out, and the robot waits.
- `naive`: the new chunk, which began when its observation was made, goes on where it is by now.
- `blend`: the same, but what it differs by fades out.
- `ensemble`: the mean of all chunks that tell of a time, the older ones counting more (ACT).
- `inpaint`: the policy is told what will be done until it answers, and continues that (real-time chunking).
- `forward`: the policy is told where the robot will be when it answers, and the chunk begins there.
"""
SEAMS: tuple[Seam, ...] = get_args(Seam)

FADE_NS = 120_000_000
ENSEMBLE_DECAY = 0.01  # of the weight, from a chunk to the next newer one; as ACT has it
ENSEMBLE_MOST = 32


class Joiner:
    """Keeps the trajectory that runs."""

    def __init__(self, seam: Seam) -> None:
        self.seam = seam
        self.running: Trajectory | None = None
        self._chunks: deque[Trajectory] = deque(maxlen=ENSEMBLE_MOST)

    def forget(self) -> None:
        """Nothing runs."""
        self.running = None
        self._chunks.clear()

    def return_from(self, position: Array, velocity: Array, at_ns: int) -> None:
        """Go back to what runs from where the robot was taken to, (axes,), at a multiple of SPACING_NS."""
        if self.running is not None:
            self.running = _faded(position, velocity, self.running, at_ns).since(at_ns)

    def join(self, chunk: ActionChunk, from_ns: int) -> None:
        """Let a new chunk take over.

        Args:
            chunk: the new one.
            from_ns: on the time of the reference, a multiple of SPACING_NS: what comes before is decided.
        """
        fresh = chunk.dense()
        switch_ns = max(from_ns, fresh.begin_ns)
        running = self.running
        if running is None or running.end_ns < from_ns:
            # Nothing runs: the robot stands where the chunk begins.
            self.running = fresh
            self._chunks.clear()
            self._chunks.append(fresh)
            return
        if self.seam == "ensemble":
            self._chunks.append(fresh)
            while self._chunks[0].end_ns < switch_ns + SPACING_NS:
                self._chunks.popleft()
            fresh = _mean(self._chunks, switch_ns)
        elif self.seam != "naive":
            fresh = _faded(*running.state_at(switch_ns), fresh, switch_ns)
        kept = running.since(from_ns)
        before = kept.points[: max((switch_ns - kept.begin_ns) // SPACING_NS, 0)]
        missing = (switch_ns - kept.begin_ns) // SPACING_NS - len(before)
        if missing > 0:  # it ends before the new chunk begins
            before = np.concatenate([before, np.repeat(kept.points[-1:], missing, axis=0)])
        self.running = Trajectory(kept.begin_ns, np.concatenate([before, fresh.points[fresh.index(switch_ns) :]]))


def _faded(position: Array, velocity: Array, fresh: Trajectory, switch_ns: int) -> Trajectory:
    """The fresh one, beginning at a position and as fast as a velocity, (axes,)."""
    there, there_velocity = fresh.state_at(switch_ns)
    first = fresh.index(switch_ns)
    steps = min(FADE_NS // SPACING_NS, len(fresh.points) - 1 - first)
    if steps < 2:
        return fresh
    fade_s = steps * SPACING_NS * 1e-9
    u = np.arange(steps + 1)[:, None] / steps
    # Quintic Hermite functions: at the end value, slope and curvature are nothing.
    value = 1.0 - u**3 * (10.0 - 15.0 * u + 6.0 * u**2)
    slope = u - u**3 * (6.0 - 8.0 * u + 3.0 * u**2)
    points = fresh.points.copy()
    points[first : first + steps + 1] += value * (position - there) + slope * fade_s * (velocity - there_velocity)
    return Trajectory(fresh.begin_ns, points)


def _mean(chunks: deque[Trajectory], from_ns: int) -> Trajectory:
    """Of all that is said about each point of time, the oldest counting most."""
    end_ns = max(chunk.end_ns for chunk in chunks)
    count = (end_ns - from_ns) // SPACING_NS + 1
    total = np.zeros((count, chunks[0].points.shape[1]))
    weights = np.zeros((count, 1))
    for age, chunk in enumerate(chunks):
        points = chunk.points[chunk.index(from_ns) :]
        weight = float(np.exp(-ENSEMBLE_DECAY * age))
        total[: len(points)] += weight * points
        weights[: len(points)] += weight
    return Trajectory(from_ns, total / weights)
