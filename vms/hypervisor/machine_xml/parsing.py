"""From text to elements and back, trusting nobody."""

from lxml import etree
from lxml.etree import _Element as Element

from vms.hypervisor.errors import InvalidXml


def parse(xml: str) -> Element:
    """The definition's <domain> element. InvalidXml if it is none, is malformed, or brings a DOCTYPE."""
    root = _parse(xml)
    if root.getroottree().docinfo.internalDTD is not None:
        raise InvalidXml("a DOCTYPE is not allowed")
    if root.tag != "domain":
        raise InvalidXml(f"expected <domain>, found <{root.tag}>")
    return root


def text_of(root: Element) -> str:
    """The whole document again, with the comments around its root."""
    return etree.tostring(root.getroottree(), encoding="unicode")


def _parse(xml: str) -> Element:
    try:
        return etree.fromstring(xml.encode(), _careful_parser())
    except (etree.XMLSyntaxError, UnicodeEncodeError) as error:
        raise InvalidXml(str(error)) from error


def _careful_parser() -> etree.XMLParser:
    """A new one for each text: a parser must not be shared by threads. What the text says of its encoding is moot."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        strip_cdata=False,
    )
