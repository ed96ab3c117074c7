"""The cascade on rendered tables: time of each level on one thread, errors beside the physics."""

from __future__ import annotations

import math
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from models import backends
from models.backends.backend import Network
from models.preprocessing import PreparedImage
from models.registry import Registry
from models.roles import Floats
from perception.cascade import CLOSER, Cascade
from perception.cascade_models import CascadeModels, load_models
from perception.colour import to_hsv
from perception.compute_budget import load_budget
from perception.frame_health import FrameJudge, FrameLimits
from perception.frames import Frame
from perception.level_two import look_closer
from perception.optical_flow import OpticalFlow
from perception.point_image import Unprojector
from perception.robot_shape import robot_capsules
from robot_runtime.perception_setup import DEVICE, measure_costs
from robot_runtime.report import Figure, Reference, figure
from rt_control import _native as native
from rt_control.description import load_robot
from rt_control.model_compiler import compile_model
from sim.cameras import Renderer
from sim.plant import Plant

SEEDS = 30
LOOKS = 8
PERIOD_NS = 33_333_333
REPETITIONS = 600
PAIRS, WARM_UP = 120, 10  # of a network in two runtimes
# Width and height, and how often torch eager's time is to fit: of the size that the target was set for, 160x120 filled
# up to whole cells of the network; and of the robot's.
SIZES: tuple[tuple[int, int, float | None], ...] = ((160, 128, 5.0), (320, 240, None))
THINGS = 8  # that level 2 looks at in one image


def measure() -> list[Figure]:
    """Thirty tables with the arm at home; the physics is the observer's, not the cascade's."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as empty, Registry(Path(empty)) as registry:
        models = load_models(registry, backends.get(backends.DEFAULT))
        frames = _film()
        return [*_levels(models, frames), *_tables(models)]


def _film() -> list[Frame]:
    """One table, image after image, with the arm in motion."""
    description = load_robot("arm7")
    renderer = Renderer(description.world_path, description)
    plant = Plant(description.world_path, description, 0, description.timing.drive_watchdog_cycles)
    joint = plant.model.joint(description.axis_names[0]).qposadr[0]
    frames = []
    try:
        for number in range(30):
            plant.data.qpos[joint] = 0.4 * math.sin(0.2 * number)
            frames.append(renderer.render("rgbd", plant.world_bytes(), (number + 1) * PERIOD_NS))
    finally:
        renderer.close()
    return frames


def _levels(models: CascadeModels, frames: list[Frame]) -> list[Figure]:
    """Each level alone, on one thread, as the cascade runs it."""
    description = load_robot("arm7")
    kinematics = native.Kinematics(compile_model(description))
    robot = robot_capsules(kinematics.link_poses(np.array(description.home)), description.gripper)
    flow, unprojector = OpticalFlow(), Unprojector()
    stamp_ns = 0

    def level_one(frame: Frame) -> None:
        nonlocal stamp_ns
        stamp_ns += PERIOD_NS
        image = PreparedImage(frame.rgb)
        models.detector.detect(image)
        models.depth.estimate(image)
        flow.update(frame.rgb, stamp_ns)

    boxes = [(140.0 + 4 * index, 120.0 + 5 * index, 154.0 + 4 * index, 134.0 + 5 * index) for index in range(THINGS)]

    def level_two(frame: Frame) -> None:
        points, hsv = unprojector.points(frame), to_hsv(frame.rgb)
        look_closer(models, PreparedImage(frame.rgb), boxes, frame, points, hsv, robot, description.workcell)

    one, two = _times_ms(level_one, frames, REPETITIONS), _times_ms(level_two, frames, REPETITIONS // 2)
    figures = [
        figure("level 1, whole, p50", statistics.median(one), "ms"),
        figure("level 1, whole, p99", _quantile(one, 0.99), "ms", at_most=6.0),
        figure(f"level 2, {THINGS} things, p50", statistics.median(two), "ms"),
        figure(f"level 2, {THINGS} things, p99", _quantile(two, 0.99), "ms", at_most=50.0),
    ]
    return figures + _beside_torch(np.random.default_rng(0))


def _beside_torch(random: np.random.Generator) -> list[Figure]:
    """The network of level 1 in the robot's backend and in torch eager: same weights, same images, in turn.

    The weights are random: they do not change the time.
    """
    try:
        import torch
    except ImportError:
        missing = "torch is not installed; `make test` installs it"
        return [Figure(name="torch eager over the network of level 1", value=None, unit="x", note=missing)]
    from models.training.export import export_onnx
    from models.training.networks import LEVEL_ONE, LevelOneNetwork

    network = LevelOneNetwork(LEVEL_ONE["small"]).eval()
    threads, figures = torch.get_num_threads(), []
    torch.set_num_threads(1)
    try:
        for width, height, least in SIZES:
            image = random.random((1, 3, height, width), dtype=np.float32)
            tensor = torch.from_numpy(image)
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "network.onnx"
                export_onnx(network, (tensor,), ("image",), ("heat", "box", "log_depth"), path, any_count=False)
                ours = backends.get(backends.DEFAULT).load(path)

            def eager(tensor: torch.Tensor = tensor) -> None:
                with torch.no_grad():
                    network(tensor)

            def run(ours: Network = ours, image: Floats = image) -> None:
                ours.run({"image": image})

            took, reference_ms = _paired_ms(run, eager)
            ours.close()
            reference = Reference("torch eager", reference_ms)
            size = f"{width}x{height}"
            figures.append(figure(f"level 1 network, {size}, one thread, p50", took, "ms", reference=reference))
            figures.append(figure(f"torch eager over it, {size}", reference_ms / took, "x", at_least=least))
    finally:
        torch.set_num_threads(threads)
    return figures


def _paired_ms(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """Medians of both, run in turn: what slows the machine slows both."""
    took: tuple[list[float], list[float]] = [], []
    for number in range(PAIRS + WARM_UP):
        for times, work in zip(took, (one, other), strict=True):
            begun = time.perf_counter()
            work()
            if number >= WARM_UP:
                times.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(took[0]), statistics.median(took[1])


def _times_ms(work: Callable[[Frame], object], frames: list[Frame], count: int) -> list[float]:
    for frame in frames[:5]:
        work(frame)
    took = []
    for number in range(count):
        begun = time.perf_counter()
        work(frames[number % len(frames)])
        took.append((time.perf_counter() - begun) * 1e3)
    return took


def _quantile(values: list[float], share: float) -> float:
    return float(np.quantile(values, share))


def _tables(models: CascadeModels) -> list[Figure]:
    """What the scene says after some images of tables that no model was trained on."""
    description = load_robot("arm7")
    kinematics = native.Kinematics(compile_model(description))
    capsules = robot_capsules(kinematics.link_poses(np.array(description.home)), description.gripper)
    renderer = Renderer(description.world_path, description)
    budget, costs = load_budget(DEVICE), measure_costs(models)
    places_m, yaws_rad, took_ms, rendered_ms, judged_ms = [], [], [], [], []
    missed = looked = dropped = 0
    try:
        for seed in range(SEEDS):
            plant = Plant(description.world_path, description, seed, description.timing.drive_watchdog_cycles)
            cascade = Cascade(description, models, budget, 0, measured_ms=costs)
            judge, scene = FrameJudge(FrameLimits.of(description.camera_of("scene"))), None
            for look in range(1, LOOKS + 1):
                begun = time.perf_counter()
                frame = renderer.render("rgbd", plant.world_bytes(), look * PERIOD_NS)
                rendered = time.perf_counter()
                judge.judge(frame, look * PERIOD_NS, robot_moves=True)
                judged = time.perf_counter()
                seen = cascade.look(frame, capsules, look * PERIOD_NS)
                took_ms.append((time.perf_counter() - judged) * 1e3)
                rendered_ms.append((rendered - begun) * 1e3)
                judged_ms.append((judged - rendered) * 1e3)
                dropped += seen is None
                scene = seen or scene
            for placed in plant.scenario.placements:
                looked += 1
                item = None if scene is None else scene.find(placed.name)
                if item is None:
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
        figure("objects without their name", missed, f"of {looked}", at_most=0.02 * looked),
        figure("images let go for lack of time", dropped, f"of {SEEDS * LOOKS}"),
        figure("judging an image, p50", statistics.median(judged_ms), "ms", at_most=0.5, reference=reference),
        figure("one image, all of the cascade, p50", statistics.median(took_ms), "ms", reference=reference),
        figure("one image, all of the cascade, p95", _quantile(took_ms, 0.95), "ms", at_most=33.0),
        figure("a closer look at one thing, networks alone, with half as much again", costs[CLOSER], "ms"),
    ]
