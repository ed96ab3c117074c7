"""Missions in BehaviorTree.CPP 4 XML: read, checked against the palette and the robot, and expanded into a plan.

Strict: what is not understood is refused in one line that says file, line, what, what is allowed, and the mend.
"""

from __future__ import annotations

import difflib
import importlib.util
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from behaviours.ports import LITERAL_TYPES, Input
from rt_control.errors import InputError
from trees.mission_xml import Element, parse_xml
from trees.palette import PALETTE, Palette

CONTROLS = ("Sequence", "Fallback", "RetryUntilSuccessful", "SubTree")
NESTING_LIMIT = 256  # of subtrees, as in BehaviorTree.CPP

_REFERENCE = re.compile(r"\{([A-Za-z_]\w*)\}")


@dataclass(frozen=True)
class Literal:
    """A value written in the mission file.

    Attributes:
        text: as written.
        line: where.
    """

    text: str
    line: int


@dataclass(frozen=True)
class Variable:
    """A value that one leaf gives to another while the mission runs.

    Attributes:
        name: of its key on the blackboard.
        shown: as written, `{key}`.
        tree: ID of the tree that it belongs to.
    """

    name: str
    shown: str
    tree: str


Value = Literal | Variable


@dataclass(frozen=True)
class PlannedNode:
    """One node of a mission, every subtree expanded.

    Attributes:
        tag: of the XML.
        name: for people.
        path: positions from the root, `0.2.1`; stable for one file.
        line: in the file.
        children: in order.
        inputs: converted literals and variables of a leaf's input ports.
        outputs: variables of a leaf's output ports.
        num_attempts: of a RetryUntilSuccessful; -1 = without end.
    """

    tag: str
    name: str
    path: str
    line: int
    children: tuple[PlannedNode, ...]
    inputs: Mapping[str, object]
    outputs: Mapping[str, Variable]
    num_attempts: int


@dataclass(frozen=True)
class MissionPlan:
    """A mission that has been checked.

    Attributes:
        name: ID of the main tree.
        root: its expanded tree.
        variables: every variable in it, by name.
    """

    name: str
    root: PlannedNode
    variables: Mapping[str, Variable]


def shipped_missions() -> dict[str, Path]:
    """Mission files that come with Dynamical, by name."""
    package = importlib.util.find_spec("missions")
    folders = [] if package is None else list(package.submodule_search_locations or [])
    return {file.stem: file for folder in folders for file in sorted(Path(folder).glob("*.xml"))}


def mission_text(name_or_path: str | Path) -> tuple[str, str]:
    """The path and the text of a mission file.

    Args:
        name_or_path: name of a shipped mission, or path of a file.

    Raises:
        InputError: there is no such mission, or it cannot be read.
    """
    shipped = shipped_missions()
    path = shipped.get(str(name_or_path), Path(name_or_path))
    try:
        return str(path), path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(
            f"mission {str(name_or_path)!r} cannot be read: {why}; allowed: {', '.join(shipped) or 'none shipped'}, "
            f"or the path of a mission file; {_closest(str(name_or_path), shipped) or 'correct the path'}"
        ) from None


def load_mission(
    name_or_path: str | Path, known: Mapping[str, Collection[str]] | None = None, palette: Palette = PALETTE
) -> MissionPlan:
    """Read and check a mission file; see `parse_mission`."""
    file, text = mission_text(name_or_path)
    return parse_mission(text, file, known, palette)


def parse_mission(
    text: str, file: str, known: Mapping[str, Collection[str]] | None = None, palette: Palette = PALETTE
) -> MissionPlan:
    """Check the text of a mission file.

    Args:
        text: the XML.
        file: what to call it in errors.
        known: names that the robot's description lists, by kind (`bin`, `pose`); a kind that is absent is not checked.
        palette: leaves that the mission may name.

    Raises:
        InputError: it is not a mission that this robot can run; one line.
    """
    return _Checker(file, known or {}, palette).plan(parse_xml(text, file))


@dataclass(frozen=True)
class _Scope:
    """One use of one tree: its place and what its caller gave it."""

    tree: str
    path: str
    given: Mapping[str, Value]


class _Checker:
    def __init__(self, file: str, known: Mapping[str, Collection[str]], palette: Palette) -> None:
        self._file = file
        self._known = known
        self._palette = palette
        self._trees: dict[str, Element] = {}
        self._read: dict[str, tuple[Variable, int, str, type]] = {}
        self._written: dict[str, tuple[Variable, str, type]] = {}

    def plan(self, root: Element) -> MissionPlan:
        main = self._collect(root)
        planned = self._expand_tree(main, _Scope(main, "0", {}), (main,), root.line)
        for variable, line, reader, read_type in self._read.values():
            if variable.name not in self._written:
                self._refuse(
                    line,
                    f"{reader} reads {variable.shown}, which nothing in {variable.tree} gives",
                    "an attribute of the SubTree, or an output port of a leaf",
                    f'write <SubTree ID="{variable.tree}" {variable.shown.strip("{}")}="..."/>',
                )
            _, writer, written_type = self._written[variable.name]
            if written_type is not read_type:
                self._refuse(
                    line,
                    f"{reader} reads {variable.shown} as {read_type.__name__}, {writer} writes {written_type.__name__}",
                    "ports of one type",
                    "use two keys",
                )
        variables = {name: entry[0] for name, entry in self._written.items()}
        return MissionPlan(main, planned, variables)

    def _collect(self, root: Element) -> str:
        """Check the frame of the file; returns the ID of the main tree."""
        if root.tag != "root":
            self._refuse(root.line, f"the outermost element is <{root.tag}>", "<root>", "wrap the trees in <root>")
        self._only(root, ("BTCPP_format", "main_tree_to_execute"))
        if root.attributes.get("BTCPP_format") != "4":
            found = root.attributes.get("BTCPP_format")
            self._refuse(root.line, f"BTCPP_format is {found!r}", "'4'", 'write BTCPP_format="4"')
        for element in root.children:
            if element.tag != "BehaviorTree":
                self._refuse(
                    element.line,
                    f"<{element.tag}> stands directly in <root>",
                    "<BehaviorTree>",
                    "move it into a tree or remove it",
                )
            self._only(element, ("ID",))
            tree = self._required(element, "ID")
            if not re.fullmatch(r"[A-Za-z_]\w*", tree):
                self._refuse(element.line, f"ID {tree!r}", "letters, digits and _", "rename the tree")
            if tree in self._trees:
                self._refuse(
                    element.line,
                    f"BehaviorTree ID {tree!r} is used twice, first on line {self._trees[tree].line}",
                    "each ID once",
                    "rename or remove one",
                )
            self._count(element, 1, 1)
            self._trees[tree] = element
        main = self._required(root, "main_tree_to_execute")
        if main not in self._trees:
            self._unknown(root.line, f"main_tree_to_execute {main!r}", main, self._trees)
        return main

    def _expand_tree(self, tree: str, scope: _Scope, callers: tuple[str, ...], line: int) -> PlannedNode:
        if len(callers) > NESTING_LIMIT:
            self._refuse(line, f"{len(callers)} subtrees inside each other", f"{NESTING_LIMIT}", "flatten the mission")
        return self._expand(self._trees[tree].children[0], scope, callers, scope.path)

    def _expand(self, element: Element, scope: _Scope, callers: tuple[str, ...], path: str) -> PlannedNode:
        if element.tag == "SubTree":
            return self._subtree(element, scope, callers, path)
        if element.tag in CONTROLS:
            attempts = 0
            if element.tag == "RetryUntilSuccessful":
                self._only(element, ("name", "num_attempts"))
                self._count(element, 1, 1)
                attempts = self._attempts(element)
            else:
                self._only(element, ("name",))
                self._count(element, 1, None)
            children = tuple(
                self._expand(child, scope, callers, f"{path}.{index}") for index, child in enumerate(element.children)
            )
            name = element.attributes.get("name", element.tag)
            return PlannedNode(element.tag, name, path, element.line, children, {}, {}, attempts)
        if element.tag in self._palette:
            return self._leaf(element, scope, path)
        self._unknown(element.line, f"node <{element.tag}>", element.tag, [*CONTROLS, *self._palette])

    def _subtree(self, element: Element, scope: _Scope, callers: tuple[str, ...], path: str) -> PlannedNode:
        self._count(element, 0, 0)
        tree = self._required(element, "ID")
        if tree not in self._trees:
            self._unknown(element.line, f"SubTree ID {tree!r}", tree, self._trees)
        if tree in callers:
            chain = " > ".join([*callers, tree])
            self._refuse(element.line, f"the subtrees form a cycle: {chain}", "no cycle", "break it here")
        ports = sorted(_keys_of(self._trees[tree]))
        given: dict[str, Value] = {}
        for key, text in element.attributes.items():
            if key in ("ID", "name"):
                continue
            if key not in ports:
                self._unknown(element.line, f"port {key!r} of SubTree {tree}", key, ports)
            given[key] = self._value(text, element.line, scope)
        child = self._expand_tree(tree, _Scope(tree, f"{path}.0", given), (*callers, tree), element.line)
        shown = " ".join([tree, *(value.text for value in given.values() if isinstance(value, Literal))])
        return PlannedNode("SubTree", element.attributes.get("name", shown), path, element.line, (child,), {}, {}, 0)

    def _leaf(self, element: Element, scope: _Scope, path: str) -> PlannedNode:
        self._count(element, 0, 0)
        leaf = self._palette[element.tag]
        inputs, outputs = leaf.inputs(), leaf.outputs()
        bound_inputs: dict[str, object] = {}
        bound_outputs: dict[str, Variable] = {}
        shown = [element.tag]
        for port, text in element.attributes.items():
            if port == "name":
                continue
            if port not in inputs and port not in outputs:
                self._unknown(element.line, f"port {port!r} of {element.tag}", port, [*inputs, *outputs])
            value = self._value(text, element.line, scope)
            where = f"port {port!r} of {element.tag}"
            if port in outputs:
                if isinstance(value, Literal):
                    self._refuse(
                        value.line, f"{where} is an output, but is given {value.text!r}", "{key}", "name a key"
                    )
                self._written.setdefault(value.name, (value, element.tag, outputs[port].data_type))
                bound_outputs[port] = value
            elif isinstance(value, Variable):
                self._read.setdefault(value.name, (value, element.line, where, inputs[port].data_type))
                bound_inputs[port] = value
            else:
                bound_inputs[port] = self._convert(value, inputs[port], where)
                if inputs[port].data_type is str:
                    shown.append(value.text)
        for port, declared in inputs.items():
            if port not in bound_inputs and declared.default is None:
                self._refuse(
                    element.line,
                    f"{element.tag} lacks its required port {port!r} ({declared.about})",
                    ", ".join([*inputs, *outputs]),
                    f'write <{element.tag} {port}="..."/>',
                )
        name = element.attributes.get("name", " ".join(shown))
        return PlannedNode(element.tag, name, path, element.line, (), bound_inputs, bound_outputs, 0)

    def _value(self, text: str, line: int, scope: _Scope) -> Value:
        reference = _REFERENCE.fullmatch(text)
        if reference is None:
            if "{" in text or "}" in text:
                self._refuse(line, f"value {text!r}", "a literal, or {key} alone", "split it or remove the braces")
            return Literal(text, line)
        key = reference[1]
        return scope.given.get(key) or Variable(f"/mission/data/{scope.path}/{key}", text, scope.tree)

    def _convert(self, literal: Literal, port: Input[Any], where: str) -> object:
        text, data_type = literal.text, port.data_type
        if port.names and port.names in self._known and text not in self._known[port.names]:
            self._unknown(literal.line, f"{port.names} {text!r} for {where}", text, self._known[port.names])
        try:
            if data_type is bool:
                return {"true": True, "false": False}[text]
            if data_type is str and text:
                return text
            if data_type in (int, float):
                number = data_type(text)
                if number == number and abs(number) != float("inf"):
                    return number
        except (KeyError, ValueError):
            pass
        allowed = LITERAL_TYPES.get(data_type, "{key}")
        self._refuse(literal.line, f"{where} is given {text!r}", allowed, f"it means: {port.about}")

    def _attempts(self, element: Element) -> int:
        text = self._required(element, "num_attempts")
        if not re.fullmatch(r"-1|[1-9]\d{0,8}", text):
            self._refuse(
                element.line, f"num_attempts {text!r}", "a whole number from 1, or -1 for without end", "correct it"
            )
        return int(text)

    def _required(self, element: Element, attribute: str) -> str:
        if attribute not in element.attributes:
            self._refuse(
                element.line,
                f"<{element.tag}> lacks {attribute!r}",
                f'{attribute}="..."',
                f"add the attribute {attribute}",
            )
        return element.attributes[attribute]

    def _only(self, element: Element, allowed: Collection[str]) -> None:
        for attribute in element.attributes:
            if attribute not in allowed:
                self._unknown(element.line, f"attribute {attribute!r} of <{element.tag}>", attribute, allowed)

    def _count(self, element: Element, least: int, most: int | None) -> None:
        found = len(element.children)
        if found < least or (most is not None and found > most):
            allowed = f"at least {least}" if most is None else ("none" if most == 0 else f"exactly {most}")
            mend = "wrap them in a <Sequence>" if found > 1 and most == 1 else "add or remove nodes"
            self._refuse(element.line, f"<{element.tag}> has {found} children", allowed, mend)

    def _unknown(self, line: int, what: str, given: str, allowed: Iterable[str]) -> NoReturn:
        names = list(allowed)
        mend = _closest(given, names) or "choose one of them or remove it"
        self._refuse(line, f"{what} is unknown", ", ".join(names) or "none", mend)

    def _refuse(self, line: int, what: str, allowed: str, mend: str) -> NoReturn:
        raise InputError(f"{self._file}:{line}: {what}; allowed: {allowed}; {mend}")


def _closest(given: str, allowed: Iterable[str]) -> str:
    matches = difflib.get_close_matches(given, list(allowed), n=1, cutoff=0.5)
    return f"did you mean {matches[0]!r}?" if matches else ""


def _keys_of(element: Element) -> set[str]:
    """Every `{key}` that a tree uses: these are the ports of a SubTree that calls it."""
    keys: set[str] = set()
    for child in element.children:
        keys.update(match[1] for text in child.attributes.values() if (match := _REFERENCE.fullmatch(text)))
        keys |= _keys_of(child)
    return keys
