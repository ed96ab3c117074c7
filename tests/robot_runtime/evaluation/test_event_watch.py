from __future__ import annotations

from robot_runtime.evaluation.event_watch import EventWatch, Noticed
from sim.evaluation_sequences import Event

S = 1_000_000_000


def watched(event: Event, known_from_s: float, until_s: float = 10.0) -> list[Noticed]:
    watch = EventWatch([event])
    for step in range(round(until_s * 10) + 1):
        now_ns = step * S // 10
        watch.see(now_ns, lambda item, now_ns=now_ns: now_ns >= known_from_s * S)  # type: ignore[misc]
    return watch.result()


def test_latency_runs_from_the_event_to_the_first_scene_that_holds_it() -> None:
    assert watched(Event("moved", 1, 2 * S, 9 * S), known_from_s=2.5) == [Noticed("moved", 0.5)]


def test_what_is_known_at_once_has_no_latency() -> None:
    assert watched(Event("appeared", 1, 2 * S, 9 * S), known_from_s=0.0) == [Noticed("appeared", 0.0)]


def test_what_is_known_after_two_seconds_is_missed() -> None:
    assert watched(Event("moved", 1, 2 * S, 9 * S), known_from_s=4.2) == [Noticed("moved", None)]


def test_what_was_in_view_for_less_than_a_second_is_not_judged() -> None:
    assert watched(Event("moved", 1, 2 * S, 2 * S + S // 2), known_from_s=99.0) == []


def test_a_person_must_be_noticed_while_there_however_short_that_is() -> None:
    brief = Event("person", 9, 2 * S, 2 * S + S // 5)
    assert watched(brief, known_from_s=2.1) == [Noticed("person", 0.1)]
    assert watched(brief, known_from_s=2.5) == [Noticed("person", None)]
