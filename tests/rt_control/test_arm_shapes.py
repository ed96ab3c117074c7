from __future__ import annotations

import math

import msgspec
import mujoco
import numpy as np
import numpy.typing as npt
import pytest

from rt_control import _native as rt
from rt_control.arm_shapes import BASE_LINK, ArmShapes
from rt_control.description import RobotDescription, compile_model, load_robot
from rt_control.errors import InputError
from rt_control.kinematic_chain import moving_joints, poses_base_from_joints, read_chain
from rt_control.robot_file import BASE, MAX_PAIRS, Capsule, SelfCollision, Zone
from rt_control.segment_distance import distance_to_point

Array = npt.NDArray[np.float64]

RANDOM_POSES = 20_000


@pytest.fixture(scope="module")
def arm7() -> RobotDescription:
    return load_robot("arm7")


@pytest.fixture(scope="module")
def shapes(arm7: RobotDescription) -> ArmShapes:
    return ArmShapes.of(arm7.capsule, arm7.arm_names)


def with_capsule(robot: RobotDescription, name: str, **changes: object) -> RobotDescription:
    """The robot with one of its capsules changed."""
    capsules = [msgspec.structs.replace(item, **changes) if item.name == name else item for item in robot.capsule]
    assert capsules != list(robot.capsule)
    return msgspec.structs.replace(robot, capsule=tuple(capsules))


def refusal_of(robot: RobotDescription) -> str:
    with pytest.raises(InputError) as refusal:
        compile_model(robot)
    text = str(refusal.value)
    assert text.startswith(f"{robot.path}: ") and "; allowed: " in text
    assert "\n" not in text
    return text


def test_the_model_says_what_the_file_says_of_shapes(arm7: RobotDescription) -> None:
    model = compile_model(arm7)
    links = {BASE: BASE_LINK, **{name: index for index, name in enumerate(arm7.arm_names)}}
    for compiled, item in zip(model.capsules, arm7.capsule, strict=True):
        assert (compiled.name, compiled.link, compiled.radius) == (item.name, links[item.link], item.radius)
        assert (tuple(compiled.begin), tuple(compiled.end)) == (item.begin, item.end)
    for zone, declared in zip(model.zones, arm7.zone, strict=True):
        assert (zone.name, zone.kind) == (declared.name, getattr(rt.ZoneKind, declared.kind))
        assert (tuple(zone.lower), tuple(zone.upper)) == (declared.lower, declared.upper)
    assert model.self_clearance_m == arm7.self_collision.clearance_m
    assert rt.RobotModel.from_bytes(model.to_bytes()) == model


def test_a_robot_without_shapes_is_not_watched(arm7: RobotDescription) -> None:
    model = compile_model(msgspec.structs.replace(arm7, capsule=(), zone=(), self_collision=SelfCollision()))
    assert (model.capsules, model.pairs, model.zones) == ([], [], [])


def test_two_capsules_are_a_pair_unless_of_one_link_or_neighbours_or_ignored(arm7: RobotDescription) -> None:
    model = compile_model(arm7)
    names = [item.name for item in model.capsules]
    links = [item.link for item in model.capsules]
    pairs = {(pair.first, pair.second) for pair in model.pairs}
    assert len(pairs) == len(model.pairs) == 119
    ignored = {frozenset(item) for item in arm7.self_collision.ignore}
    for first in range(len(links)):
        for second in range(len(links)):
            far_apart = links[second] - links[first] >= 2
            is_ignored = frozenset((names[first], names[second])) in ignored
            assert ((first, second) in pairs) == (far_apart and not is_ignored)


def test_the_base_counts_as_the_neighbour_of_the_first_link() -> None:
    links = (BASE, "one", "two", "three")
    balls = [Capsule(name=link, link=link, begin=(0, 0, 0), end=(0, 0, 0), radius=0.1) for link in links]
    found = ArmShapes.of(balls[::-1], links[1:]).pairs()
    assert sorted(found) == [(2, 0), (3, 0), (3, 1)]


def test_more_pairs_than_the_model_holds_are_refused_with_both_figures(arm7: RobotDescription) -> None:
    more = tuple(msgspec.structs.replace(arm7.capsule[0], name=f"foot_{index}") for index in range(2))
    text = refusal_of(msgspec.structs.replace(arm7, capsule=(*arm7.capsule, *more)))
    assert "the 21 capsules make 149 pairs of links that are not neighbours; allowed: at most 128 pairs; merge" in text


def test_a_pair_that_is_too_near_in_a_named_pose_is_refused_with_both_names_and_figures(
    arm7: RobotDescription,
) -> None:
    text = refusal_of(with_capsule(arm7, "link5_forearm", radius=0.11))
    assert (
        "in workcell.poses.home the axes of capsule 'link3_elbow' of joint3 (radius 0.0565 m) and capsule"
        " 'link5_forearm' of joint5 (radius 0.11 m) are 0.1703 m apart; allowed: at least 0.1715 m, both radii and"
        " clearance_m = 0.005; correct"
    ) in text


def test_every_named_pose_is_looked_at(arm7: RobotDescription) -> None:
    folded = (*arm7.home[:5], 0.0, *arm7.home[6:])
    workcell = msgspec.structs.replace(arm7.workcell, poses={**arm7.workcell.poses, "folded": folded})
    text = refusal_of(msgspec.structs.replace(arm7, workcell=workcell))
    assert "in workcell.poses.folded the axes of capsule 'link5_forearm' of joint5" in text


def test_an_ignored_pair_may_be_near(arm7: RobotDescription) -> None:
    (wrist,) = arm7.self_collision.ignore
    text = refusal_of(msgspec.structs.replace(arm7, self_collision=SelfCollision()))
    assert all(f"{name!r}" in text for name in wrist)
    turned = msgspec.structs.replace(arm7.self_collision, ignore=(wrist[::-1],))
    compile_model(msgspec.structs.replace(arm7, self_collision=turned))


def test_a_capsule_wholly_inside_another_is_refused_with_joint_and_radii_even_if_ignored(
    arm7: RobotDescription,
) -> None:
    inside = Capsule(name="lost", link="joint7", begin=(0, 0, 0), end=(0, 0, 0), radius=0.01)
    robot = with_capsule(arm7, "link5_wrist", radius=0.11)
    ignore = tuple(("link5_wrist", item.name) for item in (*arm7.capsule, inside) if item.name != "link5_wrist")
    robot = msgspec.structs.replace(
        robot, capsule=(*robot.capsule, inside), self_collision=SelfCollision(ignore=ignore)
    )
    assert (
        "in workcell.poses.home capsule 'lost' of joint7 (radius 0.01 m) lies wholly inside capsule 'link5_wrist' of"
        " joint5 (radius 0.11 m); allowed: outside of it; correct"
    ) in refusal_of(robot)


def test_a_capsule_in_a_keep_out_zone_is_refused_with_both_figures(arm7: RobotDescription) -> None:
    zone = Zone(name="shelf", kind="keep_out", lower=(0.2, -0.2, 0.0), upper=(0.4, 0.2, 0.48))
    text = refusal_of(msgspec.structs.replace(arm7, zone=(zone,)))
    assert "in workcell.poses.home the axis of capsule 'finger_tips' of joint7 (radius 0.0189 m) is 0.0" in text
    assert "m from the keep_out zone 'shelf'; allowed: at least its radius, 0.0189 m; correct" in text


def test_a_capsule_outside_of_a_keep_in_zone_is_refused_with_both_figures(arm7: RobotDescription) -> None:
    zone = Zone(name="cage", kind="keep_in", lower=(-1.0, -1.0, -1.0), upper=(1.0, 1.0, 0.5))
    text = refusal_of(msgspec.structs.replace(arm7, zone=(zone,)))
    assert "the axis of capsule 'link2' of joint2 (radius 0.0595 m) is 0.0" in text
    assert "m inside the nearest side of the keep_in zone 'cage'; allowed: at least its radius, 0.0595 m" in text


def test_the_base_may_be_where_nothing_else_may(arm7: RobotDescription) -> None:
    zone = Zone(name="pedestal", kind="keep_out", lower=(-0.2, -0.1, -1.0), upper=(0.1, 0.1, 0.05))
    compile_model(msgspec.structs.replace(arm7, zone=(zone,)))


def extreme_points(model: mujoco.MjModel, geom: int) -> Array:
    """Points of a primitive geom, in its frame, whose convex hull is the geom to within a hundredth of a millimetre."""
    kind, size = int(model.geom_type[geom]), model.geom_size[geom]
    points: Array
    angle = np.linspace(0.0, 2.0 * math.pi, 180, endpoint=False)
    rim = np.stack((np.cos(angle), np.sin(angle), 0.0 * angle), axis=1)
    if kind == int(mujoco.mjtGeom.mjGEOM_BOX):
        points = size * np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
        return points
    if kind == int(mujoco.mjtGeom.mjGEOM_CYLINDER):
        return np.concatenate([size[0] * rim + [0.0, 0.0, side * size[1]] for side in (-1, 1)])
    assert kind == int(mujoco.mjtGeom.mjGEOM_CAPSULE)
    directions = np.random.default_rng(0).normal(size=(2000, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    return np.concatenate([size[0] * directions + [0.0, 0.0, side * size[1]] for side in (-1, 1)])


def points_of_links(model: mujoco.MjModel, robot: RobotDescription, fingers_m: float) -> dict[tuple[str, int], Array]:
    """Points in each geom of the robot, in the frame of its link: by the geom and that link's index."""
    random = np.random.default_rng(0)
    data = mujoco.MjData(model)
    data.qpos[:] = 0.0
    for finger in ("gripper", "gripper_mirror"):
        data.joint(finger).qpos[0] = fingers_m
    mujoco.mj_kinematics(model, data)
    links = moving_joints(model, robot.arm_names)
    poses = [np.eye(4), *poses_base_from_joints(read_chain(robot.model_path, "tcp"), np.zeros(len(robot.arm_names)))]
    found = {}
    for geom in range(model.ngeom):
        link = links[model.geom_bodyid[geom]]
        extreme = extreme_points(model, geom)
        mixed = np.einsum(
            "nk,nkj->nj", random.dirichlet([0.3] * 3, 4000), extreme[random.integers(len(extreme), size=(4000, 3))]
        )
        points = np.concatenate((extreme, mixed)) @ data.geom_xmat[geom].reshape(3, 3).T + data.geom_xpos[geom]
        found[model.geom(geom).name or f"geom {geom}", link] = (points - poses[link + 1][:3, 3]) @ poses[link + 1][
            :3, :3
        ]
    return found


@pytest.mark.parametrize("fingers_m", [0.0, 0.02, 0.04])
def test_every_geom_of_arm7_is_covered_to_half_of_the_clearance(
    fingers_m: float, arm7: RobotDescription, shapes: ArmShapes
) -> None:
    model = mujoco.MjModel.from_xml_path(str(arm7.model_path))
    points = points_of_links(model, arm7, fingers_m)
    assert len(points) == model.ngeom
    for (geom, link), at in points.items():
        outside = np.min(
            [
                distance_to_point(np.array(item.begin), np.array(item.end), at) - item.radius
                for item, of in zip(shapes.capsules, shapes.links, strict=True)
                if of == link
            ],
            axis=0,
        )
        assert outside.max() <= arm7.self_collision.clearance_m / 2 + 1e-5, geom


def test_the_finger_capsules_end_no_lower_than_the_tips(arm7: RobotDescription, shapes: ArmShapes) -> None:
    assert arm7.gripper is not None
    chain = read_chain(arm7.model_path, arm7.robot.tcp_site)
    tip_z = chain.pose_last_from_tcp[2, 3] + arm7.gripper.tip_beyond_tcp_m
    ends = [max(item.begin[2], item.end[2]) + item.radius for item in shapes.capsules if item.link == "joint7"]
    assert max(ends) == pytest.approx(tip_z, abs=1e-6)


def test_links_of_arm7_do_not_touch_while_their_capsules_keep_clear(arm7: RobotDescription, shapes: ArmShapes) -> None:
    spec = mujoco.MjSpec.from_file(str(arm7.model_path))
    for geom in spec.geoms:
        geom.contype = geom.conaffinity = 1
    model = spec.compile()
    data = mujoco.MjData(model)
    link_of_geom = np.array(moving_joints(model, arm7.arm_names))[model.geom_bodyid]
    axes = [model.joint(axis.name).qposadr[0] for axis in arm7.axis]
    mirror = model.joint("gripper_mirror").qposadr[0]
    lower, upper = ([getattr(axis, side) for axis in arm7.axis] for side in ("lower", "upper"))
    positions = np.random.default_rng(0).uniform(lower, upper, (RANDOM_POSES, len(arm7.axis)))

    pairs = shapes.pairs(arm7.self_collision.ignore)
    needed = shapes.needed(pairs, arm7.self_collision.clearance_m)
    chain = read_chain(arm7.model_path, "tcp")
    forbidden, touching = np.zeros(RANDOM_POSES, bool), np.zeros(RANDOM_POSES, bool)
    for few in np.split(np.arange(RANDOM_POSES), RANDOM_POSES // 500):
        lines = shapes.lines_at(poses_base_from_joints(chain, positions[few][:, : len(arm7.arm_names)]))
        forbidden[few] = (shapes.distances(lines, pairs) < needed).any(axis=1)
    for index, position in enumerate(positions):
        data.qpos[axes], data.qpos[mirror] = position, position[-1]
        mujoco.mj_kinematics(model, data)
        mujoco.mj_collision(model, data)
        one, other = link_of_geom[data.contact.geom].T if data.ncon else np.empty((2, 0), int)
        touching[index] = bool(((np.abs(one - other) > 1) & (data.contact.dist < 0.0)).any())

    print(
        f"\nof {RANDOM_POSES} random configurations {touching.mean():.1%} touch, {forbidden.mean():.1%} are forbidden"
    )
    assert not (touching & ~forbidden).any()
    assert touching.mean() > 0.1, "the law has something to say"
    assert forbidden.mean() < 1.4 * touching.mean(), "the capsules are tight"


def test_the_named_poses_are_clear_by_more_than_4_cm(arm7: RobotDescription, shapes: ArmShapes) -> None:
    pairs = shapes.pairs(arm7.self_collision.ignore)
    chain = read_chain(arm7.model_path, "tcp")
    poses = np.array(list(arm7.workcell.poses.values()))[:, : len(arm7.arm_names)]
    distances = shapes.distances(shapes.lines_at(poses_base_from_joints(chain, poses)), pairs)
    assert (distances - shapes.needed(pairs, 0.0)).min() > 0.04
    assert len(pairs) <= MAX_PAIRS
