from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from models.training import clips as stored
from rt_control.description import load_robot
from sim.training_clips import ANOMALIES, FRAMES, Clip, TrainingClips

pytestmark = pytest.mark.sim


@pytest.fixture(scope="module")
def world() -> Iterator[TrainingClips]:
    made = TrainingClips(load_robot("arm7"), 3)
    yield made
    made.close()


def changed(clip: Clip, before: int, after: int) -> np.ndarray:
    """Which pixels differ clearly between two images of a clip."""
    difference = np.abs(clip.rgb[before].astype(int) - clip.rgb[after].astype(int)).max(axis=2)
    return np.asarray(difference > 20)


def test_the_same_seed_gives_the_same_clip() -> None:
    made = []
    for _ in range(2):
        world = TrainingClips(load_robot("arm7"), 8)
        made.append((world.clip(), world.clip("moved")))
        world.close()
    for one, other in zip(*made, strict=True):
        assert (one.rgb == other.rgb).all() and one.facts == other.facts


def test_a_normal_clip_has_four_images_of_one_scene(world: TrainingClips) -> None:
    clip = world.clip()
    assert clip.rgb.shape == (FRAMES, 240, 320, 3) and clip.anomaly is None
    assert all(changed(clip, number, number + 1).mean() < 0.5 for number in range(FRAMES - 1))


def test_facts_vary(world: TrainingClips) -> None:
    facts = [world.clip().facts for _ in range(12)]
    assert {item.person_present for item in facts} == {True, False}
    assert {item.left_bin_occupied for item in facts} == {True, False}


def test_when_the_light_fails_the_last_image_is_darker(world: TrainingClips) -> None:
    brightness = world.clip("light failed").rgb.mean(axis=(1, 2, 3))
    assert brightness[3] < 0.8 * brightness[2]


def test_when_the_camera_is_knocked_more_changes_than_before(world: TrainingClips) -> None:
    clip = world.clip("camera knocked")
    assert changed(clip, 2, 3).sum() > changed(clip, 1, 2).sum()


@pytest.mark.parametrize("anomaly", ["moved", "vanished", "appeared", "toppled", "dropped"])
def test_what_happens_shows_in_the_last_image(world: TrainingClips, anomaly: str) -> None:
    clip = world.clip(anomaly)
    assert clip.anomaly == anomaly
    assert changed(clip, 2, 3).any()


def test_what_was_dropped_is_not_in_the_hand(world: TrainingClips) -> None:
    assert not world.clip("dropped").facts.object_in_hand


def test_stored_clips_name_facts_and_anomalies_as_the_world_does(world: TrainingClips) -> None:
    assert stored.ANOMALIES == ANOMALIES and stored.FRAMES == FRAMES
    assert tuple(type(world.clip().facts).__slots__) == stored.FACTS
    mirrored = [stored.FACTS[index].replace("left", "x") for index in stored.MIRRORED_FACTS]
    assert [name.replace("right", "left").replace("x", "right") for name in mirrored] == list(stored.FACTS)
