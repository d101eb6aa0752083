"""/healthz: is every part of the panel well? Answers without a login, and says nothing but names."""

from collections.abc import Callable, Mapping

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from vms.models import Heartbeat

WORKER_IS_LATE_AFTER_SECONDS = 20
WATCHER_IS_LATE_AFTER_SECONDS = 15


@login_not_required
@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    state = {"web": True} | {name: check() for name, check in _CHECKS.items()}
    words = {name: "well" if well else "not well" for name, well in state.items()}
    return JsonResponse(words, status=200 if all(state.values()) else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker() -> bool:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def _worker() -> bool:
    return _is_fresh("worker", WORKER_IS_LATE_AFTER_SECONDS)


def _watcher() -> bool:
    return _is_fresh("watcher", WATCHER_IS_LATE_AFTER_SECONDS)


def _is_fresh(process: str, seconds: int) -> bool:
    try:
        return Heartbeat.is_fresh(process, seconds=seconds)
    except DatabaseError:
        return False


_CHECKS: Mapping[str, Callable[[], bool]] = {
    "database": _database,
    "broker": _broker,
    "worker": _worker,
    "watcher": _watcher,
}
