from __future__ import annotations

import pytest

from policies.workspace import Workspace
from rt_control._native import Kinematics
from rt_control.description import load_robot
from rt_control.model_compiler import compile_model
from rt_control.robot_file import RobotDescription


@pytest.fixture(scope="session")
def description() -> RobotDescription:
    return load_robot("arm7")


@pytest.fixture(scope="session")
def kinematics(description: RobotDescription) -> Kinematics:
    return Kinematics(compile_model(description))


@pytest.fixture(scope="session")
def workspace(description: RobotDescription, kinematics: Kinematics) -> Workspace:
    return Workspace(description, kinematics)
