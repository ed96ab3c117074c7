"""The light of a simulated world, which may fail."""

from __future__ import annotations

import mujoco


class Light:
    """Lamps and headlight of a model, as they are now."""

    def __init__(self, model: mujoco.MjModel) -> None:
        self._model = model
        headlight = model.vis.headlight
        self._whole = model.light_diffuse.copy(), headlight.ambient.copy(), headlight.diffuse.copy()

    def leave(self, share: float) -> None:
        """Leave this share of what there was; 1: all of it.

        Args:
            share: 0..1.
        """
        lamps, ambient, diffuse = self._whole
        self._model.light_diffuse[:] = share * lamps
        self._model.vis.headlight.ambient[:] = share * ambient
        self._model.vis.headlight.diffuse[:] = share * diffuse
