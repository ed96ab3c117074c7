"""The shield under 10^8 random and adversarial steps, a million a piece: is a limit ever passed, and at what speed?"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from robot_runtime.report import Figure, figure
from tests.rt_control.native_programs import program, run, values_of
from tests.rt_control.shield_models import shield_model

PIECES = 100
STEPS = 1_000_000
LIMITS = ("position", "position_after_lost_cycles", "velocity", "acceleration", "jerk", "tcp_speed", "clearance")
LEAST_SHARE = 0.98


class Piece(msgspec.Struct, frozen=True):
    """A million steps of one robot.

    Attributes:
        number: of the robot and of the seed.
        steps: made.
        violations: by more than 1e-9 (rad or m; relative to the limit for velocities and their derivatives).
        worst: by how much each limit was passed at worst; negative if it never was.
        shortest_s: shortest time in which point-to-point motions could be made.
        taken_s: time that they took.
    """

    number: int
    steps: int
    violations: int
    worst: dict[str, float]
    shortest_s: float
    taken_s: float

    def __str__(self) -> str:
        return f"robot {self.number}: {self.violations} violations, {self.shortest_s / self.taken_s:.2%} of the speed"


def piece(number: int) -> Piece:
    """Run the C++ trial with one robot."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        model.write_bytes(shield_model(number % PIECES).to_bytes())
        found = values_of(run(program("shield_trial"), str(model), str(number), str(STEPS), code=None))
    worst = {name: found[name] for name in LIMITS if math.isfinite(found[name])}  # some have no shapes
    return Piece(number, int(found["steps"]), int(found["violations"]), worst, found["shortest_s"], found["taken_s"])


def figures(pieces: Sequence[Piece]) -> list[Figure]:
    """Violations, and the share of the achievable speed."""
    share = sum(item.shortest_s for item in pieces) / max(sum(item.taken_s for item in pieces), 1e-9)
    return [
        figure("steps", sum(item.steps for item in pieces)),
        figure("violations beyond 1e-9", sum(item.violations for item in pieces), at_most=0),
        *(
            figure(
                f"{name}, passed by at worst",
                max((item.worst[name] for item in pieces if name in item.worst), default=0.0),
            )
            for name in LIMITS
        ),
        figure("share of the achievable speed", share, at_least=LEAST_SHARE),
        figure(
            "share of the achievable speed, slowest robot",
            min((item.shortest_s / item.taken_s for item in pieces), default=0.0),
            at_least=LEAST_SHARE,
        ),
    ]
