"""A limit for questions that a machine's own process must answer: one that hangs would keep the asker for ever."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from typing import TypeVar
from uuid import UUID

from vms.hypervisor.errors import TimedOut

Answer = TypeVar("Answer")
ANSWER_SECONDS = 5.0


class Patience:
    """Of one connection. A node reads only a few requests of one connection at a time (libvirt's default is 5), and
    none more until one is answered: so a machine that owes an answer is asked nothing else meanwhile."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._turns: dict[UUID, Lock] = {}
        self._overdue: set[UUID] = set()

    def ask(self, vm: UUID, question: Callable[[], Answer]) -> Answer:
        """TimedOut after ANSWER_SECONDS, or at once while an earlier answer of this machine is overdue."""
        turn = self._turn_of(vm)
        if vm in self._overdue or not turn.acquire(timeout=ANSWER_SECONDS):
            raise TimedOut("an earlier question is still without an answer")
        try:
            return within_limit(lambda: self._in_turn(vm, question))
        except TimedOut:
            self._note_overdue(vm)
            raise

    def _turn_of(self, vm: UUID) -> Lock:
        with self._lock:
            return self._turns.setdefault(vm, Lock())

    def _in_turn(self, vm: UUID, question: Callable[[], Answer]) -> Answer:
        try:
            return question()
        finally:
            with self._lock:
                self._overdue.discard(vm)
                self._turns[vm].release()

    def _note_overdue(self, vm: UUID) -> None:
        """Unless the answer has come just now."""
        with self._lock:
            if self._turns[vm].locked():
                self._overdue.add(vm)


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
