"""Machines of all shapes whose form is opened and sent as a browser would do it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import lxml.html
from django.test import Client
from django.utils import timezone

from tests.hypervisor.editings import CORPUS
from vms.hypervisor.editing import Definition
from vms.models import Operation, Vm
from vms.operations.definitions import write_definition
from vms.rules.differences import Change
from vms.rules.edits import EditOrder

MIB, GIB = 1024**2, 1024**3
REVIEW, SAVE = "review", "save"


def defined(vm: Vm, xml: str, *, live: str = "", autostart: bool = False) -> Vm:
    """As if the watcher had read this definition."""
    write_definition(vm, Definition(xml, live, autostart), timezone.now())
    return Vm.objects.get(pk=vm.pk)


def shaped(vm: Vm, name: str, *, running: bool = False) -> Vm:
    return defined(vm, CORPUS[name], live=CORPUS[name] if running else "")


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@dataclass
class Page:
    """The form of a machine as a browser shows it."""

    browser: Client
    vm: Vm
    answer: Any

    @property
    def form(self) -> Any:
        return self._found("//main//form[@method='post']")[0]

    @property
    def values(self) -> dict[str, list[str]]:
        """What a browser would send. Fields that are disabled are not sent; a text area begins behind its first line's
        end."""
        form = self.form
        disabled = set(form.xpath(".//*[@disabled]/@name"))
        areas = set(form.xpath(".//textarea/@name"))
        sent: dict[str, list[str]] = {}
        for name, value in form.form_values():
            if name not in disabled:
                sent.setdefault(name, []).append(value.removeprefix("\n") if name in areas else value)
        return sent

    def shows(self, name: str) -> str:
        return self.values.get(name, [""])[0]

    @property
    def text(self) -> str:
        return text_of(self.answer)

    def lines(self) -> list[str]:
        """What would be changed, and when."""
        found = self._found("//li[contains(@class, 'change ')]")
        return [" ".join(each.text_content().split()) for each in found]

    def _found(self, path: str) -> list[Any]:
        content = self.answer.content.decode()
        found: Any = lxml.html.fromstring(content).xpath(path) if content else []
        return list(found)

    def errors(self) -> dict[str, str]:
        """By the ids of the fields."""
        found = self._found("//*[contains(@class, 'field__error')][@id]")
        return {
            each.get("id").removeprefix("id_").removesuffix("_error"): each.text_content().strip() for each in found
        }

    def send(self, step: str = REVIEW, /, **fields: Any) -> Page:
        """With other values in some fields, None for a box that is not ticked. Names: sizes__memory, disk_vda__size."""
        values = self.values
        for name, value in fields.items():
            values[name] = [str(value)] if value is not None else []
        values["step"] = [step]
        return Page(self.browser, self.vm, self.browser.post(f"/vms/{self.vm.pk}/edit/", values))

    def save(self, **fields: Any) -> Page:
        """Through the review. Where that is not reached, as far as it came."""
        review = self.send(**fields)
        return review.send(SAVE) if review.answer.status_code == 200 else review


def opened(browser: Client, vm: Vm) -> Page:
    return Page(browser, vm, browser.get(f"/vms/{vm.pk}/edit/"))


def asked(vm: Vm) -> EditOrder:
    """What was asked for, the only one."""
    return EditOrder.from_arguments(Operation.objects.get(vm=vm).arguments)


def changes_asked(vm: Vm) -> list[Change]:
    return asked(vm).changes


def key() -> str:
    return str(uuid4())
