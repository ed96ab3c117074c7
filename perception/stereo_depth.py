"""Depth of a stereo pair without a GPU: semi-global matching along three ways, with a confidence for each pixel.

H. Hirschmueller, Stereo Processing by Semiglobal Matching and Mutual Information, PAMI 2008, as in OpenCV's SGBM_3WAY.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from perception.frames import Frame
from perception.rectification import Rectifier
from perception.stereo_confidence import TOLERANCE_DEVIATIONS, Features, StereoConfidence, features

Image = npt.NDArray[np.float32]

MATCHING_WIDTH = 320  # px; larger images are reduced to about this
BLOCK = 5  # px
SMALL_STEP, LARGE_STEP = 8 * BLOCK**2, 32 * BLOCK**2  # price of a step of the disparity by 1 px, and by more (OpenCV)
SLOPE_CAP = 63  # of the matcher's filter: the largest keeps the faint edges of plain surfaces apart
PER_PIXEL = 16  # the matcher's disparities are sixteenths


@dataclass(frozen=True, slots=True)
class StereoDepth:
    """What one pair shows.

    Attributes:
        frame: the left image, rectified and reduced, with its own intrinsics and pose; `depth_m` is the stereo's.
        confidence: (h, w) float32, 0..1: of the pixels with confidence c, the share c is within `tolerance_m` of the
            truth; 0 where the depth is unknown.
        focal_times_baseline: px m; depth = this / disparity.
        disparity_deviation_px: standard deviation of the disparity of a right match.
    """

    frame: Frame
    confidence: Image
    focal_times_baseline: float
    disparity_deviation_px: float

    @property
    def depth_m(self) -> Image:
        """Distance along the optical axis, (h, w) float32, 0 = unknown."""
        assert self.frame.depth_m is not None
        return self.frame.depth_m

    @property
    def deviation_m(self) -> Image:
        """Standard deviation of each depth, (h, w) float32, 0 where unknown: it grows with the square of the depth."""
        return self.depth_m**2 * np.float32(self.disparity_deviation_px / self.focal_times_baseline)

    @property
    def tolerance_m(self) -> Image:
        """The error within which a depth is right, (h, w) float32: three standard deviations."""
        return self.deviation_m * np.float32(TOLERANCE_DEVIATIONS)


class StereoMatcher:
    """Turns stereo pairs into depth.

    Args:
        nearest_m: nothing is looked for nearer than this, along the optical axis, > 0.
        farthest_m: nor farther; what is there is matched to something wrong, with low confidence. The two bound the
            number of disparities, and so the time.
        confidence: None takes the fitted one.

    Raises:
        ValueError: not 0 < nearest_m < farthest_m.
    """

    def __init__(self, nearest_m: float, farthest_m: float, confidence: StereoConfidence | None = None) -> None:
        if not 0.0 < nearest_m < farthest_m < math.inf:
            raise ValueError(f"stereo from {nearest_m} to {farthest_m} m; it must be 0 < nearest < farthest < inf")
        self._nearest_m, self._farthest_m = nearest_m, farthest_m
        self._confidence = confidence or StereoConfidence.load()
        self._rectifier = Rectifier()
        self._matcher = cv2.StereoSGBM.create(
            blockSize=BLOCK, P1=SMALL_STEP, P2=LARGE_STEP, preFilterCap=SLOPE_CAP, mode=cv2.STEREO_SGBM_MODE_SGBM_3WAY
        )

    def depth(self, left: Frame, right: Frame) -> StereoDepth:
        """Match one pair.

        Args:
            left: of the left camera.
            right: of the right camera, measured at the same time. Pairs that are not rectified are made so.

        Raises:
            ValueError: they are not a stereo pair of one moment.
        """
        return self.match(left, right)[0]

    def match(self, left: Frame, right: Frame) -> tuple[StereoDepth, Frame]:
        """As `depth`, with the right frame as it was compared: rectified and reduced."""
        depth, _, right = self._match(left, right)
        return depth, right

    def depth_and_features(self, left: Frame, right: Frame) -> tuple[StereoDepth, Features]:
        """As `depth`, with what the confidence rests on; for fitting it."""
        depth, found, _ = self._match(left, right)
        return depth, found

    def _match(self, left: Frame, right: Frame) -> tuple[StereoDepth, Features, Frame]:
        left, right = (_reduced(frame) for frame in self._rectifier.rectify(left, right))
        baseline_m = math.dist(left.pose_base_from_camera[:3, 3], right.pose_base_from_camera[:3, 3])
        focal_times_baseline = left.fx * baseline_m
        width = left.rgb.shape[1]
        lowest = min(int(focal_times_baseline / self._farthest_m), width - 1)
        count = 16 * math.ceil((min(focal_times_baseline / self._nearest_m, width) - lowest) / 16.0)
        self._matcher.setMinDisparity(lowest)
        self._matcher.setNumDisparities(count)
        grey = [cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2GRAY).astype(np.uint8) for frame in (left, right)]
        # The matcher leaves as many columns out as its largest disparity; so many are put before, which match nothing.
        padded = [cv2.copyMakeBorder(image, 0, 0, count, 0, cv2.BORDER_REPLICATE) for image in grey]
        sixteenths = self._matcher.compute(padded[0], padded[1])[:, count:]
        disparity = sixteenths.astype(np.float32) * np.float32(1.0 / PER_PIXEL)
        # In columns farther left than the disparity the right image shows nothing to compare with.
        known = (sixteenths >= max(lowest * PER_PIXEL, 1)) & (disparity <= np.arange(width, dtype=np.float32))
        found = features(grey[0], grey[1], disparity, known, lowest, count)
        depth, confidence = np.zeros_like(disparity), self._confidence.of(found)
        np.divide(np.float32(focal_times_baseline), disparity, out=depth, where=known)
        confidence[~known] = 0.0
        frame = replace(left, depth_m=depth)
        stereo = StereoDepth(frame, confidence, focal_times_baseline, self._confidence.disparity_deviation_px)
        return stereo, found, right


def _reduced(frame: Frame) -> Frame:
    """The frame at about the width at which pairs are matched; a pixel is then the mean of several."""
    factor = max(1, frame.rgb.shape[1] // MATCHING_WIDTH)
    if factor == 1:
        return frame
    width, height = frame.rgb.shape[1] // factor, frame.rgb.shape[0] // factor
    whole = frame.rgb[: height * factor, : width * factor]
    rgb = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)
    return replace(
        frame,
        rgb=rgb,
        depth_m=None,
        fx=frame.fx / factor,
        fy=frame.fy / factor,
        cx=(frame.cx + 0.5) / factor - 0.5,
        cy=(frame.cy + 0.5) / factor - 0.5,
    )
