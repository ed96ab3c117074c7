"""What perception knows of the world: the message that the agent and the policies read."""

from __future__ import annotations

import msgspec

Vector3 = tuple[float, float, float]


class SceneObject(msgspec.Struct, frozen=True):
    """One object on the table.

    Attributes:
        name: identity, colour and shape, e.g. `red_cube`.
        position_base: centre of the object in the robot's base frame, m.
        yaw_rad: rotation about the vertical of its longest horizontal side from the base's x axis, in (-pi/2, pi/2].
        size_m: extent along its own x (longest horizontal), y and z, m.
        confidence: 0..1.
        measured_ns: stamp of the image in which it was last seen.
        track: number of the track that it is followed by; 0 = none.
        velocity_mps: in the base frame, m/s.
    """

    name: str
    position_base: Vector3
    yaw_rad: float
    size_m: Vector3
    confidence: float
    measured_ns: int
    track: int = 0
    velocity_mps: Vector3 = (0.0, 0.0, 0.0)


class SceneReport(msgspec.Struct, frozen=True):
    """What one look at the scene said.

    Attributes:
        stamp_ns: of the last image that was looked at.
        reasons: bits of `perception.reasons`.
        surprise: 0..1, the share of ordinary clips that are less surprising; None if the model does not say.
        facts: what holds in the scene, each 0..1.
    """

    stamp_ns: int
    reasons: int
    surprise: float | None
    facts: dict[str, float]


class Scene(msgspec.Struct, frozen=True):
    """Everything perception believes at one moment.

    Attributes:
        sequence: rises with each scene of one perception process.
        stamp_ns: when the newest image in it was measured.
        objects: objects seen now or remembered (see `measured_ns`), sorted by name.
        person_distance_m: nearest person to any part of the robot; None when nobody is seen.
        person_uncertainty_m: by how much nearer it may be; None when nobody is seen, or nobody says.
        source: `cascade`, `stereo`, or `oracle` (a modelled perception, used in campaigns only).
        remembered_only: the newest images could not be used: all of it is as old as its stamp says.
        person_point_base: of the nearest person the point that is nearest to the robot, base frame, m; None when nobody
            is seen, or nobody says.
        report: what level 3 said last, with a stamp of its own; None if it never did.
    """

    sequence: int
    stamp_ns: int
    objects: tuple[SceneObject, ...]
    person_distance_m: float | None
    source: str
    remembered_only: bool = False
    report: SceneReport | None = None
    person_uncertainty_m: float | None = None
    person_point_base: Vector3 | None = None

    def find(self, name: str) -> SceneObject | None:
        """The object of that name, or None."""
        return next((item for item in self.objects if item.name == name), None)
