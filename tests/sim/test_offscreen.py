from __future__ import annotations

import pytest

from rt_control.errors import InputError
from sim import offscreen


def test_without_any_gl_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(backend: str) -> None:
        raise ImportError(f"no\nlib{backend}")

    monkeypatch.setattr(offscreen, "_load_backend", fail)
    with pytest.raises(InputError) as refusal:
        offscreen._make_gl_context(16, 16)
    text = str(refusal.value)
    assert "egl: no libegl" in text and "osmesa: no libosmesa" in text
    assert "apt-get install libosmesa6" in text
    assert "\n" not in text


def test_osmesa_is_tried_after_egl(monkeypatch: pytest.MonkeyPatch) -> None:
    class Works:
        @staticmethod
        def GLContext(width: int, height: int) -> tuple[int, int]:
            return width, height

    def load(backend: str) -> type[Works]:
        if backend == "egl":
            raise ImportError("no libEGL")
        return Works

    monkeypatch.setattr(offscreen, "_load_backend", load)
    assert offscreen._make_gl_context(16, 8) == ("osmesa", (16, 8))
