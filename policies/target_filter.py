"""Which of the places that perception tells of an object a hand may trust that hides part of it."""

from __future__ import annotations

import math

from perception.scene import SceneObject

HAND_HIDES_M = 0.12  # the hand nearer than this, seen from above, may hide part of the object
MOVED_M = 0.015  # what is told nearer than this to where it was may be the part that is not hidden
LOOKS = 3  # that agree, before an object counts as moved under the hand
AGREE_M = 0.008


class TargetFilter:
    """Follows an object: at once while it is seen freely, only clear and repeated moves while the hand is near."""

    def __init__(self, item: SceneObject) -> None:
        self.item = item
        self._moved: SceneObject | None = None
        self._looks = 0

    def see(self, item: SceneObject, hand_base: tuple[float, float]) -> SceneObject:
        """Take in what perception says now.

        Args:
            item: newest; may be remembered from an earlier look.
            hand_base: where the TCP is, m.

        Returns:
            The object as it shall be acted on.
        """
        if item.measured_ns == self.item.measured_ns:
            return self.item
        if math.dist(hand_base, item.position_base[:2]) > HAND_HIDES_M:
            self.item, self._moved, self._looks = item, None, 0
            return item
        if math.dist(item.position_base, self.item.position_base) <= MOVED_M:
            self._moved, self._looks = None, 0
            return self.item
        if self._moved is not None and item.measured_ns == self._moved.measured_ns:
            return self.item
        agrees = self._moved is not None and math.dist(item.position_base, self._moved.position_base) <= AGREE_M
        self._looks = self._looks + 1 if agrees else 1
        self._moved = item
        if self._looks >= LOOKS:
            self.item, self._moved, self._looks = item, None, 0
        return self.item
