"""Off-screen OpenGL for MuJoCo scenes: EGL where it works, else OSMesa."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
import numpy.typing as npt

from rt_control.errors import InputError

NO_RETURN_RATIO = 0.99  # of the far plane: nothing was hit


@dataclass(frozen=True, slots=True)
class Quality:
    """How carefully to draw.

    Attributes:
        samples: per pixel; 0 draws hard edges.
        shadows: cast by the world's lights.
        slices, stacks: facets of round shapes; triangles are what a software renderer pays for.
    """

    samples: int
    shadows: bool
    slices: int
    stacks: int


LIVE = Quality(samples=0, shadows=False, slices=12, stacks=6)
PICTURE = Quality(samples=8, shadows=True, slices=64, stacks=32)


class Offscreen:
    """Draws a model without a display; to be used from the thread that made it."""

    def __init__(self, model: mujoco.MjModel, width: int, height: int, quality: Quality) -> None:
        """Make a GL context for images of at most `width` x `height`.

        The drawing settings of the model are changed to the quality.

        Raises:
            InputError: this machine has neither EGL nor OSMesa.
        """
        model.vis.global_.offwidth, model.vis.global_.offheight = width, height
        model.vis.quality.offsamples = quality.samples
        model.vis.quality.numslices, model.vis.quality.numstacks = quality.slices, quality.stacks
        if not quality.shadows:
            model.vis.quality.shadowsize = 0
        self._model = model
        self._has_shadows = quality.shadows
        self.backend, self._gl = _make_gl_context(width, height)
        self._gl.make_current()
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_50)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        self._scene = mujoco.MjvScene(model, maxgeom=model.ngeom + 64)
        for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION, mujoco.mjtRndFlag.mjRND_HAZE):
            self._scene.flags[flag] = quality.shadows
        self._scene.flags[mujoco.mjtRndFlag.mjRND_FOG] = False
        self._option = mujoco.MjvOption()
        self._perturb = mujoco.MjvPerturb()
        self._camera = mujoco.MjvCamera()
        self._camera.type = mujoco.mjtCamera.mjCAMERA_FIXED
        near, far = model.vis.map.znear * model.stat.extent, model.vis.map.zfar * model.stat.extent
        # Depth buffer with zero at the far plane: z = near far / (far - near) / (d + near / (far - near)).
        self._depth_factor = np.float32(near * far / (far - near))
        self._depth_offset = np.float32(near / (far - near))
        self._far = far

    def render(
        self, data: mujoco.MjData, camera: int, width: int, height: int, depth: bool, shadows: bool = True
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32] | None]:
        """Draw what a camera of the model sees.

        Args:
            data: with every body, camera and light placed.
            camera: its number in the model.
            width, height: of the image, px.
            depth: whether the distances are wanted.
            shadows: False leaves out those that the quality has.

        Returns:
            RGB (h, w, 3), and the distance along the optical axis in m (h, w; 0 where nothing is) if asked for.
        """
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = shadows and self._has_shadows
        area = self._draw(data, camera, width, height)
        rgb = np.empty((height, width, 3), np.uint8)
        buffer = np.empty((height, width), np.float32) if depth else None
        mujoco.mjr_readPixels(rgb, buffer, area, self._context)
        rgb = np.ascontiguousarray(rgb[::-1])  # OpenGL begins at the bottom
        if buffer is None:
            return rgb, None
        depth_m = self._depth_factor / (np.ascontiguousarray(buffer[::-1]) + self._depth_offset)
        depth_m[depth_m > NO_RETURN_RATIO * self._far] = 0.0
        return rgb, depth_m

    def geoms(self, data: mujoco.MjData, camera: int, width: int, height: int) -> npt.NDArray[np.intp]:
        """Which geom of the model each pixel shows, (h, w); -1 where nothing is. Exact only with 0 samples."""
        flags = self._scene.flags
        coded = (mujoco.mjtRndFlag.mjRND_SEGMENT, mujoco.mjtRndFlag.mjRND_IDCOLOR)
        flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False
        for flag in coded:
            flags[flag] = True
        area = self._draw(data, camera, width, height)
        for flag in coded:
            flags[flag] = False
        rgb = np.empty((height, width, 3), np.uint8)
        mujoco.mjr_readPixels(rgb, None, area, self._context)
        number = rgb[::-1].astype(np.intp) @ np.array([1, 1 << 8, 1 << 16], dtype=np.intp)  # 0 = nothing
        geom_of = np.full(self._scene.ngeom + 1, -1, dtype=np.intp)
        for shown in self._scene.geoms[: self._scene.ngeom]:
            if shown.segid >= 0 and shown.objtype == mujoco.mjtObj.mjOBJ_GEOM:
                geom_of[shown.segid + 1] = shown.objid
        return geom_of[number]

    def _draw(self, data: mujoco.MjData, camera: int, width: int, height: int) -> mujoco.MjrRect:
        self._gl.make_current()
        self._camera.fixedcamid = camera
        mujoco.mjv_updateScene(
            self._model, data, self._option, self._perturb, self._camera, mujoco.mjtCatBit.mjCAT_ALL, self._scene
        )
        area = mujoco.MjrRect(0, 0, width, height)
        mujoco.mjr_render(area, self._scene, self._context)
        return area

    def close(self) -> None:
        """Free the GL context."""
        self._context.free()
        self._gl.free()


def _make_gl_context(width: int, height: int) -> tuple[str, Any]:
    reasons = []
    for backend in ("egl", "osmesa"):
        try:
            return backend, _load_backend(backend).GLContext(width, height)
        except Exception as error:  # each backend and driver fails in its own way
            reasons.append(f"{backend}: {' '.join(str(error).split()) or type(error).__name__}")
    raise InputError(
        f"no off-screen OpenGL for the cameras ({'; '.join(reasons)}); allowed: EGL or OSMesa;"
        " install one: `apt-get install libegl1 libgl1-mesa-dri` or `apt-get install libosmesa6`"
    )


def _load_backend(backend: str) -> Any:
    """MuJoCo and PyOpenGL choose their library by these variables, once; so change both and load them anew."""
    if os.environ.get("PYOPENGL_PLATFORM", backend) != backend:
        for name in [name for name in sys.modules if name.split(".")[0] == "OpenGL" or name == "mujoco.egl.egl_ext"]:
            del sys.modules[name]
    os.environ["PYOPENGL_PLATFORM"] = backend
    os.environ["MUJOCO_GL"] = backend
    return importlib.import_module(f"mujoco.{backend}")
