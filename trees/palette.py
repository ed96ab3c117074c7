"""Every leaf that a mission may name. Explicit: importing a module adds nothing to it."""

from __future__ import annotations

from collections.abc import Mapping

from behaviours.mission_leaf import MissionLeaf
from behaviours.scene_questions import Holding, LocateObject, ObjectInBin
from behaviours.skills import MoveTo, Pick, Place

Palette = Mapping[str, type[MissionLeaf]]

PALETTE: Palette = {leaf.__name__: leaf for leaf in (MoveTo, Pick, Place, LocateObject, ObjectInBin, Holding)}
