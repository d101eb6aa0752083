"""The smallest changes to a definition's elements."""

from lxml import etree
from lxml.etree import _Element as Element


def child_of(parent: Element, tag: str) -> Element:
    """The first one of that name, made at the end if there is none."""
    found = parent.find(tag)
    return etree.SubElement(parent, tag) if found is None else found


def write_text(element: Element, text: str) -> None:
    """ValueError for a character that XML has no way to write."""
    del element[:]
    element.text = text


def drop(element: Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def drop_all(root: Element, *paths: str) -> None:
    for path in paths:
        for element in root.findall(path):
            drop(element)


def drop_attributes(element: Element, *names: str) -> None:
    for name in names:
        if name in element.attrib:
            del element.attrib[name]
