"""libvirt's errors in, our errors out: by code first; by text where QEMU's own words are all there is.

libvirt translates its texts, QEMU does not; so a text is only asked where no number tells the same.
"""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import libvirt

from vms.hypervisor.errors import (
    AddressNotUnderstood,
    ChainBroken,
    DiskExists,
    DiskInUse,
    DiskLocked,
    DiskMissing,
    HypervisorError,
    InvalidXml,
    LoginRefused,
    NodeUnreachable,
    NoPostCopy,
    NoSpace,
    NotEnoughMemory,
    Refused,
    TimedOut,
    Unsupported,
    VmNotFound,
    WrongState,
)
from vms.hypervisor.libvirt_driver.link import Link
from vms.rules.problems import Problem

_Kind = type[HypervisorError]


def _by_number(kinds: Mapping[str, _Kind]) -> Mapping[int, _Kind]:
    """Only those this libvirt knows."""
    return {getattr(libvirt, name): kind for name, kind in kinds.items() if hasattr(libvirt, name)}


_CODES = _by_number(
    {
        "VIR_ERR_NO_DOMAIN": VmNotFound,
        "VIR_ERR_OPERATION_INVALID": WrongState,
        "VIR_ERR_OPERATION_TIMEOUT": TimedOut,
        "VIR_ERR_AGENT_UNRESPONSIVE": TimedOut,
        "VIR_ERR_AGENT_COMMAND_TIMEOUT": TimedOut,
        "VIR_ERR_NO_SUPPORT": Unsupported,
        "VIR_ERR_OPERATION_UNSUPPORTED": Unsupported,
        "VIR_ERR_ARGUMENT_UNSUPPORTED": Unsupported,
        "VIR_ERR_CONFIG_UNSUPPORTED": Unsupported,
        "VIR_ERR_XML_ERROR": InvalidXml,
        "VIR_ERR_XML_DETAIL": InvalidXml,
        "VIR_ERR_XML_INVALID_SCHEMA": InvalidXml,
        "VIR_ERR_NO_NAME": InvalidXml,
        "VIR_ERR_OS_TYPE": InvalidXml,
        "VIR_ERR_NO_STORAGE_VOL": DiskMissing,
        "VIR_ERR_NO_STORAGE_POOL": DiskMissing,
        "VIR_ERR_STORAGE_VOL_EXIST": DiskExists,
        "VIR_ERR_RESOURCE_BUSY": DiskInUse,
        "VIR_ERR_NO_DOMAIN_CHECKPOINT": ChainBroken,
        "VIR_ERR_CHECKPOINT_INCONSISTENT": ChainBroken,
        "VIR_ERR_AUTH_FAILED": LoginRefused,
        "VIR_ERR_AUTH_CANCELLED": LoginRefused,
        "VIR_ERR_AUTH_UNAVAILABLE": LoginRefused,
        "VIR_ERR_INVALID_CONN": NodeUnreachable,
        "VIR_ERR_NO_CONNECT": NodeUnreachable,
        "VIR_ERR_RPC": NodeUnreachable,
    }
)

_SYSTEM_ERRORS: Mapping[int, _Kind] = {errno.ENOMEM: NotEnoughMemory, errno.ENOSPC: NoSpace, errno.EDQUOT: NoSpace}

_ABOUT_IMAGES = frozenset({libvirt.VIR_FROM_STORAGE, libvirt.VIR_FROM_STREAMS})

_TEXTS: Mapping[str, _Kind] = {
    'failed to get "write" lock': DiskLocked,
    'failed to get "consistent read" lock': DiskLocked,
    "failed to get shared": DiskLocked,
    "cannot allocate memory": NotEnoughMemory,
    "cannot set up guest memory": NotEnoughMemory,
    "no space left on device": NoSpace,
    "postcopy is not supported": NoPostCopy,
    "keepalive timeout": NodeUnreachable,
    "client socket is closed": NodeUnreachable,
    "cannot recv data": NodeUnreachable,
    "cannot write data": NodeUnreachable,
    "end of file while reading data": NodeUnreachable,
}
"""Parts of the text in lower case; the first that is found says what it is."""

_MISSING_FILE = "no such file or directory"
_DISK_WORDS = ("storage file", "backing file", "could not open '", "-blockdev", "-drive")

_OPENING_CODES: Mapping[int, _Kind] = {
    libvirt.VIR_ERR_NO_CONNECT: AddressNotUnderstood,
    libvirt.VIR_ERR_INVALID_ARG: AddressNotUnderstood,
    libvirt.VIR_ERR_XML_ERROR: AddressNotUnderstood,
    libvirt.VIR_ERR_XML_DETAIL: AddressNotUnderstood,
    libvirt.VIR_ERR_AUTH_FAILED: LoginRefused,
    libvirt.VIR_ERR_AUTH_CANCELLED: LoginRefused,
    libvirt.VIR_ERR_AUTH_UNAVAILABLE: LoginRefused,
    libvirt.VIR_ERR_ACCESS_DENIED: LoginRefused,
    libvirt.VIR_ERR_OPERATION_DENIED: LoginRefused,
}

_OPENING_TEXTS: Mapping[str, _Kind] = {
    "permission denied": LoginRefused,
    "host key verification failed": LoginRefused,
    "authentication": LoginRefused,
    "unable to parse uri": AddressNotUnderstood,
    "uri path": AddressNotUnderstood,
}


@contextmanager
def our_errors(link: Link) -> Iterator[None]:
    """Let no libvirtError out of this package, and note a link that broke."""
    try:
        yield
    except libvirt.libvirtError as error:
        ours = error_from(error) if link.stands() else NodeUnreachable(str(error))
        if isinstance(ours, NodeUnreachable):
            link.give_up()
        raise ours from error


def require_address(uri: str) -> None:
    """libvirt takes an empty address for its default and a single word for an alias; here it is a mistake."""
    if ":" not in uri or not uri.isprintable():
        raise AddressNotUnderstood(f"{uri!r} is no address of a node")


def error_from_opening(error: libvirt.libvirtError) -> HypervisorError:
    text = str(error)
    kind = _OPENING_CODES.get(error.get_error_code() or 0) or _named_in(text, _OPENING_TEXTS) or NodeUnreachable
    return kind(text)


def error_from(error: libvirt.libvirtError) -> HypervisorError:
    text = str(error)
    kind = (
        _CODES.get(error.get_error_code() or 0)
        or _system_error(error)
        or _named_in(text, _TEXTS)
        or _missing_disk(text)
        or Refused
    )
    return kind(text)


def problem_in(text: str) -> Problem:
    """Of QEMU's own words, where they come without a number."""
    return (_named_in(text, _TEXTS) or Refused).problem


def _system_error(error: libvirt.libvirtError) -> _Kind | None:
    if error.get_error_code() != libvirt.VIR_ERR_SYSTEM_ERROR:
        return None
    number = error.get_int1()
    if number == errno.ENOENT and error.get_error_domain() in _ABOUT_IMAGES:
        return DiskMissing
    return _SYSTEM_ERRORS.get(number or 0)


def _missing_disk(text: str) -> _Kind | None:
    lower = text.lower()
    missing = _MISSING_FILE in lower and any(word in lower for word in _DISK_WORDS)
    return DiskMissing if missing else None


def _named_in(text: str, kinds: Mapping[str, _Kind]) -> _Kind | None:
    lower = text.lower()
    return next((kind for part, kind in kinds.items() if part in lower), None)
