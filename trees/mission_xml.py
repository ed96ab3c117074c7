"""Mission files as XML elements that know their line; nothing of what they mean."""

from __future__ import annotations

import xml.parsers.expat
from dataclasses import dataclass, field

from rt_control.errors import InputError


@dataclass
class Element:
    """One XML element.

    Attributes:
        tag: its name.
        attributes: in the order of the file.
        line: of its start tag, from 1.
        children: elements inside it.
    """

    tag: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)


def parse_xml(text: str, file: str) -> Element:
    """The root element of a mission file.

    Raises:
        InputError: it is not well-formed XML, declares a document type, or holds text outside of attributes.
    """
    parser = xml.parsers.expat.ParserCreate()
    root = Element("", {}, 0)
    open_elements = [root]

    def begin(tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, attributes, parser.CurrentLineNumber)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(tag: str) -> None:
        open_elements.pop()

    def characters(data: str) -> None:
        if data.strip():
            raise InputError(
                f"{file}:{parser.CurrentLineNumber}: text {data.strip()[:40]!r} stands between the nodes; allowed: "
                f"nodes and comments; move it into an attribute or a comment"
            )

    def document_type(*_: object) -> None:
        raise InputError(
            f"{file}:{parser.CurrentLineNumber}: a document type is declared; allowed: none; remove <!DOCTYPE ...>"
        )

    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = document_type
    try:
        parser.Parse(text, True)
    except xml.parsers.expat.ExpatError as error:
        raise InputError(
            f"{file}:{error.lineno}: not well-formed XML ({xml.parsers.expat.errors.messages[error.code]}, column "
            f"{error.offset + 1}); allowed: BehaviorTree.CPP 4 XML; correct this line"
        ) from None
    return root.children[0]
