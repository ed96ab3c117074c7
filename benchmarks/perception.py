"""The perception pipeline on rendered tables: errors beside the physics, and time for one image."""

from __future__ import annotations

import math
import statistics
import time

import numpy as np

from perception.frame_health import FrameJudge, FrameLimits
from perception.pipeline import ScenePipeline
from perception.robot_shape import robot_capsules
from robot_runtime.report import Figure, Reference, figure
from rt_control import _native as native
from rt_control.description import load_robot
from rt_control.model_compiler import compile_model
from sim.cameras import Renderer
from sim.plant import Plant

SEEDS = 30
LOOKS = 3
PERIOD_NS = 33_000_000


def measure() -> list[Figure]:
    """Thirty tables, three looks each, with the arm at home; the physics is the observer's, not the pipeline's."""
    description = load_robot("arm7")
    kinematics = native.Kinematics(compile_model(description))
    capsules = robot_capsules(kinematics.link_poses(np.array(description.home)), description.gripper)
    renderer = Renderer(description.world_path, description)
    places_m, yaws_rad, took_ms, rendered_ms, judged_ms = [], [], [], [], []
    missed = looked = 0
    try:
        for seed in range(SEEDS):
            plant = Plant(description.world_path, description, seed, description.timing.drive_watchdog_cycles)
            pipeline, judge = ScenePipeline(description), FrameJudge(FrameLimits.of(description.camera_of("scene")))
            for look in range(1, LOOKS + 1):
                begun = time.perf_counter()
                frame = renderer.render("rgbd", plant.world_bytes(), look * PERIOD_NS)
                rendering = time.perf_counter() - begun
                begun = time.perf_counter()
                judge.judge(frame, look * PERIOD_NS, robot_moves=True)
                rendered = time.perf_counter()
                judged_ms.append((rendered - begun) * 1e3)
                scene = pipeline.update(frame, capsules, look * PERIOD_NS)
                took_ms.append((time.perf_counter() - rendered) * 1e3)
                rendered_ms.append(rendering * 1e3)
                for placed in plant.scenario.placements:
                    looked += 1
                    item = scene.find(placed.name)
                    if item is None or item.measured_ns != look * PERIOD_NS:
                        missed += 1
                        continue
                    places_m += [item.position_base[0] - placed.x, item.position_base[1] - placed.y]
                    if placed.name == "blue_box":
                        yaws_rad.append(math.remainder(item.yaw_rad - placed.yaw_rad, math.pi))
    finally:
        renderer.close()
    reference = Reference("rendering the image", statistics.median(rendered_ms))
    return [
        figure("error of a coordinate, standard deviation", 1e3 * float(np.std(places_m)), "mm"),
        figure("error of a coordinate, largest", 1e3 * float(np.max(np.abs(places_m))), "mm", at_most=5.0),
        figure("error of the yaw of a box, standard deviation", math.degrees(float(np.std(yaws_rad))), "deg"),
        figure("objects not seen", missed, f"of {looked}"),
        figure("one image, p50", statistics.median(took_ms), "ms", at_most=10.0, reference=reference),
        figure("judging one image, p50", statistics.median(judged_ms), "ms", at_most=0.5, reference=reference),
    ]
