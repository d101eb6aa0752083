"""The file for virt-viewer: for whoever may look, if the node lets people in; never with a secret."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from directory.models import Person
from vms.hypervisor.consoles import Screen
from vms.hypervisor.errors import NodeUnreachable
from vms.hypervisor.fake import FakeNode
from vms.live.console_opening import Doors
from vms.live.viewer_file import ViewerFile, viewer_file
from vms.models import Vm
from vms.rules.consoles import Ending, ScreenKind

pytestmark = [pytest.mark.django_db(transaction=True)]

Answer = tuple[int, dict[str, str], str]


def ask(person: Person | None, vm: Vm, *, name: str = "viewer.vv", method: str = "GET") -> Answer:
    client = Client()
    if person:
        client.force_login(person)
    cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
    headers = [(b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie.value}".encode())] if cookie else []
    scope = {"type": "http", "method": method, "path": f"/live/console/{vm.pk}/{name}", "headers": headers}
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    async def run() -> None:
        await ViewerFile(Doors())(scope, receive, send)

    asyncio.run(run())
    said = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
    return sent[0]["status"], said, sent[1]["body"].decode()


def test_an_open_port_is_named(anna: Person, running_vm: Vm, alpha: FakeNode) -> None:
    alpha.machines[running_vm.pk].screen = Screen(ScreenKind.SPICE, "192.0.2.7", 5900, 5901)
    status, headers, text = ask(anna, running_vm)
    assert (status, headers["content-type"]) == (200, "application/x-virt-viewer")
    assert headers["cache-control"] == "no-store"
    assert text.splitlines() == [
        *("[virt-viewer]", "type=spice", "host=192.0.2.7", "port=5900", "tls-port=5901"),
        *("title=web1", "delete-this-file=1"),
    ]


@pytest.mark.parametrize(
    ("screen", "ending"),
    [(Screen(ScreenKind.NONE), Ending.NO_SCREEN), (Screen(ScreenKind.VNC), Ending.NO_OPEN_PORT)],
)
def test_what_cannot_be_is_explained_on_the_page(
    anna: Person, running_vm: Vm, alpha: FakeNode, screen: Screen, ending: Ending
) -> None:
    alpha.machines[running_vm.pk].screen = screen
    status, headers, _text = ask(anna, running_vm)
    assert (status, headers["location"]) == (303, f"/vms/{running_vm.pk}/use/?viewer={ending}")


def test_a_node_that_does_not_answer_is_explained_too(anna: Person, running_vm: Vm, alpha: FakeNode) -> None:
    alpha.fail_next("screen", NodeUnreachable("gone"))
    assert ask(anna, running_vm)[1]["location"].endswith(Ending.NODE_LOST)


def test_who_may_not_look_learns_nothing(otto: Person, nobody: Person, running_vm: Vm, alpha: FakeNode) -> None:
    alpha.machines[running_vm.pk].screen = Screen(ScreenKind.VNC, "192.0.2.7", 5900)
    for person, ending in ((otto, Ending.NOT_PERMITTED), (nobody, Ending.NOT_PERMITTED), (None, Ending.LOGGED_OUT)):
        status, headers, text = ask(person, running_vm)
        assert (status, text) == (303, "")
        assert headers["location"].endswith(ending)
    assert alpha.calls == []


def test_there_is_nothing_else_at_such_addresses(anna: Person, running_vm: Vm) -> None:
    assert ask(anna, running_vm, name="")[0] == 404
    assert ask(anna, running_vm, name="screen")[0] == 404
    assert ask(anna, running_vm, method="POST")[0] == 404


def test_a_name_cannot_add_lines_to_the_file() -> None:
    text = viewer_file("a\nhost=evil.example\r[ovirt]", Screen(ScreenKind.VNC, "0.0.0.0", 5900), "node7")
    assert text.count("\n") == 6
    assert "\nhost=node7\n" in text
    assert "host=evil" not in text.replace("title=ahostevil.exampleovirt", "")
