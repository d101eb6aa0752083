"""A limit for questions that a machine's own process must answer: one that hangs would keep the asker for ever."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

from vms.hypervisor.errors import TimedOut

Answer = TypeVar("Answer")
ANSWER_SECONDS = 5.0


def within_limit(question: Callable[[], Answer]) -> Answer:
    """TimedOut after ANSWER_SECONDS. The question then waits on aside, until libvirt or the machine ends it."""
    answer: Future[Answer] = Future()
    Thread(target=_ask, args=(question, answer), name="libvirt-question", daemon=True).start()
    try:
        return answer.result(ANSWER_SECONDS)
    except TimeoutError as error:
        raise TimedOut(f"no answer within {ANSWER_SECONDS:.0f} s") from error


def _ask(question: Callable[[], Answer], answer: "Future[Answer]") -> None:
    try:
        answer.set_result(question())
    except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the asker
        answer.set_exception(error)
