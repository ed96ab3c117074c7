"""What the strategies of the cascade come to over all episodes, as figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from robot_runtime.evaluation.cascade_trial import EpisodeResult
from robot_runtime.evaluation.strategies import (
    ABLATIONS,
    ALWAYS_1,
    ALWAYS_2,
    CASCADE,
    ORACLE,
    RANDOM,
    WITHOUT_CACHE,
)
from robot_runtime.evaluation.tally import Noticing, Tally, together
from robot_runtime.report import Figure, Reference, figure

SAVED = 0.6  # of always level 2's computing time
POINTS_LOST = 1.0  # of mAP
COMPARED = (ALWAYS_1, ALWAYS_2, CASCADE, RANDOM, ORACLE)


def totals(results: Sequence[EpisodeResult]) -> dict[str, Tally]:
    """Each strategy over all episodes."""
    return {name: together([item.tallies[name] for item in results]) for name in results[0].tallies}


def figures(results: Sequence[EpisodeResult]) -> list[Figure]:
    """The verdicts, then each strategy, then what each part of the cascade is worth.

    Args:
        results: at least one.
    """
    sums = totals(results)
    ours, most, random = sums[CASCADE], sums[ALWAYS_2], sums[RANDOM]
    people = ours.noticed.get("person")
    entries = 0 if people is None else len(people.latencies_s) + people.missed
    beaten = [_points(item.tallies[CASCADE]) - _points(item.tallies[RANDOM]) for item in results]
    rows = [
        figure("episodes", len(results)),
        figure("images", ours.images),
        figure("computing time saved beside always level 2", _saved(ours.total_ms, most.total_ms), at_least=SAVED),
        figure(
            "of the networks alone",
            _saved(ours.level1_ms + ours.level2_ms, most.level1_ms + most.level2_ms),
            note="levels 1 and 2 as the ledger has them, without what is done around them",
        ),
        figure("mAP50 lost beside always level 2", _points(most) - _points(ours), "points", at_most=POINTS_LOST),
        figure(
            "mAP50 more than random at its budget",
            _points(ours) - _points(random),
            "points",
            at_least=0.0,
            note=f"random: {random.looks} looks of level 2, cascade: {ours.looks}; more in "
            f"{sum(item > 0.0 for item in beaten)}, less in {sum(item < 0.0 for item in beaten)} episodes",
        ),
        figure(
            "times that a person in the workspace was missed",
            0 if people is None else people.missed,
            f"of {entries}",
            at_most=0,
        ),
    ]
    for name in COMPARED:
        rows += _strategy(name, sums[name])
    for name in (*ABLATIONS, WITHOUT_CACHE):
        rows += _ablation(name, sums[name], ours)
    return rows


def _strategy(name: str, tally: Tally) -> list[Figure]:
    images = max(tally.images, 1)
    parts = {"level 1": tally.level1_ms, "level 2": tally.level2_ms, "the rest": tally.rest_ms}
    split = ", ".join(f"{part} {value / images:.2f}" for part, value in parts.items())
    classes = ", ".join(f"{label} {value:.1%}" for label, value in tally.average_precision().items())
    rows = [
        figure(
            f"{name}: computing time of one image",
            tally.ms_per_image,
            "ms",
            note=f"{split}; {tally.looks} looks of level 2"
            + (f"; {tally.let_go} images let go" if tally.let_go else ""),
        ),
        figure(f"{name}: mAP50", _points(tally), "points", note=classes),
        figure(
            f"{name}: identity switches",
            tally.switches,
            note=f"{tally.fragments} fragments; {tally.followed / max(tally.present, 1):.1%} of what is seen followed",
        ),
    ]
    rows += _errors(f"{name}: error of a place", [1e3 * item for item in tally.place_errors_m], "mm")
    rows += _errors(f"{name}: error of a yaw", [math.degrees(item) for item in tally.yaw_errors_rad], "deg")
    placed = tally.not_placed + len(tally.place_errors_m)
    rows.append(figure(f"{name}: things without a place", tally.not_placed, f"of {placed}"))
    for kind, noticing in sorted(tally.noticed.items()):
        rows.append(_until_known(f"{name}: until it is known, {kind}, median", noticing))
    rows.append(
        figure(
            f"{name}: images with a person in the workspace that say so",
            tally.person_noticed,
            f"of {tally.person_images}",
            note=f"{tally.false_alarms} of {tally.empty_images} images without anybody say so, too",
        )
    )
    return rows


def _until_known(name: str, noticing: Noticing) -> Figure:
    latencies, missed = (
        noticing.latencies_s,
        f"{noticing.missed} of {len(noticing.latencies_s) + noticing.missed} missed",
    )
    if not latencies:
        return Figure(name=name, value=None, unit="s", note=missed)
    return figure(name, float(np.median(latencies)), "s", note=f"longest {max(latencies):.2f} s; {missed}")


def _ablation(name: str, tally: Tally, ours: Tally) -> list[Figure]:
    """Beside the whole cascade."""
    return [
        figure(
            f"{name}: mAP50",
            _points(tally),
            "points",
            reference=Reference(CASCADE, _points(ours)),
            note=f"{tally.looks} looks of level 2 (cascade {ours.looks}), {tally.switches} identity switches "
            f"({ours.switches}), {tally.missed()} events missed ({ours.missed()}), error of a place p90 "
            f"{_p90_mm(tally):.1f} mm ({_p90_mm(ours):.1f})",
        ),
        figure(
            f"{name}: level 2 for one image",
            tally.level2_ms / max(tally.images, 1),
            "ms",
            reference=Reference(CASCADE, ours.level2_ms / max(ours.images, 1)),
        ),
    ]


def _errors(name: str, values: Sequence[float], unit: str) -> list[Figure]:
    if not values:
        return []
    median, p90 = np.percentile(values, (50, 90))
    return [figure(f"{name}, median", float(median), unit), figure(f"{name}, p90", float(p90), unit)]


def _points(tally: Tally) -> float:
    return 100.0 * tally.mean_average_precision()


def _p90_mm(tally: Tally) -> float:
    return 1e3 * float(np.percentile(tally.place_errors_m, 90)) if tally.place_errors_m else math.nan


def _saved(ours: float, most: float) -> float:
    return 1.0 - ours / most if most > 0.0 else 0.0
