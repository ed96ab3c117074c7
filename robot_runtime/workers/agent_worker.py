"""The agent's process: the behaviour tree at 50 Hz. Loads no GPU library and no image."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from behaviours.workcell import Workcell
from robot_runtime.agent import AgentConfig, RobotRuntimeAgent
from robot_runtime.live_ports import LivePorts
from robot_runtime.workers.context import WorkerContext, worker_main
from robot_runtime.workers.loop import PeriodicLoop
from rt_control.clock import MonotonicClock
from trees.mission import load_mission

if TYPE_CHECKING:
    from robot_runtime.cloud_heartbeat import CloudHeartbeat


def work(context: WorkerContext) -> None:
    """Tick the agent until the end. It writes its own heartbeat, so that a tree that hangs is seen."""
    description = context.description
    workcell = Workcell.of(description)
    mission = None
    if context.mission_file is not None:
        mission = load_mission(context.mission_file, workcell.known_names)
    clock = MonotonicClock()
    cloud: CloudHeartbeat | None = None
    if context.cloud is not None:
        from robot_runtime.cloud_heartbeat import CloudHeartbeat
        from robot_runtime.cloud_service import CloudAddress

        cloud = CloudHeartbeat(CloudAddress(context.cloud), clock)
    ports = LivePorts(context.run, lambda: None if cloud is None else cloud.heard_ns)
    config = AgentConfig()
    agent = RobotRuntimeAgent(clock, ports, mission, config, robot=description.name, workcell=workcell)
    gc.collect()
    gc.freeze()
    try:
        PeriodicLoop(1.0 / config.period_s).run(lambda now_ns: agent.tick())
    finally:
        ports.close()
        if cloud is not None:
            cloud.close()


if __name__ == "__main__":
    worker_main("agent", work)
