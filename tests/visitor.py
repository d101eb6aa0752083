"""Somebody who uses the panel without a browser: pages and forms over HTTP, with cookies, read as HTML."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from functools import cached_property
from http.cookiejar import Cookie, CookieJar
from uuid import UUID

import lxml.html

from tests.stack import Machine, Stack, wait_until


@dataclass(frozen=True)
class Page:
    status: int
    url: str
    text: str

    @cached_property
    def html(self) -> lxml.html.HtmlElement:
        return lxml.html.fromstring(self.text if self.text.strip() else "<html></html>")

    def words(self, selector: str) -> list[str]:
        """The text of every element that has the class."""
        found = self.html.xpath(f"//*[contains(concat(' ', @class, ' '), ' {selector} ')]")
        return [" ".join(element.text_content().split()) for element in found]


class Visitor:
    """Logged in."""

    def __init__(self, stack: Stack, name: str = "", password: str = "", *, session: str = "") -> None:
        """session: of somebody who is logged in already."""
        self.stack = stack
        self.name = name or stack.user
        self._cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))
        if session:
            self._cookies.set_cookie(_cookie("panel", session))
            self.get("/pools/")
        else:
            self._log_in(name, password)

    def _log_in(self, name: str, password: str) -> None:
        self.get("/login/")
        page = self.post("/login/", username=name or self.stack.user, password=password or self.stack.password)
        assert page.status == 200 and "/login/" not in page.url, page.text

    @property
    def cookies(self) -> str:
        """As a header says them."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._cookies)

    def get(self, path: str) -> Page:
        return self._ask(urllib.request.Request(self.stack.url + path))

    def post(self, path: str, *, part: bool = False, **fields: str) -> Page:
        """part: as the page's own script asks."""
        token = next(cookie.value for cookie in self._cookies if cookie.name == "panel-csrf")
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **fields}).encode()
        headers = {"HX-Request": "true"} if part else {}
        return self._ask(urllib.request.Request(self.stack.url + path, body, headers))

    def act(self, machine: Machine, action: str, **fields: str) -> Page:
        """Answered 202, or 409 with the reason."""
        return self.post(f"/vms/{machine.uuid}/{action}/", part=True, **fields)

    def _ask(self, request: urllib.request.Request) -> Page:
        try:
            with self._opener.open(request, timeout=40) as answer:
                return Page(answer.status, answer.url, answer.read().decode())
        except urllib.error.HTTPError as error:
            return Page(error.code, error.url or "", error.read().decode())

    # --- what the pages say -----------------------------------------------------------------------
    def row(self, uuid: UUID | str) -> Page:
        return self.get(f"/vms/rows/?id={uuid}&open={uuid}")

    def status(self, machine: Machine) -> str:
        """The status of its row, "" when there is none."""
        return next(iter(self.row(machine.uuid).words("status__text")), "")

    def note(self, machine: Machine) -> str:
        return next(iter(self.row(machine.uuid).words("status__note")), "")

    def node_state(self, name: str) -> str:
        return next(iter(self.get(f"/nodes/?q={name}").words("status__text")), "")

    def operations(self, machine: Machine) -> list[tuple[str, str, str]]:
        """(action, progress, note) of its operations, the newest first."""
        page = self.get("/operations/")
        rows = page.html.xpath(f"//tr[.//a[contains(@href, '{machine.uuid}')] or .//*[text()='{machine.name}']]")
        found = []
        for row in rows:
            text = lxml.html.tostring(row, encoding="unicode")
            part = Page(200, "", text)
            action = row.xpath(".//th//a")[0].text_content().strip()
            found.append((action, part.words("status__text")[0], next(iter(part.words("status__note")), "")))
        return found

    # --- waiting ----------------------------------------------------------------------------------
    def sees(self, machine: Machine, status: str, *, seconds: float = 15) -> None:
        """Fails unless the row says so in time."""
        assert wait_until(lambda: self.status(machine) == status, seconds=seconds), (
            f"{machine.name}: {self.status(machine)!r} instead of {status!r}; {self.operations(machine)}"
        )

    def sees_operation(self, machine: Machine, action: str, progress: str, *, seconds: float = 30) -> str:
        """The note of the newest operation, when it has come so far."""
        assert wait_until(
            lambda: [each[:2] for each in self.operations(machine)][:1] == [(action, progress)], seconds=seconds
        ), self.operations(machine)
        return self.operations(machine)[0][2]

    def sees_node(self, name: str, state: str, *, seconds: float = 40) -> None:
        assert wait_until(lambda: self.node_state(name) == state, seconds=seconds), self.node_state(name)


def _cookie(name: str, value: str) -> Cookie:
    """Of this machine alone, until the end."""
    return Cookie(
        *(0, name, value, None),
        *(False, "127.0.0.1", True, False),
        *("/", True, False, None),
        *(False, None, None, {}),
    )
