from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.association import Gates
from perception.observation import Appearance, Observation
from perception.recognition import RecognitionConfig
from perception.track_life import Place, TrackState
from perception.tracker import Tracker
from perception.tracker_config import TrackerConfig
from perception.tracks import Track

FRAME_NS = 33_333_333
PX_PER_M = 600.0
RED, BLUE = np.array([1.0, 0.0], dtype=np.float32), np.array([0.0, 1.0], dtype=np.float32)


def thing(
    x: float = 0.0,
    y: float = 0.0,
    *,
    label: str = "cube",
    score: float = 0.9,
    label_score: float = 0.9,
    depth: bool = True,
    look: np.ndarray | None = None,
) -> Observation:
    """A thing of 4 cm on a table, seen from above."""
    u, v = 320.0 + PX_PER_M * x, 240.0 + PX_PER_M * y
    position = (x, y, 0.02) if depth else None
    appearance = None if look is None else Appearance(look)
    box = (u - 12.0, v - 12.0, u + 12.0, v + 12.0)
    std_m = 0.002 if depth else None
    return Observation(box, score, label, label_score, position, std_m, appearance)


class Film:
    """Images at 30 Hz."""

    def __init__(self, config: TrackerConfig | None = None) -> None:
        self.tracker = Tracker(config)
        self.stamp_ns = 0

    def show(self, *seen: Observation, times: int = 1, place: Place = Place.UNKNOWN) -> tuple[Track, ...]:
        tracks: tuple[Track, ...] = ()
        for _ in range(times):
            self.stamp_ns += FRAME_NS
            tracks = self.tracker.update(seen, self.stamp_ns, lambda track: place)
        return tracks

    def wait(self, seconds: float) -> None:
        self.stamp_ns += round(seconds * 1e9)


def test_a_thing_is_believed_after_three_sights_and_is_new_until_it_is_looked_at() -> None:
    film = Film()
    assert film.show(thing(), times=2)[0].state is TrackState.TENTATIVE
    (track,) = film.show(thing())
    assert (track.state, track.hits, track.is_new, track.label) == (TrackState.CONFIRMED, 3, True, "cube")
    assert film.tracker.looked_at(track.id, Appearance(RED)) == track.id
    assert not film.tracker.tracks[0].is_new


def test_a_single_false_sight_is_forgotten() -> None:
    film = Film()
    film.show(thing())
    assert film.show(times=2) == ()


def test_bad_scores_begin_no_track_but_keep_one() -> None:
    film = Film()
    assert film.show(thing(score=0.3)) == ()
    film.show(thing(), times=3)
    (track,) = film.show(thing(score=0.3))
    assert (track.id, track.missed, track.score) == (1, 0, 0.3)
    (track,) = film.show(thing(score=0.05))
    assert track.missed == 1


observations = st.lists(
    st.builds(
        thing,
        st.floats(-0.3, 0.3),
        st.floats(-0.3, 0.3),
        label=st.sampled_from(["cube", "ball", "person"]),
        score=st.floats(0.05, 1.0),
        depth=st.booleans(),
        look=st.sampled_from([None, RED, BLUE]),
    ),
    max_size=5,
)
films = st.lists(observations, min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(film=films, seed=st.integers(0, 1000))
def test_the_order_of_observations_does_not_matter(film: list[list[Observation]], seed: int) -> None:
    random, ordered, shuffled = np.random.default_rng(seed), Film(), Film()
    for image in film:
        mixed = [image[i] for i in random.permutation(len(image))]
        assert ordered.show(*image) == shuffled.show(*mixed)


@settings(max_examples=60, deadline=None)
@given(film=films, places=st.lists(st.sampled_from(Place), min_size=8, max_size=8))
def test_an_id_that_is_gone_never_comes_back_and_none_is_given_twice(
    film: list[list[Observation]], places: list[Place]
) -> None:
    shown, known, gone = Film(), set[int](), set[int]()
    for image, place in zip(film, places, strict=False):
        tracks = shown.show(*image, place=place)
        ids = [track.id for track in tracks]
        assert ids == sorted(set(ids))
        assert not gone & set(ids)
        fresh = set(ids) - known
        assert all(new > max(known, default=0) for new in fresh)
        known |= fresh
        gone = known - set(ids)


@given(vx=st.floats(-0.5, 0.5), vy=st.floats(-0.5, 0.5), depth=st.booleans())
@settings(max_examples=30, deadline=None)
def test_what_moves_steadily_keeps_its_id_through_ten_images_without_it(vx: float, vy: float, depth: bool) -> None:
    film = Film()
    for k in range(20):
        film.show(thing(vx * k / 30.0, vy * k / 30.0, depth=depth))
    film.show(times=10)
    (track,) = film.show(thing(vx * 1.0, vy * 1.0, depth=depth))
    assert (track.id, track.missed) == (1, 0)


def crossing(film: Film, noise: Callable[[], float]) -> tuple[set[int], set[int]]:
    """Ids of a red and of a blue thing that meet at one place, turn there, and go back where they came from."""
    ids: tuple[set[int], set[int]] = (set(), set())
    for k in range(61):
        x = -0.1 + 0.1 * min(k, 60 - k) / 30.0 - 0.002
        tracks = film.show(thing(x + noise(), noise(), look=RED), thing(-x + noise(), noise(), look=BLUE))
        for track in tracks:
            assert track.embedding is not None
            ids[int(track.embedding @ BLUE > 0.5)].add(track.id)
    return ids


@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_two_that_meet_and_turn_keep_their_ids_when_they_look_different(seed: int) -> None:
    random = np.random.default_rng(seed)
    red, blue = crossing(Film(), lambda: random.normal(0.0, 0.002))
    assert len(red) == len(blue) == 1
    assert red != blue


def test_no_identity_is_switched_in_a_scene_of_moving_things_with_noise_misses_and_false_sights() -> None:
    """Six things on circles, seen with 2 mm noise and 10 % misses; the switches are counted as MOT does."""
    random, film, switches = np.random.default_rng(7), Film(), 0
    phase, radius = random.uniform(0.0, 2.0 * np.pi, 6), np.linspace(0.06, 0.31, 6)
    last: dict[int, int] = {}
    for k in range(450):
        angle = phase + 0.2 / radius * k / 30.0
        truth = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        seen = [thing(*(place + random.normal(0.0, 0.002, 2))) for place in truth if random.random() > 0.1]
        if random.random() < 0.1:
            seen.append(thing(*random.uniform(-0.3, 0.3, 2), score=0.6))
        tracks = [track for track in film.show(*seen) if track.state is TrackState.CONFIRMED and track.missed == 0]
        for i, place in enumerate(truth):
            near = [t for t in tracks if t.position_base and np.linalg.norm(place - t.position_base[:2]) < 0.015]
            if len(near) == 1:
                switches += last.setdefault(i, near[0].id) != near[0].id
                last[i] = near[0].id
    assert len(last) == 6
    assert switches == 0


@pytest.mark.parametrize("speed_mps", [0.3, 0.5, 1.0])
def test_the_speed_is_right_to_a_tenth_after_half_a_second(speed_mps: float) -> None:
    """At 30 Hz with 2 mm noise; the root mean square of 40 things."""
    random, errors = np.random.default_rng(3), []
    for _ in range(40):
        film, heading = Film(), random.uniform(0.0, 2.0 * np.pi)
        for k in range(16):
            step = speed_mps * k / 30.0
            x, y = step * np.cos(heading), step * np.sin(heading)
            (track,) = film.show(thing(x + random.normal(0.0, 0.002), y + random.normal(0.0, 0.002)))
        errors.append(track.speed_mps / speed_mps - 1.0)
    assert np.sqrt(np.mean(np.square(errors))) < 0.1


def test_a_thing_that_is_covered_stays_for_two_minutes_and_comes_back_under_its_id() -> None:
    film = Film()
    film.show(thing(), times=5)
    (track,) = film.show(place=Place.HIDDEN)
    assert (track.state, track.occluded) == (TrackState.OCCLUDED, 1.0)
    film.wait(100.0)
    (track,) = film.show(place=Place.HIDDEN)
    assert track.state is TrackState.OCCLUDED
    assert track.speed_mps == 0.0
    (track,) = film.show(thing(0.01))
    assert (track.id, track.state) == (1, TrackState.CONFIRMED)
    film.wait(121.0)
    assert film.show(place=Place.HIDDEN) == ()


def test_a_thing_whose_place_is_seen_empty_is_gone_after_a_few_images() -> None:
    film = Film()
    film.show(thing(), times=5)
    assert len(film.show(place=Place.EMPTY, times=2)) == 1
    assert film.show(place=Place.EMPTY) == ()


def test_a_hidden_thing_in_whose_place_another_is_seen_is_gone() -> None:
    film = Film()
    film.show(thing(look=RED), times=5)
    film.show(place=Place.HIDDEN)
    ids = [track.id for track in film.show(thing(look=BLUE), times=6, place=Place.HIDDEN)]
    assert ids == [2]


def test_what_is_not_seen_without_a_reason_is_lost() -> None:
    film = Film()
    film.show(thing(), times=5)
    (track,) = film.show(times=32)
    assert track.state is TrackState.LOST


def lost(look: np.ndarray = RED, label: str = "cube") -> Film:
    """A film with one thing that was looked at and lost."""
    film = Film()
    film.show(thing(look=look, label=label), times=5)
    film.show(times=40)
    return film


def test_a_lost_thing_comes_back_under_its_id_where_looks_and_place_fit() -> None:
    (track,) = lost().show(thing(0.1, look=RED))
    assert (track.id, track.state, track.looks) == (1, TrackState.CONFIRMED, 6)
    assert track.first_seen_ns == FRAME_NS


@pytest.mark.parametrize("other", [thing(0.1, look=BLUE), thing(0.3, look=RED), thing(0.0)])
def test_a_lost_thing_does_not_come_back_by_looks_alone_or_by_place_alone(other: Observation) -> None:
    assert [track.id for track in lost().show(other)] == [1, 2]


def test_a_lost_thing_is_recognised_by_a_look_that_comes_later() -> None:
    film = lost()
    tracks = film.show(thing(0.1), times=3)
    assert [track.id for track in tracks] == [1, 2]
    assert film.tracker.looked_at(2, Appearance(RED)) == 1
    assert [track.id for track in film.show(thing(0.1))] == [1]
    assert film.tracker.looked_at(2, Appearance(RED)) is None


def test_without_depth_a_lost_thing_is_recognised_by_its_place_in_the_image() -> None:
    film = Film()
    film.show(thing(look=RED, depth=False), times=5)
    film.show(times=40)
    assert [track.id for track in film.show(thing(0.07, look=RED, depth=False))] == [1]
    film.show(times=40)
    assert [track.id for track in film.show(thing(0.27, look=RED, depth=False))] == [1, 2]


def test_a_person_goes_fast_and_is_never_recognised() -> None:
    film = Film()
    film.show(thing(label="person", look=RED), times=5)
    film.show(times=10)
    assert film.show(thing(0.3, label="person", look=RED))[-1].id == 2
    film = Film()
    film.show(thing(label="person"), times=5)
    assert film.show(place=Place.EMPTY) == ()
    film.show(thing(label="person"), times=5)
    assert film.show(place=Place.HIDDEN, times=16) == ()


def test_a_person_is_never_taken_for_a_thing() -> None:
    film = Film()
    film.show(thing(), times=5)
    tracks = film.show(thing(label="person"))
    assert [(track.id, track.label) for track in tracks] == [(1, "cube"), (2, "person")]


def test_a_hand_on_a_thing_does_not_take_its_place() -> None:
    film = Film()
    film.show(thing(), times=5)
    tracks = film.show(thing(label="person"), times=10, place=Place.HIDDEN)
    assert [(track.label, track.state) for track in tracks] == [
        ("cube", TrackState.OCCLUDED),
        ("person", TrackState.CONFIRMED),
    ]


def test_one_wrong_image_does_not_flip_the_name() -> None:
    film = Film()
    film.show(thing(), times=5)
    (track,) = film.show(thing(label="ball"))
    assert (track.id, track.label) == (1, "cube")
    assert track.label_probability < 0.9


def test_a_thing_without_depth_has_a_box_and_no_place() -> None:
    (track,) = Film().show(thing(depth=False))
    assert track.position_base is None
    assert track.velocity_mps is None
    assert track.speed_mps == 0.0
    np.testing.assert_allclose(track.box, (308.0, 228.0, 332.0, 252.0))


def test_depth_that_comes_and_goes_is_used_where_it_is() -> None:
    film = Film()
    film.show(thing(depth=False), times=3)
    (track,) = film.show(thing(), times=3)
    (later,) = film.show(thing(depth=False))
    assert track.id == later.id == 1
    assert track.position_std_m is not None
    assert later.position_std_m is not None
    assert later.position_std_m > track.position_std_m


def test_where_a_track_was_expected_is_told_beside_where_it_was_seen() -> None:
    film = Film()
    for k in range(10):
        film.show(thing(0.01 * k))
    (track,) = film.show()
    assert track.predicted_box[0] > track.box[0] + 2.0


@given(st.lists(st.sampled_from([RED, BLUE, -RED]), min_size=1, max_size=8))
@settings(max_examples=20, deadline=None)
def test_the_mean_of_the_looks_has_length_one(looks: list[np.ndarray]) -> None:
    film = Film()
    film.show(thing())
    for look in looks:
        film.tracker.looked_at(1, Appearance(look))
    (track,) = film.tracker.tracks
    assert track.looks == len(looks)
    assert track.embedding is not None
    assert np.linalg.norm(track.embedding) == pytest.approx(1.0)


def test_stamps_must_rise() -> None:
    tracker = Tracker()
    tracker.update((), 5)
    with pytest.raises(ValueError, match="stamp_ns is 5; it must exceed that of the image before, 5"):
        tracker.update((), 5)


def test_embeddings_of_two_networks_are_not_mixed() -> None:
    film = Film()
    film.show(thing(look=RED))
    with pytest.raises(ValueError, match="embedding has 3 numbers; those before had 2: use one features model"):
        film.show(thing(look=np.ones(3, dtype=np.float32)))


def test_limits_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="low_score, high_score are 0.6, 0.5; they must rise within 0..1"):
        TrackerConfig(low_score=0.6)
    with pytest.raises(ValueError, match="to come back takes more than to stay"):
        TrackerConfig(gates=Gates(9.0, 0.2, 0.5), recognition=RecognitionConfig(similarity=0.4))
    with pytest.raises(ValueError, match="coast_s is 0.0; it must exceed 0"):
        TrackerConfig(coast_s=0.0)


def test_a_name_is_believed_as_its_own_score_says_not_as_that_of_the_thing() -> None:
    (track,) = Film().show(thing(score=0.95, label_score=0.6), times=5)
    assert track.score == 0.95
    assert track.label_probability == pytest.approx(0.6)
