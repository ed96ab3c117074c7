"""What each threshold of closer looks costs and brings, on episodes; and which value that speaks for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from perception.cascade import CascadeConfig
from robot_runtime.evaluation.strategies import Strategy
from robot_runtime.evaluation.tally import Tally, together
from robot_runtime.line_plot import Line, Mark, Panel
from robot_runtime.report import Figure, Reference, figure

# Of level 2; those of level 3 change nothing that an episode can be scored by.
VALUES: Mapping[str, tuple[float, ...]] = {
    "confidence": (0.4, 0.55, 0.7, 0.85, 0.95),
    "speed_mps": (0.1, 0.25, 0.5, 1.0, 2.0),
    "half_hidden": (0.05, 0.15, 0.4, 0.8),
    "look_interval_s": (0.05, 0.1, 0.3),
    "unsure_interval_s": (0.3, 1.0, 3.0),
    "shadow_probability": (0.003, 0.01, 0.03),
}
SURE = 2.0  # standard errors: a difference that is smaller may be chance
WORTH = 0.1  # share of the looks that has to be saved before a threshold is moved for it
WORSE, LATER_S = 1.05, 0.02  # times the error of a place, and s until an event is known, that are still as good
UNMOVED = {"shadow_probability": "looks by lot buy an estimate and not accuracy: never moved"}
IN_FORCE = "in force"


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a threshold, over all episodes.

    Attributes:
        value: of the threshold.
        looks: of level 2: the cost.
        points: mAP50, 0..100.
        gain, gain_std: points more than with the value in force, mean over the episodes, and its standard error.
        place_mm: error of a place, p90.
        known_s: until an event is known, mean.
        missed: events that never came into the scene.
    """

    value: float
    looks: int
    points: float
    gain: float
    gain_std: float
    place_mm: float
    known_s: float
    missed: int


@dataclass(frozen=True, slots=True)
class ThresholdCurve:
    """All values of one threshold.

    Attributes:
        name: as in `TriggerConfig`.
        in_force: value that was.
        points: in the order of their values.
    """

    name: str
    in_force: float
    points: tuple[Point, ...]

    def choose(self, slack: float) -> tuple[float, str]:
        """The value that the episodes speak for, and why.

        The value in force stays, unless another one is surely better, or as good and clearly cheaper.

        Args:
            slack: points of mAP that may be lost for less computing, and that a gain has to exceed.
        """
        now = next(item for item in self.points if item.value == self.in_force)
        if self.name in UNMOVED:
            return now.value, UNMOVED[self.name]
        others = [item for item in self.points if item is not now and item.missed <= now.missed]
        better = [item for item in others if item.gain > max(slack, SURE * item.gain_std)]
        if better:
            best = max(better, key=lambda item: item.gain)
            return best.value, f"better by {best.gain:.2g} +- {best.gain_std:.2g} points"
        as_good = [
            item
            for item in others
            if item.gain - SURE * item.gain_std >= -slack
            and item.place_mm <= WORSE * now.place_mm
            and item.known_s <= now.known_s + LATER_S
        ]
        cheaper = [item for item in as_good if item.looks < (1.0 - WORTH) * now.looks]
        if cheaper:
            best = min(cheaper, key=lambda item: item.looks)
            return best.value, f"as good, {1.0 - best.looks / now.looks:.0%} fewer looks"
        if all(item.looks == now.looks and item.points == now.points for item in self.points):
            return now.value, "moves nothing in these episodes"
        return now.value, "no other value is surely better, or as good and clearly cheaper"


def strategies(ours: CascadeConfig) -> list[Strategy]:
    """The cascade as it is, and with each other value of one threshold."""
    found = [Strategy(IN_FORCE, ours)]
    for name, values in VALUES.items():
        for value in values:
            if value != getattr(ours.triggers, name):
                triggers = replace(ours.triggers, **{name: value})  # type: ignore[arg-type]  # every name is a float's
                found.append(Strategy(_called(name, value), replace(ours, triggers=triggers)))
    return found


def curves(ours: CascadeConfig, episodes: Sequence[Mapping[str, Tally]]) -> list[ThresholdCurve]:
    """What the episodes say.

    Args:
        ours: the configuration in force.
        episodes: tallies of each by the names of `strategies`; at least one.
    """
    found = []
    for name, values in VALUES.items():
        in_force = float(getattr(ours.triggers, name))
        every = sorted({*values, in_force})
        called = {value: IN_FORCE if value == in_force else _called(name, value) for value in every}
        points = tuple(_point(value, [episode[called[value]] for episode in episodes], episodes) for value in every)
        found.append(ThresholdCurve(name, in_force, points))
    return found


def figures(found: Sequence[ThresholdCurve], slack: float) -> list[Figure]:
    """Each threshold: what was chosen, and all of its values."""
    rows = []
    for curve in found:
        chosen, why = curve.choose(slack)
        rows.append(figure(f"{curve.name}, chosen", chosen, reference=Reference(IN_FORCE, curve.in_force), note=why))
        rows += [
            figure(
                f"{curve.name} {item.value:g}: mAP50",
                item.points,
                "points",
                note=f"{item.gain:+.2f} +- {item.gain_std:.2f}; {item.looks} looks; place p90 {item.place_mm:.2f} mm; "
                f"events known after {item.known_s:.2f} s, {item.missed} missed",
            )
            for item in curve.points
        ]
    return rows


def panels(found: Sequence[ThresholdCurve], slack: float) -> tuple[Panel, ...]:
    """A picture of each threshold."""
    drawn = []
    for curve in found:
        values = [item.value for item in curve.points]
        most = max(item.looks for item in curve.points) or 1
        chosen, _ = curve.choose(slack)
        lines = (
            Line("mAP50, share", values, [item.points / 100.0 for item in curve.points]),
            Line("looks, of the most", values, [item.looks / most for item in curve.points]),
        )
        drawn.append(Panel(f"what {curve.name} costs and brings", curve.name, lines, mark=Mark(f"{chosen:g}", chosen)))
    return tuple(drawn)


def _called(name: str, value: float) -> str:
    return f"{name} {value:g}"


def _point(value: float, tallies: Sequence[Tally], episodes: Sequence[Mapping[str, Tally]]) -> Point:
    total = together(tallies)
    gains = [
        100.0 * (item.mean_average_precision() - episode[IN_FORCE].mean_average_precision())
        for item, episode in zip(tallies, episodes, strict=True)
    ]
    std = float(np.std(gains, ddof=1)) / math.sqrt(len(gains)) if len(gains) > 1 else math.inf
    return Point(
        value=value,
        looks=total.looks,
        points=100.0 * total.mean_average_precision(),
        gain=float(np.mean(gains)),
        gain_std=std if any(gains) else 0.0,
        place_mm=1e3 * float(np.percentile(total.place_errors_m or [0.0], 90)),
        known_s=float(np.mean(total.latencies_s() or [0.0])),
        missed=total.missed(),
    )
