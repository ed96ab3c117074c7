"""Faults of cameras: what arrives instead of a good frame. For tests and scenarios."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from perception.frames import Frame

NOISE_DEVIATION = 40.0  # of 255


class CameraFault(enum.StrEnum):
    """A way in which a camera fails."""

    FROZEN = "frozen"
    BLACK = "black"
    OVEREXPOSED = "overexposed"
    NOISY = "noisy"
    WRONG_SIZE = "wrong size"
    WRONG_TYPE = "wrong type"
    NAN_DEPTH = "nan depth"
    NO_RETURN = "no return"
    NO_DEPTH = "no depth"
    STALE = "stale"
    FROM_FUTURE = "from the future"


class FaultyCamera:
    """Spoils the frames that go through it, while a fault is set.

    Attributes:
        fault: in force; None lets frames pass as they are.

    Args:
        seed: of the noise.
    """

    def __init__(self, seed: int = 0) -> None:
        self.fault: CameraFault | None = None
        self._random = np.random.default_rng(seed)
        self._kept: Frame | None = None

    def spoil(self, frame: Frame) -> Frame:
        """What arrives instead of this frame."""
        if self.fault is not CameraFault.FROZEN:
            self._kept = None
        if self.fault is None:
            return frame
        return self._spoilers[self.fault](self, frame)

    def _frozen(self, frame: Frame) -> Frame:
        """The same picture again, under new numbers and stamps."""
        self._kept = self._kept or frame
        return replace(frame, rgb=self._kept.rgb, depth_m=self._kept.depth_m)

    def _noisy(self, frame: Frame) -> Frame:
        noise = self._random.normal(0.0, NOISE_DEVIATION, frame.rgb.shape)
        return replace(frame, rgb=np.clip(np.rint(frame.rgb + noise), 0, 255).astype(np.uint8))

    def _nan_depth(self, frame: Frame) -> Frame:
        if frame.depth_m is None:
            return frame
        depth = frame.depth_m.copy()
        depth[self._random.random(depth.shape) < 0.1] = np.nan
        return replace(frame, depth_m=depth)

    def _no_return(self, frame: Frame) -> Frame:
        return frame if frame.depth_m is None else replace(frame, depth_m=np.zeros_like(frame.depth_m))

    _spoilers: dict[CameraFault, Callable[[FaultyCamera, Frame], Frame]] = {
        CameraFault.FROZEN: _frozen,
        CameraFault.BLACK: lambda self, frame: replace(frame, rgb=np.zeros_like(frame.rgb)),
        CameraFault.OVEREXPOSED: lambda self, frame: replace(frame, rgb=np.full_like(frame.rgb, 255)),
        CameraFault.NOISY: _noisy,
        CameraFault.WRONG_SIZE: lambda self, frame: replace(frame, rgb=frame.rgb[::2, ::2].copy()),
        CameraFault.WRONG_TYPE: lambda self, frame: replace(frame, rgb=frame.rgb[..., 0].copy()),
        CameraFault.NAN_DEPTH: _nan_depth,
        CameraFault.NO_RETURN: _no_return,
        CameraFault.NO_DEPTH: lambda self, frame: replace(frame, depth_m=None),
        CameraFault.STALE: lambda self, frame: replace(frame, stamp_ns=frame.stamp_ns - 2_000_000_000),
        CameraFault.FROM_FUTURE: lambda self, frame: replace(frame, stamp_ns=frame.stamp_ns + 2_000_000_000),
    }
