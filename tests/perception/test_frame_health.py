from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from perception.frame_health import FrameFault, FrameJudge, FrameLimits, FrameVerdict, noise_deviation
from perception.frames import Frame
from rt_control.robot_file import Camera

WIDTH, HEIGHT = 64, 48
PERIOD_NS = 33_000_000
LIMITS = FrameLimits(WIDTH, HEIGHT, depth=True)


class Stream:
    """A camera whose frames a test spoils, and its judge."""

    def __init__(self, limits: FrameLimits = LIMITS, deviation: float = 1.0) -> None:
        self.judge = FrameJudge(limits)
        self.now_ns = 10_000_000_000
        self.number = 0
        self._deviation = deviation
        self._random = np.random.default_rng(0)
        slope = np.linspace(40, 200, WIDTH)[None, :, None]
        self._scene = np.broadcast_to(slope, (HEIGHT, WIDTH, 3))

    def frame(self) -> Frame:
        """The next frame, which is good."""
        self.now_ns += PERIOD_NS
        self.number += 1
        noisy = self._scene + self._random.normal(0.0, self._deviation, self._scene.shape)
        rgb = np.clip(noisy, 0, 255).astype(np.uint8)
        depth = np.ones((HEIGHT, WIDTH), np.float32)
        return Frame("eye", self.number, self.now_ns, rgb, depth, 60.0, 60.0, 31.5, 23.5, np.eye(4))

    def next(self, spoil: Callable[[Frame], Frame] = lambda frame: frame, robot_moves: bool = False) -> FrameVerdict:
        """The verdict over the next frame."""
        return self.judge.judge(spoil(self.frame()), self.now_ns, robot_moves)


def with_depth(change: Callable[[np.ndarray], None]) -> Callable[[Frame], Frame]:
    def spoil(frame: Frame) -> Frame:
        assert frame.depth_m is not None
        depth = frame.depth_m.copy()
        change(depth)
        return replace(frame, depth_m=depth)

    return spoil


def nan(depth: np.ndarray) -> None:
    depth[3, 4] = np.nan


def infinite(depth: np.ndarray) -> None:
    depth[3, 4] = np.inf


def negative(depth: np.ndarray) -> None:
    depth[3, 4] = -0.1


def empty(depth: np.ndarray) -> None:
    depth[: HEIGHT * 3 // 4] = 0.0


BAD: list[tuple[FrameFault, Callable[[Frame], Frame], bool, bool]] = [
    (FrameFault.WRONG_TYPE, lambda frame: replace(frame, rgb=frame.rgb.astype(np.float32)), False, False),
    (FrameFault.WRONG_TYPE, lambda frame: replace(frame, rgb=frame.rgb[..., 0]), False, False),
    (FrameFault.WRONG_SIZE, lambda frame: replace(frame, rgb=frame.rgb[::2]), False, False),
    (FrameFault.NOT_CALIBRATED, lambda frame: replace(frame, fx=float("nan")), False, False),
    (FrameFault.NOT_CALIBRATED, lambda frame: replace(frame, fy=0.0), False, False),
    (FrameFault.NOT_CALIBRATED, lambda f: replace(f, pose_base_from_camera=np.full((4, 4), np.nan)), False, False),
    (FrameFault.FROM_FUTURE, lambda frame: replace(frame, stamp_ns=frame.stamp_ns + 10**9), False, False),
    (FrameFault.STALE, lambda frame: replace(frame, stamp_ns=frame.stamp_ns - 10**9), False, False),
    (FrameFault.BLACK, lambda frame: replace(frame, rgb=frame.rgb // 64), False, True),
    (FrameFault.OVEREXPOSED, lambda frame: replace(frame, rgb=255 - frame.rgb // 64), False, True),
    (FrameFault.DEPTH_MISSING, lambda frame: replace(frame, depth_m=None), True, False),
    (FrameFault.DEPTH_INVALID, with_depth(nan), True, False),
    (FrameFault.DEPTH_INVALID, with_depth(infinite), True, False),
    (FrameFault.DEPTH_INVALID, with_depth(negative), True, False),
    (FrameFault.DEPTH_INVALID, with_depth(empty), True, False),
    (FrameFault.DEPTH_INVALID, lambda frame: replace(frame, depth_m=np.ones((3, 4), np.float32)), True, False),
]


def test_good_frames_are_good_for_everything() -> None:
    stream = Stream()
    assert all(stream.next(robot_moves=True) == FrameVerdict(True, None, "", True, True) for _ in range(50))


def test_a_camera_without_depth_is_good_without_it_and_never_for_it() -> None:
    stream = Stream(replace(LIMITS, depth=False))
    assert stream.next(lambda frame: replace(frame, depth_m=None)) == FrameVerdict(True, None, "", True, False)


@pytest.mark.parametrize(("fault", "spoil", "rgb", "depth"), BAD)
def test_a_bad_frame_is_named_at_once_and_used_for_nothing_that_it_is_bad_for(
    fault: FrameFault, spoil: Callable[[Frame], Frame], rgb: bool, depth: bool
) -> None:
    stream = Stream()
    stream.next()
    verdict = stream.next(spoil)
    assert (verdict.ok, verdict.fault, verdict.usable_rgb, verdict.usable_depth) == (False, fault, rgb, depth)
    assert verdict.reason


@pytest.mark.parametrize(("fault", "spoil"), [item[:2] for item in BAD])
def test_a_fault_is_left_after_five_good_frames_in_a_row(fault: FrameFault, spoil: Callable[[Frame], Frame]) -> None:
    stream = Stream()
    stream.next(spoil)
    for _ in range(3):
        assert [stream.next().fault for _ in range(4)] == [fault] * 4
        assert not stream.next(spoil).ok
    assert [stream.next().ok for _ in range(6)] == [False] * 4 + [True] * 2


def test_noise_is_a_fault_only_when_it_lasts() -> None:
    quiet, loud = Stream(), Stream(deviation=40.0)
    assert quiet.next(lambda frame: replace(frame, rgb=loud.frame().rgb)).ok
    assert quiet.next().ok
    verdicts = [quiet.next(lambda frame: replace(frame, rgb=loud.frame().rgb)) for _ in range(3)]
    assert [verdict.ok for verdict in verdicts] == [True, True, False]
    assert verdicts[-1].fault is FrameFault.NOISY
    assert "(allowed 8)" in verdicts[-1].reason


@pytest.mark.parametrize("deviation", [2.0, 5.0, 10.0, 20.0])
def test_the_noise_is_estimated(deviation: float) -> None:
    assert noise_deviation(Stream(deviation=deviation).frame().rgb) == pytest.approx(deviation, rel=0.35)


def still(stream: Stream) -> Callable[[Frame], Frame]:
    kept = stream.frame().rgb
    return lambda frame: replace(frame, rgb=kept)


def test_what_looks_the_same_is_frozen_only_while_the_robot_moves_in_view() -> None:
    stream = Stream()
    same = still(stream)
    assert all(stream.next(same).ok for _ in range(100))
    moving = [stream.next(same, robot_moves=True).ok for _ in range(20)]
    assert moving[:15] == [True] * 15, "half a second"
    assert not moving[-1]
    assert stream.next(same, robot_moves=True).fault is FrameFault.FROZEN


def test_a_robot_that_moves_a_little_now_and_then_freezes_nothing() -> None:
    stream = Stream()
    same = still(stream)
    assert all(stream.next(same, robot_moves=index % 12 != 0).ok for index in range(100))


def test_a_black_image_stays_black_and_does_not_freeze() -> None:
    stream = Stream()
    verdicts = [
        stream.next(lambda frame: replace(frame, rgb=np.zeros_like(frame.rgb)), robot_moves=True) for _ in range(40)
    ]
    assert {verdict.fault for verdict in verdicts} == {FrameFault.BLACK}
    assert verdicts[-1].usable_depth


def test_a_number_that_rises_without_its_stamp_is_frozen() -> None:
    stream = Stream()
    first = stream.next()
    stamp_ns = stream.now_ns
    assert first.ok
    verdict = stream.next(lambda frame: replace(frame, stamp_ns=stamp_ns))
    assert verdict.fault is FrameFault.FROZEN
    assert verdict.reason == "image 2 has not a later stamp than image 1"


def test_a_camera_that_falls_silent_is_stale_and_one_that_is_not_asked_for_is_not() -> None:
    stream = Stream()
    stream.next()
    waited = [stream.judge.wait(stream.now_ns + index * PERIOD_NS).ok for index in range(1, 20)]
    assert waited[:15] == [True] * 15, "half a second"
    assert not waited[-1]
    other = Stream()
    other.next()
    assert other.judge.wait(other.now_ns + 10_000_000_000).ok, "whoever asks so late was held up itself"


def test_a_camera_that_never_delivered_is_stale_too() -> None:
    judge = FrameJudge(LIMITS)
    verdicts = [judge.wait(index * PERIOD_NS) for index in range(30)]
    assert verdicts[0].ok
    assert verdicts[-1].fault is FrameFault.STALE


def test_of_several_faults_the_worst_is_named_and_all_count() -> None:
    stream = Stream()
    verdict = stream.next(lambda frame: replace(frame, rgb=np.zeros_like(frame.rgb), depth_m=None))
    assert verdict.fault is FrameFault.BLACK
    assert not verdict.usable_rgb
    assert not verdict.usable_depth


SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
ANY_ARRAY = arrays.arrays(st.sampled_from([np.uint8, np.int16, np.float32, np.float64, np.bool_]), SHAPES)
ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)


@given(
    rgb=ANY_ARRAY,
    depth=st.none() | ANY_ARRAY,
    pose=ANY_ARRAY,
    numbers=st.tuples(ANY_FLOAT, ANY_FLOAT, ANY_FLOAT, ANY_FLOAT),
    stamp_ns=st.integers(-(2**63), 2**63 - 1),
    moves=st.booleans(),
)
def test_garbage_is_always_named_and_never_raises(
    rgb: Any, depth: Any, pose: Any, numbers: tuple[float, float, float, float], stamp_ns: int, moves: bool
) -> None:
    judge = FrameJudge(LIMITS)
    verdict = judge.judge(Frame("eye", 1, stamp_ns, rgb, depth, *numbers, pose), 10**10, moves)
    assert not verdict.ok
    assert verdict.fault is not None
    assert verdict.reason
    assert not verdict.usable_rgb
    assert not verdict.usable_depth


@given(
    depth=arrays.arrays(
        np.float32, (HEIGHT, WIDTH), elements=st.floats(width=32), fill=st.sampled_from([np.float32(1.0)])
    )
)
def test_a_depth_that_may_be_used_is_finite_and_not_negative(depth: np.ndarray) -> None:
    verdict = Stream().next(lambda frame: replace(frame, depth_m=depth))
    if verdict.usable_depth:
        assert np.isfinite(depth).all()
        assert (depth >= 0.0).all()
    else:
        assert verdict.fault is FrameFault.DEPTH_INVALID


def test_the_limits_of_a_camera_are_those_of_its_file() -> None:
    limits = FrameLimits.of(Camera(name="eye", width=64, height=48, depth=True))
    assert (limits.width, limits.height, limits.depth) == (64, 48, True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"stale_after_s": 0.0}, "stale_after_s is 0.0; it must exceed 0 and be finite"),
        ({"no_return_share": 1.5}, "no_return_share is 1.5.*the share must be at most 1"),
        ({"black_level": 250.0}, "black darker than white"),
    ],
)
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(LIMITS, **wrong)
