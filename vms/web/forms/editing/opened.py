"""A machine as it was when somebody opened its form: signed, the form carries it along."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from time import time
from typing import Any

from django.core.signing import BadSignature, Signer

from vms.models import Vm
from vms.operations.definitions import hardware_of
from vms.rules.differences import Change, Part, difference
from vms.rules.hardware import Hardware


@dataclass(frozen=True, slots=True)
class Opened:
    """digest: of the definition that was read; at: seconds since 1970. The rest is the panel's own."""

    hardware: Hardware
    digest: str
    display_name: str
    mode: str
    notes: str
    protected: bool
    at: float

    def is_still_so(self, now: Opened) -> bool:
        """Whether all of it that people are shown is as it was. What they are not shown may differ."""
        own = all(getattr(self, name) == getattr(now, name) for name in _OWN)
        return own and not self.changes_until(now)

    def changes_until(self, now: Opened) -> list[Change]:
        """Of its definition. The size of a disk that has only been measured since is none."""
        changes = difference(self.hardware, now.hardware)
        return [change for change in changes if change.part is not Part.DRIVE_SIZE or change.before is not None]

    def with_drives_of(self, before: Opened) -> Opened:
        """What was filled in is judged by what was shown: a disk without a size had no field for it."""
        return replace(self, hardware=replace(self.hardware, drives=before.hardware.drives))

    def token(self, vm: Vm) -> str:
        facts = {**asdict(self), "hardware": self.hardware.as_arguments()}
        return _signer(vm).sign_object(facts, compress=True)


def open_now(vm: Vm) -> Opened | None:
    """None while nobody has read the machine's definition."""
    hardware = hardware_of(vm)
    if hardware is None:
        return None
    return Opened(hardware, vm.definition.digest, vm.display_name, vm.mode, vm.notes, vm.protected, time())


def opened_before(vm: Vm, token: str) -> Opened | None:
    """None for what this panel has not signed for this machine, or not in this version."""
    try:
        facts: dict[str, Any] = _signer(vm).unsign_object(token)
        return Opened(**{**facts, "hardware": Hardware.from_arguments(facts["hardware"])})
    except (BadSignature, KeyError, TypeError, ValueError):
        return None


_OWN = ("display_name", "mode", "notes", "protected")


def _signer(vm: Vm) -> Signer:
    return Signer(salt=f"vms.edit.{vm.pk}")
