from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.backends.engine_cache import Engine, EngineCache, EngineKey

KEY = EngineKey(
    gpu="Fake GPU",
    compute_capability="8.7",
    driver="540.4, CUDA 12060",
    tensorrt="10.3.0",
    model_sha256="0" * 64,
    precision="tf32",
    sizes="(1, 4, 16)",
)
ENGINE = Engine(b"plan\nwith a line\0and a zero", {"x": ["batch", ""]})


@pytest.fixture
def cache(tmp_path: Path) -> EngineCache:
    cache = EngineCache(tmp_path / "engines")
    cache.write(KEY, ENGINE)
    return cache


def path_of(cache: EngineCache) -> Path:
    return cache.folder / KEY.file_name()


def test_what_was_written_is_read(cache: EngineCache, caplog: pytest.LogCaptureFixture) -> None:
    assert cache.read(KEY) == ENGINE
    assert caplog.text == ""


def test_what_was_never_written_is_not_there_and_no_reason_to_warn(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert EngineCache(tmp_path / "none").read(KEY) is None
    assert caplog.text == ""


@pytest.mark.parametrize("name", EngineKey.__struct_fields__)
def test_another_key_is_another_entry(cache: EngineCache, name: str) -> None:
    assert cache.read(msgspec.structs.replace(KEY, **{name: "other"})) is None


def test_only_the_owner_can_read_and_write_it(cache: EngineCache) -> None:
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    assert path_of(cache).stat().st_mode & 0o777 == 0o600


@settings(max_examples=25)
@given(cut=st.integers(0, 10_000), flip=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_damage_is_ever_handed_out(tmp_path_factory: pytest.TempPathFactory, cut: int, flip: int, bit: int) -> None:
    cache = EngineCache(tmp_path_factory.mktemp("cache"))
    cache.write(KEY, ENGINE)
    content = bytearray(path_of(cache).read_bytes())
    flipped = bytearray(content)
    flipped[flip % len(content)] ^= 1 << bit
    for damaged in (content[: cut % len(content)], flipped):
        path_of(cache).write_bytes(damaged)
        assert cache.read(KEY) is None


def test_an_entry_of_another_key_under_this_name_is_not_used(
    cache: EngineCache, caplog: pytest.LogCaptureFixture
) -> None:
    other = msgspec.structs.replace(KEY, gpu="Another GPU")
    cache.write(other, Engine(b"foreign", {}))
    (cache.folder / other.file_name()).replace(path_of(cache))
    assert cache.read(KEY) is None
    assert "is not used: it was built for something else; the engine is built anew" in caplog.text


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_an_entry_that_others_can_write_is_not_used(
    cache: EngineCache, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    path_of(cache).chmod(mode)
    assert cache.read(KEY) is None
    assert f"it can be written by others (mode {mode:o})" in caplog.text


def test_a_folder_that_others_can_write_is_not_used_and_not_written(
    cache: EngineCache, caplog: pytest.LogCaptureFixture
) -> None:
    cache.folder.chmod(0o777)
    assert cache.read(KEY) is None
    assert "its folder can be written by others (mode 777)" in caplog.text
    before = path_of(cache).stat().st_mtime_ns
    cache.write(KEY, ENGINE)
    assert path_of(cache).stat().st_mtime_ns == before
    assert "the engine is not kept: its folder can be written by others" in caplog.text


def test_an_entry_of_another_user_is_not_used(
    cache: EngineCache, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert cache.read(KEY) is None
    assert f"its folder belongs to user {os.getuid()}" in caplog.text


def test_a_link_is_not_followed(cache: EngineCache, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    elsewhere = tmp_path / "elsewhere"
    path_of(cache).replace(elsewhere)
    path_of(cache).symlink_to(elsewhere)
    assert cache.read(KEY) is None
    assert "is not used: " in caplog.text


def test_writing_again_replaces_the_whole_entry_and_leaves_nothing_else(cache: EngineCache) -> None:
    cache.write(KEY, Engine(b"newer", {}))
    assert cache.read(KEY) == Engine(b"newer", {})
    assert list(cache.folder.iterdir()) == [path_of(cache)]
