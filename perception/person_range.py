"""How well the distance to a person is known, and how much of that tier 1 has not subtracted already.

Depth from stereo has an error that grows with the square of the distance: z^2 * subpixel / (f * baseline), as Intel
says of its D400 cameras ("Tuning depth cameras for best performance", section on RMS error), with a subpixel of 0.08 px
as the working value and 0.03 px at best (github.com/IntelRealSense/librealsense, issue 3904). A rendered depth image
has no such error: then subpixel is 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DepthNoise:
    """Of a stereo depth camera.

    Attributes:
        subpixel_px: standard deviation of the disparity; 0: exact.
        baseline_m: between its two imagers; 0.050 of a D435, 0.055 of a D415.
        floor_m: standard deviation that is there at any distance: calibration of the camera to the base.
    """

    subpixel_px: float = 0.08
    baseline_m: float = 0.05
    floor_m: float = 0.0

    def __post_init__(self) -> None:
        for name, least in (("subpixel_px", 0.0), ("floor_m", 0.0), ("baseline_m", 1e-3)):
            if not least <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be finite and at least {least}")

    def std_m(self, depth_m: float, fx: float) -> float:
        """Standard deviation at a distance along the optical axis; `fx` is the focal length in px."""
        return math.hypot(self.floor_m, depth_m**2 * self.subpixel_px / (fx * self.baseline_m))


EXACT = DepthNoise(subpixel_px=0.0)
"""Of a rendered depth image."""


@dataclass(frozen=True, slots=True)
class PersonRange:
    """The nearest person, and how much nearer it may be.

    Attributes:
        distance_m: as measured, between the surfaces of person and robot.
        std_m: of it, by the noise of depth.
        pixel_m: width of a pixel there: how far a body reaches beyond its outermost pixel without being seen.
        robot_shift_m: how far the robot may have moved between its pose and the image.
        uncertainty_m: all of it together: `deviations` times std_m, and pixel and shift in full.
    """

    distance_m: float
    std_m: float
    pixel_m: float
    robot_shift_m: float
    uncertainty_m: float

    @property
    def careful_distance_m(self) -> float:
        """The distance that it is at least; 0 where that cannot be told from contact. For whoever subtracts nothing."""
        return max(self.distance_m - self.uncertainty_m, 0.0)


def distance_for_tier1_m(distance_m: float, uncertainty_m: float, person_uncertainty_m: float) -> float:
    """The distance to send to tier 1, less what it does not subtract itself.

    Tier 1 subtracts `person_uncertainty_m` of the robot file's [separation] from every distance (Z_d of
    docs/shield.md): only what is beyond is subtracted here, so that nothing counts twice.

    Raises:
        ValueError: a negative uncertainty.
    """
    if not (person_uncertainty_m >= 0.0 and uncertainty_m >= 0.0):
        raise ValueError(
            f"person_uncertainty_m, uncertainty_m are {person_uncertainty_m}, {uncertainty_m}; both at least 0"
        )
    return max(distance_m - max(uncertainty_m - person_uncertainty_m, 0.0), 0.0)


def person_range(
    distance_m: float,
    depth_m: float,
    fx: float,
    noise: DepthNoise,
    *,
    pixel_step: int = 1,
    pose_age_s: float = 0.0,
    robot_speed_mps: float = 0.0,
    deviations: float = 3.0,
) -> PersonRange:
    """How well a distance is known.

    Args:
        distance_m: between person and robot, as measured.
        depth_m: of the person's nearest point along the optical axis.
        fx: focal length, px.
        noise: of the camera.
        pixel_step: each how many-th pixel was looked at.
        pose_age_s: between the robot's pose that was used and the image, either way, after any prediction. What passes
            after the image is tier 1's: it knows the age.
        robot_speed_mps: of the robot's fastest point meanwhile.
        deviations: standard deviations that count.

    Raises:
        ValueError: any of it is negative, not finite, or a camera without focal length.
    """
    given = {
        "distance_m": distance_m,
        "depth_m": depth_m,
        "pose_age_s": pose_age_s,
        "robot_speed_mps": robot_speed_mps,
        "deviations": deviations,
    }
    for name, value in given.items():
        if not 0.0 <= value < math.inf:
            raise ValueError(f"{name} is {value}; it must be finite and at least 0")
    if not 0.0 < fx < math.inf or pixel_step < 1:
        raise ValueError(f"fx, pixel_step are {fx}, {pixel_step}; fx must exceed 0 and pixel_step be at least 1")
    std_m, pixel_m = noise.std_m(depth_m, fx), pixel_step * depth_m / fx
    shift_m = pose_age_s * robot_speed_mps
    return PersonRange(distance_m, std_m, pixel_m, shift_m, deviations * std_m + pixel_m + shift_m)
