"""Builds the C++ through CMake; everything else about the distribution stands in pyproject.toml."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup  # type: ignore[import-untyped]  # it ships no types
from setuptools.command.build_ext import build_ext  # type: ignore[import-untyped]  # it ships no types

ROOT = Path(__file__).resolve().parent


def tool(name: str, module: str, attribute: str) -> str:
    """Path of a build tool: the one that the Python build requirement brings, else the one on PATH."""
    try:
        folder = Path(getattr(__import__(module), attribute))
    except (ImportError, AttributeError):
        folder = Path()
    if folder != Path() and (folder / name).exists():
        return str(folder / name)
    found = shutil.which(name)
    if found is None:
        sys.exit(f"{name} is missing; install it with `pip install {module}`")
    return found


def eigen_prefix() -> str:
    """Where the Eigen headers of the build requirement cmeel-eigen lie; empty if only the system may have them."""
    for entry in sys.path:
        prefix = Path(entry or ".") / "cmeel.prefix"
        if (prefix / "include" / "eigen3" / "Eigen" / "Core").exists():
            return str(prefix)
    return ""


class CMakeBuild(build_ext):  # type: ignore[misc]  # its base is untyped
    """Puts `_native*.so` and `bin/rt_control` into the package: of the checkout in place, of the build otherwise."""

    def run(self) -> None:
        import nanobind  # type: ignore[import-untyped]  # it ships no types

        in_place = self.inplace or getattr(self, "editable_mode", False)
        output = (ROOT if in_place else Path(self.build_lib).resolve()) / "rt_control"
        build = ROOT / "build" / f"cmake-{sys.implementation.cache_tag}{'' if in_place else '-install'}"
        build.mkdir(parents=True, exist_ok=True)
        # Build folders of an isolated build hold paths that are gone: what was found then is looked for again.
        (build / "CMakeCache.txt").unlink(missing_ok=True)
        cmake = tool("cmake", "cmake", "CMAKE_BIN_DIR")
        subprocess.run(
            [
                cmake,
                "-S",
                str(ROOT),
                "-B",
                str(build),
                "-G",
                "Ninja",
                f"-DCMAKE_MAKE_PROGRAM={tool('ninja', 'ninja', 'BIN_DIR')}",
                f"-DPython_EXECUTABLE={sys.executable}",
                f"-Dnanobind_DIR={nanobind.cmake_dir()}",
                f"-DCMAKE_PREFIX_PATH={eigen_prefix()}",
                f"-DDYNAMICAL_OUTPUT={output}",
            ],
            check=True,
        )
        jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL") or str(os.cpu_count() or 1)
        subprocess.run([cmake, "--build", str(build), "--parallel", jobs], check=True)

    def get_outputs(self) -> list[str]:
        package = Path(self.build_lib) / "rt_control"
        return [str(path) for path in [*package.glob("_native*.so"), *package.glob("bin/*")]]

    def get_output_mapping(self) -> dict[str, str]:
        return {}


setup(ext_modules=[Extension("rt_control._native", sources=[])], cmdclass={"build_ext": CMakeBuild})
