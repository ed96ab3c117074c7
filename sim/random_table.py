"""A table whose looks change: objects, colours, light, camera, arm and person are drawn anew.

Domain randomisation, so that what is learned from its images holds where the shipped world's looks do not.
"""

from __future__ import annotations

import colorsys
import math
from dataclasses import dataclass

import mujoco
import numpy as np
import numpy.typing as npt

from rt_control.description import RobotDescription
from sim.light import Light
from sim.offscreen import Offscreen, Quality

SLOTS = 8
PERSON = SLOTS + 1
LABELS = ("cube", "box", "cylinder", "ball")
WIDTH, HEIGHT = 320, 240
# A small shadow map: the default one takes ten times as long on a software renderer.
TRAINING = Quality(samples=0, shadows=True, slices=12, stacks=6)
SHADOW_SIZE = 512
_GEOM_TYPE = {
    "cube": mujoco.mjtGeom.mjGEOM_BOX,
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "ball": mujoco.mjtGeom.mjGEOM_SPHERE,
    "ellipsoid": mujoco.mjtGeom.mjGEOM_ELLIPSOID,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
}
_ROUND = ("cylinder", "capsule")
_FAR_AWAY = (0.0, 0.0, -5.0)
_OPTICAL = np.diag([1.0, -1.0, -1.0])

Array = npt.NDArray[np.float64]
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Randomisation:
    """What is drawn from where.

    Attributes:
        hues: ranges of an object's hue, degrees.
        cube_m, ball_m: ranges of the side and of the diameter.
        cylinder_m, cylinder_height_m: ranges of diameter and height.
        box_long_m, box_short_m: ranges of the longest extent and of the others; they differ by a third at least.
    """

    hues: tuple[Range, ...]
    cube_m: tuple[Range, ...]
    ball_m: tuple[Range, ...]
    cylinder_m: tuple[Range, ...]
    cylinder_height_m: tuple[Range, ...]
    box_long_m: tuple[Range, ...]
    box_short_m: tuple[Range, ...]


SEEN = Randomisation(
    hues=((-22.0, 16.0), (36.0, 68.0), (72.0, 168.0), (198.0, 258.0)),
    cube_m=((0.030, 0.050),),
    ball_m=((0.030, 0.050),),
    cylinder_m=((0.026, 0.044),),
    cylinder_height_m=((0.030, 0.065),),
    box_long_m=((0.042, 0.065),),
    box_short_m=((0.022, 0.036),),
)
"""What models are trained on: the hues of orange, cyan and purple are left out, and so are the ends of the sizes."""

UNSEEN = Randomisation(
    hues=((18.0, 33.0), (172.0, 194.0), (262.0, 336.0)),
    cube_m=((0.026, 0.029), (0.051, 0.056)),
    ball_m=((0.026, 0.029), (0.051, 0.056)),
    cylinder_m=((0.022, 0.025), (0.045, 0.050)),
    cylinder_height_m=((0.026, 0.029), (0.066, 0.072)),
    box_long_m=((0.036, 0.041), (0.066, 0.070)),
    box_short_m=((0.018, 0.021), (0.037, 0.040)),
)
"""Colours and sizes that no training image holds."""


@dataclass(slots=True)
class Thing:
    """An object: its label, a number of its own, and its extents (3,) along its own axes."""

    label: str  # one of LABELS; in a clip also `ellipsoid`, `capsule`: then the z extent is without the round ends
    identity: int
    size_m: Array


class RandomTable:
    """The shipped world with its objects exchanged for others.

    What a method draws anew stays until it is called again. Things are numbered from 0 and lie in slots from 1.

    Attributes:
        random: of all that is drawn.
        things: that there are; a slot beyond them is out of sight.
        model, data: of MuJoCo.
    """

    def __init__(self, description: RobotDescription, seed: int, looks: Randomisation = SEEN) -> None:
        """Load the world and make a GL context.

        Args:
            description: of the simulated robot.
            seed: the same seed and the same calls give the same images.
            looks: of the objects.

        Raises:
            InputError: there is no off-screen OpenGL.
        """
        self.random = np.random.default_rng(seed)
        self._looks = looks
        self._description = description
        model = self.model = _compile(description)
        model.opt.enableflags &= ~int(
            mujoco.mjtEnableBit.mjENBL_SLEEP
        )  # what sleeps is not placed anew, and all is moved
        self.data = mujoco.MjData(model)
        model.vis.quality.shadowsize = SHADOW_SIZE
        self._offscreen = Offscreen(model, WIDTH, HEIGHT, TRAINING)
        bodies = [model.body(f"slot{slot}").id for slot in range(1, SLOTS + 1)]
        self._slot_geoms = [int(model.body_geomadr[body]) for body in bodies]
        self._slot_mocaps = [int(model.body_mocapid[body]) for body in bodies]
        person = model.body("person").id
        first, count = int(model.body_geomadr[person]), int(model.body_geomnum[person])
        value_of_geom = np.zeros(model.ngeom, dtype=np.uint8)
        value_of_geom[first : first + count] = PERSON
        for slot, geom in enumerate(self._slot_geoms, start=1):
            value_of_geom[geom] = slot
        self._value_of_geom = value_of_geom
        self._person_mocap = int(model.body_mocapid[person])
        self._camera = model.camera("training").id
        self._hand = model.body("hand").id
        self._tcp = model.site(description.robot.tcp_site).id
        self._home_fovy = float(model.cam_fovy[model.camera("rgbd").id])
        self.things: list[Thing] = []
        self._shadows = True
        self._identities = 0
        self._defaults = {name: getattr(model, name).copy() for name in ("mat_rgba", "light_diffuse", "light_dir")}
        self._table_centre = np.array([0.46, 0.0, 0.0])

    def close(self) -> None:
        """Free the GL context."""
        self._offscreen.close()

    def new_looks(self, fewest: int = 1, most: int = SLOTS) -> None:
        """Other things, from `fewest` to `most`, and other colours of everything."""
        model, random = self.model, self.random
        model.mat_rgba[:] = self._defaults["mat_rgba"]
        if random.random() < 0.7:
            for name in ("table", "bin", "floor", "table_edge", "sleeve"):
                model.mat_rgba[model.material(name).id, :3] = self._dull_colour()
        skin = colorsys.hsv_to_rgb(random.uniform(12, 28) / 360.0, random.uniform(0.3, 0.6), random.uniform(0.35, 0.95))
        model.mat_rgba[model.material("skin").id, :3] = skin
        self.things = []
        for slot in range(1, int(random.integers(fewest, most + 1)) + 1):
            self._identities += 1
            label = LABELS[int(random.integers(len(LABELS)))]
            self.things.append(Thing(label, self._identities, draw_size(label, self._looks, random)))
            material = model.material(f"slot{slot}").id
            model.mat_rgba[material, :3] = self._object_colour()
            model.mat_specular[material], model.mat_shininess[material] = random.uniform(0.05, 0.6, 2)
        for paper in range(3):
            geom = model.geom(f"paper{paper}").id
            model.geom_rgba[geom, :3] = self._dull_colour() if random.random() < 0.6 else self._object_colour()
            model.geom_size[geom, :2] = random.uniform(0.03, 0.12, 2)
            there = random.random() < 0.3
            model.geom_pos[geom] = (*random.uniform([0.2, -0.35], [0.75, 0.35]), 0.0004 if there else -5.0)

    def _dull_colour(self) -> tuple[float, float, float]:
        hue, saturation, value = self.random.uniform([0.0, 0.0, 0.25], [1.0, 0.35, 0.95])
        return colorsys.hsv_to_rgb(hue, saturation, value)

    def _object_colour(self) -> tuple[float, float, float]:
        saturation, value = self.random.uniform([0.65, 0.4], [1.0, 1.0])
        return colorsys.hsv_to_rgb(draw_within(self._looks.hues, self.random) % 360.0 / 360.0, saturation, value)

    def place_arm(self) -> Array:
        """Anywhere above the table, often near home; the position of each axis."""
        random = self.random
        home = np.array(self._description.home)
        for _ in range(20):
            spread = 0.15 if random.random() < 0.3 else 0.9
            position = home + random.uniform(-spread, spread, len(home))
            position[-1] = random.uniform(0.0, 0.04)
            if self.move_arm(position):
                break
        return position

    def move_arm(self, position: Array) -> bool:
        """Put the axes (n,) there; whether that is above the table."""
        model, data = self.model, self.data
        for name, value in zip(self._description.axis_names, position, strict=True):
            data.qpos[model.joint(name).qposadr[0]] = value
        data.qpos[model.joint("gripper_mirror").qposadr[0]] = position[-1]
        mujoco.mj_kinematics(model, data)
        return bool(data.site_xpos[self._tcp][2] > 0.015 and data.xpos[self._hand][2] > 0.12)

    def pose_base_from_tcp(self) -> Array:
        """4x4, of the arm as it was moved last."""
        pose = np.eye(4)
        pose[:3, :3] = self.data.site_xmat[self._tcp].reshape(3, 3)
        pose[:3, 3] = self.data.site_xpos[self._tcp]
        return pose

    def place_things(self, in_hand_share: float = 0.15, in_bins_share: float = 0.22) -> list[Array]:
        """On the table, in the bins, the first perhaps in the hand; apart from each other.

        Returns:
            The pose of each, base from object, 4x4.
        """
        random = self.random
        poses: list[Array] = []
        taken: list[Array] = []
        for index, thing in enumerate(self.things):
            pose = np.eye(4)
            upright = self._upright(thing)
            size = np.abs(upright) @ thing.size_m
            if index == 0 and random.random() < in_hand_share:
                tcp = self.pose_base_from_tcp()
                pose[:3, :3] = tcp[:3, :3] @ rotation_z(math.pi / 2.0 * int(random.integers(4))) @ upright
                pose[:3, 3] = tcp[:3, 3] + random.normal(0.0, 0.004, 3)
            else:
                x, y, floor = self._free_place(taken, float(np.hypot(size[0], size[1])), in_bins_share)
                pose[:3, :3] = rotation_z(random.uniform(-math.pi, math.pi)) @ upright
                pose[:3, 3] = x, y, floor + size[2] / 2.0
            poses.append(pose)
            self._shape(index)
            self.move_thing(index, pose)
        for index in range(len(self.things), SLOTS):
            self.hide_thing(index)
        return poses

    def _shape(self, index: int) -> None:
        thing, geom = self.things[index], self._slot_geoms[index]
        self.model.geom_type[geom] = _GEOM_TYPE[thing.label]
        half = thing.size_m / 2.0
        self.model.geom_size[geom] = (half[0], half[2], 0.0) if thing.label in _ROUND else half

    def move_thing(self, index: int, pose: Array) -> None:
        """Put the centre of a thing at a pose, base from object, 4x4."""
        self._move(self._slot_mocaps[index], pose)

    def hide_thing(self, index: int) -> None:
        """Put a thing, or an empty slot, out of sight."""
        self.data.mocap_pos[self._slot_mocaps[index]] = _FAR_AWAY

    def _upright(self, thing: Thing) -> Array:
        """Which of its axes points up: mostly its own z, sometimes another."""
        if thing.label in ("ball", "cube") or self.random.random() < 0.85:
            return np.eye(3)
        return np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])  # x down, z ahead

    def _free_place(self, taken: list[Array], width: float, in_bins_share: float) -> tuple[float, float, float]:
        random = self.random
        workcell = self._description.workcell
        lower, upper = np.array(workcell.object_zone_lower), np.array(workcell.object_zone_upper)
        for attempt in range(200):
            where = random.random()
            floor = workcell.table_height_m
            if where < in_bins_share and workcell.bin:
                chosen = workcell.bin[int(random.integers(len(workcell.bin)))]
                half = np.array(chosen.size[:2]) / 2.0 - 0.02 - width / 2.0
                place = np.array(chosen.centre) + random.uniform(-1.0, 1.0, 2) * half
                floor += 0.006
            elif where < 0.9:
                place = random.uniform(lower - 0.08, upper + 0.08)
            else:
                place = random.uniform([0.15, -0.30], [0.78, 0.30])
            gap = 0.8 * width if random.random() < 0.4 else width + 0.03
            if attempt == 199 or all(np.hypot(*(place - other)) > gap for other in taken):
                break
        taken.append(place)
        return float(place[0]), float(place[1]), floor

    def place_person(self) -> None:
        """An arm that reaches in, or nobody."""
        if self.random.random() > 0.4:
            self.move_person(None)
        else:
            self.move_person(self.draw_person())

    def draw_person(self) -> Array:
        """Where a reaching hand might be: base from hand, 4x4; the arm comes from its +x."""
        random = self.random
        # From any side of the table but the robot's.
        position = random.uniform([0.25, -0.6, 0.02], [0.95, 0.6, 0.5])
        away = math.atan2(position[1] * 1.2, position[0] - 0.35)
        yaw = away + random.uniform(-0.9, 0.9)
        tilt, roll = random.uniform(-0.5, 0.3), random.uniform(-1.2, 1.2)
        pose = np.eye(4)
        pose[:3, :3] = rotation_z(yaw) @ rotation_y(tilt) @ rotation_x(roll)
        pose[:3, 3] = position
        return pose

    def move_person(self, pose: Array | None) -> None:
        """Put the hand at a pose, base from hand, 4x4; None: nobody is there."""
        if pose is None:
            self.data.mocap_pos[self._person_mocap] = _FAR_AWAY
        else:
            self._move(self._person_mocap, pose)

    def light(self) -> None:
        """Other lights, with or without shadows."""
        model, random = self.model, self.random
        self._shadows = random.random() < 0.5
        factor = random.uniform(0.5, 1.5)
        model.light_diffuse[:] = (
            self._defaults["light_diffuse"] * factor * random.uniform(0.85, 1.15, (model.nlight, 3))
        )
        model.light_dir[:] = self._defaults["light_dir"] + random.normal(0.0, 0.25, (model.nlight, 3))
        model.light_dir[:] /= np.linalg.norm(model.light_dir, axis=1, keepdims=True)
        model.vis.headlight.ambient[:] = random.uniform(0.22, 0.48) * random.uniform(0.92, 1.08, 3)
        model.vis.headlight.diffuse[:] = random.uniform(0.0, 0.3)

    def place_camera(self, near_scene: bool = False) -> None:
        """Near the scene camera's place; unless it has to be, sometimes anywhere around the table."""
        model, random, camera = self.model, self.random, self._camera
        choice = 0.0 if near_scene else random.random()
        fovy = self._home_fovy
        if choice < 0.85:
            source = model.camera("rgbd" if choice < 0.72 else "overhead_left").id
            position, rotation = model.cam_pos[source].copy(), np.empty(9)
            mujoco.mju_quat2Mat(rotation, model.cam_quat[source])
            fovy = float(model.cam_fovy[source])
            turned = rotation.reshape(3, 3) @ small_rotation(random.normal(0.0, math.radians(1.5), 3))
            position += random.normal(0.0, 0.015, 3)
        else:
            azimuth, elevation = random.uniform(-1.9, 1.9), math.radians(random.uniform(28.0, 80.0))
            target = self._table_centre + random.normal(0.0, 0.06, 3)
            direction = np.array(
                [math.cos(elevation) * math.cos(azimuth), math.cos(elevation) * math.sin(azimuth), math.sin(elevation)]
            )
            position = target + random.uniform(0.75, 1.35) * direction
            turned = _looking(-direction) @ rotation_z(random.normal(0.0, 0.15))
        model.cam_fovy[camera] = fovy + random.normal(0.0, 1.0)
        model.cam_pos[camera] = position
        quaternion = np.empty(4)
        mujoco.mju_mat2Quat(quaternion, turned.ravel())
        model.cam_quat[camera] = quaternion

    def knock_camera(self, shift_m: Array, turn_rad: Array) -> None:
        """Move it by (3,) in the base frame and turn it by angles (3,) about its own axes."""
        rotation, quaternion = np.empty(9), np.empty(4)
        mujoco.mju_quat2Mat(rotation, self.model.cam_quat[self._camera])
        mujoco.mju_mat2Quat(quaternion, (rotation.reshape(3, 3) @ small_rotation(turn_rad)).ravel())
        self.model.cam_quat[self._camera] = quaternion
        self.model.cam_pos[self._camera] += shift_m

    def dim(self, share: float) -> None:
        """Leave this share of the light."""
        Light(self.model).leave(share)

    def focal_px(self) -> float:
        """Of a pinhole whose axis meets the middle of the image."""
        return HEIGHT / 2.0 / math.tan(math.radians(self.model.cam_fovy[self._camera]) / 2.0)

    def pose_base_from_camera(self) -> Array:
        """4x4; camera axes: x right, y down, z forward. As it was when an image was taken last."""
        pose = np.eye(4)
        pose[:3, :3] = self.data.cam_xmat[self._camera].reshape(3, 3) @ _OPTICAL
        pose[:3, 3] = self.data.cam_xpos[self._camera]
        return pose

    def image(self, depth: bool = False) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32] | None]:
        """RGB (240, 320, 3), and the depth in m (240, 320; 0 where nothing is) if it is wanted."""
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)
        return self._offscreen.render(self.data, self._camera, WIDTH, HEIGHT, depth, self._shadows)

    def instance(self) -> npt.NDArray[np.uint8]:
        """What the image that was taken last shows (240, 320): 0 scenery and robot, 1..8 a slot, 9 a person."""
        geoms = self._offscreen.geoms(self.data, self._camera, WIDTH, HEIGHT)
        return np.where(geoms >= 0, self._value_of_geom[geoms], 0).astype(np.uint8)

    def _move(self, mocap: int, pose: Array) -> None:
        quaternion = np.empty(4)
        mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(pose[:3, :3]).ravel())
        self.data.mocap_pos[mocap], self.data.mocap_quat[mocap] = pose[:3, 3], quaternion


def draw_within(ranges: tuple[Range, ...], random: np.random.Generator) -> float:
    """A number from one of the ranges, each as likely as it is wide."""
    widths = np.array([high - low for low, high in ranges])
    low, high = ranges[int(random.choice(len(ranges), p=widths / widths.sum()))]
    return float(random.uniform(low, high))


def draw_size(label: str, looks: Randomisation, random: np.random.Generator) -> Array:
    """Extents (3,) of a thing along its own axes, m."""
    if label == "cube":
        return np.full(3, draw_within(looks.cube_m, random))
    if label == "ball":
        return np.full(3, draw_within(looks.ball_m, random))
    if label == "cylinder":
        diameter = draw_within(looks.cylinder_m, random)
        return np.array([diameter, diameter, draw_within(looks.cylinder_height_m, random)])
    while True:
        size = np.array(
            [draw_within(looks.box_long_m, random), *(draw_within(looks.box_short_m, random) for _ in "yz")]
        )
        if size[0] >= 1.33 * max(size[1:]):
            return random.permutation(size) if random.random() < 0.3 else size


def _compile(description: RobotDescription) -> mujoco.MjModel:
    spec = mujoco.MjSpec.from_file(str(description.world_path))
    goal = description.simulation.goal if description.simulation is not None else {}
    for name in goal:
        spec.delete(spec.body(name))
    for slot in range(1, SLOTS + 1):
        spec.add_material(name=f"slot{slot}")
        body = spec.worldbody.add_body(name=f"slot{slot}", mocap=True, pos=_FAR_AWAY)
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.02] * 3, material=f"slot{slot}", contype=0, conaffinity=0)
    for paper in range(3):
        spec.worldbody.add_geom(
            name=f"paper{paper}",
            type=mujoco.mjtGeom.mjGEOM_BOX,
            size=[0.05, 0.05, 0.0004],
            pos=_FAR_AWAY,
            contype=0,
            conaffinity=0,
        )
    spec.worldbody.add_camera(name="training", fovy=50.0)
    return spec.compile()


def rotation_x(angle: float) -> Array:
    """About x, rad."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def rotation_y(angle: float) -> Array:
    """About y, rad."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def rotation_z(angle: float) -> Array:
    """About z, rad."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def small_rotation(angles: Array) -> Array:
    """About x, then y, then z, each of the axes that the one before left."""
    return rotation_x(angles[0]) @ rotation_y(angles[1]) @ rotation_z(angles[2])


def _looking(direction: Array) -> Array:
    """Rotation of a MuJoCo camera (x right, y up, looks along -z) that looks along a direction, upright."""
    back = -direction / np.linalg.norm(direction)
    right = np.cross([0.0, 0.0, 1.0], back)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(back, right), back], axis=1)
