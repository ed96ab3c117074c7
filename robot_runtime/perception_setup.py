"""Wires a cascade: models of the registry, budget of the device, what looks cost here."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from models import backends
from models.preprocessing import PreparedImage
from models.registry import Registry
from perception.cascade import CLOSER, Cascade, CascadeConfig
from perception.cascade_models import CascadeModels, load_models
from perception.compute_budget import load_budget
from perception.cost_meter import ModelledCost
from perception.optical_flow import OpticalFlow
from perception.trigger_file import load_triggers
from robot_runtime import model_folders
from rt_control.description import RobotDescription

DEVICE = "cpu_two_cores"
TRIALS = 12
CAREFUL = 1.5  # times the median of a few runs: what the first looks are believed to take


def make_cascade(
    description: RobotDescription, now_ns: int, modelled_ms: dict[str, float] | None = None, device: str = DEVICE
) -> Cascade:
    """A cascade on the bound models.

    Args:
        description: of the robot.
        now_ns: this moment.
        modelled_ms: cost of a look by role, for virtual time; None: as measured here, now.
        device: name of a budget, or its file.

    Raises:
        ModelRefusedError: a model fails a check.
        InputError: a role has no model, or the budget cannot bear the models.
    """
    registry = Registry(model_folders.folder())
    models = load_models(registry, backends.get(backends.DEFAULT))
    budget = load_budget(device)
    config = CascadeConfig(triggers=load_triggers(registry.user))
    if modelled_ms is not None:
        cost = ModelledCost(modelled_ms)
        return Cascade(description, models, budget, now_ns, config, cost=cost, measured_ms=modelled_ms)
    return Cascade(description, models, budget, now_ns, config, measured_ms=measure_costs(models))


def measure_costs(
    models: CascadeModels, now_s: Callable[[], float] = time.perf_counter, careful: float = CAREFUL
) -> dict[str, float]:
    """What one look of each role takes here, ms; some tenths of a second of trials.

    Args:
        models: of the cascade.
        now_s: clock that measures.
        careful: times the median of the trials.
    """
    random = np.random.default_rng(0)
    rgb = random.integers(0, 255, (240, 320, 3), dtype=np.uint8)
    box = np.array([[150.0, 110.0, 170.0, 130.0]], dtype=np.float32)
    flow = OpticalFlow()

    def look_closer() -> None:
        image = PreparedImage(rgb)
        models.features.extract(image, box)
        models.masks.segment(image, box)
        models.pose.locate(image, box)

    stamp_ns = 0

    def follow() -> None:
        nonlocal stamp_ns
        stamp_ns += 33_000_000
        flow.update(np.roll(rgb, stamp_ns // 33_000_000, axis=1), stamp_ns)

    shown: list[PreparedImage] = []

    def detect() -> None:
        shown.append(PreparedImage(rgb))
        models.detector.detect(shown[-1])

    roles: dict[str, Callable[[], object]] = {
        "detector": detect,
        # Of an image that was detected in: a network that fills both roles has run for it.
        "depth": lambda: models.depth.estimate(shown[-1]),
        "flow": follow,
        CLOSER: look_closer,
    }
    return {role: careful * _took_ms(work, now_s) for role, work in roles.items()}


def _took_ms(work: Callable[[], object], now_s: Callable[[], float]) -> float:
    took = []
    for _ in range(TRIALS):
        begun = now_s()
        work()
        took.append(now_s() - begun)
    return float(np.median(took)) * 1e3
