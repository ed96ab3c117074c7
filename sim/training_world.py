"""A world whose looks change from image to image, and labelled images of it, for training and measuring models.

Domain randomisation: objects, colours, light, table, camera, arm and person are drawn anew, so that what is learned
holds where the shipped world's looks do not. Labels come from the renderer's own segmentation, never from a person.
"""

from __future__ import annotations

import colorsys
import math
from dataclasses import dataclass

import mujoco
import numpy as np
import numpy.typing as npt

from rt_control.description import RobotDescription
from sim.offscreen import Offscreen, Quality

SLOTS = 8
PERSON = SLOTS + 1
LABELS = ("cube", "box", "cylinder", "ball")
WIDTH, HEIGHT = 320, 240
VIEWS_PER_GROUP = 4
# A small shadow map: the default one takes ten times as long on a software renderer.
TRAINING = Quality(samples=0, shadows=True, slices=12, stacks=6)
SHADOW_SIZE = 512
_GEOM_TYPE = {
    "cube": mujoco.mjtGeom.mjGEOM_BOX,
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "ball": mujoco.mjtGeom.mjGEOM_SPHERE,
}
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


@dataclass(frozen=True, slots=True)
class LabelledObject:
    """One object of one view, whether it is seen or not.

    Attributes:
        slot: 1..8, its value in the view's `instance`.
        label: one of `LABELS`.
        identity: the same number in every view of the group, another for every other object.
        size_m: (3,) extents along its own axes.
        pose_base_from_object: 4x4, of its centre.
        visible_px: pixels that show it.
        hidden_share: 0..1 of its outline that other things or the image's edge hide.
    """

    slot: int
    label: str
    identity: int
    size_m: Array
    pose_base_from_object: Array
    visible_px: int
    hidden_share: float


@dataclass(frozen=True, slots=True)
class View:
    """One image and what it shows.

    Attributes:
        rgb: (240, 320, 3) uint8.
        depth_m: (240, 320), 0 where nothing is.
        instance: (240, 320) uint8: 0 for scenery and robot, 1..8 an object's slot, 9 a person.
        objects: all that there are.
        focal_px: of a pinhole whose axis meets the middle of the image.
        pose_base_from_camera: 4x4; camera axes: x right, y down, z forward.
        group: views of one group show the same objects.
    """

    rgb: npt.NDArray[np.uint8]
    depth_m: npt.NDArray[np.float32]
    instance: npt.NDArray[np.uint8]
    objects: tuple[LabelledObject, ...]
    focal_px: float
    pose_base_from_camera: Array
    group: int


@dataclass(slots=True)
class _Thing:
    label: str
    identity: int
    size_m: Array


class TrainingWorld:
    """The shipped world with its objects exchanged for others, drawn anew for each view."""

    def __init__(self, description: RobotDescription, seed: int, looks: Randomisation = SEEN) -> None:
        """Load the world and make a GL context.

        Args:
            description: of the simulated robot.
            seed: the same seed gives the same views.
            looks: of the objects.

        Raises:
            InputError: there is no off-screen OpenGL.
        """
        self._random = np.random.default_rng(seed)
        self._looks = looks
        self._description = description
        model = self._model = _compile(description)
        model.opt.enableflags &= ~int(
            mujoco.mjtEnableBit.mjENBL_SLEEP
        )  # what sleeps is not placed anew, and all is moved
        self._data = mujoco.MjData(model)
        model.vis.quality.shadowsize = SHADOW_SIZE
        self._offscreen = Offscreen(model, WIDTH, HEIGHT, TRAINING)
        self._slot_bodies = [model.body(f"slot{slot}").id for slot in range(1, SLOTS + 1)]
        self._slot_geoms = [int(model.body_geomadr[body]) for body in self._slot_bodies]
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
        self._things: list[_Thing] = []
        self._shadows = True
        self._groups = 0
        self._identities = 0
        self._defaults = {name: getattr(model, name).copy() for name in ("mat_rgba", "light_diffuse", "light_dir")}
        self._table_centre = np.array([0.46, 0.0, 0.0])

    def close(self) -> None:
        """Free the GL context."""
        self._offscreen.close()

    def group(self) -> list[View]:
        """Views of one table with the same objects, at other places, in other light, from elsewhere."""
        self._groups += 1
        self._new_looks()
        return [self._view() for _ in range(VIEWS_PER_GROUP)]

    def _uniform(self, ranges: tuple[Range, ...]) -> float:
        widths = np.array([high - low for low, high in ranges])
        low, high = ranges[int(self._random.choice(len(ranges), p=widths / widths.sum()))]
        return float(self._random.uniform(low, high))

    def _new_looks(self) -> None:
        model, random = self._model, self._random
        model.mat_rgba[:] = self._defaults["mat_rgba"]
        if random.random() < 0.7:
            for name in ("table", "bin", "floor", "table_edge", "sleeve"):
                model.mat_rgba[model.material(name).id, :3] = self._dull_colour()
        skin = colorsys.hsv_to_rgb(random.uniform(12, 28) / 360.0, random.uniform(0.3, 0.6), random.uniform(0.35, 0.95))
        model.mat_rgba[model.material("skin").id, :3] = skin
        self._things = []
        for slot in range(1, int(random.integers(1, SLOTS + 1)) + 1):
            self._identities += 1
            label = LABELS[int(random.integers(len(LABELS)))]
            self._things.append(_Thing(label, self._identities, self._draw_size(label)))
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
        hue, saturation, value = self._random.uniform([0.0, 0.0, 0.25], [1.0, 0.35, 0.95])
        return colorsys.hsv_to_rgb(hue, saturation, value)

    def _object_colour(self) -> tuple[float, float, float]:
        saturation, value = self._random.uniform([0.65, 0.4], [1.0, 1.0])
        return colorsys.hsv_to_rgb(self._uniform(self._looks.hues) % 360.0 / 360.0, saturation, value)

    def _draw_size(self, label: str) -> Array:
        looks = self._looks
        if label == "cube":
            return np.full(3, self._uniform(looks.cube_m))
        if label == "ball":
            return np.full(3, self._uniform(looks.ball_m))
        if label == "cylinder":
            diameter = self._uniform(looks.cylinder_m)
            return np.array([diameter, diameter, self._uniform(looks.cylinder_height_m)])
        while True:
            size = np.array([self._uniform(looks.box_long_m), *(self._uniform(looks.box_short_m) for _ in range(2))])
            if size[0] >= 1.33 * max(size[1:]):
                return self._random.permutation(size) if self._random.random() < 0.3 else size

    def _view(self) -> View:
        self._place_arm()
        poses = self._place_things()
        self._place_person()
        self._light()
        focal = self._place_camera()
        model, data = self._model, self._data
        mujoco.mj_kinematics(model, data)
        mujoco.mj_camlight(model, data)
        rgb, depth = self._offscreen.render(data, self._camera, WIDTH, HEIGHT, depth=True, shadows=self._shadows)
        assert depth is not None
        geoms = self._offscreen.geoms(data, self._camera, WIDTH, HEIGHT)
        instance = np.where(geoms >= 0, self._value_of_geom[geoms], 0).astype(np.uint8)
        pose = np.eye(4)
        pose[:3, :3] = data.cam_xmat[self._camera].reshape(3, 3) @ _OPTICAL
        pose[:3, 3] = data.cam_xpos[self._camera]
        counts = np.bincount(instance.ravel(), minlength=PERSON + 1)
        objects = []
        for slot, (thing, placed) in enumerate(zip(self._things, poses, strict=True), start=1):
            whole = outline_area(thing.label, thing.size_m, placed, pose, focal)
            hidden = 1.0 - min(1.0, counts[slot] / max(whole, 1.0))
            objects.append(
                LabelledObject(slot, thing.label, thing.identity, thing.size_m, placed, int(counts[slot]), hidden)
            )
        return View(rgb, depth, instance, tuple(objects), focal, pose, self._groups)

    def _place_arm(self) -> None:
        """Anywhere above the table, often near home."""
        model, data, random = self._model, self._data, self._random
        home = np.array(self._description.home)
        for _ in range(20):
            spread = 0.15 if random.random() < 0.3 else 0.9
            position = home + random.uniform(-spread, spread, len(home))
            position[-1] = random.uniform(0.0, 0.04)
            for name, value in zip(self._description.axis_names, position, strict=True):
                data.qpos[model.joint(name).qposadr[0]] = value
            data.qpos[model.joint("gripper_mirror").qposadr[0]] = position[-1]
            mujoco.mj_kinematics(model, data)
            if data.site_xpos[self._tcp][2] > 0.015 and data.xpos[self._hand][2] > 0.12:
                return

    def _place_things(self) -> list[Array]:
        """On the table, in the bins, one perhaps in the hand; apart from each other."""
        random, data, model = self._random, self._data, self._model
        poses: list[Array] = []
        taken: list[Array] = []
        for index, thing in enumerate(self._things):
            pose = np.eye(4)
            upright = self._upright(thing)
            size = np.abs(upright) @ thing.size_m
            if index == 0 and random.random() < 0.15:
                tcp = data.site_xmat[self._tcp].reshape(3, 3)
                pose[:3, :3] = tcp @ _rotation_z(math.pi / 2.0 * int(random.integers(4))) @ upright
                pose[:3, 3] = data.site_xpos[self._tcp] + random.normal(0.0, 0.004, 3)
            else:
                x, y, floor = self._free_place(taken, float(np.hypot(size[0], size[1])))
                pose[:3, :3] = _rotation_z(random.uniform(-math.pi, math.pi)) @ upright
                pose[:3, 3] = x, y, floor + size[2] / 2.0
            poses.append(pose)
            geom = self._slot_geoms[index]
            model.geom_type[geom] = _GEOM_TYPE[thing.label]
            half = thing.size_m / 2.0
            model.geom_size[geom] = (half[0], half[2], 0.0) if thing.label == "cylinder" else half
            self._move(self._slot_bodies[index], pose)
        for body in self._slot_bodies[len(self._things) :]:
            data.mocap_pos[model.body_mocapid[body]] = _FAR_AWAY
        return poses

    def _upright(self, thing: _Thing) -> Array:
        """Which of its axes points up: mostly its own z, sometimes another."""
        if thing.label in ("ball", "cube") or self._random.random() < 0.85:
            return np.eye(3)
        return np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])  # x down, z ahead

    def _free_place(self, taken: list[Array], width: float) -> tuple[float, float, float]:
        random = self._random
        workcell = self._description.workcell
        lower, upper = np.array(workcell.object_zone_lower), np.array(workcell.object_zone_upper)
        for attempt in range(200):
            where = random.random()
            floor = workcell.table_height_m
            if where < 0.22 and workcell.bin:
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

    def _place_person(self) -> None:
        random, data = self._random, self._data
        if random.random() > 0.4:
            data.mocap_pos[self._person_mocap] = _FAR_AWAY
            return
        # From any side of the table but the robot's.
        position = random.uniform([0.25, -0.6, 0.02], [0.95, 0.6, 0.5])
        away = math.atan2(position[1] * 1.2, position[0] - 0.35)
        yaw = away + random.uniform(-0.9, 0.9)
        tilt, roll = random.uniform(-0.5, 0.3), random.uniform(-1.2, 1.2)
        rotation = _rotation_z(yaw) @ _rotation_y(tilt) @ _rotation_x(roll)
        data.mocap_pos[self._person_mocap] = position
        quaternion = np.empty(4)
        mujoco.mju_mat2Quat(quaternion, rotation.ravel())
        data.mocap_quat[self._person_mocap] = quaternion

    def _light(self) -> None:
        model, random = self._model, self._random
        self._shadows = random.random() < 0.5
        factor = random.uniform(0.5, 1.5)
        model.light_diffuse[:] = (
            self._defaults["light_diffuse"] * factor * random.uniform(0.85, 1.15, (model.nlight, 3))
        )
        model.light_dir[:] = self._defaults["light_dir"] + random.normal(0.0, 0.25, (model.nlight, 3))
        model.light_dir[:] /= np.linalg.norm(model.light_dir, axis=1, keepdims=True)
        model.vis.headlight.ambient[:] = random.uniform(0.22, 0.48) * random.uniform(0.92, 1.08, 3)
        model.vis.headlight.diffuse[:] = random.uniform(0.0, 0.3)

    def _place_camera(self) -> float:
        """Mostly near the scene camera's place, sometimes anywhere around the table.

        Returns:
            The focal length, px.
        """
        model, data, random, camera = self._model, self._data, self._random, self._camera
        choice = random.random()
        fovy = self._home_fovy
        if choice < 0.85:
            source = model.camera("rgbd" if choice < 0.72 else "overhead_left").id
            position, rotation = model.cam_pos[source].copy(), np.empty(9)
            mujoco.mju_quat2Mat(rotation, model.cam_quat[source])
            fovy = float(model.cam_fovy[source])
            turned = rotation.reshape(3, 3) @ _small_rotation(random.normal(0.0, math.radians(1.5), 3))
            position += random.normal(0.0, 0.015, 3)
        else:
            azimuth, elevation = random.uniform(-1.9, 1.9), math.radians(random.uniform(28.0, 80.0))
            target = self._table_centre + random.normal(0.0, 0.06, 3)
            direction = np.array(
                [math.cos(elevation) * math.cos(azimuth), math.cos(elevation) * math.sin(azimuth), math.sin(elevation)]
            )
            position = target + random.uniform(0.75, 1.35) * direction
            turned = _looking(-direction) @ _rotation_z(random.normal(0.0, 0.15))
        model.cam_fovy[camera] = fovy + random.normal(0.0, 1.0)
        model.cam_pos[camera] = position
        quaternion = np.empty(4)
        mujoco.mju_mat2Quat(quaternion, turned.ravel())
        model.cam_quat[camera] = quaternion
        mujoco.mj_camlight(model, data)
        return HEIGHT / 2.0 / math.tan(math.radians(model.cam_fovy[camera]) / 2.0)

    def _move(self, body: int, pose: Array) -> None:
        mocap = self._model.body_mocapid[body]
        quaternion = np.empty(4)
        mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(pose[:3, :3]).ravel())
        self._data.mocap_pos[mocap], self._data.mocap_quat[mocap] = pose[:3, 3], quaternion


def outline_area(label: str, size_m: Array, pose: Array, pose_base_from_camera: Array, focal_px: float) -> float:
    """Pixels that an object covers where nothing hides it: the hull of points of its surface.

    Args:
        label: one of `LABELS`.
        size_m: (3,).
        pose: base from object, 4x4.
        pose_base_from_camera: 4x4.
        focal_px: of the camera.
    """
    import cv2

    points = surface_points(label) * size_m @ pose[:3, :3].T + pose[:3, 3]
    seen = (points - pose_base_from_camera[:3, 3]) @ pose_base_from_camera[:3, :3]
    if (seen[:, 2] < 0.05).any():
        return 0.0
    pixels = (focal_px * seen[:, :2] / seen[:, 2:]).astype(np.float32)
    return float(cv2.contourArea(cv2.convexHull(pixels)))


def surface_points(label: str) -> Array:
    """Points of the surface of a thing of size 1, (n, 3)."""
    if label in ("cube", "box"):
        return np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    angles = np.linspace(0.0, 2.0 * math.pi, 16, endpoint=False)
    if label == "cylinder":
        return np.array([[math.cos(a) / 2.0, math.sin(a) / 2.0, z] for a in angles for z in (-0.5, 0.5)])
    rings = np.linspace(-math.pi / 2.0, math.pi / 2.0, 9)
    return 0.5 * np.array(
        [[math.cos(r) * math.cos(a), math.cos(r) * math.sin(a), math.sin(r)] for r in rings for a in angles]
    )


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


def _rotation_x(angle: float) -> Array:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def _rotation_y(angle: float) -> Array:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def _rotation_z(angle: float) -> Array:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _small_rotation(angles: Array) -> Array:
    return _rotation_x(angles[0]) @ _rotation_y(angles[1]) @ _rotation_z(angles[2])


def _looking(direction: Array) -> Array:
    """Rotation of a MuJoCo camera (x right, y up, looks along -z) that looks along a direction, upright."""
    back = -direction / np.linalg.norm(direction)
    right = np.cross([0.0, 0.0, 1.0], back)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(back, right), back], axis=1)
