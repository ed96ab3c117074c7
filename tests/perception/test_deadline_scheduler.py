from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from perception.cost_estimate import CostEstimates
from perception.deadline_scheduler import DeadlineScheduler
from perception.jobs import NO_TRACK, Decision, Job, Why
from perception.reasons import Reason
from perception.schedule_rules import LevelRule, SchedulerRules

MS = 1_000_000
FRAME_NS = 33_333_333
COST_MS = {"detector": 4.0, "depth": 3.0, "features": 2.0, "masks": 6.0, "pose": 11.0, "slow": 40.0, "scene": 300.0}
FIRST = [Job(1, role, NO_TRACK, Reason.LEVEL1, 0.0) for role in ("detector", "depth")]
LEVEL2 = LevelRule(2, rate_hz=10.0, deadline_ms=33.0, ms_per_s=300.0)
LEVEL3 = LevelRule(3, rate_hz=5.0, deadline_ms=500.0, ms_per_s=None, aside=True)
BOUND = 6
RULES = SchedulerRules(33.0, (LEVEL2, LEVEL3), queue_bound=BOUND)
ROOMY = SchedulerRules(33.0, (LEVEL2, LEVEL3))

jobs = st.builds(
    Job,
    level=st.just(2),
    role=st.sampled_from(["features", "masks", "pose", "slow"]),
    track=st.integers(0, 5),
    reasons=st.sampled_from([Reason.FAST, Reason.NEW_OBJECT, Reason.IN_WORKSPACE]),
    priority=st.floats(0.0, 10.0),
)
scenes = st.builds(
    Job,
    level=st.just(3),
    role=st.just("scene"),
    track=st.just(-1),
    reasons=st.just(Reason.NOVEL),
    priority=st.just(1.0),
)
wishes = st.lists(jobs | scenes, max_size=15)


def scheduler(rules: SchedulerRules = RULES) -> DeadlineScheduler:
    return DeadlineScheduler(rules, CostEstimates(COST_MS), 0)


def job(role: str, track: int = 0, priority: float = 5.0, level: int = 2) -> Job:
    return Job(level, role, track, Reason.FAST, priority)


def told(decision: Decision) -> list[Job]:
    return [look.job for look in decision.run] + [item for item, _ in (*decision.deferred, *decision.dropped)]


def carry_out(plan: DeadlineScheduler, decision: Decision, now_ns: int, pace: float = 1.0) -> int:
    """Run what runs in the image's time, each as long as it really takes; when the last one ends."""
    for look in decision.run:
        if look.job.level < 3:
            took_ms = COST_MS[look.job.role] * pace
            now_ns += round(took_ms * MS)
            late = plan.finish(look, took_ms, now_ns)
            assert not (late and took_ms <= look.estimate_ms)
    return now_ns


def whys(pairs: Iterable[tuple[Job, Why]]) -> list[tuple[str, Why]]:
    return [(item.role, why) for item, why in pairs]


@given(frames=st.lists(st.tuples(wishes, st.integers(0, 40 * MS)), min_size=1, max_size=12), pace=st.floats(0.2, 1.0))
def test_no_look_that_takes_at_most_its_estimate_is_late(frames: list[tuple[list[Job], int]], pace: float) -> None:
    plan = scheduler()
    for number, (wanted, delay_ns) in enumerate(frames):
        stamp_ns = number * FRAME_NS
        now_ns = stamp_ns + delay_ns
        first = plan.begin_frame(stamp_ns, now_ns, FIRST)
        now_ns = carry_out(plan, first, now_ns, pace)  # asserts it
        if first.run:
            carry_out(plan, plan.plan(stamp_ns, now_ns, wanted), now_ns, pace)


@given(frames=st.lists(st.tuples(wishes, st.integers(0, 30 * MS)), min_size=1, max_size=12))
def test_every_wanted_look_is_told_exactly_once_and_few_wait(frames: list[tuple[list[Job], int]]) -> None:
    plan, waiting = scheduler(), set[tuple[str, int]]()
    for number, (wanted, delay_ns) in enumerate(frames):
        stamp_ns = number * FRAME_NS
        decision = plan.plan(stamp_ns, stamp_ns + delay_ns, wanted)
        counted = Counter(item.key for item in told(decision))
        assert counted == Counter({item.key for item in wanted} | waiting)
        waiting = {item.key for item, _ in decision.deferred}
        assert len(waiting) <= BOUND


@given(wanted=wishes, delay_ns=st.integers(0, 30 * MS), spent=st.lists(jobs, max_size=8))
def test_nothing_waits_for_what_matters_less_and_costs_more(wanted: list[Job], delay_ns: int, spent: list[Job]) -> None:
    plan = scheduler()
    plan.plan(0, 0, [item for item in spent if item.track > 3])  # uses up some of the share
    decision = plan.plan(10 * FRAME_NS, 10 * FRAME_NS + delay_ns, wanted)
    for waiting, why in (*decision.deferred, *decision.dropped):
        if why in (Why.NO_TIME, Why.NO_SHARE) and waiting.since_ns == 10 * FRAME_NS + delay_ns:
            for look in decision.run:
                same_age = look.job.since_ns == waiting.since_ns and look.job.level == waiting.level
                if same_age and look.job.priority < waiting.priority:
                    assert look.estimate_ms < COST_MS[waiting.role]


@given(
    rivals=st.integers(1, 25),
    rival=st.sampled_from(["features", "masks"]),
    priority=st.floats(0.0, 10.0),
    role=st.sampled_from(["features", "masks", "pose"]),
)
@example(rivals=25, rival="features", priority=0.0, role="pose")  # cheap ones would take each token as it comes
@settings(max_examples=20)
def test_what_starves_gets_its_turn(rivals: int, rival: str, priority: float, role: str) -> None:
    """A busy scene: rivals of the highest priority are wanted at each image, and they alone may exceed the share."""
    plan, patient = scheduler(ROOMY), job(role, track=99, priority=priority)
    last_ns = 0
    for number in range(90):
        stamp_ns = number * FRAME_NS
        wanted = [job(rival, track, 10.0) for track in range(rivals)]
        decision = plan.plan(stamp_ns, stamp_ns + 10 * MS, [*wanted, patient])
        carry_out(plan, decision, stamp_ns + 10 * MS)
        if any(look.job.key == patient.key for look in decision.run):
            last_ns = stamp_ns
        assert stamp_ns - last_ns < 1.0e9


def test_what_a_look_did_not_take_of_its_estimate_is_left_for_others() -> None:
    taken = []
    for took_ms in (1.0, 6.0):
        plan = scheduler()
        for number in range(12):  # 72 ms of the 75 that are saved, or 12 of them
            (look,) = plan.plan(0, 0, [job("masks", number)]).run
            plan.costs.observe("masks", 6.0)
            plan.finish(look, took_ms, 0)
        taken.append(bool(plan.plan(0, 0, [job("pose", 50)]).run))
    assert taken == [True, False]


def test_what_never_fits_is_dropped_by_age_with_that_reason() -> None:
    plan, seen = scheduler(), list[tuple[int, Why]]()
    for number in range(40):
        decision = plan.plan(number * FRAME_NS, number * FRAME_NS, [job("slow")])
        assert not decision.run
        seen += [(number, why) for _, why in decision.dropped]
    assert seen == [(31, Why.TOO_OLD)]  # the first image a second after the first


def test_a_busy_scene_takes_no_more_than_the_share_of_its_level() -> None:
    plan, spent_ms = scheduler(), 0.0
    for number in range(300):
        stamp_ns = number * FRAME_NS
        decision = plan.plan(stamp_ns, stamp_ns, [job("masks", track, 5.0) for track in range(20)])
        spent_ms += sum(COST_MS[look.job.role] for look in decision.run)
        carry_out(plan, decision, stamp_ns)
    assert 0.9 * 300.0 * 10.0 < spent_ms <= 300.0 * (10.0 + 0.25) + 6.0


def test_what_did_not_fit_waits_and_what_is_cheaper_goes_first() -> None:
    decision = scheduler().plan(0, 20 * MS, [job("features", 1, 1.0), job("pose", 2, 9.0), job("masks", 3, 5.0)])
    assert [look.job.role for look in decision.run] == ["pose", "features"]
    assert whys(decision.deferred) == [("masks", Why.NO_TIME)]


def test_a_stalled_host_drops_the_image_and_counts_it() -> None:
    plan = scheduler()
    assert [look.job.role for look in plan.begin_frame(0, 26 * MS, FIRST).run] == ["detector", "depth"]
    late = plan.begin_frame(0, 26 * MS + 1, FIRST)
    assert whys(late.dropped) == [("detector", Why.FRAME_LATE), ("depth", Why.FRAME_LATE)] and not late.run
    assert plan.late_frames == 1


def test_one_slow_look_does_not_shut_the_first_level_out_for_ever() -> None:
    plan, taken = scheduler(), list[bool]()
    look = plan.begin_frame(0, 0, FIRST).run[0]
    assert plan.finish(look, 500.0, 500 * MS)
    for number in range(1, 20):
        taken.append(bool(plan.begin_frame(number * FRAME_NS, number * FRAME_NS, FIRST).run))
    assert not taken[0] and taken[-1]


def test_a_level_that_runs_aside_has_one_look_at_a_time_and_takes_no_time_of_the_image() -> None:
    plan = scheduler()
    both = [job("scene", NO_TRACK, 1.0, level=3), job("features")]
    look = plan.plan(0, 30 * MS, both).run[-1]
    assert look.job.role == "scene" and look.deadline_ns == 500 * MS
    assert whys(plan.plan(300 * MS, 300 * MS, both).deferred) == [("scene", Why.BUSY)]
    assert not plan.finish(look, 310.0, 340 * MS)
    assert "scene" in [item.job.role for item in plan.plan(350 * MS, 350 * MS, []).run]


def test_an_answer_that_never_comes_blocks_its_level_only_until_its_deadline() -> None:
    plan, scene = scheduler(), job("scene", NO_TRACK, 1.0, level=3)
    assert plan.plan(0, 0, [scene]).run
    assert whys(plan.plan(500 * MS, 500 * MS, [scene]).deferred) == [("scene", Why.BUSY)]
    assert plan.plan(501 * MS, 501 * MS, [scene]).run


def test_a_look_comes_at_most_at_its_rate_and_is_taken_at_the_newest_image() -> None:
    plan = scheduler()
    assert plan.plan(0, 0, [job("masks")]).run
    assert whys(plan.plan(FRAME_NS, FRAME_NS, [job("masks")]).deferred) == [("masks", Why.RATE)]
    assert not plan.plan(2 * FRAME_NS, 2 * FRAME_NS, []).run
    (look,) = plan.plan(3 * FRAME_NS, 3 * FRAME_NS, []).run
    assert look.deadline_ns == 3 * FRAME_NS + 33 * MS and look.job.since_ns == FRAME_NS


def test_a_look_wanted_again_keeps_its_age_and_gathers_its_reasons() -> None:
    plan = scheduler()
    plan.plan(0, 30 * MS, [job("masks", 1, 2.0)])
    again = Job(2, "masks", 1, Reason.OCCLUSION, 1.0)
    (look,) = plan.plan(FRAME_NS, FRAME_NS, [again]).run
    assert look.job == Job(2, "masks", 1, Reason.FAST | Reason.OCCLUSION, 2.0, 30 * MS)


def test_what_waits_for_an_object_that_is_gone_is_dropped() -> None:
    plan = scheduler()
    plan.plan(0, 30 * MS, [job("masks", 1), job("masks", 2)])
    decision = plan.plan(FRAME_NS, FRAME_NS, [], gone={1})
    assert whys(decision.dropped) == [("masks", Why.GONE)]
    assert [look.job.track for look in decision.run] == [2]


def test_of_too_many_that_wait_the_least_important_is_dropped() -> None:
    decision = scheduler().plan(0, 32 * MS, [job("masks", track, float(track)) for track in range(BOUND + 2)])
    assert [(item.track, why) for item, why in decision.dropped] == [(1, Why.QUEUE_FULL), (0, Why.QUEUE_FULL)]
    assert [item.track for item, _ in decision.deferred] == [7, 6, 5, 4, 3, 2]


def test_a_job_of_the_first_level_is_no_wish() -> None:
    with pytest.raises(ValueError, match=r"job \('detector', -1\) of level 1; allowed: 2, 3; the first is for begin"):
        scheduler().plan(0, 0, FIRST)


def test_what_waits_for_a_level_that_is_shut_is_dropped_with_that_reason() -> None:
    plan = scheduler()
    waiting = plan.plan(0, 30 * MS, [job("slow"), job("features", 1)])
    assert waiting.deferred
    decision = plan.plan(FRAME_NS, FRAME_NS, [job("scene", NO_TRACK, level=3)], shut={2, 3})
    assert not decision.run and not decision.deferred
    assert {why for _, why in decision.dropped} == {Why.SHUT}
    assert plan.plan(2 * FRAME_NS, 2 * FRAME_NS, []) == Decision()


def test_a_level_that_takes_nothing_of_the_device_is_never_too_slow_for_it() -> None:
    plan = DeadlineScheduler(RULES, CostEstimates({**COST_MS, "scene": 600.0}), 0)
    asked = 0
    for number in range(300):
        now_ns = number * FRAME_NS
        for look in plan.plan(now_ns, now_ns, [job("scene", NO_TRACK, level=3)]).run:
            asked += 1
            plan.finish(look, 900.0, now_ns + 100 * MS)
    assert asked == pytest.approx(5 * 10, abs=2)


def test_after_a_look_that_failed_the_next_one_may_be_taken_and_nothing_was_learnt() -> None:
    plan = scheduler(ROOMY)
    (look,) = plan.plan(0, 0, [job("scene", NO_TRACK, level=3)]).run
    estimate_ms = plan.costs.estimate_ms("scene")
    plan.fail(look)
    assert plan.costs.estimate_ms("scene") == estimate_ms
    later_ns = 250 * MS
    assert plan.plan(later_ns, later_ns, [job("scene", NO_TRACK, level=3)]).run
