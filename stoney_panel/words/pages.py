"""Which pages there are to be looked at: found in the URL conf and by following one link of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from django.urls import NoReverseMatch, Resolver404, URLPattern, URLResolver, get_resolver, resolve, reverse
from lxml import html


@dataclass(frozen=True, slots=True)
class Answer:
    """What a GET gave: where it ended after redirects, and the text if it is a whole page, else ""."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """name: the view's, such as "vms-list", fit for a file."""

    name: str
    path: str


def pages(get: Callable[[str], Answer]) -> list[Page]:
    """Every page without arguments, and of those with arguments one each, as far as links lead to one."""
    found: dict[str, Page] = {}
    waiting = list(_paths_without_arguments())
    asked: set[str] = set()
    while waiting:
        path = waiting.pop(0)
        if path in asked or _name_of(path) in found:
            continue
        asked.add(path)
        answer = get(path)
        if answer.text and answer.path == path:
            found[_name_of(path)] = Page(_name_of(path), path)
            waiting += _links(answer)
    return list(found.values())


def _paths_without_arguments() -> Iterator[str]:
    for name in _names(get_resolver(), ""):
        try:
            yield reverse(name)
        except NoReverseMatch:
            continue


def _names(resolver: URLResolver, namespace: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(pattern, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield f"{namespace}{pattern.name}"


def _links(answer: Answer) -> Iterator[str]:
    """The pages of the panel that this one links to, without what stands after the "?"."""
    for link in html.fromstring(answer.text).iterfind(".//a[@href]"):
        target = urlsplit(urljoin(answer.path, link.get("href", "")))
        if not target.netloc and _name_of(target.path):
            yield target.path


def _name_of(path: str) -> str:
    """Empty if no view answers there."""
    try:
        return resolve(path).view_name.replace(":", "-")
    except Resolver404:
        return ""
