"""The store of ISO and disk images: looked through, uploaded to, removed from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from stoney_panel.lists import ColumnKind, ListKind, ListPage
from stoney_panel.lists.sizes import remember_size
from vms import labels
from vms.models import StoredFile
from vms.operations.permission import may_make
from vms.operations.storing import (
    StillNeeded,
    largest_upload,
    receiving,
    remove_what_was_left_behind,
    room_for_uploads,
)
from vms.operations.storing import remove as remove_file
from vms.web import formats
from vms.web.forms.image import ImageForm
from vms.web.presenters.images import image_rows
from vms.web.receiving import Receiver
from vms.web.requests import PanelRequest

INVALID, TOO_LARGE, BUSY, FULL = 422, 413, 503, 507
FORM_BYTES = 64 * 1024
"""What the form around the file may take."""

UPLOADS_AT_ONCE = 4
"""An upload keeps one of the threads that answer pages for as long as it lasts."""

LIST = ListKind(
    columns={
        "name": ColumnKind(gettext_lazy("Name"), "name"),
        "kind": ColumnKind(gettext_lazy("Kind"), "kind"),
        "size": ColumnKind(gettext_lazy("Size"), "size", css="num"),
        "sha256": ColumnKind(gettext_lazy("SHA-256 checksum")),
        "person": ColumnKind(gettext_lazy("Uploaded by"), "uploaded_by_name"),
        "at": ColumnKind(gettext_lazy("Uploaded"), "uploaded_at"),
        "used": ColumnKind(gettext_lazy("Used by")),
    },
    search=("name", "sha256", "uploaded_by_name"),
    default="name",
)


@require_safe
def show_list(request: PanelRequest) -> HttpResponse:
    _require_may_store(request)
    page = ListPage(request, LIST, StoredFile.objects.all())
    context = {"list": page, "rows": image_rows(page.rows, request.user), "columns": page.columns()}
    return remember_size(request, render(request, "images/list.html", context))


@csrf_exempt  # until it is known whose form it is: _receive looks at the token, and must read the form for that
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: PanelRequest) -> HttpResponse:
    _require_may_store(request)
    if request.method != "POST":
        return _show_form(request, ImageForm())
    length = _content_length(request)
    if length > largest_upload() + FORM_BYTES:
        return _refuse(request, _too_large(), status=TOO_LARGE)
    if length > room_for_uploads():
        return _refuse(request, _no_room(), status=FULL)
    with _a_place() as free:
        return _receive_file(request) if free else _refuse(request, _busy(), status=BUSY)


def _receive_file(request: PanelRequest) -> HttpResponse:
    remove_what_was_left_behind()
    with receiving() as arriving:
        receiver = Receiver(arriving, request)
        request.upload_handlers = [receiver]
        answer: HttpResponse = _receive(request)
        return _refuse(request, _no_room(), status=FULL) if receiver.no_room else answer


@csrf_protect
def _receive(request: PanelRequest) -> HttpResponse:
    form = ImageForm(request.POST, request.FILES)
    file = form.store(by=request.user) if form.is_valid() else None
    if file is None:
        return _show_form(request, form, status=INVALID)
    messages.success(request, _("%(name)s was uploaded.") % {"name": file.name})
    return redirect("images:list")


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: PanelRequest, pk: int) -> HttpResponse:
    _require_may_store(request)
    file = get_object_or_404(StoredFile, pk=pk)
    if request.method != "POST":
        return render(request, "images/remove.html", {"file": image_rows([file], request.user)[0]})
    try:
        remove_file(file, by=request.user)
    except StillNeeded:
        messages.error(request, _("%(name)s was not removed: a template is just being made of it.") % {"name": file})
    else:
        messages.success(request, _("%(name)s was removed.") % {"name": file.name})
    return redirect("images:list")


def _show_form(request: PanelRequest, form: ImageForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "most": min(largest_upload(), room_for_uploads()),
        "arriving": labels.UPLOAD_ARRIVING,
        "too_large": _too_large() if largest_upload() <= room_for_uploads() else _no_room(),
    }
    return render(request, "images/upload.html", context, status=status)


def _refuse(request: PanelRequest, why: str, *, status: int) -> HttpResponse:
    """Without having read the form."""
    form = ImageForm({})
    form.full_clean()
    form.errors.clear()
    form.add_error(None, why)
    return _show_form(request, form, status=status)


def _too_large() -> str:
    return _("The file is larger than this panel takes: %(size)s.") % {"size": formats.size(largest_upload())}


def _no_room() -> str:
    room = formats.size(room_for_uploads())
    return _("There is no room for the file on the panel's disk: %(size)s are free.") % {"size": room}


def _busy() -> str:
    return _("Several files are being uploaded already. Try again when one of them has arrived.")


def _content_length(request: PanelRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() else 0


@contextmanager
def _a_place() -> Iterator[bool]:
    free = _places.acquire(blocking=False)
    try:
        yield free
    finally:
        if free:
            _places.release()


_places = BoundedSemaphore(UPLOADS_AT_ONCE)


def _require_may_store(request: PanelRequest) -> None:
    if not may_make(request.user):
        raise PermissionDenied
