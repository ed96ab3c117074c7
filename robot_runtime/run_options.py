"""What a run of the robot is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from robot_runtime.outlets import Outlets


@dataclass(frozen=True, slots=True)
class RunOptions:
    """One run, as asked for on the command line.

    Attributes:
        mission: the mission's XML file; it exists.
        robot: name of a shipped robot, or path of a robot file.
        seed: of the scenario: where the objects lie.
        duration_s: the run ends after this time of its own clock, if the mission has not ended before; None: no limit.
        view: open the simulator's viewer.
        lockstep: run in one process on virtual time.
        progress: say on standard output how the mission proceeds.
        attended: an operator is there: a latched stop waits for a reset instead of ending the run.
        picture: PNG file to draw the world into when the mission has ended; None: no picture.
        person: path of a person's arm through the workspace, as JSON (see `sim.person`); None: nobody.
        outlets: devices that hang on `rt_control`; of a live run only.
        cloud: address of the cloud; of a live run only.
        device: name or file of the computing budget; None: the usual one; of a live run only.
        policy: name of a model, or address of a policy elsewhere (that one in a live run only); None: the bound model.
        policy_key_file: holds what the policy elsewhere wants to know of who asks; None: nothing.
        root: folder of the run directories instead of the usual one.
    """

    mission: Path
    robot: str
    seed: int = 0
    duration_s: float | None = None
    view: bool = False
    lockstep: bool = False
    progress: bool = True
    attended: bool = False
    picture: Path | None = None
    person: str | None = None
    outlets: Outlets = Outlets()
    cloud: str | None = None
    device: str | None = None
    policy: str | None = None
    policy_key_file: Path | None = None
    root: Path | None = None
