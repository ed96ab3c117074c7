from __future__ import annotations

import msgspec
import pytest

from robot_runtime.evaluation.tally import Detected, Noticing, Tally, together


def tally(right: list[bool], missed: int) -> Tally:
    scores = [0.9 - 0.1 * number for number in range(len(right))]
    return Tally(
        images=2,
        level1_ms=4.0,
        level2_ms=2.0,
        rest_ms=1.0,
        detected={"cube": Detected(scores, right, 2), "ball": Detected()},
        noticed={"moved": Noticing([0.1], missed)},
    )


def test_episodes_together_are_one_longer_episode() -> None:
    total = together([tally([True, True], 0), tally([False, True], 2)])
    assert (total.images, total.total_ms, total.ms_per_image) == (4, 14.0, 3.5)
    assert total.detected["cube"].wanted == 4 and len(total.detected["cube"].scores) == 4
    assert total.missed() == 2 and total.latencies_s() == [0.1, 0.1]


def test_a_class_that_does_not_occur_does_not_count() -> None:
    one = tally([True, True], 0)
    assert one.average_precision() == {"cube": pytest.approx(1.0)}
    assert one.mean_average_precision() == pytest.approx(1.0)


def test_putting_together_leaves_the_parts_as_they_were() -> None:
    one = tally([True, False], 1)
    kept = msgspec.json.encode(one)
    together([one, one])
    assert msgspec.json.encode(one) == kept


def test_a_tally_can_be_kept_as_json() -> None:
    one = tally([True, False], 1)
    assert msgspec.json.decode(msgspec.json.encode(one), type=Tally) == one
