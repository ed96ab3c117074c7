"""What a robot and the cloud have agreed upon."""

from __future__ import annotations

HEARTBEAT_PATH = "/v1/heartbeat"
BEAT = b"dynamical cloud 1"
"""What a cloud answers: something else in between, e.g. the page of a network that asks for a password, is none."""

SCENE_PATH = "/v1/scene"
