"""Whatever people ask the panel to change leaves a line: of those who carry it out, or else the one written here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch

from directory.locking import is_locked_out
from directory.models import Person
from stoney_panel.addresses import address_of
from vms.models import Node, Operation, StoredFile, Vm, VmPool
from vms.operations.auditing import (
    PANEL,
    About,
    about_group,
    about_image,
    about_node,
    about_person,
    about_pool,
    about_unknown_vm,
    about_vm,
    asking_from,
    write,
)
from vms.rules.actions import Action
from vms.rules.audit import Outcome, Request, Subject, Why

Handler = Callable[[HttpRequest], HttpResponse]

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
OK, FIRST_REFUSAL, INVALID = 200, 400, 422
LARGEST_KEY = 2**63 - 1

PREFERENCES = frozenset(
    {"set_language", "set_theme", "vms:columns", "vms:save_view", "vms:rename_view", "vms:delete_view"}
)
"""Addresses that change nothing but how somebody likes to look at things."""

SHOWS_FIRST = frozenset({"vms:copy", "vms:edit"})
"""Addresses that show what would happen before it is asked for: whoever sees a page has asked for nothing yet."""

REQUEST_OF: Mapping[str, str] = {
    "login": Request.LOG_IN,
    "logout": Request.LOG_OUT,
    "vms:notes": Request.NOTES,
    "vms:tags": Request.TAGS,
    "nodes:add": Request.TRY_NODE,
    "nodes:contact": Request.ADD_NODE,
    "nodes:addresses": Request.CHANGE_ADDRESSES,
    "nodes:empty": Request.PLAN_EMPTYING,
    "nodes:remove": Request.REMOVE_NODE,
    "images:upload": Request.UPLOAD,
    "images:remove": Request.REMOVE_IMAGE,
    "operations:acknowledge": Request.ACKNOWLEDGE,
    "operations:limit": Request.LIMIT,
    "operations:stop": Request.CANCEL,
    "operations:post_copy": Request.POST_COPY,
    "vms:create": Action.CREATE,
    "vms:create_template": Action.CREATE,
    "vms:edit": Action.EDIT,
    "vms:toggle": Action.TOGGLE,
    "vms:ticket": Action.USE,
    "vms:users": Action.USERS,
    "vms:groups": Action.GROUPS,
    "vms:open_pool": Request.OPEN_POOL,
    "vms:keep_dynamic": Request.KEEP_DYNAMIC,
    "vms:pool_users": Action.USERS,
    "vms:pool_groups": Action.GROUPS,
    "vms:add_pool": Request.ADD_POOL,
    "vms:edit_pool": Request.CHANGE_POOL,
    "vms:make_golden_image": Action.DYNAMIC,
    "vms:move_to_pool": Action.MOVE_TO_POOL,
    "vms:stream": Action.STREAM,
    "vms:disregard": Request.DISREGARD_DOUBLE,
    "vms:make_template": Action.MAKE_TEMPLATE,
    "vms:migrate": Action.MIGRATE,
    "vms:back_up": Action.BACK_UP,
    "backups:check": Action.CHECK_BACKUP,
    "backups:delete": Action.DELETE_BACKUP,
    "backups:keep": Request.KEEP_BACKUP,
    "backups:notes": Request.BACKUP_NOTES,
    "backups:restore": Action.RESTORE,
    "backups:restore_as_new": Action.RESTORE_AS_NEW,
    "backups:target_add": Request.ADD_TARGET,
    "backups:target": Request.CHANGE_TARGET,
    "backups:target_remove": Request.REMOVE_TARGET,
    "backups:schedule_add": Request.ADD_SCHEDULE,
    "backups:schedule_edit": Request.CHANGE_SCHEDULE,
    "backups:schedule_run": Request.RUN_SCHEDULE,
    "backups:schedule_remove": Request.REMOVE_SCHEDULE,
}
"""Other addresses say themselves what is asked, or stand for it."""

_NAMES_THE_REQUEST = {
    "vms:action": "name",
    "vms:copy": "action",
    "vms:double": "action",
    "operations:change": "what",
    "bulk:ask": "action",
}
_CODES = frozenset({*Action, *Request})


class EveryRequestIsWrittenDown:
    """A middleware. What a request is about is looked up before it is carried out: it may be gone afterwards."""

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with asking_from(address_of(request)) as asking:
            answer = self._get_response(request)
            if request.method not in SAFE and not asking.lines:
                _write_down(request, answer)
        return answer

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        if request.method not in SAFE:
            request.audited = _about(request)  # type: ignore[attr-defined]  # for the line after it


def _write_down(request: HttpRequest, answer: HttpResponse) -> None:
    place = request.resolver_match
    if place is None or place.view_name in PREFERENCES or _has_only_looked(place, answer):
        return
    about: About = getattr(request, "audited", None) or _about(request)
    reason = _why_refused(request, place, answer)
    outcome = Outcome.REFUSED if reason else Outcome.ACCEPTED
    write(_asked_for(request, place), about, outcome, by=request.user, reason=reason)


def _has_only_looked(place: ResolverMatch, answer: HttpResponse) -> bool:
    return place.view_name in SHOWS_FIRST and answer.status_code == OK


def _why_refused(request: HttpRequest, place: ResolverMatch, answer: HttpResponse) -> str:
    """A code, "" if it was not."""
    if answer.status_code == INVALID:
        return Why.NOT_VALID
    if answer.status_code >= FIRST_REFUSAL:
        return f"http_{answer.status_code}"
    if place.view_name == "login":
        return Why.NOT_VALID  # who is let in has a line already
    return "" if request.user.is_authenticated or place.view_name == "logout" else Why.NOT_LOGGED_IN


def _asked_for(request: HttpRequest, place: ResolverMatch) -> str:
    """An action, if the address names one that there is."""
    named = {**request.GET.dict(), **place.kwargs}.get(_NAMES_THE_REQUEST.get(place.view_name, ""), "")
    code = str(named).replace("-", "_")
    return code if code in _CODES else REQUEST_OF.get(place.view_name, place.view_name)


def _about(request: HttpRequest) -> About:
    """What the address names, as far as it can be told."""
    place = request.resolver_match
    if place is None or place.view_name in PREFERENCES:
        return PANEL
    if isinstance(uuid := place.kwargs.get("uuid"), UUID):
        vm = Vm.objects.filter(pk=uuid).first()
        return about_vm(vm) if vm else about_unknown_vm(uuid)
    if isinstance(key := place.kwargs.get("pk"), UUID):
        return _pool(key)
    if place.namespace == "account" and request.user.is_authenticated:
        return about_person(request.user)
    find = _group if place.namespace == "people" and "groups/" in place.route else _FIND.get(place.namespace)
    return find(key) if find and isinstance(key, int) and key <= LARGEST_KEY else PANEL


def _pool(key: UUID) -> About:
    pool = VmPool.objects.filter(pk=key).first()
    return about_pool(pool) if pool else About(Subject.POOL, str(key))


def _node(key: int) -> About:
    node = Node.objects.filter(pk=key).first()
    return about_node(node) if node else About(Subject.NODE, str(key))


def _image(key: int) -> About:
    image = StoredFile.objects.filter(pk=key).first()
    return about_image(image) if image else About(Subject.IMAGE, str(key))


def _machine_of_operation(key: int) -> About:
    operation = Operation.objects.select_related("vm").filter(pk=key).first()
    return about_vm(operation.vm) if operation else About(Subject.OPERATION, str(key))


def _person(key: int) -> About:
    person = Person.objects.filter(pk=key).first()
    return about_person(person) if person else About(Subject.PERSON, str(key))


def _group(key: int) -> About:
    group = Group.objects.filter(pk=key).first()
    return about_group(key, str(group) if group else "")


_FIND: Mapping[str, Callable[[int], About]] = {
    "nodes": _node,
    "images": _image,
    "operations": _machine_of_operation,
    "people": _person,
}


@receiver(user_logged_in)
def _logged_in(user: Person, **_more: Any) -> None:
    write(Request.LOG_IN, about_person(user), Outcome.ACCEPTED, by=user)


@receiver(user_logged_out)
def _logged_out(user: Person | None, **_more: Any) -> None:
    if user is not None:
        write(Request.LOG_OUT, about_person(user), Outcome.ACCEPTED, by=user)


@receiver(user_login_failed)
def _failed(credentials: Mapping[str, Any], request: HttpRequest | None = None, **_more: Any) -> None:
    """Whoever it was gave this name: it need not be anybody's. The locks have heard of the try before: they listen
    since they were imported."""
    name = About(Subject.PERSON, name=str(credentials.get("username") or ""))
    is_locked = request is not None and is_locked_out(request)
    reason = Why.LOCKED_OUT if is_locked else Why.WRONG_CREDENTIALS
    write(Request.LOG_IN, name, Outcome.REFUSED, by=None, reason=reason)
