"""A directory that tests can change, and the page of Users or Groups as somebody fills it in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import lxml.html
from django.contrib.auth.models import Group
from django.test import Client

from directory.models import Person


@dataclass(frozen=True)
class Candidate:
    key: str
    name: str
    full_name: str = ""
    mail: str = ""
    place: str = ""
    is_local: bool = False


@dataclass
class Found:
    candidates: list[Candidate]
    more: bool = False
    trouble: str = ""


@dataclass
class Directory:
    """Whom it can find. gone: keys of those who have left since; trouble: it cannot be asked; asked: what for."""

    entries: list[Candidate] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    trouble: str = ""
    more: bool = False
    asked: list[str] = field(default_factory=list)

    def find(self, text: str, known: list[Candidate]) -> Found:
        self.asked.append(text)
        from_there = [] if self.trouble else self.entries
        found = [
            each for each in [*known, *from_there] if text.casefold() in f"{each.name} {each.full_name}".casefold()
        ]
        return Found(found, self.more, self.trouble)

    def find_people(self, text: str) -> Found:
        known = Person.objects.filter(directory_key=None).order_by("pk")
        return self.find(
            text, [Candidate(f"account:{it.pk}", it.username, it.full_name, is_local=True) for it in known]
        )

    def find_groups(self, text: str) -> Found:
        return self.find(text, [Candidate(f"group:{it.pk}", it.name, is_local=True) for it in Group.objects.all()])

    def person_of(self, key: str) -> Person:
        kind, _, name = key.partition(":")
        if key in self.gone:
            raise LookupError("The directory has no such person any more.")
        if kind == "account":
            return Person.objects.get(pk=name)
        entry = next(each for each in self.entries if each.key == key)
        return Person.objects.get_or_create(
            directory_key=name, defaults={"username": entry.name, "full_name": entry.full_name, "password": "!"}
        )[0]

    def group_of(self, key: str) -> Group:
        if key in self.gone:
            raise LookupError("The directory has no such group any more.")
        return Group.objects.get(pk=key.partition(":")[2])


def html_of(answer: Any) -> Any:
    return lxml.html.fromstring(answer.content.decode())


@dataclass
class Page:
    """The form as a browser has it: what stands in it is sent with every button."""

    answer: Any

    def __post_init__(self) -> None:
        self.html = html_of(self.answer)
        self.text = " ".join(self.html.xpath("//main")[0].text_content().split())
        forms = self.html.xpath("//form[@data-grants]")
        self.form: Any = next(iter(forms), None)

    @property
    def found(self) -> list[str]:
        return self._names("pick")

    @property
    def ticked(self) -> list[str]:
        return self._names("pick", "[@checked]")

    def _names(self, name: str, which: str = "") -> list[str]:
        boxes = self.html.xpath(f"//input[@name='{name}']{which}/..//*[contains(@class, 'give__who')]/span[1]")
        return [box.text_content() for box in boxes]

    @property
    def given(self) -> dict[str, str]:
        """The right that is chosen for each in the second list."""
        rows = self.html.xpath("//li[.//select]")
        return {
            row.xpath(".//span[contains(@class, 'give__who')]/span[1]")[0].text_content(): row.xpath(
                ".//option[@selected]"
            )[0].text_content()
            for row in rows
        }

    def tick(self, *names: str) -> Page:
        for row in self.html.xpath("//label[.//input[@name='pick']]"):
            if row.xpath(".//span[contains(@class, 'give__who')]/span[1]")[0].text_content() in names:
                row.xpath(".//input")[0].checked = True
        return self

    def choose(self, name: str, right: str) -> Page:
        row = self._row(name)
        for option in row.xpath(".//option"):
            option.attrib.pop("selected", None)
            if option.text_content() == right:
                option.set("selected", "")
        return self

    def take_away(self, name: str) -> Page:
        self._row(name).xpath(".//label[contains(@class, 'give__away')]/input")[0].checked = True
        return self

    def _row(self, name: str) -> Any:
        return next(row for row in self.html.xpath("//li[.//select]") if name in row.text_content())

    def search(self, browser: Client, text: str) -> Page:
        self.form.fields["q"] = text
        return Page(browser.get(self.form.action, self._fields()))

    def give(self, browser: Client) -> Page:
        return Page(browser.get(self.form.action, [*self._fields(), ("step", "give")]))

    def save(self, browser: Client) -> Any:
        fields: dict[str, list[str]] = {}
        for name, value in self._fields():
            fields.setdefault(name, []).append(value)
        return browser.post(self.form.action, fields)

    def _fields(self) -> list[tuple[str, str]]:
        return list(self.form.form_values())
