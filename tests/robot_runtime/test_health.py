from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from behaviours.health import OK, Health
from robot_runtime.agent_ports import Beat
from robot_runtime.directive import WorkerStatus
from robot_runtime.health import HealthConfig, HealthMonitors, HealthSamples
from tests.robot_runtime.fake_robot import FakeRobot

TICK_NS = 20_000_000
SOURCES = ("cameras", "perception", "policy", "fallback")


class Watch:
    """Monitors fed by processes that a test stops, replaces and overloads."""

    def __init__(self, config: HealthConfig | None = None) -> None:
        self.monitors = HealthMonitors(config)
        self.now_ns = 5_000_000_000
        self.robot = FakeRobot().state
        self.silent: set[str] = set()
        self.pids = {source: index for index, source in enumerate(SOURCES)}
        self.states = dict.fromkeys(SOURCES, "healthy")
        self.counts = dict.fromkeys(SOURCES, 1)
        self.missed = 0.0
        self.miss_ratio = 0.0
        self.queue_age_s = 0.0
        self.device_lost: set[str] = set()
        self.camera_faults: dict[str, str] = {}
        self.unacknowledged: frozenset[str] = frozenset()
        self.cloud_ns: int | None = None

    def tick(self, ticks: int = 1) -> Health:
        for _ in range(ticks):
            self.now_ns += TICK_NS
            for source in SOURCES:
                self.counts[source] += source not in self.silent
            self.missed += self.miss_ratio
            if "tier1" not in self.silent:
                self.robot = msgspec.structs.replace(self.robot, cycle=self.robot.cycle + 20)
            health = self.monitors.update(self.now_ns, self.samples())
        return health

    def samples(self) -> HealthSamples:
        beats = {
            source: Beat(
                source, self.states[source], self.pids[source], 0, self.counts[source], missed=int(self.missed)
            )
            for source in SOURCES
        }
        statuses = {
            source: WorkerStatus(
                source,
                self.pids[source],
                0,
                0,
                queue_age_s=self.queue_age_s,
                device_lost=source in self.device_lost,
                camera_fault=self.camera_faults.get(source, ""),
            )
            for source in SOURCES[1:]
        }
        return HealthSamples(self.robot, beats, statuses, self.unacknowledged, self.cloud_ns)


def test_what_beats_is_well() -> None:
    health = Watch().tick()
    assert health.tier1 == health.cameras == health.perception == health.policy == health.fallback == health.load == OK


def test_nothing_that_has_not_been_heard_of_is_well() -> None:
    health = HealthMonitors().update(0, HealthSamples(None, {}, {}))
    assert health.tier1.reason == "tier 1 has not been heard of"
    assert health.cameras.reason == "no image is fresh: the camera process has not been heard of"
    assert health.policy.reason == "the policy worker has not been heard of"
    assert health.cloud.reason == "the cloud has not been heard of"
    assert health.load.ok


@pytest.mark.parametrize("source", ["tier1", "cameras", "perception", "policy", "fallback"])
def test_silence_is_noticed_after_its_limit_and_return_after_the_recovery(source: str) -> None:
    watch = Watch()
    watch.tick(10)
    watch.silent.add(source)
    assert getattr(watch.tick(25), source).ok
    lost = getattr(watch.tick(), source)
    assert not lost.ok
    assert lost.reason.endswith("has been silent for 0.5 s")
    assert getattr(watch.tick(100), source) is lost
    watch.silent.clear()
    back = getattr(watch.tick(), source)
    assert not back.ok
    assert back.reason.endswith("is back, and watched for 0.5 s")
    assert not getattr(watch.tick(24), source).ok
    assert getattr(watch.tick(), source).ok


def test_cameras_that_live_and_write_no_image_are_blind() -> None:
    watch = Watch()
    watch.counts["cameras"] = 0
    watch.silent.add("cameras")  # its heartbeat goes on, the number of images does not
    assert watch.tick().cameras.reason == "no image is fresh: the camera process has not been heard of"
    watch.silent.clear()
    assert watch.tick().cameras.ok
    watch.silent.add("cameras")
    assert watch.tick(26).cameras.reason == "no image is fresh: the camera process has been silent for 0.5 s"


def test_a_process_that_flutters_stays_lost() -> None:
    watch = Watch()
    watch.tick(10)
    for _ in range(5):
        watch.silent.add("policy")
        watch.tick(30)
        watch.silent.clear()
        assert not watch.tick(20).policy.ok


def test_a_stall_of_the_agent_itself_proves_nothing() -> None:
    watch = Watch()
    watch.tick(10)
    watch.now_ns += 3_000_000_000
    assert watch.tick().perception.ok


def test_a_stopped_clock_in_the_stamps_proves_nothing() -> None:
    watch = Watch()
    assert all(getattr(watch.tick(100), source).ok for source in SOURCES)


@pytest.mark.parametrize("state", ["starting", "stopping"])
def test_a_worker_that_starts_or_stops_does_not_work_yet_or_any_more(state: str) -> None:
    watch = Watch()
    watch.states["perception"] = state
    assert watch.tick().perception.reason == f"the perception worker is {state}"


def test_a_worker_without_its_device_is_lost() -> None:
    watch = Watch()
    watch.device_lost.add("policy")
    assert watch.tick().policy.reason == "the policy worker has lost its device"


@pytest.mark.parametrize("source", ["perception", "fallback"])
def test_a_worker_without_a_usable_image_is_named_with_its_camera_while_the_cameras_are_well(source: str) -> None:
    watch = Watch()
    watch.tick(10)
    watch.camera_faults[source] = "eye: black"
    health = watch.tick()
    assert getattr(health, source).reason == f"the {source} worker has no usable image (eye: black)"
    assert health.cameras.ok
    watch.camera_faults.clear()
    assert not getattr(watch.tick(25), source).ok
    assert getattr(watch.tick(), source).ok


def test_the_robot_is_blind_when_nobody_has_a_usable_image() -> None:
    watch = Watch()
    watch.tick(10)
    watch.camera_faults.update(perception="rgbd: black", fallback="overhead_left: frozen")
    reason = "no image is fresh: the camera process writes none that can be used (rgbd: black; overhead_left: frozen)"
    assert watch.tick().cameras.reason == reason
    del watch.camera_faults["fallback"]
    assert watch.tick(27).cameras.ok


def test_the_camera_fault_of_a_replaced_worker_is_not_its_successors() -> None:
    watch = Watch()
    watch.tick(10)
    watch.camera_faults["perception"] = "rgbd: black"
    beats, samples = watch.tick(), watch.samples()
    assert not beats.perception.ok
    beat = samples.beats["perception"]
    assert beat is not None
    successor = msgspec.structs.replace(beat, pid=99)
    now_ns = watch.now_ns
    for index in range(1, 60):
        beat = msgspec.structs.replace(successor, count=index)
        known = msgspec.structs.replace(samples, beats={**samples.beats, "perception": beat})
        health = watch.monitors.update(now_ns + index * TICK_NS, known)
    assert health.perception.ok


def test_a_worker_that_does_not_take_up_the_profile_is_lost() -> None:
    watch = Watch()
    watch.unacknowledged = frozenset(["perception"])
    assert watch.tick().perception.reason == "the perception worker has not taken up the profile within 1 s"


def test_overload_is_entered_by_the_ratio_of_one_second_and_left_after_three_good_ones() -> None:
    watch = Watch()
    watch.tick(60)
    watch.miss_ratio = 0.5
    assert watch.tick(10).load.ok
    assert not watch.tick(5).load.ok
    watch.miss_ratio = 0.05
    assert not watch.tick(400).load.ok
    watch.miss_ratio = 0.0
    assert not watch.tick(150).load.ok
    assert watch.tick(60).load.ok


def test_between_the_two_ratios_nothing_changes() -> None:
    watch = Watch()
    watch.miss_ratio = 0.06
    assert watch.tick(500).load.ok


def test_a_full_queue_is_an_overload_at_once() -> None:
    watch = Watch()
    watch.tick()
    watch.queue_age_s = 0.12
    load = watch.tick().load
    assert not load.ok
    assert load.reason == "0% of deadlines missed in 1 s (allowed 10%), queue age 120 ms (allowed 100 ms)"
    watch.queue_age_s = 0.0
    assert not watch.tick(140).load.ok
    assert watch.tick(15).load.ok


def test_the_misses_of_a_replaced_worker_are_not_counted_against_its_successor() -> None:
    watch = Watch()
    watch.tick(60)
    watch.missed += 1000
    watch.pids = {source: pid + 100 for source, pid in watch.pids.items()}
    assert watch.tick(100).load.ok


def test_the_cloud_is_silent_after_two_seconds_and_back_at_once() -> None:
    watch = Watch()
    watch.cloud_ns = watch.now_ns + TICK_NS
    assert watch.tick().cloud.ok
    assert watch.tick(100).cloud.ok
    assert watch.tick().cloud.reason == "the cloud has been silent for 2 s"
    watch.cloud_ns = watch.now_ns
    assert watch.tick().cloud.ok


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=30))
def test_the_load_never_changes_its_mind_within_the_relief_time(ratios: list[float]) -> None:
    watch = Watch()
    changes: list[int] = []
    known = True
    for ratio in ratios:
        watch.miss_ratio = ratio
        for _ in range(40):
            if watch.tick().load.ok != known:
                known = not known
                changes.append(watch.now_ns)
                assert not known or changes[-1] - changes[-2] >= 3_000_000_000


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"camera_silence_s": 0.0}, "camera_silence_s is 0.0; it must exceed 0"),
        ({"relief_miss_ratio": 0.2}, "relief_miss_ratio is 0.2; it must be less than overload_miss_ratio = 0.1"),
    ],
)
def test_thresholds_that_make_no_sense_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HealthConfig(**wrong)
