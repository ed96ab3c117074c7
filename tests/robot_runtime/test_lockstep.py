"""The whole robot in virtual time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from behaviours.workcell import Workcell
from perception.level_three import TimedLooks
from robot_runtime.lockstep import Lockstep, LockstepOptions
from robot_runtime.scene_care import CAREFUL
from rt_control import _native as native
from rt_control.description import RobotDescription, load_robot
from sim.camera_faults import CameraFault
from sim.person import PersonPath
from trees.mission import load_mission, mission_text

pytestmark = pytest.mark.sim

LIMIT_S = 120.0


@pytest.fixture(scope="module")
def description() -> RobotDescription:
    return load_robot("arm7")


Make = Callable[..., Lockstep]


@pytest.fixture
def make(description: RobotDescription) -> Iterator[Make]:
    made: list[Lockstep] = []

    def lockstep(mission_file: str = "sort_table", **options: object) -> Lockstep:
        mission = load_mission(mission_file, Workcell.of(description).known_names)
        made.append(Lockstep(description, mission, LockstepOptions(**options)))  # type: ignore[arg-type]
        return made[-1]

    yield lockstep
    for item in made:
        item.close()


def until(lockstep: Lockstep, condition: Callable[[], bool]) -> None:
    while not condition():
        assert lockstep.time_s < LIMIT_S, f"not seen in {LIMIT_S} s: {lockstep.agent.status}"
        lockstep.step()


def speed(lockstep: Lockstep) -> float:
    return 0.0 if lockstep.state is None else float(np.abs(np.asarray(lockstep.state.velocity)[:7]).max())


def test_the_table_is_sorted_from_images_alone(make: Make) -> None:
    lockstep = make(seed=1)
    lockstep.run(LIMIT_S)
    result = lockstep.result()
    assert result.outcome == "SUCCESS", result
    assert result.objects_sorted == result.objects_total == 4
    assert result.perception == "cascade"


def test_a_result_that_rests_on_the_oracle_says_so(make: Make) -> None:
    lockstep = make(seed=1, oracle=True)
    lockstep.run(1.0)
    assert lockstep.result().perception == "oracle"


@pytest.mark.parametrize("oracle", [True, False], ids=["oracle", "images"])
def test_the_same_seed_gives_the_same_run_to_the_bit(make: Make, oracle: bool) -> None:
    digests = []
    for _ in range(2):
        lockstep = make(seed=3, oracle=oracle)
        digest = hashlib.sha256()
        while lockstep.time_s < 6.0:
            lockstep.step()
            assert lockstep.state is not None
            digest.update(lockstep.plant.world_bytes())
            digest.update(np.asarray(lockstep.state.position_reference).tobytes())
        digests.append(digest.hexdigest())
    assert digests[0] == digests[1]


def test_a_policy_that_falls_silent_ends_in_a_hold_and_the_mission_goes_on_when_it_is_back(make: Make) -> None:
    lockstep = make(seed=1, oracle=True)
    until(lockstep, lambda: speed(lockstep) > 0.5)
    lockstep.stopped.add("policy")
    until(lockstep, lambda: speed(lockstep) < 0.001)
    assert lockstep.state is not None
    assert not lockstep.state.latched
    until(lockstep, lambda: lockstep.agent.status.compute == "CpuOnly")
    lockstep.stopped.clear()
    until(lockstep, lambda: lockstep.agent.status.compute == "FullCompute" and speed(lockstep) > 0.5)


def test_without_a_policy_what_is_held_is_put_down_by_table_and_the_mission_waits(make: Make) -> None:
    lockstep = make(seed=1, oracle=True)
    until(lockstep, lambda: lockstep.agent.status.skill == "carry" and speed(lockstep) > 0.1)
    before = lockstep.result().objects_sorted
    lockstep.stopped.add("policy")
    until(lockstep, lambda: lockstep.agent.status.compute == "CpuOnly")
    until(lockstep, lambda: lockstep.state is not None and lockstep.state.authority == native.Source.fallback)
    speeds: list[float] = []

    def waits() -> bool:
        speeds.append(speed(lockstep))
        return lockstep.agent.status.reason == "waits for a learned policy (CpuOnly)"

    until(lockstep, waits)
    assert lockstep.result().objects_sorted == before + 1
    assert max(speeds[300:]) < 0.4
    assert lockstep.state is not None
    assert not lockstep.state.latched
    lockstep.stopped.clear()
    until(lockstep, lambda: lockstep.agent.outcome is not None)
    assert lockstep.result().outcome == "SUCCESS"


def test_an_agent_that_falls_silent_is_a_latched_stop(make: Make) -> None:
    lockstep = make(seed=1, oracle=True)
    until(lockstep, lambda: speed(lockstep) > 0.5)
    lockstep.stopped.add("agent")
    until(lockstep, lambda: lockstep.state is not None and bool(lockstep.state.latched))
    assert lockstep.state is not None
    assert lockstep.state.first_cause.fault == native.Fault.agent_lost
    until(lockstep, lambda: speed(lockstep) < 0.001)


def test_blind_the_robot_holds_and_asks_for_a_human(make: Make) -> None:
    lockstep = make(seed=1, oracle=True)
    until(lockstep, lambda: speed(lockstep) > 0.5)
    lockstep.stopped.add("cameras")
    until(lockstep, lambda: lockstep.agent.status.compute == "Blind")
    until(lockstep, lambda: speed(lockstep) < 0.001)
    assert "takeover" in lockstep.agent.status.asks


def test_a_person_who_reaches_in_stops_the_arm_before_it_is_touched_and_the_mission_goes_on(make: Make) -> None:
    lockstep = make(seed=1, oracle=True, person=PersonPath.reach_in(6.0, (0.64, 0.40, 0.22), dwell_s=4.0))
    until(lockstep, lambda: lockstep.state is not None and lockstep.state.last_cause.fault == native.Fault.separation)
    until(lockstep, lambda: speed(lockstep) < 0.001)
    assert lockstep.state is not None
    assert not lockstep.state.latched
    until(lockstep, lambda: lockstep.state is not None and lockstep.state.speed_scale == 1.0)
    until(lockstep, lambda: speed(lockstep) > 0.5)


def test_a_scene_camera_that_goes_black_costs_time_and_not_the_mission(make: Make) -> None:
    lockstep = make(seed=1)
    until(lockstep, lambda: speed(lockstep) > 0.5)
    lockstep.scene_camera.fault = CameraFault.BLACK
    until(lockstep, lambda: lockstep.agent.status.compute == "CpuOnly")
    assert lockstep.watch is not None
    assert lockstep.watch.camera_fault == "rgbd: black"
    until(lockstep, lambda: speed(lockstep) < 0.001)
    assert lockstep.state is not None
    assert not lockstep.state.latched
    lockstep.scene_camera.fault = None
    until(lockstep, lambda: lockstep.agent.status.compute == "FullCompute")
    lockstep.run(LIMIT_S)
    assert lockstep.result().outcome == "SUCCESS", lockstep.result()


@pytest.fixture
def precious(tmp_path: Path) -> str:
    """The mission as a task of high value: level 3 watches while its skills run."""
    text = Path(mission_text("sort_table")[0]).read_text()
    path = tmp_path / "precious.xml"
    path.write_text(text.replace("<Pick ", '<Pick high_value="true" ').replace("<Place ", '<Place high_value="true" '))
    return str(path)


def test_a_lamp_that_flickers_surprises_level_3_and_the_robot_is_careful_for_a_while(make: Make, precious: str) -> None:
    lockstep = make(precious, seed=1)

    def scale() -> float:
        return 1.0 if lockstep.state is None else lockstep.state.speed_scale

    def watches() -> bool:
        assert lockstep.watch is not None
        scene = lockstep.watch.scene
        return scene is not None and scene.report is not None

    def flicker() -> bool:
        assert lockstep.renderer is not None
        lockstep.renderer.light.leave(0.3 if int(lockstep.time_s) % 2 else 1.0)
        return scale() <= CAREFUL.speed_scale

    until(lockstep, lambda: watches() and "> Pick" in lockstep.agent.status.step)
    assert (scale(), lockstep.agent.status.caution) == (1.0, "")
    until(lockstep, flicker)
    assert "something unexpected happened" in lockstep.agent.status.caution
    lockstep.renderer.light.leave(1.0)  # type: ignore[union-attr]  # it is there, or nothing would have flickered
    until(lockstep, lambda: scale() == 1.0)
    assert lockstep.agent.status.caution == ""
    lockstep.run(LIMIT_S)
    assert lockstep.result().outcome == "SUCCESS", lockstep.result()


def test_a_level_3_that_never_answers_is_never_waited_for(
    make: Make, precious: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TimedLooks, "answer", lambda self, now_ns: None)
    lockstep = make(precious, seed=1)
    lockstep.run(LIMIT_S)
    assert lockstep.result().outcome == "SUCCESS", lockstep.result()
    assert lockstep.watch is not None
    assert lockstep.watch.scene is not None
    assert lockstep.watch.scene.report is None
