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
POLICY_WAIT_MS = 5.0  # half a period: when a scene finds the policy working
TYPICAL_MS, WORST_MS = 50.0, 100.0  # camera to drive, DESIGN section 2


def measure() -> list[Figure]:
    """Watch a live robot from outside for 20 s: how old was each new scene, directive and chunk when it came?"""
    mission = Path(mission_text("sort_table")[0]).resolve()
    ages_ms: dict[str, list[float]] = {"scene": [], "directive": [], "chunk": []}
    with (
        tempfile.TemporaryDirectory(dir="/dev/shm", prefix="dyn-bench-") as root,
        LiveRobot(RunOptions(mission, "arm7", root=Path(root), progress=False)) as robot,
    ):
        robot.start()
        wait_for(robot, lambda: robot.view is not None and robot.view.status.ready, 60.0, "the robot at work")
        scenes = LatestSubscriber(robot.run.endpoint("perception.scene"), Scene)
        directives = LatestSubscriber(robot.run.endpoint("agent.directive"), Directive)
        commands = native.CommandReader(robot.run.path("command.policy"))
        seen: dict[str, int] = {}

        def note(name: str, mark: int, age_ns: int) -> None:
            if name in seen and mark != seen[name]:
                ages_ms[name].append(age_ns / 1e6)
            seen[name] = mark

        def look() -> None:
            scene, directive, command = scenes.read(), directives.read(), commands.read()
            now_ns = time.monotonic_ns()
            if scene is not None:
                note("scene", scene.sequence, now_ns - scene.stamp_ns)
            if directive is not None:
                note("directive", directive.sequence, now_ns - directive.stamp_ns)
            if command is not None:
                # It ends so long after the state that it was made from; its begin is on the time of the reference.
                note("chunk", command.command_id, now_ns - (command.end_ns - CHUNK_NS))

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
        if values
        for share in (50, 95)
    ]
    typical, worst = (
        sum(float(np.percentile(ages_ms[name], share)) for name in ("scene", "chunk")) + POLICY_WAIT_MS + 1.0
        for share in (50, 95)
    )
    what = "scene and chunk as above, half a policy period and one cycle; a camera that renders is not a real one"
    return [
        *figures,
        figure("camera to drive, from the p50s", typical, "ms", at_most=TYPICAL_MS, note=what),
        figure("camera to drive, from the p95s", worst, "ms", at_most=WORST_MS, note=what),
    ]
