"""Engines that TensorRT built, kept on the disk: what is not exactly what was asked for is never handed out.

A serialized engine is code for the GPU, so an entry is used only if this user alone can have written it, if it was
built for this very key, and if its bytes are those that were written.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
from dataclasses import dataclass
from pathlib import Path

import msgspec

from models import durable

LOGGER = logging.getLogger(__name__)
_MAGIC = b"dynamical engine 1\n"


class EngineKey(msgspec.Struct, frozen=True, kw_only=True):
    """All that an engine depends on.

    Attributes:
        gpu: name of the device.
        compute_capability: e.g. `8.7`.
        driver: version of the driver, and the CUDA version that it supports.
        tensorrt: version of the library.
        model_sha256: of the ONNX file.
        precision: of 32-bit products; that of the tensors is in the ONNX file.
        sizes: that free sizes may have.
    """

    gpu: str
    compute_capability: str
    driver: str
    tensorrt: str
    model_sha256: str
    precision: str
    sizes: str

    def file_name(self) -> str:
        """Of the entry."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:32] + ".engine"


class _Header(msgspec.Struct, frozen=True):
    key: EngineKey
    sha256: str
    free_sizes: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Engine:
    """A serialized engine.

    Attributes:
        plan: as TensorRT serialized it.
        free_sizes: what the ONNX file calls the axes of each input; an engine forgets that.
    """

    plan: bytes
    free_sizes: dict[str, list[str]]

    def digest(self) -> str:
        """SHA-256 of all of it."""
        return hashlib.sha256(msgspec.json.encode(self.free_sizes, order="sorted") + self.plan).hexdigest()


@dataclass(frozen=True, slots=True)
class EngineCache:
    """A folder of engines of this user; it may be deleted at any time."""

    folder: Path

    def read(self, key: EngineKey) -> Engine | None:
        """The engine for a key; None if there is none, or none to be trusted, which is logged as a warning."""
        path = self.folder / key.file_name()
        try:
            return self._read(path, key)
        except FileNotFoundError:
            return None
        except (_DistrustedError, OSError) as error:
            LOGGER.warning("%s is not used: %s; the engine is built anew", path, error)
            return None

    def write(self, key: EngineKey, engine: Engine) -> None:
        """Keep an engine; where that is not possible, warn: it is built again the next time."""
        header = _Header(key, engine.digest(), engine.free_sizes)
        path = self.folder / key.file_name()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check_ownership("its folder", os.stat(self.folder))
            durable.write(path, _MAGIC + msgspec.json.encode(header) + b"\n" + engine.plan)
        except (_DistrustedError, OSError) as error:
            LOGGER.warning("%s: the engine is not kept: %s; it will be built again", path, error)

    def _read(self, path: Path, key: EngineKey) -> Engine:
        _check_ownership("its folder", os.stat(self.folder))
        # The file that is checked is the one that is read, and no link.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            _check_ownership("it", os.fstat(descriptor))
            content = file.read()
        if not content.startswith(_MAGIC):
            raise _DistrustedError("it is no engine of this cache")
        line, _, plan = content[len(_MAGIC) :].partition(b"\n")
        try:
            header = msgspec.json.decode(line, type=_Header)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise _DistrustedError("its header cannot be read") from error
        if header.key != key:
            raise _DistrustedError("it was built for something else")
        engine = Engine(plan, header.free_sizes)
        if engine.digest() != header.sha256:
            raise _DistrustedError("its bytes are not those that were written")
        return engine


class _DistrustedError(Exception):
    """Why an entry is not used."""


def _check_ownership(what: str, status: os.stat_result) -> None:
    if status.st_uid != os.geteuid():
        raise _DistrustedError(f"{what} belongs to user {status.st_uid}")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _DistrustedError(f"{what} can be written by others (mode {stat.S_IMODE(status.st_mode):o})")
