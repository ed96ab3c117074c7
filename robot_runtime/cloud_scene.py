"""Level 3 elsewhere: a scene model that is asked over the network."""

from __future__ import annotations

from cloud import scene_wire
from cloud.protocol import SCENE_PATH
from models.roles import SceneInsight
from perception.level_three import Pixels
from robot_runtime.cloud_service import CloudAddress, CloudService

LIMIT_S = 2.0  # an answer that comes later is not worth its care any more, see `scene_care`


class CloudScene:
    """Fills the role `scene`; each look blocks until it is answered or has failed."""

    def __init__(self, address: CloudAddress, limit_s: float = LIMIT_S) -> None:
        self._service = CloudService(address, limit_s)

    def observe(self, clip: Pixels) -> SceneInsight:
        """Have somebody look at a clip.

        Raises:
            ServiceUnavailable: nobody did.
            InputError: the answer cannot be one.
        """
        question = scene_wire.encode_question(clip)
        return scene_wire.decode_answer(
            self._service.call("POST", SCENE_PATH, question, longest=scene_wire.ANSWER_BYTES)
        )

    def close(self) -> None:
        """End the connection; only when no look is under way."""
        self._service.close()
