from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from perception.scene import Scene
from perception.tracks import Track
from robot_runtime.evaluation.scorer import EVERY, Scorer
from robot_runtime.evaluation.tally import Tally
from sim.evaluation_sequences import Event, Moment
from tests.robot_runtime.evaluation import truth

THINGS = (truth.thing(1, 10.0), truth.thing(2, 60.0, "ball", place_m=0.4))
TRACKS = [truth.track(THINGS[0], 7), truth.track(THINGS[1], 8)]
SCENE = truth.scene({7: THINGS[0], 8: THINGS[1]})


def scored(
    moments: Sequence[Moment], tracks: Sequence[Track], scene: Scene | None, events: Sequence[Event] = ()
) -> Tally:
    scorer = Scorer(events)
    for item in moments:
        scorer.see(item, tracks, scene)
    return scorer.result()


def test_who_says_the_truth_has_no_errors() -> None:
    tally = scored([truth.moment(number, THINGS) for number in range(EVERY)], TRACKS, SCENE)
    assert tally.average_precision() == {"ball": pytest.approx(1.0), "box": pytest.approx(1.0)}
    assert tally.place_errors_m == [0.0, 0.0] and tally.yaw_errors_rad == [pytest.approx(0.0, abs=1e-6)]
    assert (tally.switches, tally.not_placed, tally.false_alarms) == (0, 0, 0)
    assert (tally.empty_images, tally.candidates) == (EVERY, 2 * EVERY)


def test_a_wrong_name_is_wrong_however_well_the_thing_is_followed() -> None:
    wrong = [truth.track(THINGS[0], 7, "cube"), TRACKS[1]]
    tally = scored([truth.moment(0, THINGS)], wrong, SCENE)
    assert tally.average_precision() == {"ball": pytest.approx(1.0), "box": 0.0}
    assert tally.followed == tally.present == 2


def test_places_count_in_metres_and_yaws_modulo_what_looks_the_same() -> None:
    there = truth.thing(1, 10.0, yaw_rad=0.1, place_m=0.53)
    said = truth.scene({7: truth.thing(1, 10.0, yaw_rad=math.pi, place_m=0.5)})
    tally = scored([truth.moment(number, (there,)) for number in range(EVERY)], [truth.track(there, 7)], said)
    assert tally.place_errors_m == [pytest.approx(0.03)] and tally.yaw_errors_rad == [pytest.approx(0.1, abs=1e-6)]


def test_what_is_held_or_hidden_has_no_place_to_be_wrong_about() -> None:
    held = replace(THINGS[0], free=False)
    hidden = replace(THINGS[1], hidden_share=0.6)
    tally = scored([truth.moment(number, (held, hidden)) for number in range(EVERY)], TRACKS, truth.scene({}))
    assert tally.place_errors_m == [] and tally.not_placed == 0


def test_what_is_hardly_seen_need_not_be_found() -> None:
    hardly = replace(THINGS[0], hidden_share=0.9)
    tally = scored([truth.moment(0, (hardly, THINGS[1]))], [TRACKS[1]], SCENE)
    assert tally.average_precision() == {"ball": pytest.approx(1.0)}


@pytest.mark.parametrize("by_distance", [True, False])
def test_a_person_is_noticed_by_a_distance_or_by_a_track(by_distance: bool) -> None:
    tracks = [] if by_distance else [truth.person_track(3)]
    said = truth.scene({}, person_m=0.4 if by_distance else None)
    tally = scored([truth.moment(1, (), person=True)], tracks, said, [Event("person", 9, 33_000_000, 33_000_000)])
    assert (tally.person_images, tally.person_noticed) == (1, 1)
    assert tally.noticed["person"].latencies_s == [0.0]


def test_to_see_somebody_where_nobody_is_is_a_false_alarm() -> None:
    tally = scored([truth.moment(1, THINGS)], TRACKS, truth.scene({}, person_m=0.4))
    assert (tally.false_alarms, tally.empty_images) == (1, 1)


def test_what_appeared_is_known_when_it_has_its_name_and_what_moved_when_it_has_its_place() -> None:
    events = [Event("appeared", 1, 0, 10**10), Event("moved", 2, 0, 10**10)]
    moments = [truth.moment(number, THINGS) for number in range(90)]
    misnamed = [truth.track(THINGS[0], 7, "cube"), TRACKS[1]]
    moved = truth.scene({7: THINGS[0], 8: replace(THINGS[1], pose_base_from_object=np.eye(4))})
    assert scored(moments, TRACKS, SCENE, events).latencies_s() == [0.0, 0.0]
    tally = scored(moments, misnamed, moved, events)
    assert {kind: item.missed for kind, item in tally.noticed.items()} == {"appeared": 1, "moved": 1}
