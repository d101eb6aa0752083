"""What a guest tells of itself by its agent, and what the node's networks know of it."""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Any, cast

import libvirt

from vms.hypervisor.contract import GuestInfo, GuestInterface
from vms.hypervisor.libvirt_driver.agent import NO_AGENT, NO_ANSWER

_WANTED = ("VIR_DOMAIN_GUEST_INFO_OS", "VIR_DOMAIN_GUEST_INFO_HOSTNAME", "VIR_DOMAIN_GUEST_INFO_INTERFACES")
_NOT_TOLD = NO_AGENT | NO_ANSWER | frozenset({libvirt.VIR_ERR_OPERATION_UNSUPPORTED, libvirt.VIR_ERR_NO_DOMAIN})


def guest_of(domain: libvirt.virDomain, *, seconds: int) -> GuestInfo | None:
    """None also from a libvirt that cannot limit how long an agent may take: it would wait for ever."""
    if not hasattr(domain, "agentSetResponseTimeout") or not hasattr(domain, "guestInfo"):
        return None
    try:
        domain.agentSetResponseTimeout(seconds)
        return _info_from(_answers_of(domain))
    except libvirt.libvirtError as error:
        if error.get_error_code() in _NOT_TOLD:
            return None
        raise


def leases_of(domain: libvirt.virDomain) -> tuple[GuestInterface, ...]:
    try:
        found = domain.interfaceAddresses(libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE)
    except libvirt.libvirtError as error:
        if error.get_error_code() in {libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_ERR_OPERATION_INVALID}:
            return ()
        raise
    interfaces = cast("Mapping[str, Mapping[str, Any]]", found).values()
    return tuple(
        _interface(each.get("hwaddr") or "", (address["addr"] for address in each.get("addrs") or ()))
        for each in interfaces
    )


def _answers_of(domain: libvirt.virDomain) -> Mapping[str, Any]:
    """An old agent knows some of the questions only; asked for nothing in particular it tells what it can."""
    wanted = sum(getattr(libvirt, name, 0) for name in _WANTED)
    try:
        return cast("dict[str, Any]", domain.guestInfo(wanted))
    except libvirt.libvirtError as error:
        if error.get_error_code() in NO_ANSWER | NO_AGENT:
            raise  # asked again for nothing in particular, libvirt would fail without saying why
        return cast("dict[str, Any]", domain.guestInfo(0))


def _info_from(told: Mapping[str, Any]) -> GuestInfo:
    return GuestInfo(_os_name(told), str(told.get("hostname", "")), tuple(_interfaces(told)))


def _os_name(told: Mapping[str, Any]) -> str:
    """A guest without os-release tells its kernel only, which is Linux: others tell their name."""
    if name := told.get("os.pretty-name"):
        return str(name)
    if name := told.get("os.name"):
        return f"{name} {told.get('os.version', '')}".strip()
    kernel = told.get("os.kernel-release")
    return f"Linux {kernel}" if kernel else ""


def _interfaces(told: Mapping[str, Any]) -> Iterator[GuestInterface]:
    for number in range(told.get("if.count", 0)):
        addresses = range(told.get(f"if.{number}.addr.count", 0))
        texts = (told[f"if.{number}.addr.{address}.addr"] for address in addresses)
        if mac := told.get(f"if.{number}.hwaddr"):
            yield _interface(mac, texts)


def _interface(mac: str, addresses: Iterable[str]) -> GuestInterface:
    return GuestInterface(mac.lower(), tuple(address for address in addresses if _leads_there(address)))


def _leads_there(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return not (found.is_link_local or found.is_loopback or getattr(found, "is_site_local", False))
