"""Monitors: from samples and time to `Health`. Hysteresis lives here; mode leaves only read the result.

A reason is worded once, when its cause is first seen, so that it does not change from tick to tick.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, fields

import msgspec

from behaviours.health import OK, Condition, Health
from behaviours.robot import RobotState
from robot_runtime.agent_ports import Beat
from robot_runtime.directive import WorkerStatus

_NS_PER_S = 1_000_000_000
WORKERS = ("perception", "policy", "fallback")
LOOKING = ("perception", "fallback")  # workers that use images, each of other cameras


@dataclass(frozen=True, slots=True)
class HealthConfig:
    """Thresholds; the defaults of the overload and the cloud are DESIGN section 6.

    Attributes:
        tier1_silence_s: no new state for so long: tier 1 is not there.
        camera_silence_s: the camera process has written no image for so long: blind.
        worker_silence_s: no heartbeat for so long: dead or hung.
        recovery_s: what was lost counts as working after it has worked for so long.
        acknowledge_s: a worker that has not taken up a new profile for so long counts as hung.
        overload_window_s: over which the ratio of missed deadlines is taken.
        overload_miss_ratio: above it: overloaded.
        overload_queue_age_s: above it: overloaded.
        relief_miss_ratio: below it, for `relief_s`: no longer overloaded.
        relief_s: see above.
        cloud_silence_s: no answer for so long: offline.
    """

    tier1_silence_s: float = 0.5
    camera_silence_s: float = 0.5
    worker_silence_s: float = 0.5
    recovery_s: float = 0.5
    acknowledge_s: float = 1.0
    overload_window_s: float = 1.0
    overload_miss_ratio: float = 0.10
    overload_queue_age_s: float = 0.100
    relief_miss_ratio: float = 0.02
    relief_s: float = 3.0
    cloud_silence_s: float = 2.0

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise ValueError(f"{field.name} is {getattr(self, field.name)}; it must exceed 0")
        if self.relief_miss_ratio >= self.overload_miss_ratio:
            raise ValueError(
                f"relief_miss_ratio is {self.relief_miss_ratio}; it must be less than overload_miss_ratio = "
                f"{self.overload_miss_ratio}, or the mode would flutter"
            )


class HealthSamples(msgspec.Struct, frozen=True):
    """What was read in one tick.

    Attributes:
        robot: newest state of tier 1.
        beats: newest heartbeat of `cameras`, which counts written images, and of each worker, which counts loops; None
            before the first.
        statuses: newest answer of each worker; None before the first.
        unacknowledged: workers that have not taken up the profile in time.
        cloud_heard_ns: when the cloud last answered; None if never.
    """

    robot: RobotState | None
    beats: Mapping[str, Beat | None]
    statuses: Mapping[str, WorkerStatus | None]
    unacknowledged: frozenset[str] = frozenset()
    cloud_heard_ns: int | None = None


class Silence:
    """Whether something that counts upwards still does."""

    def __init__(self, limit_s: float) -> None:
        self._limit_ns = int(limit_s * _NS_PER_S)
        self._mark: tuple[int, int] | None = None
        self._heard_ns = 0

    def update(self, now_ns: int, mark: tuple[int, int] | None) -> str:
        """Why it counts as silent; empty = it does not.

        Ages are taken from when a change was *seen*, so that a wrong stamp, or a pause of this process, proves nothing.

        Args:
            now_ns: time of the tick.
            mark: identity (pid or generation) and count; None before the first.
        """
        if mark is not None and mark != self._mark:
            self._mark, self._heard_ns = mark, now_ns
        if self._mark is None:
            return "has not been heard of"
        if now_ns - self._heard_ns > self._limit_ns:
            return f"has been silent for {self._limit_ns / _NS_PER_S:g} s"
        return ""


class Recovery:
    """What was lost counts as working only after it has worked for a while."""

    def __init__(self, what: str, recovery_s: float) -> None:
        self._what = what
        self._recovery_ns = int(recovery_s * _NS_PER_S)
        self._worked = False
        self._lost = False
        self._good_since_ns: int | None = None
        self._condition = Condition(False, f"{what} has not been heard of")

    def update(self, now_ns: int, trouble: str) -> Condition:
        """The condition, given what is wrong at this moment (empty = nothing)."""
        if trouble:
            self._lost = self._worked
            self._good_since_ns = None
            self._say(f"{self._what} {trouble}")
            return self._condition
        if self._good_since_ns is None:
            self._good_since_ns = now_ns
        if self._lost and now_ns - self._good_since_ns < self._recovery_ns:
            self._say(f"{self._what} is back, and watched for {self._recovery_ns / _NS_PER_S:g} s")
            return self._condition
        self._worked, self._lost = True, False
        self._condition = OK
        return self._condition

    def _say(self, reason: str) -> None:
        if self._condition.reason != reason:
            self._condition = Condition(False, reason)


class Overload:
    """Whether the workers keep their deadlines."""

    def __init__(self, config: HealthConfig) -> None:
        self._config = config
        self._window: dict[str, deque[tuple[int, Beat]]] = {}
        self._relieved_since_ns: int | None = None
        self._condition = OK

    def update(self, now_ns: int, beats: Mapping[str, Beat | None], queue_age_s: float) -> Condition:
        """The condition after one more sample.

        Args:
            now_ns: time of the tick.
            beats: newest heartbeat of each worker that uses the accelerator.
            queue_age_s: the oldest of their newest inputs.
        """
        ratio = max((self._miss_ratio(now_ns, source, beat) for source, beat in beats.items()), default=0.0)
        config = self._config
        if ratio > config.overload_miss_ratio or queue_age_s > config.overload_queue_age_s:
            self._relieved_since_ns = None
            if self._condition.ok:
                self._condition = Condition(
                    False,
                    f"{ratio:.0%} of deadlines missed in {config.overload_window_s:g} s (allowed "
                    f"{config.overload_miss_ratio:.0%}), queue age {queue_age_s * 1e3:.0f} ms (allowed "
                    f"{config.overload_queue_age_s * 1e3:.0f} ms)",
                )
        elif not self._condition.ok:
            if ratio >= config.relief_miss_ratio:
                self._relieved_since_ns = None
            elif self._relieved_since_ns is None:
                self._relieved_since_ns = now_ns
            elif now_ns - self._relieved_since_ns >= config.relief_s * _NS_PER_S:
                self._condition = OK
        return self._condition

    def _miss_ratio(self, now_ns: int, source: str, beat: Beat | None) -> float:
        window = self._window.setdefault(source, deque())
        if beat is None or (window and window[-1][1].pid != beat.pid):
            window.clear()
        if beat is None:
            return 0.0
        if not window or window[-1][1].count != beat.count:
            window.append((now_ns, beat))
        start_ns = now_ns - int(self._config.overload_window_s * _NS_PER_S)
        while len(window) > 1 and window[1][0] <= start_ns:
            window.popleft()
        first_ns, first = window[0]
        beats = beat.count - first.count
        if first_ns > start_ns or beats <= 0:
            return 0.0  # less than a whole window has been seen of this process
        return min(1.0, max(0, beat.missed - first.missed) / beats)


class HealthMonitors:
    """All monitors of one robot."""

    def __init__(self, config: HealthConfig | None = None) -> None:
        config = config or HealthConfig()
        self._config = config
        self._silence = {
            "tier1": Silence(config.tier1_silence_s),
            "cameras": Silence(config.camera_silence_s),
            **{source: Silence(config.worker_silence_s) for source in WORKERS},
        }
        self._recovery = {
            "tier1": Recovery("tier 1", config.recovery_s),
            "cameras": Recovery("no image is fresh: the camera process", config.recovery_s),
            **{source: Recovery(f"the {source} worker", config.recovery_s) for source in WORKERS},
        }
        self._overload = Overload(config)
        self._offline = Condition(False, "the cloud has not been heard of")
        self._judged: tuple[Condition, ...] = ()
        self._health: Health | None = None

    def update(self, now_ns: int, samples: HealthSamples) -> Health:
        """Judge one tick's samples."""
        robot = samples.robot
        tier1 = self._judge(now_ns, "tier1", None if robot is None else (robot.generation, robot.cycle), "")
        cameras = self._judge(now_ns, "cameras", _images(samples.beats.get("cameras")), _blindness(samples))
        workers = {source: self._worker(now_ns, source, samples) for source in WORKERS}
        gpu = ("perception", "policy")
        queue_age_s = max(
            (status.queue_age_s for source in gpu if (status := samples.statuses.get(source)) is not None), default=0.0
        )
        load = self._overload.update(now_ns, {source: samples.beats.get(source) for source in gpu}, queue_age_s)
        cloud = self._cloud(now_ns, samples.cloud_heard_ns)
        judged = (tier1, cameras, workers["perception"], workers["policy"], workers["fallback"], load, cloud)
        if self._health is None or judged != self._judged:
            self._judged = judged
            self._health = Health(now_ns, *judged)
        return self._health

    def _worker(self, now_ns: int, source: str, samples: HealthSamples) -> Condition:
        beat, status = samples.beats.get(source), samples.statuses.get(source)
        trouble = ""
        if beat is not None and beat.state in ("starting", "stopping"):
            trouble = f"is {beat.state}"
        elif status is not None and _is_of(status, beat) and status.device_lost:
            trouble = "has lost its device"
        elif fault := _camera_fault(source, samples):
            trouble = f"has no usable image ({fault})"
        elif source in samples.unacknowledged:
            trouble = f"has not taken up the profile within {self._config.acknowledge_s:g} s"
        return self._judge(now_ns, source, _mark(beat), trouble)

    def _judge(self, now_ns: int, what: str, mark: tuple[int, int] | None, trouble: str) -> Condition:
        silent = self._silence[what].update(now_ns, mark)
        return self._recovery[what].update(now_ns, silent or trouble)

    def _cloud(self, now_ns: int, heard_ns: int | None) -> Condition:
        if heard_ns is not None and now_ns - heard_ns <= self._config.cloud_silence_s * _NS_PER_S:
            return OK
        if heard_ns is not None and self._offline.reason != (
            reason := f"the cloud has been silent for {self._config.cloud_silence_s:g} s"
        ):
            self._offline = Condition(False, reason)
        return self._offline


def _images(beat: Beat | None) -> tuple[int, int] | None:
    """As `_mark`; a camera process that has written no image yet has not been heard of."""
    return None if beat is None or beat.count == 0 else _mark(beat)


def _is_of(status: WorkerStatus, beat: Beat | None) -> bool:
    """Whether a status is of the process that beats, and not of its predecessor."""
    return beat is not None and status.pid == beat.pid


def _camera_fault(source: str, samples: HealthSamples) -> str:
    """What a worker says of its images; empty = they can be used."""
    status = samples.statuses.get(source)
    return status.camera_fault if status is not None and _is_of(status, samples.beats.get(source)) else ""


def _blindness(samples: HealthSamples) -> str:
    """Why no camera is of use; empty = one is, or nobody has said otherwise."""
    faults = [_camera_fault(source, samples) for source in LOOKING]
    return f"writes none that can be used ({'; '.join(faults)})" if all(faults) else ""


def _mark(beat: Beat | None) -> tuple[int, int] | None:
    return None if beat is None else (beat.pid, beat.count)
