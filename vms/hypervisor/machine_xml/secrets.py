"""A definition as it may be kept and read: without passwords and keys."""

from lxml.etree import _Element as Element

from vms.hypervisor.machine_xml.parsing import parse, text_of

_ATTRIBUTES = (("devices/graphics[@passwd]", "passwd"), (".//source[@query]", "query"))
"""A query can be a ticket to what is behind a web address."""
_TEXTS = (".//cookies/cookie", "launchSecurity/session", "launchSecurity/dhCert")


def without_secrets(xml: str) -> str:
    """The same text where there are none. Disks and TPMs only name their secrets, which libvirt keeps elsewhere; what
    people write into arguments, descriptions and metadata is theirs. InvalidXml if it is no machine's definition."""
    root = parse(xml)
    return text_of(root) if _take_attributes(root) + _empty_texts(root) else xml


def _take_attributes(root: Element) -> int:
    found = [(element, name) for path, name in _ATTRIBUTES for element in root.findall(path)]
    for element, name in found:
        del element.attrib[name]
    return len(found)


def _empty_texts(root: Element) -> int:
    found = [element for path in _TEXTS for element in root.findall(path)]
    for element in found:
        element.text = None
    return len(found)
