"""Getting through to a directory: a first contact with socket and certificate, before the library is let at it.

libldap waits for a handshake that never ends as long as that takes, and says of a certificate only that something is
wrong with it. So both are tried first with sockets that have a time limit. libldap checks everything once more."""

from __future__ import annotations

import socket
import ssl

from directory.ldap.access import Access
from directory.ldap.problems import DirectoryFault, Problem

# An ExtendedRequest with message id 1 for 1.3.6.1.4.1.1466.20037, RFC 4511 4.14.
STARTTLS = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"
RESULT_CODE = b"\x0a\x01"
SUCCESS = 0


def reach(access: Access, seconds: float) -> socket.socket:
    try:
        return _connected(access, seconds)
    except TimeoutError as error:
        raise DirectoryFault(Problem.NO_ANSWER, str(error)) from error
    except OSError as error:
        raise DirectoryFault(Problem.UNREACHABLE, error.strerror or str(error)) from error


def _connected(access: Access, seconds: float) -> socket.socket:
    if access.scheme != "ldapi":
        return socket.create_connection((access.host, access.port), seconds)
    contact = socket.socket(socket.AF_UNIX)
    contact.settimeout(seconds)
    contact.connect(access.host)
    return contact


def try_tls(access: Access, contact: socket.socket, seconds: float) -> str:
    """The version of TLS that both agree on."""
    contact.settimeout(seconds)
    try:
        if access.scheme == "ldap":
            _start_tls(contact)
        with _context(access).wrap_socket(contact, server_hostname=access.host) as secured:
            return secured.version() or ""
    except ssl.SSLCertVerificationError as error:
        raise DirectoryFault(Problem.CERTIFICATE, error.verify_message) from error
    except TimeoutError as error:
        raise DirectoryFault(Problem.NO_ANSWER, str(error)) from error
    except OSError as error:
        raise DirectoryFault(Problem.NO_TLS, error.strerror or str(error)) from error


def _start_tls(contact: socket.socket) -> None:
    contact.sendall(STARTTLS)
    answer = contact.recv(4096)
    _, found, code = answer.partition(RESULT_CODE)
    if not found or code[:1] != bytes([SUCCESS]):
        raise DirectoryFault(Problem.NO_TLS, answer.decode(errors="replace")[-200:])


def _context(access: Access) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=access.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
