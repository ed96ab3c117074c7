"""Which models there are, which of them serves which role, and those in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import msgspec

from models import activation, durable
from models.activation import ActiveModel
from models.adapters import ADAPTERS, Adapter
from models.backends.backend import Backend, Network
from models.errors import ModelRefusedError
from models.last_run import LastRun
from models.manifest import MANIFEST_FILE, Manifest, ModelFile
from models.roles import ROLES, Role
from models.toml_text import to_toml
from rt_control.errors import InputError

SHIPPED = Path(__file__).resolve().parent / "shipped"
BINDINGS_FILE = "bindings.toml"


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model on the disk; what its manifest says of it is true, its files are not looked at yet."""

    folder: Path
    manifest: Manifest
    shipped: bool


class Registry:
    """The models of the distribution and of the user. Used by one thread; a context manager that closes what is in use.

    Two roles that are bound to one model share its network and the object that fills them; two models with the same
    file share the network.
    """

    def __init__(self, user: Path, shipped: Path = SHIPPED, adapters: Mapping[str, Adapter] = ADAPTERS) -> None:
        """Look into two folders, which need not exist, each time something is asked for.

        Args:
            user: folder of the user's models and bindings.
            shipped: folder of those of the distribution.
            adapters: by name.
        """
        self.user = user
        self.shipped = shipped
        self.adapters = adapters
        self._networks: dict[tuple[str, Backend], LastRun] = {}
        self._active: dict[tuple[str, Backend], ActiveModel] = {}

    def __enter__(self) -> Registry:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def names(self) -> tuple[str, ...]:
        """Of all models: shipped first, then the user's. Whether they are sound, `find` and `activate` say."""
        return (*_names_in(self.shipped), *_names_in(self.user))

    def find(self, name: str) -> StoredModel:
        """A model by name.

        Raises:
            InputError: there is none, or both folders have one.
            ModelRefusedError: its manifest does not hold.
        """
        found = [
            (folder / name, folder == self.shipped)
            for folder in (self.shipped, self.user)
            if name in _names_in(folder)  # asked so, a name never leads out of the folder
        ]
        if not found:
            raise InputError(f"model {name!r} is not there; there are: {', '.join(self.names()) or 'none'}")
        if len(found) > 1:
            raise InputError(f"model {name!r} is in {self.shipped} and in {self.user}; rename or remove the latter")
        folder, shipped = found[0]
        return StoredModel(folder, activation.checked_manifest(folder, self.adapters), shipped)

    def bindings(self) -> dict[Role, str]:
        """Which model serves each role that has one; the user's binding wins.

        Raises:
            InputError: a binding file cannot be used.
        """
        return _read_bindings(self.shipped) | _read_bindings(self.user)

    def serving(self, role: Role) -> StoredModel:
        """The model that is bound to a role.

        Raises:
            InputError: none is, or it is not there.
            ModelRefusedError: its manifest does not hold, or it does not fill that role.
        """
        bindings = self.bindings()
        if role not in bindings:
            raise InputError(f"no model is bound to role {role!r}; `dynamical models add --role {role} --bind`")
        model = self.find(bindings[role])
        _check_role(model.manifest, role)
        return model

    def bind(self, role: Role, name: str) -> None:
        """Let a model serve a role from the next activation on.

        Raises:
            InputError: there is no such model, it does not fill that role, or the binding cannot be written.
        """
        _check_role(self.find(name).manifest, role)
        self._write_bindings(_read_bindings(self.user) | {role: name})

    def unbind(self, role: Role) -> str | None:
        """Forget the user's binding of a role.

        Returns:
            The model that serves it from the next activation on; None: no shipped one does.

        Raises:
            InputError: the bindings cannot be read or written.
        """
        bindings = _read_bindings(self.user)
        if bindings.pop(role, None) is not None:
            self._write_bindings(bindings)
        return self.bindings().get(role)

    def _write_bindings(self, bindings: dict[Role, str]) -> None:
        try:
            self.user.mkdir(mode=0o700, parents=True, exist_ok=True)
            durable.write(self.user / BINDINGS_FILE, to_toml(dict(sorted(bindings.items()))).encode())
        except OSError as error:
            raise InputError(f"{self.user}: cannot write {BINDINGS_FILE} ({error.strerror})") from error

    def activate(self, wanted: str, backend: Backend) -> ActiveModel:
        """Check a model in every way, load it and make what fills its roles; the same object again if it is in use.

        Args:
            wanted: a role, for the model that is bound to it, or the name of a model.
            backend: that shall run it.

        Raises:
            ModelRefusedError: a check failed.
            BackendUnavailableError: the backend cannot be used here.
            InputError: no model is bound to the role, or there is none of that name.
            DeviceLostError: the accelerator failed.
        """
        role: Role | None = next((item for item in ROLES if item == wanted), None)
        model = self.find(wanted) if role is None else self.serving(role)
        key = (model.manifest.name, backend)
        if key not in self._active:
            self._active[key] = self._activate(model, backend)
        return self._active[key]

    def close(self) -> None:
        """Close every network in use."""
        for network in self._networks.values():
            network.close()
        self._networks.clear()
        self._active.clear()

    def _activate(self, model: StoredModel, backend: Backend) -> ActiveModel:
        before = set(self._networks)

        def load(path: Path, file: ModelFile) -> Network:
            key = (file.sha256, backend)
            if key not in self._networks:
                self._networks[key] = LastRun(backend.load(path))
            return self._networks[key]

        adapter = self.adapters[model.manifest.adapter]
        try:
            return activation.activate(model.folder, model.manifest, backend, adapter, load)
        except BaseException:
            for key in set(self._networks) - before:
                self._networks.pop(key).close()
            raise


def _check_role(manifest: Manifest, role: Role) -> None:
    if role not in manifest.roles:
        raise ModelRefusedError(
            manifest.name,
            "role",
            f"a model for {', '.join(manifest.roles)}",
            f"one for {role}",
            f"bind another model to {role}",
        )


def _names_in(folder: Path) -> list[str]:
    names = (path.parent.name for path in folder.glob(f"*/{MANIFEST_FILE}"))
    return sorted(name for name in names if not name.startswith("."))


def _read_bindings(folder: Path) -> dict[Role, str]:
    path = folder / BINDINGS_FILE
    try:
        return msgspec.toml.decode(path.read_bytes(), type=dict[Role, str])
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(f'{path}: {error}; it holds lines like: detector = "NAME"') from error
