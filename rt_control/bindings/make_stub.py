"""Writes rt_control/_native.pyi from the built module: `python rt_control/bindings/make_stub.py`."""

from __future__ import annotations

import re
from pathlib import Path

from nanobind.stubgen import StubGen  # type: ignore[import-untyped]  # nanobind ships no types

from rt_control import _native

HEADER = "# Made by rt_control/bindings/make_stub.py from the built module.\n# ruff: noqa\n# fmt: off\n"
STUB = Path(__file__).resolve().parents[1] / "_native.pyi"


def stub() -> str:
    """Text of the stub file of the module as it is built."""
    generator = StubGen(_native, include_private=True, include_internal_imports=False, max_expr_length=0, quiet=True)
    generator.put(_native)
    text: str = generator.get()
    # Private members are asked for because `operator_` ends like one; those of the enum machinery are not wanted.
    text = re.sub(r"    _\w+_: .*\n\n", "", text)
    text = text.replace("    __str__ = __repr__\n\n", "")
    text = re.sub(r'    def __repr__\(self, /\):\n        """.*"""\n\n', "", text)
    return HEADER + text.replace("os.PathLike", "os.PathLike[str]")


if __name__ == "__main__":
    STUB.write_text(stub(), encoding="utf-8")
