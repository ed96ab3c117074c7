"""Typed ports: what a leaf takes from and gives to the mission it stands in.

A leaf declares its ports as class attributes and uses them as ordinary typed attributes:

    class Pick(SkillLeaf):
        object = Input(str, "what to grasp")

        def goal(self) -> Goal:
            return skill.Pick(self.object)

Why not py_trees.ports: docs/decisions/ports.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar, overload

from behaviours.blackboard import Reader, Writer

T = TypeVar("T")
LITERAL_TYPES: dict[type, str] = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


class PortError(Exception):
    """A leaf was built with ports that do not fit its declaration: the loader should have refused the mission."""


class Constant(Generic[T]):
    """A literal bound to an input port."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def get(self) -> T:
        """The value."""
        return self._value


Binding = Constant[Any] | Reader[Any] | Writer[Any]


class Port(Generic[T]):
    """What inputs and outputs have in common."""

    def __init__(self, data_type: type[T], about: str) -> None:
        self.data_type = data_type
        self.about = about
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name


class Input(Port[T]):
    """A port that the leaf reads.

    Args:
        data_type: type of the value.
        about: what it means, for the palette.
        default: value when the mission gives none; without it the port is required.
        names: kind of name the value must be (`bin`, `pose` ...), where the robot's description lists them.
    """

    def __init__(self, data_type: type[T], about: str, *, default: T | None = None, names: str = "") -> None:
        super().__init__(data_type, about)
        self.default = default
        self.names = names

    @overload
    def __get__(self, leaf: None, owner: type) -> Input[T]: ...

    @overload
    def __get__(self, leaf: WithPorts, owner: type) -> T: ...

    def __get__(self, leaf: WithPorts | None, owner: type) -> Input[T] | T:
        if leaf is None:
            return self
        value: T | None = leaf.bindings[self.name].get()  # type: ignore[union-attr]  # bind_ports checks the direction
        if value is None:
            raise PortError(f"port {self.name!r} has no value yet: nothing before this leaf has written it")
        return value


class Output(Port[T]):
    """A port that the leaf writes; it may stay unbound."""

    @overload
    def __get__(self, leaf: None, owner: type) -> Output[T]: ...

    @overload
    def __get__(self, leaf: WithPorts, owner: type) -> T: ...

    def __get__(self, leaf: WithPorts | None, owner: type) -> Output[T] | T:
        if leaf is None:
            return self
        raise AttributeError(f"port {self.name} is an output: it can be set, not read")

    def __set__(self, leaf: WithPorts, value: T) -> None:
        writer = leaf.bindings.get(self.name)
        if writer is not None:
            writer.set(value)  # type: ignore[union-attr]  # bind_ports checks the direction


class WithPorts:
    """Something whose class declares ports; `bindings` is filled once, before the first tick."""

    bindings: dict[str, Binding]

    @classmethod
    def inputs(cls) -> dict[str, Input[Any]]:
        """The declared input ports by name."""
        return {name: port for name, port in _ports(cls).items() if isinstance(port, Input)}

    @classmethod
    def outputs(cls) -> dict[str, Output[Any]]:
        """The declared output ports by name."""
        return {name: port for name, port in _ports(cls).items() if isinstance(port, Output)}

    def bind_ports(self, bindings: Mapping[str, Binding]) -> None:
        """Connect the ports; inputs with a default may be left out.

        Raises:
            PortError: a port is unknown, of the other direction, or required and missing.
        """
        who = type(self).__name__
        inputs, outputs = self.inputs(), self.outputs()
        for name, binding in bindings.items():
            if name not in inputs and name not in outputs:
                raise PortError(f"{who} has no port {name!r}; it has {', '.join([*inputs, *outputs]) or 'none'}")
            if (name in outputs) != isinstance(binding, Writer):
                raise PortError(f"port {name!r} of {who} is an {'output' if name in outputs else 'input'}")
        self.bindings = dict(bindings)
        for name, port in inputs.items():
            if name not in self.bindings:
                if port.default is None:
                    raise PortError(f"{who} needs a value for port {name!r} ({port.about})")
                self.bindings[name] = Constant(port.default)


def _ports(cls: type) -> dict[str, Port[Any]]:
    """Every port of a class, inherited ones first."""
    found: dict[str, Port[Any]] = {}
    for base in reversed(cls.__mro__):
        found.update({name: value for name, value in vars(base).items() if isinstance(value, Port)})
    return found
