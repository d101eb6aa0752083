from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vms import labels
from vms.rules.differences import Change, Part
from vms.rules.editing import plan
from vms.rules.hardware import Hardware
from vms.web import formats
from vms.web.forms.editing.part import MIB, EditPart

MOST_MEMORY, MOST_VCPUS = 64 * 1024 * 1024, 4096
"""In MiB. Far more than any node has."""


def _other_memory(machine: Hardware) -> Iterator[Hardware]:
    step = machine.limits.page or MIB
    for memory in (machine.memory + step, machine.memory - step):
        yield replace(machine, memory=memory, memory_current=min(memory, machine.memory_current))


def _less_memory(machine: Hardware) -> Iterator[Hardware]:
    yield replace(machine, memory_current=max(MIB, machine.memory_current - MIB))


def _other_vcpus(machine: Hardware) -> Iterator[Hardware]:
    for vcpus in (machine.vcpus + 1, machine.vcpus - 1):
        yield replace(machine, vcpus=vcpus, vcpus_current=min(vcpus, machine.vcpus_current))


def _other_vcpus_on(machine: Hardware) -> Iterator[Hardware]:
    for vcpus in (machine.vcpus_current + 1, machine.vcpus_current - 1):
        yield replace(machine, vcpus_current=vcpus)


class SizesForm(EditPart):
    """Memory and vCPUs. The most it may have is the same as what it has, as long as nobody says otherwise."""

    prefix = "sizes"
    FIELDS = {
        Part.MEMORY: "memory",
        Part.MEMORY_MAXIMUM: "memory_maximum",
        Part.VCPUS: "vcpus",
        Part.VCPUS_MAXIMUM: "vcpus_maximum",
    }

    memory = forms.IntegerField(label=pgettext_lazy("form field", "Memory in MiB"), min_value=1, max_value=MOST_MEMORY)
    memory_maximum = forms.IntegerField(
        label=pgettext_lazy("form field", "Maximum memory in MiB"), min_value=1, max_value=MOST_MEMORY, required=False
    )
    vcpus = forms.IntegerField(label=pgettext_lazy("form field", "vCPUs"), min_value=1, max_value=MOST_VCPUS)
    vcpus_maximum = forms.IntegerField(
        label=pgettext_lazy("form field", "Maximum vCPUs"), min_value=1, max_value=MOST_VCPUS, required=False
    )

    def prepare(self) -> None:
        machine = self.edited.hardware
        self._fixed = self._what_is_fixed(machine)
        self.initial = {
            "memory": _in_mib(machine.memory_current),
            "memory_maximum": _unless_same(_in_mib(machine.memory), _in_mib(machine.memory_current)),
            "vcpus": machine.vcpus_current,
            "vcpus_maximum": _unless_same(machine.vcpus, machine.vcpus_current),
        }
        self._show_what_is_fixed(machine)
        self._explain()

    def _what_is_fixed(self, machine: Hardware) -> set[Part]:
        """Whose most cannot be changed, whatever else is."""
        probes = {Part.MEMORY_MAXIMUM: _other_memory, Part.VCPUS_MAXIMUM: _other_vcpus}
        return {part for part, probe in probes.items() if self._hint(part, probe).why_not}

    def _show_what_is_fixed(self, machine: Hardware) -> None:
        if Part.MEMORY_MAXIMUM in self._fixed:
            self.initial["memory_maximum"] = _in_mib(machine.memory)
        if Part.VCPUS_MAXIMUM in self._fixed:
            self.initial["vcpus_maximum"] = machine.vcpus

    def probes(self) -> Mapping[Part, Any]:
        """Without a balloon it always has the most it may have: that is then changed in one field."""
        machine = self.edited.hardware
        if machine.limits.has_balloon and machine.memory_current > MIB:
            memory = {Part.MEMORY_MAXIMUM: _other_memory}
        elif Part.MEMORY_MAXIMUM in self._fixed:
            memory = {Part.MEMORY_MAXIMUM: _other_memory, Part.MEMORY: _less_memory}
        else:
            memory = {Part.MEMORY_MAXIMUM: _bare_maximum}
        vcpus = {Part.VCPUS: _other_vcpus_on} if machine.limits.vcpus_have_names else {}
        return {**memory, Part.VCPUS_MAXIMUM: _other_vcpus, **vcpus}

    def _explain(self) -> None:
        same = _("What the running machine can be given at most. Empty: no more than it has.")
        self.fields["memory_maximum"].help_text = same
        self.fields["vcpus_maximum"].help_text = same
        live, node = self.edited.live, self.edited.offer.node
        self.fields["memory"].help_text = " ".join([*_free_at(node.name, node.memory_free), *_memory_now(live)])
        self.fields["vcpus"].help_text = " ".join([*_cpus_of(node.name, node.cpus), *_vcpus_now(live)])

    # What was chosen

    def clean_memory(self) -> int:
        """In bytes."""
        memory: int = self.cleaned_data["memory"]
        return self._bytes(memory, self.edited.hardware.memory_current)

    def clean_memory_maximum(self) -> int | None:
        maximum: int | None = self.cleaned_data["memory_maximum"]
        return None if maximum is None else self._bytes(maximum, self.edited.hardware.memory)

    @staticmethod
    def _bytes(mib: int, was: int) -> int:
        """Exactly what it was, if that is what the field showed."""
        return was if mib == _in_mib(was) else mib * MIB

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for what in ("memory", "vcpus"):
            most = values.get(f"{what}_maximum")
            if what in values and most is not None and most < values[what]:
                self.add_error(what, str(labels.MORE_THAN_THE_MOST))
        self._clean_beyond_the_node(values)
        return values

    def _clean_beyond_the_node(self, values: Mapping[str, Any]) -> None:
        node, was = self.edited.offer.node, self.edited.hardware.memory_current
        wanted = values.get("memory") or 0
        if 0 < node.memory_total < wanted and wanted > was:
            words = {"node": node.name, "size": formats.size(node.memory_total)}
            self.add_error("memory", str(labels.MORE_THAN_THE_NODE) % words)

    def field_of(self, change: Change) -> str | None:
        """What was not said apart is wrong in the field that it follows."""
        name = super().field_of(change)
        follows = name is not None and name.endswith("_maximum") and self.cleaned_data.get(name) is None
        return name.removesuffix("_maximum") if name and follows else name

    def applied(self, machine: Hardware) -> Hardware:
        values = self.cleaned_data
        return replace(
            machine,
            memory_current=values["memory"],
            memory=values["memory_maximum"] or self._same_memory(values["memory"]),
            vcpus_current=values["vcpus"],
            vcpus=values["vcpus_maximum"] or values["vcpus"],
        )

    def _same_memory(self, memory: int) -> int:
        """Both were shown as one number, and need not be the same to the byte."""
        was = self.edited.hardware
        return was.memory if memory == was.memory_current and _in_mib(was.memory) == _in_mib(memory) else memory


def _bare_maximum(machine: Hardware) -> Iterator[Hardware]:
    yield replace(machine, memory=machine.memory + (machine.limits.page or MIB))


def _in_mib(size: int) -> int:
    return max(1, round(size / MIB))


def _unless_same(most: int, now: int) -> int | None:
    return None if most == now else most


def _free_at(node: str, free: int) -> Iterator[str]:
    if free:
        yield str(labels.NODE_HAS_FREE) % {"node": node, "free": formats.size(free)}


def _cpus_of(node: str, cpus: int) -> Iterator[str]:
    if cpus:
        yield str(labels.NODE_HAS_CPUS) % {"node": node, "cpus": labels.cpus(cpus)}


def _memory_now(live: Hardware | None) -> Iterator[str]:
    if live is None:
        return
    can = live.limits.has_balloon
    yield str(labels.MEMORY_NOW if can else labels.MEMORY_LATER) % {"size": formats.size(live.memory)}


def _vcpus_now(live: Hardware | None) -> Iterator[str]:
    if live is None:
        return
    more = replace(live, vcpus_current=live.vcpus_current + 1)
    can = any(change.part is Part.VCPUS and change.when == "now" for change in plan(live, more, live))
    words = {"most": live.vcpus, "now": live.vcpus_current}
    yield str(labels.VCPUS_NOW if can else labels.VCPUS_LATER) % words
