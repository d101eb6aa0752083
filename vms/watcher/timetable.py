from collections.abc import Callable, Mapping
from random import uniform


class Timetable:
    """Things to do every so many seconds. The first round is due at once, the second at any time of the first pause:
    the nodes that are followed since the same moment are not to be asked all in the same moment for ever."""

    def __init__(self, tasks: Mapping[float, Callable[[], None]], *, now: float) -> None:
        self._tasks = tasks
        self._due = dict.fromkeys(tasks, now)
        self._pauses = {every: uniform(0, every) for every in tasks}  # noqa: S311 -- no secret

    def do_what_is_due(self, now: float) -> None:
        for every, task in self._tasks.items():
            if self._due[every] <= now:
                self._due[every] = now + self._pauses[every]
                self._pauses[every] = every
                task()

    def seconds_to_next(self, now: float) -> float:
        return max(0.0, min(self._due.values()) - now)
