"""Whether an image can be used, and for what: judged before anything looks at it.

A frame that is bad in any way is never used for what it is bad for, from the first on. A fault is left after several
good frames in a row, so that it does not flutter; until then nothing of that camera is used.

Frozen is not what looks the same twice: a simulated camera has no noise, and a still scene gives still images. Frozen
is what looks the same to the bit while the robot itself moves in view for some time, or whose number rises while its
stamp does not.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, fields

import cv2
import numpy as np
import numpy.typing as npt

from perception.frames import Frame
from rt_control.robot_file import Camera

STALL_S = 0.25  # whoever asks so rarely was held up itself: the silence of a camera meanwhile proves nothing
LEVEL_ROWS = 4  # each fourth row tells how bright the image is
NOISE_ROWS = 8  # each eighth row tells the noise
MAD_TO_DEVIATION = 1.4826  # of a normal distribution
SECOND_DIFFERENCE = math.sqrt(6.0)  # deviation of a - 2 b + c, of that of one pixel
CHANNELS = 3


class FrameFault(enum.StrEnum):
    """What is wrong with a frame, the worst first; of several the first is named."""

    WRONG_TYPE = "wrong type"
    WRONG_SIZE = "wrong size"
    NOT_CALIBRATED = "not calibrated"
    FROM_FUTURE = "from the future"
    STALE = "stale"
    FROZEN = "frozen"
    BLACK = "black"
    OVEREXPOSED = "overexposed"
    NOISY = "noisy"
    DEPTH_MISSING = "depth missing"
    DEPTH_INVALID = "depth invalid"


OF_COLOUR_ALONE = frozenset({FrameFault.BLACK, FrameFault.OVEREXPOSED, FrameFault.NOISY})
EMPTY = frozenset({FrameFault.BLACK, FrameFault.OVEREXPOSED})
OF_DEPTH_ALONE = frozenset({FrameFault.DEPTH_MISSING, FrameFault.DEPTH_INVALID})


@dataclass(frozen=True, slots=True)
class FrameVerdict:
    """What a frame may be used for.

    Attributes:
        ok: for all that its camera is for.
        fault: why not; None when ok.
        reason: of the fault, with figures, for people; empty when ok.
        usable_rgb: the colours show what is there.
        usable_depth: the depth does; False for a camera without depth.
    """

    ok: bool
    fault: FrameFault | None
    reason: str
    usable_rgb: bool
    usable_depth: bool


@dataclass(frozen=True, slots=True)
class FrameLimits:
    """What a camera's frames have to be.

    Attributes:
        width, height: px.
        depth: the camera has a depth image.
        stale_after_s: an older image is not used.
        future_s: a stamp may be ahead of now by this much.
        frozen_after_s: for so long the robot moves and no pixel changes.
        black_level, black_deviation: mean and deviation of all channels, of 255; darker and flatter is black.
        white_level: a mean above it is overexposed.
        noise_deviation: of one pixel as this camera was calibrated, of 255.
        noise_factor: of it, above which the image is noisy.
        noisy_after: frames in a row, as one may be chance.
        no_return_share: of the depth's pixels; above it the depth is invalid.
        good_after: frames in a row after which a fault is left.
    """

    width: int
    height: int
    depth: bool
    stale_after_s: float = 0.5
    future_s: float = 0.02
    frozen_after_s: float = 0.5
    black_level: float = 8.0
    black_deviation: float = 6.0
    white_level: float = 245.0
    noise_deviation: float = 2.0
    noise_factor: float = 4.0
    noisy_after: int = 3
    no_return_share: float = 0.5
    good_after: int = 5

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "depth" and not 0 < value < math.inf:
                raise ValueError(f"{field.name} is {value}; it must exceed 0 and be finite")
        if not self.no_return_share <= 1.0 or not self.black_level < self.white_level:
            raise ValueError(
                f"no_return_share is {self.no_return_share}, black_level {self.black_level}, white_level"
                f" {self.white_level}; the share must be at most 1, and black darker than white"
            )

    @classmethod
    def of(cls, camera: Camera) -> FrameLimits:
        """Those of a camera of the robot file."""
        return cls(camera.width, camera.height, camera.depth)


class FrameJudge:
    """Judges the frames of one camera, in their order."""

    def __init__(self, limits: FrameLimits) -> None:
        self._limits = limits
        self._last: tuple[int, int] | None = None
        self._pixels: npt.NDArray[np.uint8] | None = None
        self._same_since_ns = 0
        self._moving_since_ns: int | None = None
        self._noisy_frames = 0
        self._good_frames = 0
        self._verdict = self._good()
        self._seen_ns: int | None = None
        self._asked_ns = 0

    def judge(self, frame: Frame, now_ns: int, robot_moves: bool = False) -> FrameVerdict:
        """What this frame may be used for; never raises, whatever is in it.

        Args:
            frame: the next one of the camera.
            now_ns: this moment, on the clock of the stamps.
            robot_moves: a part of the robot that the camera sees moves clearly, by the robot's own sensors.
        """
        self._asked_ns = self._seen_ns = now_ns
        found = self._faults(frame, now_ns, robot_moves)
        if not found:
            return self._after_good()
        self._good_frames = 0
        fault = min(found, key=list(FrameFault).index)
        whole = not found.keys() - OF_COLOUR_ALONE - OF_DEPTH_ALONE
        usable_rgb = whole and not found.keys() & OF_COLOUR_ALONE
        usable_depth = whole and self._limits.depth and not found.keys() & OF_DEPTH_ALONE
        self._verdict = FrameVerdict(False, fault, found[fault], usable_rgb, usable_depth)
        return self._verdict

    def wait(self, now_ns: int) -> FrameVerdict:
        """What holds while no new frame has come: a camera that stays silent is stale.

        Args:
            now_ns: this moment; to be called several times a second.
        """
        if self._seen_ns is None:
            self._seen_ns = self._asked_ns = now_ns
        if now_ns - self._asked_ns > STALL_S * 1e9:
            self._seen_ns += now_ns - self._asked_ns
        self._asked_ns = now_ns
        if now_ns - self._seen_ns > self._limits.stale_after_s * 1e9 and self._verdict.fault is not FrameFault.STALE:
            self._good_frames = 0
            reason = f"no image for {self._limits.stale_after_s:g} s"
            self._verdict = FrameVerdict(False, FrameFault.STALE, reason, False, False)
        return self._verdict

    def _after_good(self) -> FrameVerdict:
        self._good_frames += 1
        if self._verdict.ok or self._good_frames >= self._limits.good_after:
            self._verdict = self._good()
        return self._verdict

    def _good(self) -> FrameVerdict:
        return FrameVerdict(True, None, "", True, self._limits.depth)

    def _faults(self, frame: Frame, now_ns: int, robot_moves: bool) -> dict[FrameFault, str]:
        """Everything that is wrong with the frame, with the figures."""
        broken = self._structure(frame)
        if broken is not None:
            self._pixels = None  # nothing that could be compared with what comes next
            return dict([broken])
        found = self._stamps(frame, now_ns)
        found.update(self._colours(frame.rgb))
        if found.keys() & EMPTY:
            self._pixels = None  # nothing shows that could change
        else:
            found.update(self._still(frame, now_ns, robot_moves))
        if self._limits.depth:
            found.update(self._depth(frame.depth_m))
        return found

    def _structure(self, frame: Frame) -> tuple[FrameFault, str] | None:
        limits, rgb, pose = self._limits, frame.rgb, frame.pose_base_from_camera
        if not isinstance(rgb, np.ndarray) or rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != CHANNELS:
            kind = f"{rgb.dtype} {rgb.shape}" if isinstance(rgb, np.ndarray) else type(rgb).__name__
            return FrameFault.WRONG_TYPE, f"the image is {kind}, not uint8 (h, w, {CHANNELS})"
        if rgb.shape[:2] != (limits.height, limits.width):
            return (
                FrameFault.WRONG_SIZE,
                f"the image has {rgb.shape[1]}x{rgb.shape[0]} pixels, not {limits.width}x{limits.height}",
            )
        intrinsics = (frame.fx, frame.fy, frame.cx, frame.cy)
        known = isinstance(pose, np.ndarray) and pose.shape == (4, 4) and pose.dtype == np.float64
        if not known or not np.isfinite(pose).all() or not np.isfinite(intrinsics).all() or min(intrinsics[:2]) <= 0.0:
            return FrameFault.NOT_CALIBRATED, f"intrinsics {intrinsics} px or the camera's pose are none"
        return None

    def _stamps(self, frame: Frame, now_ns: int) -> dict[FrameFault, str]:
        limits, found = self._limits, {}
        age_s = (now_ns - frame.stamp_ns) / 1e9
        if age_s < -limits.future_s:
            found[FrameFault.FROM_FUTURE] = f"the stamp is {-age_s:.3f} s ahead"
        if age_s > limits.stale_after_s:
            found[FrameFault.STALE] = f"the image is {age_s:.3f} s old"
        if self._last is not None and frame.number > self._last[0] and frame.stamp_ns <= self._last[1]:
            found[FrameFault.FROZEN] = f"image {frame.number} has not a later stamp than image {self._last[0]}"
        if FrameFault.FROM_FUTURE not in found:  # else all that is right would come too late
            self._last = (frame.number, frame.stamp_ns)
        return found

    def _still(self, frame: Frame, now_ns: int, robot_moves: bool) -> dict[FrameFault, str]:
        if not robot_moves:
            self._moving_since_ns = None
        elif self._moving_since_ns is None:
            self._moving_since_ns = now_ns
        if self._pixels is None or not np.array_equal(self._pixels, frame.rgb):
            self._pixels, self._same_since_ns = frame.rgb, now_ns
        elif self._moving_since_ns is not None:
            same_s = (now_ns - max(self._same_since_ns, self._moving_since_ns)) / 1e9
            if same_s > self._limits.frozen_after_s:
                return {FrameFault.FROZEN: f"no pixel has changed for {same_s:.2f} s while the robot moved"}
        return {}

    def _colours(self, rgb: npt.NDArray[np.uint8]) -> dict[FrameFault, str]:
        limits = self._limits
        means, deviations = cv2.meanStdDev(rgb[::LEVEL_ROWS])
        mean, deviation = float(np.mean(means)), float(np.max(deviations))
        noise = noise_deviation(rgb)
        most = limits.noise_factor * limits.noise_deviation
        self._noisy_frames = self._noisy_frames + 1 if noise > most else 0
        if mean < limits.black_level and deviation < limits.black_deviation:
            return {FrameFault.BLACK: f"mean {mean:.1f}, deviation {deviation:.1f} of 255"}
        if mean > limits.white_level:
            return {FrameFault.OVEREXPOSED: f"mean {mean:.1f} of 255 (allowed {limits.white_level:g})"}
        if self._noisy_frames >= limits.noisy_after:
            return {FrameFault.NOISY: f"noise of {noise:.1f} of 255 (allowed {most:g})"}
        return {}

    def _depth(self, depth_m: npt.NDArray[np.float32] | None) -> dict[FrameFault, str]:
        limits = self._limits
        if depth_m is None:
            return {FrameFault.DEPTH_MISSING: "there is no depth image"}
        if not isinstance(depth_m, np.ndarray) or depth_m.dtype != np.float32:
            return {FrameFault.DEPTH_INVALID: f"the depth is {getattr(depth_m, 'dtype', type(depth_m))}, not float32"}
        if depth_m.shape != (limits.height, limits.width):
            return {FrameFault.DEPTH_INVALID: f"the depth has the shape {depth_m.shape}"}
        lowest, highest = float(depth_m.min()), float(depth_m.max())  # NaN goes through both
        if not 0.0 <= lowest <= highest < math.inf:
            return {FrameFault.DEPTH_INVALID: f"depths from {lowest} to {highest} m"}
        nothing = 1.0 - np.count_nonzero(depth_m) / depth_m.size
        if nothing > limits.no_return_share:
            return {FrameFault.DEPTH_INVALID: f"{nothing:.0%} without return (allowed {limits.no_return_share:.0%})"}
        return {}


def noise_deviation(rgb: npt.NDArray[np.uint8]) -> float:
    """Standard deviation of one pixel's noise, of 255.

    The median of second differences along rows, which edges hardly move: J. Immerkaer, Fast noise variance estimation,
    CVIU 1996, with the median in place of the mean.

    Args:
        rgb: (h, w, 3).
    """
    green = rgb[::NOISE_ROWS, :, 1].astype(np.int16)
    if green.shape[1] < CHANNELS:
        return 0.0
    bend = np.abs(green[:, 2:] - 2 * green[:, 1:-1] + green[:, :-2])
    counts = np.cumsum(np.bincount(bend.ravel()))
    median = float(np.searchsorted(counts, (counts[-1] + 1) // 2))
    return MAD_TO_DEVIATION * median / SECOND_DIFFERENCE
