"""Wires a cascade: models of the registry, budget of the device, what looks cost here."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from models import backends
from models.preprocessing import PreparedImage
from models.registry import Registry
from perception.cascade import CLOSER, Cascade, CascadeConfig
from perception.cascade_models import CascadeModels, load_models, load_scene_model
from perception.compute_budget import load_budget
from perception.compute_plan import place
from perception.cost_meter import MeasuredCost, ModelledCost
from perception.level_three import HEIGHT, IMAGES, WIDTH, SceneLooks, ThreadedLooks, TimedLooks
from perception.optical_flow import OpticalFlow
from perception.scene_level import ROLE as SCENE
from perception.trigger_file import load_triggers
from robot_runtime import model_folders
from rt_control.description import RobotDescription

if TYPE_CHECKING:
    from robot_runtime.cloud_scene import CloudScene

DEVICE = "cpu_two_cores"
TRIALS = 12
CAREFUL = 1.5  # times what the quicker trials took: what the first looks are believed to take
QUICK = 0.25  # quantile: a host that stalls while it is tried out is not slow for ever


def make_cascade(
    description: RobotDescription,
    now_ns: int,
    modelled_ms: dict[str, float] | None = None,
    device: str = DEVICE,
    remote: CloudScene | None = None,
) -> Cascade:
    """A cascade on the bound models; level 3 runs here only where its measured time fits the budget, else elsewhere.

    Args:
        description: of the robot.
        now_ns: this moment.
        modelled_ms: cost of a look by role, for virtual time; None: as the budget says, and then as it is measured.
        device: name of a budget, or its file.
        remote: asks elsewhere for looks at the scene; None: there is nobody.

    Raises:
        ModelRefusedError: a model fails a check.
        InputError: a role has no model, or the budget cannot bear the models.
    """
    registry, backend = Registry(model_folders.folder()), backends.get(backends.DEFAULT)
    models = load_models(registry, backend)
    scene = load_scene_model(registry, backend)
    budget = load_budget(device)
    config = CascadeConfig(triggers=load_triggers(registry.user))
    if modelled_ms is not None:
        timed = None if scene is None else TimedLooks(scene, modelled_ms[SCENE])
        cost = ModelledCost(modelled_ms)
        return Cascade(description, models, budget, now_ns, config, cost, modelled_ms, timed)
    # What looks take is learnt from the looks; until then the budget's allotments are believed. Only for level 3 a
    # measurement decides where it runs.
    measured_ms: dict[str, float] = {}
    looks: SceneLooks | None = None
    if scene is not None:
        blank = np.zeros((IMAGES, HEIGHT, WIDTH, 3), dtype=np.uint8)
        measured_ms[SCENE] = CAREFUL * _took_ms(lambda: scene.observe(blank), time.perf_counter)
        if place(budget, measured_ms).find("level3").where == "robot":
            looks = ThreadedLooks(scene, MeasuredCost(), SCENE)
    if looks is None and remote is not None:
        looks = ThreadedLooks(remote, MeasuredCost(), SCENE, remote=True, at_end=remote.close)
    return Cascade(description, models, budget, now_ns, config, measured_ms=measured_ms, scene_looks=looks)


def measure_costs(
    models: CascadeModels, now_s: Callable[[], float] = time.perf_counter, careful: float = CAREFUL
) -> dict[str, float]:
    """What one look of each role takes here, ms; some tenths of a second of trials.

    Args:
        models: of the cascade.
        now_s: clock that measures.
        careful: times what the quicker trials took.
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
    return float(np.quantile(took, QUICK)) * 1e3
