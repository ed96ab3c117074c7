from __future__ import annotations

import numpy as np
import pytest

from rt_control.description import RobotDescription, load_robot
from sim.evaluation_sequences import LEAST_PERSON_PIXELS, Episode, render_episode, stamp_ns
from sim.random_table import PERSON

pytestmark = pytest.mark.sim

SEED, NUMBER = 0, 0  # the person brings a thing from 0.8 s to 3.4 s
FRAMES = 70


@pytest.fixture(scope="module")
def arm7() -> RobotDescription:
    return load_robot("arm7")


@pytest.fixture(scope="module")
def episode(arm7: RobotDescription) -> Episode:
    return render_episode(arm7, SEED, NUMBER, FRAMES)


def test_the_same_seed_gives_the_same_images_and_the_same_truth(arm7: RobotDescription, episode: Episode) -> None:
    again = render_episode(arm7, SEED, NUMBER, 4)
    for one, other in zip(again.moments, episode.moments, strict=False):
        assert np.array_equal(one.frame.rgb, other.frame.rgb) and np.array_equal(one.instance, other.instance)
        assert np.array_equal(one.arm, other.arm)
        for thing, same in zip(one.things, other.things, strict=True):
            assert np.array_equal(thing.pose_base_from_object, same.pose_base_from_object)
    assert again.stories == episode.stories


def test_another_number_is_another_table(arm7: RobotDescription, episode: Episode) -> None:
    other = render_episode(arm7, SEED, NUMBER + 1, 1)
    assert not np.array_equal(other.moments[0].frame.rgb, episode.moments[0].frame.rgb)


def test_images_follow_each_other_at_30_hz(episode: Episode) -> None:
    stamps = [moment.frame.stamp_ns for moment in episode.moments]
    assert stamps == [stamp_ns(number) for number in range(FRAMES)]
    assert set(np.diff(stamps).tolist()) <= {33_333_333, 33_333_334}


def test_boxes_enclose_the_pixels_that_show_a_thing_and_no_more(episode: Episode) -> None:
    for moment in episode.moments[::10]:
        for value, box, count in [
            *((item.slot, item.box, item.visible_px) for item in moment.things),
            (PERSON, moment.person_box, moment.person_px),
        ]:
            rows, columns = np.nonzero(moment.instance == value)
            assert count == len(rows)
            if count:
                edges = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
                assert box.tolist() == edges
            else:
                assert np.isnan(box).all()


def test_things_are_where_the_depth_image_shows_them(episode: Episode) -> None:
    moment = episode.moments[0]
    points = moment.frame.points_base()
    for item in moment.things:
        if item.visible_px < 20:
            continue
        seen = points[moment.instance == item.slot]
        reach = np.linalg.norm(item.size_m) / 2.0 + 0.003
        assert (np.linalg.norm(seen - item.pose_base_from_object[:3, 3], axis=1) < reach).mean() > 0.95


def test_a_person_comes_in_when_the_first_of_its_pixels_are_above_the_table(episode: Episode) -> None:
    entries = [event for event in episode.events if event.kind == "person"]
    assert len(entries) == 1
    first = next(moment for moment in episode.moments if moment.person_in_workspace)
    assert entries[0].stamp_ns == first.frame.stamp_ns and first.person_px >= LEAST_PERSON_PIXELS
    before = [moment for moment in episode.moments if moment.frame.stamp_ns < entries[0].stamp_ns]
    assert before and not any(moment.person_in_workspace for moment in before)


def test_what_is_brought_is_not_there_before_the_hand_is(episode: Episode) -> None:
    slot = episode.stories.index("brought") + 1
    first = next(moment for moment in episode.moments if any(item.slot == slot for item in moment.things))
    assert first.frame.stamp_ns > stamp_ns(0)
    assert not next(item for item in first.things if item.slot == slot).free
