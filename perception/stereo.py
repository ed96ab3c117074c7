"""Distance of the nearest unexplained thing from two images, without depth camera and GPU: for the fallback worker.

A point counts when stereo puts it clearly above what stands on the table, or when it looks like skin; the robot and the
bins explain what is near them. Whatever is left is a person.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from perception.colour import is_skin, to_hsv
from perception.frames import Frame
from perception.person_range import PersonRange
from perception.robot_shape import distances
from perception.stereo_depth import StereoDepth, StereoMatcher
from rt_control.robot_file import RobotDescription, Workcell

Array = npt.NDArray[np.float64]
Image = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

HIGHEST_M = 0.87  # above the table: what is looked for lies below; with it two blocks of 16 disparities do
LEAST_DEPTH = 0.1  # of the farthest: a camera in the midst of the workcell looks no nearer
BELOW_TABLE = 1.5  # farthest depth, of the table's: what lies farther below is not taken for something on it
ABOVE_OBJECTS_M = 0.10  # above the table: lower things may be objects
SKIN_HEIGHT_M = 0.05  # above the table, at which skin without a match is taken to be
LEAST_CONFIDENCE = 0.7
LEAST_AREA = 40  # px: smaller regions are wrong matches
SAME_SURFACE_PX = 2  # of disparity between neighbours of one region
BIN_MARGIN_M = 0.05
BEYOND_M = 0.09  # matching widens the robot's outline by this much
TABLE_MARGIN_M = 0.1  # around the table: what is farther out is not looked for
CLEARLY = 24.0  # by how much, of 3 x 255, a match must be better than the table's to be believed
STEP = 2
STRAY_POINTS = 8  # the nearest few points are not believed alone
CAREFUL_DEVIATIONS = 2.0


class StereoRange:
    """Measures in pairs of images; see `StereoMatcher` for what a pair is."""

    def __init__(self, description: RobotDescription) -> None:
        self._workcell = description.workcell
        self._matcher: StereoMatcher | None = None
        self._pose: Array | None = None

    def update(self, left: Frame, right: Frame, robot: Array) -> float | None:
        """Distance of the nearest unexplained point from the robot's surface, m, >= 0; None if there is none.

        Args:
            left: of the left camera.
            right: of the right camera, measured at the same time.
            robot: capsules at that time, see `robot_capsules`, (k, 8).

        Raises:
            ValueError: the two images are not a stereo pair of one moment.
        """
        person = self.measure(left, right, robot)
        return None if person is None else person.distance_m

    def measure(self, left: Frame, right: Frame, robot: Array) -> PersonRange | None:
        """As `update`, with its uncertainty."""
        if self._matcher is None or self._pose is None or not np.array_equal(self._pose, left.pose_base_from_camera):
            self._matcher, self._pose = matcher_for(self._workcell, left), left.pose_base_from_camera
        stereo, other = self._matcher.match(left, right)
        frame, cell = stereo.frame, self._workcell
        depth = _without_specks(stereo)
        depth[self._is_table(stereo, other)] = 0.0
        skin = cv2.medianBlur(is_skin(to_hsv(frame.rgb)).astype(np.uint8), 3).astype(bool)[::STEP, ::STEP]
        depth, deviation = depth[::STEP, ::STEP], stereo.deviation_m[::STEP, ::STEP]

        rays = _rays(frame)[::STEP, ::STEP]
        position = frame.pose_base_from_camera[:3, 3]
        with np.errstate(divide="ignore", invalid="ignore"):
            skin_depth = (cell.table_height_m + SKIN_HEIGHT_M - position[2]) / rays[..., 2]
        depth = np.where((depth == 0.0) & skin, skin_depth, depth)
        points = rays * depth[..., None] + position
        height = points[..., 2] - cell.table_height_m
        found = np.isfinite(depth) & (depth > 0.0) & (skin | (height > ABOVE_OBJECTS_M)) & (height < HIGHEST_M)
        for axis, (lower, upper) in enumerate(zip(cell.table_lower, cell.table_upper, strict=True)):
            found &= (points[..., axis] > lower - TABLE_MARGIN_M) & (points[..., axis] < upper + TABLE_MARGIN_M)
        return self._nearest(points[found], skin[found], deviation[found], robot)

    def _is_table(self, stereo: StereoDepth, other: Frame) -> Mask:
        """Pixels that match the other image about as well at the table's disparity as at their own."""
        frame = stereo.frame
        height, width = frame.rgb.shape[:2]
        rows = np.repeat(np.arange(height, dtype=np.float32)[:, None], width, axis=1)
        columns = np.arange(width, dtype=np.float32)[None, :]

        def difference(inverse_depth: Image) -> Image:
            source = columns - np.float32(stereo.focal_times_baseline) * inverse_depth
            seen = cv2.remap(other.rgb, source, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            summed = cv2.absdiff(frame.rgb, seen).sum(axis=2, dtype=np.float32)
            return np.asarray(cv2.blur(summed, (5, 5)), dtype=np.float32)

        with np.errstate(divide="ignore"):
            own = np.where(stereo.depth_m > 0.0, np.float32(1.0) / stereo.depth_m, np.float32(0.0))
        above = frame.pose_base_from_camera[2, 3] - self._workcell.table_height_m
        table = np.maximum(-_rays(frame)[..., 2] / np.float32(above), np.float32(0.0))
        return np.asarray(difference(table) < difference(own) + CLEARLY, dtype=np.bool_)

    def _nearest(self, points: Array, skin: Mask, deviation: Image, robot: Array) -> PersonRange | None:
        cell = self._workcell
        keep = np.ones(len(points), dtype=bool)
        for item in cell.bin:
            half_x, half_y = item.size[0] / 2.0 + BIN_MARGIN_M, item.size[1] / 2.0 + BIN_MARGIN_M
            inside = (np.abs(points[:, 0] - item.centre[0]) < half_x) & (np.abs(points[:, 1] - item.centre[1]) < half_y)
            keep &= skin | ~(inside & (points[:, 2] < cell.table_height_m + item.size[2] + BIN_MARGIN_M))
        if not keep.any():
            return None
        points, skin, deviation = points[keep], skin[keep], deviation[keep]
        wider = robot.copy()
        wider[:, 7] += BEYOND_M
        distance, own = distances(points, wider)
        person = ~own | (skin & (distance > 0.0))
        if np.count_nonzero(person) <= STRAY_POINTS:
            return None
        order = np.argsort(distance[person])[: STRAY_POINTS + 1]
        nearest_m = float(distance[person][order[-1]])
        std_m = float(deviation[person][order].max())
        return PersonRange(max(nearest_m, 0.0), std_m, 0.0, 0.0, CAREFUL_DEVIATIONS * std_m)


def matcher_for(workcell: Workcell, left: Frame) -> StereoMatcher:
    """A matcher for what is on and above the table, by where the camera is."""
    top = workcell.table_height_m
    x, y = (
        (lower - TABLE_MARGIN_M, upper + TABLE_MARGIN_M)
        for lower, upper in zip(workcell.table_lower, workcell.table_upper, strict=True)
    )
    corners = np.array([[across, along, height] for across in x for along in y for height in (top, top + HIGHEST_M)])
    depths = left.project(corners)[:, 2]
    farthest_m = BELOW_TABLE * float(depths.max())
    return StereoMatcher(max(float(depths.min()), LEAST_DEPTH * farthest_m), farthest_m)


def _rays(frame: Frame) -> Image:
    """Base-frame direction of each pixel, of length 1 along the optical axis, (h, w, 3)."""
    height, width = frame.rgb.shape[:2]
    right = np.broadcast_to((np.arange(width) - frame.cx) / frame.fx, (height, width))
    down = np.broadcast_to(((np.arange(height) - frame.cy) / frame.fy)[:, None], (height, width))
    camera = np.stack([right, down, np.ones((height, width))], axis=-1)
    return np.asarray(camera @ frame.pose_base_from_camera[:3, :3].T, dtype=np.float32)


def _without_specks(stereo: StereoDepth) -> Image:
    """Depth that is trusted, in regions of some size; 0 elsewhere."""
    with np.errstate(divide="ignore"):
        disparity = np.where(
            stereo.confidence > LEAST_CONFIDENCE, 16.0 * stereo.focal_times_baseline / stereo.depth_m, 0.0
        )
    kept = np.rint(disparity).astype(np.int16)
    cv2.filterSpeckles(kept, 0, LEAST_AREA, 16 * SAME_SURFACE_PX)
    return np.where(kept > 0, stereo.depth_m, np.float32(0.0))
