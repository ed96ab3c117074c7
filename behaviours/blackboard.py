"""What leaves share: typed keys in namespaces, any number of readers, one declared writer each.

One blackboard belongs to one tree. (py_trees' own is one for the whole process: two robots in one test would share it.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


class AccessError(Exception):
    """A key was declared, claimed or read against its rights: the tree is wired wrongly."""


@dataclass(frozen=True)
class Key(Generic[T]):
    """Declaration of one key.

    Attributes:
        name: absolute, e.g. `/robot/state`; the first part is the namespace.
        initial: value before the first write.
        about: what it means.
        shown: what observers see of it, of plain types; None = the value itself.
        fast: it changes with each tick, so that observers see it five times a second; the others at once.
        hidden: observers never see it.
    """

    name: str
    initial: T
    about: str
    shown: Callable[[T], object] | None = None
    fast: bool = False
    hidden: bool = False


class Cell(Generic[T]):
    """One value with its declaration and rights."""

    __slots__ = ("key", "readers", "value", "writer")

    def __init__(self, key: Key[T]) -> None:
        self.key = key
        self.value = key.initial
        self.writer = ""
        self.readers: list[str] = []


class Reader(Generic[T]):
    """The right to read one key."""

    __slots__ = ("_cell",)

    def __init__(self, cell: Cell[T]) -> None:
        self._cell = cell

    def get(self) -> T:
        """The newest value."""
        return self._cell.value


class Writer(Generic[T]):
    """The right to write one key; only one is ever handed out."""

    __slots__ = ("_cell",)

    def __init__(self, cell: Cell[T]) -> None:
        self._cell = cell

    def set(self, value: T) -> None:
        """Replace the value."""
        self._cell.value = value


class Blackboard:
    """The keys of one tree."""

    def __init__(self) -> None:
        self._cells: dict[str, Cell[Any]] = {}
        self.structure = 0
        """Rises whenever a key is declared or removed."""

    def declare(self, key: Key[T]) -> None:
        """Add a key.

        Raises:
            AccessError: the name is taken, or is not `/namespace/name`.
        """
        if not key.name.startswith("/") or key.name.count("/") < 2:
            raise AccessError(f"key {key.name!r} is not of the form /namespace/name")
        if key.name in self._cells:
            raise AccessError(f"key {key.name} is declared twice; it is {self._cells[key.name].key.about!r}")
        self._cells[key.name] = Cell(key)
        self.structure += 1

    def remove(self, namespace: str) -> None:
        """Forget every key below `namespace/`; readers and writers of them keep their last values to themselves."""
        self._cells = {name: cell for name, cell in self._cells.items() if not name.startswith(namespace + "/")}
        self.structure += 1

    def reader(self, key: Key[T], who: str) -> Reader[T]:
        """The right to read.

        Raises:
            AccessError: the key is not declared.
        """
        cell = self._cell(key)
        cell.readers.append(who)
        return Reader(cell)

    def writer(self, key: Key[T], who: str) -> Writer[T]:
        """The right to write.

        Raises:
            AccessError: the key is not declared, or somebody else writes it.
        """
        cell = self._cell(key)
        if cell.writer:
            raise AccessError(f"key {key.name} is written by {cell.writer}; {who} may only read it")
        cell.writer = who
        return Writer(cell)

    def cells(self) -> Iterator[Cell[Any]]:
        """Every key with its value and rights, for observers."""
        return iter(self._cells.values())

    def _cell(self, key: Key[T]) -> Cell[T]:
        if key.name not in self._cells:
            raise AccessError(f"key {key.name} is not declared on this blackboard; declared: {', '.join(self._cells)}")
        return cast("Cell[T]", self._cells[key.name])
