"""Renders one image off-screen: `python -m robot_runtime.gl_probe egl` in a process of its own.

A missing or broken GL driver may end the process that tries it, and a backend cannot be changed once it is loaded.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

# In the order in which they are tried. EGL needs no display and uses a GPU where there is one; OSMesa needs no driver.
BACKENDS = ("egl", "osmesa")
_LIMIT_S = 120.0

_WORLD = """
<mujoco>
  <worldbody>
    <light pos="0 0 2"/>
    <geom type="sphere" size="0.5" rgba="1 0 0 1"/>
    <camera name="eye" pos="0 -2 0" xyaxes="1 0 0 0 0 1"/>
  </worldbody>
</mujoco>
"""


@dataclass(frozen=True, slots=True)
class GlFinding:
    """What one backend answered.

    Attributes:
        backend: `egl` or `osmesa`.
        works: whether it rendered a red sphere as red.
        detail: the renderer's name, or the reason of the failure in one line.
    """

    backend: str
    works: bool
    detail: str


def probe(backend: str) -> GlFinding:
    """Render one image with a backend, in a child process.

    Args:
        backend: one of `BACKENDS`.
    """
    try:
        child = subprocess.run(
            [sys.executable, "-m", "robot_runtime.gl_probe", backend],
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return GlFinding(backend, False, f"no image after {_LIMIT_S:g} s")
    lines = (child.stdout if child.returncode == 0 else child.stderr).strip().splitlines()
    last = lines[-1].strip() if lines else f"the process ended with code {child.returncode}"
    return GlFinding(backend, child.returncode == 0, last)


def first_working() -> tuple[GlFinding, ...]:
    """Try the backends in order up to the first that works; the last finding is the verdict."""
    findings: list[GlFinding] = []
    for backend in BACKENDS:
        findings.append(probe(backend))
        if findings[-1].works:
            break
    return tuple(findings)


def render(backend: str) -> str:
    """Render in this process.

    Args:
        backend: one of `BACKENDS`.

    Returns:
        The name of the renderer.

    Raises:
        RuntimeError: the image is not what the world looks like.
    """
    os.environ["MUJOCO_GL"] = backend
    os.environ["PYOPENGL_PLATFORM"] = backend
    import mujoco
    from OpenGL import GL

    model = mujoco.MjModel.from_xml_string(_WORLD)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    with mujoco.Renderer(model, height=48, width=64) as renderer:
        renderer.update_scene(data, camera="eye")
        red, green, blue = (int(channel) for channel in renderer.render()[24, 32])
        name = GL.glGetString(GL.GL_RENDERER)
    if not red > 2 * max(green, blue, 10):
        raise RuntimeError(f"a red sphere was rendered as ({red}, {green}, {blue})")
    return name.decode() if isinstance(name, bytes) else "unknown renderer"


if __name__ == "__main__":
    if sys.argv[1:]:
        print(render(sys.argv[1]))
    else:
        for finding in first_working():
            print(f"{finding.backend}: {'works' if finding.works else 'fails'}: {finding.detail}")
        sys.exit(0 if finding.works else 1)
