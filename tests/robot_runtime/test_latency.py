from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.rt import Pair, judge
from robot_runtime import cyclictest, latency_plot
from robot_runtime.cli import main
from robot_runtime.latency import Latencies, latencies_of
from rt_control.errors import InputError

OUTPUT = """# /dev/cpu_dma_latency set to 0us
# Histogram
000000 000000
000003 000002
000010 000001
# Min Latencies: 00003
# Histogram Overflows: 00001
# Thread 0: 00007
"""


def latencies(cyclic: bool = True) -> Latencies:
    random = np.random.default_rng(1)
    wake_up, compute = random.gamma(4, 5, 2000), random.gamma(9, 0.5, 2000)
    return Latencies(wake_up, compute, wake_up + compute, random.gamma(4, 4, 2000) if cyclic else None)


def test_a_histogram_of_cyclictest_becomes_its_latencies() -> None:
    assert cyclictest.parse(OUTPUT).tolist() == [3.5, 3.5, 10.5, 5000.0]


def test_wake_ups_are_told_beside_cyclictest_in_the_same_unit() -> None:
    told = {item.name: item for item in latencies().figures()}
    wake_up = told["wake-up, p99"]
    assert wake_up.reference is not None and wake_up.reference.name == "cyclictest"
    assert wake_up.ratio == pytest.approx(float(wake_up.value or 0) / wake_up.reference.value)
    assert told["command, p50"].reference is None and told["command, p50"].unit == "us"
    assert told["cycles"].value == 2000


def test_without_cyclictest_the_table_says_how_to_get_it() -> None:
    told = {item.name: item for item in latencies(cyclic=False).figures()}
    assert told["wake-up, p50"].reference is None
    assert told["cyclictest"].note == cyclictest.MEND


def test_a_cyclictest_that_may_not_run_leaves_the_rest_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = tmp_path / "cyclictest"
    refused.write_text("#!/bin/sh\necho 'mlockall: Cannot allocate memory' >&2\nexit 1\n")
    refused.chmod(0o700)
    monkeypatch.setattr(cyclictest, "path", lambda: str(refused))
    beside = cyclictest.Cyclictest(0, 0, 1.0)
    values, why_not = latencies_of(beside)
    assert values is None
    assert why_not == "cyclictest failed (mlockall: Cannot allocate memory); may this user use SCHED_FIFO?"
    assert latencies_of(None) == (None, cyclictest.MEND)


def test_without_a_cycle_there_is_one_line_that_says_so() -> None:
    none = np.array([])
    assert [item.value for item in Latencies(none, none, none, None).figures()] == [0]
    with pytest.raises(InputError, match="there is no cycle to draw"):
        latency_plot.draw(Latencies(none, none, none, None), "nothing")


def test_every_series_is_in_the_picture_in_its_colour(tmp_path: Path) -> None:
    path = tmp_path / "latency.png"
    latency_plot.write(latencies(), path, "a title")
    image = cv2.imread(str(path))
    assert image is not None and image.shape == (latency_plot.HEIGHT, latency_plot.WIDTH, 3)
    plot = image[latency_plot.TOP :]
    for colour in latency_plot.COLOURS.values():
        assert (plot == colour).all(axis=2).sum() > 200


def test_a_single_late_cycle_shows_above_the_bottom() -> None:
    values = np.array([10.0] * 1000 + [900.0])
    image = latency_plot.draw(Latencies(values, values[:1], values[:1], None), "one outlier")
    blue = (image[latency_plot.TOP : -latency_plot.BOTTOM - 3] == latency_plot.COLOURS["wake-up"]).all(axis=2)
    assert blue[:, 700:].any()


def test_pairs_are_judged_by_their_median_and_void_ones_left_out() -> None:
    pairs = [Pair(1.1, 1.5, 1.0), Pair(1.2, 1.9, 1.2), Pair(1.0, 1.2, 0.9), Pair(9.0, 9.0, 1.7), Pair(9.0, 9.0, 0.5)]
    p50, p99, control = judge(pairs, fifo=True)
    assert (p50.value, p50.holds) == (1.1, True)
    assert (p99.value, p99.holds) == (1.5, True)
    assert control.note.startswith("2 of 5 runs void")


def test_a_host_that_disturbs_two_equals_is_not_judged() -> None:
    p50, p99, _ = judge([Pair(1.1, 3.0, 2.0)] * 3 + [Pair(1.0, 1.0, 1.0)] * 2, fifo=True)
    assert p50.holds is None and p99.holds is None
    assert p50.note == "3 of 5 runs void: two cyclictests differ by more than x1.6"


def test_without_real_time_nothing_is_judged() -> None:
    first = next(iter(judge([Pair(1.0, 1.0, 1.0)] * 5, fifo=False)))
    assert first.holds is None and "without SCHED_FIFO" in first.note


@pytest.mark.live
def test_where_no_robot_runs_rt_control_is_measured_with_a_stand_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "latency.png"
    arguments = ["rt", "latency", "--seconds", "1", "--root", str(tmp_path), "--png", str(picture), "--json", "-"]
    assert main(arguments) == 0
    told = {item["name"]: item["value"] for item in json.loads(capsys.readouterr().out)["figures"]}
    assert told["cycles"] > 100
    assert 0 < told["wake-up, p50"] <= told["wake-up, p99"] <= told["wake-up, longest"]
    assert told["command, p50"] > told["compute, p50"] > 0
    assert cv2.imread(str(picture)) is not None
