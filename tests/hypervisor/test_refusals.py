"""What libvirt and QEMU say when something fails, and what it is called here."""

from __future__ import annotations

import errno

import libvirt
import pytest

from vms.hypervisor.errors import (
    DiskExists,
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
from vms.hypervisor.libvirt_driver.refusals import error_from, error_from_opening

QEMU, STORAGE, RPC = libvirt.VIR_FROM_QEMU, libvirt.VIR_FROM_STORAGE, libvirt.VIR_FROM_RPC
STREAMS = libvirt.VIR_FROM_STREAMS
DIED = "internal error: qemu unexpectedly closed the monitor: 2026-01-01T00:00:00Z qemu-system-x86_64: "


def said(code: int, text: str, *, domain: int = QEMU, number: int = -1) -> libvirt.libvirtError:
    error = libvirt.libvirtError(text)
    error.err = (code, domain, text, libvirt.VIR_ERR_ERROR, "", None, None, number, -1)
    return error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (libvirt.VIR_ERR_NO_DOMAIN, VmNotFound),
        (libvirt.VIR_ERR_OPERATION_INVALID, WrongState),
        (libvirt.VIR_ERR_OPERATION_TIMEOUT, TimedOut),
        (libvirt.VIR_ERR_NO_SUPPORT, Unsupported),
        (libvirt.VIR_ERR_CONFIG_UNSUPPORTED, Unsupported),
        (libvirt.VIR_ERR_XML_ERROR, InvalidXml),
        (libvirt.VIR_ERR_XML_INVALID_SCHEMA, InvalidXml),
        (libvirt.VIR_ERR_STORAGE_VOL_EXIST, DiskExists),
        (libvirt.VIR_ERR_RPC, NodeUnreachable),
        (libvirt.VIR_ERR_NO_CONNECT, NodeUnreachable),
        (libvirt.VIR_ERR_OPERATION_FAILED, Refused),
        (libvirt.VIR_ERR_INTERNAL_ERROR, Refused),
        (libvirt.VIR_ERR_ACCESS_DENIED, Refused),
    ],
)
def test_the_code_tells(code: int, kind: type[HypervisorError]) -> None:
    assert type(error_from(said(code, "in whatever words"))) is kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (DIED + '-blockdev {...}: Failed to get "write" lock\nIs another process using the image?', DiskLocked),
        (DIED + "-blockdev {...}: Could not open '/images/a.qcow2': No such file or directory", DiskMissing),
        (DIED + "could not open kernel file '/boot/vmlinuz': No such file or directory", Refused),
        (DIED + "cannot set up guest memory 'pc.ram': Cannot allocate memory", NotEnoughMemory),
        (DIED + "-blockdev {...}: No space left on device", NoSpace),
        ("internal error: Child process (/usr/bin/qemu-img create ...): No space left on device", NoSpace),
        ("internal error: unable to execute QEMU command '...': Postcopy is not supported", NoPostCopy),
        ("internal error: client socket is closed", NodeUnreachable),
        ("internal error: connection closed due to keepalive timeout", NodeUnreachable),
        ("Cannot recv data: Connection reset by peer", NodeUnreachable),
        ("End of file while reading data: Input/output error", NodeUnreachable),
    ],
)
def test_where_the_code_tells_nothing_the_text_does(text: str, kind: type[HypervisorError]) -> None:
    assert type(error_from(said(libvirt.VIR_ERR_INTERNAL_ERROR, text))) is kind
    assert type(error_from(said(libvirt.VIR_ERR_OPERATION_FAILED, text))) is kind


@pytest.mark.parametrize(
    ("number", "domain", "kind"),
    [
        (errno.ENOENT, STORAGE, DiskMissing),
        (errno.ENOENT, QEMU, Refused),
        (errno.ENOMEM, QEMU, NotEnoughMemory),
        (errno.ENOSPC, STORAGE, NoSpace),
        (errno.ENOENT, STREAMS, DiskMissing),
        (errno.ENOSPC, STREAMS, NoSpace),
    ],
)
def test_a_system_error_tells_by_its_number_in_any_language(
    number: int, domain: int, kind: type[HypervisorError]
) -> None:
    error = said(libvirt.VIR_ERR_SYSTEM_ERROR, "Datei oder Verzeichnis nicht gefunden", domain=domain, number=number)
    assert type(error_from(error)) is kind


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (libvirt.VIR_ERR_AUTH_FAILED, "authentication failed", LoginRefused),
        (libvirt.VIR_ERR_AUTH_UNAVAILABLE, "no polkit agent", LoginRefused),
        (
            libvirt.VIR_ERR_SYSTEM_ERROR,
            "Cannot recv data: Host key verification failed.",
            LoginRefused,
        ),
        (libvirt.VIR_ERR_SYSTEM_ERROR, "Failed to connect socket to '/x': Permission denied", LoginRefused),
        (libvirt.VIR_ERR_SYSTEM_ERROR, "unable to connect to server at 'a:16509': Connection refused", NodeUnreachable),
    ],
)
def test_why_a_connection_could_not_be_opened(code: int, text: str, kind: type[HypervisorError]) -> None:
    assert type(error_from_opening(said(code, text, domain=RPC))) is kind


def test_what_libvirt_said_is_kept_as_evidence() -> None:
    assert "in its own words" in str(error_from(said(libvirt.VIR_ERR_INTERNAL_ERROR, "in its own words")))
