from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from models.manifest import Manifest
from models.training.dataset import Dataset
from perception.confidence_curve import confidence_curve
from robot_runtime import line_plot, model_tuning
from robot_runtime.model_tuning import Samples, looked, sample, tune
from rt_control.errors import InputError
from tests.models.training.tiny_data import tiny_data, tiny_shard
from tests.perception.scripted_models import SHAPES, Script

EYES = cast(Manifest, SimpleNamespace(name="eyes", golden=SimpleNamespace(sha256="a" * 64)))


def samples(count: int, seed: int) -> Samples:
    """A detector that is surer of names than it may be, less sure of things, and closer looks that are never wrong."""
    random = np.random.default_rng(seed)
    scores = random.uniform(0.0, 1.0, count)
    there = random.random(count) < np.sqrt(scores)
    right = there & (random.random(count) < scores**2)
    true = random.integers(len(SHAPES), size=count)
    said = np.where(right, true, (true + 1) % len(SHAPES))
    look = [{name: 0.97 if name == SHAPES[index] else 0.01 for name in SHAPES} for index in true]
    return Samples(
        scores,
        there,
        np.zeros(count, dtype=bool),
        right,
        np.ones(count, dtype=bool),
        tuple(SHAPES[index] for index in said),
        tuple(SHAPES[index] if here else "" for index, here in zip(true, there, strict=True)),
        tuple(item if here else {} for item, here in zip(look, there, strict=True)),
    )


def test_what_is_fitted_holds_on_another_seed() -> None:
    tuning = tune(samples(6000, 1), samples(6000, 2), EYES, 0.7)
    figures = {item.name: item for item in tuning.figures}
    for name in ("that there is a thing", "that its name is right"):
        error = figures[f"expected calibration error, {name}"]
        assert error.holds
        assert error.reference is not None and error.ratio is not None and error.ratio < 0.5
    assert tuning.calibration.golden == "a" * 64
    assert tuning.calibration.thing.apply(0.25) == pytest.approx(0.5, abs=0.1)
    wrong = figures["wrong names with it"]
    assert isinstance(wrong.value, float)
    assert wrong.reference is not None and wrong.value < wrong.reference.value / 3.0
    line_plot.draw(tuning.panels)


def test_a_score_that_is_trusted_is_right_as_often_as_was_promised() -> None:
    def sure(count: int, seed: int) -> Samples:
        random = np.random.default_rng(seed)
        given = samples(count, seed)
        there = random.random(count) < np.where(given.scores > 0.7, 0.99, 0.6)
        return Samples(given.scores, there, given.person, there, given.first, given.names, given.names, given.shapes)

    figures = {item.name: item for item in tune(sure(4000, 3), sure(4000, 4), EYES, 0.7).figures}
    score = figures["score from which there is a thing, at most 5% wrong with probability 95%"]
    assert isinstance(score.value, float) and 0.6 < score.value <= 0.8
    assert figures["wrong above it, another seed: there is a thing"].holds


def test_where_nothing_can_be_guaranteed_it_says_so() -> None:
    figures = {item.name: item for item in tune(samples(60, 5), samples(60, 6), EYES, 0.7).figures}
    score = figures["score from which there is a thing of that name, at most 5% wrong with probability 95%"]
    assert score.value is None
    assert "no score can be guaranteed with 60 things; render more --images" in score.note


def test_closer_looks_that_are_never_wrong_leave_no_wrong_name() -> None:
    given = samples(500, 7)
    curve = confidence_curve(looked(given, model_tuning.fit(given, EYES)), np.array([0.0, 1.01]))
    assert curve.wrong[0] > 0.2
    assert curve.wrong[1] == 0.0


def test_the_models_are_asked_of_every_image(tmp_path: Path) -> None:
    shard = tiny_shard(1, 0)
    tiny_data(tmp_path, groups=1)
    left, top = (int(values.min()) for values in np.nonzero(shard.instance[0] == 2)[::-1])
    script = Script(
        seen=[
            ("cube", (left, top, left + 24.0, top + 24.0), 0.9),  # a box, in truth
            ("person", (200.0, 0.0, 260.0, 60.0), 0.8),
            ("ball", (0.0, 220.0, 15.0, 235.0), 0.7),
        ],
        shape="box",
    )
    told: list[tuple[int, int]] = []
    found = sample(Dataset(tmp_path), script, script, lambda done, wanted: told.append((done, wanted)))
    assert told == [(1, 2), (2, 2)]
    assert found.there[:3].tolist() == [True, True, False]
    assert found.person[:3].tolist() == [False, True, False]
    assert found.label_right[:3].tolist() == [False, True, False]
    assert found.true_names[:3] == ("box", "person", "")
    assert max(found.shapes[0], key=found.shapes[0].__getitem__) == "box"
    assert found.shapes[1] == found.shapes[2] == {}
    assert found.first.tolist() == [True] * 3 + [False] * 3


def test_a_detector_that_finds_nothing_is_refused(tmp_path: Path) -> None:
    data = Dataset(tiny_data(tmp_path, groups=1))
    with pytest.raises(InputError, match="the detector found nothing in any image"):
        sample(data, Script(), Script(), lambda done, wanted: None)
