"""A machine's definition as text, line by line."""

from __future__ import annotations

from dataclasses import dataclass

from vms import labels
from vms.models import Definition, Vm
from vms.web import formats


@dataclass(frozen=True, slots=True)
class NamedXml:
    """key: "saved" for the next start, "live" for what it is now. asked: when it was read."""

    key: str
    title: str
    xml: str
    asked: str

    @property
    def lines(self) -> list[str]:
        return self.xml.splitlines()


def versions_of(vm: Vm) -> list[NamedXml]:
    """None if it was never read, one if it is off, two if it is on. vm: with its definition selected."""
    known: Definition | None = getattr(vm, "definition", None)
    if known is None:
        return []
    asked = formats.clock(known.asked_at)
    texts = {"saved": known.xml, "live": known.live_xml}
    return [NamedXml(key, str(labels.DEFINITION[key]), text, asked) for key, text in texts.items() if text]
