"""From image to drive, live: how old things are where they are used; what `robot_runtime/latency.toml` rests on."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from perception.scene import Scene
from policies.follower import CHUNK_NS
from robot_runtime.directive import Directive
from robot_runtime.live import LiveRobot, wait_for
from robot_runtime.report import Figure, figure
from robot_runtime.run_options import RunOptions
from robot_runtime.transport import LatestSubscriber
from rt_control import _native as native
from trees.mission import mission_text

DURATION_S = 20.0
LOOK_EVERY_S = 0.0005
TYPICAL_MS, WORST_MS = 50.0, 100.0  # camera to drive, DESIGN section 2


def measure() -> list[Figure]:
    """Watch a live robot from outside for 20 s.

    How old was each new scene, directive and chunk when it came, and an image when the drives were first told by
    an answer of the policy that rests on it?
    """
    mission = Path(mission_text("sort_table")[0]).resolve()
    ages_ms: dict[str, list[float]] = {"scene": [], "directive": [], "chunk": [], "drive": []}
    with (
        tempfile.TemporaryDirectory(dir="/dev/shm", prefix="dyn-bench-") as root,
        LiveRobot(RunOptions(mission, "arm7", root=Path(root), progress=False)) as robot,
    ):
        robot.start()
        wait_for(robot, lambda: robot.view is not None and robot.view.status.ready, 60.0, "the robot at work")
        scenes = LatestSubscriber(robot.run.endpoint("perception.scene"), Scene)
        directives = LatestSubscriber(robot.run.endpoint("agent.directive"), Directive)
        commands = native.CommandReader(robot.run.path("command.policy"))
        states = native.StateReader(robot.run.path("state"))
        images: set[int] = set()  # stamps of those that became a scene
        newest_ns = 0  # of the images that a command rested on
        waiting: dict[int, int] = {}  # the first command that rests on an image, and the image's stamp
        seen: dict[str, int] = {}

        def note(name: str, mark: int, age_ns: int) -> None:
            if name in seen and mark != seen[name]:
                ages_ms[name].append(age_ns / 1e6)
            seen[name] = mark

        def look() -> None:
            nonlocal newest_ns
            scene, directive, command = scenes.read(), directives.read(), commands.read()
            now_ns = time.monotonic_ns()
            if scene is not None:
                note("scene", scene.sequence, now_ns - scene.stamp_ns)
                images.add(scene.stamp_ns)
            if directive is not None:
                note("directive", directive.sequence, now_ns - directive.stamp_ns)
            if command is not None:
                # It ends so long after the state that it was made from; its begin is on the time of the reference.
                note("chunk", command.command_id, now_ns - (command.end_ns - CHUNK_NS))
                if command.observation_ns > newest_ns and command.observation_ns in images:
                    newest_ns = command.observation_ns
                    waiting[command.command_id] = newest_ns
            state = states.read()
            for number in [item for item in waiting if state is not None and state.command_id >= item]:
                assert state is not None, "there is none to take otherwise"
                ages_ms["drive"].append((state.stamp_ns - waiting.pop(number)) / 1e6)

        begun = polled = time.monotonic()
        while time.monotonic() - begun < DURATION_S and robot.outcome is None:
            look()
            if time.monotonic() - polled > 0.05:
                polled = time.monotonic()
                robot.poll()
            time.sleep(LOOK_EVERY_S)
        scenes.close()
        directives.close()
    names = {
        "scene": "image measured -> scene read",
        "directive": "agent decided -> directive read",
        "chunk": "state measured -> chunk in its ring",
    }
    figures = [
        figure(f"{names[name]}, p{share:g}", float(np.percentile(values, share)), "ms", note=f"{len(values)} samples")
        for name, values in ages_ms.items()
        if values and name != "drive"
        for share in (50, 95)
    ]
    drive = ages_ms["drive"]
    what = f"{len(drive)} images; a camera that renders is not a real one"
    return [
        *figures,
        figure("camera to drive, p50", float(np.percentile(drive, 50)), "ms", at_most=TYPICAL_MS, note=what),
        figure("camera to drive, p99", float(np.percentile(drive, 99)), "ms", at_most=WORST_MS, note=what),
    ]
