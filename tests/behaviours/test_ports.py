from __future__ import annotations

import pytest

from behaviours.blackboard import Blackboard, Key
from behaviours.ports import Constant, Input, Output, PortError, WithPorts


class Named(WithPorts):
    name_of = Input(str, "whose")
    tries = Input(int, "how often", default=3)


class Seeker(Named):
    found = Output(str, "what was found")


VARIABLE: Key[str | None] = Key("/mission/data/0/x", None, "")


def board() -> Blackboard:
    made = Blackboard()
    made.declare(VARIABLE)
    return made


def test_ports_are_inherited_and_told_apart() -> None:
    assert list(Seeker.inputs()) == ["name_of", "tries"]
    assert list(Seeker.outputs()) == ["found"]


def test_a_literal_and_a_default_are_read_as_plain_attributes() -> None:
    seeker = Seeker()
    seeker.bind_ports({"name_of": Constant("cube")})
    assert (seeker.name_of, seeker.tries) == ("cube", 3)


def test_an_output_is_read_through_the_input_that_shares_its_key() -> None:
    variables = board()
    writer, reader = Seeker(), Named()
    writer.bind_ports({"name_of": Constant("a"), "found": variables.writer(VARIABLE, "writer")})
    reader.bind_ports({"name_of": variables.reader(VARIABLE, "reader")})
    writer.found = "ball"
    assert reader.name_of == "ball"


def test_reading_a_variable_that_nobody_has_written_yet_is_refused() -> None:
    reader = Named()
    reader.bind_ports({"name_of": board().reader(VARIABLE, "reader")})
    with pytest.raises(PortError, match="port 'name_of' has no value yet"):
        _ = reader.name_of


def test_an_unbound_output_may_be_written_and_nothing_happens() -> None:
    seeker = Seeker()
    seeker.bind_ports({"name_of": Constant("cube")})
    seeker.found = "ball"


def test_an_output_cannot_be_read() -> None:
    seeker = Seeker()
    seeker.bind_ports({"name_of": Constant("cube")})
    with pytest.raises(AttributeError, match="output: it can be set, not read"):
        _ = seeker.found


def test_a_required_port_must_be_bound() -> None:
    with pytest.raises(PortError, match=r"Seeker needs a value for port 'name_of' \(whose\)"):
        Seeker().bind_ports({})


def test_an_unknown_port_is_refused_with_those_that_exist() -> None:
    with pytest.raises(PortError, match="Seeker has no port 'nam'; it has name_of, tries, found"):
        Seeker().bind_ports({"nam": Constant("cube")})


def test_a_port_bound_in_the_wrong_direction_is_refused() -> None:
    with pytest.raises(PortError, match="port 'found' of Seeker is an output"):
        Seeker().bind_ports({"name_of": Constant("cube"), "found": Constant("x")})
    with pytest.raises(PortError, match="port 'name_of' of Seeker is an input"):
        Seeker().bind_ports({"name_of": board().writer(VARIABLE, "writer")})
