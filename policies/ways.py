"""What skills want to know of ways that no policy finds: whether a place is in reach, how to get up from a low one."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from policies.observation import PolicyTarget

Array = npt.NDArray[np.float64]


class Ways(Protocol):
    """Knows the way back from a place to joint positions; `Workspace` does."""

    def out_of_reach(self, target: PolicyTarget, start: Array) -> str:
        """Why the hand cannot be at a target, and above it, coming from `start` (axes,); empty if it can."""
        ...

    def raised(self, start: Array) -> tuple[Array, ...]:
        """Via-points (axes,) straight up to the travel height, the start not included; empty if there are none."""
        ...
