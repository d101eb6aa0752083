from collections.abc import Callable, Mapping


class Timetable:
    """Things to do every so many seconds. The first round is due at once."""

    def __init__(self, tasks: Mapping[float, Callable[[], None]], *, now: float) -> None:
        self._tasks = tasks
        self._due = dict.fromkeys(tasks, now)

    def do_what_is_due(self, now: float) -> None:
        for every, task in self._tasks.items():
            if self._due[every] <= now:
                self._due[every] = now + every
                task()

    def seconds_to_next(self, now: float) -> float:
        return max(0.0, min(self._due.values()) - now)
