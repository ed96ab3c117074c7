"""What a robot file says: one TOML beside an MJCF or URDF. Every key that exists is declared here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from rt_control.errors import InputError

MAX_AXES = 16  # kMaxAxes of messages.hpp
MAX_CAPSULES = 32  # kMaxCapsules of model.hpp
MAX_PAIRS = 128  # kMaxPairs
MAX_ZONES = 8  # kMaxZones
BASE = "base"  # link of a capsule that does not move
BIN_FLOOR_M = 0.006  # thickness of a bin's floor

Positive = Annotated[float, msgspec.Meta(gt=0.0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0.0)]
Scale = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
MarginScale = Annotated[float, msgspec.Meta(ge=1.0)]
Cycles = Annotated[int, msgspec.Meta(ge=1)]
Pixels = Annotated[int, msgspec.Meta(ge=16, le=4096)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,30}$")]
Vector2 = tuple[float, float]
Vector3 = tuple[float, float, float]
Size3 = tuple[Positive, Positive, Positive]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a robot file; a key that it does not declare is refused."""


class Robot(Section, frozen=True, kw_only=True):
    """Which robot it is.

    Attributes:
        name: also the name of the run directory.
        model: MJCF or URDF, relative to the robot file.
        simulated: the plant is `sim`; False for a real robot.
        tcp_site: site (MJCF) or link (URDF) at the tool centre point; its z axis points out of the gripper.
    """

    name: Name
    model: str
    simulated: bool
    tcp_site: str


class Axis(Section, frozen=True, kw_only=True):
    """One joint, or the gripper; named as the joint in the model. Units rad and N m, or m and N if prismatic.

    Attributes:
        lower, upper: range of the position.
        velocity, acceleration, jerk, torque: the same in both directions.
    """

    name: Name
    kind: Literal["revolute", "prismatic"]
    lower: float
    upper: float
    velocity: Positive
    acceleration: Positive
    jerk: Positive
    torque: Positive


class Timing(Section, frozen=True, kw_only=True):
    """Leases and watchdogs; cycles are those that `rt_control` (or the drives) really executed.

    What ends in `_degraded` holds for a simulated robot on a host without real-time permission.
    """

    period_s: Annotated[float, msgspec.Meta(ge=0.0005, le=0.01)] = 0.001
    observation_age_limit_s: Positive = 0.4
    chunk_duration_limit_s: Positive = 2.0
    stream_lease_cycles: Cycles = 20
    agent_lease_s: Positive = 0.25
    drive_watchdog_cycles: Cycles = 5
    drive_watchdog_cycles_degraded: Cycles | None = None
    drive_lost_cycles: Cycles = 5
    drive_lost_cycles_degraded: Cycles | None = None
    lateness_limit_s: Positive = 0.005
    lateness_limit_degraded_s: Positive | None = None


class Tolerance(Section, frozen=True, kw_only=True):
    """How exactly measurements must agree with what was asked; rad, m and their rates.

    Attributes:
        position: that a measured axis may be outside its limits.
        standstill_velocity: below it an axis is at rest.
        ramp_ratio: share of the velocity limit that an axis may lag behind a stop ramp.
        reseed: between reference and measurement before a motion begins anew.
    """

    position: Positive = 0.01
    standstill_velocity: Positive = 0.02
    ramp_ratio: Positive = 0.15
    reseed: Positive = 0.05


class ConstraintSource(Section, frozen=True, kw_only=True):
    """What one source of constraints counts as when it has been silent for longer than its lease."""

    source: Literal["agent", "perception", "fallback", "safety_model"]
    lease_s: Positive
    stale_speed_scale: Scale = 1.0
    stale_margin_scale: MarginScale = 1.0
    stale_tcp_speed_mps: Positive | None = None


class Separation(Section, frozen=True, kw_only=True):
    """How far from a person the arm may still move, with the terms of ISO/TS 15066, 5.5.4; see docs/shield.md.

    Attributes:
        person_speed_mps: towards the robot (v_h); ISO 13855 has 1.6 for walking.
        robot_reaction_s: of what `rt_control` does not see: exposure before a stamp, drives after a command.
        intrusion_m: how far a part of the body may reach without being seen (C).
        person_uncertainty_m: of the measured distance (Z_d).
        robot_uncertainty_m: of the robot's own position (Z_r).
        full_speed_mps: of the fastest point of the arm when nothing asks for care.
        reduced_tcp_speed_mps: the same while nobody measures the distance; ISO 10218-1 has 0.25.
    """

    person_speed_mps: Positive = 1.6
    robot_reaction_s: NotNegative = 0.02
    intrusion_m: NotNegative
    person_uncertainty_m: NotNegative
    robot_uncertainty_m: NotNegative = 0.005
    full_speed_mps: Positive = 1.7
    reduced_tcp_speed_mps: Positive = 0.25


class Estimator(Section, frozen=True, kw_only=True):
    """How much measurements and model are trusted; standard deviations of one sample, rad or m and their rates.

    Attributes:
        position_noise, velocity_noise: of what the drives measure.
        acceleration_noise: that the model of the motion is wrong by in one cycle.
        disturbance_walk: how fast external torque changes the acceleration, per root of a second.
        innovation_gate: a measurement farther off than so many standard deviations is an outlier.
    """

    position_noise: Positive = 2e-5
    velocity_noise: Positive = 2e-3
    acceleration_noise: Positive = 2.0
    disturbance_walk: Positive = 100.0
    innovation_gate: Positive = 5.0


class Contact(Section, frozen=True, kw_only=True):
    """An external torque is a contact when all of this together cannot explain it.

    Attributes:
        gain_radps: bandwidth of the momentum observer; 200 rad/s follow a step within 5 ms. 0 for drives that
            measure no torque: then nothing is detected.
        model_error: share that masses, inertias and friction may differ from the model.
        floor: share of an axis's torque limit that counts as noise.
        payload_kg: heaviest object that the hand may carry; nobody announces it.
        touch_n: force with which the hand may touch things as part of its work: a finger that meets an object first.
        hand_radius_m: how far from the tool centre point payload and touch may act.
    """

    gain_radps: NotNegative = 200.0
    model_error: Scale = 0.1
    floor: Annotated[float, msgspec.Meta(gt=0.0, le=1.0)] = 0.02
    payload_kg: NotNegative = 0.5
    touch_n: NotNegative = 30.0
    hand_radius_m: NotNegative = 0.05


class Bin(Section, frozen=True, kw_only=True):
    """An open box on the table: centre of its floor (x, y) and outer size (x, y, height), base frame, m."""

    name: Name
    centre: Vector2
    size: Size3


class Workcell(Section, frozen=True, kw_only=True):
    """What stands around the robot, base frame, m.

    Attributes:
        table_lower, table_upper: corners of the table top.
        object_zone_lower, object_zone_upper: where objects are expected.
        poses: named poses, a position for each axis; `home` is where the robot starts.
    """

    table_height_m: float
    table_lower: Vector2
    table_upper: Vector2
    object_zone_lower: Vector2
    object_zone_upper: Vector2
    poses: dict[Name, tuple[float, ...]]
    bin: tuple[Bin, ...] = ()

    def find_bin(self, name: str) -> Bin | None:
        """The bin of that name, or None."""
        return next((item for item in self.bin if item.name == name), None)


class Capsule(Section, frozen=True, kw_only=True):
    """Shape of a part of the arm: all that is within `radius` of the straight line from `begin` to `end`, m.

    Attributes:
        link: arm axis that moves it, in whose joint's frame it is; `base`: at rest, in the base frame.
        begin, end: the same point twice for a ball.
    """

    name: Name
    link: Name
    begin: Vector3
    end: Vector3
    radius: Positive


class SelfCollision(Section, frozen=True, kw_only=True):
    """What capsules of the arm keep between them; those of one link and of neighbours in the chain are not watched.

    Attributes:
        ignore: pairs of capsules that may be near each other because they always are.
    """

    clearance_m: NotNegative = 0.005
    ignore: tuple[tuple[Name, Name], ...] = ()


class Zone(Section, frozen=True, kw_only=True):
    """A box in the base frame, m, that no moving capsule may enter (`keep_out`) or that none may leave (`keep_in`).

    A box that is open to a side has a far number there.
    """

    name: Name
    kind: Literal["keep_out", "keep_in"]
    lower: Vector3
    upper: Vector3


class Gripper(Section, frozen=True, kw_only=True):
    """The hand.

    Attributes:
        axis: which axis moves the fingers.
        open, closed: its positions.
        opening_per_axis: opening between the fingers per unit of axis travel from `closed` (2 if each finger travels).
        max_object_m: widest object that it takes.
        tip_beyond_tcp_m: how far the finger tips stand out beyond the tool centre point.
    """

    axis: Name
    open: float
    closed: float
    opening_per_axis: Positive = 1.0
    max_object_m: Positive
    tip_beyond_tcp_m: NotNegative = 0.0


CameraRole = Literal["scene", "stereo_left", "stereo_right", "wrist"]


class Camera(Section, frozen=True, kw_only=True):
    """A source of images.

    Attributes:
        depth: it has a depth image, too.
        role: what its images are for: `scene` finds objects and people, the stereo pair measures the distance to
            people without it, `wrist` looks along the fingers; None: nobody needs them.
    """

    name: Name
    width: Pixels
    height: Pixels
    depth: bool = False
    role: CameraRole | None = None


class Simulation(Section, frozen=True, kw_only=True):
    """The simulated robot's world.

    Attributes:
        world: MJCF of the scene with the robot in it, relative to the robot file.
        goal: which object belongs into which bin; the scorer's, nobody else's.
        battery_capacity_wh: of the simulated battery.
    """

    world: str
    goal: dict[Name, Name] = {}
    battery_capacity_wh: Positive = 300.0


class RobotFile(Section, frozen=True, kw_only=True):
    """A robot file, as it is written."""

    robot: Robot
    axis: Annotated[tuple[Axis, ...], msgspec.Meta(min_length=1, max_length=MAX_AXES)]
    timing: Timing = Timing()
    tolerance: Tolerance = Tolerance()
    constraint_source: tuple[ConstraintSource, ...]
    separation: Separation
    estimator: Estimator = Estimator()
    contact: Contact = Contact()
    workcell: Workcell
    capsule: tuple[Capsule, ...] = ()
    self_collision: SelfCollision = SelfCollision()
    zone: tuple[Zone, ...] = ()
    gripper: Gripper | None = None
    camera: tuple[Camera, ...] = ()
    simulation: Simulation | None = None


class RobotDescription(RobotFile, frozen=True, kw_only=True):
    """A robot file that has been checked; `path` is where it lies."""

    path: Path

    @property
    def name(self) -> str:
        return self.robot.name

    @property
    def model_path(self) -> Path:
        return (self.path.parent / self.robot.model).resolve()

    @property
    def world_path(self) -> Path:
        """Scene of the simulated robot.

        Raises:
            InputError: the robot has none.
        """
        if self.simulation is None:
            raise InputError(f"{self.path}: {self.name!r} has no [simulation]; add one with the `world` to run it in")
        return (self.path.parent / self.simulation.world).resolve()

    @property
    def axis_names(self) -> tuple[str, ...]:
        return tuple(axis.name for axis in self.axis)

    def camera_of(self, role: CameraRole) -> Camera:
        """The camera that has a role.

        Raises:
            InputError: none has it.
        """
        for camera in self.camera:
            if camera.role == role:
                return camera
        names = ", ".join(camera.name for camera in self.camera) or "none: add a [[camera]]"
        raise InputError(f'{self.path}: no camera has the role {role!r}; allowed: {names}; give one `role = "{role}"`')

    @property
    def gripper_index(self) -> int | None:
        """Index of the gripper's axis, or None."""
        return None if self.gripper is None else self.axis_names.index(self.gripper.axis)

    @property
    def arm_indices(self) -> tuple[int, ...]:
        """Indices of the axes that move the tool centre point: all but the gripper's."""
        return tuple(index for index in range(len(self.axis)) if index != self.gripper_index)

    @property
    def arm_names(self) -> tuple[str, ...]:
        """Names of the axes that move the tool centre point, from base to flange."""
        return tuple(self.axis[index].name for index in self.arm_indices)

    @property
    def home(self) -> tuple[float, ...]:
        return self.workcell.poses["home"]

    @property
    def watchdog_cycles_degraded(self) -> int:
        """Watchdog of the drives on a host without real-time permission; the ordinary one where none is declared."""
        return self.timing.drive_watchdog_cycles_degraded or self.timing.drive_watchdog_cycles
