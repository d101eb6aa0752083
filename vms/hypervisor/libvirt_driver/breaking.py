"""Calls end when their connection does.

libvirt tells only one of several waiting callers that a connection broke; the others it leaves waiting for ever.
So each call is made aside, and whoever made it looks now and then whether the connection still stands.
"""

from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import wraps
from threading import Thread
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from vms.hypervisor.errors import NodeDoesNotAnswer
from vms.hypervisor.libvirt_driver.link import Link

LOOK_SECONDS = 1.0
NOT_WATCHED = frozenset({"is_alive", "close", "upload", "checksum"})
"""Two never hang; the others watch each of their calls themselves: what they are given is of the caller's thread."""


Given = ParamSpec("Given")
Answer = TypeVar("Answer")


class OnALink(Protocol):
    _link: Link


OfALink = TypeVar("OfALink", bound=OnALink)


def ends_with_its_link(kind: type[OfALink]) -> type[OfALink]:
    """For a class whose public methods are calls over its `_link`: they raise NodeDoesNotAnswer when that breaks."""
    for name, method in list(vars(kind).items()):
        if callable(method) and not name.startswith("_") and name not in NOT_WATCHED:
            setattr(kind, name, _watched(method))
    return kind


def made_aside(link: Link, call: Callable[[], Answer]) -> Answer:
    """NodeDoesNotAnswer if the link breaks before the answer comes."""
    answer = _aside(call)
    while not _has_come(answer) and link.stands():
        continue
    if not _has_come(answer):
        raise NodeDoesNotAnswer("the connection broke while a call waited for its answer")
    return answer.result()


def _watched(
    call: Callable[Concatenate[OfALink, Given], Answer],
) -> Callable[Concatenate[OfALink, Given], Answer]:
    @wraps(call)
    def watched(self: OfALink, /, *args: Given.args, **kwargs: Given.kwargs) -> Answer:
        return made_aside(self._link, lambda: call(self, *args, **kwargs))

    return watched


def _aside(call: Callable[[], Answer]) -> "Future[Answer]":
    answer: Future[Answer] = Future()
    Thread(target=_make, args=(call, answer), name="libvirt-call", daemon=True).start()
    return answer


def _make(call: Callable[[], Answer], answer: "Future[Answer]") -> None:
    try:
        answer.set_result(call())
    except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the caller
        answer.set_exception(error)


def _has_come(answer: "Future[Answer]") -> bool:
    """Wait a moment for it."""
    return bool(wait([answer], timeout=LOOK_SECONDS).done)
