"""The way from joint positions to where the hand is, as skills see it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Kinematics(Protocol):
    """The one kinematics of the robot; `rt_control`'s native class is it."""

    def forward(self, position: Array, /) -> Array:
        """Pose base_from_tcp, (4, 4)."""
        ...

    def jacobian(self, position: Array, /) -> Array:
        """Base-frame Jacobian of the TCP, (6, axes): linear, then angular."""
        ...
