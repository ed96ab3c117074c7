"""Fixtures of the tests of rt_control."""

from __future__ import annotations

import pytest

from tests.rt_control.rig import Rig


@pytest.fixture
def rig() -> Rig:
    """A controller with drives that follow exactly, and an agent that is alive."""
    return Rig()
