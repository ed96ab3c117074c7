from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.training.clips import ANOMALIES, NORMAL, Clips
from robot_runtime import training_clip_data
from robot_runtime.training_clip_data import render_clips

pytestmark = pytest.mark.sim


def test_a_set_goes_on_where_it_was_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_clip_data, "CLIPS_PER_SHARD", 4)
    told: list[tuple[int, int]] = []
    render_clips(tmp_path, 1, 3, 0.5)
    first = np.array(Clips(tmp_path).shards[0].rgb)
    render_clips(tmp_path, 1, 5, 0.5, tell=lambda done, wanted: told.append((done, wanted)))
    clips = Clips(tmp_path)
    assert told == [(4, 8), (8, 8)]
    assert len(clips) == 8 and (clips.shards[0].rgb == first).all()
    assert not (clips.shards[1].rgb == first).all()
    assert clips.shards[0].rgb.shape == (4, 4, 144, 192, 3)
    assert clips.shards[0].anomaly.tolist() == [NORMAL, NORMAL, ANOMALIES.index("moved"), ANOMALIES.index("vanished")]
